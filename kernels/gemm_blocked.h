/* The product in blocks, after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS
 * 34(3), 2008, and Van Zee and van de Geijn, "BLIS", ACM TOMS 41(3), 2015, except that an operand is packed only where
 * that pays: rows of B that lie side by side are read where they are while few strips need them or they stay in the
 * cache; so are the elements of A unless the rows of a strip would push each other out of the first-level cache. */
#ifndef DEPTHMARK_GEMM_BLOCKED_H
#define DEPTHMARK_GEMM_BLOCKED_H

#include "kernels/gemm_narrow.h"
#include "kernels/gemm_plan.h"
#include "kernels/gemm_tile.h"

/* ---- packing a block --------------------------------------------------------------------------------------------- */

/* db: the sums of a panel's columns, continued from the terms before. */
VEC_INLINE void gemm_column_sums(const float *panel, size_t stride, size_t vectors, size_t columns, size_t depth,
                                 bool first, float *sums) {
  vf sum[GEMM_VECTORS];
  for (size_t v = 0; v < vectors; v++) sum[v] = first ? vf_set(0.0f) : gemm_tile_load(sums, v, vectors, columns);
  for (size_t p = 0; p < depth; p++) {
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++)
      sum[v] = vf_add(sum[v], gemm_tile_load(panel + p * stride, v, vectors, columns));
  }
  for (size_t v = 0; v < vectors; v++)
    vf_store_before(sums, sum[v], v * VEC_LANES, (vectors - 1) * VEC_LANES + columns);
}
static void gemm_panel_sums(const float *panel, size_t stride, size_t columns, size_t depth, bool first, float *sums) {
  const size_t vectors = gemm_vectors(columns), edge = columns - (vectors - 1) * VEC_LANES;
  if (columns == GEMM_COLUMNS)
    gemm_column_sums(panel, stride, GEMM_VECTORS, VEC_LANES, depth, first, sums);
  else if (vectors == 1)
    gemm_column_sums(panel, stride, 1, edge, depth, first, sums);
  else if (vectors == 2)
    gemm_column_sums(panel, stride, 2, edge, depth, first, sums);
  else
    gemm_column_sums(panel, stride, GEMM_VECTORS, edge, depth, first, sums);
}

/* Makes B's part of the block ready: packs it, or only columns that tiles can't read where they are, and sums columns.
 */
static void gemm_prepare_b(const struct gemm *g, const struct gemm_plan *plan, const struct gemm_block *block,
                           float *sums) {
  const struct gemm_operand from = gemm_operand_from(g->b, block->column, block->term);
  const bool by_rows = plan->b_packed && from.line_stride == 1;
  if (by_rows)
    gemm_pack_rows(from.at, from.term_stride, block->columns, block->depth, GEMM_COLUMNS, plan->b,
                   gemm_panel_stride(block->depth));
  for (size_t panel = 0; panel < block->panels; panel++) {
    const size_t columns = gemm_panel_columns(block, panel), at = panel * GEMM_COLUMNS;
    float *const to = plan->b + (plan->b_packed ? panel * gemm_panel_stride(block->depth) : 0);
    if (!by_rows && gemm_panel_packed(plan, columns) && block->depth)
      gemm_pack(gemm_operand_from(from, at, 0), columns, block->depth, gemm_vectors(columns) * VEC_LANES, to);
    if (!sums) continue;
    size_t stride;
    const float *b = gemm_b_at(g, plan, block, panel, columns, &stride);
    gemm_panel_sums(b, stride, columns, block->depth, block->first, sums + at);
  }
}

/* Packs strips [begin, end) of A. */
static void gemm_prepare_a(const struct gemm *g, const struct gemm_plan *plan, const struct gemm_block *block,
                           size_t begin, size_t end) {
  const size_t top = gemm_row(plan, begin);
  for (size_t strip = begin; strip < end && block->depth; strip++) {
    const size_t row = gemm_row(plan, strip), rows = gemm_rows(plan, strip);
    gemm_pack(gemm_operand_from(g->a, row, block->term), rows, block->depth, rows,
              plan->a + (row - top) * block->depth);
  }
}

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

