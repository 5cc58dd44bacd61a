/* The vocabulary, and the transforms from words to normals over all of their inputs. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/isa_checks.h"

static const struct isa_checks *checks;

static const struct isa_checks *checks_for(const char *name) {
  static const struct isa_checks *const all[] = {
    &isa_checks_scalar,
#if defined(__x86_64__)
    &isa_checks_avx2,
    &isa_checks_avx512,
#elif defined(__aarch64__)
    &isa_checks_neon,
#endif
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}

static void test_vocabulary(void **state) {
  (void)state;
  assert_int_equal(checks->vocabulary(test_seed()), 0);
}

#define CHUNK 65536
#define TRANSFORM_BOUND 4.0 /* ulp */

/* Every step-th word; 1 tests all 2^32 of them (DEPTHMARK_EXHAUSTIVE=1, some minutes), the default all of the top bits
 * that matter to a float. */
static uint64_t word_step(void) {
  return getenv("DEPTHMARK_EXHAUSTIVE") ? 1 : getenv("DEPTHMARK_EMULATED") ? 65521 : 4093;
}

static void worst(double *most, uint32_t *where, double error, uint32_t word) {
  if (error > *most) *most = error, *where = word;
}

static void test_radius(void **state) {
  (void)state;
  static uint32_t words[CHUNK], angles[CHUNK];
  static float cosine[CHUNK], sine[CHUNK];
  double most = 0;
  uint32_t where = 0;
  for (uint64_t word = 0; word < 1ull << 32;) {
    size_t n = 0;
    for (; n < CHUNK; n++, word += word_step()) words[n] = word < 1ull << 32 ? (uint32_t)word : UINT32_MAX;
    checks->box_muller(words, angles, cosine, sine, CHUNK);
    for (size_t i = 0; i < CHUNK; i++) {
      const double u = (float)((double)(float)(words[i] >> 1) * 0x1p-31 + 0x1p-32);
      worst(&most, &where, ulp_error(cosine[i], sqrt(-2 * log(u))), words[i]);
    }
  }
  printf("radius: %.3f ulp at word %08x\n", most, where);
  assert_true(most <= TRANSFORM_BOUND);
}

static void test_angle(void **state) {
  (void)state;
  static uint32_t words[CHUNK], radii[CHUNK];
  static float cosine[CHUNK], sine[CHUNK];
  double most = 0;
  uint32_t where = 0;
  for (size_t i = 0; i < CHUNK; i++) radii[i] = (uint32_t)(i * 2654435761u);
  for (uint64_t word = 0; word < 1ull << 32;) {
    for (size_t n = 0; n < CHUNK; n++, word += word_step()) words[n] = word < 1ull << 32 ? (uint32_t)word : UINT32_MAX;
    checks->box_muller(radii, words, cosine, sine, CHUNK);
    for (size_t i = 0; i < CHUNK; i++) {
      const double u = (float)((double)(float)(radii[i] >> 1) * 0x1p-31 + 0x1p-32), r = sqrt(-2 * log(u));
      const int32_t angle = (int32_t)words[i];
      /* Exact zeros of the circle, which pi in double misses by 1e-16. */
      const double c = angle == 1 << 30 || angle == -(1 << 30) ? 0 : cos(acos(-1.0) * angle * 0x1p-31);
      const double s = angle == 0 || angle == INT32_MIN ? 0 : sin(acos(-1.0) * angle * 0x1p-31);
      worst(&most, &where, ulp_error(cosine[i], r * c), words[i]);
      worst(&most, &where, ulp_error(sine[i], r * s), words[i]);
    }
  }
  printf("angle: %.3f ulp at word %08x\n", most, where);
  assert_true(most <= TRANSFORM_BOUND);
}

static double inverse_normal(double p) {
  double z = 0;
  for (int step = 0; step < 60; step++) {
    const double change = (erf(z * sqrt(0.5)) - p) / (sqrt(2 / acos(-1.0)) * exp(-z * z / 2));
    z -= change;
    if (fabs(change) < 1e-16 * fabs(z)) break;
  }
  return z;
}

static void test_truncated(void **state) {
  (void)state;
  static uint32_t words[CHUNK];
  static float z[CHUNK];
  double most = 0;
  uint32_t where = 0;
  for (uint64_t word = 0; word < 1ull << 32;) {
    for (size_t n = 0; n < CHUNK; n++, word += word_step()) words[n] = word < 1ull << 32 ? (uint32_t)word : UINT32_MAX;
    checks->truncated_normal(words, z, CHUNK);
    for (size_t i = 0; i < CHUNK; i++) {
      const double v = (double)(float)(int32_t)words[i] * 0x1p-31;
      worst(&most, &where, ulp_error(z[i], inverse_normal(v * erf(sqrt(2.0)))), words[i]);
      if (!(fabsf(z[i]) <= 2.0f)) fail_msg("word %08x gives %.9g, beyond 2", words[i], (double)z[i]);
    }
  }
  printf("truncated: %.3f ulp at word %08x\n", most, where);
  assert_true(most <= TRANSFORM_BOUND);
}

/* All 2^23 uniforms that JAX's generator turns into normals, in their own rounding; then one-sided tails down to 2^-36.
 */
static void test_inverse_normal(void **state) {
  (void)state;
  static float u[CHUNK], q[CHUNK], z[CHUNK];
  const double root = sqrt(0.5), pi = acos(-1.0);
  const uint64_t step = getenv("DEPTHMARK_EMULATED") ? 13 : 1;
  double most = 0;
  for (uint64_t first = 0; first < 1ull << 24; first += CHUNK * step) {
    for (uint64_t i = 0; i < CHUNK; i++) {
      const uint64_t k = first + i * step;
      if (k < 1ull << 23) {
        u[i] = (float)k * 0x1p-22f - 0x1.fffffep-1f;
        q[i] = 1 - fabsf(u[i]);
      } else {
        q[i] = (float)exp2(-36 * (double)(k & 0x7fffff) * 0x1p-23);
        u[i] = 1 - q[i];
      }
    }
    checks->inverse_normal(u, q, z, CHUNK);
    for (size_t i = 0; i < CHUNK; i++) {
      /* One step of Newton's method from the float result is exact to double's needs; near zero on erf, else on erfc.
       */
      const double x = fabs((double)z[i]), slope = 2 * exp(-x * x / 2) / sqrt(2 * pi);
      const double excess = q[i] > 0.5f ? erf(x * root) - fabs((double)u[i]) : (double)q[i] - erfc(x * root);
      most = fmax(most, ulp_error((float)x, x - excess / slope));
    }
  }
  printf("inverse normal: %.3f ulp\n", most);
  assert_true(most <= TRANSFORM_BOUND);
}

int main(int argc, char **argv) {
  checks = checks_for(test_table(argc, argv)->name);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vocabulary), cmocka_unit_test(test_radius),         cmocka_unit_test(test_angle),
      cmocka_unit_test(test_truncated),  cmocka_unit_test(test_inverse_normal),
  };
  return cmocka_run_group_tests_name(checks->name, tests, NULL, NULL) ? 1 : 0;
}
