/* Elementary functions in the vector vocabulary: the cores that activations and the softmax are made of. Each takes a
 * restricted argument, stated beside it, and leaves the scaling by a power of two to its caller where that can
 * underflow: 2^n is applied last, once, so that tails keep their bits down to the smallest normal number.
 *
 * Every step is an explicit operation of the vocabulary in a fixed order; products that have to be exact have few
 * enough bits to be exact without FMA, too. NaN arguments give NaN. Errors are relative, in units of eps = 2^-24 (half
 * a unit in the last place of 1), and count the approximation only, not the rounding of its evaluation.
 *
 * Constants: polynomials from Sollya's fpminimax, whose call stands beside them (SG... is one `single` per
 * coefficient); the two rational functions from a weighted linearized least-squares fit, reweighted until its error was
 * level (Lawson's iteration), rounding one coefficient at a time and refitting the others.
 */
#ifndef DEPTHMARK_ELEMENTARY_H
#define DEPTHMARK_ELEMENTARY_H

#include "kernels/vec/vec.h"

#define LOG2_E 0x1.715476p+0f
#define LN2 0x1.62e43p-1f
/* ln 2 = LN2_HIGH + LN2_LOW, the first with 15 bits: its product with an integer below 2^9 is exact. */
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
/* Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits. */
#define ROUND_BY_ADDING 0x1.8p+23f

/* A number in two parts. */
struct two_sum {
  vf sum, lost;
};

/* A power of two for |n| <= 126 from rounded = ROUND_BY_ADDING + n, whose low 9 bits are n's. */
VEC_INLINE vf power_of_two(vf rounded) { return vi_as_vf(vi_add(vi_shl(vf_as_vi(rounded), 23), vi_set(0x3f800000))); }

/* near * 2^rest, rest an integer, 0 unless the number is below 2^-57: what is left to do when a factor can still keep
 * the number from underflow. */
struct tailed {
  vf near, rest;
};

/* q * 2^n for |q| < 2^7 */
VEC_INLINE struct tailed tailed(vf q, vf n) {
  const vf part = vf_max(vf_set(-64.0f), n);
  return (struct tailed){vf_scale(q, part), vf_sub(n, part)};
}

/* (1 + r w) 2^n: an exponential, with 1/sqrt 2 <= 1 + r w <= sqrt 2 and n an integer. */
struct power {
  vf r, w, n;
};

/* 1 + r w, and m times that, rounded once but for m r w. */
VEC_INLINE vf power_significand(struct power e) { return vf_fma(e.w, e.r, vf_set(1.0f)); }
VEC_INLINE vf power_significand_times(struct power e, vf m) { return vf_fma(vf_mul(m, e.r), e.w, m); }

/* (e^r - 1) / r for |r| <= ln 2 / 2.
 * fpminimax(exp(x), [|2,...,6|], [|SG...|], [-0.34658;0.34658], relative, 1+x): 0.06 eps of e^r */
VEC_INLINE vf exp_quotient(vf r) {
  vf w = vf_fma(vf_set(0x1.694c82p-10f), r, vf_set(0x1.12397cp-7f));
  w = vf_fma(w, r, vf_set(0x1.555a26p-5f));
  w = vf_fma(w, r, vf_set(0x1.555492p-3f));
  w = vf_fma(w, r, vf_set(0x1.fffffap-2f));
  return vf_fma(w, r, vf_set(1.0f));
}

/* e^(high + low) for |high| <= 200, |low| <= 2^-10: an argument that one float can't hold. */
VEC_INLINE struct power exp_of_sum(vf high, vf low) {
  const vf magic = vf_set(ROUND_BY_ADDING), n = vf_sub(vf_fma(high, vf_set(LOG2_E), magic), magic);
  const vf r = vf_add(vf_fnma(n, vf_set(LN2_HIGH), high), vf_fnma(n, vf_set(LN2_LOW), low));
  return (struct power){r, exp_quotient(r), n};
}

/* e^y for |y| <= 200 */
VEC_INLINE struct power exp_of(vf y) {
  const vf magic = vf_set(ROUND_BY_ADDING), n = vf_sub(vf_fma(y, vf_set(LOG2_E), magic), magic);
  const vf r = vf_fnma(n, vf_set(LN2_LOW), vf_fnma(n, vf_set(LN2_HIGH), y));
  return (struct power){r, exp_quotient(r), n};
}

/* The exponential as a float (for n >= -252), and as one that does not underflow. */
VEC_INLINE vf power_value(struct power e) { return vf_scale(power_significand(e), e.n); }
VEC_INLINE struct tailed power_tailed(struct power e) { return tailed(power_significand(e), e.n); }

