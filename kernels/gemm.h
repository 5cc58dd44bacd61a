/* Matrix product C = start + A B for every order of the operands, on this thread or shared by some: C is cut into a
 * grid of blocks, and each thread does its own from beginning to end, without waiting for the others.
 *
 *   gemm_product.h   what is to be computed
 *   gemm_stream.h    a row or a few: B is read once
 *   gemm_turned.h    few rows, terms of B's columns side by side: the transposed product
 *   gemm_blocked.h   all else: gemm_plan.h cuts it, gemm_pack.h packs it, gemm_tile.h and gemm_narrow.h run it
 *   gemm_tiny.h      a tile or two, for callers that ask first
 *
 * Whichever it is, an element of C gains its terms one after the other by fused multiply-adds: the same bits from all.
 */
#ifndef DEPTHMARK_GEMM_H
#define DEPTHMARK_GEMM_H

#include <omp.h>

#include "kernels/gemm_blocked.h"
#include "kernels/gemm_stream.h"
#include "kernels/gemm_turned.h"

/* The whole product on this thread. */
static void gemm_serial(const struct gemm *g, float *workspace) {
  if (gemm_streamed(g))
    gemm_stream_product(g);
  else if (gemm_turned(g))
    gemm_turn(g, workspace);
  else
    gemm_blocked(g, workspace);
}

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

#endif
