/* From random words to normal variates, in the vector vocabulary. Coefficients are minimax fits in single precision:
 * Sollya's fpminimax for the polynomials, a Lawson iteration in extended precision for the rational function.
 */
#ifndef DEPTHMARK_NORMAL_H
#define DEPTHMARK_NORMAL_H

#include "kernels/vec/vec.h"

/* -2 ln u for u in [2^-32, 1]. u = 2^e (1 + f) with 1 + f in [sqrt 1/2, sqrt 2); relative error below 2^-22 where e is
 * 0 and the result can be tiny, too. */
VEC_INLINE vf minus_two_log(vf u) {
  const vi base = vi_set(0x3f3504f3); /* sqrt 1/2 */
  const vi exponent = vi_sar(vi_sub(vf_as_vi(u), base), 23);
  const vf f = vf_sub(vi_as_vf(vi_sub(vf_as_vi(u), vi_shl(exponent, 23))), vf_set(1.0f));
  const vf e = vi_to_vf(exponent);
  /* -2 ln(1 + f) = -2 f + f^2 p(f): fpminimax(-2*log(1+x), [|2,...,9|], [|SG...|], [-0.2929;0.41422], relative, -2*x),
   * error 3.1e-8 */
  vf p = vf_set(-0.1748249828815460205078125f);
  p = vf_fma(p, f, vf_set(0.28623259067535400390625f));
  p = vf_fma(p, f, vf_set(-0.2983473241329193115234375f));
  p = vf_fma(p, f, vf_set(0.3313963413238525390625f));
  p = vf_fma(p, f, vf_set(-0.39924132823944091796875f));
  p = vf_fma(p, f, vf_set(0.500035822391510009765625f));
  p = vf_fma(p, f, vf_set(-0.66667902469635009765625f));
  p = vf_fma(p, f, vf_set(0.999999821186065673828125f));
  const vf log_f = vf_fma(vf_mul(f, f), p, vf_mul(f, vf_set(-2.0f)));
  return vf_fma(e, vf_set(-1.38629436111989061883f), log_f); /* -2 ln 2 */
}

/* radius (cos a, sin a) with a = pi word 2^-31, the word a signed integer. Its top two bits, rounded, are the nearest
 * quarter turn; the others, shifted up, what is left: exactly within an eighth of a turn. */
VEC_INLINE void circle(vf radius, vi angle_word, vf *cosine, vf *sine) {
  const vf t = vf_mul(vi_to_vf(vi_shl(angle_word, 2)), vf_set(0x1p-33f)); /* [-1/4, 1/4] half turns */
  const vf s = vf_mul(t, t);
  /* sin(pi t) = t fl(pi) + t (pi - fl(pi) + s p(s)): fpminimax(sin(pi*x), [|3,5,7|], [|SG...|], [2^-20;1/4],
   * relative, pi*x), error 4.1e-9 */
  vf p = vf_set(-0.589336931705474853515625f);
  p = vf_fma(p, s, vf_set(2.549797534942626953125f));
  p = vf_fma(p, s, vf_set(-5.167708873748779296875f));
  p = vf_fma(p, s, vf_set(-8.74227765734758577e-8f));
  const vf sin_t = vf_fma(t, vf_set(3.14159274101257324f), vf_mul(t, p));
  /* cos(pi t) = 1 + s q(s): fpminimax(cos(pi*x), [|2,4,6,8|], [|SG...|], [2^-20;1/4], relative, 1), error 5.2e-10 */
  vf q = vf_set(0.22974522411823272705078125f);
  q = vf_fma(q, s, vf_set(-1.33483588695526123046875f));
  q = vf_fma(q, s, vf_set(4.0586986541748046875f));
  q = vf_fma(q, s, vf_set(-4.93480205535888671875f));
  const vf cos_t = vf_fma(s, q, vf_set(1.0f));

  /* Turn on by the quarter: an odd one swaps sine and cosine; sine is negative in quarters 2 and 3 (bit 31), cosine in
   * 1 and 2 (bit 31 of the next quarter). */
  const vi quarter = vi_add(angle_word, vi_set(1 << 29)), next = vi_add(angle_word, vi_set((1 << 29) + (1 << 30)));
  const vm even = vi_eq(vi_and(quarter, vi_set(1 << 30)), vi_set(0));
  const vi sign = vi_set(INT32_MIN);
  *cosine = vf_mul(radius, vi_as_vf(vi_xor(vf_as_vi(vf_select(even, cos_t, sin_t)), vi_and(next, sign))));
  *sine = vf_mul(radius, vi_as_vf(vi_xor(vf_as_vi(vf_select(even, sin_t, cos_t)), vi_and(quarter, sign))));
}

