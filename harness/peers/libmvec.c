/* glibc's vector functions (libmvec, tanhf and erff since glibc 2.35) under the textbook's formulas, called by their
 * names of the x86-64 vector ABI: compilers call few of them by themselves, clang 14 only expf. */
#include <stdint.h>
#include <string.h>

#include "harness/peers/kernels.h"

#if defined(DEPTHMARK_VEC_AVX512)
#define LANES 16
#define VECTOR(name) _ZGVeN16v_##name
#else
#define LANES 8
#define VECTOR(name) _ZGVdN8v_##name
#endif

typedef float vf __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));

vf VECTOR(tanhf)(vf x);
vf VECTOR(expf)(vf x);
vf VECTOR(expm1f)(vf x);
vf VECTOR(log1pf)(vf x);
vf VECTOR(erff)(vf x);

static inline vf select(vi mask, vf yes, vf no) { return (vf)(((vi)yes & mask) | ((vi)no & ~mask)); }
static inline vf positive(vf x) { return (vf)((vi)x & (x > 0)); }
static inline vf magnitude(vf x) { return (vf)((vi)x & INT32_MAX); }

#define MAP(name, expression)                                                                                          \
  static inline vf name##_value(vf x, struct parameters p) {                                                           \
    (void)p;                                                                                                           \
    return expression;                                                                                                 \
  }                                                                                                                    \
  static void name##_forward(const float *from, float *to, size_t n, struct parameters p) {                            \
    size_t i = 0;                                                                                                      \
    for (; n - i >= LANES; i += LANES) {                                                                               \
      vf x;                                                                                                            \
      memcpy(&x, from + i, sizeof x);                                                                                  \
      x = name##_value(x, p);                                                                                          \
      memcpy(to + i, &x, sizeof x);                                                                                    \
    }                                                                                                                  \
    if (i == n) return;                                                                                                \
    vf x = {0};                                                                                                        \
    memcpy(&x, from + i, (n - i) * sizeof *from);                                                                      \
    x = name##_value(x, p);                                                                                            \
    memcpy(to + i, &x, (n - i) * sizeof *to);                                                                          \
  }

MAP(tanh, VECTOR(tanhf)(x))
MAP(sigmoid, 1 / (1 + VECTOR(expf)(-x)))
MAP(softplus, positive(x) + VECTOR(log1pf)(VECTOR(expf)(-magnitude(x))))
MAP(exponential, VECTOR(expf)(x))
MAP(elu, select(x > 0, x, VECTOR(expm1f)(x) * p.a))
MAP(gelu, 0.5f * x * (1 + VECTOR(erff)(0.70710678f * x)))
MAP(gelu_tanh, 0.5f * x * (1 + VECTOR(tanhf)(0.79788456f * (x + 0.044715f * x * x * x))))
MAP(silu, x / (1 + VECTOR(expf)(-x)))

#define ENTRY(name)                                                                                                    \
  { "glibc", KERNEL_##name, PEER_FUNCTION(name), RNG_PHILOX4X32_10, NULL, NULL, false }

PEER_KERNELS(libmvec) = {
    ENTRY(tanh_forward),        ENTRY(sigmoid_forward), ENTRY(softplus_forward),
    ENTRY(exponential_forward), ENTRY(elu_forward),     ENTRY(gelu_forward),
    ENTRY(gelu_tanh_forward),   ENTRY(silu_forward),    {0},
};
