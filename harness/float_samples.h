/* The floats on which functions are held against their references: a sample of them, or every one. */
#ifndef DEPTHMARK_FLOAT_SAMPLES_H
#define DEPTHMARK_FLOAT_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_CHUNK 4096
#define SAMPLE_PADDING 4 /* floats behind the end of an array that a peer, XNNPACK, may read */

struct float_samples {
  float *x;     /* owned; NULL: every one of the 2^32 floats, in the order of their bits */
  size_t count; /* a multiple of SAMPLE_CHUNK */
};

/* `spread` random floats of every binade and sign alike; beside them every power of two, the floats around it and
 * halfway to the next, infinities, NaN, and the neighbourhood of every point where a formula of our activations
 * changes. False when memory is out. */
bool float_samples_choose(struct float_samples *samples, size_t spread, uint64_t seed);

struct float_samples float_samples_every(void);

/* SAMPLE_CHUNK of them from number `first` on, a multiple of it; own may be filled with them. */
const float *float_samples_chunk(const struct float_samples *samples, size_t first,
                                 float own[SAMPLE_CHUNK + SAMPLE_PADDING]);

void float_samples_free(struct float_samples *samples);

#endif