/* Box and Muller (1958): two independent standard normals from two words. The radius comes from the upper 31 bits of
 * one, u = fl(fl(word >> 1) 2^-31 + 2^-32) in [2^-32, 1], so that |z| reaches 6.66; the angle from the other. Over all
 * words the radius is within 1.10 ulp; over all angles, under the worst of a few million radii, the normals within 3.2.
 */
VEC_INLINE void box_muller(vi radius_word, vi angle_word, vf *cosine, vf *sine) {
  const vf u = vf_fma(vi_to_vf(vi_shr(radius_word, 1)), vf_set(0x1p-31f), vf_set(0x1p-32f));
  circle(vf_sqrt(minus_two_log(u)), angle_word, cosine, sine);
}

/* A normal of that standard deviation conditioned on |z| <= 2 stddev, from one word, by inversion:
 * z = sqrt 2 erfinv(v erf(sqrt 2)) with v = fl(word) 2^-31 uniform on [-1, 1]. No rejection, so no branch. scale is
 * stddev 2^-31. Within 1.86 ulp over all words. */
VEC_INLINE vf truncated_normal(vi word, vf scale) {
  const vf integer = vi_to_vf(word), v = vf_mul(integer, vf_set(0x1p-31f)), scaled = vf_mul(integer, scale);
  /* z / v = 1 + P(t) / Q(t) with t = 1 - v^2 in [0, 1], error 2^-25.6 of z. The fraction is 1 at the edge, where the
   * function is steep, so t's rounding and the division's matter half as much as if it were all of z / v. */
  const vf t = vf_fnma(v, v, vf_set(1.0f));
  vf p = vf_set(-0.674100995f);
  p = vf_fma(p, t, vf_set(-15.0576296f));
  p = vf_fma(p, t, vf_set(10.9915447f));
  p = vf_fma(p, t, vf_set(37.121273f));
  p = vf_fma(p, t, vf_set(13.1085587f));
  p = vf_fma(p, t, vf_set(1.09060442f));
  vf q = vf_set(35.1792946f);
  q = vf_fma(q, t, vf_set(107.999161f));
  q = vf_fma(q, t, vf_set(76.1984787f));
  q = vf_fma(q, t, vf_set(16.8381023f));
  q = vf_fma(q, t, vf_set(1.09060442f));
  return vf_fma(scaled, vf_div(p, q), scaled);
}

/* The normal z with erf(z / sqrt 2) = u, that is sqrt 2 erfinv(u), where q = 1 - |u| is given as well, since u alone
 * cannot say how near to 1 it is. For q >= 2^-36, |z| <= 6.7. In terms of w = -ln(1 - u^2), as M. Giles, "Approximating
 * the erfinv function" (GPU Computing Gems, 2010), but fitted anew: z / u is a polynomial in w below 5, in sqrt w
 * above. */
VEC_INLINE vf inverse_normal(vf u, vf q) {
  const vf w = vf_mul(vf_set(0.5f), minus_two_log(vf_mul(q, vf_sub(vf_set(2.0f), q))));
  const vf c = vf_sub(w, vf_set(2.5f)), t = vf_sub(vf_sqrt(w), vf_set(3.6f));
  vf p = vf_set(-1.24324073e-08f); /* error 2^-24.9 */
  p = vf_fma(p, c, vf_set(3.28559004e-08f));
  p = vf_fma(p, c, vf_set(6.59264537e-07f));
  p = vf_fma(p, c, vf_set(-4.89700378e-06f));
  p = vf_fma(p, c, vf_set(-7.01923226e-06f));
  p = vf_fma(p, c, vf_set(0.000308785667f));
  p = vf_fma(p, c, vf_set(-0.00177164456f));
  p = vf_fma(p, c, vf_set(-0.00590771704f));
  p = vf_fma(p, c, vf_set(0.348802038f));
  p = vf_fma(p, c, vf_set(2.12331348f));
  vf r = vf_set(6.28019347e-06f); /* error 2^-25.3 for sqrt w in [2.2, 5] */
  r = vf_fma(r, t, vf_set(-1.87437761e-05f));
  r = vf_fma(r, t, vf_set(-1.03045628e-05f));
  r = vf_fma(r, t, vf_set(0.000115458155f));
  r = vf_fma(r, t, vf_set(-0.000248447608f));
  r = vf_fma(r, t, vf_set(0.00040200585f));
  r = vf_fma(r, t, vf_set(-0.000647817171f));
  r = vf_fma(r, t, vf_set(0.00115228353f));
  r = vf_fma(r, t, vf_set(-0.00238650968f));
  r = vf_fma(r, t, vf_set(0.00384203018f));
  r = vf_fma(r, t, vf_set(1.42547984f));
  r = vf_fma(r, t, vf_set(4.85959619f));
  return vf_mul(u, vf_select(vf_lt(w, vf_set(5.0f)), p, r));
}

#endif
