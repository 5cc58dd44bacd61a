/* Activations made of exponentials. */
#include "kernels/activation.h"

SCHEDULED_BEGIN

/* ---- sigmoidal ----------------------------------------------------------------------------------------------------
 */

/* tanh |x| = (1 - e) / (1 + e), e = exp(-2 |x|) = 2^-n (1 - q): (2^n - 1 + q) / (2^n + 1 - q); 1 from 9.011 on. */
VALUE(tanh) {
  const struct power_plus_one e = exp_minus_twice(vf_min(vf_set(10.0f), vf_abs(x)));
  const vf one = vf_set(1.0f);
  const vf above = vf_add(vf_sub(e.power, one), e.q), below = vf_sub(vf_add(e.power, one), e.q);
  return vf_copysign(vf_div(above, below), x);
}
/* sech^2 x = 4 e / (1 + e)^2 */
TAILED_SLOPE(tanh) {
  const vf y = minus_abs(x, -100.0f);
  const struct tailed e = power_tailed(exp_of(vf_add(y, y)));
  const vf quotient = vf_div(e.near, square_of_one_plus(e.near));
  return (struct tailed){vf_mul(vf_set(4.0f), quotient), e.rest};
}
OUTPUT_SLOPE(tanh) { return vf_mul(vf_sub(vf_set(1.0f), y), vf_add(vf_set(1.0f), y)); }
ACTIVATION_WITH_TAIL(tanh)
FROM_OUTPUT(tanh)

/* 1 / (1 + e^-x) = P / (P + 1 + q) with e^x = P e^r, q = e^-r - 1, all times 2^30 so that a result too small for a
 * normal number comes out of the division, rounded once.
 * q: fpminimax(exp(x), [|2,3|], [|SG...|], [-0.0437;0.0437], relative, 1+x) for -r, times 2^30: 0.47 eps */
VALUE(sigmoid) {
  const vf y = vf_max(vf_set(-106.0f), vf_min(vf_set(60.0f), x)), one = vf_set(0x1p30f);
  const struct split_power e = split_exp(y, 30.0f);
  /* Above 1 the order is the wrong one: nothing is lost up to 2^24, and beyond it is no matter. */
  const struct two_sum d = fast_two_sum(one, e.power);
  const vf w = vf_fma(vf_fma(vf_set(-0x1.555654p+27f), e.r, vf_set(0x1.000884p+29f)), e.r, vf_set(-0x1p30f));
  return vf_div(e.power, vf_add(d.sum, vf_fma(e.r, w, d.lost)));
}
/* s(x) s(-x) = e / (1 + e)^2 */
TAILED_SLOPE(sigmoid) {
  const struct tailed e = power_tailed(exp_of(minus_abs(x, -200.0f)));
  return (struct tailed){vf_div(e.near, square_of_one_plus(e.near)), e.rest};
}
OUTPUT_SLOPE(sigmoid) { return vf_mul(y, vf_sub(vf_set(1.0f), y)); }
ACTIVATION_WITH_TAIL(sigmoid)
FROM_OUTPUT(sigmoid)

/* ---- rectifiers with a smooth knee --------------------------------------------------------------------------------
 */

/* s(y) = 1 / (1 + e^-y) from e^-|y| and where y is negative: near 2^rest */
VEC_INLINE struct tailed logistic(vm negative, struct power power) {
  const struct tailed e = power_tailed(power);
  const vf quotient = vf_div(vf_select(negative, e.near, vf_set(1.0f)), vf_add(vf_set(1.0f), e.near));
  return (struct tailed){quotient, vf_select(negative, e.rest, vf_set(0.0f))};
}

/* a x in two parts, x clamped so that |a x| <= reach, a > 0. */
VEC_INLINE struct two_sum scaled_argument(vf x, vf a, float reach) {
  const vf most = vf_div(vf_set(reach), a), y = vf_max(vf_neg(most), vf_min(most, x)), product = vf_mul(a, y);
  return (struct two_sum){product, vf_mul_low(a, y, product)};
}

