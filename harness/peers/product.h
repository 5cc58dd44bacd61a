/* The three passes of a dense layer as the matrix products that other libraries offer: C = op(A) op(B), row-major.
 * Most leave out the bias and its gradient, which ours adds: that favours them. */
#ifndef DEPTHMARK_PEER_PRODUCT_H
#define DEPTHMARK_PEER_PRODUCT_H

#include <stdbool.h>

#include "kernels/kernels.h"

/* C is m x n, op(A) m x k, op(B) k x n; strides are those of the stored matrices' rows. */
struct product {
  size_t m, n, k;
  const float *a, *b;
  float *c;
  size_t a_stride, b_stride, c_stride;
  bool a_transposed, b_transposed;
};

static inline size_t product_stride(size_t stride, size_t width) { return stride ? stride : width; }

static inline struct product product_forward(const struct dense *l) {
  return (struct product){.m = l->batch,
                          .n = l->out,
                          .k = l->in,
                          .a = l->x,
                          .b = l->w,
                          .c = l->z,
                          .a_stride = product_stride(l->x_stride, l->in),
                          .b_stride = product_stride(l->w_stride, l->out),
                          .c_stride = product_stride(l->z_stride, l->out),
                          .a_transposed = false,
                          .b_transposed = false};
}

static inline struct product product_backward_data(const struct dense *l) {
  return (struct product){.m = l->batch,
                          .n = l->in,
                          .k = l->out,
                          .a = l->dz,
                          .b = l->w,
                          .c = l->dx,
                          .a_stride = product_stride(l->z_stride, l->out),
                          .b_stride = product_stride(l->w_stride, l->out),
                          .c_stride = product_stride(l->x_stride, l->in),
                          .a_transposed = false,
                          .b_transposed = true};
}

static inline struct product product_backward_weights(const struct dense *l) {
  return (struct product){.m = l->in,
                          .n = l->out,
                          .k = l->batch,
                          .a = l->x,
                          .b = l->dz,
                          .c = l->dw,
                          .a_stride = product_stride(l->x_stride, l->in),
                          .b_stride = product_stride(l->z_stride, l->out),
                          .c_stride = product_stride(l->w_stride, l->out),
                          .a_transposed = true,
                          .b_transposed = false};
}

/* Defines name_forward, name_backward_data and name_backward_weights: multiply(product, threads). */
#define PRODUCT_PASS(name, pass, multiply)                                                                             \
  static void name##_##pass(const struct dense *layer) {                                                               \
    const struct product product = product_##pass(layer);                                                              \
    multiply(&product, layer->threads);                                                                                \
  }
#define PRODUCT_PASSES(name, multiply)                                                                                 \
  PRODUCT_PASS(name, forward, multiply)                                                                                \
  PRODUCT_PASS(name, backward_data, multiply)                                                                          \
  PRODUCT_PASS(name, backward_weights, multiply)

/* Their three entries in a list of struct peer_kernel. */
#define PRODUCT_ENTRY(provider, name, pass, takes, with_bias)                                                          \
  { provider, KERNEL_dense_##pass, PEER_FUNCTION(name##_##pass), RNG_PHILOX4X32_10, NULL, takes, with_bias }
#define PRODUCT_ENTRIES(provider, name, takes, with_bias)                                                              \
  PRODUCT_ENTRY(provider, name, forward, takes, with_bias),                                                            \
      PRODUCT_ENTRY(provider, name, backward_data, takes, with_bias),                                                  \
      PRODUCT_ENTRY(provider, name, backward_weights, takes, with_bias)

#endif