/* The exponential with a table, for the logistic function's denominator: e^y = power 2^-shift e^r, |r| <= 0.0437.
 * The powers are those nearest to 2^(j/8) with 12 bits, so that 1 + power is exact while power is between 2^-11 and
 * 2^23, and r makes good for the difference. power stands for T_j 2^(n + shift), which must not leave the normal
 * numbers: -126 - shift <= y / ln 2 <= 126 - shift. */
struct split_power {
  vf power, r;
};

/* The bits of T_j, less j 2^20: adding 8 n + j in units of 2^20 makes the power of two. */
static const int32_t eighth_powers[8] = {0x3f800000, 0x3f7b9000, 0x3f783000, 0x3f760000,
                                         0x3f750000, 0x3f756000, 0x3f774000, 0x3f7ac000};
/* The bits of the floats ln(2^(j/8) / T_j): 0, 0x1.51eb06p-13, 0x1.ab493p-13, -0x1.ca8cep-16, 0x1.c00c4p-14,
 * 0x1.29552p-13, 0x1.7b9c1cp-14, 0x1.b1d1bap-17. */
static const int32_t eighth_logs[8] = {0x00000000, 0x3928f583, 0x3955a498, (int32_t)0xb7e54670,
                                       0x38e00620, 0x3914aa90, 0x38bdce0e, 0x3758e8dd};
/* Adding 1.5 * 2^20 rounds to a multiple of 1/8, which then stands in the low bits in eighths. */
#define ROUND_TO_EIGHTHS 0x1.8p+20f
/* ln 2 in two parts, the first with 12 bits: its product with a multiple of 1/8 below 2^9 is exact. */
#define LN2_12 0x1.62ep-1f
#define LN2_12_REST 0x1.0bfbe8p-15f

/* power from y or -y rounded to eighths of ln 2, in the low bits of rounded. */
VEC_INLINE vf eighth_power(vf rounded) {
  return vi_as_vf(vi_add(vi_lookup8(eighth_powers, vf_as_vi(rounded)), vi_shl(vf_as_vi(rounded), 20)));
}
VEC_INLINE vf eighth_log(vf rounded) { return vi_as_vf(vi_lookup8(eighth_logs, vf_as_vi(rounded))); }

VEC_INLINE struct split_power split_exp(vf y, float shift) {
  const vf magic = vf_set(ROUND_TO_EIGHTHS + shift), rounded = vf_fma(y, vf_set(LOG2_E), magic);
  const vf k = vf_sub(rounded, magic), rest = vf_fnma(k, vf_set(LN2_12_REST), vf_fnma(k, vf_set(LN2_12), y));
  return (struct split_power){eighth_power(rounded), vf_add(eighth_log(rounded), rest)};
}

/* Of -y. */
VEC_INLINE struct split_power split_exp_minus(vf y, float shift) {
  const vf magic = vf_set(ROUND_TO_EIGHTHS + shift), rounded = vf_fma(y, vf_set(-LOG2_E), magic);
  const vf k = vf_sub(rounded, magic), rest = vf_fma(k, vf_set(LN2_12_REST), vf_fma(k, vf_set(LN2_12), y));
  return (struct split_power){eighth_power(rounded), vf_sub(eighth_log(rounded), rest)};
}

/* Of -(y + low), |low| <= 2^-10. */
VEC_INLINE struct split_power split_exp_minus_sum(vf y, vf low, float shift) {
  const struct split_power e = split_exp_minus(y, shift);
  return (struct split_power){e.power, vf_sub(e.r, low)};
}

/* (e^r - 1) / r for |r| <= 0.0437. fpminimax(exp(x), [|2,3|], [|SG...|], [-0.0437;0.0437], relative, 1+x): 0.47 eps */
VEC_INLINE vf shorter_exp_quotient(vf r) {
  return vf_fma(vf_fma(vf_set(0x1.555654p-3f), r, vf_set(0x1.000884p-1f)), r, vf_set(1.0f));
}

/* The same, more closely. fpminimax(exp(x), [|2,3,4|], [|SG...|], [-0.0437;0.0437], relative, 1+x): 0.0033 eps
 */
VEC_INLINE vf short_exp_quotient(vf r) {
  const vf w = vf_fma(vf_set(0x1.550ca8p-5f), r, vf_set(0x1.555c84p-3f));
  return vf_fma(vf_fma(w, r, vf_set(0x1.000002p-1f)), r, vf_set(1.0f));
}

/* e^y - 1 = power * p + (power - 1) for -80 <= y <= 0, power = 2^n, y = n ln 2 + r, p = e^r - 1. The error of reducing
 * by a rounded ln 2, 0.03 n eps, counts 2^n times.
 * p: fpminimax(expm1(x), [|2,...,6|], [|SG...|], [-0.34658;0.34658], relative, x): 0.24 eps */