/* e^-|y|, not below e^limit */
VEC_INLINE struct power exp_minus_abs(struct two_sum y, float limit) {
  return exp_of_sum(minus_abs(y.sum, limit), vf_select(vf_lt(y.sum, vf_set(0.0f)), y.lost, vf_neg(y.lost)));
}

/* ln(1 + e^(a x)) / a = max(x, 0) + ln(1 + e^-|a x|) / a; a: beta, b: the threshold beyond which PyTorch has it linear.
 * One kernel for a = 1 and a threshold from 17.5 on, where it changes no float, another for the rest. */
VALUE(softplus_scaled) {
  const struct two_sum y = scaled_argument(x, a, 300.0f);
  const struct power power = exp_minus_abs(y, -170.0f);
  const vf one = vf_set(1.0f), p = power_significand(power), e = vf_scale(p, power.n);
  /* What the significand's rounding and the reciprocal's lost would cost the bound. */
  const vf e_low = vf_scale(vf_fma_low(power.r, power.w, one, p), power.n), log = log1p_core(e);
  const struct two_sum quotient = quotient_of(log, a);
  const vf inverse = vf_div(one, a);
  const vf rest = vf_mul(vf_add(quotient.lost, vf_div(e_low, vf_add(one, e))), inverse);
  const vf value = vf_add(quotient.sum, vf_add(vf_max(x, vf_set(0.0f)), rest));
  /* ln(1 + e) is e there, and e may be too small for a float where e / a is not. */
  const vf tail = vf_scale(power_significand_times(power, inverse), power.n);
  return vf_select(vf_lt(b, y.sum), x, vf_select(vf_lt(y.sum, vf_set(-30.0f)), tail, value));
}
VALUE(softplus_unit) { return vf_add(vf_max(x, vf_set(0.0f)), log1p_core(power_value(exp_of(minus_abs(x, -106.0f))))); }
/* s(a x) */
TAILED_SLOPE(softplus_scaled) {
  const struct two_sum y = scaled_argument(x, a, 200.0f);
  const struct tailed s = logistic(vf_lt(x, vf_set(0.0f)), exp_minus_abs(y, -200.0f));
  return (struct tailed){vf_select(vf_lt(b, y.sum), vf_set(1.0f), s.near), s.rest};
}
TAILED_SLOPE(softplus_unit) { return logistic(vf_lt(x, vf_set(0.0f)), exp_of(minus_abs(x, -200.0f))); }
ACTIVATION_WITH_TAIL(softplus_scaled)
ACTIVATION_WITH_TAIL(softplus_unit)
BY_PARAMETER(softplus, p.a == 1.0f && p.b >= 17.5f)

/* -ln(1 + e^-x) = min(x, 0) - ln(1 + e^-|x|) */
VALUE(log_sigmoid) { return vf_sub(vf_min(x, vf_set(-0.0f)), log1p_core(power_value(exp_of(minus_abs(x, -106.0f))))); }
/* s(-x) */
TAILED_SLOPE(log_sigmoid) { return logistic(vf_lt(vf_set(0.0f), x), exp_of(minus_abs(x, -200.0f))); }
ACTIVATION_WITH_TAIL(log_sigmoid)

VALUE(exponential) { return power_value(exp_of(vf_max(vf_set(-110.0f), vf_min(vf_set(110.0f), x)))); }
TAILED_SLOPE(exponential) {
  const struct power e = exp_of(vf_max(vf_set(-200.0f), vf_min(vf_set(200.0f), x)));
  const vf part = vf_max(vf_set(-64.0f), vf_min(vf_set(64.0f), e.n));
  return (struct tailed){vf_scale(power_significand(e), part), vf_sub(e.n, part)};
}
OUTPUT_SLOPE(exponential) { return y; }
ACTIVATION_WITH_TAIL(exponential)
FROM_OUTPUT(exponential)

