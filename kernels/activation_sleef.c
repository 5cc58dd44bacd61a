/* The same activations through SLEEF, as its yardstick: the formulas of the textbook, with calls of the library where
 * it has a function. -infinity would give NaN where x is a factor, so there the largest number stands for it. */
#include <float.h>

#include "kernels/activation.h"
#include "kernels/vec/sleef.h"

SCHEDULED_BEGIN

VEC_INLINE vf above_infinity(vf x) { return vf_max(vf_set(-FLT_MAX), x); }
VEC_INLINE vf clamped(vf x) { return vf_max(vf_set(-FLT_MAX), vf_min(vf_set(FLT_MAX), x)); }
VEC_INLINE vf one_over_one_plus(vf e) { return vf_div(vf_set(1.0f), vf_add(vf_set(1.0f), e)); }
VEC_INLINE vf one_minus(vf y) { return vf_sub(vf_set(1.0f), y); }
VEC_INLINE vf where_positive(vf x, vf above, vf below) {
  return vf_select(vf_nan(x), x, vf_select(vf_lt(vf_set(0.0f), x), above, below));
}

#define SLEEF_ACTIVATION(name)                                                                                         \
  SLOPE_TIMES(name##_sleef)                                                                                            \
  MAP(name##_forward_sleef, name##_sleef_value)                                                                        \
  MAP(name##_derivative_sleef, name##_sleef_slope)                                                                     \
  BACKWARD(name##_backward_sleef, name##_sleef_slope_times)

VEC_INLINE vf logistic_sleef(vf x) { return one_over_one_plus(sleef_exp(vf_neg(x))); }

VALUE(tanh_sleef) { return sleef_tanh(x); }
SLOPE(tanh_sleef) {
  const vf t = sleef_tanh(x);
  return one_minus(vf_mul(t, t));
}
SLEEF_ACTIVATION(tanh)

VALUE(sigmoid_sleef) { return logistic_sleef(x); }
SLOPE(sigmoid_sleef) {
  const vf s = logistic_sleef(x);
  return vf_mul(s, one_minus(s));
}
SLEEF_ACTIVATION(sigmoid)

/* a: beta, b: the threshold beyond which it is linear */
VALUE(softplus_sleef) {
  const vf y = vf_mul(a, x), log = sleef_log1p(sleef_exp(minus_abs(y, -106.0f)));
  return vf_select(vf_lt(b, y), x, vf_add(vf_max(x, vf_set(0.0f)), vf_div(log, a)));
}
SLOPE(softplus_sleef) {
  const vf y = vf_mul(a, x);
  return vf_select(vf_lt(b, y), vf_set(1.0f), logistic_sleef(y));
}
SLEEF_ACTIVATION(softplus)

VALUE(log_sigmoid_sleef) { return vf_sub(vf_min(x, vf_set(-0.0f)), sleef_log1p(sleef_exp(minus_abs(x, -106.0f)))); }
SLOPE(log_sigmoid_sleef) { return logistic_sleef(vf_neg(x)); }
SLEEF_ACTIVATION(log_sigmoid)

VALUE(exponential_sleef) { return sleef_exp(x); }
SLOPE(exponential_sleef) { return sleef_exp(x); }
SLEEF_ACTIVATION(exponential)

VALUE(elu_sleef) { return vf_select(vf_le(vf_set(0.0f), x), x, vf_mul(a, sleef_expm1(x))); }
SLOPE(elu_sleef) { return where_positive(x, vf_set(1.0f), vf_mul(a, sleef_exp(x))); }
SLEEF_ACTIVATION(elu)

VALUE(celu_sleef) { return vf_select(vf_le(vf_set(0.0f), x), x, vf_mul(a, sleef_expm1(vf_div(x, a)))); }
SLOPE(celu_sleef) { return where_positive(x, vf_set(1.0f), sleef_exp(vf_div(x, a))); }
SLEEF_ACTIVATION(celu)

#define SELU_ALPHA 1.6732632423543772848170429916717f
VALUE(selu_sleef) { return vf_mul(vf_set(SELU_SCALE), elu_sleef_value(x, vf_set(SELU_ALPHA), b)); }
SLOPE(selu_sleef) { return vf_mul(vf_set(SELU_SCALE), elu_sleef_slope(x, vf_set(SELU_ALPHA), b)); }
SLEEF_ACTIVATION(selu)

/* Phi(x) */
VEC_INLINE vf normal_distribution_sleef(vf x) {
  return vf_mul(vf_set(0.5f), sleef_erfc(vf_mul(x, vf_set(-0.70710678118654752440f))));
}
VALUE(gelu_sleef) {
  const vf y = above_infinity(x);
  return vf_mul(y, normal_distribution_sleef(y));
}
SLOPE(gelu_sleef) {
  const vf y = vf_max(vf_set(-100.0f), vf_min(vf_set(100.0f), x));
  const vf density = vf_mul(vf_set(INVERSE_SQRT_2PI), sleef_exp(vf_mul(vf_set(-0.5f), vf_mul(y, y))));
  return vf_fma(y, density, normal_distribution_sleef(y));
}
SLEEF_ACTIVATION(gelu)

#define SQRT_2_OVER_PI 0.79788456080286535588f
VEC_INLINE vf gelu_tanh_sleef_tanh(vf x) {
  const vf square = vf_mul(x, x), argument = vf_fma(vf_mul(vf_set(0.044715f), square), x, x);
  return sleef_tanh(vf_mul(vf_set(SQRT_2_OVER_PI), argument));
}
VALUE(gelu_tanh_sleef) {
  const vf y = above_infinity(x);
  return vf_mul(vf_mul(vf_set(0.5f), y), vf_add(vf_set(1.0f), gelu_tanh_sleef_tanh(y)));
}
SLOPE(gelu_tanh_sleef) {
  const vf y = vf_max(vf_set(-100.0f), vf_min(vf_set(100.0f), x)), t = gelu_tanh_sleef_tanh(y);
  const vf inner = vf_mul(vf_set(SQRT_2_OVER_PI), vf_fma(vf_set(0.134145f), vf_mul(y, y), vf_set(1.0f)));
  const vf last = vf_mul(vf_mul(y, one_minus(vf_mul(t, t))), inner);
  return vf_mul(vf_set(0.5f), vf_add(vf_add(vf_set(1.0f), t), last));
}
SLEEF_ACTIVATION(gelu_tanh)

/* a: beta */
VALUE(silu_sleef) {
  const vf y = above_infinity(x);
  return vf_div(y, vf_add(vf_set(1.0f), sleef_exp(vf_neg(vf_mul(a, y)))));
}
SLOPE(silu_sleef) {
  const vf y = vf_mul(a, clamped(x)), s = logistic_sleef(y);
  return vf_mul(s, vf_fma(y, one_minus(s), vf_set(1.0f)));
}
SLEEF_ACTIVATION(silu)

VEC_INLINE vf softplus_tanh_sleef(vf x) {
  return sleef_tanh(vf_add(vf_max(x, vf_set(0.0f)), sleef_log1p(sleef_exp(minus_abs(x, -106.0f)))));
}
VALUE(mish_sleef) {
  const vf y = above_infinity(x);
  return vf_mul(y, softplus_tanh_sleef(y));
}
SLOPE(mish_sleef) {
  const vf y = clamped(x), t = softplus_tanh_sleef(y);
  return vf_fma(vf_mul(y, one_minus(vf_mul(t, t))), logistic_sleef(y), t);
}
SLEEF_ACTIVATION(mish)

SCHEDULED_END
