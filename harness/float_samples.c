#include "harness/float_samples.h"

#include <math.h>
#include <stdlib.h>

#include "harness/ulp.h"

/* Where the formulas change: ends of straight pieces, clamps, rounded powers, the point where a result becomes 1, 0,
 * subnormal; roots of slopes; multiples of ln 2 / 2, where a power of two changes (as is for e^x, halved for tanh,
 * their square roots for gelu), and of ln 2 / 16. */
static const float branch_points[] = {
    1.0f,        1.5f,       2.0f,          2.5f,       3.0f,       6.0f,       8.0f,      9.010913f,  10.0f,
    10.95f,      13.0f,      13.06f,        14.2f,      14.5f,      14.6f,      17.33f,    20.0f,      40.0f,
    43.67f,      51.6f,      54.0f,         59.0f,      60.0f,      64.0f,      87.33f,    88.02f,     88.72284f,
    88.73f,      91.93f,     100.0f,        103.28f,    103.97f,    106.0f,     108.0f,    108.7f,     110.0f,
    112.0f,      200.0f,     0.7517915f,    0.7524614f, 0.85f,      1.1924312f, 1.278465f, 0.0433217f, 0.0649825f,
    0.34657359f, 0.1732868f, 0.8325546f,    1.0397208f, 0.5198604f, 1.4420269f, 0x1p-12f,  0x1p-24f,   0x1p25f,
    0x1p63f,     0x1p64f,    0x1.6a09e6p74f};
#define BRANCH_POINTS (sizeof branch_points / sizeof *branch_points)
#define NEIGHBOURS 64

#define POWERS 512         /* exponents and signs */
#define FINITE 0x7f800000u /* floats of one sign */

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

/* One of the finite floats from number low to high - 1: first the positive ones in ascending order, then the negative.
 */
static float random_between(uint64_t low, uint64_t high, uint64_t *state) {
  const uint64_t number = low + next_random(state) % (high - low);
  return float_of(number < FINITE ? (uint32_t)number : (uint32_t)(number - FINITE) | 0x80000000u);
}

bool float_samples_choose(struct float_samples *samples, size_t spread, uint64_t seed) {
  const size_t most = spread + 4 * POWERS + 2 * BRANCH_POINTS * (2 * NEIGHBOURS + 1) + SAMPLE_CHUNK;
  const uint64_t all = 2 * (uint64_t)FINITE;
  float *x = calloc(most + SAMPLE_PADDING, sizeof *x);
  size_t n = 0;
  if (!x) return false;
  /* Every binade has as many floats as any other, so that equal parts of their numbers are equal parts of the binades.
   */
  for (size_t i = 0; i < spread; i++) x[n++] = random_between(all * i / spread, all * (i + 1) / spread, &seed);
  for (uint32_t top = 0; top < POWERS; top++) { /* infinities and NaN among them */
    const uint32_t power = top << 23;
    x[n++] = float_of(power), x[n++] = float_of(power + 1), x[n++] = float_of(power - 1);
    x[n++] = float_of(power | 0x400000u);
  }
  for (size_t i = 0; i < BRANCH_POINTS; i++)
    for (int d = -NEIGHBOURS; d <= NEIGHBOURS; d++) {
      const float at = float_of(bits_of(branch_points[i]) + (uint32_t)d);
      x[n++] = at, x[n++] = -at;
    }
  while (n % SAMPLE_CHUNK) x[n++] = random_between(0, all, &seed);
  *samples = (struct float_samples){x, n};
  return true;
}

struct float_samples float_samples_every(void) {
  return (struct float_samples){NULL, (size_t)1 << 32};
}

const float *float_samples_chunk(const struct float_samples *samples, size_t first,
                                 float own[SAMPLE_CHUNK + SAMPLE_PADDING]) {
  if (samples->x) return samples->x + first;
  for (size_t i = 0; i < SAMPLE_CHUNK; i++) own[i] = float_of((uint32_t)(first + i));
  return own;
}

void float_samples_free(struct float_samples *samples) {
  free(samples->x);
  *samples = (struct float_samples){0};
}
