/* Matrix product C = start + A B for every order of the operands: blocked for the caches, tiled, threaded.
 *
 * After Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008, and Van Zee
 * and van de Geijn, "BLIS", ACM TOMS 41(3), 2015, except that an operand is packed only where that pays: rows of B that
 * lie side by side are read where they are, or copied by the first tile that reads them; so are the elements of A
 * unless the strip's rows would fight for the same lines of the first-level cache. The threads share C as a grid of
 * blocks; each does its own block from beginning to end, without waiting for the others.
 */
#ifndef DEPTHMARK_GEMM_H
#define DEPTHMARK_GEMM_H

#include <assert.h>
#include <omp.h>
#include <stdbool.h>

#include "kernels/gemm_narrow.h"
#include "kernels/gemm_pack.h"
#include "kernels/gemm_stream.h"
#include "kernels/gemm_tile.h"
#include "kernels/kernels.h"

struct gemm {
  size_t m, n, k;
  struct gemm_operand a; /* its lines are the m rows of A */
  struct gemm_operand b; /* its lines are the n columns of B */
  const float *b_panels; /* B as gemm_pack_panels() makes it, read instead of b; NULL: b is read */
  float *c;              /* m x n */
  size_t c_stride;       /* between the rows of c, mapped and back_z, at least n */
  bool accumulate;       /* start is what c holds, and not the bias */
  const float *bias;     /* n, the start of every row; NULL: 0 */
  float *b_sums;         /* receives the n column sums of B; NULL: not wanted */
  map_kernel *map;       /* applied to each element of C when it is done, into mapped; NULL: none */
  float *mapped;         /* m x n, may be c */
  backward_kernel *back; /* applied to each element of C when it is done, with that of back_z; NULL: none */
  const float *back_z;   /* m x n */
  struct parameters p;   /* of map and back */
  struct caches caches;
  float *workspace; /* gemm_workspace_floats(), aligned to 64 bytes */
  int threads;
};

VEC_INLINE size_t gemm_min(size_t a, size_t b) { return a < b ? a : b; }
VEC_INLINE size_t gemm_max(size_t a, size_t b) { return a > b ? a : b; }
VEC_INLINE size_t gemm_ceil_div(size_t a, size_t b) { return a / b + (a % b != 0); }

/* The first of count things that belongs to part `part` of `parts` equal ones. */
VEC_INLINE size_t gemm_share(size_t count, size_t part, size_t parts) {
  return count / parts * part + gemm_min(count % parts, part);
}

/* ---- plan -------------------------------------------------------------------------------------------------------- */

/* Few strips read B where it is, all of them one panel after the other. With more, packing B costs little, and pays
 * where B does not stay in the cache; then one strip goes through all panels, so many of them at a time. */
#define GEMM_FEW_STRIPS 20
#define GEMM_GROUP_PANELS 8

/* What a thread has packed at a time, at most: a few strips of A, and so many floats of B, of so many terms. */
#define GEMM_DEPTH 512
#define GEMM_B_FLOATS ((size_t)1 << 20)

/* Caches that are not known are taken to be of these sizes. */
#define GEMM_L1 ((size_t)32 << 10)
#define GEMM_L2 ((size_t)512 << 10)
VEC_INLINE size_t gemm_l2(const struct gemm *g) { return g->caches.l2 ? g->caches.l2 : GEMM_L2; }

/* Terms after which C is visited again: a strip of A fits the first-level cache. */
VEC_INLINE size_t gemm_depth(const struct gemm *g) {
  const size_t l1 = g->caches.l1 ? g->caches.l1 : GEMM_L1, terms = l1 / (GEMM_ROWS * sizeof(float)) / 64 * 64;
  return gemm_max(gemm_min(terms, GEMM_DEPTH), 64);
}

/* Between packed panels of B: one line more than they hold, or their rows would share their place in the caches. */
VEC_INLINE size_t gemm_panel_stride(size_t depth) { return GEMM_COLUMNS * depth + 16; }

/* Panels of so many terms that are packed at a time: half of the last cache that a thread has for itself. */
VEC_INLINE size_t gemm_b_panels(const struct gemm *g, size_t depth) {
  const size_t floats = gemm_max(g->caches.l3, gemm_l2(g)) / 2 / sizeof(float);
  return gemm_max(gemm_min(floats, GEMM_B_FLOATS) / gemm_panel_stride(depth), 1);
}

