/* Random words: every word a pure function of (seed, stream, index). */
#include "kernels/ars.h"
#include "kernels/rng.h"
#include "kernels/threefry.h"

/* Makes n words from `block` on with make_step(destination, block), which makes step of them. */
#define FOR_STEPS(words, block, n, step, make_step)                                                                    \
  do {                                                                                                                 \
    size_t done = 0;                                                                                                   \
    for (; done + (step) <= (n); done += (step)) make_step((words) + done, (block) + done / 4);                        \
    if (done < (n)) {                                                                                                  \
      _Alignas(64) uint32_t rest[step];                                                                                \
      make_step(rest, (block) + done / 4);                                                                             \
      memcpy((words) + done, rest, ((n)-done) * sizeof *(words));                                                      \
    }                                                                                                                  \
  } while (0)

/* ---- Philox ------------------------------------------------------------------------------------------------------ */

static void philox4x32_10(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  const struct philox_key key = philox_key(seed, stream);
#define STEP(to, at) philox_step(to, at, &key, 10)
  FOR_STEPS(words, block, n, RNG_STEP, STEP);
#undef STEP
}

/* The fewest rounds that pass the batteries, by its authors' account. */
static void philox4x32_7(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  const struct philox_key key = philox_key(seed, stream);
#define STEP(to, at) philox_step(to, at, &key, 7)
  FOR_STEPS(words, block, n, RNG_STEP, STEP);
#undef STEP
}

/* TensorFlow's stateless generator: one block under a fixed key turns the two seeds into Philox's key and the upper
 * half of its counter. seed and stream are the two elements of TensorFlow's seed. */
static void tensorflow_words(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  uint32_t mixed[4];
  philox4x32_10(mixed, seed, 4, 0x02461e293ec8f720u, stream);
  philox4x32_10(words, block, n, (uint64_t)mixed[1] << 32 | mixed[0], (uint64_t)mixed[3] << 32 | mixed[2]);
}

/* ---- Threefry ---------------------------------------------------------------------------------------------------- */

/* Two words a block: word i is of block 2 block + i / 2, counter (low, high). */
VEC_INLINE void threefry_step(uint32_t *words, uint64_t block, const struct threefry_key *key) {
  vi low[THREEFRY_CHAINS], high[THREEFRY_CHAINS];
  threefry_counters(2 * block, low, high);
  threefry2x32_20_rounds(low, high, key);
  for (int c = 0; c < THREEFRY_CHAINS; c++) vi_store2((int32_t *)words + 2 * VEC_LANES * c, low[c], high[c]);
}

static void threefry2x32_20(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  const struct threefry_key key =
      threefry_fold(threefry_key((uint32_t)seed, (uint32_t)(seed >> 32)), (uint32_t)stream, (uint32_t)(stream >> 32));
#define STEP(to, at) threefry_step(to, at, &key)
  FOR_STEPS(words, block, n, 2 * THREEFRY_STEP, STEP);
#undef STEP
}

/* JAX's default generator (jax_threefry_partitionable): word i is the exclusive or of both words of the block whose
 * counter is (high, low) of i. The key is (high, low) of seed; stream s > 0 is jax.random.fold_in(key, s). */
VEC_INLINE void jax_step(uint32_t *words, uint64_t block, const struct threefry_key *key) {
  vi low[THREEFRY_CHAINS], high[THREEFRY_CHAINS];
  threefry_counters(4 * block, low, high);
  threefry2x32_20_rounds(high, low, key);
  for (int c = 0; c < THREEFRY_CHAINS; c++) vi_store(words + VEC_LANES * c, vi_xor(low[c], high[c]));
}

static void jax_words(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  const struct threefry_key key =
      threefry_fold(threefry_key((uint32_t)(seed >> 32), (uint32_t)seed), (uint32_t)(stream >> 32), (uint32_t)stream);
#define STEP(to, at) jax_step(to, at, &key)
  FOR_STEPS(words, block, n, THREEFRY_STEP, STEP);
#undef STEP
}