struct power_minus_one {
  vf p, power;
};

VEC_INLINE struct power_minus_one expm1_of(vf y) {
  const vf magic = vf_set(ROUND_BY_ADDING), rounded = vf_fma(y, vf_set(LOG2_E), magic), n = vf_sub(rounded, magic);
  const vf r = vf_fnma(n, vf_set(LN2), y);
  vf p = vf_fma(vf_set(0x1.6b7334p-10f), r, vf_set(0x1.12278ep-7f));
  p = vf_fma(p, r, vf_set(0x1.555716p-5f));
  p = vf_fma(p, r, vf_set(0x1.5554bp-3f));
  p = vf_fma(p, r, vf_set(0x1.fffffep-2f));
  return (struct power_minus_one){vf_fma(vf_mul(r, r), p, r), power_of_two(rounded)};
}

/* 1 - e^y, +0 for either zero: rounded once. */
VEC_INLINE vf one_minus_exp(struct power_minus_one e) { return vf_fnma(e.power, e.p, vf_sub(vf_set(1.0f), e.power)); }

/* e^-2y = (1 - q) / power for 0 <= y <= 40, power = 2^n, 2 y = n ln 2 + r, q = 1 - e^-r: the same coefficients as
 * above, with alternating signs. */
struct power_plus_one {
  vf q, power;
};

VEC_INLINE struct power_plus_one exp_minus_twice(vf y) {
  const vf magic = vf_set(ROUND_BY_ADDING), rounded = vf_fma(y, vf_set(2 * LOG2_E), magic), n = vf_sub(rounded, magic);
  const vf r = vf_fnma(n, vf_set(LN2), vf_add(y, y));
  vf p = vf_fma(vf_set(-0x1.6b7334p-10f), r, vf_set(0x1.12278ep-7f));
  p = vf_fma(p, r, vf_set(-0x1.555716p-5f));
  p = vf_fma(p, r, vf_set(0x1.5554bp-3f));
  p = vf_fma(p, r, vf_set(-0x1.fffffep-2f));
  return (struct power_plus_one){vf_fma(vf_mul(r, r), p, r), power_of_two(rounded)};
}

/* (1 + y)^2 for y >= 0, rounded about once: 1 + y (2 + y) */
VEC_INLINE vf square_of_one_plus(vf y) { return vf_fma(y, vf_add(y, vf_set(2.0f)), vf_set(1.0f)); }

/* a + b for |a| >= |b| (Dekker's FastTwoSum). */
VEC_INLINE struct two_sum fast_two_sum(vf a, vf b) {
  const vf sum = vf_add(a, b);
  return (struct two_sum){sum, vf_sub(b, vf_sub(sum, a))};
}

/* x / d as a quotient and, in the place of what it lost, the remainder x - quotient d. */
VEC_INLINE struct two_sum quotient_of(vf x, vf d) {
  const vf quotient = vf_div(x, d), product = vf_mul(quotient, d);
  return (struct two_sum){quotient, vf_sub(vf_sub(x, product), vf_mul_low(quotient, d, product))};
}

/* ln(1 + y) for -1/4 <= y <= 1: with s = y / (2 + y), 2 atanh s = y - s (y - s^2 P(s^2)).
 * fpminimax((2*atanh(sqrt(x))/sqrt(x)-2)/x, 4, [|SG...|], [2^-30;0.112], absolute): 0.006 eps */
VEC_INLINE vf log1p_core(vf y) {
  const vf s = vf_div(y, vf_add(y, vf_set(2.0f))), z = vf_mul(s, s);
  vf p = vf_fma(vf_set(0x1.e1db6ap-3f), z, vf_set(0x1.bb0de6p-3f));
  p = vf_fma(p, z, vf_set(0x1.24d86cp-2f));
  p = vf_fma(p, z, vf_set(0x1.999862p-2f));
  p = vf_fma(p, z, vf_set(0x1.555556p-1f));
  return vf_fnma(s, vf_fnma(z, p, y), y);
}

/* ln(1 + y) for finite y >= 0: 1 + y = 2^k (1 + f) with -1/4 <= f < 1/2; where k is 0, f is y itself. */
VEC_INLINE vf log1p_value(vf y) {
  const vi k = vi_sar(vi_sub(vf_as_vi(vf_add(y, vf_set(1.0f))), vi_set(0x3f400000)), 23);
  const vf shrink = vi_as_vf(vi_sub(vi_set(0x3f800000), vi_shl(k, 23)));
  const vf f = vf_fma(y, shrink, vf_sub(shrink, vf_set(1.0f)));
  return vf_fma(vi_to_vf(k), vf_set(LN2_HIGH), vf_fma(vi_to_vf(k), vf_set(LN2_LOW), log1p_core(f)));
}

