/* round_to_bf16 and round_to_fp16 against their references: every number of the format, the floats beside it, halfway
 * to the next and beside that, floats of every binade, NaN; kept subnormal numbers and flushed ones. With
 * DEPTHMARK_EXHAUSTIVE every float. (tests/kernels.c has lengths and memory.) */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/float_samples.h"
#include "kernels/reference/reference.h"

#define SPREAD ((size_t)1 << 16)

static const struct kernel_table *table;

struct format {
  const struct kernel *kernel;
  uint32_t step; /* between the bits of neighbours, as floats */
};
static const struct format bf16 = {&kernels[KERNEL_round_to_bf16], 1u << 16};
static const struct format fp16 = {&kernels[KERNEL_round_to_fp16], 1u << 13};

static bool is_right(const struct kernel *kernel, float x, float y, struct parameters p) {
  const float expected = (float)((map_reference *)reference_functions[kernel - kernels])((double)x, p);
  if (memcmp(&y, &expected, sizeof y) == 0 || (isnan(x) && isnan(y))) return true;
  printf("%s on %s, a = %g: %a becomes %a, expected %a\n", kernel->name, table->name, (double)p.a, (double)x, (double)y,
         (double)expected);
  return false;
}

/* Whether all are right. */
static bool check(const struct kernel *kernel, const float *x, size_t n) {
  float y[SAMPLE_CHUNK];
  for (int flush = 0; flush < 2; flush++) {
    const struct parameters p = {.a = (float)flush};
    ((map_kernel *)kernel_in_table(table, kernel))(x, y, n, p);
    for (size_t i = 0; i < n; i++)
      if (!is_right(kernel, x[i], y[i], p)) return false;
  }
  return true;
}

/* All ties are between neighbours. Numbers that are subnormal in half precision are further apart than its step. */
static void test_neighbours(void **state) {
  const struct format *format = *state;
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += format->step) {
    const uint32_t at = (uint32_t)bits, tie = at + format->step / 2;
    const float x[] = {float_of(at - 1),  float_of(at),  float_of(at + 1),
                       float_of(tie - 1), float_of(tie), float_of(tie + 1)};
    assert_true(check(format->kernel, x, sizeof x / sizeof *x));
  }
}

/* What half precision's subnormal numbers are made from: multiples of 2^-24 and of half of that, and their neighbours.
 */
static void test_small_halves(void **state) {
  const struct format *format = *state;
  for (int i = -2100; i <= 2100; i++) {
    const float at = (float)i * 0x1p-25f;
    const float x[] = {nextafterf(at, -1), at, nextafterf(at, 1)};
    assert_true(check(format->kernel, x, sizeof x / sizeof *x));
  }
}

static void test_samples(void **state) {
  const struct format *format = *state;
  const bool every = getenv("DEPTHMARK_EXHAUSTIVE");
  struct float_samples samples = float_samples_every();
  if (!every) assert_true(float_samples_choose(&samples, SPREAD, test_seed()));
  int right = 1;
#pragma omp parallel for reduction(&& : right) if (every)
  for (size_t i = 0; i < samples.count; i += SAMPLE_CHUNK) {
    float own[SAMPLE_CHUNK + SAMPLE_PADDING];
    right = right && check(format->kernel, float_samples_chunk(&samples, i, own), SAMPLE_CHUNK);
  }
  float_samples_free(&samples);
  assert_true(right);
}

/* Values that anybody can look up: the largest, the ends of overflow, the least normal and subnormal numbers. */
static void test_known(void **state) {
  (void)state;
  static const struct {
    const struct format *format;
    float x, kept, flushed;
  } known[] = {
      {&fp16, 65504, 65504, 65504},
      {&fp16, 0x1.ffdffep15f, 65504, 65504},
      {&fp16, 65520, INFINITY, INFINITY},
      {&fp16, -65520, -INFINITY, -INFINITY},
      {&fp16, INFINITY, INFINITY, INFINITY},
      {&fp16, 2049, 2048, 2048},
      {&fp16, 2051, 2052, 2052},
      {&fp16, 0x1p-14f, 0x1p-14f, 0x1p-14f},
      {&fp16, 0x1.ff8p-15f, 0x1.ff8p-15f, 0},
      {&fp16, 0x1.fffffep-15f, 0x1p-14f, 0x1p-14f}, /* rounded, it is not subnormal */
      {&fp16, -0x1p-24f, -0x1p-24f, -0.0f},
      {&fp16, 0x1p-25f, 0, 0},
      {&fp16, 0x1.000002p-25f, 0x1p-24f, 0},
      {&fp16, -0x1p-149f, -0.0f, -0.0f},
      {&bf16, 257, 256, 256},
      {&bf16, 259, 260, 260},
      {&bf16, 0x1.fefffep127f, 0x1.fep127f, 0x1.fep127f},
      {&bf16, 0x1.ffp127f, INFINITY, INFINITY},
      {&bf16, 0x1p-126f, 0x1p-126f, 0x1p-126f},
      {&bf16, -0x1p-127f, -0x1p-127f, -0.0f},
      {&bf16, 0x1p-133f, 0x1p-133f, 0},
      {&bf16, 0x1p-134f, 0, 0},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    for (int flush = 0; flush < 2; flush++) {
      const float expected = flush ? known[i].flushed : known[i].kept;
      float y;
      map_kernel *const round = (map_kernel *)kernel_in_table(table, known[i].format->kernel);
      round(&known[i].x, &y, 1, (struct parameters){.a = (float)flush});
      if (memcmp(&y, &expected, sizeof y) != 0)
        fail_msg("%s on %s: %a becomes %a", known[i].format->kernel->name, table->name, (double)known[i].x, (double)y);
    }
}

/* The conversion of dense layers gives the same numbers. */
static void test_like_bf16_round(void **state) {
  (void)state;
  uint64_t random = test_seed();
  for (int round = 0; round < 1000; round++) {
    float x[64], y[64], widened[64];
    uint16_t words[64];
    for (size_t i = 0; i < 64; i++) x[i] = test_any_float(&random);
    table->round_to_bf16(x, y, 64, (struct parameters){0});
    table->bf16_round(x, words, 64);
    table->bf16_widen(words, widened, 64);
    assert_memory_equal(y, widened, sizeof y);
  }
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  test_seed();
#define WITH(test, format)                                                                                             \
  { #test " " #format, test, NULL, NULL, (void *)(uintptr_t) & (format) }
  const struct CMUnitTest tests[] = {
      WITH(test_neighbours, bf16),
      WITH(test_neighbours, fp16),
      WITH(test_small_halves, fp16),
      WITH(test_samples, bf16),
      WITH(test_samples, fp16),
      cmocka_unit_test(test_known),
      cmocka_unit_test(test_like_bf16_round),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
