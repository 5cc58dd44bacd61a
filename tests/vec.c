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

/* ---- the transforms of normal.h -----------------------------------------------------------------------------------
 */

#define CHUNK 4096
#define TRANSFORM_BOUND 4.0 /* ulp */

/* The transforms convert words to floats before they do anything else, so what they can tell apart are not 2^32 words,
 * but the floats that these become. Every STEP-th of them is tested, in one of the builds all. */
#ifndef STEP
#define STEP 1
#endif

/* How many floats the integers from 0 to 2^bits - 1 become, not counting 2^bits itself, and the least integer that
 * becomes the i-th: up to 2^24 each is one, beyond there are 2^23 to a binade. */
static size_t float_count(int bits) { return ((size_t)1 << 24) + (size_t)(bits - 24) * ((size_t)1 << 23); }
static uint32_t float_integer(size_t i) {
  const size_t exact = (size_t)1 << 24, beyond = i - exact;
  return (uint32_t)(i < exact ? i : ((beyond & 0x7fffff) | 0x800000) << (1 + (beyond >> 23)));
}

struct worst {
  double error;
  uint32_t word;
};

static void note(struct worst *worst, double error, uint32_t word) {
  if (!(error <= worst->error)) *worst = (struct worst){error, word};
}

/* Runs check on `count` inputs, a chunk at a time: words[n] is what make gives for each, the last one repeated to fill
 * a chunk. Says and returns the largest error. */
typedef uint32_t make_word(size_t i);
typedef void check_words(const uint32_t words[CHUNK], struct worst *worst);
static void expect_transform(const char *name, size_t count, make_word *make, check_words *check) {
  struct worst all = {0};
#pragma omp parallel
  {
    struct worst worst = {0};
#pragma omp for schedule(dynamic, 16)
    for (size_t first = 0; first < count; first += (size_t)CHUNK * STEP) {
      uint32_t words[CHUNK];
      for (size_t n = 0; n < CHUNK; n++) words[n] = make(first + n * STEP < count ? first + n * STEP : count - 1);
      check(words, &worst);
    }
#pragma omp critical
    note(&all, worst.error, worst.word);
  }
  printf("%s: %.3f ulp at word %08x\n", name, all.error, all.word);
  assert_true(all.error <= TRANSFORM_BOUND);
}

/* Box-Muller's radius, from the upper 31 bits. */
static size_t radius_count(void) { return float_count(31) + 1; }
static uint32_t radius_word(size_t i) { return i < float_count(31) ? float_integer(i) << 1 : UINT32_MAX; }

static double radius(uint32_t word) {
  const double u = (float)((double)(float)(word >> 1) * 0x1p-31 + 0x1p-32);
  return sqrt(-2 * log(u));
}

static void check_radius(const uint32_t words[CHUNK], struct worst *worst) {
  static const uint32_t angles[CHUNK];
  float cosine[CHUNK], sine[CHUNK];
  checks->box_muller(words, angles, cosine, sine, CHUNK);
  for (size_t i = 0; i < CHUNK; i++) note(worst, ulp_error(cosine[i], radius(words[i])), words[i]);
}

static void test_radius(void **state) {
  (void)state;
  expect_transform("radius", radius_count(), radius_word, check_radius);
}

/* Its angle, about which the nearest quarter turn is exact: the words of one quarter turn, all of them; of the other
 * three, which differ in signs and in which is which, samples. */
static size_t angle_count(void) { return 2 * (float_count(29) + 1); }
static uint32_t angle_word(size_t i) { return i % 2 ? -float_integer(i / 2) : float_integer(i / 2); }
#define RADII 1021 /* prime, so that each meets angles of both signs */
#define QUARTERS_SAMPLED (1 << 22)
static uint32_t other_quarter_word(size_t i) {
  const uint32_t quarter = (uint32_t)(i % 3 + 1) << 30;
  return quarter + angle_word(i * 27 + i % 2);
}

/* Exact zeros of the circle, which pi in double misses by 1e-16. */
static double exact_cos(int32_t word) {
  return word == 1 << 30 || word == -(1 << 30) ? 0 : cos(acos(-1.0) * word * 0x1p-31);
}
static double exact_sin(int32_t word) { return word == 0 || word == INT32_MIN ? 0 : sin(acos(-1.0) * word * 0x1p-31); }

/* The radii that angles meet in turn: each the least accurate of CHUNK. */
static uint32_t radii[CHUNK];
static double exact_radii[CHUNK];

static void choose_radii(void) {
  uint32_t words[CHUNK], angles[CHUNK] = {0};
  float cosine[CHUNK], sine[CHUNK];
  for (uint32_t place = 0; place < RADII; place++) {
    double most = 0;
    for (uint32_t i = 0; i < CHUNK; i++) words[i] = (place * CHUNK + i) * 2654435761u;
    checks->box_muller(words, angles, cosine, sine, CHUNK);
    for (size_t i = 0; i < CHUNK; i++) {
      const double error = fabs((double)cosine[i] / radius(words[i]) - 1);
      if (error > most) most = error, radii[place] = words[i];
    }
  }
  for (size_t i = 0; i < CHUNK; i++) radii[i] = radii[i % RADII], exact_radii[i] = radius(radii[i]);
}

static void check_angle(const uint32_t words[CHUNK], struct worst *worst) {
  float cosine[CHUNK], sine[CHUNK];
  checks->box_muller(radii, words, cosine, sine, CHUNK);
  for (size_t i = 0; i < CHUNK; i++) {
    const int32_t angle = (int32_t)words[i];
    note(worst, ulp_error(cosine[i], exact_radii[i] * exact_cos(angle)), words[i]);
    note(worst, ulp_error(sine[i], exact_radii[i] * exact_sin(angle)), words[i]);
  }
}

static void test_angle(void **state) {
  (void)state;
  choose_radii();
  expect_transform("angle", angle_count(), angle_word, check_angle);
  expect_transform("angle, other quarters", QUARTERS_SAMPLED, other_quarter_word, check_angle);
}

/* The truncated normal, which is odd: the words that are not negative, of the others samples. */
static size_t truncated_count(void) { return float_count(31) + 1; }
static uint32_t truncated_word(size_t i) { return i < float_count(31) ? float_integer(i) : INT32_MAX; }
static uint32_t negative_word(size_t i) { return -truncated_word(i * 53); }

/* One step of Newton's method from the float result is exact to double's needs. */
static void check_truncated(const uint32_t words[CHUNK], struct worst *worst) {
  const double mass = erf(sqrt(2.0)), root = sqrt(0.5), level = sqrt(2 / acos(-1.0));
  float z[CHUNK];
  checks->truncated_normal(words, z, CHUNK);
  for (size_t i = 0; i < CHUNK; i++) {
    const double x = (double)z[i], v = (double)(float)(int32_t)words[i] * 0x1p-31;
    const double excess = erf(x * root) - v * mass;
    note(worst, ulp_error(z[i], x - excess / (level * exp(-x * x / 2))), words[i]);
    if (!(fabsf(z[i]) <= 2.0f)) note(worst, INFINITY, words[i]);
  }
}

static void test_truncated(void **state) {
  (void)state;
  expect_transform("truncated", truncated_count(), truncated_word, check_truncated);
  expect_transform("truncated, negative", truncated_count() / 53, negative_word, check_truncated);
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
