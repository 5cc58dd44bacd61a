/* Time and true core cycles. */
#ifndef DEPTHMARK_CLOCK_H
#define DEPTHMARK_CLOCK_H

#include <stdint.h>

#include "harness/counters.h"

/* Nanoseconds of CLOCK_MONOTONIC_RAW, and of the process's CPU time. */
uint64_t clock_now(void);
uint64_t clock_cpu(void);

/* Core frequency in hertz, from a chain of dependent additions at one a cycle, best of several short runs. Not the
 * frequency of the time-stamp counter. */
double clock_core_hertz(void);

/* The same from one chain of about 20 microseconds: for between samples, several readings of which one takes the
 * median. */
double clock_glance_hertz(void);

#endif
