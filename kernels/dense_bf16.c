/* Dense layers of bf16: the three passes of dense.c, each with portable tiles and with tiles of dot products. */
#include "kernels/gemm_bf16.h"

#include <assert.h>

static size_t dense_bf16_workspace_bytes(size_t batch, size_t in, size_t out, int threads) {
  /* Matrices of floats are the largest: where they can be addressed, so can these. Blocks are bounded. */
  if (dense_workspace_bytes(batch, in, out, threads) == SIZE_MAX) return SIZE_MAX;
  const size_t forward = gemm_bf16_workspace_words(batch, out, in, threads);
  const size_t data = gemm_bf16_workspace_words(batch, in, out, threads);
  const size_t weights = gemm_bf16_workspace_words(in, out, batch, threads);
  return gemm_max(gemm_max(forward, data), weights) * sizeof(uint32_t);
}

static size_t dense_bf16_packed_bytes(size_t in, size_t out) {
  size_t bytes;
  if (out > SIZE_MAX - VEC_LANES || in > SIZE_MAX - 1 ||
      __builtin_mul_overflow(gemm_bf16_pairs(in) * sizeof(uint32_t), gemm_bf16_padded(out), &bytes) ||
      bytes > SIZE_MAX - 64)
    return SIZE_MAX;
  return gemm_max((bytes + 63) / 64 * 64, 64);
}

static void dense_bf16_check(const struct dense_bf16 *l) {
  assert(l->threads >= 1);
  assert(l->workspace && (uintptr_t)l->workspace % 64 == 0);
  assert(dense_stride(l->x_stride, l->in) >= l->in);
  assert(dense_stride(l->w_stride, l->out) >= l->out);
  assert(dense_stride(l->z_stride, l->out) >= l->out);
  (void)l;
}

static void dense_bf16_pack(const struct dense_bf16 *l, void *packed) {
  assert((uintptr_t)packed % 64 == 0 && l->threads >= 1);
  gemm_bf16_pack_b(
      &(struct gemm_bf16){
          .n = l->out,
          .k = l->in,
          .b = {l->w, .line_stride = 1, .term_stride = dense_stride(l->w_stride, l->out)},
          .caches = l->caches,
          .threads = l->threads,
      },
      packed);
}

/* Z = b + X W, Y = activation(Z) in bf16 */
static void dense_bf16_forward_by(const struct dense_bf16 *l, gemm_bf16_tile_table *tiles) {
  dense_bf16_check(l);
  gemm_bf16(&(struct gemm_bf16){
      .m = l->batch,
      .n = l->out,
      .k = l->in,
      .a = {l->x, .line_stride = dense_stride(l->x_stride, l->in), .term_stride = 1},
      .b = {l->w, .line_stride = 1, .term_stride = dense_stride(l->w_stride, l->out)},
      .packed_b = l->packed_w,
      .c = l->z,
      .c_stride = dense_stride(l->z_stride, l->out),
      .bias = l->b,
      .rounded = l->y,
      .map = l->activation,
      .p = l->p,
      .tiles = tiles,
      .workspace = l->workspace,
      .caches = l->caches,
      .threads = l->threads,
  });
}

/* dX = dZ W^T */
static void dense_bf16_backward_data_by(const struct dense_bf16 *l, gemm_bf16_tile_table *tiles) {
  dense_bf16_check(l);
  gemm_bf16(&(struct gemm_bf16){
      .m = l->batch,
      .n = l->in,
      .k = l->out,
      .a = {l->dz, .line_stride = dense_stride(l->z_stride, l->out), .term_stride = 1},
      .b = {l->w, .line_stride = dense_stride(l->w_stride, l->out), .term_stride = 1},
      .c = l->dx,
      .c_stride = dense_stride(l->x_stride, l->in),
      .tiles = tiles,
      .workspace = l->workspace,
      .caches = l->caches,
      .threads = l->threads,
  });
}

/* dW = X^T dZ, db = column sums of dZ */
static void dense_bf16_backward_weights_by(const struct dense_bf16 *l, gemm_bf16_tile_table *tiles) {
  dense_bf16_check(l);
  gemm_bf16(&(struct gemm_bf16){
      .m = l->in,
      .n = l->out,
      .k = l->batch,
      .a = {l->x, .line_stride = 1, .term_stride = dense_stride(l->x_stride, l->in)},
      .b = {l->dz, .line_stride = 1, .term_stride = dense_stride(l->z_stride, l->out)},
      .c = l->dw,
      .c_stride = dense_stride(l->w_stride, l->out),
      .b_sums = l->db,
      .tiles = tiles,
      .workspace = l->workspace,
      .caches = l->caches,
      .threads = l->threads,
  });
}

static void dense_bf16_forward(const struct dense_bf16 *l) { dense_bf16_forward_by(l, &gemm_bf16_portable); }
static void dense_bf16_backward_data(const struct dense_bf16 *l) {
  dense_bf16_backward_data_by(l, &gemm_bf16_portable);
}
static void dense_bf16_backward_weights(const struct dense_bf16 *l) {
  dense_bf16_backward_weights_by(l, &gemm_bf16_portable);
}

#if defined(DEPTHMARK_VEC_AVX512)
static void dense_bf16_forward_dot(const struct dense_bf16 *l) { dense_bf16_forward_by(l, &gemm_bf16_dot); }
static void dense_bf16_backward_data_dot(const struct dense_bf16 *l) { dense_bf16_backward_data_by(l, &gemm_bf16_dot); }
static void dense_bf16_backward_weights_dot(const struct dense_bf16 *l) {
  dense_bf16_backward_weights_by(l, &gemm_bf16_dot);
}
#else
#define dense_bf16_forward_dot NULL
#define dense_bf16_backward_data_dot NULL
#define dense_bf16_backward_weights_dot NULL
#endif
