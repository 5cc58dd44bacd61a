/* Kernels that do nothing but run into one limit of the machine. */
#include <assert.h>

#include "kernels/unroll.h"
#include "kernels/vec/vec.h"

/* Independent chains: latency x units of today's widest cores, 4 x 2 to 4 x 4, within 16 registers less the two
 * operands. One lane of scalar code has the same latencies. */
#define PEAK_CHAINS 12
/* Without FMA a step takes two latencies. */
#define FMA_CHAINS (VEC_LANES == 1 ? 14 : PEAK_CHAINS)

/* Chains of floats that stay what they begin as, far from subnormals and overflow: `step` makes v of v, a and b. The
 * compiler does not know these numbers, nor that all chains begin alike: it would compute the result, or one chain for
 * all. Chains meet in memory, out of the loop's registers. Being the same in all lanes of all chains, the result is
 * also the largest of them. */
#define FLOAT_CHAINS(name, chains, start, a_, b_, step)                                                                \
  static void name(size_t n, float *sink) {                                                                            \
    vf chain[chains], from[chains], to[chains], a = vf_set(a_), b = vf_set(b_);                                        \
    for (int i = 0; i < (chains); i++) from[i] = vf_set(start);                                                        \
    __asm__ volatile("" : "+m"(a), "+m"(b), "+m"(from));                                                               \
    UNROLL_ALL for (int i = 0; i < (chains); i++) chain[i] = from[i];                                                  \
    size_t done = 0;                                                                                                   \
    for (; done + (chains) <= n; done += (chains)) {                                                                   \
      UNROLL_ALL for (int i = 0; i < (chains); i++) {                                                                  \
        const vf v = chain[i];                                                                                         \
        chain[i] = (step);                                                                                             \
      }                                                                                                                \
    }                                                                                                                  \
    UNROLL_ALL for (int i = 0; i < (chains); i++) to[i] = chain[i];                                                    \
    __asm__ volatile("" : "+m"(to));                                                                                   \
    vf v = to[0], largest = v;                                                                                         \
    for (int i = 1; i < (chains); i++) largest = vf_max(largest, to[i]);                                               \
    for (; done < n; done++) v = (step);                                                                               \
    *sink = vf_largest(vf_max(largest, v));                                                                            \
  }

/* Numbers with all digits, for which dividers may take longer: SQUARE divided by ROOT, and its square root, are ROOT
 * after rounding. TO_SQUARE has the bits in which the two differ. */
#define SQUARE 0x1.e66666p+0f
#define ROOT 0x1.60df24p+0f
#define TO_SQUARE 0x1.0d7284p-127f

FLOAT_CHAINS(fma_peak, FMA_CHAINS, 2.0f, 0.5f, 1.0f, vf_fma(v, a, b))
FLOAT_CHAINS(divide_peak, PEAK_CHAINS, ROOT, SQUARE, 0.0f, vf_div(a, v))
FLOAT_CHAINS(sqrt_peak, PEAK_CHAINS, ROOT, TO_SQUARE, 0.0f, vf_sqrt(vi_as_vf(vi_xor(vf_as_vi(v), vf_as_vi(a)))))

/* A chain alone waits for each result. */
FLOAT_CHAINS(add_latency, 1, 1.25f, 2.5f, 0.0f, vf_sub(a, v))
FLOAT_CHAINS(multiply_latency, 1, ROOT, 1.0f, 0.0f, vf_mul(v, a))
FLOAT_CHAINS(fma_latency, 1, 2.0f, 0.5f, 1.0f, vf_fma(v, a, b))
FLOAT_CHAINS(divide_latency, 1, ROOT, SQUARE, 0.0f, vf_div(a, v))

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

/* Chains of integers, in vectors of the type given, from their numbers on. The sink is made of the sum of the chains'
 * first words mod 2^32, without its last 8 bits so that a float holds it. The words that `first` stores begin a vector.
 */
