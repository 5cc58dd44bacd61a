/* The vocabulary on AVX-512 F, BW, DQ, VL, CD: 16 lanes, masks in k registers. */
#include <immintrin.h>

#define VEC_LANES 16

typedef __m512 vf;
typedef __m512i vi, vw;
typedef __mmask16 vm;

VEC_INLINE vm vm_first(size_t n) { return (vm)_bzhi_u32(0xffff, (unsigned)n); }

VEC_INLINE vf vf_set(float a) { return _mm512_set1_ps(a); }
VEC_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
VEC_INLINE void vf_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
VEC_INLINE vf vf_load_n(const float *p, size_t n) { return _mm512_maskz_loadu_ps(vm_first(n), p); }
VEC_INLINE void vf_store_n(float *p, vf a, size_t n) { _mm512_mask_storeu_ps(p, vm_first(n), a); }
VEC_INLINE void vf_stream(float *p, vf a) { _mm512_stream_ps(p, a); }
VEC_INLINE void vec_stream_end(void) { _mm_sfence(); }

VEC_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
VEC_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
VEC_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
VEC_INLINE vf vf_div(vf a, vf b) { return _mm512_div_ps(a, b); }
VEC_INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
VEC_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
VEC_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
VEC_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
VEC_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }

VEC_INLINE vm vf_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
VEC_INLINE vm vf_le(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
VEC_INLINE vm vf_eq(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
VEC_INLINE vm vf_nan(vf a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
VEC_INLINE vm vm_and(vm a, vm b) { return _kand_mask16(a, b); }
VEC_INLINE vm vm_or(vm a, vm b) { return _kor_mask16(a, b); }
VEC_INLINE vm vm_not(vm a) { return _knot_mask16(a); }
VEC_INLINE int vm_any(vm a) { return a != 0; }
VEC_INLINE vf vf_copysign(vf a, vf b) { /* the sign mask chooses b where it is set, else a */
  return _mm512_castsi512_ps(
      _mm512_ternarylogic_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b), _mm512_set1_epi32(INT32_MIN), 0xd8));
}
VEC_INLINE vf vf_mul_low(vf a, vf b, vf product) { return _mm512_fmsub_ps(a, b, product); }
VEC_INLINE vf vf_fma_low(vf a, vf b, vf c, vf r) { return _mm512_fmadd_ps(a, b, _mm512_sub_ps(c, r)); }
VEC_INLINE vf vf_select(vm m, vf a, vf b) { return _mm512_mask_blend_ps(m, b, a); }

VEC_INLINE vi vi_set(int32_t a) { return _mm512_set1_epi32(a); }
VEC_INLINE vi vi_load(const void *p) { return _mm512_loadu_si512(p); }
VEC_INLINE void vi_store(void *p, vi a) { _mm512_storeu_si512(p, a); }
VEC_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
VEC_INLINE vi vi_sub(vi a, vi b) { return _mm512_sub_epi32(a, b); }
VEC_INLINE vi vi_mul(vi a, vi b) { return _mm512_mullo_epi32(a, b); }
VEC_INLINE vi vi_and(vi a, vi b) { return _mm512_and_si512(a, b); }
VEC_INLINE vi vi_or(vi a, vi b) { return _mm512_or_si512(a, b); }
VEC_INLINE vi vi_xor(vi a, vi b) { return _mm512_xor_si512(a, b); }
VEC_INLINE vi vi_min(vi a, vi b) { return _mm512_min_epi32(a, b); }
VEC_INLINE vi vi_max(vi a, vi b) { return _mm512_max_epi32(a, b); }
#define vi_shl(a, n) _mm512_slli_epi32(a, n)
#define vi_shr(a, n) _mm512_srli_epi32(a, n)
#define vi_sar(a, n) _mm512_srai_epi32(a, n)
#define vi_rotl(a, n) _mm512_rol_epi32(a, n)
VEC_INLINE vi vi_iota(void) { return _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0); }
VEC_INLINE void vi_load2(const uint32_t *p, vi *a, vi *b) {
  const vi first = vi_load(p), second = vi_load(p + 16);
  const vi even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const vi odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  *a = _mm512_permutex2var_epi32(first, even, second);
  *b = _mm512_permutex2var_epi32(first, odd, second);
}
VEC_INLINE void vi_store2(int32_t *p, vi a, vi b) {
  const vi low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const vi high = _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
  _mm512_storeu_si512(p, _mm512_permutex2var_epi32(a, low, b));
  _mm512_storeu_si512(p + 16, _mm512_permutex2var_epi32(a, high, b));
}
VEC_INLINE vi vi_load16(const uint16_t *p) { return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)); }
VEC_INLINE void vi_store16(uint16_t *p, vi a) { _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(a)); }
VEC_INLINE vi vi_load16_n(const uint16_t *p, size_t n) {
  return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(vm_first(n), p));
}
VEC_INLINE void vi_store16_n(uint16_t *p, vi a, size_t n) { _mm512_mask_cvtepi32_storeu_epi16(p, vm_first(n), a); }
VEC_INLINE vm vi_eq(vi a, vi b) { return _mm512_cmpeq_epi32_mask(a, b); }
VEC_INLINE vm vi_lt(vi a, vi b) { return _mm512_cmplt_epi32_mask(a, b); }
VEC_INLINE vi vi_select(vm m, vi a, vi b) { return _mm512_mask_blend_epi32(m, b, a); }

VEC_INLINE vi vi_lookup8(const int32_t *table, vi index) {
  return _mm512_permutexvar_epi32(index, _mm512_broadcast_i32x8(_mm256_loadu_si256((const __m256i *)table)));
}

VEC_INLINE vi vf_as_vi(vf a) { return _mm512_castps_si512(a); }
VEC_INLINE vf vi_as_vf(vi a) { return _mm512_castsi512_ps(a); }
VEC_INLINE vi vf_to_vi(vf a) { return _mm512_cvtps_epi32(a); }
VEC_INLINE vf vi_to_vf(vi a) { return _mm512_cvtepi32_ps(a); }
VEC_INLINE vf vf_scale(vf a, vf n) { return _mm512_scalef_ps(a, n); }

VEC_INLINE float vf_sum(vf a) { return _mm512_reduce_add_ps(a); }
VEC_INLINE float vf_largest(vf a) { return _mm512_reduce_max_ps(a); }

#define VW_LANES 8
VEC_INLINE vw vw_set(uint64_t a) { return _mm512_set1_epi64((long long)a); }
VEC_INLINE vw vw_iota(void) { return _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0); }
VEC_INLINE vw vw_add(vw a, vw b) { return _mm512_add_epi64(a, b); }
VEC_INLINE vw vw_mul(vw a, vw b) { return _mm512_mul_epu32(a, b); }
VEC_INLINE vw vw_shr32(vw a) { return _mm512_srli_epi64(a, 32); }
VEC_INLINE vw vw_xor3(vw a, vw b, vw c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
VEC_INLINE void vw_store4(uint32_t *p, vw a, vw b, vw c, vw d) {
  const vw ab = _mm512_mask_shuffle_epi32(a, 0xaaaa, b, _MM_PERM_CCAA);
  const vw cd = _mm512_mask_shuffle_epi32(c, 0xaaaa, d, _MM_PERM_CCAA);
  const vw low = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), high = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
  _mm512_storeu_si512(p, _mm512_permutex2var_epi64(ab, low, cd));
  _mm512_storeu_si512(p + 16, _mm512_permutex2var_epi64(ab, high, cd));
}
