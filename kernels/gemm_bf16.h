/* Matrix product C = start + A B of bf16 with sums in float: blocked, packed and tiled like the product of floats, but
 * always packed, since pairs must be made; the threads pack B together and share it. Terms come in pairs; a block of
 * the sum has whole pairs, so that packed B is the same for every blocking of the columns and can be kept. */
#ifndef DEPTHMARK_GEMM_BF16_H
#define DEPTHMARK_GEMM_BF16_H

#include "kernels/gemm.h"
#include "kernels/gemm_bf16_pack.h"
#include "kernels/gemm_bf16_tile.h"

/* Pairs of terms summed in registers before the sum meets memory, and the number that blocks are multiples of. They
 * decide the order in which the terms of a sum are added and are therefore the same everywhere. So deep, a panel of B
 * does not stay in L1; but the sums, in whose rows a power of two apart a cache has the fewest places, are met once,
 * and that was faster (Zen 4, 1024^3: 92 % of the peak, at 176 pairs 87 %). */
#define GEMM_BF16_PAIRS 512
#define GEMM_BF16_PAIRS_UNIT 16
/* A thread's packed block of A, in strips of rows: at most so many, 336 KiB, and fewer where that is more than half of
 * the second-level cache. Panels of the shared packed block of B: at most so many, 6 MiB, and fewer where that is more
 * than half of the threads' shares of the third. */
#define GEMM_BF16_STRIPS (168 / GEMM_ROWS)
#define GEMM_BF16_PANELS (3072 / GEMM_COLUMNS)
/* Below this many multiplications a thread costs more than it brings. */
#define GEMM_BF16_THREAD_WORK (2 * GEMM_THREAD_WORK)
/* Fewer elements than this are packed by one thread. */
#define GEMM_BF16_PACK_WORK 65536
/* Panels whose results are rounded to bf16 at a time, still in the caches. */
#define GEMM_BF16_ROUND_PANELS 8

struct gemm_bf16 {
  size_t m, n, k;
  struct gemm_bf16_operand a; /* its lines are the m rows of A */
  struct gemm_bf16_operand b; /* its lines are the n columns of B */
  const uint32_t *packed_b;   /* the same as gemm_bf16_pack_b() leaves it; NULL: b is packed into the workspace */
  float *c;                   /* m x n */
  size_t c_stride;            /* between the rows of c and of rounded, at least n */
  const float *bias;          /* n, the start of every row; NULL: 0 */
  float *b_sums;              /* receives the n column sums of B, which is not given packed; NULL: not wanted */
  uint16_t *rounded;          /* receives map(c), or c, in bf16; NULL: not wanted */
  map_kernel *map;
  struct parameters p;
  gemm_bf16_tile_table *tiles;
  uint32_t *workspace; /* gemm_bf16_workspace_words(), aligned to 64 bytes */
  struct caches caches;
  int threads;
};

VEC_INLINE size_t gemm_bf16_strips(const struct gemm_bf16 *g) {
  const size_t strip = GEMM_ROWS * GEMM_BF16_PAIRS * sizeof(uint32_t), half = g->caches.l2 / 2;
  return half ? gemm_max(gemm_min(half / strip, GEMM_BF16_STRIPS), 1) : GEMM_BF16_STRIPS;
}
VEC_INLINE size_t gemm_bf16_panels(const struct gemm_bf16 *g) {
  const size_t panel = GEMM_COLUMNS * GEMM_BF16_PAIRS * sizeof(uint32_t);
  const size_t share = gemm_min(g->caches.l3 / 2 / panel, GEMM_BF16_PANELS);
  return g->caches.l3 ? gemm_max(gemm_min(share * (size_t)g->threads, GEMM_BF16_PANELS), 1) : GEMM_BF16_PANELS;
}

VEC_INLINE size_t gemm_bf16_padded(size_t columns) { return gemm_ceil_div(columns, VEC_LANES) * VEC_LANES; }
VEC_INLINE size_t gemm_bf16_pairs(size_t k) { return gemm_ceil_div(k, 2); }
VEC_INLINE size_t gemm_bf16_depth_blocks(size_t k) { return gemm_ceil_div(gemm_bf16_pairs(k), GEMM_BF16_PAIRS); }

