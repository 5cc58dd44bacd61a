/* The register tile: a block of C, at most GEMM_ROWS rows of GEMM_VECTORS vectors, is summed over all terms of a packed
 * strip of A and one of B without leaving the registers. There is one function for each number of rows and vectors, so
 * that the edges of a matrix cost what they hold and no accumulator is idle. */
#ifndef DEPTHMARK_GEMM_TILE_H
#define DEPTHMARK_GEMM_TILE_H

#include "kernels/gemm_block.h"
#include "kernels/unroll.h"
#include "kernels/vec/vec.h"

#if defined(DEPTHMARK_VEC_NEON)
#include "kernels/gemm_tile_neon.h"
#else
/* One term: each accumulator gains an element of A times a vector of B. */
VEC_INLINE void gemm_tile_term(size_t rows, size_t vectors, const float *a, const float *b,
                               vf sum[GEMM_ROWS][GEMM_VECTORS]) {
  vf row[GEMM_VECTORS];
  UNROLL_ALL
  for (size_t v = 0; v < vectors; v++) row[v] = vf_load(b + v * VEC_LANES);
  UNROLL_ALL
  for (size_t i = 0; i < rows; i++) {
    const vf element = vf_set(a[i]);
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) sum[i][v] = vf_fma(element, row[v], sum[i][v]);
  }
}
#endif

/* c[i, j] = start[i, j] + sum over p of a[p, i] b[p, j], in the order of p. The rows of c are c_stride apart, those of
 * start, which may be c, start_stride; NULL: 0. Of the last vector only columns <= VEC_LANES elements exist. */
#define GEMM_TILE_PARAMETERS                                                                                           \
  size_t depth, const float *a, const float *b, float *c, size_t c_stride, const float *start, size_t start_stride,    \
      size_t columns
typedef void gemm_tile_function(GEMM_TILE_PARAMETERS);

VEC_INLINE void gemm_tile(size_t rows, size_t vectors, GEMM_TILE_PARAMETERS) {
  vf sum[GEMM_ROWS][GEMM_VECTORS];
  UNROLL_ALL
  for (size_t i = 0; i < rows; i++) {
    /* The rows of C are needed when the sums are done. */
    __builtin_prefetch(c + i * c_stride, 1);
    __builtin_prefetch(c + i * c_stride + (vectors - 1) * VEC_LANES + columns - 1, 1);
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) sum[i][v] = vf_set(0.0f);
  }
  const size_t a_step = rows, b_step = vectors * VEC_LANES;
  size_t p = 0;
  for (; p + GEMM_UNROLL <= depth; p += GEMM_UNROLL) {
    UNROLL_ALL
    for (size_t u = 0; u < GEMM_UNROLL; u++) gemm_tile_term(rows, vectors, a + u * a_step, b + u * b_step, sum);
    a += GEMM_UNROLL * a_step, b += GEMM_UNROLL * b_step;
  }
  for (; p < depth; p++, a += a_step, b += b_step) gemm_tile_term(rows, vectors, a, b, sum);

  UNROLL_ALL
  for (size_t i = 0; i < rows; i++, c += c_stride) {
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) {
      const size_t j = v * VEC_LANES;
      const int whole = v + 1 < vectors || columns == VEC_LANES;
      if (start) sum[i][v] = vf_add(whole ? vf_load(start + j) : vf_load_n(start + j, columns), sum[i][v]);
      if (whole)
        vf_store(c + j, sum[i][v]);
      else
        vf_store_n(c + j, sum[i][v], columns);
    }
    if (start) start += start_stride;
  }
}

/* GEMM_FOR_ROWS(X) is X(1) X(2) ... X(GEMM_ROWS). */
#define GEMM_FOR_ROWS_1(X) X(1)
#define GEMM_FOR_ROWS_2(X) GEMM_FOR_ROWS_1(X) X(2)
#define GEMM_FOR_ROWS_3(X) GEMM_FOR_ROWS_2(X) X(3)
#define GEMM_FOR_ROWS_4(X) GEMM_FOR_ROWS_3(X) X(4)
#define GEMM_FOR_ROWS_5(X) GEMM_FOR_ROWS_4(X) X(5)
#define GEMM_FOR_ROWS_6(X) GEMM_FOR_ROWS_5(X) X(6)
#define GEMM_FOR_ROWS_7(X) GEMM_FOR_ROWS_6(X) X(7)
#define GEMM_FOR_ROWS_8(X) GEMM_FOR_ROWS_7(X) X(8)
#define GEMM_FOR_ROWS_9(X) GEMM_FOR_ROWS_8(X) X(9)
#define GEMM_FOR_ROWS_10(X) GEMM_FOR_ROWS_9(X) X(10)
#define GEMM_FOR_ROWS_11(X) GEMM_FOR_ROWS_10(X) X(11)
#define GEMM_FOR_ROWS_12(X) GEMM_FOR_ROWS_11(X) X(12)
#define GEMM_FOR_ROWS_13(X) GEMM_FOR_ROWS_12(X) X(13)
#define GEMM_FOR_ROWS_14(X) GEMM_FOR_ROWS_13(X) X(14)
#define GEMM_FOR_ROWS__(rows) GEMM_FOR_ROWS_##rows
#define GEMM_FOR_ROWS_(rows) GEMM_FOR_ROWS__(rows)
#define GEMM_FOR_ROWS GEMM_FOR_ROWS_(GEMM_ROWS)

#define GEMM_TILE(rows, vectors)                                                                                       \
  static void gemm_tile_##rows##x##vectors(GEMM_TILE_PARAMETERS) {                                                     \
    gemm_tile(rows, vectors, depth, a, b, c, c_stride, start, start_stride, columns);                                  \
  }
#if GEMM_VECTORS == 2
#define GEMM_TILES(rows) GEMM_TILE(rows, 1) GEMM_TILE(rows, 2)
#define GEMM_TILE_NAMES(rows) {gemm_tile_##rows##x1, gemm_tile_##rows##x2},
#else
#define GEMM_TILES(rows) GEMM_TILE(rows, 1) GEMM_TILE(rows, 2) GEMM_TILE(rows, 3)
#define GEMM_TILE_NAMES(rows) {gemm_tile_##rows##x1, gemm_tile_##rows##x2, gemm_tile_##rows##x3},
#endif

GEMM_FOR_ROWS(GEMM_TILES)

/* The tile of rows x vectors is gemm_tiles[rows - 1][vectors - 1]. */
static gemm_tile_function *const gemm_tiles[GEMM_ROWS][GEMM_VECTORS] = {GEMM_FOR_ROWS(GEMM_TILE_NAMES)};

#endif
