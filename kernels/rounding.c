/* Floats rounded to a narrower format and widened again. Parameter a: 1 makes zeros of what would be subnormal there,
 * after rounding. In integers where a CPU that takes subnormal floats for zero could differ. */
#include "kernels/activation.h"
#include "kernels/bf16.h"

/* y, rounded, but for a zero of its sign where |y| is below the bits of the format's least normal number. */
VEC_INLINE vf flushed(vf y, int32_t least_normal) {
  const vi sign = vi_and(vf_as_vi(y), vi_set(INT32_MIN)), magnitude = vi_xor(vf_as_vi(y), sign);
  return vi_as_vf(vi_select(vi_lt(magnitude, vi_set(least_normal)), sign, vf_as_vi(y)));
}

/* The kernel of a format from what rounds one vector to it. */
#define ROUNDING(format, least_normal)                                                                                 \
  VALUE(exact_##format) { return to_##format(x); }                                                                     \
  VALUE(flushed_##format) { return flushed(to_##format(x), least_normal); }                                            \
  MAP(round_to_exact_##format, exact_##format##_value)                                                                 \
  MAP(round_to_flushed_##format, flushed_##format##_value)                                                             \
  static void round_to_##format(const float *x, float *y, size_t n, struct parameters p) {                             \
    (p.a > 0 ? round_to_flushed_##format : round_to_exact_##format)(x, y, n, p);                                       \
  }

VEC_INLINE vf to_bf16(vf x) { return bf16_low(bf16_of(x)); }
ROUNDING(bf16, 0x00800000)

/* Half precision has 11 significant bits from 2^-14 to below 2^16, and multiples of 2^-24 below. Adding 2^13 times the
 * binade |x| is in, or that of 2^-14, rounds to the last of those bits, ties to even; from 2^16 on any binade will do.
 */
VEC_INLINE vf to_fp16(vf x) {
  const vi magnitude = vi_and(vf_as_vi(x), vi_set(INT32_MAX)), sign = vi_xor(vf_as_vi(x), magnitude);
  const vi binade = vi_and(magnitude, vi_set(0x7f800000));
  const vi in_range = vi_min(vi_max(binade, vi_set(0x38800000)), vi_set(0x47800000));
  const vf large = vi_as_vf(vi_add(in_range, vi_set(13 << 23)));
  const vf rounded = vf_sub(vf_add(vi_as_vf(magnitude), large), large);
  const vf value = vf_select(vf_le(vf_set(0x1p16f), rounded), vi_as_vf(vi_set(0x7f800000)), rounded);
  return vi_as_vf(vi_or(vf_as_vi(value), sign));
}
ROUNDING(fp16, 0x38800000)
