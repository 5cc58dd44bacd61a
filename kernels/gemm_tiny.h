/* A panel of few terms and one or two strips takes less time than planning how to run it. */
#ifndef DEPTHMARK_GEMM_TINY_H
#define DEPTHMARK_GEMM_TINY_H

#include "kernels/gemm_blocked.h"

#define GEMM_TINY_DEPTH 64

VEC_INLINE bool gemm_is_tiny(const struct gemm *g) {
  return GEMM_DIRECT && g->m <= 2 * GEMM_ROWS && g->n <= GEMM_COLUMNS && g->k <= GEMM_TINY_DEPTH && g->m && g->n &&
         g->k && !g->b_panels;
}

VEC_INLINE void gemm_tiny(const struct gemm *g) {
  _Alignas(64) float packed[GEMM_COLUMNS * GEMM_TINY_DEPTH];
  const size_t vectors = gemm_vectors(g->n), rows = g->m <= GEMM_ROWS ? g->m : g->m / 2;
  const bool lines = g->a.line_stride != 1, direct = g->b.line_stride == 1 && (GEMM_MASKS || g->n % VEC_LANES == 0);
  struct gemm_tile tile = {
      .depth = g->k,
      .a = g->a.at,
      .a_stride = lines ? g->a.line_stride : g->a.term_stride,
      .b = direct ? g->b.at : packed,
      .b_stride = direct ? g->b.term_stride : vectors * VEC_LANES,
      .c = g->c,
      .c_stride = g->c_stride,
      .start = g->accumulate ? g->c : g->bias,
      .start_stride = g->accumulate ? g->c_stride : 0,
      .columns = g->n - (vectors - 1) * VEC_LANES,
  };
  if (!direct) gemm_pack(g->b, g->n, g->k, vectors * VEC_LANES, packed);
  (*gemm_tile_functions(lines, rows))[vectors - 1](&tile);
  if (rows < g->m) {
    tile.a = gemm_operand_from(g->a, rows, 0).at;
    tile.c = g->c + rows * g->c_stride;
    if (g->accumulate) tile.start = tile.c;
    (*gemm_tile_functions(lines, g->m - rows))[vectors - 1](&tile);
  }
  if (g->b_sums) gemm_panel_sums(tile.b, tile.b_stride, g->n, g->k, true, g->b_sums);
  if (g->map || g->back) gemm_finish(g, 0, g->m, 0, g->n);
}

#endif