/* Floats of a thread's packed blocks of A and B; multiples of 16 floats, 64 bytes. */
VEC_INLINE size_t gemm_a_floats(size_t m, size_t k) {
  const size_t rows = gemm_min(m, GEMM_FEW_STRIPS * GEMM_ROWS), depth = gemm_min(k, GEMM_DEPTH);
  return (rows * depth + GEMM_PACK_OVERRUN + 15) / 16 * 16;
}
VEC_INLINE size_t gemm_b_floats(size_t n, size_t k) {
  const size_t all = gemm_ceil_div(n, GEMM_COLUMNS) * gemm_panel_stride(gemm_min(k, GEMM_DEPTH));
  return (gemm_min(all, GEMM_B_FLOATS) + 15) / 16 * 16;
}

/* All of B's columns as panels of all terms, in so many floats. */
VEC_INLINE size_t gemm_panels_floats(size_t n, size_t k) {
  return (gemm_ceil_div(n, GEMM_COLUMNS) * gemm_panel_stride(k) + 15) / 16 * 16;
}
static void gemm_pack_panels(struct gemm_operand b, size_t n, size_t k, float *to) {
  for (size_t column = 0; column < n && k; column += GEMM_COLUMNS, to += gemm_panel_stride(k)) {
    const size_t columns = gemm_min(n - column, GEMM_COLUMNS);
    gemm_pack(gemm_operand_from(b, column, 0), columns, k, gemm_ceil_div(columns, VEC_LANES) * VEC_LANES, to);
  }
}

/* Products of at most so many rows and terms may be turned: see gemm_turned(). */
#define GEMM_TURNED_ROWS 256
#define GEMM_TURNED_DEPTH 4096
VEC_INLINE size_t gemm_turned_floats(size_t m, size_t k) {
  return gemm_ceil_div(gemm_min(m, GEMM_TURNED_ROWS), GEMM_COLUMNS) * gemm_panel_stride(gemm_min(k, GEMM_TURNED_DEPTH));
}

/* Floats of workspace for one thread. */
VEC_INLINE size_t gemm_thread_floats(size_t m, size_t n, size_t k) {
  const size_t floats = gemm_a_floats(m, k) + gemm_b_floats(n, k);
  return GEMM_DIRECT ? gemm_max(floats, gemm_turned_floats(m, k)) : floats;
}

/* How a product is run. */
struct gemm_plan {
  size_t strips;                     /* of C's rows, as equal as can be: */
  size_t rows, longer;               /* that many rows each, and one more in as many of the first ones */
  size_t depth_blocks, block_panels; /* blocks of terms and columns */
  size_t group_strips, group_panels; /* within a block the tiles of so many strips x panels follow each other */
  bool a_packed, b_packed;
  bool a_lines; /* A is not packed, and each row's terms are side by side */
  float *a, *b; /* the packed blocks */
};

/* Rows so far apart that more than this many of a strip's share their lines' place in a first-level cache push each
 * other out. Most such caches repeat every 4 KiB and keep 8 lines in a place. */
#define GEMM_PLACES 8
#define GEMM_PERIOD 4096

VEC_INLINE bool gemm_collides(size_t stride, size_t rows) {
  const size_t bytes = stride * sizeof(float) % GEMM_PERIOD;
  const size_t step = bytes ? bytes & -bytes : GEMM_PERIOD; /* as many bytes apart are the places that are visited */
  return gemm_min(rows, GEMM_ROWS) > GEMM_PLACES * (GEMM_PERIOD / step);
}

VEC_INLINE bool gemm_far(size_t stride) { return stride * sizeof(float) >= GEMM_FAR; }

static struct gemm_plan gemm_plan(const struct gemm *g, float *workspace) {
  const size_t left_over = g->n % GEMM_COLUMNS;
  struct gemm_plan plan = {.strips = gemm_ceil_div(g->m, GEMM_ROWS), .a = workspace};
  if (plan.strips) plan.rows = g->m / plan.strips, plan.longer = g->m % plan.strips;
  const bool few = plan.strips <= GEMM_FEW_STRIPS;
  plan.depth_blocks = gemm_max(gemm_ceil_div(g->k, gemm_depth(g)), 1); /* an empty sum is still stored */
  const size_t depth = gemm_ceil_div(g->k, plan.depth_blocks);
  const bool lines = g->a.line_stride != 1;
  plan.a_lines =
      GEMM_DIRECT && lines && !gemm_collides(g->a.line_stride, g->m) && (left_over == 0 || left_over > GEMM_NARROW);
  plan.a_packed = !GEMM_DIRECT || (lines ? !plan.a_lines : gemm_far(g->a.term_stride));
  plan.b_packed =
      !GEMM_DIRECT || g->b_panels || g->b.line_stride != 1 ||
      (plan.strips >= GEMM_FAR_STRIPS ? gemm_far(g->b.term_stride) : !few && depth * g->n * sizeof(float) > gemm_l2(g));
  plan.b = workspace + gemm_a_floats(g->m, g->k);
  plan.block_panels = gemm_max(gemm_ceil_div(g->n, GEMM_COLUMNS), 1);
  if (plan.b_packed && !g->b_panels) plan.block_panels = gemm_min(plan.block_panels, gemm_b_panels(g, depth));
  plan.group_strips = few ? gemm_max(plan.strips, 1) : 1;
  plan.group_panels = few ? 1 : GEMM_GROUP_PANELS;
  return plan;
}

