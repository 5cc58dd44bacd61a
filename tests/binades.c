/* Which floats lie where, against the C library's answer for each. */
#include "harness/binades.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "tests/support.h"

/* Floats of all binades and kinds, in no order. */
static float *floats(size_t n) {
  float *x = malloc((n + 1) * sizeof *x);
  for (size_t i = 0; i < n; i++) {
    const uint32_t word = (uint32_t)i * 2654435769u;
    x[i] = i % 7 == 0  ? (i % 2 ? 0 : -0.0f)
           : i % 7 < 3 ? float_of(word >> (i % 32) | (word & 1) << 31)
                       : float_of(word);
  }
  return x;
}

static void every_float_is_counted_in_its_binade(void **state) {
  (void)state;
  for (size_t n = 0; n < 300000; n = 3 * n + 1) {
    float *x = floats(n);
    struct histogram histogram = {0}, expected = {0};
    size_t counted = 0;
    for (size_t i = 0; i < n; i++)
      if (x[i] != 0 && isfinite(x[i])) expected.counts[ilogbf(x[i]) - BINADE_FIRST]++, counted++;
    if (n > 100000)
      for (size_t i = 0; i < BINADE_COUNT; i++) assert_true(expected.counts[i] > 0);
    histogram_add(&histogram, x, n);
    assert_memory_equal(&histogram, &expected, sizeof histogram);
    histogram_add(&histogram, x, n);
    histogram_merge(&histogram, &expected);
    for (size_t i = 0; i < BINADE_COUNT; i++) assert_int_equal(histogram.counts[i], 3 * expected.counts[i]);
    free(x);
  }
}

static void ranges_hold_what_occurs(void **state) {
  (void)state;
  struct histogram histogram = {0};
  struct histogram_range range = histogram_range(&histogram);
  assert_true(range.first == 0 && range.end == 0);
  histogram_add(&histogram, (const float[]){0, NAN, INFINITY, -0.0f}, 4);
  range = histogram_range(&histogram);
  assert_true(range.first == 0 && range.end == 0);
  histogram_add(&histogram, (const float[]){-1}, 1);
  range = histogram_range(&histogram);
  assert_true(range.first == 149 && range.end == 150);
  histogram_add(&histogram, (const float[]){-FLT_MAX, 1e-45f}, 2);
  range = histogram_range(&histogram);
  assert_true(range.first == 0 && range.end == BINADE_COUNT);
}

static void kinds_are_the_c_librarys(void **state) {
  (void)state;
  static const float normals[] = {FLT_MIN, 0x1p-14f, 0x1p-1f};
  for (size_t n = 1; n < 300000; n = 3 * n + 1) {
    float *x = floats(n);
    for (size_t t = 0; t < 3; t++) {
      size_t zero = 0, subnormal = 0, nonfinite = 0;
      for (size_t i = 0; i < n; i++) {
        zero += x[i] == 0, nonfinite += !isfinite(x[i]);
        subnormal += x[i] != 0 && fabsf(x[i]) < normals[t];
      }
      const struct kinds shares = kinds(x, n, normals[t]);
      assert_true(shares.zero == (double)zero / (double)n && shares.nonfinite == (double)nonfinite / (double)n);
      assert_true(shares.subnormal == (double)subnormal / (double)n);
    }
    free(x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_float_is_counted_in_its_binade),
      cmocka_unit_test(ranges_hold_what_occurs),
      cmocka_unit_test(kinds_are_the_c_librarys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