/* The first pair of depth block j of `blocks`. */
VEC_INLINE size_t gemm_bf16_first_pair(size_t k, size_t j, size_t blocks) {
  const size_t pairs = gemm_bf16_pairs(k);
  return gemm_min(pairs, gemm_share(gemm_ceil_div(pairs, GEMM_BF16_PAIRS_UNIT), j, blocks) * GEMM_BF16_PAIRS_UNIT);
}

/* Words of one thread's packed block of A, and of the shared block of B; multiples of 64 bytes. */
VEC_INLINE size_t gemm_bf16_a_words(size_t m, size_t k) {
  const size_t rows = gemm_min(m, GEMM_BF16_STRIPS * GEMM_ROWS), pairs = gemm_min(gemm_bf16_pairs(k), GEMM_BF16_PAIRS);
  return (rows * pairs + GEMM_BF16_PACK_OVERRUN + 15) / 16 * 16;
}
VEC_INLINE size_t gemm_bf16_b_words(size_t n, size_t k) {
  const size_t panels = gemm_min(gemm_ceil_div(n, GEMM_COLUMNS), GEMM_BF16_PANELS);
  return (panels * GEMM_COLUMNS * gemm_min(gemm_bf16_pairs(k), GEMM_BF16_PAIRS) + 15) / 16 * 16;
}
VEC_INLINE size_t gemm_bf16_workspace_words(size_t m, size_t n, size_t k, int threads) {
  return gemm_bf16_b_words(n, k) + (size_t)threads * gemm_bf16_a_words(m, k);
}

/* A block of the product that all threads work on: panels [panel, panel + panels) of the columns, terms
 * [term, term + terms). */
struct gemm_bf16_block {
  size_t panel, panels, term, terms, pairs;
  bool first, last; /* of the sum */
};

static struct gemm_bf16_block gemm_bf16_block(const struct gemm_bf16 *g, size_t panel, size_t panels, size_t j) {
  const size_t blocks = gemm_max(gemm_bf16_depth_blocks(g->k), 1); /* an empty sum is still stored */
  const size_t pair = gemm_bf16_first_pair(g->k, j, blocks), end = gemm_bf16_first_pair(g->k, j + 1, blocks);
  return (struct gemm_bf16_block){.panel = panel,
                                  .panels = panels,
                                  .term = 2 * pair,
                                  .terms = gemm_min(g->k, 2 * end) - gemm_min(g->k, 2 * pair),
                                  .pairs = end - pair,
                                  .first = j == 0,
                                  .last = j + 1 == blocks};
}

VEC_INLINE size_t gemm_bf16_columns(const struct gemm_bf16 *g, size_t panel) {
  return gemm_min(g->n - panel * GEMM_COLUMNS, GEMM_COLUMNS);
}

/* The sums of a packed panel's columns, continued from the depth block before. */
static void gemm_bf16_panel_sums(const uint32_t *panel, size_t columns, size_t pairs, bool first, float *sums) {
  const size_t width = gemm_bf16_padded(columns);
  for (size_t j = 0; j < columns; j += VEC_LANES) {
    vf sum = vf_set(0.0f);
    for (size_t p = 0; p < pairs; p++) {
      const vi pair = vi_load(panel + p * width + j);
      sum = vf_add(vf_add(sum, bf16_high(pair)), bf16_low(pair));
    }
    vf_store_before(sums, first ? sum : vf_add(vf_load_before(sums, j, columns), sum), j, columns);
  }
}