/* scale for x > 0, else scaled_alpha e^(y + low), y = x or a part of it */
VEC_INLINE struct tailed elu_slope_below(vf x, vf y, vf low, vf scale, vf scaled_alpha) {
  const vf u = vf_max(vf_set(-200.0f), vf_min(vf_set(0.0f), y));
  const struct tailed e = power_tailed(exp_of_sum(u, low));
  return (struct tailed){vf_select(vf_lt(vf_set(0.0f), x), scale, vf_mul(scaled_alpha, e.near)), e.rest};
}

/* alpha (e^x - 1), for x < 0 */
VEC_INLINE vf exponential_below(vf x, vf alpha) {
  return vf_mul(vf_neg(alpha), one_minus_exp(expm1_of(vf_max(vf_set(-20.0f), x))));
}

/* Clevert, Unterthiner, Hochreiter (2016); a: alpha */
VALUE(elu) { return vf_select(vf_le(vf_set(0.0f), x), x, exponential_below(x, a)); }
TAILED_SLOPE(elu) { return elu_slope_below(x, x, vf_set(0.0f), vf_set(1.0f), a); }
OUTPUT_SLOPE(elu) { return vf_select(vf_lt(vf_set(0.0f), y), vf_set(1.0f), vf_add(y, a)); }
ACTIVATION_WITH_TAIL(elu)
FROM_OUTPUT(elu)

/* Barron (2017), Continuously Differentiable Exponential Linear Units; a: alpha > 0 */
VALUE(celu) {
  const vf u = vf_max(vf_mul(vf_set(-20.0f), a), x);
  const struct two_sum y = quotient_of(u, a);
  const struct power_minus_one e = expm1_of(vf_min(vf_set(0.0f), y.sum));
  const vf one_minus = one_minus_exp(e), product = vf_mul(a, one_minus);
  const vf rest = vf_sub(vf_mul(y.lost, vf_fma(e.power, e.p, e.power)), vf_mul_low(a, one_minus, product));
  const vf below = vf_sub(rest, product);
  return vf_select(vf_le(vf_set(0.0f), x), x, below);
}
TAILED_SLOPE(celu) {
  const vf most = vf_mul(vf_set(200.0f), a), u = vf_max(vf_neg(most), vf_min(vf_set(0.0f), x));
  const struct two_sum y = quotient_of(u, a);
  return elu_slope_below(x, y.sum, vf_div(y.lost, a), vf_set(1.0f), vf_set(1.0f));
}
OUTPUT_SLOPE(celu) { return vf_select(vf_lt(vf_set(0.0f), y), vf_set(1.0f), vf_div(vf_add(y, a), a)); }
ACTIVATION_WITH_TAIL(celu)
FROM_OUTPUT(celu)

/* Klambauer et al. (2017), Self-Normalizing Neural Networks: the scale and the alpha whose fixed point is mean 0,
 * variance 1. */
#define SELU_SCALE 1.0507009873554804934193349852946f
#define SELU_SCALE_ALPHA 0x1.c212ccp+0f
#define SELU_SCALE_ALPHA_LOW 0x1.903c0cp-26f
VALUE(selu) {
  const vf below = exponential_below(x, vf_set(SELU_SCALE_ALPHA));
  return vf_select(vf_le(vf_set(0.0f), x), vf_mul(vf_set(SELU_SCALE), x), below);
}
TAILED_SLOPE(selu) { return elu_slope_below(x, x, vf_set(0.0f), vf_set(SELU_SCALE), vf_set(SELU_SCALE_ALPHA)); }
/* The constant's second part counts: the sum cancels where the slope vanishes. */
OUTPUT_SLOPE(selu) {
  const vf below = vf_add(vf_add(y, vf_set(SELU_SCALE_ALPHA)), vf_set(SELU_SCALE_ALPHA_LOW));
  return vf_select(vf_lt(vf_set(0.0f), y), vf_set(SELU_SCALE), below);
}
ACTIVATION_WITH_TAIL(selu)
FROM_OUTPUT(selu)

