/* Products with a row or a few: B is used once, so that its way from memory is all that counts. It is read in the order
 * in which it lies there, by few streams, and C stays in the first-level cache. */
#ifndef DEPTHMARK_GEMM_STREAM_H
#define DEPTHMARK_GEMM_STREAM_H

#include "kernels/gemm_block.h"
#include "kernels/gemm_product.h"
#include "kernels/transpose.h"

#define GEMM_STREAM_ROWS 4  /* of A, at most */
#define GEMM_STREAM_TERMS 8 /* rows of B at a time */
#define GEMM_STREAM_VECTORS 2

/* c[i, j] += sum over terms p of a(i, p) b[p, j] for rows i and vectors from column j on, the last of them with so many
 * columns. */
VEC_INLINE void gemm_stream_piece(size_t rows, size_t terms, size_t vectors, const float *a, size_t a_line,
                                  size_t a_term, const float *b, size_t b_stride, float *c, size_t c_stride,
                                  size_t columns) {
  vf sum[GEMM_STREAM_ROWS][GEMM_STREAM_VECTORS];
  UNROLL_ALL
  for (size_t i = 0; i < rows; i++) {
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) sum[i][v] = vf_load_before(c + i * c_stride, v * VEC_LANES, columns);
  }
  UNROLL_ALL
  for (size_t p = 0; p < terms; p++) {
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) {
      const vf row = vf_load_before(b + p * b_stride, v * VEC_LANES, columns);
      UNROLL_ALL
      for (size_t i = 0; i < rows; i++) sum[i][v] = vf_fma(vf_set(a[i * a_line + p * a_term]), row, sum[i][v]);
    }
  }
  UNROLL_ALL
  for (size_t i = 0; i < rows; i++) {
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) vf_store_before(c + i * c_stride, sum[i][v], v * VEC_LANES, columns);
  }
}

/* The same for all n columns. */
VEC_INLINE void gemm_stream_terms(size_t rows, size_t terms, size_t n, const float *a, size_t a_line, size_t a_term,
                                  const float *b, size_t b_stride, float *c, size_t c_stride) {
  const size_t step = GEMM_STREAM_VECTORS * VEC_LANES;
  size_t j = 0;
  for (; j + step <= n; j += step)
    gemm_stream_piece(rows, terms, GEMM_STREAM_VECTORS, a, a_line, a_term, b + j, b_stride, c + j, c_stride, step);
  for (; j < n; j += VEC_LANES)
    gemm_stream_piece(rows, terms, 1, a, a_line, a_term, b + j, b_stride, c + j, c_stride,
                      n - j < VEC_LANES ? n - j : VEC_LANES);
}

/* C += A B; C and A have so many rows, at most GEMM_STREAM_ROWS, the columns of B lie side by side. */
VEC_INLINE void gemm_stream_rows(size_t rows, size_t n, size_t k, const float *a, size_t a_line, size_t a_term,
                                 const float *b, size_t b_stride, float *c, size_t c_stride) {
  size_t p = 0;
  for (; p + GEMM_STREAM_TERMS <= k; p += GEMM_STREAM_TERMS)
    gemm_stream_terms(rows, GEMM_STREAM_TERMS, n, a + p * a_term, a_line, a_term, b + p * b_stride, b_stride, c,
                      c_stride);
  for (; p < k; p++)
    gemm_stream_terms(rows, 1, n, a + p * a_term, a_line, a_term, b + p * b_stride, b_stride, c, c_stride);
}

/* C = A B where the terms of each of B's columns lie side by side: squares of B are turned in registers. C gains the
 * terms in their order, like everywhere. */
VEC_INLINE void gemm_stream_lines(size_t rows, size_t n, size_t k, const float *a, size_t a_line, size_t a_term,
                                  const float *b, size_t b_line, float *c, size_t c_stride) {
  for (size_t j = 0; j < n; j += VEC_LANES) {
    const float *line[VEC_LANES];
    for (size_t l = 0; l < VEC_LANES; l++) line[l] = b + (j + l < n ? j + l : n - 1) * b_line;
    vf sum[GEMM_STREAM_ROWS];
    for (size_t i = 0; i < rows; i++) sum[i] = vf_set(0.0f);
    size_t p = 0;
    for (; p + VEC_LANES <= k; p += VEC_LANES) {
      vf t[VEC_LANES];
      UNROLL_ALL
      for (size_t l = 0; l < VEC_LANES; l++) t[l] = vf_load(line[l] + p);
      vf_transpose(t);
      UNROLL_ALL
      for (size_t q = 0; q < VEC_LANES; q++) {
        UNROLL_ALL
        for (size_t i = 0; i < rows; i++) sum[i] = vf_fma(vf_set(a[i * a_line + (p + q) * a_term]), t[q], sum[i]);
      }
    }
    if (p < k) {
      vf t[VEC_LANES];
      UNROLL_ALL
      for (size_t l = 0; l < VEC_LANES; l++) t[l] = vf_load_n(line[l] + p, k - p);
      vf_transpose(t);
      for (size_t q = 0; p + q < k; q++)
        for (size_t i = 0; i < rows; i++) sum[i] = vf_fma(vf_set(a[i * a_line + (p + q) * a_term]), t[q], sum[i]);
    }
    for (size_t i = 0; i < rows; i++) vf_store_before(c + i * c_stride, sum[i], j, n);
  }
}

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

static void gemm_stream_product(const struct gemm *g) {
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

#endif