/* Packs panels [begin, end) of the block of B, counted from its first. */
static void gemm_bf16_pack_panels(const struct gemm_bf16 *g, const struct gemm_bf16_block *block, uint32_t *packed,
                                  size_t begin, size_t end) {
  for (size_t panel = begin; panel < end; panel++) {
    const size_t columns = gemm_bf16_columns(g, block->panel + panel), first = (block->panel + panel) * GEMM_COLUMNS;
    uint32_t *to = packed + panel * GEMM_COLUMNS * block->pairs;
    struct gemm_bf16_operand from = g->b;
    if (block->terms) {
      from.at += first * from.line_stride + block->term * from.term_stride;
      gemm_bf16_pack(from, columns, block->terms, gemm_bf16_padded(columns), to);
    }
    if (g->b_sums) gemm_bf16_panel_sums(to, columns, block->pairs, block->first, g->b_sums + first);
  }
}

/* Where that block of B begins in packed_b: depth block after depth block, each panel after panel. */
VEC_INLINE size_t gemm_bf16_packed_at(const struct gemm_bf16 *g, const struct gemm_bf16_block *block) {
  return block->term / 2 * gemm_bf16_padded(g->n) + block->panel * GEMM_COLUMNS * block->pairs;
}

/* Packs all of B for products that are given it so: gemm_bf16_pairs(k) * gemm_bf16_padded(n) words. */
static void gemm_bf16_pack_b(const struct gemm_bf16 *g, uint32_t *packed) {
  const size_t panels = gemm_ceil_div(g->n, GEMM_COLUMNS), blocks = gemm_bf16_depth_blocks(g->k);
  const int threads = (double)g->n * (double)g->k < GEMM_BF16_PACK_WORK ? 1 : g->threads;
#pragma omp parallel for collapse(2) schedule(static) num_threads(threads)
  for (size_t j = 0; j < blocks; j++)
    for (size_t panel = 0; panel < panels; panel++) {
      const struct gemm_bf16_block block = gemm_bf16_block(g, panel, 1, j);
      gemm_bf16_pack_panels(g, &block, packed + gemm_bf16_packed_at(g, &block), 0, 1);
    }
}

/* Packs strips [begin, end) of the rows of A. */
static void gemm_bf16_pack_strips(const struct gemm_bf16 *g, const struct gemm_bf16_block *block, size_t strips,
                                  uint32_t *packed, size_t begin, size_t end) {
  if (!block->terms) return;
  for (size_t strip = begin; strip < end; strip++) {
    const size_t row = gemm_share(g->m, strip, strips), rows = gemm_share(g->m, strip + 1, strips) - row;
    struct gemm_bf16_operand from = g->a;
    from.at += row * from.line_stride + block->term * from.term_stride;
    gemm_bf16_pack(from, rows, block->terms, rows, packed);
    packed += rows * block->pairs;
  }
}

/* rounded = map(c) of rows [top, bottom), columns [left, right). */
static void gemm_bf16_round_block(const struct gemm_bf16 *g, size_t top, size_t bottom, size_t left, size_t right) {
  float mapped[GEMM_BF16_ROUND_PANELS * GEMM_COLUMNS];
  for (size_t row = top; row < bottom; row++) {
    const size_t at = row * g->c_stride + left;
    if (g->map) g->map(g->c + at, mapped, right - left, g->p);
    bf16_round(g->map ? mapped : g->c + at, g->rounded + at, right - left);
  }
}

/* Strips [begin, end) of the rows times panels [left, right) of the block's. */
static void gemm_bf16_tiles_run(const struct gemm_bf16 *g, const struct gemm_bf16_block *block, size_t strips,
                                const uint32_t *a, const uint32_t *b, size_t begin, size_t end, size_t left,
                                size_t right) {
  const size_t top = gemm_share(g->m, begin, strips), bottom = gemm_share(g->m, end, strips);
  size_t unrounded = (block->panel + left) * GEMM_COLUMNS;
  for (size_t panel = left; panel < right; panel++) {
    const size_t columns = gemm_bf16_columns(g, block->panel + panel), vectors = gemm_ceil_div(columns, VEC_LANES);
    const size_t column = (block->panel + panel) * GEMM_COLUMNS;
    for (size_t strip = begin; strip < end; strip++) {
      const size_t row = gemm_share(g->m, strip, strips), rows = gemm_share(g->m, strip + 1, strips) - row;
      float *c = g->c + row * g->c_stride + column;
      const float *start = !block->first ? c : g->bias ? g->bias + column : NULL;
      (*g->tiles)[rows - 1][vectors - 1](block->pairs, a + (row - top) * block->pairs,
                                         b + panel * GEMM_COLUMNS * block->pairs, c, g->c_stride, start,
                                         block->first ? 0 : g->c_stride, columns - (vectors - 1) * VEC_LANES);
    }
    if (g->rounded && block->last &&
        ((panel - left) % GEMM_BF16_ROUND_PANELS == GEMM_BF16_ROUND_PANELS - 1 || panel + 1 == right)) {
      gemm_bf16_round_block(g, top, bottom, unrounded, column + columns);
      unrounded = column + columns;
    }
  }
}

