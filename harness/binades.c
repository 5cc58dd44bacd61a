#include "harness/binades.h"

#include "harness/ulp.h"

#define INFINITE 0x7f800000u /* bits of infinity; those of NaNs are above */

static inline uint32_t magnitude(float x) { return bits_of(x) & 0x7fffffffu; }

/* Neighbours often lie in the same binade: TABLES counters of each keep additions from waiting for the last one. */
#define TABLES 4
#define COUNTABLE ((size_t)1 << 30) /* entries that 32 bits count */
void histogram_add(struct histogram *histogram, const float *x, size_t n) {
  for (size_t first = 0; first < n; first += COUNTABLE) {
    uint32_t normal[TABLES][256] = {0}; /* by the biased exponent: 0 for what is smaller, 255 for what is not finite */
    const size_t end = n - first < COUNTABLE ? n : first + COUNTABLE;
    for (size_t i = first; i < end; i++) {
      const uint32_t size = magnitude(x[i]);
      normal[i % TABLES][size >> 23]++;
      if (size - 1 < 0x7fffff) histogram->counts[31 - __builtin_clz(size)]++; /* subnormal: size * 2^-149 */
    }
    for (size_t t = 0; t < TABLES; t++)
      for (size_t e = 1; e < 255; e++) histogram->counts[22 + e] += normal[t][e]; /* 2^-126, e = 1, has index 23 */
  }
}

void histogram_merge(struct histogram *histogram, const struct histogram *other) {
  for (size_t i = 0; i < BINADE_COUNT; i++) histogram->counts[i] += other->counts[i];
}

struct histogram_range histogram_range(const struct histogram *histogram) {
  struct histogram_range range = {0, BINADE_COUNT};
  while (range.end > 0 && histogram->counts[range.end - 1] == 0) range.end--;
  while (range.first < range.end && histogram->counts[range.first] == 0) range.first++;
  return range;
}

struct kinds kinds(const float *x, size_t n, float smallest_normal) {
  const uint32_t normal = magnitude(smallest_normal);
  size_t zero = 0, tiny = 0, nonfinite = 0;
  /* Counts of a block stay in 32 bits, as wide as what they count, which compilers vectorize best. */
  enum { BLOCK = 1 << 16 };
  for (size_t first = 0; first < n; first += BLOCK) {
    const size_t end = n - first < BLOCK ? n : first + BLOCK;
    uint32_t zeros = 0, tinies = 0, nonfinites = 0;
    for (size_t i = first; i < end; i++) {
      const uint32_t size = magnitude(x[i]);
      zeros += size == 0;
      tinies += size < normal;
      nonfinites += size >= INFINITE;
    }
    zero += zeros, tiny += tinies, nonfinite += nonfinites;
  }
  const double all = (double)n;
  return (struct kinds){(double)zero / all, (double)(tiny - zero) / all, (double)nonfinite / all};
}