/* e^(-u^2 / 2) for 0 <= u <= 20. u^2 is formed in two parts, or the tail would lose seven bits. Of the result, r is
 * u^2 + n 2 ln 2, minus twice that of exp_of, and w has exp_quotient's coefficients times (-1/2)^k, which is exact. */
VEC_INLINE struct power gaussian_of(vf u) {
  const vf square = vf_mul(u, u), rest = vf_mul_low(u, u, square);
  const vf magic = vf_set(ROUND_BY_ADDING), n = vf_sub(vf_fma(square, vf_set(-0.5f * LOG2_E), magic), magic);
  const vf r = vf_add(vf_fma(n, vf_set(2.0f * LN2_HIGH), square), vf_fma(n, vf_set(2.0f * LN2_LOW), rest));
  vf w = vf_fma(vf_set(0x1.694c82p-16f), r, vf_set(-0x1.12397cp-12f));
  w = vf_fma(w, r, vf_set(0x1.555a26p-9f));
  w = vf_fma(w, r, vf_set(-0x1.555492p-6f));
  w = vf_fma(w, r, vf_set(0x1.fffffap-4f));
  return (struct power){r, vf_fma(w, r, vf_set(-0.5f)), n};
}

#define INVERSE_SQRT_2PI 0x1.988454p-2f

/* u Phi(-u) e^(u^2 / 2) for 0 <= u <= 14.5, Phi the normal distribution function: u times Mills' ratio. It rises from
 * u / 2 to 1 / sqrt(2 pi); the smaller of the two, minus a rational function that is small on both sides, so that the
 * errors of its evaluation are. Two sets of coefficients, of degrees 3 and 4 (0.15 eps) and 3 and 5 (0.1 eps). */
VEC_INLINE vf mills_times_argument(vf u) {
  const vm low = vf_lt(u, vf_set(0.85f));
#define BY_SIDE(below, above) vf_select(low, vf_set(below), vf_set(above))
  vf p = vf_fma(BY_SIDE(0x1.4fc994p-5f, 0x1.3e49ccp-7f), u, BY_SIDE(0x1.98844ep-2f, 0x1.181e04p-4f));
  p = vf_fma(p, u, BY_SIDE(0.0f, 0x1.e59b98p-3f));
  p = vf_fma(p, u, BY_SIDE(0.0f, 0x1.989642p-2f));
  vf q = vf_fma(BY_SIDE(0.0f, 0x1.8ef276p-6f), u, BY_SIDE(0x1.16b828p-10f, 0x1.5ed686p-3f));
  q = vf_fma(q, u, BY_SIDE(-0x1.292018p-7f, 0x1.56fc72p-1f));
  q = vf_fma(q, u, BY_SIDE(0x1.fb0b86p-4f, 0x1.7c3414p+0f));
  q = vf_fma(q, u, BY_SIDE(0x1.7573bp-1f, 0x1.d94a12p+0f));
  q = vf_fma(q, u, vf_set(1.0f));
#undef BY_SIDE
  return vf_sub(vf_select(low, vf_mul(u, vf_set(0.5f)), vf_set(INVERSE_SQRT_2PI)), vf_div(p, q));
}

/* (Phi(-u) - u phi(u)) e^(u^2 / 2) for 0 <= u <= 20, phi the normal density. It changes sign at u0 = 0.7517915...; its
 * quotient by u0 - u falls from 0.67 to 1 / sqrt(2 pi), and a rational function of degrees 3 and 4 (0.63 eps)
 * approximates the difference. */
VEC_INLINE vf mills_slope(vf u) {
  vf p = vf_fma(vf_set(0x1.31125ap-7f), u, vf_set(0x1.18584ap-4f));
  p = vf_fma(p, u, vf_set(0x1.a8e136p-3f));
  p = vf_fma(p, u, vf_set(0x1.1085ep-2f));
  vf q = vf_fma(vf_set(0x1.fc9bdep-6f), u, vf_set(0x1.f80248p-3f));
  q = vf_fma(q, u, vf_set(0x1.b28138p-1f));
  q = vf_fma(q, u, vf_set(0x1.717cp+0f));
  q = vf_fma(q, u, vf_set(1.0f));
  return vf_mul(vf_sub(vf_set(0x1.80ead2p-1f), u), vf_add(vf_set(INVERSE_SQRT_2PI), vf_div(p, q)));
}

#endif