/* Where the elements of A for a strip of the group that starts with strip `begin` are, and how far apart its groups or
 * rows. */
VEC_INLINE const float *gemm_a_at(const struct gemm *g, const struct gemm_plan *plan, const struct gemm_block *block,
                                  size_t begin, size_t strip, size_t *stride) {
  const size_t row = gemm_row(plan, strip);
  if (plan->a_packed) {
    *stride = gemm_rows(plan, strip);
    return plan->a + (row - gemm_row(plan, begin)) * block->depth;
  }
  *stride = plan->a_lines ? g->a.line_stride : g->a.term_stride;
  return gemm_operand_from(g->a, row, block->term).at;
}

/* Where C's rows continue from in this block. */
VEC_INLINE const float *gemm_start(const struct gemm *g, const struct gemm_block *block, size_t row, size_t column,
                                   size_t *stride) {
  const bool add = g->accumulate || !block->first;
  *stride = add ? g->c_stride : 0;
  return add ? g->c + row * g->c_stride + column : g->bias ? g->bias + column : NULL;
}

/* A tile of C is on its way into the caches, to be written. */
VEC_INLINE void gemm_prefetch_c(const float *c, size_t stride, size_t rows) {
  for (size_t i = 0; i < rows; i++, c += stride)
    for (size_t j = 0; j < GEMM_COLUMNS; j += 16) __builtin_prefetch(c + j, 1);
}

/* What the tile of that strip and panel fetches for later ones: the next panel of B, if that is not packed, for the
 * first strip; then the next strip of A, if that is new; or nothing new. */
VEC_INLINE void gemm_next(const struct gemm *g, const struct gemm_plan *plan, const struct gemm_block *block,
                          size_t begin, size_t end, size_t strip, size_t panel, struct gemm_tile *tile) {
  if (strip == begin && panel + 1 < block->panels && !plan->b_packed) {
    tile->next = gemm_operand_from(g->b, block->column + (panel + 1) * GEMM_COLUMNS, block->term).at;
    tile->next_stride = g->b.term_stride;
  } else if (panel == 0 && strip + 1 < end && !plan->a_packed) {
    tile->next = gemm_operand_from(g->a, gemm_row(plan, strip + 1), block->term).at;
    tile->next_stride = plan->a_lines ? 16 : g->a.term_stride;
  } else {
    tile->next = NULL;
  }
}

/* Strips [begin, end) x panels [left, right). */
static void gemm_run_tiles(const struct gemm *g, const struct gemm_plan *plan, const struct gemm_block *block,
                           size_t begin, size_t end, size_t left, size_t right) {
  const size_t last = gemm_panel_columns(block, right - 1), whole = right - left - (last < GEMM_COLUMNS);
  const size_t column = block->column + left * GEMM_COLUMNS, edge = gemm_vectors(last) - 1;
  const size_t depth = g->b_panels ? g->k : block->depth;
  const size_t step = plan->b_packed ? gemm_panel_stride(depth) : GEMM_COLUMNS; /* from panel to panel of B */
  const bool cold = g->m * g->n * sizeof(float) >= gemm_l2(g) / 4; /* then C may not be in the nearest caches */
  struct gemm_tile tile = {.depth = block->depth, .c_stride = g->c_stride};
  for (size_t strip = begin; strip < end; strip++) {
    const size_t row = gemm_row(plan, strip), rows = gemm_rows(plan, strip);
    const gemm_tile_row_functions *const functions = gemm_tile_functions(plan->a_lines, rows);
    tile.a = gemm_a_at(g, plan, block, begin, strip, &tile.a_stride);
    tile.b = gemm_b_at(g, plan, block, left, GEMM_COLUMNS, &tile.b_stride);
    tile.c = g->c + row * g->c_stride + column;
    tile.start = gemm_start(g, block, row, column, &tile.start_stride);
    tile.columns = VEC_LANES;
    for (size_t i = 0; i < whole; i++) {
      gemm_next(g, plan, block, begin, end, strip, left + i, &tile);
      if (cold) gemm_prefetch_c(tile.c + (right - left > 1 ? GEMM_COLUMNS : rows * g->c_stride), g->c_stride, rows);
      (*functions)[GEMM_VECTORS - 1](&tile);
      tile.b += step, tile.c += GEMM_COLUMNS;
      if (tile.start) tile.start += GEMM_COLUMNS;
    }
    if (last == GEMM_COLUMNS) continue;
    tile.b = gemm_b_at(g, plan, block, right - 1, last, &tile.b_stride);
    tile.next = NULL;
    tile.columns = last - edge * VEC_LANES;
    (*functions)[edge](&tile);
  }
}

