/* What would spoil figures on this machine, as warnings. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/machine.h"

void machine_warn(struct machine *machine, const char *format, ...) {
  if (machine->warning_count == MACHINE_WARNINGS) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(machine->warnings[machine->warning_count++], MACHINE_TEXT, format, arguments);
  va_end(arguments);
}

static void judge_program(struct machine *machine) {
  if (machine->emulator[0])
    machine_warn(machine, "%s emulates this CPU: figures say nothing about a real one; run on the machine itself",
                 machine->emulator);
#ifndef NDEBUG
  machine_warn(machine, "this is a debug build: its figures mean nothing; build with --preset release");
#endif
  if (strstr(machine->flags, "-fsanitize"))
    machine_warn(machine, "this build carries sanitizers and is several times slower; build with --preset release");
  if (machine->denormals[0] && strcmp(machine->denormals, "gradual") != 0)
    machine_warn(machine,
                 "denormals %s: tiny gradients become 0 and their cost is hidden; "
                 "something linked in was compiled with -ffast-math",
                 machine->denormals);
}

static void judge_cpus(struct machine *machine) {
  if (machine->hardware_threads < machine->online_threads)
    machine_warn(machine,
                 "this process may use %d of %d hardware threads: others share caches and bandwidth; "
                 "lift taskset or the control group's cpuset for figures of the whole machine",
                 machine->hardware_threads, machine->online_threads);
  if (machine->cpu_quota > 0 && machine->cpu_quota < machine->hardware_threads)
    machine_warn(machine,
                 "the control group allows %.2g CPUs' worth of time: threads are stopped in mid-sample; "
                 "lift its cpu.max",
                 machine->cpu_quota);
  if (machine->hardware_threads > machine->cores)
    machine_warn(machine,
                 "SMT is on, %d hardware threads on %d cores: work on a sibling slows its core; "
                 "keep siblings idle, or switch SMT off",
                 machine->hardware_threads, machine->cores);
}

static void judge_frequency(struct machine *machine) {
  if (machine->governor[0] && strcmp(machine->governor, "performance") != 0)
    machine_warn(machine,
                 "the frequency governor is %s: the clock moves while measuring; "
                 "cpupower frequency-set -g performance holds it",
                 machine->governor);
  if (strcmp(machine->turbo, "on") == 0)
    machine_warn(machine, "turbo is on: the clock depends on heat and on how many cores work; compare within one run, "
                          "or switch it off");
}

static void judge_neighbours(struct machine *machine) {
  if (machine->hypervisor[0] && !machine->emulator[0])
    machine_warn(machine,
                 "virtual machine (%s): neighbours may share cores, caches and bandwidth; trust ratios within "
                 "one run more than absolute figures",
                 machine->hypervisor);
  if (machine->steal_share_before > 0.01)
    machine_warn(machine,
                 "the hypervisor took %.1f %% of busy CPU time since boot: samples are interrupted; "
                 "use a dedicated machine, or rely on minima",
                 100 * machine->steal_share_before);
  if (machine->load > 0.5)
    machine_warn(machine,
                 "the load average is %.1f: other work, or a build just ended, takes time from the samples; "
                 "stop it, or wait a minute",
                 machine->load);
}

void machine_judge(struct machine *machine) {
  judge_program(machine);
  judge_cpus(machine);
  judge_frequency(machine);
  judge_neighbours(machine);
}
