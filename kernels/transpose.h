/* vf_transpose(t): a square of VEC_LANES vectors becomes its transpose. Shuffles are no part of the vocabulary, so each
 * ISA has its own body here. */
#ifndef DEPTHMARK_TRANSPOSE_H
#define DEPTHMARK_TRANSPOSE_H

#include "kernels/unroll.h"
#include "kernels/vec/vec.h"

#if defined(DEPTHMARK_VEC_AVX512)
VEC_INLINE void vf_transpose(vf t[16]) {
  __m512 pair[16], quad[16];
  /* Within each 128-bit quarter: 2 x 2, then 4 x 4. */
  UNROLL_ALL
  for (int i = 0; i < 16; i += 2) {
    pair[i] = _mm512_unpacklo_ps(t[i], t[i + 1]);
    pair[i + 1] = _mm512_unpackhi_ps(t[i], t[i + 1]);
  }
  UNROLL_ALL
  for (int i = 0; i < 16; i += 4) {
    quad[i] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0x44);
    quad[i + 1] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0xee);
    quad[i + 2] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
    quad[i + 3] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
  }
  /* Then the quarters as a 4 x 4 square. */
  UNROLL_ALL
  for (int i = 0; i < 4; i++) {
    const __m512 low02 = _mm512_shuffle_f32x4(quad[i], quad[i + 4], 0x88);
    const __m512 low13 = _mm512_shuffle_f32x4(quad[i], quad[i + 4], 0xdd);
    const __m512 high02 = _mm512_shuffle_f32x4(quad[i + 8], quad[i + 12], 0x88);
    const __m512 high13 = _mm512_shuffle_f32x4(quad[i + 8], quad[i + 12], 0xdd);
    t[i] = _mm512_shuffle_f32x4(low02, high02, 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(low13, high13, 0x88);
    t[i + 8] = _mm512_shuffle_f32x4(low02, high02, 0xdd);
    t[i + 12] = _mm512_shuffle_f32x4(low13, high13, 0xdd);
  }
}
#elif defined(DEPTHMARK_VEC_AVX2)
VEC_INLINE void vf_transpose(vf t[8]) {
  __m256 pair[8], quad[8];
  UNROLL_ALL
  for (int i = 0; i < 8; i += 2) {
    pair[i] = _mm256_unpacklo_ps(t[i], t[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(t[i], t[i + 1]);
  }
  UNROLL_ALL
  for (int i = 0; i < 8; i += 4) {
    quad[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
    quad[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
    quad[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
    quad[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
  }
  UNROLL_ALL
  for (int i = 0; i < 4; i++) {
    t[i] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20);
    t[i + 4] = _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31);
  }
}
#elif defined(DEPTHMARK_VEC_NEON)
VEC_INLINE void vf_transpose(vf t[4]) {
  const float32x4x2_t low = vtrnq_f32(t[0], t[1]), high = vtrnq_f32(t[2], t[3]);
  t[0] = vcombine_f32(vget_low_f32(low.val[0]), vget_low_f32(high.val[0]));
  t[1] = vcombine_f32(vget_low_f32(low.val[1]), vget_low_f32(high.val[1]));
  t[2] = vcombine_f32(vget_high_f32(low.val[0]), vget_high_f32(high.val[0]));
  t[3] = vcombine_f32(vget_high_f32(low.val[1]), vget_high_f32(high.val[1]));
}
#else
VEC_INLINE void vf_transpose(vf t[1]) { (void)t; }
#endif

#endif
