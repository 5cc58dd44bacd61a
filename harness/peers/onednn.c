/* oneDNN's elementwise primitives. It picks and writes its instructions for the CPU by itself, so that its rows stand
 * under the best arch alone. A primitive is made for one length and kept by the thread that made it: later calls set
 * pointers and execute, which is what a program that trains pays. */
#include <alloca.h>
#include <stdint.h>

#include "harness/peers/kernels.h"
#include "harness/peers/onednn_library.h"

/* ---- primitives ------------------------------------------------------------------------------------------------- */

enum { DATA, DIFF, RESULT, MEMORIES }; /* forward: x and y; backward: x or y, dy and dx */

struct primitive {
  size_t n;
  float alpha, beta;
  dnnl_primitive_t made;
  dnnl_memory_t memories[MEMORIES];
};

#define SIZES 4 /* a kernel's rows have three lengths at most */
struct cache {
  struct primitive primitives[SIZES];
  int next;
};

static void destroy(struct primitive *p) {
  if (!p->made) return;
  onednn_demand(onednn()->dnnl_primitive_destroy(p->made));
  for (int i = 0; i < MEMORIES; i++) onednn_demand(onednn()->dnnl_memory_destroy(p->memories[i]));
}

static struct primitive make(size_t n, dnnl_alg_kind_t algorithm, float alpha, float beta, bool backward) {
  struct primitive p = {.n = n, .alpha = alpha, .beta = beta};
  const dnnl_dims_t dims = {(dnnl_dim_t)n};
  dnnl_memory_desc_t memory;
  dnnl_eltwise_desc_t eltwise;
  dnnl_primitive_desc_t forward, described;
  onednn_demand(onednn()->dnnl_memory_desc_init_by_tag(&memory, 1, dims, dnnl_f32, dnnl_a));
  onednn_demand(onednn()->dnnl_eltwise_forward_desc_init(
      &eltwise, backward ? dnnl_forward_training : dnnl_forward_inference, algorithm, &memory, alpha, beta));
  onednn_demand(onednn()->dnnl_primitive_desc_create(&forward, &eltwise, NULL, onednn()->engine, NULL));
  described = forward;
  if (backward) {
    onednn_demand(onednn()->dnnl_eltwise_backward_desc_init(&eltwise, algorithm, &memory, &memory, alpha, beta));
    onednn_demand(onednn()->dnnl_primitive_desc_create(&described, &eltwise, NULL, onednn()->engine, forward));
    onednn_demand(onednn()->dnnl_primitive_desc_destroy(forward));
  }
  onednn_demand(onednn()->dnnl_primitive_create(&p.made, described));
  onednn_demand(onednn()->dnnl_primitive_desc_destroy(described));
  for (int i = 0; i < MEMORIES; i++)
    onednn_demand(onednn()->dnnl_memory_create(&p.memories[i], &memory, onednn()->engine, DNNL_MEMORY_NONE));
  return p;
}

static const struct primitive *find(struct cache *cache, size_t n, dnnl_alg_kind_t algorithm, float alpha, float beta,
                                    bool backward) {
  for (int i = 0; i < SIZES; i++) {
    const struct primitive *p = &cache->primitives[i];
    if (p->made && p->n == n && p->alpha == alpha && p->beta == beta) return p;
  }
  struct primitive *p = &cache->primitives[cache->next];
  cache->next = (cache->next + 1) % SIZES;
  destroy(p);
  *p = make(n, algorithm, alpha, beta, backward);
  return p;
}

/* oneDNN 2.6's backward passes on AVX-512 keep vectors on the stack, at whatever alignment it happens to have when the
 * program starts: those that straddle cache lines make a pass take twice as long, on page boundaries four times. The
 * remainder for which they take least was found by trying all of them. */
#define STACK_PAGE 4096
#define STACK_REMAINDER (STACK_PAGE / 2 + 16)
__attribute__((noinline)) static dnnl_status_t execute_on_best_stack(const struct primitive *p, dnnl_stream_t stream,
                                                                     int count, const dnnl_exec_arg_t *arguments) {
  const char *const here = alloca(16);
  const size_t above = ((uintptr_t)here - STACK_REMAINDER) % STACK_PAGE;
  char *const there = alloca((above ? above : STACK_PAGE) - 8); /* compilers round it up to a multiple of 16 */
  __asm__ volatile("" : : "r"(here), "r"(there) : "memory");
  const dnnl_status_t status = onednn()->dnnl_primitive_execute(p->made, stream, count, arguments);
  __asm__ volatile("" : : "r"(here), "r"(there) : "memory");
  return status;
}

/* On the calling thread alone. oneDNN looks how many threads it may use whenever it executes, and the number is the
 * calling region's own, so that it is set every time; in a region of several threads it stays alone anyway. Ours may be
 * another OpenMP runtime than the one it was linked with, and which of them it calls is up to the loader. */
static void execute(const struct primitive *p, int count, const dnnl_exec_arg_t *arguments) {
  static _Thread_local dnnl_stream_t stream;
  if (!stream) onednn_demand(onednn()->dnnl_stream_create(&stream, onednn()->engine, dnnl_stream_default_flags));
  library_team_of(&onednn()->team, 1);
  onednn_demand(execute_on_best_stack(p, stream, count, arguments));
  onednn_demand(onednn()->dnnl_stream_wait(stream));
}

static dnnl_exec_arg_t argument(const struct primitive *p, int which, int name, const float *data) {
  onednn_demand(onednn()->dnnl_memory_set_data_handle(p->memories[which], (void *)data));
  return (dnnl_exec_arg_t){name, p->memories[which]};
}

