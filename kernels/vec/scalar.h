/* The vocabulary with one lane, in plain C: the yardstick that "x scalar" is measured against. What only looks at bits
 * is copied by __builtin_memcpy, which stays a move where flags forbid the compiler to make loops memcpy's. */
#include <math.h>

#define VEC_LANES 1

typedef float vf;
typedef int32_t vi;
typedef uint64_t vw;
typedef int vm;

VEC_INLINE vf vf_set(float a) { return a; }
VEC_INLINE vf vf_load(const float *p) { return *p; }
VEC_INLINE void vf_store(float *p, vf a) { *p = a; }
VEC_INLINE vf vf_load_n(const float *p, size_t n) { return n ? *p : 0.0f; }
VEC_INLINE void vf_store_n(float *p, vf a, size_t n) {
  if (n) *p = a;
}
VEC_INLINE void vf_stream(float *p, vf a) { *p = a; }
VEC_INLINE void vec_stream_end(void) {}

VEC_INLINE vf vf_add(vf a, vf b) { return a + b; }
VEC_INLINE vf vf_sub(vf a, vf b) { return a - b; }
VEC_INLINE vf vf_mul(vf a, vf b) { return a * b; }
VEC_INLINE vf vf_div(vf a, vf b) { return a / b; }
VEC_INLINE vf vf_sqrt(vf a) { return sqrtf(a); }
#ifdef __FP_FAST_FMAF
VEC_INLINE vf vf_fma(vf a, vf b, vf c) { return fmaf(a, b, c); }
VEC_INLINE vf vf_fnma(vf a, vf b, vf c) { return fmaf(-a, b, c); }
#else
VEC_INLINE vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
VEC_INLINE vf vf_fnma(vf a, vf b, vf c) { return c - a * b; }
#endif
VEC_INLINE vf vf_min(vf a, vf b) { return a < b ? a : b; }
VEC_INLINE vf vf_max(vf a, vf b) { return a > b ? a : b; }

VEC_INLINE vm vf_lt(vf a, vf b) { return a < b; }
VEC_INLINE vm vf_le(vf a, vf b) { return a <= b; }
VEC_INLINE vm vf_eq(vf a, vf b) { return a == b; }
VEC_INLINE vm vf_nan(vf a) { return a != a; }
VEC_INLINE vm vm_and(vm a, vm b) { return a & b; }
VEC_INLINE vm vm_or(vm a, vm b) { return a | b; }
VEC_INLINE vm vm_not(vm a) { return !a; }
VEC_INLINE int vm_any(vm a) { return a; }
VEC_INLINE vf vf_copysign(vf a, vf b) { return copysignf(a, b); }
/* By way of double, in which the product is exact: so without FMA, too. */
VEC_INLINE vf vf_mul_low(vf a, vf b, vf product) { return (float)((double)a * (double)b - (double)product); }
VEC_INLINE vf vf_fma_low(vf a, vf b, vf c, vf r) { return (float)((double)a * (double)b + ((double)c - (double)r)); }
VEC_INLINE vf vf_select(vm m, vf a, vf b) { return m ? a : b; }

VEC_INLINE vi vi_set(int32_t a) { return a; }
VEC_INLINE vi vi_load(const void *p) {
  vi a;
  __builtin_memcpy(&a, p, sizeof a);
  return a;
}
VEC_INLINE void vi_store(void *p, vi a) { __builtin_memcpy(p, &a, sizeof a); }
VEC_INLINE vi vi_add(vi a, vi b) { return (vi)((uint32_t)a + (uint32_t)b); }
VEC_INLINE vi vi_sub(vi a, vi b) { return (vi)((uint32_t)a - (uint32_t)b); }
VEC_INLINE vi vi_mul(vi a, vi b) { return (vi)((uint32_t)a * (uint32_t)b); }
VEC_INLINE vi vi_and(vi a, vi b) { return a & b; }
VEC_INLINE vi vi_or(vi a, vi b) { return a | b; }
VEC_INLINE vi vi_xor(vi a, vi b) { return a ^ b; }
VEC_INLINE vi vi_min(vi a, vi b) { return a < b ? a : b; }
VEC_INLINE vi vi_max(vi a, vi b) { return a > b ? a : b; }
#define vi_shl(a, n) ((vi)((uint32_t)(a) << (n)))
#define vi_shr(a, n) ((vi)((uint32_t)(a) >> (n)))
#define vi_sar(a, n) ((vi)(a) >> (n))
#define vi_rotl(a, n) ((vi)((uint32_t)(a) << (n) | (uint32_t)(a) >> (32 - (n))))
VEC_INLINE vi vi_iota(void) { return 0; }
VEC_INLINE void vi_load2(const uint32_t *p, vi *a, vi *b) { *a = (vi)p[0], *b = (vi)p[1]; }
VEC_INLINE void vi_store2(int32_t *p, vi a, vi b) { p[0] = a, p[1] = b; }
VEC_INLINE vi vi_load16(const uint16_t *p) { return *p; }
VEC_INLINE void vi_store16(uint16_t *p, vi a) { *p = (uint16_t)a; }
VEC_INLINE vi vi_load16_n(const uint16_t *p, size_t n) { return n ? *p : 0; }
VEC_INLINE void vi_store16_n(uint16_t *p, vi a, size_t n) {
  if (n) *p = (uint16_t)a;
}
VEC_INLINE vm vi_eq(vi a, vi b) { return a == b; }
VEC_INLINE vm vi_lt(vi a, vi b) { return a < b; }
VEC_INLINE vi vi_select(vm m, vi a, vi b) { return m ? a : b; }

VEC_INLINE vi vi_lookup8(const int32_t *table, vi index) { return table[index & 7]; }

VEC_INLINE vi vf_as_vi(vf a) {
  vi b;
  __builtin_memcpy(&b, &a, sizeof b);
  return b;
}
VEC_INLINE vf vi_as_vf(vi a) {
  vf b;
  __builtin_memcpy(&b, &a, sizeof b);
  return b;
}
VEC_INLINE vi vf_to_vi(vf a) { return (vi)lrintf(a); }
VEC_INLINE vf vi_to_vf(vi a) { return (vf)a; }
VEC_INLINE vf vf_scale(vf a, vf n) {
  const vi all = vf_to_vi(n), last = vi_max(vi_set(-126), vi_min(vi_set(127), all)), first = vi_sub(all, last);
  const vf exact = vf_mul(a, vi_as_vf(vi_shl(vi_add(first, vi_set(127)), 23)));
  return vf_mul(exact, vi_as_vf(vi_shl(vi_add(last, vi_set(127)), 23)));
}

VEC_INLINE float vf_sum(vf a) { return a; }
VEC_INLINE float vf_largest(vf a) { return a; }

#define VW_LANES 1
VEC_INLINE vw vw_set(uint64_t a) { return a; }
VEC_INLINE vw vw_iota(void) { return 0; }
VEC_INLINE vw vw_add(vw a, vw b) { return a + b; }
VEC_INLINE vw vw_mul(vw a, vw b) { return (uint64_t)(uint32_t)a * (uint32_t)b; }
VEC_INLINE vw vw_shr32(vw a) { return a >> 32; }
VEC_INLINE vw vw_xor3(vw a, vw b, vw c) { return a ^ b ^ c; }
VEC_INLINE void vw_store4(uint32_t *p, vw a, vw b, vw c, vw d) {
  p[0] = (uint32_t)a, p[1] = (uint32_t)b, p[2] = (uint32_t)c, p[3] = (uint32_t)d;
}
