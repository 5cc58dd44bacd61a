/* The samples of one row, taken in batches that are spread over a suite, and what they say. */
#ifndef DEPTHMARK_SERIES_H
#define DEPTHMARK_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/clock.h"
#include "harness/result.h"

#define SERIES_BATCHES 64

struct series {
  double *wall, *cpu;     /* of each sample, nanoseconds a call: by the clock, and of the process on all its cores */
  size_t count, capacity; /* samples */
  size_t ends[SERIES_BATCHES], batches; /* the samples of batch i end before ends[i] */
  double hertz[SERIES_BATCHES];         /* frequency of the core during each batch, median of readings; 0: unknown */
  uint64_t calls;                       /* in a sample; 0: not known yet */
  uint64_t iterations;                  /* calls in all samples */
  double spent, fastest;                /* nanoseconds: all samples, the shortest of them */
  double overhead;                      /* nanoseconds of a sample of no calls, where it was asked for */
  struct counter_values counted;        /* sums over threads and counted samples ... */
  double counted_calls;                 /* ... and their calls times threads; 0: nothing was counted */
};

/* Appends a sample of `calls` calls that took so many nanoseconds. false: memory is out. */
bool series_add(struct series *series, double wall_ns, double cpu_ns, uint64_t calls);

/* Ends a batch: the samples since the last one. The last batch that there is room for takes all further ones. */
void series_end_batch(struct series *series, double hertz);

/* Fills in the row's time, iterations, frequency and counts. */
void series_describe(const struct series *series, struct result_row *row);

/* Shows the samples in so many parts, or as many as there are samples; 0: not in parts. */
void series_repeat(const struct series *series, size_t parts, struct result_row *row);

void series_free(struct series *series);

#endif
