/* How a product is cut into blocks: what is packed, how much of it at a time, in which order the tiles run. */
#ifndef DEPTHMARK_GEMM_PLAN_H
#define DEPTHMARK_GEMM_PLAN_H

#include "kernels/gemm_narrow.h"
#include "kernels/gemm_pack.h"
#include "kernels/gemm_product.h"

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

#endif
