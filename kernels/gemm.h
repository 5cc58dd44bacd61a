/* Matrix product C = start + A B for every order of the operands: blocked for the caches, packed, tiled, threaded.
 *
 * After Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008, and Van Zee
 * and van de Geijn, "BLIS", ACM TOMS 41(3), 2015. C is cut into column blocks and the sum into depth blocks. For each
 * of them the threads pack B together; then each takes its share of C, packs the rows of A that it needs and runs the
 * tiles. An element of C belongs to one thread at a time and its terms are added in an order that depends on k only, so
 * the result does not depend on the number of threads, on the tile or on the caches.
 */
#ifndef DEPTHMARK_GEMM_H
#define DEPTHMARK_GEMM_H

#include <assert.h>
#include <omp.h>
#include <stdbool.h>

#include "kernels/gemm_pack.h"
#include "kernels/gemm_tile.h"
#include "kernels/kernels.h"

struct gemm {
  size_t m, n, k;
  struct gemm_operand a; /* its lines are the m rows of A */
  struct gemm_operand b; /* its lines are the n columns of B */
  float *c;              /* m x n */
  size_t c_stride;       /* between the rows of c and of mapped, at least n */
  bool accumulate;       /* start is what c holds, and not the bias */
  const float *bias;     /* n, the start of every row; NULL: 0 */
  float *b_sums;         /* receives the n column sums of B; NULL: not wanted */
  map_kernel *map;       /* applied to each element of C when it is done, into mapped; NULL: none */
  float *mapped;         /* m x n, may be c */
  backward_kernel *back; /* applied to each element of C when it is done, with that of back_z; NULL: none */
  const float *back_z;   /* m x n, rows c_stride apart */
  struct parameters p;   /* of map and back */
  float *workspace;      /* gemm_workspace_floats(), aligned to 64 bytes */
  int threads;
};

VEC_INLINE size_t gemm_min(size_t a, size_t b) { return a < b ? a : b; }
VEC_INLINE size_t gemm_max(size_t a, size_t b) { return a > b ? a : b; }
VEC_INLINE size_t gemm_ceil_div(size_t a, size_t b) { return a / b + (a % b != 0); }

/* The first of count things that belongs to part `part` of `parts` equal ones. */
VEC_INLINE size_t gemm_share(size_t count, size_t part, size_t parts) {
  return count / parts * part + gemm_min(count % parts, part);
}

/* Below this many multiplications a thread costs more than it brings. */
#define GEMM_THREAD_WORK 65536

/* Floats of one thread's packed block of A, and of the shared block of B; multiples of 16 floats, 64 bytes. */
VEC_INLINE size_t gemm_a_floats(size_t m, size_t k) {
  const size_t rows = gemm_min(m, GEMM_STRIPS * GEMM_ROWS), depth = gemm_min(k, GEMM_DEPTH);
  return (rows * depth + GEMM_PACK_OVERRUN + 15) / 16 * 16;
}
VEC_INLINE size_t gemm_b_floats(size_t n, size_t k) {
  const size_t panels = gemm_min(gemm_ceil_div(n, GEMM_COLUMNS), GEMM_PANELS), depth = gemm_min(k, GEMM_DEPTH);
  return (panels * GEMM_COLUMNS * depth + 15) / 16 * 16;
}
VEC_INLINE size_t gemm_workspace_floats(size_t m, size_t n, size_t k, int threads) {
  return gemm_b_floats(n, k) + (size_t)threads * gemm_a_floats(m, k);
}

/* A block of the product that all threads work on: columns [column, column + columns), terms [term, term + depth). */
struct gemm_block {
  size_t column, columns, term, depth, panels;
  int first, last; /* of the sum */
};

VEC_INLINE size_t gemm_panel_columns(const struct gemm_block *block, size_t panel) {
  return gemm_min(block->columns - panel * GEMM_COLUMNS, GEMM_COLUMNS);
}

/* db: the sums of a packed panel's columns, continued from the depth block before. */
static void gemm_panel_sums(const float *panel, size_t columns, size_t depth, int first, float *sums) {
  for (size_t j = 0; j < columns; j += VEC_LANES) {
    const size_t width = gemm_ceil_div(columns, VEC_LANES) * VEC_LANES, n = columns - j;
    vf sum = vf_set(0.0f);
    for (size_t p = 0; p < depth; p++) sum = vf_add(sum, vf_load(panel + p * width + j));
    if (n >= VEC_LANES)
      vf_store(sums + j, first ? sum : vf_add(vf_load(sums + j), sum));
    else
      vf_store_n(sums + j, first ? sum : vf_add(vf_load_n(sums + j, n), sum), n);
  }
}

/* Packs panels [begin, end) of the block of B. */
static void gemm_pack_panels(const struct gemm *g, const struct gemm_block *block, float *packed, size_t begin,
                             size_t end) {
  for (size_t panel = begin; panel < end; panel++) {
    const size_t columns = gemm_panel_columns(block, panel), first = block->column + panel * GEMM_COLUMNS;
    float *to = packed + panel * GEMM_COLUMNS * block->depth;
    if (block->depth) {
      struct gemm_operand from = g->b;
      from.at += first * from.line_stride + block->term * from.term_stride;
      gemm_pack(from, columns, block->depth, gemm_ceil_div(columns, VEC_LANES) * VEC_LANES, to);
    }
    if (g->b_sums) gemm_panel_sums(to, columns, block->depth, block->first, g->b_sums + first);
  }
}

