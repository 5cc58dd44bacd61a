/* The clock's drift, from readings made up. */
#include "harness/drift.h"

#include <string.h>

#include "tests/support.h"

/* A series whose batches have these frequencies. */
static struct series readings(double (*hertz)(size_t i)) {
  struct series series = {.batches = 40};
  for (size_t i = 0; i < series.batches; i++) series.hertz[i] = hertz(i);
  return series;
}

static double steady(size_t i) { return 3.7e9 + 1e7 * (double)(i % 3); }
static double slower(size_t i) { return 3.0e9 + 1e7 * (double)(i % 3); }
static double disturbed(size_t i) { return i == 7 ? 1e9 : steady(i); }
static double unknown(size_t i) {
  (void)i;
  return 0;
}
static double sinking(size_t i) { return 4e9 - 2.5e7 * (double)i; } /* heat */

static void a_clock_that_holds_is_not_mentioned(void **state) {
  (void)state;
  static struct machine machine;
  struct drift drift = {0};
  const struct series a = readings(steady), b = readings(slower), c = readings(disturbed), d = readings(unknown);
  assert_null(drift_warn(&drift, &machine));
  drift_note(&drift, "avx2", 1, &a);
  drift_note(&drift, "avx512", 1, &b); /* wide vectors have a clock of their own */
  drift_note(&drift, "avx2", 2, &b);   /* and so have several cores */
  drift_note(&drift, "scalar", 1, &c); /* an interruption is no drift */
  drift_note(&drift, "neon", 1, &d);
  assert_null(drift_warn(&drift, &machine));
  assert_int_equal(machine.warning_count, 0);
  drift_free(&drift);
}

static void a_clock_that_moves_is(void **state) {
  (void)state;
  static struct machine machine;
  struct drift drift = {0};
  const struct series a = readings(steady), b = readings(sinking);
  drift_note(&drift, "avx2", 1, &a);
  drift_note(&drift, "avx512", 2, &b);
  const char *const warning = drift_warn(&drift, &machine);
  assert_non_null(warning);
  assert_non_null(strstr(warning, "between 3.08 and 3.95 GHz under avx512 x2"));
  assert_int_equal(machine.warning_count, 1);
  assert_string_equal(machine.warnings[0], warning);
  drift_free(&drift);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_clock_that_holds_is_not_mentioned),
      cmocka_unit_test(a_clock_that_moves_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
