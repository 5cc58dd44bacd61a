#include <math.h>

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

uint32_t reference_philox4x32_10(uint64_t i, uint64_t seed, uint64_t stream) {
  const uint64_t block = i / 4;
  const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  uint32_t words[4];
  reference_philox4x32(10, counter, key, words);
  return words[i % 4];
}

double reference_init_zeros(uint64_t i, const struct init *init) {
  (void)i, (void)init;
  return 0;
}

double reference_init_constant(uint64_t i, const struct init *init) {
  (void)i;
  return init->p.a;
}

/* Word i as a signed integer, uniform on [-1, 1). */
static double signed_uniform(uint64_t i, const struct init *init) {
  return (int32_t)reference_philox4x32_10(i, init->seed, init->stream) * 0x1p-31;
}

double reference_init_uniform(uint64_t i, const struct init *init) {
  const double a = init->p.a, b = init->p.b;
  return (a + b) / 2 + (b - a) / 2 * signed_uniform(i, init);
}

double reference_init_glorot_uniform(uint64_t i, const struct init *init) {
  return sqrt(6.0 / ((double)init->fan_in + (double)init->fan_out)) * signed_uniform(i, init);
}

double reference_init_he_uniform(uint64_t i, const struct init *init) {
  return sqrt(6.0 / (double)init->fan_in) * signed_uniform(i, init);
}