/* A block of the product: columns [column, column + columns), terms [term, term + depth). */
struct gemm_block {
  size_t column, columns, panels;
  size_t term, depth;
  bool first, last; /* of the terms */
};

/* The first row of a strip. */
VEC_INLINE size_t gemm_row(const struct gemm_plan *plan, size_t strip) {
  return strip * plan->rows + gemm_min(strip, plan->longer);
}
VEC_INLINE size_t gemm_rows(const struct gemm_plan *plan, size_t strip) { return plan->rows + (strip < plan->longer); }

VEC_INLINE size_t gemm_panel_columns(const struct gemm_block *block, size_t panel) {
  return gemm_min(block->columns - panel * GEMM_COLUMNS, GEMM_COLUMNS);
}
VEC_INLINE size_t gemm_vectors(size_t columns) { return gemm_ceil_div(columns, VEC_LANES); }

/* Whether a panel of so many columns lies packed. */
VEC_INLINE bool gemm_panel_packed(const struct gemm_plan *plan, size_t columns) {
  return plan->b_packed || (!GEMM_MASKS && columns % VEC_LANES);
}

/* Where B's panel is, and how far apart its rows. */
VEC_INLINE const float *gemm_b_at(const struct gemm *g, const struct gemm_plan *plan, const struct gemm_block *block,
                                  size_t panel, size_t columns, size_t *stride) {
  if (gemm_panel_packed(plan, columns)) {
    *stride = gemm_vectors(columns) * VEC_LANES;
    if (g->b_panels) return g->b_panels + panel * gemm_panel_stride(g->k) + block->term * *stride;
    return plan->b + (plan->b_packed ? panel * gemm_panel_stride(block->depth) : 0);
  }
  *stride = g->b.term_stride;
  return gemm_operand_from(g->b, block->column + panel * GEMM_COLUMNS, block->term).at;
}

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
  else
    gemm_column_sums(panel, stride, GEMM_VECTORS == 2 ? 2 : vectors, edge, depth, first, sums);
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

