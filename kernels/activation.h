/* How activations become kernels. Each is a value f(x) and a slope f'(x) on one vector; the macros below make the
 * loops.
 *
 * Slopes are computed from x with relative accuracy, so that they don't vanish before they must: sigmoid' as
 * s(x) s(-x) and not as y (1 - y), tanh' as sech^2. In the backward pass dy is multiplied in before the slope
 * underflows: a slope too small for a float still gives the right product. Where |x| is clamped, the value already
 * rounds to its limit; the slope stays positive however small, so that an infinite dy stays infinite.
 */
#ifndef DEPTHMARK_ACTIVATION_H
#define DEPTHMARK_ACTIVATION_H

#include "kernels/elementary.h"
#include "kernels/kernels.h"

/* Vectors in flight, to hide the latency of a long dependent polynomial. gcc leaves them one behind the other unless
 * told to schedule before it allocates registers; then they take 5 to 15 % less time on AVX-512, up to 30 % on AVX2.
 * Kernels that are made here stand between the two. */
#if defined(__GNUC__) && !defined(__clang__)
#define SCHEDULED_BEGIN _Pragma("GCC push_options") _Pragma("GCC optimize(\"schedule-insns\", \"sched-pressure\")")
#define SCHEDULED_END _Pragma("GCC pop_options")
#else
#define SCHEDULED_BEGIN
#define SCHEDULED_END
#endif
#define USUAL_UNROLL (VEC_LANES == 1 ? 1 : 4)
#define MAP_UNROLL USUAL_UNROLL
#define MAP_VECTORS (MAP_UNROLL * VEC_LANES)

/* Walks through [0, n): KIND_STEP(body, i, end) makes the vector at i as far as end, KIND_BLOCK(body, i, store) the
 * MAP_UNROLL vectors from i on. */
#define WALK(kind, body)                                                                                               \
  for (; i + MAP_VECTORS <= n; i += MAP_VECTORS) {                                                                     \
    kind##_BLOCK(body, i, vf_store)                                                                                    \
  }                                                                                                                    \
  for (; i < n; i += VEC_LANES) {                                                                                      \
    kind##_STEP(body, i, n)                                                                                            \
  }
/* The same for results that go past the caches, in whole aligned vectors but for the ends. */
#define WALK_STREAMED(kind, body)                                                                                      \
  if (p.streamed) {                                                                                                    \
    const size_t head = vec_first_aligned(out, n);                                                                     \
    if (head > 0) {                                                                                                    \
      kind##_STEP(body, 0, head)                                                                                       \
    }                                                                                                                  \
    for (i = head; i + MAP_VECTORS <= n; i += MAP_VECTORS) {                                                           \
      kind##_BLOCK(body, i, vf_stream)                                                                                 \
    }                                                                                                                  \
    vec_stream_end();                                                                                                  \
  }
#define STORE_BLOCK(store, to, v)                                                                                      \
  for (size_t u = 0; u < MAP_UNROLL; u++) store((to) + u * VEC_LANES, (v)[u]);

/* A kernel out[i] = body(x[i], a, b). */
#define MAP_STEP(body, at, end) vf_store_before(out, body(vf_load_before(x, at, end), a, b), at, end);
#define MAP_BLOCK(body, at, store)                                                                                     \
  {                                                                                                                    \
    vf v[MAP_UNROLL];                                                                                                  \
    for (size_t u = 0; u < MAP_UNROLL; u++) v[u] = body(vf_load(x + (at) + u * VEC_LANES), a, b);                      \
    STORE_BLOCK(store, out + (at), v)                                                                                  \
  }
#define MAP(name, body)                                                                                                \
  static void name(const float *x, float *out, size_t n, struct parameters p) {                                        \
    const vf a = vf_set(p.a), b = vf_set(p.b);                                                                         \
    size_t i = 0;                                                                                                      \
    WALK_STREAMED(MAP, body)                                                                                           \
    WALK(MAP, body)                                                                                                    \
  }