/* Packs rows [begin, end) of A, given by their strips. */
static void gemm_pack_strips(const struct gemm *g, const struct gemm_block *block, size_t strips, float *packed,
                             size_t begin, size_t end) {
  if (!block->depth) return;
  for (size_t strip = begin; strip < end; strip++) {
    const size_t row = gemm_share(g->m, strip, strips), rows = gemm_share(g->m, strip + 1, strips) - row;
    struct gemm_operand from = g->a;
    from.at += row * from.line_stride + block->term * from.term_stride;
    gemm_pack(from, rows, block->depth, rows, packed);
    packed += rows * block->depth;
  }
}

/* Columns over which the map runs at a time, once their sums are done: still in the caches. */
#define GEMM_MAP_PANELS 8

/* Strips [begin, end) of the rows times panels [left, right) of the columns. */
static void gemm_tiles_run(const struct gemm *g, const struct gemm_block *block, size_t strips, const float *a,
                           const float *b, size_t begin, size_t end, size_t left, size_t right) {
  const size_t top = gemm_share(g->m, begin, strips), bottom = gemm_share(g->m, end, strips);
  for (size_t panel = left; panel < right; panel++) {
    const size_t columns = gemm_panel_columns(block, panel), vectors = gemm_ceil_div(columns, VEC_LANES);
    const size_t column = block->column + panel * GEMM_COLUMNS;
    for (size_t strip = begin; strip < end; strip++) {
      const size_t row = gemm_share(g->m, strip, strips), rows = gemm_share(g->m, strip + 1, strips) - row;
      float *c = g->c + row * g->c_stride + column;
      const bool add = g->accumulate || !block->first;
      const float *start = add ? c : g->bias ? g->bias + column : NULL;
      gemm_tiles[rows - 1][vectors - 1](block->depth, a + (row - top) * block->depth,
                                        b + panel * GEMM_COLUMNS * block->depth, c, g->c_stride, start,
                                        add ? g->c_stride : 0, columns - (vectors - 1) * VEC_LANES);
    }
    if ((g->map || g->back) && block->last &&
        ((panel - left) % GEMM_MAP_PANELS == GEMM_MAP_PANELS - 1 || panel + 1 == right)) {
      const size_t from = block->column + (panel - (panel - left) % GEMM_MAP_PANELS) * GEMM_COLUMNS;
      for (size_t row = top; row < bottom; row++) {
        const size_t at = row * g->c_stride + from, n = column + columns - from;
        if (g->map) g->map(g->c + at, g->mapped + at, n, g->p);
        if (g->back) g->back(g->back_z + at, g->c + at, g->c + at, n, g->p);
      }
    }
  }
}

/* What thread `thread` of `threads` does. */
static void gemm_thread(const struct gemm *g, size_t thread, size_t threads) {
  float *b = g->workspace, *a = b + gemm_b_floats(g->n, g->k) + thread * gemm_a_floats(g->m, g->k);
  const size_t all_panels = gemm_ceil_div(g->n, GEMM_COLUMNS), strips = gemm_ceil_div(g->m, GEMM_ROWS);
  const size_t column_blocks = gemm_ceil_div(all_panels, GEMM_PANELS);
  const size_t depth_blocks = gemm_max(gemm_ceil_div(g->k, GEMM_DEPTH), 1); /* an empty sum is still stored */
  for (size_t i = 0; i < column_blocks; i++) {
    const size_t first_panel = gemm_share(all_panels, i, column_blocks);
    struct gemm_block block = {.column = first_panel * GEMM_COLUMNS};
    block.panels = gemm_share(all_panels, i + 1, column_blocks) - first_panel;
    block.columns = gemm_min(g->n - block.column, block.panels * GEMM_COLUMNS);
    /* C is cut into row blocks x panels; few panels are made up for by more and smaller row blocks. */
    const size_t wanted = threads == 1 ? 1 : gemm_ceil_div(4 * threads, block.panels);
    const size_t row_blocks = gemm_max(gemm_ceil_div(strips, GEMM_STRIPS), gemm_min(strips, wanted));
    const size_t units = row_blocks * block.panels;
    for (size_t j = 0; j < depth_blocks; j++) {
      block.term = gemm_share(g->k, j, depth_blocks);
      block.depth = gemm_share(g->k, j + 1, depth_blocks) - block.term;
      block.first = j == 0, block.last = j + 1 == depth_blocks;
      gemm_pack_panels(g, &block, b, gemm_share(block.panels, thread, threads),
                       gemm_share(block.panels, thread + 1, threads));
      if (threads > 1) {
#pragma omp barrier
      }
      /* A thread's share is a run of (row block, panel) pairs, row block by row block. */
      const size_t end = gemm_share(units, thread + 1, threads);
      for (size_t unit = gemm_share(units, thread, threads); unit < end;) {
        const size_t row_block = unit / block.panels, left = unit % block.panels;
        const size_t right = gemm_min(block.panels, left + end - unit);
        const size_t top = gemm_share(strips, row_block, row_blocks),
                     bottom = gemm_share(strips, row_block + 1, row_blocks);
        gemm_pack_strips(g, &block, strips, a, top, bottom);
        gemm_tiles_run(g, &block, strips, a, b, top, bottom, left, right);
        unit += right - left;
      }
      if (threads > 1) { /* until then b is read */
#pragma omp barrier
      }
    }
  }
}

static void gemm(const struct gemm *g) {
  /* m = 0 leaves the column sums of B to be computed. */
  const double work = (double)g->m * (double)g->n * (double)g->k / GEMM_THREAD_WORK;
  const int threads = work < g->threads ? (int)work + (work < 1) : g->threads;
  if (threads == 1) {
    gemm_thread(g, 0, 1);
    return;
  }
#pragma omp parallel num_threads(threads)
  gemm_thread(g, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads());
}

#endif
