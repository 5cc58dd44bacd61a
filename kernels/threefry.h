/* Threefry2x32-20 of Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011): additions,
 * rotations and exclusive ors only.
 */
#ifndef DEPTHMARK_THREEFRY_H
#define DEPTHMARK_THREEFRY_H

#include "kernels/vec/vec.h"

#define THREEFRY_PARITY 0x1bd11bda

/* Independent vectors of blocks in flight, two registers each. */
#define THREEFRY_CHAINS 4
/* Blocks made at a time: a multiple of four, since ranges are counted in units of four words. */
#define THREEFRY_STEP (VEC_LANES * THREEFRY_CHAINS)

struct threefry_key {
  int32_t k[3];
};

/* One double round's worth of a rotation schedule: four rounds, then the key injection that follows them. */
#define THREEFRY_ROUND(rotation)                                                                                       \
  for (int c = 0; c < THREEFRY_CHAINS; c++) {                                                                          \
    x0[c] = vi_add(x0[c], x1[c]);                                                                                      \
    x1[c] = vi_xor(vi_rotl(x1[c], rotation), x0[c]);                                                                   \
  }
#define THREEFRY_FOUR_ROUNDS(r0, r1, r2, r3, injection)                                                                \
  THREEFRY_ROUND(r0)                                                                                                   \
  THREEFRY_ROUND(r1)                                                                                                   \
  THREEFRY_ROUND(r2)                                                                                                   \
  THREEFRY_ROUND(r3)                                                                                                   \
  for (int c = 0; c < THREEFRY_CHAINS; c++) {                                                                          \
    x0[c] = vi_add(x0[c], vi_set(key->k[(injection) % 3]));                                                            \
    x1[c] = vi_add(x1[c], vi_set((int32_t)((uint32_t)key->k[((injection) + 1) % 3] + (injection))));                   \
  }

/* Encrypts the counters (x0, x1) of THREEFRY_CHAINS vectors in place. */
VEC_INLINE void threefry2x32_20_rounds(vi x0[THREEFRY_CHAINS], vi x1[THREEFRY_CHAINS], const struct threefry_key *key) {
  for (int c = 0; c < THREEFRY_CHAINS; c++) {
    x0[c] = vi_add(x0[c], vi_set(key->k[0]));
    x1[c] = vi_add(x1[c], vi_set(key->k[1]));
  }
  THREEFRY_FOUR_ROUNDS(13, 15, 26, 6, 1u)
  THREEFRY_FOUR_ROUNDS(17, 29, 16, 24, 2u)
  THREEFRY_FOUR_ROUNDS(13, 15, 26, 6, 3u)
  THREEFRY_FOUR_ROUNDS(17, 29, 16, 24, 4u)
  THREEFRY_FOUR_ROUNDS(13, 15, 26, 6, 5u)
}

VEC_INLINE struct threefry_key threefry_key(uint32_t k0, uint32_t k1) {
  return (struct threefry_key){{(int32_t)k0, (int32_t)k1, (int32_t)(k0 ^ k1 ^ THREEFRY_PARITY)}};
}

/* A key of its own for each stream: the key itself for stream 0, else the block of the key whose counter is (first,
 * second). */
VEC_INLINE struct threefry_key threefry_fold(struct threefry_key key, uint32_t first, uint32_t second) {
  if (first == 0 && second == 0) return key;
  vi x0[THREEFRY_CHAINS], x1[THREEFRY_CHAINS];
  for (int c = 0; c < THREEFRY_CHAINS; c++) x0[c] = vi_set((int32_t)first), x1[c] = vi_set((int32_t)second);
  threefry2x32_20_rounds(x0, x1, &key);
  int32_t words[2 * VEC_LANES];
  vi_store2(words, x0[0], x1[0]);
  return threefry_key((uint32_t)words[0], (uint32_t)words[1]);
}

/* The low and high halves of the 64-bit numbers first, first + 1, ... */
VEC_INLINE void threefry_counters(uint64_t first, vi low[THREEFRY_CHAINS], vi high[THREEFRY_CHAINS]) {
  for (int c = 0; c < THREEFRY_CHAINS; c++) {
    const uint64_t base = first + (uint64_t)c * VEC_LANES;
    const vi start = vi_set((int32_t)(uint32_t)base), sign = vi_set(INT32_MIN);
    low[c] = vi_add(start, vi_iota());
    /* A lane that wrapped is below the start, as unsigned numbers compare. */
    const vm carry = vi_lt(vi_xor(low[c], sign), vi_xor(start, sign));
    high[c] = vi_add(vi_set((int32_t)(uint32_t)(base >> 32)), vi_select(carry, vi_set(1), vi_set(0)));
  }
}

#endif
