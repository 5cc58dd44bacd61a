/* ARS4x32-7 of Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011): seven AES rounds
 * with Weyl sequences for a key schedule. Counter (block, 0), key (seed, stream), 64 bits each.
 *
 * Three bodies give the same words: one for any processor, one for AES instructions on 128 bits (AES-NI, Arm's AESE and
 * AESMC), one for AES instructions on whole vectors (VAES). The latter two are compiled for their instructions alone
 * and are only for CPUs that have them.
 */
#ifndef DEPTHMARK_ARS_H
#define DEPTHMARK_ARS_H

#include "kernels/vec/vec.h"

#define ARS_ROUNDS 7
#define ARS_WEYL_LOW 0x9e3779b97f4a7c15u  /* golden ratio */
#define ARS_WEYL_HIGH 0xbb67ae8584caa73bu /* sqrt 3 - 1 */

/* Blocks that the AES bodies keep in flight, in vectors: more than the latency of an AES round. */
#define ARS_CHAINS 8

struct ars_key {
  uint64_t low[ARS_ROUNDS + 1], high[ARS_ROUNDS + 1];
};

VEC_INLINE struct ars_key ars_key(uint64_t seed, uint64_t stream) {
  struct ars_key key;
  for (uint64_t r = 0; r <= ARS_ROUNDS; r++) {
    key.low[r] = seed + r * ARS_WEYL_LOW;
    key.high[r] = stream + r * ARS_WEYL_HIGH;
  }
  return key;
}

/* The S-box of FIPS 197. */
static const uint8_t aes_sbox[256] = {
    0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76, 0xca, 0x82, 0xc9,
    0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0, 0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f,
    0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15, 0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07,
    0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75, 0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3,
    0x29, 0xe3, 0x2f, 0x84, 0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58,
    0xcf, 0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8, 0x51, 0xa3,
    0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2, 0xcd, 0x0c, 0x13, 0xec, 0x5f,
    0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73, 0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88,
    0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb, 0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac,
    0x62, 0x91, 0x95, 0xe4, 0x79, 0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a,
    0xae, 0x08, 0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a, 0x70,
    0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e, 0xe1, 0xf8, 0x98, 0x11,
    0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf, 0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42,
    0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16,
};

/* SubBytes and ShiftRows of the column that begins the four given ones, first to last. */
VEC_INLINE uint32_t aes_column(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3) {
  return (uint32_t)aes_sbox[c0 & 0xff] | (uint32_t)aes_sbox[c1 >> 8 & 0xff] << 8 |
         (uint32_t)aes_sbox[c2 >> 16 & 0xff] << 16 | (uint32_t)aes_sbox[c3 >> 24] << 24;
}

/* MixColumns of one column: each byte b0 becomes 2 b0 + 3 b1 + b2 + b3 in GF(2^8). */
VEC_INLINE uint32_t aes_mix(uint32_t c) {
  const uint32_t r8 = c >> 8 | c << 24, r16 = c >> 16 | c << 16, r24 = c >> 24 | c << 8, sum = c ^ r8;
  const uint32_t doubled = (sum & 0x7f7f7f7fu) << 1 ^ (sum >> 7 & 0x01010101u) * 0x1bu;
  return doubled ^ r8 ^ r16 ^ r24;
}

VEC_INLINE void ars_portable_block(uint32_t words[4], uint64_t block, const struct ars_key *key) {
  uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), 0, 0};
  for (int r = 0; r <= ARS_ROUNDS; r++) {
    if (r > 0) {
      const uint32_t s[4] = {aes_column(c[0], c[1], c[2], c[3]), aes_column(c[1], c[2], c[3], c[0]),
                             aes_column(c[2], c[3], c[0], c[1]), aes_column(c[3], c[0], c[1], c[2])};
      for (int i = 0; i < 4; i++) c[i] = r < ARS_ROUNDS ? aes_mix(s[i]) : s[i];
    }
    c[0] ^= (uint32_t)key->low[r], c[1] ^= (uint32_t)(key->low[r] >> 32);
    c[2] ^= (uint32_t)key->high[r], c[3] ^= (uint32_t)(key->high[r] >> 32);
  }
  memcpy(words, c, sizeof c);
}

#if defined(__x86_64__)

/* A step for one width of AES instructions: ARS_CHAINS vectors of `lanes` blocks. set2 spreads (high, low) over a
 * vector, iota numbers its blocks in the low halves. */
#define ARS_STEP(name, target_, vector, lanes, set2, iota, add, exclusive_or, encrypt, encrypt_last, store)            \
  __attribute__((target(target_))) static inline void name(uint32_t *words, uint64_t block,                            \
                                                           const struct ars_key *key) {                                \
    vector v[ARS_CHAINS];                                                                                              \
    const vector first = add(set2(0, block), iota), key0 = set2(key->high[0], key->low[0]);                            \
    for (int c = 0; c < ARS_CHAINS; c++) v[c] = exclusive_or(add(first, set2(0, (uint64_t)(c * (lanes)))), key0);      \
    for (int r = 1; r < ARS_ROUNDS; r++)                                                                               \
      for (int c = 0; c < ARS_CHAINS; c++) v[c] = encrypt(v[c], set2(key->high[r], key->low[r]));                      \
    for (int c = 0; c < ARS_CHAINS; c++) {                                                                             \
      v[c] = encrypt_last(v[c], set2(key->high[ARS_ROUNDS], key->low[ARS_ROUNDS]));                                    \
      store((void *)(words + 4 * c * (lanes)), v[c]);                                                                  \
    }                                                                                                                  \
  }

#define ARS_SET2_128(high, low) _mm_set_epi64x((long long)(high), (long long)(low))
#define ARS_SET2_256(high, low) _mm256_broadcastsi128_si256(ARS_SET2_128(high, low))
#define ARS_SET2_512(high, low) _mm512_broadcast_i32x4(ARS_SET2_128(high, low))

#endif

#endif
