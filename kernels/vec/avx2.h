/* The vocabulary on AVX2, FMA and BMI2: 8 lanes, masks as vectors of all-ones lanes. */
#include <immintrin.h>

#define VEC_LANES 8

typedef __m256 vf, vm;
typedef __m256i vi, vw;

VEC_INLINE vi vi_first(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

VEC_INLINE vf vf_set(float a) { return _mm256_set1_ps(a); }
VEC_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
VEC_INLINE void vf_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
VEC_INLINE vf vf_load_n(const float *p, size_t n) { return _mm256_maskload_ps(p, vi_first(n)); }
VEC_INLINE void vf_store_n(float *p, vf a, size_t n) { _mm256_maskstore_ps(p, vi_first(n), a); }
VEC_INLINE void vf_stream(float *p, vf a) { _mm256_stream_ps(p, a); }
VEC_INLINE void vec_stream_end(void) { _mm_sfence(); }

VEC_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
VEC_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
VEC_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
VEC_INLINE vf vf_div(vf a, vf b) { return _mm256_div_ps(a, b); }
VEC_INLINE vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
VEC_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
VEC_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
VEC_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
VEC_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }

VEC_INLINE vm vf_lt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
VEC_INLINE vm vf_le(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
VEC_INLINE vm vf_eq(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
VEC_INLINE vm vf_nan(vf a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
VEC_INLINE vm vm_and(vm a, vm b) { return _mm256_and_ps(a, b); }
VEC_INLINE vm vm_or(vm a, vm b) { return _mm256_or_ps(a, b); }
VEC_INLINE vm vm_not(vm a) { return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))); }
VEC_INLINE int vm_any(vm a) { return _mm256_movemask_ps(a) != 0; }
VEC_INLINE vf vf_copysign(vf a, vf b) {
  const vf sign = _mm256_castsi256_ps(_mm256_set1_epi32(INT32_MIN));
  return _mm256_or_ps(_mm256_andnot_ps(sign, a), _mm256_and_ps(sign, b));
}
VEC_INLINE vf vf_mul_low(vf a, vf b, vf product) { return _mm256_fmsub_ps(a, b, product); }
VEC_INLINE vf vf_fma_low(vf a, vf b, vf c, vf r) { return _mm256_fmadd_ps(a, b, _mm256_sub_ps(c, r)); }
VEC_INLINE vf vf_select(vm m, vf a, vf b) { return _mm256_blendv_ps(b, a, m); }

VEC_INLINE vi vi_set(int32_t a) { return _mm256_set1_epi32(a); }
VEC_INLINE vi vi_load(const void *p) { return _mm256_loadu_si256(p); }
VEC_INLINE void vi_store(void *p, vi a) { _mm256_storeu_si256(p, a); }
VEC_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
VEC_INLINE vi vi_sub(vi a, vi b) { return _mm256_sub_epi32(a, b); }
VEC_INLINE vi vi_mul(vi a, vi b) { return _mm256_mullo_epi32(a, b); }
VEC_INLINE vi vi_and(vi a, vi b) { return _mm256_and_si256(a, b); }
VEC_INLINE vi vi_or(vi a, vi b) { return _mm256_or_si256(a, b); }
VEC_INLINE vi vi_xor(vi a, vi b) { return _mm256_xor_si256(a, b); }
VEC_INLINE vi vi_min(vi a, vi b) { return _mm256_min_epi32(a, b); }
VEC_INLINE vi vi_max(vi a, vi b) { return _mm256_max_epi32(a, b); }
#define vi_shl(a, n) _mm256_slli_epi32(a, n)
#define vi_shr(a, n) _mm256_srli_epi32(a, n)
#define vi_sar(a, n) _mm256_srai_epi32(a, n)
#define vi_rotl(a, n) _mm256_or_si256(_mm256_slli_epi32(a, n), _mm256_srli_epi32(a, 32 - (n)))
VEC_INLINE vi vi_iota(void) { return _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0); }
VEC_INLINE void vi_load2(const uint32_t *p, vi *a, vi *b) {
  const __m256 first = _mm256_castsi256_ps(vi_load(p)), second = _mm256_castsi256_ps(vi_load(p + 8));
  const __m256d even = _mm256_castps_pd(_mm256_shuffle_ps(first, second, _MM_SHUFFLE(2, 0, 2, 0)));
  const __m256d odd = _mm256_castps_pd(_mm256_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1)));
  *a = _mm256_castpd_si256(_mm256_permute4x64_pd(even, _MM_SHUFFLE(3, 1, 2, 0)));
  *b = _mm256_castpd_si256(_mm256_permute4x64_pd(odd, _MM_SHUFFLE(3, 1, 2, 0)));
}
VEC_INLINE void vi_store2(int32_t *p, vi a, vi b) {
  const vi even = _mm256_unpacklo_epi32(a, b), odd = _mm256_unpackhi_epi32(a, b);
  vi_store(p, _mm256_permute2x128_si256(even, odd, 0x20));
  vi_store(p + 8, _mm256_permute2x128_si256(even, odd, 0x31));
}
VEC_INLINE vi vi_load16(const uint16_t *p) { return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)); }
VEC_INLINE void vi_store16(uint16_t *p, vi a) { /* without its upper half no lane saturates */
  const vi low = _mm256_and_si256(a, _mm256_set1_epi32(0xffff));
  _mm_storeu_si128((__m128i *)p, _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}
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
VEC_INLINE vm vi_eq(vi a, vi b) { return _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)); }
VEC_INLINE vm vi_lt(vi a, vi b) { return _mm256_castsi256_ps(_mm256_cmpgt_epi32(b, a)); }
VEC_INLINE vi vi_select(vm m, vi a, vi b) {
  return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(b), _mm256_castsi256_ps(a), m));
}

