/* Packing: a strip of a matrix, width lines wide and depth terms deep, becomes consecutive groups of width floats, one
 * group a term, as the register tile reads it. The lines are rows of A or columns of B. */
#ifndef DEPTHMARK_GEMM_PACK_H
#define DEPTHMARK_GEMM_PACK_H

#include "kernels/transpose.h"

/* A matrix operand: element (line, term) is at[line * line_stride + term * term_stride]. One stride is 1. */
struct gemm_operand {
  const float *at;
  size_t line_stride, term_stride;
};

VEC_INLINE struct gemm_operand gemm_operand_from(struct gemm_operand from, size_t line, size_t term) {
  from.at += line * from.line_stride + term * from.term_stride;
  return from;
}

/* Whole vectors are stored, so a group of a width that is not a multiple of VEC_LANES runs over into the next one,
 * which is stored after it; the last group of a strip runs over by less than this. */
#define GEMM_PACK_OVERRUN VEC_LANES

/* Lines that lie side by side: each group is a copy. Beyond lines, where the width is padded, come zeros. */
VEC_INLINE void gemm_pack_copy(const float *from, size_t term_stride, size_t lines, size_t depth, size_t width,
                               float *to) {
  const size_t whole = lines / VEC_LANES * VEC_LANES;
  for (size_t p = 0; p < depth; p++, from += term_stride, to += width) {
    size_t i = 0;
    for (; i < whole; i += VEC_LANES) vf_store(to + i, vf_load(from + i));
    if (i < lines) vf_store(to + i, vf_load_n(from + i, lines - i));
  }
}

/* Lines whose terms lie side by side: VEC_LANES lines at a time, squares are transposed. The last lines come first,
 * since what their groups run over belongs to the first. Where lines are missing to a whole vector the last one stands
 * in: what is computed from it goes nowhere. */
VEC_INLINE void gemm_pack_transpose(const float *from, size_t line_stride, size_t lines, size_t depth, size_t width,
                                    float *to) {
  for (size_t first = (lines - 1) / VEC_LANES * VEC_LANES + VEC_LANES; first;) {
    first -= VEC_LANES;
    const float *line[VEC_LANES];
    for (size_t i = 0; i < VEC_LANES; i++) line[i] = from + (first + i < lines ? first + i : lines - 1) * line_stride;
    float *group = to + first;
    size_t p = 0;
    for (; p + VEC_LANES <= depth; p += VEC_LANES, group += VEC_LANES * width) {
      vf t[VEC_LANES];
      UNROLL_ALL
      for (size_t i = 0; i < VEC_LANES; i++) t[i] = vf_load(line[i] + p);
      vf_transpose(t);
      UNROLL_ALL
      for (size_t i = 0; i < VEC_LANES; i++) vf_store(group + i * width, t[i]);
    }
    if (p == depth) continue;
    vf t[VEC_LANES];
    UNROLL_ALL
    for (size_t i = 0; i < VEC_LANES; i++) t[i] = vf_load_n(line[i] + p, depth - p);
    vf_transpose(t);
    for (size_t i = 0; i < depth - p; i++) vf_store(group + i * width, t[i]);
  }
}

/* A block of columns that lie side by side becomes panels of panel columns, a multiple of VEC_LANES, each as gemm_pack
 * makes it of a strip with its width rounded up to whole vectors; panels are panel_stride apart. The rows are read from
 * end to end, which caches and their prefetchers like better than panel by panel. */
VEC_INLINE void gemm_pack_rows(const float *from, size_t term_stride, size_t columns, size_t depth, size_t panel,
                               float *to, size_t panel_stride) {
  const size_t whole = columns / panel, rest = columns % panel,
               rest_width = (rest + VEC_LANES - 1) / VEC_LANES * VEC_LANES;
  for (size_t p = 0; p < depth; p++, from += term_stride) {
    float *group = to + p * panel;
    for (size_t j = 0; j < whole; j++, group += panel_stride) {
      UNROLL_ALL
      for (size_t v = 0; v < panel; v += VEC_LANES) vf_store(group + v, vf_load(from + j * panel + v));
    }
    if (rest) gemm_pack_copy(from + whole * panel, 0, rest, 1, 0, to + whole * panel_stride + p * rest_width);
  }
}

/* Packs the strip that starts at from: depth > 0 terms of lines lines, in groups of width >= lines floats, where width
 * is lines or lines rounded up to whole vectors. */
static void gemm_pack(struct gemm_operand from, size_t lines, size_t depth, size_t width, float *to) {
  if (from.line_stride == 1)
    gemm_pack_copy(from.at, from.term_stride, lines, depth, width, to);
  else
    gemm_pack_transpose(from.at, from.line_stride, lines, depth, width, to);
}

#endif
