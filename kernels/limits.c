/* Kernels that do nothing but run into one limit of the machine. */
#include <assert.h>

#include "kernels/vec/vec.h"

/* Independent chains: latency x units of today's widest cores, 4 x 2 to 4 x 4, within 16 registers less the two
 * operands. One lane of scalar code has the same latencies. */
#define PEAK_CHAINS 12

/* v <- v / 2 + 1 stays near its fixed point 2, far from subnormals and overflow. */
static void fma_peak(size_t n, float *sink) {
  vf chain[PEAK_CHAINS];
  vf half = vf_set(0.5f), one = vf_set(1.0f);
  __asm__ volatile("" : "+m"(half), "+m"(one)); /* or the compiler would compute the result */
  for (int i = 0; i < PEAK_CHAINS; i++) chain[i] = vf_set(2.0f);
  size_t step = 0;
  for (; step + PEAK_CHAINS <= n; step += PEAK_CHAINS)
    for (int i = 0; i < PEAK_CHAINS; i++) chain[i] = vf_fma(chain[i], half, one);
  for (; step < n; step++) chain[0] = vf_fma(chain[0], half, one);
  vf total = vf_set(0.0f);
  for (int i = 0; i < PEAK_CHAINS; i++) total = vf_add(total, chain[i]);
  *sink = vf_sum(total) / (VEC_LANES * PEAK_CHAINS);
}

#if defined(DEPTHMARK_VEC_AVX512)
/* Latency x units: of VDPBF16PS 6 x 1 on Zen 4. Products that cancel are added to 2, so that nothing is rounded. */
#define BF16_CHAINS 16

__attribute__((target("avx512bf16"))) static void bf16_peak(size_t n, float *sink) {
  vf chain[BF16_CHAINS];
  vi halves = vi_set((int32_t)0xbf003f00), ones = vi_set(0x3f803f80); /* pairs of (1/2, -1/2) and of (1, 1) */
  __asm__ volatile("" : "+m"(halves), "+m"(ones));
  for (int i = 0; i < BF16_CHAINS; i++) chain[i] = vf_set(2.0f);
  size_t step = 0;
  for (; step + BF16_CHAINS <= n; step += BF16_CHAINS)
    for (int i = 0; i < BF16_CHAINS; i++) chain[i] = _mm512_dpbf16_ps(chain[i], (__m512bh)halves, (__m512bh)ones);
  for (; step < n; step++) chain[0] = _mm512_dpbf16_ps(chain[0], (__m512bh)halves, (__m512bh)ones);
  vf total = vf_set(0.0f);
  for (int i = 0; i < BF16_CHAINS; i++) total = vf_add(total, chain[i]);
  *sink = vf_sum(total) / (VEC_LANES * BF16_CHAINS);
}
#else
#define bf16_peak NULL
#endif

/* Widening multiplications of the low words: x <- (x mod 2^32) * odd, from 1. The sink is the sum of the chains' low
 * words mod 2^32, without its last 8 bits so that a float holds it. */
static void multiply_peak(size_t n, float *sink) {
  vw chain[PEAK_CHAINS];
  vw factor = vw_set(0xd2511f53u);
  __asm__ volatile("" : "+m"(factor));
  for (int i = 0; i < PEAK_CHAINS; i++) chain[i] = vw_set(1);
  size_t step = 0;
  for (; step + PEAK_CHAINS <= n; step += PEAK_CHAINS)
    for (int i = 0; i < PEAK_CHAINS; i++) chain[i] = vw_mul(chain[i], factor);
  for (; step < n; step++) chain[0] = vw_mul(chain[0], factor);
  vw total = vw_set(0);
  for (int i = 0; i < PEAK_CHAINS; i++) total = vw_add(total, chain[i]);
  uint32_t words[4 * VW_LANES];
  vw_store4(words, total, total, total, total);
  *sink = (float)(words[0] >> 8);
}

#define UNROLL 4
#define UNROLLED (UNROLL * VEC_LANES)

/* Chains of additions: latency x loads a cycle, 4 x 2. */
#define READ_CHAINS 8

static void memory_read(float *dst, const float *src, size_t n) {
  vf sum[READ_CHAINS];
  for (int u = 0; u < READ_CHAINS; u++) sum[u] = vf_set(0.0f);
  size_t i = 0;
  for (; i + READ_CHAINS * VEC_LANES <= n; i += READ_CHAINS * VEC_LANES)
    for (int u = 0; u < READ_CHAINS; u++) sum[u] = vf_add(sum[u], vf_load(src + i + u * VEC_LANES));
  for (; i + VEC_LANES <= n; i += VEC_LANES) sum[0] = vf_add(sum[0], vf_load(src + i));
  sum[0] = vf_add(sum[0], vf_load_n(src + i, n - i));
  for (int u = 1; u < READ_CHAINS; u++) sum[0] = vf_add(sum[0], sum[u]);
  if (n) dst[0] = vf_sum(sum[0]);
}

static void memory_write(float *dst, const float *src, size_t n) {
  const vf value = n ? vf_set(src[0]) : vf_set(0.0f);
  size_t i = 0;
  for (; i + UNROLLED <= n; i += UNROLLED)
    for (int u = 0; u < UNROLL; u++) vf_store(dst + i + u * VEC_LANES, value);
  for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(dst + i, value);
  vf_store_n(dst + i, value, n - i);
}

static void memory_copy(float *dst, const float *src, size_t n) {
  size_t i = 0;
  for (; i + UNROLLED <= n; i += UNROLLED)
    for (int u = 0; u < UNROLL; u++) vf_store(dst + i + u * VEC_LANES, vf_load(src + i + u * VEC_LANES));
  for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(dst + i, vf_load(src + i));
  vf_store_n(dst + i, vf_load_n(src + i, n - i), n - i);
}

static void memory_write_stream(float *dst, const float *src, size_t n) {
  const vf value = n ? vf_set(src[0]) : vf_set(0.0f);
  size_t i = vec_first_aligned(dst, n);
  memory_write(dst, src, i);
  for (; i + UNROLLED <= n; i += UNROLLED)
    for (int u = 0; u < UNROLL; u++) vf_stream(dst + i + u * VEC_LANES, value);
  vec_stream_end();
  for (; i < n; i++) dst[i] = src[0];
}

static void memory_copy_stream(float *dst, const float *src, size_t n) {
  size_t i = vec_first_aligned(dst, n);
  memory_copy(dst, src, i);
  for (; i + UNROLLED <= n; i += UNROLLED)
    for (int u = 0; u < UNROLL; u++) vf_stream(dst + i + u * VEC_LANES, vf_load(src + i + u * VEC_LANES));
  vec_stream_end();
  memory_copy(dst + i, src + i, n - i);
}