static void forward(struct cache *cache, dnnl_alg_kind_t algorithm, float alpha, float beta, const float *x, float *y,
                    size_t n) {
  if (n == 0) return;
  const struct primitive *p = find(cache, n, algorithm, alpha, beta, false);
  const dnnl_exec_arg_t arguments[] = {argument(p, DATA, DNNL_ARG_SRC, x), argument(p, RESULT, DNNL_ARG_DST, y)};
  execute(p, 2, arguments);
}

/* name: of the data, DNNL_ARG_SRC or, for what takes the output, DNNL_ARG_DST. */
static void backward(struct cache *cache, dnnl_alg_kind_t algorithm, float alpha, float beta, int name,
                     const float *data, const float *dy, float *dx, size_t n) {
  if (n == 0) return;
  const struct primitive *p = find(cache, n, algorithm, alpha, beta, true);
  const dnnl_exec_arg_t arguments[] = {argument(p, DATA, name, data), argument(p, DIFF, DNNL_ARG_DIFF_DST, dy),
                                       argument(p, RESULT, DNNL_ARG_DIFF_SRC, dx)};
  execute(p, 3, arguments);
}

/* ---- activations ------------------------------------------------------------------------------------------------ */

#define FORWARD(name, algorithm, alpha, beta)                                                                          \
  static void name##_forward(const float *x, float *y, size_t n, struct parameters p) {                                \
    static _Thread_local struct cache cache;                                                                           \
    (void)p;                                                                                                           \
    forward(&cache, algorithm, alpha, beta, x, y, n);                                                                  \
  }
#define BACKWARD(name, algorithm, alpha, beta, data)                                                                   \
  static void name(const float *x, const float *dy, float *dx, size_t n, struct parameters p) {                        \
    static _Thread_local struct cache cache;                                                                           \
    (void)p;                                                                                                           \
    backward(&cache, algorithm, alpha, beta, data, x, dy, dx, n);                                                      \
  }
#define ACTIVATION(name, algorithm, alpha, beta)                                                                       \
  FORWARD(name, algorithm, alpha, beta)                                                                                \
  BACKWARD(name##_backward, algorithm, alpha, beta, DNNL_ARG_SRC)
#define FROM_OUTPUT(name, algorithm, alpha, beta)                                                                      \
  BACKWARD(name##_from_output, algorithm##_use_dst_for_bwd, alpha, beta, DNNL_ARG_DST)

/* With the default parameters of softplus (beta 1) and silu (beta 1), as far as it takes none. */
ACTIVATION(relu, dnnl_eltwise_relu, 0, 0)
ACTIVATION(leaky_relu, dnnl_eltwise_relu, p.a, 0)
ACTIVATION(relu6, dnnl_eltwise_clip_v2, 0, 6)
ACTIVATION(hard_tanh, dnnl_eltwise_clip_v2, -1, 1)
ACTIVATION(hard_swish, dnnl_eltwise_hardswish, 0, 0)
ACTIVATION(tanh, dnnl_eltwise_tanh, 0, 0)
ACTIVATION(sigmoid, dnnl_eltwise_logistic, 0, 0)
ACTIVATION(log_sigmoid, dnnl_eltwise_logsigmoid, 0, 0)
ACTIVATION(softplus, dnnl_eltwise_soft_relu, 0, 0)
ACTIVATION(exponential, dnnl_eltwise_exp, 0, 0)
ACTIVATION(elu, dnnl_eltwise_elu, p.a, 0)
ACTIVATION(gelu, dnnl_eltwise_gelu_erf, 0, 0)
ACTIVATION(gelu_tanh, dnnl_eltwise_gelu_tanh, 0, 0)
ACTIVATION(silu, dnnl_eltwise_swish, 1, 0)
ACTIVATION(mish, dnnl_eltwise_mish, 0, 0)
FROM_OUTPUT(relu, dnnl_eltwise_relu, 0, 0)
FROM_OUTPUT(leaky_relu, dnnl_eltwise_relu, p.a, 0)
FROM_OUTPUT(tanh, dnnl_eltwise_tanh, 0, 0)
FROM_OUTPUT(sigmoid, dnnl_eltwise_logistic, 0, 0)
FROM_OUTPUT(elu, dnnl_eltwise_elu, p.a, 0)
FROM_OUTPUT(exponential, dnnl_eltwise_exp, 0, 0)

#define ENTRY(name)                                                                                                    \
  { "onednn", KERNEL_##name, PEER_FUNCTION(name), RNG_PHILOX4X32_10, NULL, NULL, false }
#define BOTH(name) ENTRY(name##_forward), ENTRY(name##_backward)

const struct peer_kernel onednn_kernels[] = {
    BOTH(relu),
    BOTH(leaky_relu),
    BOTH(relu6),
    BOTH(hard_tanh),
    BOTH(hard_swish),
    BOTH(tanh),
    BOTH(sigmoid),
    BOTH(log_sigmoid),
    BOTH(softplus),
    BOTH(exponential),
    BOTH(elu),
    BOTH(gelu),
    BOTH(gelu_tanh),
    BOTH(silu),
    BOTH(mish),
    ENTRY(relu_from_output),
    ENTRY(leaky_relu_from_output),
    ENTRY(tanh_from_output),
    ENTRY(sigmoid_from_output),
    ENTRY(elu_from_output),
    ENTRY(exponential_from_output),
    {0},
};
