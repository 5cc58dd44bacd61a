/* Time and true core cycles. */
#ifndef DEPTHMARK_CLOCK_H
#define DEPTHMARK_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC_RAW, and of the process's CPU time. */
uint64_t clock_now(void);
uint64_t clock_cpu(void);

/* Core frequency in hertz, from a chain of dependent additions at one a cycle, best of several short runs. Not the
 * frequency of the time-stamp counter. */
double clock_core_hertz(void);

/* The same from one chain of about 20 microseconds: for between samples, several readings of which one takes the
 * median. */
double clock_glance_hertz(void);

/* Hardware counters of this thread through perf_event_open. open returns false and says why in reason when the kernel
 * or the machine does not offer them. */
struct counters {
  int cycles, instructions, cache_misses; /* file descriptors, -1: closed */
};
struct counter_values {
  uint64_t cycles, instructions, cache_misses;
};
bool counters_open(struct counters *counters, char *reason, size_t size);
void counters_start(const struct counters *counters);
void counters_stop(const struct counters *counters, struct counter_values *values);
void counters_close(struct counters *counters);

#endif