/* The part of thread `thread` of `threads` in one block of the product. */
static void gemm_bf16_block_run(const struct gemm_bf16 *g, const struct gemm_bf16_block *block, size_t thread,
                                size_t threads) {
  uint32_t *own_b = g->workspace, *a = own_b + gemm_bf16_b_words(g->n, g->k) + thread * gemm_bf16_a_words(g->m, g->k);
  const uint32_t *b = g->packed_b ? g->packed_b + gemm_bf16_packed_at(g, block) : own_b;
  if (!g->packed_b) {
    gemm_bf16_pack_panels(g, block, own_b, gemm_share(block->panels, thread, threads),
                          gemm_share(block->panels, thread + 1, threads));
    if (threads > 1) {
#pragma omp barrier
    }
  }
  /* C is cut into row blocks x panels; few panels are made up for by more and smaller row blocks. A thread's share is a
   * run of these pairs, row block by row block. */
  const size_t strips = gemm_ceil_div(g->m, GEMM_ROWS);
  const size_t wanted = threads == 1 ? 1 : gemm_ceil_div(4 * threads, block->panels);
  const size_t row_blocks = gemm_max(gemm_ceil_div(strips, gemm_bf16_strips(g)), gemm_min(strips, wanted));
  const size_t units = row_blocks * block->panels, end = gemm_share(units, thread + 1, threads);
  for (size_t unit = gemm_share(units, thread, threads); unit < end;) {
    const size_t row_block = unit / block->panels, left = unit % block->panels;
    const size_t right = gemm_min(block->panels, left + end - unit);
    const size_t top = gemm_share(strips, row_block, row_blocks),
                 bottom = gemm_share(strips, row_block + 1, row_blocks);
    gemm_bf16_pack_strips(g, block, strips, a, top, bottom);
    gemm_bf16_tiles_run(g, block, strips, a, b, top, bottom, left, right);
    unit += right - left;
  }
  if (threads > 1) { /* until then b is read, and sums are continued by whoever has the same rows and panels next */
#pragma omp barrier
  }
}

static void gemm_bf16_thread(const struct gemm_bf16 *g, size_t thread, size_t threads) {
  const size_t panels = gemm_ceil_div(g->n, GEMM_COLUMNS), column_blocks = gemm_ceil_div(panels, gemm_bf16_panels(g));
  for (size_t i = 0; i < column_blocks; i++) {
    const size_t panel = gemm_share(panels, i, column_blocks), next = gemm_share(panels, i + 1, column_blocks);
    for (size_t j = 0; j < gemm_max(gemm_bf16_depth_blocks(g->k), 1); j++) {
      const struct gemm_bf16_block block = gemm_bf16_block(g, panel, next - panel, j);
      gemm_bf16_block_run(g, &block, thread, threads);
    }
  }
}

static void gemm_bf16(const struct gemm_bf16 *g) {
  /* m = 0 leaves the column sums of B to be computed. */
  const double work = (double)g->m * (double)g->n * (double)g->k / GEMM_BF16_THREAD_WORK;
  const int threads = work < g->threads ? (int)work + (work < 1) : g->threads;
  if (threads == 1) {
    gemm_bf16_thread(g, 0, 1);
    return;
  }
#pragma omp parallel num_threads(threads)
  gemm_bf16_thread(g, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads());
}

#endif
