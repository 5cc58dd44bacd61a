/* Activations of straight pieces, and softsign, which is a quotient. */
#include <float.h>

#include "kernels/activation.h"
#include "kernels/partial_sums.h"

SCHEDULED_BEGIN

VALUE(linear) { return x; }
SLOPE(linear) { return vf_select(vf_nan(x), x, vf_set(1.0f)); }
ACTIVATION(linear)

/* x where it is above the bound, NaN included, else other. */
VEC_INLINE vf if_above(vf bound, vf x, vf other) { return vf_select(vf_le(x, bound), other, x); }

/* above where x > bound, below elsewhere; NaN is kept. */
VEC_INLINE vf step_at(vf bound, vf x, vf below, vf above) {
  return vf_select(vf_nan(x), x, vf_select(vf_lt(bound, x), above, below));
}

/* inside where low < x < high, else 0; NaN is kept. */
VEC_INLINE vf step_between(vf low, vf high, vf x, vf inside) {
  const vm is_inside = vm_and(vf_lt(low, x), vf_lt(x, high));
  return vf_select(vf_nan(x), x, vf_select(is_inside, inside, vf_set(0.0f)));
}

VALUE(relu) { return if_above(vf_set(0.0f), x, vf_set(0.0f)); }
SLOPE(relu) { return step_at(vf_set(0.0f), x, vf_set(0.0f), vf_set(1.0f)); }
OUTPUT_SLOPE(relu) { return relu_slope(y, a, b); }
ACTIVATION(relu)
FROM_OUTPUT(relu)

/* a: the slope for x <= 0; from the output it is known where a >= 0 */
VALUE(leaky_relu) { return vf_select(vf_lt(vf_set(0.0f), x), x, vf_mul(a, x)); }
SLOPE(leaky_relu) { return step_at(vf_set(0.0f), x, a, vf_set(1.0f)); }
OUTPUT_SLOPE(leaky_relu) { return leaky_relu_slope(y, a, b); }
ACTIVATION(leaky_relu)
FROM_OUTPUT(leaky_relu)

/* He et al. (2015), Delving Deep into Rectifiers: a leaky_relu whose slope a is learned. */
VALUE(prelu) { return leaky_relu_value(x, a, b); }
SLOPE(prelu) { return leaky_relu_slope(x, a, b); }
ACTIVATION(prelu)

/* The gradient of a: sum of dy min(x, 0). In 16 partial sums with Kahan's compensation, whatever the vector length, so
 * that every ISA gives the same bits and the error does not grow with n. */
static void prelu_parameter_backward(const float *x, const float *dy, float *da, size_t n, struct parameters p) {
  (void)p;
  struct partial_sums sums = partial_sums_zero();
  for (size_t i = 0; i < n; i += PARTIAL_SUMS)
    for (size_t v = 0; v < VECTORS_OF_SUMS; v++) {
      const vf xs = vf_load_before(x, i + v * VEC_LANES, n),
               product = vf_mul(vf_load_before(dy, i + v * VEC_LANES, n), xs);
      partial_sums_add(&sums, v, vf_select(vf_lt(xs, vf_set(0.0f)), product, vf_set(0.0f)));
    }
  *da = (float)partial_sums_total(&sums);
}

/* a: the upper end, 6 */
VALUE(relu6) { return vf_min(a, if_above(vf_set(0.0f), x, vf_set(0.0f))); }
SLOPE(relu6) { return step_between(vf_set(0.0f), a, x, vf_set(1.0f)); }
ACTIVATION(relu6)

/* clip(x, a, b). vf_min and vf_max keep their second operand when it is NaN. */
VALUE(hard_tanh) { return vf_max(a, vf_min(b, x)); }
SLOPE(hard_tanh) { return step_between(a, b, x, vf_set(1.0f)); }
ACTIVATION(hard_tanh)

/* clip((x + a) / 2a, 0, 1): a is 3 in PyTorch and Keras 3, 2.5 in Keras 1 and 2. The sum first: near -a it is exact. */
VALUE(hard_sigmoid) {
  const vf t = vf_mul(vf_add(x, a), vf_div(vf_set(0.5f), a));
  return vf_max(vf_set(0.0f), vf_min(vf_set(1.0f), t));
}
SLOPE(hard_sigmoid) { return step_between(vf_neg(a), a, x, vf_div(vf_set(0.5f), a)); }
ACTIVATION(hard_sigmoid)
VALUE(hard_sigmoid2) { return hard_sigmoid_value(x, a, b); }
SLOPE(hard_sigmoid2) { return hard_sigmoid_slope(x, a, b); }
ACTIVATION(hard_sigmoid2)

/* Howard et al. (2019), Searching for MobileNetV3: x clip((x + a) / 2a, 0, 1). x stops at -a, where the value is -0. */
VALUE(hard_swish) {
  const vf y = vf_max(vf_neg(a), x), divisor = vf_add(a, a);
  const struct two_sum sum = fast_two_sum(a, y), share = quotient_of(sum.sum, divisor);
  const vf low = vf_mul(vf_add(share.lost, sum.lost), vf_div(vf_set(1.0f), divisor));
  const vf value = vf_fma(y, share.sum, vf_mul(y, low));
  return vf_select(vf_lt(y, a), vf_copysign(value, y), y);
}
/* (x + a/2) / a on [-a, a), as PyTorch has it at the kinks. */
SLOPE(hard_swish) {
  const vf inside = vf_div(vf_add(x, vf_mul(vf_set(0.5f), a)), a);
  const vf up_to_a = vf_select(vf_le(a, x), vf_set(1.0f), inside);
  return vf_select(vf_lt(x, vf_neg(a)), vf_set(0.0f), up_to_a);
}
ACTIVATION(hard_swish)

/* |x| is clamped to the largest number: the limits at infinity are +-1. */
VALUE(softsign) {
  const vf largest = vf_set(FLT_MAX), y = vf_max(vf_neg(largest), vf_min(largest, x));
  return vf_div(y, vf_add(vf_set(1.0f), vf_abs(y)));
}
/* r^2, r = 1 / (1 + |x|), times factor: not the reciprocal of the square, which overflows. What 1 + |x| lost by
 * rounding would count twice and is made good. */
VEC_INLINE vf softsign_slope_times(vf x, vf factor, UNUSED vf a, UNUSED vf b) {
  const vf one = vf_set(1.0f), u = vf_abs(x);
  const struct two_sum d = fast_two_sum(vf_max(one, u), vf_min(one, u));
  const vf lost = vf_select(vf_lt(u, vf_set(0x1p25f)), d.lost, vf_set(0.0f));
  const vf r = vf_div(one, d.sum), r_for_both = vf_fnma(r, vf_mul(vf_add(lost, lost), r), r);
  return vf_mul(vf_mul(factor, r), r_for_both);
}
SLOPE(softsign) { return softsign_slope_times(x, vf_set(1.0f), a, b); }
PASSES(softsign)
FUSED_PASSES(softsign)

SCHEDULED_END
