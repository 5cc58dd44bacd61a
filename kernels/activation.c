/* Activations: each is a value f(x) and a slope f'(x) on one vector; MAP and ACTIVATION make the loops. */
#include "kernels/vec/vec.h"

/* Vectors in flight, to hide the latency of a long dependent polynomial. */
#define MAP_UNROLL (VEC_LANES == 1 ? 1 : 4)

/* A kernel y[i] = body(x[i], a, b). */
#define MAP(name, body)                                                                                                \
  static void name(const float *x, float *y, size_t n, struct parameters p) {                                          \
    const vf a = vf_set(p.a), b = vf_set(p.b);                                                                         \
    size_t i = 0;                                                                                                      \
    for (; i + MAP_UNROLL * VEC_LANES <= n; i += MAP_UNROLL * VEC_LANES) {                                             \
      vf v[MAP_UNROLL];                                                                                                \
      for (size_t u = 0; u < MAP_UNROLL; u++) v[u] = body(vf_load(x + i + u * VEC_LANES), a, b);                       \
      for (size_t u = 0; u < MAP_UNROLL; u++) vf_store(y + i + u * VEC_LANES, v[u]);                                   \
    }                                                                                                                  \
    for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(y + i, body(vf_load(x + i), a, b));                            \
    vf_store_n(y + i, body(vf_load_n(x + i, n - i), a, b), n - i);                                                     \
  }

/* A kernel dx[i] = dy[i] * slope(x[i], a, b). */
#define BACKWARD(name, slope)                                                                                          \
  static void name(const float *x, const float *dy, float *dx, size_t n, struct parameters p) {                        \
    const vf a = vf_set(p.a), b = vf_set(p.b);                                                                         \
    size_t i = 0;                                                                                                      \
    for (; i + MAP_UNROLL * VEC_LANES <= n; i += MAP_UNROLL * VEC_LANES) {                                             \
      vf v[MAP_UNROLL];                                                                                                \
      for (size_t u = 0; u < MAP_UNROLL; u++) {                                                                        \
        const size_t j = i + u * VEC_LANES;                                                                            \
        v[u] = vf_mul(vf_load(dy + j), slope(vf_load(x + j), a, b));                                                   \
      }                                                                                                                \
      for (size_t u = 0; u < MAP_UNROLL; u++) vf_store(dx + i + u * VEC_LANES, v[u]);                                  \
    }                                                                                                                  \
    for (; i + VEC_LANES <= n; i += VEC_LANES)                                                                         \
      vf_store(dx + i, vf_mul(vf_load(dy + i), slope(vf_load(x + i), a, b)));                                          \
    vf_store_n(dx + i, vf_mul(vf_load_n(dy + i, n - i), slope(vf_load_n(x + i, n - i), a, b)), n - i);                 \
  }

/* The three passes of an activation from its value f and slope f'. */
#define ACTIVATION(name, value, slope)                                                                                 \
  MAP(name##_forward, value)                                                                                           \
  MAP(name##_derivative, slope)                                                                                        \
  BACKWARD(name##_backward, slope)

VEC_INLINE vf linear_value(vf x, vf a, vf b) {
  (void)a, (void)b;
  return x;
}
VEC_INLINE vf linear_slope(vf x, vf a, vf b) {
  (void)x, (void)a, (void)b;
  return vf_set(1.0f);
}
ACTIVATION(linear, linear_value, linear_slope)

/* NaN goes through: it compares false and x is kept. */
VEC_INLINE vf relu_value(vf x, vf a, vf b) {
  (void)a, (void)b;
  return vf_select(vf_le(x, vf_set(0.0f)), vf_set(0.0f), x);
}
VEC_INLINE vf relu_slope(vf x, vf a, vf b) {
  (void)a, (void)b;
  const vf step = vf_select(vf_le(x, vf_set(0.0f)), vf_set(0.0f), vf_set(1.0f));
  return vf_select(vf_nan(x), x, step);
}
ACTIVATION(relu, relu_value, relu_slope)
