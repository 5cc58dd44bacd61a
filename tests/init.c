/* Random streams and initializers held against published answers and exact distributions. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels/reference/reference.h"

#define COUNT 1000000

static const struct kernel_table *table;

/* Random123's known-answer vectors for philox4x32. */
static const struct known_answer {
  int rounds;
  uint32_t counter[4], key[2], words[4];
} known_answers[] = {
    {10, {0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {10,
     {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {10,
     {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    {7,
     {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a}},
};

static uint64_t join(const uint32_t words[2]) { return (uint64_t)words[1] << 32 | words[0]; }

static void test_philox_known_answers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known_answers / sizeof *known_answers; i++) {
    const struct known_answer *known = &known_answers[i];
    uint32_t words[4];
    reference_philox4x32(known->rounds, known->counter, known->key, words);
    assert_memory_equal(words, known->words, sizeof words);
    if (known->rounds != 10) continue;
    table->philox4x32_10(words, join(known->counter), 4, join(known->key), join(known->counter + 2));
    assert_memory_equal(words, known->words, sizeof words);
  }
}

/* Random123's known-answer vectors for threefry2x32-20. */
static void test_threefry_known_answers(void **state) {
  (void)state;
  const struct {
    uint32_t counter[2], key[2], words[2];
  } known[] = {
      {{0}, {0, 0}, {0x6b200159, 0x99ba4efe}},
      {{0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}, {0x1cb996fc, 0xbb002be7}},
      {{0x243f6a88, 0x85a308d3}, {0x13198a2e, 0x03707344}, {0xc4923a9c, 0x483df7a0}},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const uint64_t number = join(known[i].counter); /* two blocks in a unit of four words */
    uint32_t words[4];
    table->threefry2x32_20(words, number / 2, 4, join(known[i].key), 0);
    assert_memory_equal(words + 2 * (number % 2), known[i].words, sizeof known[i].words);
  }
}

/* What Random123 1.14's ars4x32_R(7, ...) returns for counter (0, 0), where ours can start: key words low to high. */
static void test_ars_known_answers(void **state) {
  (void)state;
  const uint32_t expected[4] = {0xdacf61ff, 0xc45798f3, 0x113c7eeb, 0x101e27f3};
  const struct cpu_features cpu = cpu_detect();
  const char *const names[] = {"ars4x32_7", "ars4x32_7_aes", "ars4x32_7_vaes"};
  for (int i = 0; i < 3; i++) {
    const struct kernel *kernel = kernel_find(names[i]);
    if (kernel_obstacle(table, kernel, &cpu)) continue;
    uint32_t words[4];
    ((words_kernel *)kernel_in_table(table, kernel))(words, 0, 4, 0, 0);
    assert_memory_equal(words, expected, sizeof words);
  }
}

/* trunc_normal_ far out in a tail, where erf is 1 to float precision: the conditional distribution is almost
 * exponential with rate 5 beyond 5. */
static void test_trunc_normal_in_a_tail(void **state) {
  (void)state;
  float *w = malloc(COUNT * sizeof *w);
  const struct parameters bounds[] = {
      {.b = 1, .c = 5, .d = 6}, {.b = 1, .c = -6, .d = -5}, {.a = 10, .b = 2, .c = 20, .d = 100}};
  for (size_t k = 0; k < 3; k++) {
    const struct parameters p = bounds[k];
    table->init_trunc_normal(w, 0, COUNT, &(struct init){.seed = 9, .stream = k, .p = p});
    const double from = ((double)p.c - (double)p.a) / (double)p.b, to = ((double)p.d - (double)p.a) / (double)p.b;
    const double root = sqrt(0.5), pi = acos(-1.0);
    const double mass =
        from > 0 ? (erfc(from * root) - erfc(to * root)) / 2 : (erfc(-to * root) - erfc(-from * root)) / 2;
    const double density = exp(-from * from / 2) - exp(-to * to / 2);
    const double expected = (double)p.a + (double)p.b * density / sqrt(2 * pi) / mass;
    double sum = 0, square = 0;
    for (size_t i = 0; i < COUNT; i++) {
      if (!(w[i] >= p.c && w[i] <= p.d)) fail_msg("%.9g is outside [%g, %g]", (double)w[i], (double)p.c, (double)p.d);
      sum += (double)w[i] - expected, square += ((double)w[i] - expected) * ((double)w[i] - expected);
    }
    assert_true(fabs(sum / COUNT) <= 4 * sqrt(square / COUNT / COUNT));
  }
  free(w);
}

/* The words nearest to both ends of their range, even indices counting down from the upper, odd ones up from the lower.
 */
static void end_words(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  (void)seed, (void)stream;
  for (size_t i = 0; i < n; i++) {
    const uint32_t index = (uint32_t)(4 * block + i);
    words[i] = index % 2 ? 0x80000000u + index / 2 : 0x7fffffffu - index / 2;
  }
}
static uint32_t end_word(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  uint32_t words[4];
  end_words(words, block, 4, seed, stream);
  return words[i];
}

/* The last of a distribution is in its last words: out to 6.3 standard deviations where the interval cuts nothing off.
 * Without FMA there are more roundings. */
static void test_trunc_normal_ends(void **state) {
  (void)state;
  enum { LENGTH = 1 << 15 };
  static float w[LENGTH];
  const struct parameters bounds[] = {{.b = 0.02f, .c = -2, .d = 2}, {.b = 1, .c = -2, .d = 2},
                                      {.b = 1, .c = 5, .d = 6},      {.b = 1, .c = -6, .d = -5},
                                      {.b = 1, .c = 1, .d = 99},     {.b = 1, .c = -99, .d = 0.5f},
                                      {.b = 1, .c = -1, .d = 5.8f}};
  for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++) {
    const struct init init = {.p = bounds[k], .generator = end_words};
    double worst = 0;
    table->init_trunc_normal(w, 0, LENGTH, &init);
    for (uint64_t i = 0; i < LENGTH; i++)
      worst = fmax(worst, ulp_error(w[i], reference_init_trunc_normal(i, &init, end_word)));
    printf("trunc_normal(%g,%g,%g,%g): %.2f ulp in the last words\n", (double)init.p.a, (double)init.p.b,
           (double)init.p.c, (double)init.p.d, worst);
    assert_true(worst <= (table->lanes > 1 ? 4 : 5));
  }
}

/* Exactly ceil(sparsity x columns) zeros in every row, in places that differ from row to row. */
static void test_sparse(void **state) {
  (void)state;
  enum { ROWS = 50, COLUMNS = 3001 };
  float *w = malloc(ROWS * COLUMNS * sizeof *w);
  const float sparsities[] = {0, 0.1f, 0.5f, 1};
  for (size_t k = 0; k < 4; k++) {
    const struct init init = {
        .seed = 3, .stream = 4, .p = {.a = sparsities[k], .b = 0.01f}, .fan_in = ROWS, .fan_out = COLUMNS};
    table->init_sparse(w, 0, ROWS * COLUMNS, &init);
    int both = 0;
    for (size_t row = 0; row < ROWS; row++) {
      int zeros = 0;
      for (size_t j = 0; j < COLUMNS; j++) {
        zeros += w[row * COLUMNS + j] == 0;
        both += row > 0 && w[row * COLUMNS + j] == 0 && w[(row - 1) * COLUMNS + j] == 0;
      }
      assert_int_equal(zeros, (int)ceil((double)sparsities[k] * COLUMNS));
    }
    const double share = (double)both / ((ROWS - 1) * COLUMNS), s = (double)sparsities[k];
    assert_true(fabs(share - s * s) < 0.01);
  }
  free(w);
}

/* A distribution symmetric about mean, with its cumulative distribution function. */
struct distribution {
  const char *kernel;
  struct parameters p;
  size_t fan_in, fan_out;
  double mean, variance, kurtosis, support;
  double (*cdf)(double standardized); /* of (w - mean) / stddev */
};

static double cdf_uniform(double x) { return fmin(1, fmax(0, 0.5 + x / (2 * sqrt(3.0)))); }
static double cdf_normal(double x) { return 0.5 * erfc(-x / sqrt(2.0)); }
#define TRUNCATED_STDDEV 0.87962566103423978
/* z of a standard normal conditioned on |z| <= bound. */
static double cdf_within(double z, double bound) {
  return fmin(1, fmax(0, 0.5 + 0.5 * erf(z / sqrt(2.0)) / erf(bound / sqrt(2.0))));
}
static double cdf_truncated(double x) { return cdf_within(x * TRUNCATED_STDDEV, 2); }
static double cdf_truncated_at_1(double x) { return cdf_within(x * sqrt(1.1645) / 2, 1); }
static double cdf_truncated_at_4(double x) { return cdf_within(x * sqrt(0.2497323) / 0.5, 4); }

static const struct distribution distributions[] = {
    {"init_uniform", {.a = -0.05f, .b = 0.05f}, 1, 1, 0, 0.05 * 0.05 / 3, 1.8, 0.05, cdf_uniform},
    {"init_uniform", {.a = 2, .b = 5}, 1, 1, 3.5, 0.75, 1.8, 1.5, cdf_uniform},
    {"init_normal", {.a = 0, .b = 1}, 1, 1, 0, 1, 3, 6.67, cdf_normal},
    {"init_normal", {.a = -3, .b = 0.5f}, 1, 1, -3, 0.25, 3, 3.34, cdf_normal},
    {"init_truncated_normal", {.b = 0.05f}, 1, 1, 0, 0.0019343533, 2.3655367, 0.1, cdf_truncated},
    {"init_trunc_normal", {.b = 1, .c = -2, .d = 2}, 1, 1, 0, 0.7737413, 2.3655367, 2, cdf_truncated},
    {"init_trunc_normal", {.b = 2, .c = -2, .d = 2}, 1, 1, 0, 1.1645, 1.94092, 2, cdf_truncated_at_1},
    {"init_trunc_normal", {.b = 0.5f, .c = -2, .d = 2}, 1, 1, 0, 0.2497323, 2.98605, 2, cdf_truncated_at_4},
    {"init_trunc_normal", {.b = 2000, .c = -2, .d = 2}, 1, 1, 0, 4.0 / 3, 1.8, 2, cdf_uniform}, /* level to 5e-7 */
    {"init_trunc_normal", {.b = 1e15f, .c = -2, .d = 2}, 1, 1, 0, 4.0 / 3, 1.8, 2, cdf_uniform},
    {"init_trunc_normal", {.a = 1e6f, .b = 3e38f, .c = 2, .d = 5}, 1, 1, 3.5, 0.75, 1.8, 1.5, cdf_uniform},
    {"init_glorot_uniform", {.a = 0}, 300, 100, 0, 2.0 / 400, 1.8, 0.12247448713915891, cdf_uniform},
    {"init_he_uniform", {.a = 0}, 300, 100, 0, 2.0 / 300, 1.8, 0.1414213562373095, cdf_uniform},
    {"init_glorot_normal", {.a = 0}, 300, 100, 0, 2.0 / 400, 2.3655367, 0.141421356 / TRUNCATED_STDDEV, cdf_truncated},
    {"init_he_normal", {.a = 0}, 300, 100, 0, 2.0 / 300, 2.3655367, 0.163299316 / TRUNCATED_STDDEV, cdf_truncated},
};

static int by_value(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Moments within four standard errors, support, and the Kolmogorov-Smirnov distance within its 0.1 % critical value.
 * The seed is fixed, so these never fail by chance. */
static void test_distribution(void **state) {
  const struct distribution *d = *state;
  fill_kernel *fill = (fill_kernel *)kernel_in_table(table, kernel_find(d->kernel));
  float *w = malloc(COUNT * sizeof *w);
  fill(w, 0, COUNT, &(struct init){.seed = 42, .stream = 3, .p = d->p, .fan_in = d->fan_in, .fan_out = d->fan_out});

  double sum = 0, square = 0, fourth = 0;
  for (size_t i = 0; i < COUNT; i++) {
    const double x = (double)w[i] - d->mean;
    sum += x, square += x * x, fourth += x * x * x * x;
    if (!(fabs(x) <= d->support * (1 + 0x1p-22))) fail_msg("%s: %.9g is outside its support", d->kernel, (double)w[i]);
  }
  const double mean = sum / COUNT, variance = square / COUNT, kurtosis = fourth / COUNT / (variance * variance);
  printf("%s: mean %.3g, variance %.6g (%.6g), kurtosis %.4f (%.4f)\n", d->kernel, mean, variance, d->variance,
         kurtosis, d->kurtosis);
  assert_true(fabs(mean) <= 4 * sqrt(d->variance / COUNT));
  assert_true(fabs(variance / d->variance - 1) <= 4 * sqrt((d->kurtosis - 1) / COUNT));
  assert_true(fabs(kurtosis - d->kurtosis) <= 4 * sqrt(24.0 / COUNT));

  qsort(w, COUNT, sizeof *w, by_value);
  double distance = 0;
  for (size_t i = 0; i < COUNT; i++) {
    const double p = d->cdf(((double)w[i] - d->mean) / sqrt(d->variance));
    distance = fmax(distance, fmax(p - (double)i / COUNT, (double)(i + 1) / COUNT - p));
  }
  assert_true(distance <= 1.95 / sqrt(COUNT));
  free(w);
}

/* How many of the first n weights are beyond 5 standard deviations, and beyond 5.5. */
struct tails {
  long beyond_5, beyond_5_5;
};
static struct tails count_tails(fill_kernel *fill, struct parameters p, uint64_t n) {
  enum { PART = 1 << 16 };
  long beyond_5 = 0, beyond_5_5 = 0;
#pragma omp parallel for reduction(+ : beyond_5, beyond_5_5)
  for (uint64_t first = 0; first < n; first += PART) {
    float w[PART];
    fill(w, first, PART, &(struct init){.seed = 1, .p = p});
    for (size_t i = 0; i < PART; i++) {
      const float z = fabsf(w[i]) / p.b;
      beyond_5 += z > 5.0f, beyond_5_5 += z > 5.5f;
    }
  }
  return (struct tails){beyond_5, beyond_5_5};
}

/* Beyond 5 standard deviations lie 5.733e-7 of a normal distribution, beyond 5.5 3.798e-8. Counted are 2^24 draws, or
 * 2^29 with DEPTHMARK_EXHAUSTIVE, within three standard errors; a hundred standard deviations cut nothing off. */
static void test_tails(void **state) {
  (void)state;
  const uint64_t n = 1ull << (getenv("DEPTHMARK_EXHAUSTIVE") ? 29 : 24);
  const struct {
    const char *name;
    fill_kernel *fill;
    struct parameters p;
  } all[] = {{"normal", table->init_normal, {.b = 1}},
             {"trunc_normal", table->init_trunc_normal, {.b = 0.02f, .c = -2, .d = 2}}};
  for (size_t k = 0; k < 2; k++) {
    const struct tails tails = count_tails(all[k].fill, all[k].p, n);
    const double expected_5 = 5.733e-7 * (double)n, expected_5_5 = 3.798e-8 * (double)n;
    printf("%s: of %llu draws %ld beyond 5 sigma (%.1f), %ld beyond 5.5 (%.1f)\n", all[k].name, (unsigned long long)n,
           tails.beyond_5, expected_5, tails.beyond_5_5, expected_5_5);
    assert_true(fabs((double)tails.beyond_5 - expected_5) <= 3 * sqrt(expected_5));
    assert_true(fabs((double)tails.beyond_5_5 - expected_5_5) <= 3 * sqrt(expected_5_5));
  }
}

/* Streams and seeds differ: correlations of a million pairs stay within four standard errors. */
static void test_independence(void **state) {
  (void)state;
  const struct init inits[] = {{.seed = 1, .stream = 0, .p = {.b = 1}},
                               {.seed = 1, .stream = 1, .p = {.b = 1}},
                               {.seed = 2, .stream = 0, .p = {.b = 1}},
                               {.seed = 1ull << 32, .stream = 0, .p = {.b = 1}},
                               {.seed = 1, .stream = 1ull << 32, .p = {.b = 1}}};
  enum { STREAMS = sizeof inits / sizeof *inits };
  float *w[STREAMS];
  for (int s = 0; s < STREAMS; s++) {
    w[s] = malloc(COUNT * sizeof(float));
    table->init_normal(w[s], 0, COUNT, &inits[s]);
  }
  for (int s = 0; s < STREAMS; s++)
    for (int t = 0; t < s; t++) {
      double sum = 0;
      for (size_t i = 0; i < COUNT; i++) sum += (double)w[s][i] * (double)w[t][i];
      if (fabs(sum / COUNT) > 4 / sqrt(COUNT)) fail_msg("streams %d and %d correlate: %g", s, t, sum / COUNT);
    }
  for (int s = 0; s < STREAMS; s++) free(w[s]);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  enum { PLAIN = 8, DISTRIBUTIONS = sizeof distributions / sizeof *distributions };
  struct CMUnitTest tests[DISTRIBUTIONS + PLAIN] = {
      cmocka_unit_test(test_philox_known_answers),
      cmocka_unit_test(test_threefry_known_answers),
      cmocka_unit_test(test_ars_known_answers),
      cmocka_unit_test(test_trunc_normal_in_a_tail),
      cmocka_unit_test(test_trunc_normal_ends),
      cmocka_unit_test(test_sparse),
      cmocka_unit_test(test_tails),
      cmocka_unit_test(test_independence),
  };
  for (size_t i = 0; i < DISTRIBUTIONS; i++)
    tests[PLAIN + i] = (struct CMUnitTest){distributions[i].kernel, test_distribution, NULL, NULL,
                                           (void *)(uintptr_t)&distributions[i]};
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