/* ---- gated: x times a sigmoidal -----------------------------------------------------------------------------------
 */

/* x Phi(x) = max(0, x) - u Phi(-u), u = |x|: one formula for both tails, without cancellation in the negative one. */
VALUE(gelu) {
  const vf u = vf_min(vf_set(14.5f), vf_abs(x));
  const struct power e = gaussian_of(u);
  const vf tail = vf_scale(power_significand_times(e, mills_times_argument(u)), e.n);
  return vf_sub(vf_max(vf_set(-0.0f), x), tail); /* -0 far below 0 */
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

/* x / (1 + e^-v), e^-v = e.power (1 + e.r quotient) / one <= 2^127 / one: x over `one` times the denominator, so that a
 * result too small for a normal number is rounded once, at the end. d: one + e.power. From linear on it is x. */
VEC_INLINE vf gated(vf x, struct split_power e, vf quotient, vf one, struct two_sum d, vf linear) {
  const vf denominator = vf_add(d.sum, vf_fma(vf_mul(e.power, e.r), quotient, d.lost));
  return vf_select(vf_lt(x, linear), vf_mul(vf_div(x, denominator), one), x);
}
/* The scale for e^-v as far as 2^166 and as near to 0 as 2^-86, and for e^-v from 2^-26 to 2^227. */
#define GATE_SHIFT -40.0f
#define GATE_ONE vf_set(0x1p-40f)
#define FAR_GATE_SHIFT -100.0f
#define FAR_GATE_ONE vf_set(0x1p-100f)

VEC_INLINE struct two_sum gate_sum(vf one, vf power) { return fast_two_sum(vf_max(one, power), vf_min(one, power)); }

/* e (1 + e - u v') / (1 + e)^2, e = exp(-|v|): the slope of x s(v) for x < 0, u = |x|, v' the slope of v, from 1 - u v'
 * and what is to be taken from that yet. */
VEC_INLINE struct tailed gated_slope(struct power e, vf one_minus, vf rest) {
  const vf value = power_tailed(e).near, sum = vf_add(one_minus, vf_sub(value, rest));
  const struct two_sum d = fast_two_sum(vf_set(1.0f), value);
  const vf square = vf_fma(d.sum, d.sum, vf_mul(vf_add(d.lost, d.lost), d.sum));
  return tailed(vf_div(power_significand_times(e, sum), square), e.n);
}

/* x s(a x), a: beta > 0. Elfwing, Uchibe, Doya (2018); Ramachandran, Zoph, Le (2017) with beta. */
VALUE(silu_scaled) {
  const vf y = vf_max(vf_div(vf_set(-150.0f), a), x), v = vf_mul(a, y);
  const struct split_power e = split_exp_minus_sum(vf_min(vf_set(18.0f), v), vf_mul_low(a, y, v), FAR_GATE_SHIFT);
  const struct two_sum d = gate_sum(FAR_GATE_ONE, e.power);
  return gated(y, e, short_exp_quotient(e.r), FAR_GATE_ONE, d, vf_div(vf_set(18.0f), a));
}
VALUE(silu_unit) {
  const vf y = vf_max(vf_set(-112.0f), x);
  const struct split_power e = split_exp_minus(vf_min(vf_set(59.0f), y), GATE_SHIFT);
  return gated(y, e, short_exp_quotient(e.r), GATE_ONE, gate_sum(GATE_ONE, e.power), vf_set(40.0f));
}
/* s(v) + v s(v) s(-v), v = a x: k(u) = e (1 + e - u) / (1 + e)^2, e = exp(-u), with a root at u = 1.2785. */
TAILED_SLOPE(silu_scaled) {
  const struct two_sum v = scaled_argument(x, a, 200.0f);
  const vf one_minus = vf_sub(vf_set(1.0f), vf_abs(v.sum));
  const vf rest = vf_select(vf_lt(v.sum, vf_set(0.0f)), vf_neg(v.lost), v.lost);
  return two_sided_slope(x, gated_slope(exp_minus_abs(v, -200.0f), one_minus, rest));
}
TAILED_SLOPE(silu_unit) {
  const vf y = minus_abs(x, -200.0f);
  return two_sided_slope(x, gated_slope(exp_of(y), vf_add(vf_set(1.0f), y), vf_set(0.0f)));
}
ACTIVATION_WITH_TAIL(silu_scaled)
ACTIVATION_WITH_TAIL(silu_unit)
BY_PARAMETER(silu, p.a == 1.0f)

/* Hendrycks, Gimpel (2016): 0.5 x (1 + tanh u) = x s(v), v = 2 u = x (A + B x^2), A = sqrt(8 / pi), B = 0.044715 A. To
 * keep the tail, v comes in two parts: A + B x^2 = q + q_low, A's first part with 20 bits so that q - A is exact. */
#define GELU_A 0x1.98844p+0f
#define GELU_A_LOW 0x1.33d436p-20f
#define GELU_B 0x1.2444f2p-4f
#define GELU_B_LOW 0x1.49b16ap-29f
struct gelu_argument {
  vf v, low, q, q_low;
};

VEC_INLINE struct gelu_argument gelu_argument(vf x) {
  const vf a = vf_set(GELU_A), b = vf_set(GELU_B);
  const vf square = vf_mul(x, x), square_low = vf_mul_low(x, x, square), q = vf_fma(b, square, a);
  const vf rest = vf_fma(b, square_low, vf_fma(vf_set(GELU_B_LOW), square, vf_set(GELU_A_LOW)));
  const vf q_low = vf_add(vf_fma_low(b, square, a, q), rest), v = vf_mul(x, q);
  return (struct gelu_argument){v, vf_fma(x, q_low, vf_mul_low(x, q, v)), q, q_low};
}

/* With a coarser quotient and sum than silu's: its bound allows that. */
VALUE(gelu_tanh) {
  const vf y = vf_max(vf_set(-10.95f), x);
  const struct gelu_argument g = gelu_argument(vf_min(vf_set(8.0f), y));
  const struct split_power e = split_exp_minus_sum(g.v, g.low, GATE_SHIFT);
  const struct two_sum d = {vf_add(GATE_ONE, e.power), vf_set(0.0f)};
  return gated(y, e, shorter_exp_quotient(e.r), GATE_ONE, d, vf_set(8.0f));
}
/* s(v) + x v' s(v) s(-v), v' = A + 3 B x^2 = q + 2 (q - A); its root is at -0.7524614. */
TAILED_SLOPE(gelu_tanh) {
  const vf u = vf_min(vf_set(13.55f), vf_abs(x)); /* v = 199 */
  const struct gelu_argument g = gelu_argument(vf_neg(u));
  const vf bx2 = vf_sub(g.q, vf_set(GELU_A));
  const struct two_sum slope = fast_two_sum(g.q, vf_add(bx2, bx2));
  const vf low = vf_add(slope.lost, vf_fma(vf_set(3.0f), g.q_low, vf_set(-2 * GELU_A_LOW)));
  const vf product = vf_mul(u, slope.sum), rest = vf_fma(u, low, vf_mul_low(u, slope.sum, product));
  return two_sided_slope(x, gated_slope(exp_of_sum(g.v, g.low), vf_sub(vf_set(1.0f), product), rest));
}
/* The longest bodies from here on: with 16 registers, three vectors in flight are the most that pays. */
#undef MAP_UNROLL
#define MAP_UNROLL (VEC_LANES == 1 ? 1 : VEC_LANES == 8 ? 3 : 4)
ACTIVATION_WITH_TAIL(gelu_tanh)

/* Misra (2019): x tanh(ln(1 + e^x)). With e = e^-|x|: x e (1 - e (e + 1) / D), D = e (e + 2) + 2, for x < 0, and
 * x (1 - 2 e e / D), D = 2 e (e + 1) + 1, for x >= 0: differences in which what is subtracted is small. */
struct mish {
  vm negative;
  vf e, factor,
      above; /* the value is x (1 - factor above), times e where x < 0: factor e or 2 e, above (e + 1) / D or e / D */
  struct two_sum d;
};

/* y / d, with what d's rounding lost */
VEC_INLINE vf divide_by_sum(vf y, struct two_sum d) {
  const vf quotient = vf_div(y, d.sum);
  return vf_fnma(quotient, vf_div(d.lost, d.sum), quotient);
}

VEC_INLINE struct mish mish(vf x, struct power power) {
  const vf one = vf_set(1.0f);
  struct mish m = {.negative = vf_lt(x, vf_set(0.0f)), .e = power_tailed(power).near};
  const vf last = vf_select(m.negative, vf_set(2.0f), one);
  m.factor = vf_select(m.negative, m.e, vf_add(m.e, m.e));
  const struct two_sum sum = fast_two_sum(last, m.e);
  const vf product = vf_mul(m.factor, sum.sum);
  const vf low = vf_fma(m.factor, sum.lost, vf_mul_low(m.factor, sum.sum, product));
  m.d = fast_two_sum(vf_max(product, last), vf_min(product, last));
  m.d.lost = vf_add(m.d.lost, low);
  m.above = divide_by_sum(vf_select(m.negative, vf_add(m.e, one), m.e), m.d);
  return m;
}

VALUE(mish) {
  const vf u = minus_abs(x, -112.0f);
  const struct power power = exp_of(u);
  const struct mish m = mish(x, power);
  const vf part = vf_mul(m.factor, m.above);
  const vf below = vf_scale(power_significand_times(power, vf_fnma(u, part, u)), power.n);
  const vf above = vf_select(vf_lt(x, vf_set(40.0f)), vf_mul(x, vf_sub(vf_set(1.0f), part)), x);
  return vf_select(m.negative, below, above);
}
/* e (e (e (4 + e) + 6 + 4 x) + 4 (1 + x)) / D^2 for x < 0, with a root at -1.1924, and for x >= 0 the value's factor of
 * x, plus 4 x e (e + 1) above / D. */
TAILED_SLOPE(mish) {
  const vf u = minus_abs(x, -200.0f), one = vf_set(1.0f), four = vf_set(4.0f);
  const struct power power = exp_of(u);
  const struct mish m = mish(x, power);
  const vf inner = vf_fma(m.e, vf_add(four, m.e), vf_fma(four, u, vf_set(6.0f)));
  const vf polynomial = vf_fma(m.e, inner, vf_mul(four, vf_add(one, u)));
  const vf last = vf_mul(vf_mul(vf_mul(vf_set(-4.0f), u), vf_fma(m.e, m.e, m.e)), m.above);
  const vf square = vf_mul(m.d.sum, m.d.sum), square_low = vf_mul_low(m.d.sum, m.d.sum, square);
  const struct two_sum d_square = {square, vf_fma(vf_add(m.d.sum, m.d.sum), m.d.lost, square_low)};
  const vf quotient = divide_by_sum(vf_select(m.negative, polynomial, vf_mul(last, m.d.sum)), d_square);
  const vf above = vf_add(vf_fnma(m.factor, m.above, one), quotient);
  const struct tailed below = tailed(power_significand_times(power, quotient), power.n);
  return (struct tailed){vf_select(m.negative, below.near, above), vf_select(m.negative, below.rest, vf_set(0.0f))};
}
ACTIVATION_WITH_TAIL(mish)
#undef MAP_UNROLL
#define MAP_UNROLL USUAL_UNROLL

SCHEDULED_END
