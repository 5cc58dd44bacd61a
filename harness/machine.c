/* Facts about this machine, from hwloc, CPUID, /proc and /sys. What a system does not say stays empty. */
#define _GNU_SOURCE /* dladdr */
#include "harness/machine.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <jansson.h>
#include <limits.h>
#include <omp.h>
#include <sleef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/clock.h"
#include "harness/system.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <xmmintrin.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

/* The processor itself */

#if defined(__x86_64__)

static void describe_cpu(struct machine *machine) {
  union {
    unsigned words[12];
    char text[49];
  } name = {{0}};
  unsigned a, b, c, d;
  if (__get_cpuid(0, &a, &name.words[0], &name.words[2], &name.words[1]))
    snprintf(machine->vendor, sizeof machine->vendor, "%.12s", name.text);
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    const unsigned base = a >> 8 & 15, family = base + (base == 15 ? a >> 20 & 255 : 0);
    const unsigned model = (a >> 4 & 15) | (base == 6 || base == 15 ? (a >> 16 & 15) << 4 : 0);
    snprintf(machine->family, sizeof machine->family, "%u", family);
    snprintf(machine->model, sizeof machine->model, "%u", model);
    snprintf(machine->stepping, sizeof machine->stepping, "%u", a & 15);
  }
  memset(&name, 0, sizeof name);
  bool named = true;
  for (unsigned i = 0; i < 3; i++)
    named = named && __get_cpuid(0x80000002 + i, &name.words[4 * i], &name.words[4 * i + 1], &name.words[4 * i + 2],
                                 &name.words[4 * i + 3]);
  if (named) snprintf(machine->cpu, sizeof machine->cpu, "%s", name.text + strspn(name.text, " "));
  if (!machine->emulator[0])
    system_read_field("/proc/cpuinfo", "microcode", machine->microcode, sizeof machine->microcode);
}

static void describe_hypervisor(struct machine *machine) {
  static const struct {
    const char *signature, *name;
  } known[] = {{"KVMKVMKVM", "KVM"},           {"Microsoft Hv", "Hyper-V"},   {"VMwareVMware", "VMware"},
               {"XenVMMXenVMM", "Xen"},        {"bhyve bhyve ", "bhyve"},     {"TCGTCGTCGTCG", "QEMU (emulation)"},
               {"VBoxVBoxVBox", "VirtualBox"}, {" lrpepyh  vr", "Parallels"}, {"ACRNACRNACRN", "ACRN"}};
  union {
    unsigned words[3];
    char text[13];
  } signature = {{0}};
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 31)) return;
  __cpuid(0x40000000, a, signature.words[0], signature.words[1], signature.words[2]);
  const char *name = signature.text[0] ? signature.text : "unknown hypervisor";
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].signature, signature.text) == 0) name = known[i].name;
  snprintf(machine->hypervisor, sizeof machine->hypervisor, "%s", name);
}

static void describe_denormals(struct machine *machine) {
  const unsigned state = _mm_getcsr();
  const bool results = state & 1u << 15, operands = state & 1u << 6;
  snprintf(machine->denormals, sizeof machine->denormals, "%s",
           results && operands ? "flush to zero, read as zero"
           : results           ? "flush to zero"
           : operands          ? "read as zero"
                               : "gradual");
}

#else

#if defined(__aarch64__)

/* MIDR_EL1: which core this is. The kernel lets user space read it where HWCAP_CPUID is set. */
static bool read_core_id(unsigned long *id) {
  if (!(getauxval(AT_HWCAP) & HWCAP_CPUID)) return false;
  __asm__("mrs %0, midr_el1" : "=r"(*id));
  return true;
}

static void describe_denormals(struct machine *machine) {
  unsigned long state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state));
  snprintf(machine->denormals, sizeof machine->denormals, "%s", state & 1ul << 24 ? "flush to zero" : "gradual");
}

#else

static bool read_core_id(unsigned long *id) {
  (void)id;
  return false;
}
static void describe_denormals(struct machine *machine) { (void)machine; }

#endif

