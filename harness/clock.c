/* Time, core cycles and hardware counters. */
#include "harness/clock.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_now(void) { return read_clock(CLOCK_MONOTONIC_RAW); }
uint64_t clock_cpu(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

/* A chain of dependent additions takes one cycle each on every x86-64 and arm64 core. Register operands, because recent
 * cores add small constants while renaming, in no time at all. */
#define CHAIN_ADDITIONS 256
#define CHAIN_ROUNDS 1024 /* about 0.1 ms: long against the clock's resolution, short against a time slice */
#define CHAIN_RUNS 64
#define GLANCE_ROUNDS 256

#if defined(__x86_64__)
#define CHAIN "add %1, %0"
#elif defined(__aarch64__)
#define CHAIN "add %0, %0, %1"
#endif

/* Hertz by one chain of so many rounds. */
static double chain_hertz(int rounds) {
#ifdef CHAIN
  uint64_t value = 0, step = 1;
  const uint64_t start = clock_now();
  for (int round = 0; round < rounds; round++)
    __asm__ volatile(".rept 256\n\t" CHAIN "\n\t.endr" : "+r"(value) : "r"(step) : "cc");
  const uint64_t time = clock_now() - start;
  return time ? 1e9 * CHAIN_ADDITIONS * rounds / (double)time : 0;
#else
  (void)rounds;
  return 0;
#endif
}

double clock_core_hertz(void) {
  double best = 0;
  for (int run = 0; run < CHAIN_RUNS; run++) {
    const double hertz = chain_hertz(CHAIN_ROUNDS);
    if (hertz > best) best = hertz;
  }
  return best;
}

double clock_glance_hertz(void) { return chain_hertz(GLANCE_ROUNDS); }

static int open_counter(uint64_t event, int leader) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_HARDWARE,
      .size = sizeof attributes,
      .config = event,
      .disabled = leader < 0,
      .exclude_kernel = 1, /* all that perf_event_paranoid = 2, the usual setting, allows */
      .exclude_hv = 1,
      .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
  };
  return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
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

bool counters_open(struct counters *counters, char *reason, size_t size) {
  counters->cycles = open_counter(PERF_COUNT_HW_CPU_CYCLES, -1);
  counters->instructions = counters->cache_misses = -1;
  if (counters->cycles < 0) {
    say_reason(errno, reason, size);
    return false;
  }
  counters->instructions = open_counter(PERF_COUNT_HW_INSTRUCTIONS, counters->cycles);
  counters->cache_misses = open_counter(PERF_COUNT_HW_CACHE_MISSES, counters->cycles);

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

void counters_start(const struct counters *counters) {
  ioctl(counters->cycles, PERF_EVENT_IOC_RESET, PERF_IOC_FLAG_GROUP);
  ioctl(counters->cycles, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
}

/* Scaled up to the whole time when the kernel had to share the counter with others. */
static uint64_t read_counter(int file) {
  struct {
    uint64_t value, enabled, running;
  } count;
  if (file < 0 || read(file, &count, sizeof count) != (ssize_t)sizeof count || count.running == 0) return 0;
  if (count.running == count.enabled) return count.value;
  return (uint64_t)((double)count.value * (double)count.enabled / (double)count.running);
}

void counters_stop(const struct counters *counters, struct counter_values *values) {
  ioctl(counters->cycles, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
  values->cycles = read_counter(counters->cycles);
  values->instructions = read_counter(counters->instructions);
  values->cache_misses = read_counter(counters->cache_misses);
}

void counters_close(struct counters *counters) {
  int *const files[] = {&counters->instructions, &counters->cache_misses, &counters->cycles};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    if (*files[i] >= 0) close(*files[i]);
    *files[i] = -1;
  }
}