/* What follows the product, for rows [top, bottom) and columns [left, right): while they are in the caches. */
VEC_INLINE void gemm_finish(const struct gemm *g, size_t top, size_t bottom, size_t left, size_t right) {
  for (size_t row = top; row < bottom; row++) {
    const size_t at = row * g->c_stride + left;
    if (g->map) g->map(g->c + at, g->mapped + at, right - left, g->p);
    if (g->back) g->back(g->back_z + at, g->c + at, g->c + at, right - left, g->p);
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

/* ---- few rows times lines ---------------------------------------------------------------------------------------- */

#if GEMM_DIRECT
/* With few rows it costs too much to turn all of B where its terms are side by side. The transposed product is computed
 * then, C^T = B^T A^T: the few rows of A are turned instead, B's are read where they are, and tiles of C^T are turned
 * on their way to C. */
#define GEMM_TURNED_PLACES 8 /* lines of a strip where more would collide in the cache */

VEC_INLINE bool gemm_turned(const struct gemm *g) {
  return g->b.line_stride != 1 && g->a.line_stride != 1 && g->m <= GEMM_TURNED_ROWS && g->k <= GEMM_TURNED_DEPTH &&
         g->m < g->n && !g->accumulate && !g->bias && !g->b_sums;
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

static void gemm_turned_serial(const struct gemm *g, float *workspace) {
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
      gemm_tiles_lines[rows - 1][vectors - 1](&(struct gemm_tile){
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

/* ---- a row or a few ---------------------------------------------------------------------------------------------- */

VEC_INLINE bool gemm_streamed(const struct gemm *g) {
  return g->m && g->m <= GEMM_STREAM_ROWS && !g->b_sums && !g->b_panels &&
         (g->b.line_stride == 1 || !(g->accumulate || g->bias));
}

VEC_INLINE void gemm_stream(size_t rows, const struct gemm *g) {
  const struct gemm_operand a = g->a, b = g->b;
  if (b.line_stride == 1)
    gemm_stream_rows(rows, g->n, g->k, a.at, a.line_stride, a.term_stride, b.at, b.term_stride, g->c, g->c_stride);
  else
    gemm_stream_lines(rows, g->n, g->k, a.at, a.line_stride, a.term_stride, b.at, b.line_stride, g->c, g->c_stride);
}

static void gemm_stream_serial(const struct gemm *g) {
  if (g->b.line_stride == 1 && !g->accumulate)
    for (size_t i = 0; i < g->m; i++) {
      if (g->bias)
        memcpy(g->c + i * g->c_stride, g->bias, g->n * sizeof(float));
      else
        memset(g->c + i * g->c_stride, 0, g->n * sizeof(float));
    }
  switch (g->m) {
  case 1: gemm_stream(1, g); break;
  case 2: gemm_stream(2, g); break;
  case 3: gemm_stream(3, g); break;
  default: gemm_stream(GEMM_STREAM_ROWS, g);
  }
  if (g->map || g->back) gemm_finish(g, 0, g->m, 0, g->n);
}

/* The whole product on this thread. */
static void gemm_serial(const struct gemm *g, float *workspace) {
  if (gemm_streamed(g)) {
    gemm_stream_serial(g);
    return;
  }
#if GEMM_DIRECT
  if (gemm_turned(g)) {
    gemm_turned_serial(g, workspace);
    return;
  }
#endif
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

/* ---- threads ----------------------------------------------------------------------------------------------------- */

/* Below this many multiplications a thread costs more than it brings. */
#define GEMM_THREAD_WORK 65536

VEC_INLINE size_t gemm_workspace_floats(size_t m, size_t n, size_t k, int threads) {
  return (size_t)threads * gemm_thread_floats(m, n, k);
}

/* A grid of blocks of C, one for each thread. */
struct gemm_grid {
  size_t down, across;
};

/* The first column of part j: whole vectors, or whole panels where there are many or they are packed for good. */
static size_t gemm_part_column(const struct gemm *g, size_t j, size_t parts) {
  const size_t step = g->b_panels || g->n / parts >= 16 * GEMM_COLUMNS ? GEMM_COLUMNS : VEC_LANES;
  if (j == parts) return g->n;
  return gemm_min((g->n / parts * j + g->n % parts * j / parts + step / 2) / step * step, g->n);
}

/* The grid whose largest block is smallest. */
static struct gemm_grid gemm_grid(const struct gemm *g, size_t threads) {
  struct gemm_grid best = {1, 1};
  size_t least = SIZE_MAX;
  for (size_t across = 1; across <= gemm_min(threads, gemm_max(gemm_ceil_div(g->n, VEC_LANES), 1)); across++) {
    const size_t down = gemm_max(gemm_min(threads / across, g->m), 1);
    const size_t rows = gemm_ceil_div(g->m, down), vectors = gemm_ceil_div(gemm_ceil_div(g->n, across), VEC_LANES);
    if (rows * vectors < least) least = rows * vectors, best = (struct gemm_grid){down, across};
  }
  return best;
}

/* The block of thread `thread`. */
static struct gemm gemm_part(const struct gemm *g, struct gemm_grid grid, size_t thread) {
  const size_t i = thread / grid.across, j = thread % grid.across;
  const size_t top = gemm_share(g->m, i, grid.down), bottom = gemm_share(g->m, i + 1, grid.down);
  const size_t left = gemm_part_column(g, j, grid.across), right = gemm_part_column(g, j + 1, grid.across);
  struct gemm part = *g;
  const size_t at = top * g->c_stride + left;
  part.m = bottom - top, part.n = right - left;
  part.a = gemm_operand_from(g->a, top, 0), part.b = gemm_operand_from(g->b, left, 0);
  part.c = g->c + at;
  if (g->b_panels) part.b_panels = g->b_panels + left / GEMM_COLUMNS * gemm_panel_stride(g->k);
  if (g->bias) part.bias = g->bias + left;
  if (g->b_sums) part.b_sums = i == 0 ? g->b_sums + left : NULL;
  if (g->map) part.mapped = g->mapped + at;
  if (g->back) part.back_z = g->back_z + at;
  return part;
}

static void gemm(const struct gemm *g) {
  /* m = 0 leaves the column sums of B to be computed. */
  const double work = (double)g->m * (double)g->n * (double)g->k / GEMM_THREAD_WORK;
  const int threads = work < g->threads ? (int)work + (work < 1) : g->threads;
  if (threads == 1) {
    gemm_serial(g, g->workspace);
    return;
  }
  const struct gemm_grid grid = gemm_grid(g, (size_t)threads);
  const size_t parts = grid.down * grid.across, floats = gemm_thread_floats(g->m, g->n, g->k);
#pragma omp parallel num_threads((int)parts)
  for (size_t i = (size_t)omp_get_thread_num(); i < parts; i += (size_t)omp_get_num_threads()) {
    const struct gemm part = gemm_part(g, grid, i);
    gemm_serial(&part, g->workspace + i * floats);
  }
}

/* ---- tiny products ----------------------------------------------------------------------------------------------- */

/* A panel of few terms and one or two strips takes less time than planning how to run it. */
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
