/* Statistics against values known in closed form, and the interval's coverage against what it promises. */
#include "harness/stats.h"

#include <math.h>

#include "tests/support.h"

static void of_nothing(void **state) {
  (void)state;
  const struct statistics s = statistics_of(NULL, 0);
  assert_int_equal(s.samples, 0);
  assert_true(s.median == 0 && s.stddev == 0);
}

static void of_one(void **state) {
  (void)state;
  double one[] = {7};
  const struct statistics s = statistics_of(one, 1);
  assert_true(s.median == 7 && s.mean == 7 && s.minimum == 7 && s.maximum == 7 && s.stddev == 0);
  assert_true(s.low == 7 && s.high == 7);
}

static void of_known_samples(void **state) {
  (void)state;
  double samples[] = {9, 2, 4, 4, 5, 4, 7, 5};
  const struct statistics s = statistics_of(samples, 8);
  assert_true(s.median == 4.5);
  assert_float_equal(s.mean, 5, 1e-12);
  assert_float_equal(s.stddev, sqrt(32.0 / 7), 1e-12);
  assert_true(s.minimum == 2 && s.maximum == 9);
  assert_true(s.low == 2 && s.high == 9); /* n = 8: from the first to the last, 99.2 % */
}

static void outliers_lie_outside_the_fences(void **state) {
  (void)state;
  double samples[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 15.1, 14.9};
  const struct statistics s = statistics_of(samples, 11);
  assert_float_equal(s.p10, 2, 1e-12); /* the second of eleven, and the tenth */
  assert_float_equal(s.p90, 14.9, 1e-12);
  assert_int_equal(s.outliers, 0); /* quartiles 3.5 and 8.5, fences -4 and 16 */
  double more[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16.1, -4.1};
  assert_int_equal(statistics_of(more, 12).outliers, 0); /* quartiles 2.75 and 9.25 ... */
  double spread[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16.1};
  assert_int_equal(statistics_of(spread, 10).outliers, 1); /* quartiles 3.25 and 7.75: fences -3.5 and 14.5 */
}

static void an_even_number_has_its_median_in_the_middle(void **state) {
  (void)state;
  double samples[] = {4, 1, 3, 2};
  assert_true(statistics_of(samples, 4).median == 2.5);
}

/* The table of confidence intervals of the median in textbooks (Conover, Practical Nonparametric Statistics). */
static void ranks_are_those_of_the_binomial_distribution(void **state) {
  (void)state;
  const struct {
    size_t n, rank;
  } known[] = {{5, 0}, {6, 1}, {8, 1}, {9, 2}, {10, 2}, {12, 3}, {15, 4}, {20, 6}, {25, 8}, {50, 18}, {100, 40}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    assert_int_equal(median_interval_rank(known[i].n, 0.95), known[i].rank);
  assert_int_equal(median_interval_rank(0, 0.95), 0);
}

/* Thousands of samples must not lose the tail to underflow: the normal approximation gives the rank within one. */
static void ranks_hold_for_many_samples(void **state) {
  (void)state;
  for (size_t n = 1000; n <= 100000; n *= 10) {
    const double expected = (double)n / 2 - 1.959964 * sqrt((double)n) / 2;
    assert_true(fabs((double)median_interval_rank(n, 0.95) - expected) <= 1.5);
  }
}

static void the_interval_covers_the_median_of_a_skewed_distribution(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const double median = log(2);
  size_t covered = 0;
  enum { TRIALS = 4000, N = 15 };
  for (size_t t = 0; t < TRIALS; t++) {
    double samples[N];
    for (size_t i = 0; i < N; i++) samples[i] = -log((double)(test_random(&random) >> 11) * 0x1p-53 + 0x1p-54);
    const struct statistics s = statistics_of(samples, N);
    covered += s.low <= median && median <= s.high;
  }
  /* 99.26 % for n = 15; four standard errors of 4000 trials are 0.54 %. */
  assert_true(covered > TRIALS * 0.9872 && covered < TRIALS * 0.998);
}

/* Samples of a slowly changing time, as neighbours, the clock and placement make it: x follows its last value by rho,
 * batches are `gap` samples apart. Shares of intervals that hold the true median, 1, of batches and of all samples. */
struct coverage {
  double batches, samples;
};

static double normal(uint64_t *random) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += (double)(test_random(random) >> 11) * 0x1p-53;
  return sum;
}

static struct coverage coverage_of(double rho, size_t gap, double spread, uint64_t *random) {
  enum { TRIALS = 1000, BATCHES = STATISTICS_BATCHES, EACH = 10, N = BATCHES * EACH };
  size_t by_batches = 0, by_samples = 0;
  for (size_t t = 0; t < TRIALS; t++) {
    double samples[N], scratch[N], x = normal(random);
    size_t ends[BATCHES];
    for (size_t b = 0; b < BATCHES; b++) {
      for (size_t i = 0; i < gap + EACH; i++) {
        x = rho * x + sqrt(1 - rho * rho) * normal(random);
        if (i >= gap) samples[b * EACH + i - gap] = 1 + spread * x;
      }
      ends[b] = (b + 1) * EACH;
    }
    const struct statistics wide = statistics_of_batches(samples, ends, BATCHES, scratch);
    by_batches += wide.low <= 1 && 1 <= wide.high;
    const struct statistics plain = statistics_of(samples, N);
    by_samples += plain.low <= 1 && 1 <= plain.high;
  }
  return (struct coverage){(double)by_batches / TRIALS, (double)by_samples / TRIALS};
}

