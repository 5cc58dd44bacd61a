/* With few rows it costs too much to turn all of B where its terms are side by side. The transposed product is computed
 * then, C^T = B^T A^T: the few rows of A are turned instead, B's are read where they are, and tiles of C^T are turned
 * on their way to C. */
#ifndef DEPTHMARK_GEMM_TURNED_H
#define DEPTHMARK_GEMM_TURNED_H

#include "kernels/gemm_plan.h"
#include "kernels/gemm_tile.h"

#define GEMM_TURNED_PLACES 8 /* lines of a strip where more would collide in the cache */

VEC_INLINE bool gemm_turned(const struct gemm *g) {
  return GEMM_DIRECT && g->b.line_stride != 1 && g->a.line_stride != 1 && g->m <= GEMM_TURNED_ROWS &&
         g->k <= GEMM_TURNED_DEPTH && g->m < g->n && !g->accumulate && !g->bias && !g->b_sums;
}

/* C's columns [column, column + rows) of rows [row, row + columns) from a tile of C^T. */
static void gemm_turn_back(const struct gemm *g, const float *tile, size_t row, size_t column, size_t rows,
                           size_t columns) {
  for (size_t j = 0; j < columns; j += VEC_LANES) {
    vf t[VEC_LANES];
    UNROLL_ALL
    for (size_t i = 0; i < VEC_LANES; i++) t[i] = vf_load(tile + gemm_min(i, rows - 1) * GEMM_COLUMNS + j);
    vf_transpose(t);
    float *c = g->c + (row + j) * g->c_stride + column;
    for (size_t i = 0; i < gemm_min(VEC_LANES, columns - j); i++, c += g->c_stride) vf_store_n(c, t[i], rows);
  }
}

static void gemm_turn(const struct gemm *g, float *workspace) {
  const size_t most = gemm_collides(g->b.line_stride, GEMM_ROWS) ? gemm_min(GEMM_TURNED_PLACES, GEMM_ROWS) : GEMM_ROWS;
  const size_t strips = gemm_ceil_div(g->n, most), panels = gemm_ceil_div(g->m, GEMM_COLUMNS);
  const size_t panel_stride = gemm_panel_stride(g->k);
  _Alignas(64) float tile[GEMM_ROWS * GEMM_COLUMNS];
  for (size_t panel = 0; panel < panels && g->k; panel++) {
    const size_t row = panel * GEMM_COLUMNS, columns = gemm_min(g->m - row, GEMM_COLUMNS);
    gemm_pack(gemm_operand_from(g->a, row, 0), columns, g->k, gemm_vectors(columns) * VEC_LANES,
              workspace + panel * panel_stride);
  }
  for (size_t strip = 0; strip < strips; strip++) {
    const size_t column = gemm_share(g->n, strip, strips), rows = gemm_share(g->n, strip + 1, strips) - column;
    for (size_t panel = 0; panel < panels; panel++) {
      const size_t row = panel * GEMM_COLUMNS, columns = gemm_min(g->m - row, GEMM_COLUMNS);
      const size_t vectors = gemm_vectors(columns);
      (*gemm_tile_functions(true, rows))[vectors - 1](&(struct gemm_tile){
          .depth = g->k,
          .a = gemm_operand_from(g->b, column, 0).at,
          .a_stride = g->b.line_stride,
          .b = workspace + panel * panel_stride,
          .b_stride = vectors * VEC_LANES,
          .next = panel == 0 && strip + 1 < strips ? gemm_operand_from(g->b, column + rows, 0).at : NULL,
          .next_stride = 16, /* its rows from end to end, if they lie side by side */
          .c = tile,
          .c_stride = GEMM_COLUMNS,
          .columns = VEC_LANES,
      });
      gemm_turn_back(g, tile, row, column, rows, columns);
    }
  }
  if (g->map || g->back) gemm_finish(g, 0, g->m, 0, g->n);
}

#endif
