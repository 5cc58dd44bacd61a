/* Which floats an array holds: zeros, subnormal ones, ones that are not finite, and how many of each binade. They are
 * told from their bits, so that nothing depends on whether the CPU flushes subnormal numbers. */
#ifndef DEPTHMARK_BINADES_H
#define DEPTHMARK_BINADES_H

#include <stddef.h>
#include <stdint.h>

/* Exponents of the smallest and the largest binade of floats: 2^e <= |x| < 2^(e+1). */
enum { BINADE_FIRST = -149, BINADE_LAST = 127, BINADE_COUNT = BINADE_LAST - BINADE_FIRST + 1 };

/* How many entries lie in the binade of exponent BINADE_FIRST + i. Zeros and what is not finite are not counted. */
struct histogram {
  uint64_t counts[BINADE_COUNT];
};

/* Adds x[0 .. n). */
void histogram_add(struct histogram *histogram, const float *x, size_t n);

/* Adds another's counts. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The smallest range of indices that holds all entries; an empty one, 0 to 0, where there are none. */
struct histogram_range {
  size_t first, end;
};
struct histogram_range histogram_range(const struct histogram *histogram);

/* Shares of all entries. */
struct kinds {
  double zero;
  double subnormal; /* smaller than smallest_normal, but not zero */
  double nonfinite;
};
/* Of x[0 .. n), n at least 1. smallest_normal: of the format that x was rounded to, FLT_MIN for float and bf16, 2^-14
 * for fp16. */
struct kinds kinds(const float *x, size_t n, float smallest_normal);

#endif
