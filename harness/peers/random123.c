/* Random123 (Salmon et al. 2011), in the way its examples use it: a block of words at a time, each turned into floats
 * as its uniform.hpp (u01, uneg11) and boxmuller.hpp do. Those are C++; the same formulas stand here in C. */
#include <math.h>
#include <string.h>

#include <Random123/ars.h>
#include <Random123/philox.h>

#include "harness/peers/kernels.h"

/* (0, 1] and [-1, 1]: half a step above the fraction that the word is. */
static inline float u01(uint32_t word) { return (float)word * 0x1p-32f + 0x1p-33f; }
static inline float uneg11(uint32_t word) { return (float)(int32_t)word * 0x1p-31f + 0x1p-32f; }

static inline void uniform(const uint32_t *words, float *w, struct parameters p) {
  const float a = p.a, width = p.b - p.a;
  for (int j = 0; j < 4; j++) w[j] = u01(words[j]) * width + a;
}

static inline void normal(const uint32_t *words, float *w, struct parameters p) {
  for (int j = 0; j < 4; j += 2) {
    const float angle = 3.1415926535897932f * uneg11(words[j]), radius = sqrtf(-2 * logf(u01(words[j + 1])));
    w[j] = p.a + p.b * radius * sinf(angle);
    w[j + 1] = p.a + p.b * radius * cosf(angle);
  }
}

/* Whole blocks, without a branch in the loop, so that compilers can overlap or vectorize them; then a ragged end. */
#define FILL(name, generator, counter, key, set_key, make)                                                             \
  static void name(float *restrict w, uint64_t first, size_t n, const struct init *restrict init) {                    \
    const key k = set_key;                                                                                             \
    const struct parameters p = init->p;                                                                               \
    const uint32_t low = (uint32_t)init->stream, high = (uint32_t)(init->stream >> 32);                                \
    const uint64_t begin = first / 4, blocks = n / 4;                                                                  \
    for (uint64_t i = 0; i < blocks; i++) {                                                                            \
      const counter c = {{(uint32_t)(begin + i), (uint32_t)((begin + i) >> 32), low, high}};                           \
      const counter words = generator(c, k);                                                                           \
      make(words.v, w + 4 * i, p);                                                                                     \
    }                                                                                                                  \
    if (n % 4) {                                                                                                       \
      const counter c = {{(uint32_t)(begin + blocks), (uint32_t)((begin + blocks) >> 32), low, high}};                 \
      const counter words = generator(c, k);                                                                           \
      float made[4];                                                                                                   \
      make(words.v, made, p);                                                                                          \
      memcpy(w + 4 * blocks, made, n % 4 * sizeof *w);                                                                 \
    }                                                                                                                  \
  }

#define PHILOX_KEY                                                                                                     \
  {                                                                                                                    \
    { (uint32_t) init->seed, (uint32_t)(init->seed >> 32) }                                                            \
  }
FILL(philox_uniform, philox4x32, philox4x32_ctr_t, philox4x32_key_t, PHILOX_KEY, uniform)
FILL(philox_normal, philox4x32, philox4x32_ctr_t, philox4x32_key_t, PHILOX_KEY, normal)

#if R123_USE_AES_NI

static inline ars4x32_ctr_t ars(ars4x32_ctr_t counter, ars4x32_key_t key) { return ars4x32_R(7, counter, key); }

static ars4x32_key_t ars_key(const struct init *init) {
  const ars4x32_ukey_t user = {{(uint32_t)init->seed, (uint32_t)(init->seed >> 32), 0, 0}};
  return ars4x32keyinit(user);
}
FILL(ars_uniform, ars, ars4x32_ctr_t, ars4x32_key_t, ars_key(init), uniform)
FILL(ars_normal, ars, ars4x32_ctr_t, ars4x32_key_t, ars_key(init), normal)

#endif

PEER_KERNELS(random123) = {
    {"random123", KERNEL_init_uniform, PEER_FUNCTION(philox_uniform), RNG_PHILOX4X32_10, NULL},
    {"random123", KERNEL_init_normal, PEER_FUNCTION(philox_normal), RNG_PHILOX4X32_10, NULL},
#if R123_USE_AES_NI
    {"random123", KERNEL_init_uniform, PEER_FUNCTION(ars_uniform), RNG_ARS4X32_7, "aes"},
    {"random123", KERNEL_init_normal, PEER_FUNCTION(ars_normal), RNG_ARS4X32_7, "aes"},
#endif
    {0},
};
