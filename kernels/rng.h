/* Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as
 * 1, 2, 3" (SC 2011), in the vector vocabulary.
 *
 * Word i of stream s under a seed is word i mod 4 of philox(counter, key) with
 *   counter = (low half of i / 4, high half, low half of s, high half),   key = (low half of seed, high half),
 * so a range can start anywhere and any split gives the same words.
 *
 * The state is held in the low halves of 64-bit lanes, where the widening multiplication wants it; what stands in
 * the high halves is never read.
 */
#ifndef DEPTHMARK_RNG_H
#define DEPTHMARK_RNG_H

#include "kernels/vec/vec.h"

#define PHILOX_ROUNDS 10 /* at most */
#define PHILOX_M0 0xd2511f53u
#define PHILOX_M1 0xcd9e8d57u
#define PHILOX_W0 0x9e3779b9u
#define PHILOX_W1 0xbb67ae85u

/* Words made at a time. The same on every ISA, because init_normal pairs words within half a step. */
#define RNG_STEP 128

/* Counters in flight: enough independent chains to hide the multiplier's latency, few enough for the registers (four a
 * chain). */
#if VEC_LANES == 16
#define PHILOX_CHAINS 4
#elif VEC_LANES == 1
#define PHILOX_CHAINS 1
#else
#define PHILOX_CHAINS 2
#endif

struct philox_key {
  uint32_t k0[PHILOX_ROUNDS], k1[PHILOX_ROUNDS];
  uint64_t stream;
};

VEC_INLINE struct philox_key philox_key(uint64_t seed, uint64_t stream) {
  struct philox_key key = {.stream = stream};
  for (uint32_t r = 0; r < PHILOX_ROUNDS; r++) {
    key.k0[r] = (uint32_t)seed + r * PHILOX_W0;
    key.k1[r] = (uint32_t)(seed >> 32) + r * PHILOX_W1;
  }
  return key;
}

/* words[0 .. RNG_STEP) = the words of block, block + 1, ... */
VEC_INLINE void philox_step(uint32_t *words, uint64_t block, const struct philox_key *key, int rounds) {
  const vw m0 = vw_set(PHILOX_M0), m1 = vw_set(PHILOX_M1);
  for (size_t done = 0; done < RNG_STEP; done += (size_t)4 * VW_LANES * PHILOX_CHAINS) {
    vw c0[PHILOX_CHAINS], c1[PHILOX_CHAINS], c2[PHILOX_CHAINS], c3[PHILOX_CHAINS];
    for (int i = 0; i < PHILOX_CHAINS; i++) {
      c0[i] = vw_add(vw_set(block + done / 4 + (size_t)i * VW_LANES), vw_iota());
      c1[i] = vw_shr32(c0[i]);
      c2[i] = vw_set(key->stream);
      c3[i] = vw_set(key->stream >> 32);
    }
    for (int r = 0; r < rounds; r++) {
      const vw k0 = vw_set(key->k0[r]), k1 = vw_set(key->k1[r]);
      for (int i = 0; i < PHILOX_CHAINS; i++) {
        const vw p0 = vw_mul(c0[i], m0), p1 = vw_mul(c2[i], m1);
        c0[i] = vw_xor3(vw_shr32(p1), c1[i], k0);
        c2[i] = vw_xor3(vw_shr32(p0), c3[i], k1);
        c1[i] = p1;
        c3[i] = p0;
      }
    }
    for (int i = 0; i < PHILOX_CHAINS; i++)
      vw_store4(words + done + (size_t)4 * VW_LANES * (size_t)i, c0[i], c1[i], c2[i], c3[i]);
  }
}

#endif
