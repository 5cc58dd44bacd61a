/* XNNPACK's forward activations, and its forward pass of dense layers, bias included. It picks its instructions for the
 * CPU by itself, so that its rows stand under the best arch alone. Without a thread pool it stays on the calling
 * thread, and an operator is made once by each. It has no softplus, gelu or tanh for floats in the version of Debian
 * 12, and nothing backward. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <xnnpack.h>

#include "harness/peers/kernels.h"
#include "harness/peers/library.h"
#include "harness/peers/product.h"

#define OPERATORS(X)                                                                                                   \
  X(clamp)                                                                                                             \
  X(leaky_relu)                                                                                                        \
  X(sigmoid)                                                                                                           \
  X(elu)                                                                                                               \
  X(hardswish)
#define FUNCTIONS(X)                                                                                                   \
  X(xnn_initialize)                                                                                                    \
  X(xnn_run_operator)                                                                                                  \
  X(xnn_delete_operator)

static struct {
#define MEMBER(name) __typeof__(name) *name;
#define MEMBERS(name) MEMBER(xnn_create_##name##_nc_f32) MEMBER(xnn_setup_##name##_nc_f32)
  FUNCTIONS(MEMBER)
  OPERATORS(MEMBERS)
  MEMBERS(fully_connected)
  enum { UNTRIED, LOADED, MISSING } state;
} xnnpack;

static bool load(void) {
  void *library = library_open("libXNNPACK.so.0");
  if (!library) return false;
#define FIND(name)                                                                                                     \
  if (!library_symbol(library, #name, &xnnpack.name)) return false;
#define FIND_OPERATOR(name) FIND(xnn_create_##name##_nc_f32) FIND(xnn_setup_##name##_nc_f32)
  FUNCTIONS(FIND)
  OPERATORS(FIND_OPERATOR)
  FIND_OPERATOR(fully_connected)
  return xnnpack.xnn_initialize(NULL) == xnn_status_success;
}

bool xnnpack_load(void) {
  if (xnnpack.state == UNTRIED) xnnpack.state = load() ? LOADED : MISSING;
  return xnnpack.state == LOADED;
}

static void demand(enum xnn_status status) {
  if (status == xnn_status_success) return;
  fprintf(stderr, "XNNPACK failed with status %d\n", (int)status);
  abort();
}

/* n rows of one channel, side by side: any n with the same operator. */
#define CHANNEL 1, 1, 1
#define MAP(name, operator, ...)                                                                                       \
  static void name##_forward(const float *x, float *y, size_t n, struct parameters p) {                                \
    static _Thread_local xnn_operator_t made;                                                                          \
    static _Thread_local float made_for;                                                                               \
    if (made && made_for != p.a) {                                                                                     \
      demand(xnnpack.xnn_delete_operator(made));                                                                       \
      made = NULL;                                                                                                     \
    }                                                                                                                  \
    if (!made) demand(xnnpack.xnn_create_##operator##_nc_f32(CHANNEL, __VA_ARGS__, &made));                            \
    made_for = p.a;                                                                                                    \
    demand(xnnpack.xnn_setup_##operator##_nc_f32(made, n, x, y, NULL));                                                \
    demand(xnnpack.xnn_run_operator(made, NULL));                                                                      \
  }

MAP(relu, clamp, 0, INFINITY, 0)
MAP(relu6, clamp, 0, 6, 0)
MAP(hard_tanh, clamp, -1, 1, 0)
MAP(hard_swish, hardswish, 0)
MAP(leaky_relu, leaky_relu, p.a, 0)
MAP(sigmoid, sigmoid, 0)
MAP(elu, elu, p.a, 0)

/* The weights are packed when an operator is made, and not looked at again: its rows, named xnnpack-packed, time no
 * packing where others' do. They must not change while the layer stays where it is. */
static void packed_forward(const struct dense *l) {
  static xnn_operator_t made;
  static struct dense made_for;
  if (made && (made_for.w != l->w || made_for.b != l->b || made_for.in != l->in || made_for.out != l->out ||
               made_for.x_stride != l->x_stride || made_for.z_stride != l->z_stride)) {
    demand(xnnpack.xnn_delete_operator(made));
    made = NULL;
  }
  if (!made) {
    made_for = *l;
    demand(xnnpack.xnn_create_fully_connected_nc_f32(l->in, l->out, product_stride(l->x_stride, l->in),
                                                     product_stride(l->z_stride, l->out), l->w, l->b, -INFINITY,
                                                     INFINITY, XNN_FLAG_TRANSPOSE_WEIGHTS, &made));
  }
  demand(xnnpack.xnn_setup_fully_connected_nc_f32(made, l->batch, l->x, l->z, NULL));
  demand(xnnpack.xnn_run_operator(made, NULL));
}

/* More threads would be a pool of its own. Its weights have no gaps between rows. */
static bool packed_takes(const struct dense *l) {
  return l->threads == 1 && product_stride(l->w_stride, l->out) == l->out;
}

#define ENTRY(name)                                                                                                    \
  { "xnnpack", KERNEL_##name, PEER_FUNCTION(name), RNG_PHILOX4X32_10, NULL, NULL, false }

const struct peer_kernel xnnpack_kernels[] = {
    ENTRY(relu_forward),
    ENTRY(relu6_forward),
    ENTRY(hard_tanh_forward),
    ENTRY(hard_swish_forward),
    ENTRY(leaky_relu_forward),
    ENTRY(sigmoid_forward),
    ENTRY(elu_forward),
    PRODUCT_ENTRY("xnnpack-packed", packed, forward, packed_takes, true),
    {0},
};