/* ---- ARS --------------------------------------------------------------------------------------------------------- */

static void ars4x32_7(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  const struct ars_key key = ars_key(seed, stream);
#define STEP(to, at) ars_portable_block(to, at, &key)
  FOR_STEPS(words, block, n, 4, STEP);
#undef STEP
}

#if VEC_LANES == 1

#define ars4x32_7_aes NULL /* the yardstick is plain C */

#elif defined(__x86_64__)

ARS_STEP(ars_step_aes, "aes", __m128i, 1, ARS_SET2_128, _mm_setzero_si128(), _mm_add_epi64, _mm_xor_si128,
         _mm_aesenc_si128, _mm_aesenclast_si128, _mm_storeu_si128)

__attribute__((target("aes"))) static void ars4x32_7_aes(uint32_t *words, uint64_t block, size_t n, uint64_t seed,
                                                         uint64_t stream) {
  const struct ars_key key = ars_key(seed, stream);
#define STEP(to, at) ars_step_aes(to, at, &key)
  FOR_STEPS(words, block, n, 4 * ARS_CHAINS, STEP);
#undef STEP
}

#elif defined(__aarch64__)

/* AESE adds the round key before SubBytes and ShiftRows, AESMC is MixColumns: x86's round with the key one round
 * earlier. */
static inline void ars_step_aes(uint32_t *words, uint64_t block, const struct ars_key *key) {
  uint8x16_t v[ARS_CHAINS];
  for (uint64_t c = 0; c < ARS_CHAINS; c++)
    v[c] = vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(block + c), vcreate_u64(0)));
  for (int r = 0; r < ARS_ROUNDS; r++) {
    const uint8x16_t k = vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(key->low[r]), vcreate_u64(key->high[r])));
    for (int c = 0; c < ARS_CHAINS; c++) {
      v[c] = vaeseq_u8(v[c], k);
      if (r < ARS_ROUNDS - 1) v[c] = vaesmcq_u8(v[c]);
    }
  }
  const uint8x16_t last =
      vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(key->low[ARS_ROUNDS]), vcreate_u64(key->high[ARS_ROUNDS])));
  for (int c = 0; c < ARS_CHAINS; c++) vst1q_u8((uint8_t *)(words + 4 * c), veorq_u8(v[c], last));
}

static void ars4x32_7_aes(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  const struct ars_key key = ars_key(seed, stream);
#define STEP(to, at) ars_step_aes(to, at, &key)
  FOR_STEPS(words, block, n, 4 * ARS_CHAINS, STEP);
#undef STEP
}

#endif

#if VEC_LANES == 8

ARS_STEP(ars_step_vaes, "vaes", __m256i, 2, ARS_SET2_256, _mm256_set_epi64x(0, 1, 0, 0), _mm256_add_epi64,
         _mm256_xor_si256, _mm256_aesenc_epi128, _mm256_aesenclast_epi128, _mm256_storeu_si256)

#elif VEC_LANES == 16

ARS_STEP(ars_step_vaes, "vaes", __m512i, 4, ARS_SET2_512, _mm512_set_epi64(0, 3, 0, 2, 0, 1, 0, 0), _mm512_add_epi64,
         _mm512_xor_si512, _mm512_aesenc_epi128, _mm512_aesenclast_epi128, _mm512_storeu_si512)

#endif

#if VEC_LANES >= 8

__attribute__((target("vaes"))) static void ars4x32_7_vaes(uint32_t *words, uint64_t block, size_t n, uint64_t seed,
                                                           uint64_t stream) {
  const struct ars_key key = ars_key(seed, stream);
#define STEP(to, at) ars_step_vaes(to, at, &key)
  FOR_STEPS(words, block, n, VEC_LANES * ARS_CHAINS, STEP);
#undef STEP
}

#else

#define ars4x32_7_vaes NULL /* no vectors wider than one AES block here */

#endif
