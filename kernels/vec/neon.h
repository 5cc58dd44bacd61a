/* The vocabulary on Advanced SIMD (AArch64): 4 lanes, masks as vectors of all-ones lanes. */
#include <arm_neon.h>

#define VEC_LANES 4

typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vm;
typedef uint64x2_t vw;

VEC_INLINE vf vf_set(float a) { return vdupq_n_f32(a); }
VEC_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
VEC_INLINE void vf_store(float *p, vf a) { vst1q_f32(p, a); }
/* There are no masked loads: the tail goes lane by lane, so that nothing beyond it is touched. */
VEC_INLINE vf vf_load_n(const float *p, size_t n) {
  vf a = vdupq_n_f32(0.0f);
  if (n > 0) a = vld1q_lane_f32(p, a, 0);
  if (n > 1) a = vld1q_lane_f32(p + 1, a, 1);
  if (n > 2) a = vld1q_lane_f32(p + 2, a, 2);
  return a;
}
VEC_INLINE void vf_store_n(float *p, vf a, size_t n) {
  if (n > 0) vst1q_lane_f32(p, a, 0);
  if (n > 1) vst1q_lane_f32(p + 1, a, 1);
  if (n > 2) vst1q_lane_f32(p + 2, a, 2);
}
/* STNP is the only hint there is and no intrinsic gives it: an ordinary store. */
VEC_INLINE void vf_stream(float *p, vf a) { vst1q_f32(p, a); }
VEC_INLINE void vec_stream_end(void) {}

VEC_INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
VEC_INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
VEC_INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
VEC_INLINE vf vf_div(vf a, vf b) { return vdivq_f32(a, b); }
VEC_INLINE vf vf_sqrt(vf a) { return vsqrtq_f32(a); }
VEC_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
VEC_INLINE vf vf_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
/* Not FMIN and FMAX, which order NaN and signed zeros in their own way. */
VEC_INLINE vf vf_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
VEC_INLINE vf vf_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }

VEC_INLINE vm vf_lt(vf a, vf b) { return vcltq_f32(a, b); }
VEC_INLINE vm vf_le(vf a, vf b) { return vcleq_f32(a, b); }
VEC_INLINE vm vf_eq(vf a, vf b) { return vceqq_f32(a, b); }
VEC_INLINE vm vf_nan(vf a) { return vmvnq_u32(vceqq_f32(a, a)); }
VEC_INLINE vm vm_and(vm a, vm b) { return vandq_u32(a, b); }
VEC_INLINE vm vm_or(vm a, vm b) { return vorrq_u32(a, b); }
VEC_INLINE vm vm_not(vm a) { return vmvnq_u32(a); }
VEC_INLINE int vm_any(vm a) { return vmaxvq_u32(a) != 0; }
VEC_INLINE vf vf_copysign(vf a, vf b) { return vbslq_f32(vdupq_n_u32(0x80000000u), b, a); }
VEC_INLINE vf vf_mul_low(vf a, vf b, vf product) { return vfmaq_f32(vnegq_f32(product), a, b); }
VEC_INLINE vf vf_fma_low(vf a, vf b, vf c, vf r) { return vfmaq_f32(vsubq_f32(c, r), a, b); }
VEC_INLINE vf vf_select(vm m, vf a, vf b) { return vbslq_f32(m, a, b); }

