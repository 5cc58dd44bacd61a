/* Timing many things fairly: short samples, taken in turn, in batches.
 *
 * A sample is one call repeated often enough to last about 0.15 ms, so that the scheduler and the
 * hypervisor seldom fall into it. Cases take turns in an order shuffled anew every round, so that a slow moment of the
 * machine hits all of them and none has always the same neighbour. measure() takes one batch of samples of each case;
 * batches that lie apart in time show what changes slowly. */
#ifndef DEPTHMARK_MEASURE_H
#define DEPTHMARK_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/result.h"
#include "harness/series.h"

/* Runs the benchmarked function `calls` times; thread counts from 0. */
typedef void bench_call(void *context, int thread, uint64_t calls);

/* Adds to the row what the context has found out while it was measured. */
typedef void bench_report(const void *context, struct result_row *row);

/* Calls evict() for all data that a call reads or writes. */
typedef void bench_evict(const void *context);

struct bench_case {
  struct result_row row; /* described by the caller; measure() fills in iterations, time, cpu_time, clock and counts */
  bench_call *call;
  void *context;
  bench_report *report; /* completes the row; NULL: there is nothing to add */
  bench_evict *evict;   /* of a cold case; NULL: a large buffer is read through instead */
  bool team;            /* row.threads OpenMP threads call at once, each with its number; else one does, which may start
                           threads itself */
  bool hot;             /* untimed calls go before each sample, so that its data is in cache again */
  bool cold;            /* its data is out of all caches before each call, and a sample is one call */
  struct series *series; /* where its samples go */
  double seconds;        /* of samples that the series is to have */
  size_t least;          /* samples it is to have in any case, unless they take longer than MEASURE_PATIENCE seconds */
  double share, whole_seconds; /* for the progress callback alone: which part of how long a work this batch is */
};

#define MEASURE_LEAST_SAMPLES 8 /* fewest that give a 99 % interval of the median */
#define MEASURE_PATIENCE 1.0
/* Untimed calls go on for that long, so that a core has come to the clock that it grants wide vectors (Downs 2020,
 * Gathering Intel on Intel AVX-512 Transitions: 8 to 20 us at a quarter of the throughput, then a halt of some 10 us),
 * unless warmup_ns() found that this one takes longer. */
#define MEASURE_WARM_NS 30e3

/* Called between samples with the share of c's samples that have been taken since; a case's shares add up to 1. */
typedef void measure_progress(void *context, const struct bench_case *c, double share);

/* How to take samples. */
struct measure_settings {
  uint64_t seed;       /* of the order of turns */
  double seconds_most; /* after which cases make do with the least samples, because the machine is slow; 0: no limit */
  measure_progress *progress;
  void *context;      /* of progress */
  double warm_ns;     /* that untimed calls of hot cases last before each sample; less: MEASURE_WARM_NS */
  size_t cache_bytes; /* of the last cache, for cold cases without evict */
  bool count;         /* hardware counters are tried ... */
  const struct counter_calls *counter_calls; /* ... through these; NULL: the kernel's */
};

/* Takes a batch of samples of each case that its series still needs, all with the same number of threads; a series that
 * has enough is left alone. Stops early when interrupted(): a case without one sample then has row.time.samples == 0.
 * Returns false when memory is out. */
bool measure(struct bench_case *cases, size_t count, const struct measure_settings *settings);

/* Whether the case's series lacks samples. late: seconds do not count any more. */
bool measure_lacks(const struct bench_case *c, bool late);

/* Keeps the compiler from knowing what memory holds, and so from dropping a call whose result nobody reads. */
static inline void measure_keep(const void *memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

#endif