/* Part numbers as Arm's technical reference manuals and the makers' documents give them. */
static const char *core_name(unsigned implementer, unsigned part) {
  static const struct {
    unsigned implementer, part;
    const char *name;
  } known[] = {
      {0x41, 0xd03, "Cortex-A53"},
      {0x41, 0xd05, "Cortex-A55"},
      {0x41, 0xd07, "Cortex-A57"},
      {0x41, 0xd08, "Cortex-A72"},
      {0x41, 0xd09, "Cortex-A73"},
      {0x41, 0xd0a, "Cortex-A75"},
      {0x41, 0xd0b, "Cortex-A76"},
      {0x41, 0xd0c, "Neoverse-N1"},
      {0x41, 0xd0d, "Cortex-A77"},
      {0x41, 0xd40, "Neoverse-V1"},
      {0x41, 0xd41, "Cortex-A78"},
      {0x41, 0xd44, "Cortex-X1"},
      {0x41, 0xd49, "Neoverse-N2"},
      {0x41, 0xd4f, "Neoverse-V2"},
      {0x41, 0xd84, "Neoverse-V3"},
      {0x41, 0xd8e, "Neoverse-N3"},
      {0x46, 0x001, "A64FX"},
      {0x48, 0xd01, "Kunpeng 920"},
      {0x00, 0x051, "QEMU max"},
      {0xc0, 0xac3, "Ampere-1"},
      {0xc0, 0xac4, "Ampere-1A"},
      {0x61, 0x022, "Apple M1 (Icestorm)"},
      {0x61, 0x023, "Apple M1 (Firestorm)"},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].implementer == implementer && known[i].part == part) return known[i].name;
  return NULL;
}

static const char *implementer_name(unsigned implementer) {
  switch (implementer) {
  case 0x41: return "Arm";
  case 0x42: return "Broadcom";
  case 0x43: return "Cavium";
  case 0x46: return "Fujitsu";
  case 0x48: return "HiSilicon";
  case 0x4e: return "NVIDIA";
  case 0x50: return "Applied Micro";
  case 0x51: return "Qualcomm";
  case 0x61: return "Apple";
  case 0xc0: return "Ampere";
  default: return NULL;
  }
}

static void describe_cpu(struct machine *machine) {
  unsigned long id;
  if (read_core_id(&id)) {
    const unsigned implementer = id >> 24 & 255, variant = id >> 20 & 15, part = id >> 4 & 4095, revision = id & 15;
    const char *name = core_name(implementer, part), *maker = implementer_name(implementer);
    if (name)
      snprintf(machine->cpu, sizeof machine->cpu, "%s r%up%u", name, variant, revision);
    else
      snprintf(machine->cpu, sizeof machine->cpu, "Arm core, implementer 0x%02x, part 0x%03x, r%up%u", implementer,
               part, variant, revision);
    if (maker)
      snprintf(machine->vendor, sizeof machine->vendor, "%s", maker);
    else
      snprintf(machine->vendor, sizeof machine->vendor, "implementer 0x%02x", implementer);
    snprintf(machine->model, sizeof machine->model, "0x%03x", part);
    snprintf(machine->stepping, sizeof machine->stepping, "r%up%u", variant, revision);
  } else if (!machine->emulator[0]) {
    system_read_field("/proc/cpuinfo", "model name", machine->cpu, sizeof machine->cpu);
  }
}

/* Without CPUID, what firmware and the device tree say. */
static void describe_hypervisor(struct machine *machine) {
  char text[128];
  if (machine->emulator[0]) return;
  if (system_read_line("/sys/hypervisor/type", text, sizeof text)) {
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "%.60s", text);
  } else if (system_read_line("/proc/device-tree/hypervisor/compatible", text, sizeof text)) {
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "%.60s", strstr(text, "kvm") ? "KVM" : text);
  } else if (system_read_line("/sys/class/dmi/id/product_name", text, sizeof text) &&
             (strstr(text, "Virtual") || strstr(text, "KVM") || strstr(text, "VMware"))) {
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "%.60s", text);
  } else if (system_read_line("/sys/class/dmi/id/sys_vendor", text, sizeof text) && strstr(text, "QEMU")) {
    snprintf(machine->hypervisor, sizeof machine->hypervisor, "QEMU");
  }
}

#endif

/* Under qemu-user this process bears the emulator's name: qemu does not translate /proc/self/status. */
static void describe_emulator(struct machine *machine) {
  char name[32];
  if (system_read_field("/proc/self/status", "Name", name, sizeof name) && strncmp(name, "qemu-", 5) == 0)
    snprintf(machine->emulator, sizeof machine->emulator, "%s", name);
}