/* A kernel out[i] = body(x[i], dy[i], a, b). */
#define BACKWARD_STEP(body, at, end)                                                                                   \
  vf_store_before(out, body(vf_load_before(x, at, end), vf_load_before(dy, at, end), a, b), at, end);
#define BACKWARD_BLOCK(body, at, store)                                                                                \
  {                                                                                                                    \
    vf v[MAP_UNROLL];                                                                                                  \
    for (size_t u = 0, j = (at); u < MAP_UNROLL; u++, j += VEC_LANES)                                                  \
      v[u] = body(vf_load(x + j), vf_load(dy + j), a, b);                                                              \
    STORE_BLOCK(store, out + (at), v)                                                                                  \
  }
#define BACKWARD(name, body)                                                                                           \
  static void name(const float *x, const float *dy, float *out, size_t n, struct parameters p) {                       \
    const vf a = vf_set(p.a), b = vf_set(p.b);                                                                         \
    size_t i = 0;                                                                                                      \
    WALK_STREAMED(BACKWARD, body)                                                                                      \
    WALK(BACKWARD, body)                                                                                               \
  }

/* A kernel out[r][i] = body(x[r][i] + bias[i], a, b). */
#define BIAS_STEP(body, at, end)                                                                                       \
  vf_store_before(out, body(vf_add(vf_load_before(x, at, end), vf_load_before(bias, at, end)), a, b), at, end);
#define BIAS_BLOCK(body, at, store)                                                                                    \
  {                                                                                                                    \
    vf v[MAP_UNROLL];                                                                                                  \
    for (size_t u = 0, j = (at); u < MAP_UNROLL; u++, j += VEC_LANES)                                                  \
      v[u] = body(vf_add(vf_load(x + j), vf_load(bias + j)), a, b);                                                    \
    STORE_BLOCK(store, out + (at), v)                                                                                  \
  }
#define BIAS(name, body)                                                                                               \
  static void name(const float *x, const float *bias, float *out, size_t rows, size_t n, struct parameters p) {        \
    const vf a = vf_set(p.a), b = vf_set(p.b);                                                                         \
    for (size_t row = 0; row < rows; row++, x += n, out += n) {                                                        \
      size_t i = 0;                                                                                                    \
      WALK(BIAS, body)                                                                                                 \
    }                                                                                                                  \
  }

/* A kernel body(x[i], a, b, &out[i], &slope[i]). */
#define BOTH_STEP(body, at, end)                                                                                       \
  {                                                                                                                    \
    vf f, s;                                                                                                           \
    body(vf_load_before(x, at, end), a, b, &f, &s);                                                                    \
    vf_store_before(out, f, at, end);                                                                                  \
    vf_store_before(slope, s, at, end);                                                                                \
  }
#define BOTH_BLOCK(body, at, store)                                                                                    \
  {                                                                                                                    \
    vf f[MAP_UNROLL], s[MAP_UNROLL];                                                                                   \
    for (size_t u = 0; u < MAP_UNROLL; u++) body(vf_load(x + (at) + u * VEC_LANES), a, b, &f[u], &s[u]);               \
    STORE_BLOCK(store, out + (at), f)                                                                                  \
    STORE_BLOCK(store, slope + (at), s)                                                                                \
  }
#define BOTH(name, body)                                                                                               \
  static void name(const float *x, float *out, float *slope, size_t n, struct parameters p) {                          \
    const vf a = vf_set(p.a), b = vf_set(p.b);                                                                         \
    size_t i = 0;                                                                                                      \
    WALK(BOTH, body)                                                                                                   \
  }

/* What an activation is made from: its value f(x) and its slope f'(x), given parameters a and b, which most don't use.
 */
#define UNUSED __attribute__((unused))
#define VALUE(name) VEC_INLINE vf name##_value(vf x, UNUSED vf a, UNUSED vf b)
#define SLOPE(name) VEC_INLINE vf name##_slope(UNUSED vf x, UNUSED vf a, UNUSED vf b)

