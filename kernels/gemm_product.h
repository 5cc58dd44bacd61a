/* What a matrix product is to compute, and what is done to its result. */
#ifndef DEPTHMARK_GEMM_PRODUCT_H
#define DEPTHMARK_GEMM_PRODUCT_H

#include <stdbool.h>

#include "kernels/gemm_pack.h"
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

/* What follows the product, for rows [top, bottom) and columns [left, right): while they are in the caches. */
VEC_INLINE void gemm_finish(const struct gemm *g, size_t top, size_t bottom, size_t left, size_t right) {
  for (size_t row = top; row < bottom; row++) {
    const size_t at = row * g->c_stride + left;
    if (g->map) g->map(g->c + at, g->mapped + at, right - left, g->p);
    if (g->back) g->back(g->back_z + at, g->c + at, g->c + at, right - left, g->p);
  }
}

#endif
