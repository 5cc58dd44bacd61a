/* Activations: each is a value f(x) and a slope f'(x) on one vector; MAP and ACTIVATION make the loops.
 *
 * Slopes are computed from x with relative accuracy, so that they don't vanish before they must: sigmoid' as
 * s(x) s(-x) and not as y (1 - y), tanh' as sech^2. In the backward pass dy is multiplied in before the slope
 * underflows: a slope too small for a float still gives the right product. Where |x| is clamped, the value already
 * rounds to its limit; the slope stays positive however small, so that an infinite dy stays infinite.
 */
#include <float.h>

#include "kernels/elementary.h"
#include "kernels/vec/sleef.h"
#include "kernels/vec/vec.h"

/* Vectors in flight, to hide the latency of a long dependent polynomial. gcc leaves them one behind the other unless
 * told to schedule before it allocates registers; then they take 5 to 15 % less time on AVX-512, up to 30 % on AVX2. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("schedule-insns", "sched-pressure")
#endif
#define MAP_UNROLL (VEC_LANES == 1 ? 1 : 4)

/* A kernel y[i] = body(x[i], a, b). */
#define MAP(name, body)                                                                                                \
  static void name(const float *x, float *y, size_t n, struct parameters p) {                                          \
    const vf a = vf_set(p.a), b = vf_set(p.b);                                                                         \
    size_t i = 0;                                                                                                      \
    for (; i + MAP_UNROLL * VEC_LANES <= n; i += MAP_UNROLL * VEC_LANES) {                                             \
      vf v[MAP_UNROLL];                                                                                                \
      for (size_t u = 0; u < MAP_UNROLL; u++) v[u] = body(vf_load(x + i + u * VEC_LANES), a, b);                       \
      for (size_t u = 0; u < MAP_UNROLL; u++) vf_store(y + i + u * VEC_LANES, v[u]);                                   \
    }                                                                                                                  \
    for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(y + i, body(vf_load(x + i), a, b));                            \
    if (i < n) vf_store_n(y + i, body(vf_load_n(x + i, n - i), a, b), n - i);                                          \
  }

/* A kernel dx[i] = body(x[i], dy[i], a, b). */
#define BACKWARD(name, body)                                                                                           \
  static void name(const float *x, const float *dy, float *dx, size_t n, struct parameters p) {                        \
    const vf a = vf_set(p.a), b = vf_set(p.b);                                                                         \
    size_t i = 0;                                                                                                      \
    for (; i + MAP_UNROLL * VEC_LANES <= n; i += MAP_UNROLL * VEC_LANES) {                                             \
      vf v[MAP_UNROLL];                                                                                                \
      for (size_t u = 0; u < MAP_UNROLL; u++) {                                                                        \
        const size_t j = i + u * VEC_LANES;                                                                            \
        v[u] = body(vf_load(x + j), vf_load(dy + j), a, b);                                                            \
      }                                                                                                                \
      for (size_t u = 0; u < MAP_UNROLL; u++) vf_store(dx + i + u * VEC_LANES, v[u]);                                  \
    }                                                                                                                  \
    for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(dx + i, body(vf_load(x + i), vf_load(dy + i), a, b));          \
    if (i < n) vf_store_n(dx + i, body(vf_load_n(x + i, n - i), vf_load_n(dy + i, n - i), a, b), n - i);               \
  }

/* What an activation is made from: its value f(x) and its slope f'(x), given parameters a and b, which most don't use.
 */
#define UNUSED __attribute__((unused))
#define VALUE(name) VEC_INLINE vf name##_value(vf x, UNUSED vf a, UNUSED vf b)
#define SLOPE(name) VEC_INLINE vf name##_slope(UNUSED vf x, UNUSED vf a, UNUSED vf b)