#define INTEGER_CHAINS(name, attributes, vector, set, start, a_, b_, step, add, first)                                 \
  attributes static void name(size_t n, float *sink) {                                                                 \
    vector chain[PEAK_CHAINS], from[PEAK_CHAINS], to[PEAK_CHAINS], a = set(a_), b = set(b_);                           \
    for (int i = 0; i < PEAK_CHAINS; i++) from[i] = set(start);                                                        \
    __asm__ volatile("" : "+m"(a), "+m"(b), "+m"(from));                                                               \
    UNROLL_ALL for (int i = 0; i < PEAK_CHAINS; i++) chain[i] = from[i];                                               \
    size_t done = 0;                                                                                                   \
    for (; done + PEAK_CHAINS <= n; done += PEAK_CHAINS) {                                                             \
      UNROLL_ALL for (int i = 0; i < PEAK_CHAINS; i++) {                                                               \
        const vector v = chain[i];                                                                                     \
        chain[i] = (step);                                                                                             \
      }                                                                                                                \
    }                                                                                                                  \
    UNROLL_ALL for (int i = 0; i < PEAK_CHAINS; i++) to[i] = chain[i];                                                 \
    __asm__ volatile("" : "+m"(to));                                                                                   \
    vector v = to[0], others = to[1];                                                                                  \
    for (int i = 2; i < PEAK_CHAINS; i++) others = add(others, to[i]);                                                 \
    for (; done < n; done++) v = (step);                                                                               \
    (void)b;                                                                                                           \
    uint32_t words[4 * VEC_LANES];                                                                                     \
    first(words, add(v, others));                                                                                      \
    *sink = (float)(words[0] >> 8);                                                                                    \
  }

#define STORE_VI(words, v) vi_store(words, v)
#define STORE_VW(words, v) vw_store4(words, v, v, v, v)

/* Widening multiplications of the low words: x <- (x mod 2^32) * odd. */
INTEGER_CHAINS(multiply_peak, , vw, vw_set, 1, 0xd2511f53u, 0, vw_mul(v, a), vw_add, STORE_VW)
/* x <- x * odd mod 2^32 */
INTEGER_CHAINS(multiply_low_peak, , vi, vi_set, 1, (int32_t)0xd2511f53, 0, vi_mul(v, a), vi_add, STORE_VI)
/* x <- (x + odd) ^ other: what random generators, conversions and index arithmetic are made of. */
INTEGER_CHAINS(integer_peak, , vi, vi_set, 1, (int32_t)0x9e3779b9, 0x55aa33cc, vi_xor(vi_add(v, a), b), vi_add,
               STORE_VI)

/* Rounds of AES with the key (KEY, KEY, KEY, KEY), on blocks of zeros. */
#define AES_KEY 0x1b873593

#if VEC_LANES == 1

#define aes_peak NULL /* the yardstick is plain C */

#elif defined(__x86_64__)

#define STORE_128(words, v) _mm_storeu_si128((__m128i *)(words), v)
INTEGER_CHAINS(aes_peak, __attribute__((target("aes"))), __m128i, _mm_set1_epi32, 0, AES_KEY, 0, _mm_aesenc_si128(v, a),
               _mm_add_epi32, STORE_128)

#elif defined(__aarch64__)

/* AESE adds the key before the substitution, x86's AESENC at the end: the key is added by an instruction more, which
 * other units do. */
#define AES_SET(a) vreinterpretq_u8_s32(vdupq_n_s32(a))
#define AES_ADD(a, b) vreinterpretq_u8_s32(vaddq_s32(vreinterpretq_s32_u8(a), vreinterpretq_s32_u8(b)))
#define AES_STORE(words, v) vst1q_u8((uint8_t *)(words), v)
INTEGER_CHAINS(aes_peak, , uint8x16_t, AES_SET, 0, AES_KEY, 0, veorq_u8(vaesmcq_u8(vaeseq_u8(v, b)), a), AES_ADD,
               AES_STORE)

#endif

#if VEC_LANES >= 8

#if VEC_LANES == 8
#define VAES_ROUND _mm256_aesenc_epi128
#else
#define VAES_ROUND _mm512_aesenc_epi128
#endif
INTEGER_CHAINS(vaes_peak, __attribute__((target("vaes"))), vi, vi_set, 0, AES_KEY, 0, VAES_ROUND(v, a), vi_add,
               STORE_VI)

#else
#define vaes_peak NULL /* no vectors wider than one AES block here */
#endif

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
