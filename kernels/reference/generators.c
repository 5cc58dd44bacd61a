#include "kernels/reference/reference.h"

void reference_philox4x32(int rounds, const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
  for (int r = 0; r < rounds; r++) {
    const uint64_t p0 = (uint64_t)c0 * 0xd2511f53u, p1 = (uint64_t)c2 * 0xcd9e8d57u;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

static uint32_t philox_word(int rounds, uint64_t block, size_t which, uint64_t seed, uint64_t stream) {
  const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  uint32_t words[4];
  reference_philox4x32(rounds, counter, key, words);
  return words[which];
}

uint32_t reference_philox4x32_10(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  return philox_word(10, block + i / 4, i % 4, seed, stream);
}

uint32_t reference_philox4x32_7(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  return philox_word(7, block + i / 4, i % 4, seed, stream);
}

uint32_t reference_tensorflow_words(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  const uint32_t seeds[4] = {(uint32_t)seed, (uint32_t)(seed >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
  const uint32_t fixed[2] = {0x3ec8f720u, 0x02461e29u};
  uint32_t mixed[4];
  reference_philox4x32(10, seeds, fixed, mixed);
  return philox_word(10, block + i / 4, i % 4, (uint64_t)mixed[1] << 32 | mixed[0],
                     (uint64_t)mixed[3] << 32 | mixed[2]);
}

void reference_threefry2x32(const uint32_t counter[2], const uint32_t key[2], uint32_t words[2]) {
  static const int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t ks[3] = {key[0], key[1], key[0] ^ key[1] ^ 0x1bd11bdau};
  uint32_t x = counter[0] + ks[0], y = counter[1] + ks[1];
  for (uint32_t r = 0; r < 20; r++) {
    const int turn = rotations[r % 8];
    x += y;
    y = (y << turn | y >> (32 - turn)) ^ x;
    if (r % 4 == 3) {
      const uint32_t injection = r / 4 + 1;
      x += ks[injection % 3];
      y += ks[(injection + 1) % 3] + injection;
    }
  }
  words[0] = x, words[1] = y;
}

uint32_t reference_threefry2x32_20(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, words[2];
  const uint32_t fold[2] = {(uint32_t)stream, (uint32_t)(stream >> 32)};
  if (stream) reference_threefry2x32(fold, key, key);
  const uint64_t number = 2 * block + i / 2;
  const uint32_t counter[2] = {(uint32_t)number, (uint32_t)(number >> 32)};
  reference_threefry2x32(counter, key, words);
  return words[i % 2];
}

uint32_t reference_jax_words(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  uint32_t key[2] = {(uint32_t)(seed >> 32), (uint32_t)seed}, words[2];
  const uint32_t fold[2] = {(uint32_t)(stream >> 32), (uint32_t)stream};
  if (stream) reference_threefry2x32(fold, key, key);
  const uint64_t number = 4 * block + i;
  const uint32_t counter[2] = {(uint32_t)(number >> 32), (uint32_t)number};
  reference_threefry2x32(counter, key, words);
  return words[0] ^ words[1];
}

/* a b in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
static uint8_t gf_multiply(uint8_t a, uint8_t b) {
  unsigned product = 0, shifted = a;
  for (int bit = 0; bit < 8; bit++, shifted = shifted << 1 ^ (shifted & 0x80 ? 0x11b : 0))
    if (b >> bit & 1) product ^= shifted;
  return (uint8_t)product;
}

/* FIPS 197, section 5.1.1: the inverse, a^254 = a^2 a^4 ... a^128, then the affine map. */
static uint8_t aes_substitute(uint8_t a) {
  uint8_t power = a, inverse = 1, result = 0x63;
  for (int i = 0; i < 7; i++) {
    power = gf_multiply(power, power);
    inverse = gf_multiply(inverse, power);
  }
  for (int turn = 0; turn < 5; turn++) result ^= (uint8_t)(inverse << turn | inverse >> (8 - turn));
  return result;
}

/* Byte r of a column after MixColumns (5.1.3). */
static uint8_t aes_mixed(const uint8_t column[4], int r) {
  return gf_multiply(column[r], 2) ^ gf_multiply(column[(r + 1) % 4], 3) ^ column[(r + 2) % 4] ^ column[(r + 3) % 4];
}

void reference_aes_column(uint8_t column[4]) {
  uint8_t substituted[4];
  for (int r = 0; r < 4; r++) substituted[r] = aes_substitute(column[r]);
  for (int r = 0; r < 4; r++) column[r] = aes_mixed(substituted, r);
}

uint32_t reference_ars4x32_7(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  uint8_t state[16] = {0}, moved[16];
  block += i / 4;
  for (int byte = 0; byte < 8; byte++) state[byte] = (uint8_t)(block >> 8 * byte);
  for (uint64_t round = 0; round <= 7; round++) {
    if (round > 0) {
      for (int c = 0; c < 4; c++)
        for (int r = 0; r < 4; r++) moved[4 * c + r] = aes_substitute(state[4 * ((c + r) % 4) + r]);
      for (int i = 0; i < 16; i++) state[i] = round == 7 ? moved[i] : aes_mixed(moved + i / 4 * 4, i % 4);
    }
    const uint64_t low = seed + round * 0x9e3779b97f4a7c15u, high = stream + round * 0xbb67ae8584caa73bu;
    for (int byte = 0; byte < 8; byte++) {
      state[byte] ^= (uint8_t)(low >> 8 * byte);
      state[8 + byte] ^= (uint8_t)(high >> 8 * byte);
    }
  }
  const uint8_t *word = state + 4 * (i % 4);
  return (uint32_t)word[0] | (uint32_t)word[1] << 8 | (uint32_t)word[2] << 16 | (uint32_t)word[3] << 24;
}

uint32_t reference_ars4x32_7_aes(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  return reference_ars4x32_7(block, i, seed, stream);
}

uint32_t reference_ars4x32_7_vaes(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  return reference_ars4x32_7(block, i, seed, stream);
}