/* The three passes of an activation from its value, its slope and dy times its slope. */
#define PASSES(name)                                                                                                   \
  MAP(name##_forward, name##_value)                                                                                    \
  MAP(name##_derivative, name##_slope)                                                                                 \
  BACKWARD(name##_backward, name##_slope_times)
#define ACTIVATION(name)                                                                                               \
  VEC_INLINE vf name##_slope_times(vf x, vf dy, vf a, vf b) { return vf_mul(dy, name##_slope(x, a, b)); }              \
  PASSES(name)

/* A slope that may be too small for a float. */
#define TAILED_SLOPE(name) VEC_INLINE struct tailed name##_tailed_slope(vf x, UNUSED vf a, UNUSED vf b)

/* The passes of an activation with such a slope. */
#define ACTIVATION_WITH_TAIL(name)                                                                                     \
  SLOPE(name) {                                                                                                        \
    const struct tailed s = name##_tailed_slope(x, a, b);                                                              \
    return vf_scale(s.near, s.rest);                                                                                   \
  }                                                                                                                    \
  VEC_INLINE vf name##_slope_times(vf x, vf dy, vf a, vf b) {                                                          \
    const struct tailed s = name##_tailed_slope(x, a, b);                                                              \
    return vf_scale(vf_mul(dy, s.near), s.rest);                                                                       \
  }                                                                                                                    \
  PASSES(name)

/* -|x|, but not below limit; NaN is kept. */
VEC_INLINE vf minus_abs(vf x, float limit) {
  return vf_max(vf_set(limit), vi_as_vf(vi_or(vf_as_vi(x), vi_set(INT32_MIN))));
}

/* ---- linear pieces ------------------------------------------------------------------------------------------------
 */

VALUE(linear) { return x; }
SLOPE(linear) { return vf_set(1.0f); }
ACTIVATION(linear)

/* NaN goes through: it compares false and x is kept. */
VALUE(relu) { return vf_select(vf_le(x, vf_set(0.0f)), vf_set(0.0f), x); }
SLOPE(relu) {
  const vf step = vf_select(vf_le(x, vf_set(0.0f)), vf_set(0.0f), vf_set(1.0f));
  return vf_select(vf_nan(x), x, step);
}
ACTIVATION(relu)

/* a: the slope for x <= 0 */
VALUE(leaky_relu) { return vf_select(vf_lt(vf_set(0.0f), x), x, vf_mul(a, x)); }
SLOPE(leaky_relu) {
  const vf step = vf_select(vf_lt(vf_set(0.0f), x), vf_set(1.0f), a);
  return vf_select(vf_nan(x), x, step);
}
ACTIVATION(leaky_relu)

/* ---- sigmoidal ----------------------------------------------------------------------------------------------------
 */

/* tanh |x| = (1 - e) / (1 + e), e = exp(-2 |x|); 1 from |x| = 9.011 on. */
VALUE(tanh) {
  const vf y = minus_abs(x, -10.0f);
  const struct power_minus_one e = expm1_of(vf_add(y, y));
  const vf quotient = vf_div(one_minus_exp(e), one_plus_exp(e));
  return vi_as_vf(vi_or(vf_as_vi(quotient), vi_and(vf_as_vi(x), vi_set(INT32_MIN))));
}
/* sech^2 x = 4 e / (1 + e)^2 */
TAILED_SLOPE(tanh) {
  const vf y = minus_abs(x, -100.0f);
  const struct tailed e = power_tailed(exp_of(vf_add(y, y)));
  const vf quotient = vf_div(e.near, square_of_one_plus(e.near));
  return (struct tailed){vf_mul(vf_set(4.0f), quotient), e.rest};
}
ACTIVATION_WITH_TAIL(tanh)

/* e / (1 + e) for x < 0, else 1 / (1 + e), e = exp(-|x|) */
VALUE(sigmoid) {
  const vf e = power_value(exp_of(minus_abs(x, -106.0f)));
  const struct one_plus d = one_plus(e);
  const vf quotient = vf_div(vf_select(vf_lt(x, vf_set(0.0f)), e, vf_set(1.0f)), d.sum);
  return vf_fnma(quotient, d.lost, quotient);
}
/* s(x) s(-x) = e / (1 + e)^2 */
TAILED_SLOPE(sigmoid) {
  const struct tailed e = power_tailed(exp_of(minus_abs(x, -200.0f)));
  return (struct tailed){vf_div(e.near, square_of_one_plus(e.near)), e.rest};
}
ACTIVATION_WITH_TAIL(sigmoid)

/* |x| is clamped to the largest number: the limits at infinity are +-1. */
VALUE(softsign) {
  const vf largest = vf_set(FLT_MAX), y = vf_max(vf_neg(largest), vf_min(largest, x));
  return vf_div(y, vf_add(vf_set(1.0f), vf_abs(y)));
}
/* The square of the reciprocal rather than the reciprocal of the square, which overflows. */
VEC_INLINE vf softsign_root_of_slope(vf x) { return vf_div(vf_set(1.0f), vf_add(vf_set(1.0f), vf_abs(x))); }
SLOPE(softsign) {
  const vf r = softsign_root_of_slope(x);
  return vf_mul(r, r);
}
VEC_INLINE vf softsign_slope_times(vf x, vf dy, UNUSED vf a, UNUSED vf b) {
  const vf r = softsign_root_of_slope(x);
  return vf_mul(vf_mul(dy, r), r);
}
PASSES(softsign)

/* ---- rectifiers with a smooth knee --------------------------------------------------------------------------------
 */

/* ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) */
VALUE(softplus) { return vf_add(vf_max(x, vf_set(0.0f)), log1p_core(power_value(exp_of(minus_abs(x, -106.0f))))); }
/* s(x) */
TAILED_SLOPE(softplus) {
  const struct tailed e = power_tailed(exp_of(minus_abs(x, -200.0f)));
  const vm negative = vf_lt(x, vf_set(0.0f));
  const vf quotient = vf_div(vf_select(negative, e.near, vf_set(1.0f)), vf_add(vf_set(1.0f), e.near));
  return (struct tailed){quotient, vf_select(negative, e.rest, vf_set(0.0f))};
}
ACTIVATION_WITH_TAIL(softplus)

/* scale for x > 0, else scaled_alpha e^x */
VEC_INLINE struct tailed exponential_slope(vf x, vf scale, vf scaled_alpha) {
  const struct tailed e = power_tailed(exp_of(vf_max(vf_set(-200.0f), vf_min(vf_set(0.0f), x))));
  return (struct tailed){vf_select(vf_lt(vf_set(0.0f), x), scale, vf_mul(scaled_alpha, e.near)), e.rest};
}

/* a: alpha */
VALUE(elu) {
  const vf below = vf_mul(vf_neg(a), one_minus_exp(expm1_of(vf_max(vf_set(-20.0f), x))));
  return vf_select(vf_le(vf_set(0.0f), x), x, below);
}
TAILED_SLOPE(elu) { return exponential_slope(x, vf_set(1.0f), a); }
ACTIVATION_WITH_TAIL(elu)

/* Klambauer et al. (2017), Self-Normalizing Neural Networks: the scale and the alpha whose fixed point is mean 0,
 * variance 1. */
#define SELU_SCALE 1.0507009873554804934193349852946f
#define SELU_SCALE_ALPHA 1.7580993408473768599402175208123f
VALUE(selu) {
  const vf below = vf_mul(vf_set(-SELU_SCALE_ALPHA), one_minus_exp(expm1_of(vf_max(vf_set(-20.0f), x))));
  return vf_select(vf_le(vf_set(0.0f), x), vf_mul(vf_set(SELU_SCALE), x), below);
}
TAILED_SLOPE(selu) { return exponential_slope(x, vf_set(SELU_SCALE), vf_set(SELU_SCALE_ALPHA)); }
ACTIVATION_WITH_TAIL(selu)

/* x Phi(x) = max(0, x) - u Phi(-u), u = |x|: one formula for both tails, without cancellation in the negative one. */
VALUE(gelu) {
  const vf u = vf_min(vf_set(14.5f), vf_abs(x));
  const struct power e = gaussian_of(u);
  const vf tail = vf_scale(power_significand_times(e, mills_times_argument(u)), e.n);
  return vf_sub(vf_max(vf_set(0.0f), x), tail);
}

/* k for x < 0, else 1 - k: the slope of x S(x), where S(-x) = 1 - S(x). */
VEC_INLINE struct tailed two_sided_slope(vf x, struct tailed k) {
  const vm negative = vf_lt(x, vf_set(0.0f));
  return (struct tailed){vf_select(negative, k.near, vf_sub(vf_set(1.0f), k.near)),
                         vf_select(negative, k.rest, vf_set(0.0f))};
}

/* Phi(x) + x phi(x): k(u) = Phi(-u) - u phi(u), with a root at u = 0.7518. */
TAILED_SLOPE(gelu) {
  const vf u = vf_min(vf_set(20.0f), vf_abs(x));
  const struct power e = gaussian_of(u);
  return two_sided_slope(x, tailed(power_significand_times(e, mills_slope(u)), e.n));
}
ACTIVATION_WITH_TAIL(gelu)

/* x s(x) = x e / (1 + e) for x < 0, else x / (1 + e), e = exp(-|x|). What 1 + e lost by rounding is taken from the
 * numerator, in which it costs no rounding of its own. */
VALUE(silu) {
  const vf y = minus_abs(x, -112.0f);
  const struct power e = exp_of(y);
  const vf p = power_significand(e);
  const struct one_plus d = one_plus(vf_scale(p, e.n));
  const vm negative = vf_lt(x, vf_set(0.0f));
  const vf gained = vf_sub(vf_set(0.0f), d.lost);
  const vf excess = vf_select(negative, vf_fma(e.r, e.w, vf_mul(gained, p)), gained);
  const vf factor = vf_select(negative, y, x), numerator = vf_fma(factor, excess, factor);
  const vf value = vf_scale(vf_div(numerator, d.sum), vf_select(negative, e.n, vf_set(0.0f)));
  return vf_select(vf_lt(x, vf_set(40.0f)), value, x); /* from 18 on it is x; infinity would come out as NaN */
}
/* s(x) + x s(x) s(-x): k(u) = e (1 + e - u) / (1 + e)^2, e = exp(-u), with a root at u = 1.2785. */
TAILED_SLOPE(silu) {
  const vf y = minus_abs(x, -200.0f);
  const struct power e = exp_of(y);
  const vf value = power_tailed(e).near, sum = vf_add(vf_add(vf_set(1.0f), y), value);
  const vf quotient = vf_div(power_significand_times(e, sum), square_of_one_plus(value));
  return two_sided_slope(x, tailed(quotient, e.n));
}
ACTIVATION_WITH_TAIL(silu)

/* ---- the same through SLEEF, as its yardstick ----------------------------------------------------------------------
 */

/* The formulas of the textbook, with calls of the library where it has a function. */
VALUE(tanh_sleef) { return sleef_tanh(x); }
VALUE(sigmoid_sleef) { return vf_div(vf_set(1.0f), vf_add(vf_set(1.0f), sleef_exp(vf_neg(x)))); }
VALUE(softplus_sleef) { return vf_add(vf_max(x, vf_set(0.0f)), sleef_log1p(sleef_exp(minus_abs(x, -106.0f)))); }
VALUE(elu_sleef) { return vf_select(vf_le(vf_set(0.0f), x), x, vf_mul(a, sleef_expm1(x))); }
/* -infinity would give NaN in the last two. */
VALUE(gelu_sleef) {
  const vf y = vf_max(vf_set(-FLT_MAX), x);
  return vf_mul(vf_mul(vf_set(0.5f), y), sleef_erfc(vf_mul(y, vf_set(-0.70710678118654752440f))));
}
VALUE(silu_sleef) {
  const vf y = vf_max(vf_set(-FLT_MAX), x);
  return vf_div(y, vf_add(vf_set(1.0f), sleef_exp(vf_neg(y))));
}
MAP(tanh_forward_sleef, tanh_sleef_value)
MAP(sigmoid_forward_sleef, sigmoid_sleef_value)
MAP(softplus_forward_sleef, softplus_sleef_value)
MAP(elu_forward_sleef, elu_sleef_value)
MAP(gelu_forward_sleef, gelu_sleef_value)
MAP(silu_forward_sleef, silu_sleef_value)

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
