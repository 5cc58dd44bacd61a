/* Dense layers: forward and both backward passes, three operand orders of one matrix product. Matrices are row-major,
 * so each operand either has its terms or its lines side by side. */
#include "kernels/gemm.h"
#include "kernels/gemm_tiny.h"

#include <assert.h>

static size_t dense_workspace_bytes(size_t batch, size_t in, size_t out, int threads) {
  size_t xs, ws, zs, bytes;
  assert(threads >= 1);
  if (__builtin_mul_overflow(batch, in, &xs) || __builtin_mul_overflow(xs, sizeof(float), &bytes) ||
      __builtin_mul_overflow(in, out, &ws) || __builtin_mul_overflow(ws, sizeof(float), &bytes) ||
      __builtin_mul_overflow(batch, out, &zs) || __builtin_mul_overflow(zs, sizeof(float), &bytes))
    return SIZE_MAX;
  /* Blocks are bounded: these sums are small, however large the matrices. */
  const size_t forward = gemm_workspace_floats(batch, out, in, threads);
  const size_t data = gemm_workspace_floats(batch, in, out, threads);
  const size_t weights = gemm_workspace_floats(in, out, batch, threads);
  return gemm_max(gemm_max(forward, data), weights) * sizeof(float);
}

/* The distance of a matrix's rows: its width where no stride is given. */
static size_t dense_stride(size_t stride, size_t width) { return stride ? stride : width; }

static void dense_check(const struct dense *l) {
  assert(l->threads >= 1);
  assert(l->workspace && (uintptr_t)l->workspace % 64 == 0);
  assert(dense_stride(l->x_stride, l->in) >= l->in);
  assert(dense_stride(l->w_stride, l->out) >= l->out);
  assert(dense_stride(l->z_stride, l->out) >= l->out);
  (void)l;
}

static size_t dense_packed_bytes(size_t in, size_t out) {
  size_t stride, floats, bytes;
  if (__builtin_mul_overflow(in, (size_t)GEMM_COLUMNS, &stride) || __builtin_add_overflow(stride, 16, &stride) ||
      __builtin_mul_overflow(gemm_ceil_div(out, GEMM_COLUMNS), stride, &floats) ||
      __builtin_add_overflow(floats, 15, &floats) || __builtin_mul_overflow(floats, sizeof(float), &bytes))
    return SIZE_MAX;
  return gemm_panels_floats(out, in) * sizeof(float);
}

static void dense_pack(const struct dense *l, float *packed) {
  gemm_pack_panels((struct gemm_operand){l->w, .line_stride = 1, .term_stride = dense_stride(l->w_stride, l->out)},
                   l->out, l->in, packed);
}

/* A pass that is one product. A tiny one never makes its whole description: that would take as long as the product. */
#define DENSE_PASS(pass)                                                                                               \
  static __attribute__((noinline)) void pass##_shared(const struct dense *l) {                                         \
    const struct gemm product = pass##_product(l);                                                                     \
    gemm(&product);                                                                                                    \
  }                                                                                                                    \
  static void pass(const struct dense *l) {                                                                            \
    dense_check(l);                                                                                                    \
    const struct gemm product = pass##_product(l);                                                                     \
    if (gemm_is_tiny(&product))                                                                                        \
      gemm_tiny(&product);                                                                                             \
    else                                                                                                               \
      pass##_shared(l);                                                                                                \
  }

/* Z = b + X W, Y = activation(Z) */
VEC_INLINE struct gemm dense_forward_product(const struct dense *l) {
  return (struct gemm){
      .m = l->batch,
      .n = l->out,
      .k = l->in,
      .a = {l->x, .line_stride = dense_stride(l->x_stride, l->in), .term_stride = 1},
      .b = {l->w, .line_stride = 1, .term_stride = dense_stride(l->w_stride, l->out)},
      .b_panels = l->packed_w,
      .c = l->z,
      .c_stride = dense_stride(l->z_stride, l->out),
      .bias = l->b,
      .map = l->activation,
      .mapped = l->y,
      .p = l->p,
      .caches = l->caches,
      .workspace = l->workspace,
      .threads = l->threads,
  };
}
DENSE_PASS(dense_forward)

/* dX = dZ W^T, or that times f'(x_z) */
VEC_INLINE struct gemm dense_backward_data_product(const struct dense *l) {
  return (struct gemm){
      .m = l->batch,
      .n = l->in,
      .k = l->out,
      .a = {l->dz, .line_stride = dense_stride(l->z_stride, l->out), .term_stride = 1},
      .b = {l->w, .line_stride = dense_stride(l->w_stride, l->out), .term_stride = 1},
      .c = l->dx,
      .c_stride = dense_stride(l->x_stride, l->in),
      .back = l->backward,
      .back_z = l->x_z,
      .p = l->p,
      .caches = l->caches,
      .workspace = l->workspace,
      .threads = l->threads,
  };
}
DENSE_PASS(dense_backward_data)

/* dW = X^T dZ, db = column sums of dZ */
VEC_INLINE struct gemm dense_backward_weights_product(const struct dense *l) {
  return (struct gemm){
      .m = l->in,
      .n = l->out,
      .k = l->batch,
      .a = {l->x, .line_stride = 1, .term_stride = dense_stride(l->x_stride, l->in)},
      .b = {l->dz, .line_stride = 1, .term_stride = dense_stride(l->z_stride, l->out)},
      .c = l->dw,
      .c_stride = dense_stride(l->w_stride, l->out),
      .b_sums = l->db,
      .caches = l->caches,
      .workspace = l->workspace,
      .threads = l->threads,
  };
}
DENSE_PASS(dense_backward_weights)