/* Batches that lie apart are nearly independent: their interval covers as often as it says, where that of samples taken
 * for independent misses the median in every third run. */
static void batches_cover_the_median_of_autocorrelated_samples(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const double spread = 0.05; /* against which BLIND_SHARE is nothing */
  const struct coverage independent = coverage_of(0, 0, spread, &random);
  const struct coverage alike = coverage_of(0.9, 40, spread, &random);
  const struct coverage constant = coverage_of(0.99, 400, spread, &random); /* within a batch */
  print_message("coverage: independent %.3f (%.3f), alike %.3f (%.3f), constant %.3f (%.3f)\n", independent.batches,
                independent.samples, alike.batches, alike.samples, constant.batches, constant.samples);
  assert_true(independent.batches > 0.98 && independent.samples > 0.98);
  assert_true(alike.batches > 0.97 && alike.samples < 0.8);
  assert_true(constant.batches > 0.97 && constant.samples < 0.8);
}

/* Interruptions make samples longer, now here and now there: they must not make the interval wide. */
static void interrupted_samples_only_count_as_above(void **state) {
  (void)state;
  enum { BATCHES = STATISTICS_BATCHES, EACH = 4, N = BATCHES * EACH };
  uint64_t random = test_seed();
  double samples[N], scratch[N];
  size_t ends[BATCHES];
  for (size_t i = 0; i < N; i++) samples[i] = 100 + 0.1 * (double)(test_random(&random) % 10);
  for (size_t i = 0; i < BATCHES; i++) ends[i] = (i + 1) * EACH;
  samples[1] = samples[2] = samples[9] = samples[22] = samples[23] = samples[40] = 5000;
  const struct statistics s = statistics_of_batches(samples, ends, BATCHES, scratch);
  assert_true(s.low >= 100 - BLIND_SHARE * 101 && s.high <= 101 + BLIND_SHARE * 101);
  assert_true(s.maximum == 5000 && s.samples == N && samples[1] == 5000);
}

/* Where batches differ as wholes, the interval reaches over nearly all of them. */
static void batches_on_levels_of_their_own(void **state) {
  (void)state;
  enum { BATCHES = STATISTICS_BATCHES, EACH = 10, N = BATCHES * EACH };
  double samples[N], scratch[N];
  size_t ends[BATCHES];
  for (size_t i = 0; i < N; i++) samples[i] = (double)(100 + (i / EACH * 5) % BATCHES);
  for (size_t i = 0; i < BATCHES; i++) ends[i] = (i + 1) * EACH;
  const struct statistics s = statistics_of_batches(samples, ends, BATCHES, scratch);
  assert_true(s.median == 105.5);
  /* Six shares of 0 and six of 1: 1/2 +- t11 / 2 / sqrt(11), t = 3.1058: from 3.2 % on. */
  assert_float_equal(s.low, 100 - BLIND_SHARE * 105.5, 1e-9);
  assert_float_equal(s.high, 111 + BLIND_SHARE * 105.5, 1e-9);
}

/* Few batches are cut, so that what was interrupted has an interval, too; few samples give their range. */
static void few_batches_are_cut(void **state) {
  (void)state;
  enum { N = 24 };
  double samples[N], scratch[N];
  for (size_t i = 0; i < N; i++) samples[i] = (double)(100 + i / 2); /* twelve pairs: 100 ... 111 */
  const size_t one[] = {N}, three[] = {3};
  struct statistics s = statistics_of_batches(samples, one, 1, scratch);
  assert_float_equal(s.median, 105.5, 1e-12);
  assert_true(s.low < 100.5 && s.high > 110.5); /* as above */
  s = statistics_of_batches(samples, three, 1, scratch);
  assert_true(s.samples == 3 && s.median == 100);
  assert_float_equal(s.high, 101 + BLIND_SHARE * 100, 1e-9);
  assert_int_equal(statistics_of_batches(NULL, NULL, 0, NULL).samples, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_nothing),
      cmocka_unit_test(of_one),
      cmocka_unit_test(of_known_samples),
      cmocka_unit_test(outliers_lie_outside_the_fences),
      cmocka_unit_test(an_even_number_has_its_median_in_the_middle),
      cmocka_unit_test(ranks_are_those_of_the_binomial_distribution),
      cmocka_unit_test(ranks_hold_for_many_samples),
      cmocka_unit_test(batches_cover_the_median_of_autocorrelated_samples),
      cmocka_unit_test(interrupted_samples_only_count_as_above),
      cmocka_unit_test(batches_on_levels_of_their_own),
      cmocka_unit_test(few_batches_are_cut),
      cmocka_unit_test(the_interval_covers_the_median_of_a_skewed_distribution),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
