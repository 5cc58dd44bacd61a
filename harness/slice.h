/* One sample, and how many calls make one. */
#ifndef DEPTHMARK_SLICE_H
#define DEPTHMARK_SLICE_H

#include "harness/evict.h"
#include "harness/measure.h"

/* What all slices of a batch need. */
struct slicing {
  const struct measure_settings *settings;
  struct counter_team counters; /* closed where nothing counts */
  struct evictor evictor;
};

/* Finds how many calls make a sample of the case, or warms it up where that is known from an earlier batch. */
void slice_prepare(struct slicing *slicing, const struct bench_case *c);

/* Takes a sample, of a cold case as many as fit in the time of one. Returns false when memory is out. */
bool slice_take(struct slicing *slicing, const struct bench_case *c);

#endif