/* Strips [begin, end) x the few columns of the block's last panel. */
static void gemm_run_narrow(const struct gemm *g, const struct gemm_plan *plan, const struct gemm_block *block,
                            size_t begin, size_t end, size_t panel, size_t columns) {
  size_t b_stride, start_stride = 0;
  const float *b = gemm_b_at(g, plan, block, panel, columns, &b_stride);
  for (size_t j = 0; j < columns; j++)
    for (size_t strip = begin; strip < end; strip += GEMM_NARROW_STRIPS) {
      struct gemm_narrow_strip strips[GEMM_NARROW_STRIPS];
      const size_t count = gemm_min(end - strip, GEMM_NARROW_STRIPS);
      const size_t column = block->column + panel * GEMM_COLUMNS + j;
      for (size_t s = 0; s < count; s++) {
        const size_t row = gemm_row(plan, strip + s);
        strips[s].a = gemm_a_at(g, plan, block, begin, strip + s, &strips[s].a_stride);
        strips[s].rows = gemm_rows(plan, strip + s);
        strips[s].c = g->c + row * g->c_stride + column;
        strips[s].start = gemm_start(g, block, row, column, &start_stride);
      }
      gemm_narrow(strips, count, block->depth, b + j, b_stride, g->c_stride, start_stride);
    }
}

static void gemm_run_block(const struct gemm *g, const struct gemm_plan *plan, const struct gemm_block *block) {
  const size_t last = gemm_panel_columns(block, block->panels - 1);
  const bool narrow = last <= GEMM_NARROW && !plan->a_lines, finish = block->last && (g->map || g->back);
  const size_t panels = block->panels - narrow;
  for (size_t begin = 0; begin < plan->strips; begin += plan->group_strips) {
    const size_t end = gemm_min(begin + plan->group_strips, plan->strips);
    if (plan->a_packed) gemm_prepare_a(g, plan, block, begin, end);
    for (size_t panel = 0; panel < panels; panel += plan->group_panels)
      gemm_run_tiles(g, plan, block, begin, end, panel, gemm_min(panel + plan->group_panels, panels));
    if (narrow) gemm_run_narrow(g, plan, block, begin, end, panels, last);
    if (finish)
      gemm_finish(g, gemm_row(plan, begin), gemm_row(plan, end), block->column, block->column + block->columns);
  }
}

/* The whole product on this thread. */
static void gemm_blocked(const struct gemm *g, float *workspace) {
  const struct gemm_plan plan = gemm_plan(g, workspace);
  const size_t panels = gemm_ceil_div(g->n, GEMM_COLUMNS);
  struct gemm_block block;
  for (size_t panel = 0; panel < panels; panel += plan.block_panels) {
    block.column = panel * GEMM_COLUMNS;
    block.panels = gemm_min(plan.block_panels, panels - panel);
    block.columns = gemm_min(g->n - block.column, block.panels * GEMM_COLUMNS);
    for (size_t j = 0; j < plan.depth_blocks; j++) {
      block.term = gemm_share(g->k, j, plan.depth_blocks);
      block.depth = gemm_share(g->k, j + 1, plan.depth_blocks) - block.term;
      block.first = j == 0, block.last = j + 1 == plan.depth_blocks;
      if (!g->b_panels) gemm_prepare_b(g, &plan, &block, g->b_sums ? g->b_sums + block.column : NULL);
      gemm_run_block(g, &plan, &block);
    }
  }
}

#endif
