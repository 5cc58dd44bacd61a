/* What both normalizations share: means and variances, and who does which part. */
#ifndef DEPTHMARK_NORM_H
#define DEPTHMARK_NORM_H

#include <assert.h>
#include <omp.h>

#include "kernels/kernels.h"
#include "kernels/unroll.h"
#include "kernels/vec/vec.h"

/* With fewer elements a thread costs more than it brings. */
#define NORM_THREAD_ELEMENTS 8192

/* Vectors of columns that are summed side by side, each column in one chain over the rows. */
#define NORM_VECTORS 4
#define NORM_COLUMNS (NORM_VECTORS * VEC_LANES)

/* The mean of each lane's group, to more than a float: mean + rest, mean the nearest float. */
struct norm_mean {
  vf mean, rest;
};

/* From the group's first z and the sum of all z less that (Knuth's TwoSum). */
VEC_INLINE struct norm_mean norm_mean(vf first, vf sum, vf count) {
  const vf offset = vf_div(sum, count), mean = vf_add(first, offset), from_first = vf_sub(mean, first);
  const vf lost = vf_sub(first, vf_sub(mean, from_first));
  return (struct norm_mean){mean, vf_add(lost, vf_sub(offset, from_first))};
}

/* 1 / sqrt(variance + epsilon) from the sum of squares of z - mean. No z is nearer to mean + rest than mean is: what
 * rest^2 takes away is at most half, but for rounding in a very long sum, which must not make a root of less than 0. */
VEC_INLINE vf norm_inverse(vf squares, struct norm_mean mean, vf count, float epsilon) {
  const vf variance = vf_max(vf_set(0.0f), vf_fnma(mean.rest, mean.rest, vf_div(squares, count)));
  return vf_div(vf_set(1.0f), vf_sqrt(vf_add(variance, vf_set(epsilon))));
}

/* How many threads have something to do where there are so many steps to share. */
VEC_INLINE size_t norm_parts(const struct norm *s, size_t steps) {
  const size_t worth = s->rows * s->columns / NORM_THREAD_ELEMENTS, most = worth < steps ? worth : steps;
  assert(s->threads >= 1 && s->epsilon >= 0);
  return most < 1 ? 1 : most < (size_t)s->threads ? most : (size_t)s->threads;
}

/* Does rows or columns from the first as far as the second. */
typedef void norm_part(const struct norm *s, size_t from, size_t to);

/* Shares count of them among the threads, in whole steps. */
static void norm_share(const struct norm *s, size_t count, size_t step, norm_part *part) {
  const size_t steps = (count + step - 1) / step, parts = norm_parts(s, steps);
  if (parts == 1) {
    part(s, 0, count);
    return;
  }
#pragma omp parallel num_threads((int)parts)
  for (size_t i = (size_t)omp_get_thread_num(); i < parts; i += (size_t)omp_get_num_threads()) {
    const size_t to = steps * (i + 1) / parts * step;
    part(s, steps * i / parts * step, to < count ? to : count);
  }
}

/* A block: `width` columns from `at` on, whole vectors of them or a part of one, and the rows [first, end). */
typedef void norm_block(const struct norm *s, size_t at, size_t vectors, size_t width, size_t first, size_t end);

/* Columns [from, to) by blocks of NORM_VECTORS vectors and, at the end, single ones. Inlined, all but the last block
 * are of constant size. */
VEC_INLINE void norm_walk(const struct norm *s, size_t from, size_t to, size_t first, size_t end, norm_block *block) {
  for (; from + NORM_COLUMNS <= to; from += NORM_COLUMNS) block(s, from, NORM_VECTORS, NORM_COLUMNS, first, end);
  for (; from + VEC_LANES <= to; from += VEC_LANES) block(s, from, 1, VEC_LANES, first, end);
  if (from < to) block(s, from, 1, to - from, first, end);
}

#endif
