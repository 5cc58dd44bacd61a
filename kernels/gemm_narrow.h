/* A few columns, as a matrix whose width is just beyond a multiple of the vectors' leaves over: where the register tile
 * would fill a vector with one column, here the vectors run along the rows. */
#ifndef DEPTHMARK_GEMM_NARROW_H
#define DEPTHMARK_GEMM_NARROW_H

#include "kernels/gemm_tile.h"

#define GEMM_NARROW 3        /* columns at most */
#define GEMM_NARROW_STRIPS 4 /* at a time: as many chains of multiply-adds hide their latency */
#define GEMM_NARROW_VECTORS ((GEMM_ROWS + VEC_LANES - 1) / VEC_LANES)

struct gemm_narrow_strip {
  const float *a; /* groups, readable to the end of their vectors unless tiles read directly */
  size_t a_stride, rows;
  float *c;
  const float *start; /* NULL: 0 */
};

/* c[i, j] = start[i, j] + sum over p of a(p, i) b[p, j] in the order of p, for j < columns <= GEMM_NARROW, for each of
 * count <= GEMM_NARROW_STRIPS strips of rows. */
VEC_INLINE void gemm_narrow_column(const struct gemm_narrow_strip *strips, size_t count, size_t depth, const float *b,
                                   size_t b_stride, size_t c_stride, size_t start_stride) {
  vf sum[GEMM_NARROW_STRIPS][GEMM_NARROW_VECTORS];
  const float *a[GEMM_NARROW_STRIPS];
  for (size_t s = 0; s < count; s++) {
    float start[GEMM_NARROW_VECTORS * VEC_LANES] = {0};
    if (strips[s].start)
      for (size_t i = 0; i < strips[s].rows; i++) start[i] = strips[s].start[i * start_stride];
    for (size_t v = 0; v < GEMM_NARROW_VECTORS; v++) sum[s][v] = vf_load(start + v * VEC_LANES);
    a[s] = strips[s].a;
  }
  for (size_t p = 0; p < depth; p++) {
    const vf element = vf_set(b[p * b_stride]);
    UNROLL_ALL
    for (size_t s = 0; s < count; s++) {
      UNROLL_ALL
      for (size_t v = 0; v < GEMM_NARROW_VECTORS; v++) {
        const float *at = a[s] + v * VEC_LANES;
        sum[s][v] = vf_fma(GEMM_DIRECT ? vf_load_n(at, strips[s].rows) : vf_load(at), element, sum[s][v]);
      }
      a[s] += strips[s].a_stride;
    }
  }
  for (size_t s = 0; s < count; s++) {
    float result[GEMM_NARROW_VECTORS * VEC_LANES];
    for (size_t v = 0; v < GEMM_NARROW_VECTORS; v++) vf_store(result + v * VEC_LANES, sum[s][v]);
    for (size_t i = 0; i < strips[s].rows; i++) strips[s].c[i * c_stride] = result[i];
  }
}

static void gemm_narrow(const struct gemm_narrow_strip *strips, size_t count, size_t depth, const float *b,
                        size_t b_stride, size_t c_stride, size_t start_stride) {
  switch (count) {
  case 1: gemm_narrow_column(strips, 1, depth, b, b_stride, c_stride, start_stride); break;
  case 2: gemm_narrow_column(strips, 2, depth, b, b_stride, c_stride, start_stride); break;
  case 3: gemm_narrow_column(strips, 3, depth, b, b_stride, c_stride, start_stride); break;
  default: gemm_narrow_column(strips, 4, depth, b, b_stride, c_stride, start_stride);
  }
}

#endif
