/* Softmax cross-entropy. Gradients that vanish keep their relative accuracy: the label's entry is formed from the sum
 * of the others, not as a softmax minus 1, and a loss near zero as ln(1 + that sum).
 *
 * Each row is summed in 16 partial sums with Kahan's compensation, whatever the vector length, so that every ISA gives
 * the same bits and the error does not grow with the number of classes. */
#include <assert.h>
#include <math.h>

#include "kernels/elementary.h"

#define PARTIAL_SUMS 16
#define VECTORS_OF_SUMS (PARTIAL_SUMS / VEC_LANES)

/* The vector at p[i], zeros from p[n] on. */
VEC_INLINE vf load_before(const float *p, size_t i, size_t n) {
  if (i + VEC_LANES <= n) return vf_load(p + i);
  return i < n ? vf_load_n(p + i, n - i) : vf_set(0.0f);
}

VEC_INLINE void store_before(float *p, vf a, size_t i, size_t n) {
  if (i + VEC_LANES <= n)
    vf_store(p + i, a);
  else
    vf_store_n(p + i, a, n - i);
}

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
    const vf a = load_before(z, i, n), difference = vf_sub(a, b), from_a = vf_sub(difference, a);
    const vf error = vf_sub(vf_sub(a, vf_sub(difference, from_a)), vf_add(b, from_a));
    const vf low = vf_select(vf_lt(limit, difference), error, zero);
    store_before(e, power_value(exp_of_sum(vf_max(limit, difference), low)), i, n);
  }
}

static double compensated_sum(const float *e, size_t n) {
  vf sum[VECTORS_OF_SUMS], excess[VECTORS_OF_SUMS];
  for (size_t v = 0; v < VECTORS_OF_SUMS; v++) sum[v] = excess[v] = vf_set(0.0f);
  for (size_t i = 0; i < n; i += PARTIAL_SUMS)
    for (size_t v = 0; v < VECTORS_OF_SUMS; v++) {
      const vf term = vf_sub(load_before(e, i + v * VEC_LANES, n), excess[v]), next = vf_add(sum[v], term);
      excess[v] = vf_sub(vf_sub(next, sum[v]), term);
      sum[v] = next;
    }
  float sums[PARTIAL_SUMS], excesses[PARTIAL_SUMS];
  for (size_t v = 0; v < VECTORS_OF_SUMS; v++) {
    vf_store(sums + v * VEC_LANES, sum[v]);
    vf_store(excesses + v * VEC_LANES, excess[v]);
  }
  double total = 0;
  for (size_t i = 0; i < PARTIAL_SUMS; i++) total += (double)sums[i] - (double)excesses[i];
  return total;
}

static float log1p_of(float y) {
  float lanes[VEC_LANES];
  vf_store(lanes, log1p_value(vf_set(y)));
  return lanes[0];
}

static void softmax_cross_entropy(const float *logits, const int32_t *labels, size_t batch, size_t classes,
                                  float *dlogits, float *loss) {
  for (size_t row = 0; row < batch; row++) {
    assert(labels[row] >= 0 && (size_t)labels[row] < classes);
    const float *z = logits + row * classes;
    float *e = dlogits + row * classes;
    const size_t label = (size_t)labels[row];
    const float largest = largest_of(z, classes), distance = largest - z[label];

    exp_of_differences(z, e, classes, largest);
    const double of_label = (double)e[label];
    e[label] = 0.0f;
    const double others = compensated_sum(e, classes), total = others + of_label;
    /* total - 1, the one being the largest logit's: the label's own, or one of the others. */
    const double rest = distance == 0.0f ? others : others - 1.0 + of_label;
    loss[row] = distance + log1p_of((float)rest);

    const double scale = total * (double)batch;
    const vf divisor = vf_set((float)scale);
    for (size_t i = 0; i < classes; i += VEC_LANES)
      store_before(e, vf_div(load_before(e, i, classes), divisor), i, classes);
    e[label] = (float)(-others / scale);
  }
}
