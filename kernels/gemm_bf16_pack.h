/* Packing of bf16: a strip of a matrix, width lines wide, becomes consecutive groups of width words, one group for each
 * pair of terms, the first term in a word's low half. An odd last term is paired with 0. The lines are rows of A or
 * columns of B. */
#ifndef DEPTHMARK_GEMM_BF16_PACK_H
#define DEPTHMARK_GEMM_BF16_PACK_H

#include "kernels/transpose.h"

/* A matrix operand: element (line, term) is at[line * line_stride + term * term_stride]. One stride is 1. */
struct gemm_bf16_operand {
  const uint16_t *at;
  size_t line_stride, term_stride;
};

/* As in gemm_pack.h: a group of a width that is not a multiple of VEC_LANES runs over into the next by less than this.
 */
#define GEMM_BF16_PACK_OVERRUN VEC_LANES

/* Lines that lie side by side. Beyond lines, where the width is padded, come zeros. */
VEC_INLINE void gemm_bf16_pack_copy(const uint16_t *from, size_t term_stride, size_t lines, size_t terms, size_t width,
                                    uint32_t *to) {
  const size_t whole = lines / VEC_LANES * VEC_LANES;
  for (size_t t = 0; t < terms; t += 2, from += 2 * term_stride, to += width) {
    const uint16_t *second = from + term_stride;
    const int paired = t + 1 < terms;
    size_t i = 0;
    for (; i < whole; i += VEC_LANES) {
      const vi high = paired ? vi_load16(second + i) : vi_set(0);
      vi_store(to + i, vi_or(vi_load16(from + i), vi_shl(high, 16)));
    }
    if (i < lines) {
      const vi high = paired ? vi_load16_n(second + i, lines - i) : vi_set(0);
      vi_store(to + i, vi_or(vi_load16_n(from + i, lines - i), vi_shl(high, 16)));
    }
  }
}

/* Lines whose terms lie side by side: VEC_LANES lines at a time, squares of pairs are transposed. The last lines come
 * first, since what their groups run over belongs to the first. Where lines are missing to a whole vector the last one
 * stands in: what is computed from it goes nowhere. */
VEC_INLINE void gemm_bf16_pack_transpose(const uint16_t *from, size_t line_stride, size_t lines, size_t terms,
                                         size_t width, uint32_t *to) {
  for (size_t first = (lines - 1) / VEC_LANES * VEC_LANES + VEC_LANES; first;) {
    first -= VEC_LANES;
    const uint16_t *line[VEC_LANES];
    for (size_t i = 0; i < VEC_LANES; i++) line[i] = from + (first + i < lines ? first + i : lines - 1) * line_stride;
    uint32_t *group = to + first;
    size_t t = 0;
    for (; t + 2 * VEC_LANES <= terms; t += 2 * VEC_LANES, group += VEC_LANES * width) {
      vf square[VEC_LANES];
      UNROLL_ALL
      for (size_t i = 0; i < VEC_LANES; i++) square[i] = vi_as_vf(vi_load(line[i] + t));
      vf_transpose(square);
      UNROLL_ALL
      for (size_t i = 0; i < VEC_LANES; i++) vi_store(group + i * width, vf_as_vi(square[i]));
    }
    for (; t < terms; t += 2, group += width)
      for (size_t i = 0; i < VEC_LANES; i++)
        group[i] = line[i][t] | (t + 1 < terms ? (uint32_t)line[i][t + 1] << 16 : 0);
  }
}

/* Packs the strip that starts at from: terms > 0 of lines > 0 lines, in groups of width >= lines words, where width is
 * lines or lines rounded up to whole vectors. */
static void gemm_bf16_pack(struct gemm_bf16_operand from, size_t lines, size_t terms, size_t width, uint32_t *to) {
  if (from.line_stride == 1)
    gemm_bf16_pack_copy(from.at, from.term_stride, lines, terms, width, to);
  else
    gemm_bf16_pack_transpose(from.at, from.line_stride, lines, terms, width, to);
}

#endif
