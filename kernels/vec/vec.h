/* The vector vocabulary: the few operations that kernel bodies are written in, one header per ISA. A body written in
 * it compiles to the ISA's own instructions, and elementwise arithmetic gives the same bits on every ISA that has FMA.
 *
 *   vf   VEC_LANES floats              vi   VEC_LANES 32-bit integers (signed, wrapping)
 *   vm   a mask, one truth per lane    vw   VEC_LANES / 2 (at least 1) 64-bit integers
 *
 * load/store need no alignment; load_n/store_n touch only the first n < VEC_LANES elements and load zeros elsewhere.
 * Exact meanings, the same on every ISA:
 *   vf_min(a, b)     a < b ? a : b     (so b where either is NaN)
 *   vf_max(a, b)     a > b ? a : b
 *   vf_fma(a, b, c)  a * b + c, rounded once (twice in the scalar table of a CPU without FMA)
 *   vf_fnma(a, b, c) c - a * b, likewise
 *   vf_mul_low(a, b, p) a * b - p for p = vf_mul(a, b): what the product's rounding lost, exact unless it is subnormal
 *   vf_fma_low(a, b, c, r) a * b + c - r for r = vf_fma(a, b, c) where c - r is exact: what r lost, likewise
 *   vf_copysign(a, b)   |a| with the sign of b
 *   vf_select(m, a, b)  m ? a : b
 *   vf_to_vi(a)      nearest integer, ties to even; only defined for |a| < 2^31
 *   vf_scale(a, n)   a * 2^n, rounded once, for any a and integers -252 <= n <= 254 (an ISA that multiplies twice puts
 *                    into the first factor what a float's exponent can't hold: that product is exact, or the result is
 *                    zero or infinite anyway), NaN and infinities kept; NaN where a is NaN, whatever n
 *   vi_mul(a, b)     the product's low 32 bits
 *   vi_rotl(a, n)    rotated left by the constant n, 0 < n < 32; vi_shl, vi_shr, vi_sar likewise shift by a constant
 *   vi_lookup8(table, i) table[i mod 8] of eight words in memory
 *   vi_store2(p, a, b)  two vectors lane by lane: a0 b0 a1 b1 ...; vi_load2(p, &a, &b) its inverse
 *   vi_load16(p)     VEC_LANES 16-bit words, each extended by zeros; vi_store16(p, a) stores the low halves
 *   vf_stream(p, a)  a store that bypasses the caches where the ISA has one; p aligned to a whole vector;
 *                    vec_stream_end() orders them before later stores
 *   vw_mul(a, b)     product of the low 32 bits of each lane, 64 bits wide
 *   vw_store4(p, a, b, c, d)  the low halves of four vectors, lane by lane: a0 b0 c0 d0 a1 b1 c1 d1 ...
 */
#ifndef DEPTHMARK_VEC_H
#define DEPTHMARK_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VEC_INLINE static inline __attribute__((always_inline, unused))

#if defined(DEPTHMARK_VEC_AVX512)
#include "kernels/vec/avx512.h"
#elif defined(DEPTHMARK_VEC_AVX2)
#include "kernels/vec/avx2.h"
#elif defined(DEPTHMARK_VEC_NEON)
#include "kernels/vec/neon.h"
#elif defined(DEPTHMARK_VEC_SCALAR)
#include "kernels/vec/scalar.h"
#else
#error "define one of DEPTHMARK_VEC_SCALAR, _AVX2, _AVX512, _NEON"
#endif

VEC_INLINE vf vf_abs(vf a) { return vi_as_vf(vi_and(vf_as_vi(a), vi_set(0x7fffffff))); }
/* The vector at p[i], zeros from p[n] on; i may be beyond n. */
VEC_INLINE vf vf_load_before(const float *p, size_t i, size_t n) {
  if (i + VEC_LANES <= n) return vf_load(p + i);
  return i < n ? vf_load_n(p + i, n - i) : vf_set(0.0f);
}
/* Stores it but for what is beyond p[n]; i < n. */
VEC_INLINE void vf_store_before(float *p, vf a, size_t i, size_t n) {
  if (i + VEC_LANES <= n)
    vf_store(p + i, a);
  else
    vf_store_n(p + i, a, n - i);
}

/* The number of the first element of p that is aligned to a whole vector, at most n. */
VEC_INLINE size_t vec_first_aligned(const float *p, size_t n) {
  const size_t bytes = VEC_LANES * sizeof *p, first = (bytes - (uintptr_t)p % bytes) % bytes / sizeof *p;
  return first < n ? first : n;
}

VEC_INLINE vf vf_neg(vf a) { return vi_as_vf(vi_xor(vf_as_vi(a), vi_set(INT32_MIN))); }

#endif