VEC_INLINE vi vi_lookup8(const int32_t *table, vi index) {
  return _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)table), index);
}

VEC_INLINE vi vf_as_vi(vf a) { return _mm256_castps_si256(a); }
VEC_INLINE vf vi_as_vf(vi a) { return _mm256_castsi256_ps(a); }
VEC_INLINE vi vf_to_vi(vf a) { return _mm256_cvtps_epi32(a); }
VEC_INLINE vf vi_to_vf(vi a) { return _mm256_cvtepi32_ps(a); }
VEC_INLINE vf vf_scale(vf a, vf n) {
  const vi all = vf_to_vi(n), last = vi_max(vi_set(-126), vi_min(vi_set(127), all)), first = vi_sub(all, last);
  const vf exact = vf_mul(a, vi_as_vf(vi_shl(vi_add(first, vi_set(127)), 23)));
  return vf_mul(exact, vi_as_vf(vi_shl(vi_add(last, vi_set(127)), 23)));
}

VEC_INLINE float vf_sum(vf a) {
  __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  b = _mm_add_ps(b, _mm_movehl_ps(b, b));
  return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}
VEC_INLINE float vf_largest(vf a) {
  __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  b = _mm_max_ps(b, _mm_movehl_ps(b, b));
  return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}

#define VW_LANES 4
VEC_INLINE vw vw_set(uint64_t a) { return _mm256_set1_epi64x((long long)a); }
VEC_INLINE vw vw_iota(void) { return _mm256_set_epi64x(3, 2, 1, 0); }
VEC_INLINE vw vw_add(vw a, vw b) { return _mm256_add_epi64(a, b); }
VEC_INLINE vw vw_mul(vw a, vw b) { return _mm256_mul_epu32(a, b); }
VEC_INLINE vw vw_shr32(vw a) { return _mm256_srli_epi64(a, 32); }
VEC_INLINE vw vw_xor3(vw a, vw b, vw c) { return _mm256_xor_si256(_mm256_xor_si256(a, b), c); }
VEC_INLINE void vw_store4(uint32_t *p, vw a, vw b, vw c, vw d) {
  const vw ab = _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xaa);
  const vw cd = _mm256_blend_epi32(c, _mm256_slli_epi64(d, 32), 0xaa);
  const vw even = _mm256_unpacklo_epi64(ab, cd), odd = _mm256_unpackhi_epi64(ab, cd);
  vi_store(p, _mm256_permute2x128_si256(even, odd, 0x20));
  vi_store(p + 8, _mm256_permute2x128_si256(even, odd, 0x31));
}