/* How this program was made */

static void describe_build(struct machine *machine) {
#if defined(__clang__)
  snprintf(machine->compiler, sizeof machine->compiler, "clang %d.%d.%d", __clang_major__, __clang_minor__,
           __clang_patchlevel__);
#elif defined(__GNUC__)
  snprintf(machine->compiler, sizeof machine->compiler, "gcc %d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  snprintf(machine->flags, sizeof machine->flags, "%s", DEPTHMARK_FLAGS);
}

/* "libgomp.so.1.0.0": of the runtimes none tells its version but by its file's name. */
static const char *openmp_file(char *path) {
  Dl_info info;
  if (!dladdr((void *)(uintptr_t)omp_get_num_threads, &info) || !info.dli_fname || !realpath(info.dli_fname, path))
    return "unknown";
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void describe_libraries(struct machine *machine, hwloc_topology_t topology) {
  const char *hwloc = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "hwlocVersion");
  char path[PATH_MAX];
  snprintf(machine->libraries, sizeof machine->libraries,
           "hwloc %s, SLEEF %d.%d.%d, jansson %s, zlib %s, glibc %s, OpenMP %.64s",
           hwloc ? hwloc : DEPTHMARK_HWLOC_VERSION, SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR, SLEEF_VERSION_PATCHLEVEL,
           jansson_version_str(), zlibVersion(), gnu_get_libc_version(), openmp_file(path));
}

/* From the first line of /proc/stat, in clock ticks: user nice system idle iowait irq softirq steal ... */
struct cpu_time {
  unsigned long long all, idle, stolen;
};

static bool read_cpu_time(struct cpu_time *time) {
  char line[512];
  unsigned long long t[8] = {0};
  if (!system_read_line("/proc/stat", line, sizeof line) ||
      sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, t + 7) !=
          8)
    return false;
  *time = (struct cpu_time){0, t[3] + t[4], t[7]};
  for (int i = 0; i < 8; i++) time->all += t[i];
  return true;
}

double machine_steal_share(void) {
  static struct cpu_time first;
  static bool called;
  struct cpu_time now;
  if (!read_cpu_time(&now)) return 0;
  if (!called) {
    called = true;
    first = now;
  }
  /* Some hypervisors let the counter step back. */
  if (now.all <= first.all || now.stolen < first.stolen) return 0;
  return (double)(now.stolen - first.stolen) / (double)(now.all - first.all);
}

static void describe_system(struct machine *machine) {
  struct utsname name;
  if (uname(&name) == 0) {
    snprintf(machine->kernel, sizeof machine->kernel, "%s %.100s %.60s", name.sysname, name.release, name.machine);
    snprintf(machine->host, sizeof machine->host, "%.63s", name.nodename);
  }
  if (getloadavg(&machine->load, 1) != 1) machine->load = 0;
  struct cpu_time time;
  if (read_cpu_time(&time) && time.all > time.idle)
    machine->steal_share_before = (double)time.stolen / (double)(time.all - time.idle);
  machine->steal_share = machine_steal_share();
}

static void describe_counters(struct machine *machine) {
  struct counters counters;
  if (counters_open(&counters, machine->counters, sizeof machine->counters)) {
    snprintf(machine->counters, sizeof machine->counters, "%s", MACHINE_COUNTERS_AVAILABLE);
    counters_close(&counters);
  }
}

void machine_describe(struct machine *machine, hwloc_topology_t topology, const struct cpu_features *cpu) {
  memset(machine, 0, sizeof *machine);
  describe_emulator(machine);
  describe_cpu(machine);
  const char *name = hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology), "CPUModel");
  if (!machine->cpu[0]) snprintf(machine->cpu, sizeof machine->cpu, "%s", name ? name : "unknown CPU");
  cpu_feature_text(cpu, machine->features, sizeof machine->features);
  describe_hypervisor(machine);
  describe_denormals(machine);
  machine_describe_topology(machine, topology);
  if (hwloc_topology_is_thissystem(topology)) {
    system_describe(machine, topology, "");
  } else { /* HWLOC_XMLFILE */
    machine->online_threads = machine->hardware_threads, machine->online_cores = machine->cores;
  }
  describe_build(machine);
  describe_libraries(machine, topology);
  describe_system(machine);
  describe_counters(machine);
  machine_judge(machine);
}
