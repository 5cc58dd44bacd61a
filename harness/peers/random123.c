/* Random123 (Salmon et al. 2011), in the way its examples use it: a block of words at a time, each turned into floats
 * as its uniform.hpp (u01, uneg11) and boxmuller.hpp do. Those are C++; the same formulas stand here in C. */
#include <math.h>
#include <string.h>

#include <Random123/ars.h>
#include <Random123/philox.h>
#include <Random123/threefry.h>

#include "harness/peers/kernels.h"

/* (0, 1] and [-1, 1]: half a step above the fraction that the word is. */
static inline float u01(uint32_t word) { return (float)word * 0x1p-32f + 0x1p-33f; }
static inline float uneg11(uint32_t word) { return (float)(int32_t)word * 0x1p-31f + 0x1p-32f; }

/* `size` words, those of one block, become as many weights. */
static inline void uniform(const uint32_t *words, float *w, int size, struct parameters p) {
  const float a = p.a, width = p.b - p.a;
  for (int j = 0; j < size; j++) w[j] = u01(words[j]) * width + a;
}

static inline void normal(const uint32_t *words, float *w, int size, struct parameters p) {
  for (int j = 0; j < size; j += 2) {
    const float angle = 3.1415926535897932f * uneg11(words[j]), radius = sqrtf(-2 * logf(u01(words[j + 1])));
    w[j] = p.a + p.b * radius * sinf(angle);
    w[j + 1] = p.a + p.b * radius * cosf(angle);
  }
}

/* Whole blocks, without a branch in the loop, so that compilers can overlap or vectorize them; then a ragged end. The
 * words are those of our generator of that name: keys and counters hold seed, stream and block where ours have them. */
#define FILL(name, generator, counter, key, set_key, set_counter, make)                                                \
  static void name(float *restrict w, uint64_t first, size_t n, const struct init *restrict init) {                    \
    enum { SIZE = sizeof(counter) / sizeof(uint32_t) };                                                                \
    const key k = set_key(init);                                                                                       \
    const struct parameters p = init->p;                                                                               \
    const uint64_t begin = first / SIZE, blocks = n / SIZE;                                                            \
    for (uint64_t i = 0; i < blocks; i++) {                                                                            \
      const counter words = generator(set_counter(begin + i, init->stream), k);                                        \
      make(words.v, w + SIZE * i, SIZE, p);                                                                            \
    }                                                                                                                  \
    if (n % SIZE) {                                                                                                    \
      const counter words = generator(set_counter(begin + blocks, init->stream), k);                                   \
      float made[SIZE];                                                                                                \
      make(words.v, made, SIZE, p);                                                                                    \
      memcpy(w + SIZE * blocks, made, n % SIZE * sizeof *w);                                                           \
    }                                                                                                                  \
  }

#define LOW(number) (uint32_t)(number)
#define HIGH(number) (uint32_t)((number) >> 32)

static inline philox4x32_key_t philox_key(const struct init *init) {
  return (philox4x32_key_t){{LOW(init->seed), HIGH(init->seed)}};
}
static inline philox4x32_ctr_t philox_counter(uint64_t block, uint64_t stream) {
  return (philox4x32_ctr_t){{LOW(block), HIGH(block), LOW(stream), HIGH(stream)}};
}
FILL(philox_uniform, philox4x32, philox4x32_ctr_t, philox4x32_key_t, philox_key, philox_counter, uniform)
FILL(philox_normal, philox4x32, philox4x32_ctr_t, philox4x32_key_t, philox_key, philox_counter, normal)

/* A stream other than 0 is folded into the key. */
static inline threefry2x32_key_t threefry_key(const struct init *init) {
  const threefry2x32_key_t key = {{LOW(init->seed), HIGH(init->seed)}};
  const threefry2x32_ctr_t stream = {{LOW(init->stream), HIGH(init->stream)}};
  if (init->stream == 0) return key;
  const threefry2x32_ctr_t folded = threefry2x32(stream, key);
  return (threefry2x32_key_t){{folded.v[0], folded.v[1]}};
}
static inline threefry2x32_ctr_t threefry_counter(uint64_t block, uint64_t stream) {
  (void)stream;
  return (threefry2x32_ctr_t){{LOW(block), HIGH(block)}};
}
FILL(threefry_uniform, threefry2x32, threefry2x32_ctr_t, threefry2x32_key_t, threefry_key, threefry_counter, uniform)

#if R123_USE_AES_NI

static inline ars4x32_ctr_t ars(ars4x32_ctr_t counter, ars4x32_key_t key) { return ars4x32_R(7, counter, key); }

static ars4x32_key_t ars_key(const struct init *init) {
  return ars4x32keyinit((ars4x32_ukey_t){{LOW(init->seed), HIGH(init->seed), LOW(init->stream), HIGH(init->stream)}});
}
static inline ars4x32_ctr_t ars_counter(uint64_t block, uint64_t stream) {
  (void)stream; /* in the key */
  return (ars4x32_ctr_t){{LOW(block), HIGH(block), 0, 0}};
}
FILL(ars_uniform, ars, ars4x32_ctr_t, ars4x32_key_t, ars_key, ars_counter, uniform)
FILL(ars_normal, ars, ars4x32_ctr_t, ars4x32_key_t, ars_key, ars_counter, normal)

#endif

PEER_KERNELS(random123) = {
    {"random123", KERNEL_init_uniform, PEER_FUNCTION(philox_uniform), RNG_PHILOX4X32_10, NULL, NULL, false},
    {"random123", KERNEL_init_normal, PEER_FUNCTION(philox_normal), RNG_PHILOX4X32_10, NULL, NULL, false},
    {"random123", KERNEL_init_uniform, PEER_FUNCTION(threefry_uniform), RNG_THREEFRY2X32_20, NULL, NULL, false},
#if R123_USE_AES_NI
    {"random123", KERNEL_init_uniform, PEER_FUNCTION(ars_uniform), RNG_ARS4X32_7, "aes", NULL, false},
    {"random123", KERNEL_init_normal, PEER_FUNCTION(ars_normal), RNG_ARS4X32_7, "aes", NULL, false},
#endif
    {0},
};
