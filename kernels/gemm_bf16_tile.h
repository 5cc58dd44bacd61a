/* The register tile of bf16 products: the tile of gemm_tile.h, but a packed word is a pair of terms, the first in its
 * low half. Of each pair the second product is added first, as VDPBF16PS does, each with one rounding.
 *
 * There are two sets of tiles: portable ones, which widen operands to floats, and on AVX-512 such as add pairs of
 * products by VDPBF16PS; these are only for CPUs that have it. */
#ifndef DEPTHMARK_GEMM_BF16_TILE_H
#define DEPTHMARK_GEMM_BF16_TILE_H

#include "kernels/bf16.h"
#include "kernels/gemm_tile.h"

/* c[i, j] = start[i, j] + sum over pairs p of a[p, i] b[p, j]; the rows of c are c_stride apart, those of start, which
 * may be c, start_stride; start NULL: 0. Of the last vector only columns <= VEC_LANES elements exist. */
#define GEMM_BF16_TILE_PARAMETERS                                                                                      \
  size_t pairs, const uint32_t *a, const uint32_t *b, float *c, size_t c_stride, const float *start,                   \
      size_t start_stride, size_t columns
typedef void gemm_bf16_tile_function(GEMM_BF16_TILE_PARAMETERS);
typedef gemm_bf16_tile_function *const gemm_bf16_tile_table[GEMM_ROWS][GEMM_VECTORS];

VEC_INLINE void gemm_bf16_clear(size_t rows, size_t vectors, const float *c, size_t c_stride, size_t columns,
                                vf sum[GEMM_ROWS][GEMM_VECTORS]) {
  UNROLL_ALL
  for (size_t i = 0; i < rows; i++) {
    /* The rows of C are needed when the sums are done. */
    __builtin_prefetch(c + i * c_stride, 1);
    __builtin_prefetch(c + i * c_stride + (vectors - 1) * VEC_LANES + columns - 1, 1);
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) sum[i][v] = vf_set(0.0f);
  }
}

VEC_INLINE void gemm_bf16_store(size_t rows, size_t vectors, float *c, size_t c_stride, const float *start,
                                size_t start_stride, size_t columns, vf sum[GEMM_ROWS][GEMM_VECTORS]) {
  UNROLL_ALL
  for (size_t i = 0; i < rows; i++, c += c_stride) {
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) {
      const size_t j = v * VEC_LANES, last = v + 1 < vectors ? VEC_LANES : columns;
      if (start) sum[i][v] = vf_add(vf_load_before(start + j, 0, last), sum[i][v]);
      vf_store_before(c + j, sum[i][v], 0, last);
    }
    if (start) start += start_stride;
  }
}

/* One half of a pair. */
VEC_INLINE vf gemm_bf16_half(vi pair, int high) { return high ? bf16_high(pair) : bf16_low(pair); }

VEC_INLINE void gemm_bf16_pair_portable(size_t rows, size_t vectors, const uint32_t *a, const uint32_t *b,
                                        vf sum[GEMM_ROWS][GEMM_VECTORS]) {
  UNROLL_ALL
  for (int high = 1; high >= 0; high--) {
    vf row[GEMM_VECTORS];
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) row[v] = gemm_bf16_half(vi_load(b + v * VEC_LANES), high);
    UNROLL_ALL
    for (size_t i = 0; i < rows; i++) {
      const vf element = gemm_bf16_half(vi_set((int32_t)a[i]), high);
      UNROLL_ALL
      for (size_t v = 0; v < vectors; v++) sum[i][v] = vf_fma(element, row[v], sum[i][v]);
    }
    /* The low halves are loaded anew: there are no registers to keep their words in. */
    __asm__("" : "+r"(a), "+r"(b));
  }
}

#define GEMM_BF16_TILE(kind, target, rows, vectors)                                                                    \
  target static void gemm_bf16_##kind##_##rows##x##vectors(GEMM_BF16_TILE_PARAMETERS) {                                \
    vf sum[GEMM_ROWS][GEMM_VECTORS];                                                                                   \
    gemm_bf16_clear(rows, vectors, c, c_stride, columns, sum);                                                         \
    for (; pairs; pairs--, a += (rows), b += (vectors)*VEC_LANES) gemm_bf16_pair_##kind(rows, vectors, a, b, sum);     \
    gemm_bf16_store(rows, vectors, c, c_stride, start, start_stride, columns, sum);                                    \
  }
#if GEMM_VECTORS == 2
#define GEMM_BF16_TILES(kind, target, rows) GEMM_BF16_TILE(kind, target, rows, 1) GEMM_BF16_TILE(kind, target, rows, 2)
#define GEMM_BF16_TILE_NAMES(kind, rows) {gemm_bf16_##kind##_##rows##x1, gemm_bf16_##kind##_##rows##x2},
#else
#define GEMM_BF16_TILES(kind, target, rows)                                                                            \
  GEMM_BF16_TILE(kind, target, rows, 1) GEMM_BF16_TILE(kind, target, rows, 2) GEMM_BF16_TILE(kind, target, rows, 3)
#define GEMM_BF16_TILE_NAMES(kind, rows)                                                                               \
  {gemm_bf16_##kind##_##rows##x1, gemm_bf16_##kind##_##rows##x2, gemm_bf16_##kind##_##rows##x3},
#endif

#define GEMM_BF16_PORTABLE(rows) GEMM_BF16_TILES(portable, , rows)
#define GEMM_BF16_PORTABLE_NAMES(rows) GEMM_BF16_TILE_NAMES(portable, rows)
GEMM_FOR_ROWS(GEMM_BF16_PORTABLE)
static gemm_bf16_tile_table gemm_bf16_portable = {GEMM_FOR_ROWS(GEMM_BF16_PORTABLE_NAMES)};

#if defined(DEPTHMARK_VEC_AVX512)
#define GEMM_BF16_TARGET __attribute__((target("avx512bf16")))

GEMM_BF16_TARGET VEC_INLINE void gemm_bf16_pair_dot(size_t rows, size_t vectors, const uint32_t *a, const uint32_t *b,
                                                    vf sum[GEMM_ROWS][GEMM_VECTORS]) {
  __m512bh row[GEMM_VECTORS];
  UNROLL_ALL
  for (size_t v = 0; v < vectors; v++) row[v] = (__m512bh)vi_load(b + v * VEC_LANES);
  UNROLL_ALL
  for (size_t i = 0; i < rows; i++) {
    const __m512bh element = (__m512bh)vi_set((int32_t)a[i]);
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) sum[i][v] = _mm512_dpbf16_ps(sum[i][v], element, row[v]);
  }
}

#define GEMM_BF16_DOT(rows) GEMM_BF16_TILES(dot, GEMM_BF16_TARGET, rows)
#define GEMM_BF16_DOT_NAMES(rows) GEMM_BF16_TILE_NAMES(dot, rows)
GEMM_FOR_ROWS(GEMM_BF16_DOT)
static gemm_bf16_tile_table gemm_bf16_dot = {GEMM_FOR_ROWS(GEMM_BF16_DOT_NAMES)};
#endif

#endif
