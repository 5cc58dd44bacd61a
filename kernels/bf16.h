/* bf16, the upper half of a float, in the vector vocabulary. */
#ifndef DEPTHMARK_BF16_H
#define DEPTHMARK_BF16_H

#include "kernels/vec/vec.h"

/* The bf16 nearest to each lane, ties to even, in the low halves. In integers, since VCVTNEPS2BF16 flushes subnormal
 * numbers. Rounding up may carry into the exponent: to the next binade, or to infinity, as it must. */
VEC_INLINE vi bf16_of(vf a) {
  const vi bits = vf_as_vi(a), odd = vi_and(vi_shr(bits, 16), vi_set(1));
  const vi rounded = vi_add(bits, vi_add(odd, vi_set(0x7fff))), quiet = vi_or(bits, vi_set(0x400000));
  return vi_shr(vi_select(vf_nan(a), quiet, rounded), 16);
}

/* The floats of the bf16 in the low and in the high halves. */
VEC_INLINE vf bf16_low(vi pair) { return vi_as_vf(vi_shl(pair, 16)); }
VEC_INLINE vf bf16_high(vi pair) { return vi_as_vf(vi_and(pair, vi_set((int32_t)0xffff0000))); }

#endif