/* The kernels of an activation from its value, its slope and dy times its slope. */
#define PASSES(name)                                                                                                   \
  MAP(name##_forward, name##_value)                                                                                    \
  MAP(name##_derivative, name##_slope)                                                                                 \
  BACKWARD(name##_backward, name##_slope_times)
#define FUSED_PASSES(name)                                                                                             \
  VEC_INLINE void name##_value_and_slope(vf x, vf a, vf b, vf *value, vf *slope) {                                     \
    *value = name##_value(x, a, b), *slope = name##_slope(x, a, b);                                                    \
  }                                                                                                                    \
  BIAS(name##_bias, name##_value)                                                                                      \
  BOTH(name##_both, name##_value_and_slope)
#define SLOPE_TIMES(name)                                                                                              \
  VEC_INLINE vf name##_slope_times(vf x, vf dy, vf a, vf b) { return vf_mul(dy, name##_slope(x, a, b)); }
#define ACTIVATION(name)                                                                                               \
  SLOPE_TIMES(name)                                                                                                    \
  PASSES(name)                                                                                                         \
  FUSED_PASSES(name)

/* A slope that may be too small or too large for a float. */
#define TAILED_SLOPE(name) VEC_INLINE struct tailed name##_tailed_slope(vf x, UNUSED vf a, UNUSED vf b)

/* The kernels of an activation with such a slope. */
#define ACTIVATION_WITH_TAIL(name)                                                                                     \
  SLOPE(name) {                                                                                                        \
    const struct tailed s = name##_tailed_slope(x, a, b);                                                              \
    return vf_scale(s.near, s.rest);                                                                                   \
  }                                                                                                                    \
  VEC_INLINE vf name##_slope_times(vf x, vf dy, vf a, vf b) {                                                          \
    const struct tailed s = name##_tailed_slope(x, a, b);                                                              \
    return vf_scale(vf_mul(dy, s.near), s.rest);                                                                       \
  }                                                                                                                    \
  PASSES(name)                                                                                                         \
  FUSED_PASSES(name)

/* An activation with parameters that rarely matter: name_unit does without them where is_unit holds, name_scaled takes
 * any. Both give the same bits where both apply. */
#define BY_PARAMETER_OF(name, is_unit, pass, declaration, ...)                                                         \
  static void name##_##pass declaration { ((is_unit) ? name##_unit_##pass : name##_scaled_##pass)(__VA_ARGS__); }
#define BY_PARAMETER(name, is_unit)                                                                                    \
  BY_PARAMETER_OF(name, is_unit, forward, (const float *x, float *y, size_t n, struct parameters p), x, y, n, p)       \
  BY_PARAMETER_OF(name, is_unit, derivative, (const float *x, float *y, size_t n, struct parameters p), x, y, n, p)    \
  BY_PARAMETER_OF(name, is_unit, backward,                                                                             \
                  (const float *x, const float *dy, float *dx, size_t n, struct parameters p), x, dy, dx, n, p)        \
  BY_PARAMETER_OF(name, is_unit, bias,                                                                                 \
                  (const float *x, const float *bias, float *y, size_t rows, size_t columns, struct parameters p), x,  \
                  bias, y, rows, columns, p)                                                                           \
  BY_PARAMETER_OF(name, is_unit, both, (const float *x, float *y, float *slope, size_t n, struct parameters p), x, y,  \
                  slope, n, p)

/* The backward pass from the output y instead of the input, in terms of the slope as a function of y. */
#define OUTPUT_SLOPE(name) VEC_INLINE vf name##_output_slope(vf y, UNUSED vf a, UNUSED vf b)
#define FROM_OUTPUT(name)                                                                                              \
  VEC_INLINE vf name##_output_slope_times(vf y, vf dy, vf a, vf b) {                                                   \
    return vf_mul(dy, name##_output_slope(y, a, b));                                                                   \
  }                                                                                                                    \
  BACKWARD(name##_from_output, name##_output_slope_times)

/* -|x|, but not below limit; NaN is kept. */
VEC_INLINE vf minus_abs(vf x, float limit) {
  return vf_max(vf_set(limit), vi_as_vf(vi_or(vf_as_vi(x), vi_set(INT32_MIN))));
}

#endif