VEC_INLINE vi vi_set(int32_t a) { return vdupq_n_s32(a); }
VEC_INLINE vi vi_load(const void *p) { return vld1q_s32((const int32_t *)p); }
VEC_INLINE void vi_store(void *p, vi a) { vst1q_s32((int32_t *)p, a); }
VEC_INLINE vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
VEC_INLINE vi vi_sub(vi a, vi b) { return vsubq_s32(a, b); }
VEC_INLINE vi vi_mul(vi a, vi b) { return vmulq_s32(a, b); }
VEC_INLINE vi vi_and(vi a, vi b) { return vandq_s32(a, b); }
VEC_INLINE vi vi_or(vi a, vi b) { return vorrq_s32(a, b); }
VEC_INLINE vi vi_xor(vi a, vi b) { return veorq_s32(a, b); }
VEC_INLINE vi vi_min(vi a, vi b) { return vminq_s32(a, b); }
VEC_INLINE vi vi_max(vi a, vi b) { return vmaxq_s32(a, b); }
#define vi_shl(a, n) vshlq_n_s32(a, n)
#define vi_shr(a, n) vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), n))
#define vi_sar(a, n) vshrq_n_s32(a, n)
#define vi_rotl(a, n) vsriq_n_s32(vshlq_n_s32(a, n), a, 32 - (n))
VEC_INLINE vi vi_iota(void) { return vcombine_s32(vcreate_s32(0x100000000u), vcreate_s32(0x300000002u)); }
VEC_INLINE void vi_load2(const uint32_t *p, vi *a, vi *b) {
  const uint32x4x2_t both = vld2q_u32(p);
  *a = vreinterpretq_s32_u32(both.val[0]), *b = vreinterpretq_s32_u32(both.val[1]);
}
VEC_INLINE void vi_store2(int32_t *p, vi a, vi b) { vst2q_s32(p, ((int32x4x2_t){{a, b}})); }
VEC_INLINE vi vi_load16(const uint16_t *p) { return vreinterpretq_s32_u32(vmovl_u16(vld1_u16(p))); }
VEC_INLINE void vi_store16(uint16_t *p, vi a) { vst1_u16(p, vmovn_u32(vreinterpretq_u32_s32(a))); }
VEC_INLINE vi vi_load16_n(const uint16_t *p, size_t n) {
  uint16_t words[VEC_LANES] = {0};
  for (size_t i = 0; i < n; i++) words[i] = p[i];
  return vi_load16(words);
}
VEC_INLINE void vi_store16_n(uint16_t *p, vi a, size_t n) {
  uint16_t words[VEC_LANES];
  vi_store16(words, a);
  for (size_t i = 0; i < n; i++) p[i] = words[i];
}
VEC_INLINE vm vi_eq(vi a, vi b) { return vceqq_s32(a, b); }
VEC_INLINE vm vi_lt(vi a, vi b) { return vcltq_s32(a, b); }
VEC_INLINE vi vi_select(vm m, vi a, vi b) { return vbslq_s32(m, a, b); }

/* TBL looks up bytes: those of lane i are 4 (index mod 8) and the three that follow. */
VEC_INLINE vi vi_lookup8(const int32_t *table, vi index) {
  const uint8x16x2_t bytes = {{vld1q_u8((const uint8_t *)table), vld1q_u8((const uint8_t *)(table + 4))}};
  const uint32x4_t low = vandq_u32(vreinterpretq_u32_s32(index), vdupq_n_u32(7));
  const uint32x4_t at = vmlaq_u32(vdupq_n_u32(0x03020100u), low, vdupq_n_u32(0x04040404u));
  return vreinterpretq_s32_u8(vqtbl2q_u8(bytes, vreinterpretq_u8_u32(at)));
}

VEC_INLINE vi vf_as_vi(vf a) { return vreinterpretq_s32_f32(a); }
VEC_INLINE vf vi_as_vf(vi a) { return vreinterpretq_f32_s32(a); }
VEC_INLINE vi vf_to_vi(vf a) { return vcvtnq_s32_f32(a); }
VEC_INLINE vf vi_to_vf(vi a) { return vcvtq_f32_s32(a); }
VEC_INLINE vf vf_scale(vf a, vf n) {
  const vi all = vf_to_vi(n), last = vi_max(vi_set(-126), vi_min(vi_set(127), all)), first = vi_sub(all, last);
  const vf exact = vf_mul(a, vi_as_vf(vi_shl(vi_add(first, vi_set(127)), 23)));
  return vf_mul(exact, vi_as_vf(vi_shl(vi_add(last, vi_set(127)), 23)));
}

VEC_INLINE float vf_sum(vf a) { return vaddvq_f32(a); }
VEC_INLINE float vf_largest(vf a) { return vmaxvq_f32(a); }

#define VW_LANES 2
VEC_INLINE vw vw_set(uint64_t a) { return vdupq_n_u64(a); }
VEC_INLINE vw vw_iota(void) { return vcombine_u64(vcreate_u64(0), vcreate_u64(1)); }
VEC_INLINE vw vw_add(vw a, vw b) { return vaddq_u64(a, b); }
VEC_INLINE vw vw_mul(vw a, vw b) { return vmull_u32(vmovn_u64(a), vmovn_u64(b)); }
VEC_INLINE vw vw_shr32(vw a) { return vshrq_n_u64(a, 32); }
VEC_INLINE vw vw_xor3(vw a, vw b, vw c) { return veorq_u64(veorq_u64(a, b), c); }
VEC_INLINE void vw_store4(uint32_t *p, vw a, vw b, vw c, vw d) {
  const uint32x4_t ab = vtrn1q_u32(vreinterpretq_u32_u64(a), vreinterpretq_u32_u64(b));
  const uint32x4_t cd = vtrn1q_u32(vreinterpretq_u32_u64(c), vreinterpretq_u32_u64(d));
  vst1q_u32(p, vcombine_u32(vget_low_u32(ab), vget_low_u32(cd)));
  vst1q_u32(p + 4, vcombine_u32(vget_high_u32(ab), vget_high_u32(cd)));
}
