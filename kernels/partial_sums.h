/* Sums that are the same bits on every ISA, and whose error does not grow with their length: 16 partial sums with
 * Kahan's compensation, whatever the vector length. */
#ifndef DEPTHMARK_PARTIAL_SUMS_H
#define DEPTHMARK_PARTIAL_SUMS_H

#include "kernels/vec/vec.h"

#define PARTIAL_SUMS 16
#define VECTORS_OF_SUMS (PARTIAL_SUMS / VEC_LANES)

struct partial_sums {
  vf sum[VECTORS_OF_SUMS], excess[VECTORS_OF_SUMS];
};

VEC_INLINE struct partial_sums partial_sums_zero(void) {
  struct partial_sums sums;
  for (size_t v = 0; v < VECTORS_OF_SUMS; v++) sums.sum[v] = sums.excess[v] = vf_set(0.0f);
  return sums;
}

/* Adds a vector to the v-th of VECTORS_OF_SUMS. */
VEC_INLINE void partial_sums_add(struct partial_sums *sums, size_t v, vf a) {
  const vf term = vf_sub(a, sums->excess[v]), next = vf_add(sums->sum[v], term);
  sums->excess[v] = vf_sub(vf_sub(next, sums->sum[v]), term);
  sums->sum[v] = next;
}

/* Adds n floats, the first to the first sum. */
VEC_INLINE void partial_sums_add_all(struct partial_sums *sums, const float *a, size_t n) {
  for (size_t i = 0; i < n; i += PARTIAL_SUMS)
    for (size_t v = 0; v < VECTORS_OF_SUMS; v++) partial_sums_add(sums, v, vf_load_before(a, i + v * VEC_LANES, n));
}

VEC_INLINE double partial_sums_total(const struct partial_sums *sums) {
  float sum[PARTIAL_SUMS], excess[PARTIAL_SUMS];
  for (size_t v = 0; v < VECTORS_OF_SUMS; v++) {
    vf_store(sum + v * VEC_LANES, sums->sum[v]);
    vf_store(excess + v * VEC_LANES, sums->excess[v]);
  }
  double total = 0;
  for (size_t i = 0; i < PARTIAL_SUMS; i++) total += (double)sum[i] - (double)excess[i];
  return total;
}

#endif
