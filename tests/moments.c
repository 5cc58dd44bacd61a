/* Moments against two passes in long double and closed forms, at the ends of the floats' range, too. */
#include "harness/moments.h"

#include <math.h>

#include "tests/support.h"

static float x[5000];

static void assert_near(const char *what, double value, double truth, double tolerance) {
  if (!(fabs(value - truth) <= tolerance)) fail_msg("%s: %.9g, not %.9g +- %g", what, value, truth, tolerance);
}

static void assert_moments(size_t n, double tolerance) {
  long double mean = 0, square = 0, two = 0, three = 0, four = 0;
  for (size_t i = 0; i < n; i++) mean += x[i] / (long double)n, square += (long double)x[i] * x[i] / (long double)n;
  for (size_t i = 0; i < n; i++) {
    const long double d = x[i] - mean;
    two += d * d / (long double)n, three += d * d * d / (long double)n, four += d * d * d * d / (long double)n;
  }
  const struct moments m = moments(x, n);
  const double rms = sqrt((double)square);
  assert_near("mean", m.mean, (double)mean, tolerance * rms);
  assert_near("rms", m.rms, rms, tolerance * rms);
  assert_near("rms alone", root_mean_square(x, n), rms, tolerance * rms);
  assert_near("stddev", m.stddev, (double)sqrtl(two), tolerance * rms);
  if (n == 1) return;
  assert_near("skewness", m.skewness, (double)(three / (two * sqrtl(two))), tolerance * (double)n);
  assert_near("kurtosis", m.kurtosis, (double)(four / (two * two)), tolerance * (double)n * m.kurtosis);
}

static void moments_agree_with_two_passes(void **state) {
  (void)state;
  for (size_t n = 1; n <= 5000; n += 1 + n / 4) {
    for (size_t i = 0; i < n; i++) x[i] = (float)((i * 37 + n) % 101) - 30.5f;
    assert_moments(n, 1e-12);
    for (size_t i = 0; i < n; i++) x[i] *= x[i] * 1e-20f; /* skewed */
    assert_moments(n, 1e-12);
    x[0] = 1; /* the origin far from all others */
    assert_moments(n, 1e-12);
    if (n > 1) x[0] = x[1], x[n - 1] = -1;
    assert_moments(n, 1e-12);
  }
}

static void closed_forms_hold(void **state) {
  (void)state;
  for (size_t i = 0; i < 4096; i++) x[i] = (float)i; /* uniform: kurtosis 9/5 less 12/5 / (n^2 - 1) */
  assert_near("skewness", moments(x, 4096).skewness, 0, 1e-12);
  assert_near("kurtosis", moments(x, 4096).kurtosis, 1.8 - 2.4 / (4096.0 * 4096 - 1), 1e-12);
  for (size_t i = 0; i < 4096; i++) x[i] = i % 4 == 3 ? -5 : 7; /* two values, one of them a quarter */
  assert_near("skewness", moments(x, 4096).skewness, -0.5 / sqrt(0.1875), 1e-12);
  assert_near("kurtosis", moments(x, 4096).kurtosis, 1 / 0.1875 - 3, 1e-12);
}

static void any_range_of_floats_is_fine(void **state) {
  (void)state;
  static const float extremes[] = {1e-45f, 3e-39f, 1, 3.4e38f};
  for (size_t e = 0; e < sizeof extremes / sizeof *extremes; e++) {
    for (size_t i = 0; i < 100; i++) x[i] = i % 2 ? extremes[e] : -extremes[e];
    assert_near("rms", moments(x, 100).rms / extremes[e], 1, 1e-12);
    assert_near("rms alone", root_mean_square(x, 100) / extremes[e], 1, 1e-12);
    assert_near("stddev", moments(x, 100).stddev / extremes[e], 1, 1e-12);
    assert_near("kurtosis", moments(x, 100).kurtosis, 1, 1e-12);
    assert_near("skewness", moments(x, 100).skewness, 0, 1e-12);
  }
  /* A narrow spread about a large mean. */
  for (size_t i = 0; i < 101; i++) x[i] = 3.1415927f + (i % 2 ? 0x1p-22f : 0);
  assert_near("stddev", moments(x, 101).stddev / 0x1p-22, sqrt(50 * 51) / 101, 1e-9);
  assert_near("kurtosis", moments(x, 101).kurtosis, 101.0 * 101 / (50 * 51) - 3, 1e-9);
}

static void equal_entries_have_no_shape(void **state) {
  (void)state;
  for (size_t i = 0; i < 100; i++) x[i] = 0;
  struct moments m = moments(x, 100);
  assert_true(m.mean == 0 && m.rms == 0 && m.stddev == 0 && isnan(m.skewness) && isnan(m.kurtosis));
  for (size_t i = 0; i < 100; i++) x[i] = 0.1f;
  m = moments(x, 100);
  assert_true(m.mean == 0.1f && m.stddev == 0 && isnan(m.skewness) && isnan(m.kurtosis));
}

static void what_is_not_finite_has_no_moments(void **state) {
  (void)state;
  static const float bad[] = {INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < 100; i++) x[i] = 1;
  for (size_t i = 0; i < 100; i += 33)
    for (size_t b = 0; b < 3; b++) {
      const float kept = x[i];
      x[i] = bad[b];
      const struct moments m = moments(x, 100);
      assert_true(isnan(m.mean) && isnan(m.rms) && isnan(m.stddev) && isnan(m.skewness) && isnan(m.kurtosis));
      assert_true(isnan(root_mean_square(x, 100)));
      x[i] = kept;
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(moments_agree_with_two_passes),     cmocka_unit_test(closed_forms_hold),
      cmocka_unit_test(any_range_of_floats_is_fine),       cmocka_unit_test(equal_entries_have_no_shape),
      cmocka_unit_test(what_is_not_finite_has_no_moments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
