#include "harness/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int kernel_open(struct perf_event_attr *attributes, int leader) {
  return (int)syscall(SYS_perf_event_open, attributes, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

static void kernel_control(int file, unsigned long request) { ioctl(file, request, PERF_IOC_FLAG_GROUP); }

static void kernel_close(int file) { close(file); }

static const struct counter_calls kernel = {kernel_open, kernel_control, read, kernel_close};

static int open_counter(const struct counters *counters, uint64_t event, int leader) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_HARDWARE,
      .size = sizeof attributes,
      .config = event,
      .disabled = leader < 0,
      .exclude_kernel = 1, /* all that perf_event_paranoid = 2, the usual setting, allows */
      .exclude_hv = 1,
      .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
  };
  return counters->calls->open(&attributes, leader);
}

static int paranoid_level(void) {
  int level = -2;
  FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "r");
  if (!file) return level;
  if (fscanf(file, "%d", &level) != 1) level = -2;
  fclose(file);
  return level;
}

static void say_reason(int error, char *reason, size_t size) {
  const int level = paranoid_level();
  if (error == ENOENT || error == ENODEV || error == EOPNOTSUPP)
    snprintf(reason, size, "this machine has no hardware counters, as is usual in virtual machines");
  else if (error == ENOSYS)
    snprintf(reason, size, "this kernel has no perf_event_open");
  else if ((error == EACCES || error == EPERM) && level > 2)
    snprintf(reason, size, "kernel.perf_event_paranoid is %d; sysctl kernel.perf_event_paranoid=2 allows them", level);
  else if (error == EACCES || error == EPERM)
    snprintf(reason, size, "perf_event_open is forbidden here, as is usual in containers");
  else
    snprintf(reason, size, "perf_event_open: %s", strerror(error));
}

bool counters_open_with(struct counters *counters, const struct counter_calls *calls, char *reason, size_t size) {
  *counters = (struct counters){.cycles = -1, .instructions = -1, .cache_misses = -1, .calls = calls ? calls : &kernel};
  counters->cycles = open_counter(counters, PERF_COUNT_HW_CPU_CYCLES, -1);
  if (counters->cycles < 0) {
    say_reason(errno, reason, size);
    return false;
  }
  counters->instructions = open_counter(counters, PERF_COUNT_HW_INSTRUCTIONS, counters->cycles);
  counters->cache_misses = open_counter(counters, PERF_COUNT_HW_CACHE_MISSES, counters->cycles);

  /* Some hypervisors offer counters that never move. */
  struct counter_values values;
  counters_start(counters);
  for (volatile int i = 0; i < 10000; i++) {
  }
  counters_stop(counters, &values);
  if (values.cycles > 0) return true;
  snprintf(reason, size, "the hardware counters of this machine do not count");
  counters_close(counters);
  return false;
}

bool counters_open(struct counters *counters, char *reason, size_t size) {
  return counters_open_with(counters, NULL, reason, size);
}

static struct counter_reading read_counter(const struct counters *counters, int file) {
  struct counter_reading now = {0};
  if (file < 0 || counters->calls->read(file, &now, sizeof now) != (ssize_t)sizeof now)
    return (struct counter_reading){0};
  return now;
}

/* A reset would leave the times as they are: so what counts is the difference from the start. */
void counters_start(struct counters *counters) {
  counters->before[0] = read_counter(counters, counters->cycles);
  counters->before[1] = read_counter(counters, counters->instructions);
  counters->before[2] = read_counter(counters, counters->cache_misses);
  counters->calls->control(counters->cycles, PERF_EVENT_IOC_ENABLE);
}

static uint64_t count_since(const struct counters *counters, int file, struct counter_reading before) {
  const struct counter_reading now = read_counter(counters, file);
  const uint64_t value = now.value - before.value, enabled = now.enabled - before.enabled;
  const uint64_t running = now.running - before.running;
  if (now.running <= before.running) return 0;
  return running == enabled ? value : (uint64_t)((double)value * (double)enabled / (double)running);
}

void counters_stop(struct counters *counters, struct counter_values *values) {
  counters->calls->control(counters->cycles, PERF_EVENT_IOC_DISABLE);
  values->cycles = count_since(counters, counters->cycles, counters->before[0]);
  values->instructions = count_since(counters, counters->instructions, counters->before[1]);
  values->cache_misses = count_since(counters, counters->cache_misses, counters->before[2]);
  values->has_cache_misses = counters->cache_misses >= 0;
}

void counters_close(struct counters *counters) {
  int *const files[] = {&counters->instructions, &counters->cache_misses, &counters->cycles};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    if (*files[i] >= 0) counters->calls->close(*files[i]);
    *files[i] = -1;
  }
}

/* ---- teams ------------------------------------------------------------------------------------------------------ */

void counter_team_close(struct counter_team *team) {
  for (int i = 0; team->members && i < team->threads; i++) counters_close(&team->members[i]);
  free(team->members);
  *team = (struct counter_team){0};
}

bool counter_team_open(struct counter_team *team, int threads, const struct counter_calls *calls, char *reason,
                       size_t size) {
  int opened = 0;
  *team = (struct counter_team){calloc((size_t)threads, sizeof *team->members), threads};
  if (!team->members) {
    snprintf(reason, size, "out of memory");
    return false;
  }
  for (int i = 0; i < threads; i++)
    team->members[i] = (struct counters){.cycles = -1, .instructions = -1, .cache_misses = -1, .calls = &kernel};
#pragma omp parallel num_threads(threads) reduction(+ : opened)
  {
    char why[256] = "";
    const bool open = counters_open_with(&team->members[omp_get_thread_num()], calls, why, sizeof why);
    opened += open;
#pragma omp critical(counter_reason)
    if (!open) snprintf(reason, size, "%s", why);
  }
  if (opened == threads) return true;
  counter_team_close(team);
  return false;
}

void counter_team_start(const struct counter_team *team) {
  for (int i = 0; team->members && i < team->threads; i++) counters_start(&team->members[i]);
}

void counter_team_stop(const struct counter_team *team, struct counter_values *sum) {
  bool silent = false; /* some thread's did not get their turn */
  *sum = (struct counter_values){0};
  for (int i = 0; team->members && i < team->threads; i++) {
    struct counter_values values;
    counters_stop(&team->members[i], &values);
    silent |= values.cycles == 0;
    sum->cycles += values.cycles;
    sum->instructions += values.instructions;
    sum->cache_misses += values.cache_misses;
    sum->has_cache_misses |= values.has_cache_misses;
  }
  if (silent) *sum = (struct counter_values){0};
}
