/* The steps of a softmax over one row, which the loss shares. */
#ifndef DEPTHMARK_ROW_EXP_H
#define DEPTHMARK_ROW_EXP_H

#include "kernels/elementary.h"
#include "kernels/partial_sums.h"

static float largest_of(const float *z, size_t n) {
  float largest = z[0];
  size_t i = 0;
  if (n >= VEC_LANES) {
    vf largest_lanes = vf_load(z);
    for (i = VEC_LANES; i + VEC_LANES <= n; i += VEC_LANES) largest_lanes = vf_max(vf_load(z + i), largest_lanes);
    largest = vf_largest(largest_lanes);
  }
  for (; i < n; i++) largest = z[i] > largest ? z[i] : largest;
  return largest;
}

/* e[i] = exp(z[i] - largest). The difference is taken in two parts (Knuth's TwoSum): one float of it can be off by more
 * than an ulp of the exponential. */
static void exp_of_differences(const float *z, float *e, size_t n, float largest) {
  const vf b = vf_set(largest), limit = vf_set(-106.0f), zero = vf_set(0.0f);
  for (size_t i = 0; i < n; i += VEC_LANES) {
    const vf a = vf_load_before(z, i, n), difference = vf_sub(a, b), from_a = vf_sub(difference, a);
    const vf error = vf_sub(vf_sub(a, vf_sub(difference, from_a)), vf_add(b, from_a));
    const vf low = vf_select(vf_lt(limit, difference), error, zero);
    vf_store_before(e, power_value(exp_of_sum(vf_max(limit, difference), low)), i, n);
  }
}

static double sum_of(const float *e, size_t n) {
  struct partial_sums sums = partial_sums_zero();
  partial_sums_add_all(&sums, e, n);
  return partial_sums_total(&sums);
}

static float log1p_of(float y) {
  float lanes[VEC_LANES];
  vf_store(lanes, log1p_value(vf_set(y)));
  return lanes[0];
}

#endif
