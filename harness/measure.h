/* Timing many things fairly: short samples, taken in turn.
 *
 * A sample is one call repeated often enough to last about a third of a millisecond, so that the scheduler and the
 * hypervisor seldom fall into it. Cases take turns in an order shuffled anew every round, so that a slow moment of the
 * machine hits all of them and none has always the same neighbour. The first sample of each is dropped. */
#ifndef DEPTHMARK_MEASURE_H
#define DEPTHMARK_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/result.h"

/* Runs the benchmarked function `calls` times; thread counts from 0. */
typedef void bench_call(void *context, int thread, uint64_t calls);

/* Adds to the row what the context has found out while it was measured. */
typedef void bench_report(const void *context, struct result_row *row);

struct bench_case {
  struct result_row row; /* described by the caller; measure() fills in iterations, time and cpu_time */
  bench_call *call;
  void *context;
  bench_report *report; /* completes the row; NULL: there is nothing to add */
  bool team;            /* row.threads OpenMP threads call at once, each with its number; else one does, which may start
                           threads itself */
  bool hot;             /* an untimed call goes before each sample, so that its data is in cache again */
  double seconds;       /* of samples to take */
  size_t least;         /* samples to take in any case, unless they take longer than MEASURE_PATIENCE seconds */
};

#define MEASURE_LEAST_SAMPLES 8 /* fewest that give a 99 % interval of the median */
#define MEASURE_PATIENCE 1.0

/* Called between samples with the share of c's samples that have been taken since; a case's shares add up to 1. */
typedef void measure_progress(void *context, const struct bench_case *c, double share);

/* How to take samples. */
struct measure_settings {
  uint64_t seed;       /* of the order of turns */
  double seconds_most; /* after which cases make do with the least samples, because the machine is slow; 0: no limit */
  measure_progress *progress;
  void *context; /* of progress */
};

/* Measures all cases, all of which have the same number of threads. Stops early when interrupted(): a case without one
 * sample then has row.time.samples == 0. Returns false when memory is out. */
bool measure(struct bench_case *cases, size_t count, const struct measure_settings *settings);

/* Keeps the compiler from knowing what memory holds, and so from dropping a call whose result nobody reads. */
static inline void measure_keep(const void *memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

#endif
