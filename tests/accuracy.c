/* The core of the accuracy suite: samples, errors with their places, roots of slopes, points of underflow. */
#include "harness/accuracy.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/activation_pass.h"
#include "harness/peers/peers.h"
#include "kernels/reference/reference.h"
#include "tests/support.h"

static const struct parameters none;

/* ---- ulps ------------------------------------------------------------------------------------------------------- */

static void ulps_of_known_floats(void **state) {
  (void)state;
  assert_true(ulp_error(1.0f, 1.0) == 0);
  assert_true(ulp_error(1.0f + 0x1p-23f, 1.0) == 1);
  assert_true(ulp_error(1.0f - 0x1p-24f, 1.0) == 0.5); /* of the reference's binade */
  assert_true(ulp_error(-3.0f, -3.0 - 0x1p-23) == 0.5);
  assert_true(ulp_error(0.0f, 0x1p-149) == 1 && ulp_error(0x1p-149f, 0x1.8p-150) == 0.25);
  assert_true(ulp_error(FLT_MIN + 0x1p-149f, (double)FLT_MIN) == 1);
  assert_true(ulp_error(FLT_MAX, (double)FLT_MAX - 0x1p104) == 1);
  assert_true(ulp_error(INFINITY, 0x1p128) == 0 && ulp_error(-INFINITY, (double)-INFINITY) == 0);
  assert_true(ulp_error(INFINITY, (double)FLT_MAX) == 1 && ulp_error(FLT_MAX, 0x1p128) == 1);
  assert_true(ulp_error(1.0f, (double)INFINITY) == (double)INFINITY);
  assert_true(ulp_error(NAN, (double)NAN) == 0);
  assert_true(ulp_error(NAN, 1) == (double)INFINITY && ulp_error(1, (double)NAN) == (double)INFINITY);
}

/* ---- samples ---------------------------------------------------------------------------------------------------- */

#define SPREAD ((size_t)100000)

static size_t count_of(const struct float_samples *samples, uint32_t bits) {
  size_t count = 0;
  for (size_t i = 0; i < samples->count; i++) count += bits_of(samples->x[i]) == bits;
  return count;
}

static void samples_are_of_every_binade(void **state) {
  (void)state;
  struct float_samples samples;
  size_t binades[512] = {0};
  assert_true(float_samples_choose(&samples, SPREAD, 7));
  assert_int_equal(samples.count % SAMPLE_CHUNK, 0);
  for (size_t i = 0; i < SPREAD; i++) {
    assert_true(isfinite(samples.x[i]));
    binades[bits_of(samples.x[i]) >> 23]++;
  }
  for (size_t b = 0; b < 512; b++)
    if (b % 256 != 255) assert_in_range(binades[b], SPREAD / 510 - 2, SPREAD / 510 + 2);
  float_samples_free(&samples);
}

static void samples_hold_what_is_special(void **state) {
  (void)state;
  const float special[] = {0,        1,      0x1p127f,          0x1p-126f,  0x1p-149f, FLT_MAX,
                           INFINITY, 87.33f, 87.33f + 0x1p-12f, 0.7517915f, 1.5f};
  struct float_samples samples;
  size_t nans = 0;
  assert_true(float_samples_choose(&samples, 1, 7));
  for (size_t i = 0; i < sizeof special / sizeof *special; i++)
    if (!count_of(&samples, bits_of(special[i])) || !count_of(&samples, bits_of(-special[i])))
      fail_msg("there is no +-%a", (double)special[i]);
  for (size_t i = 0; i < samples.count; i++) nans += isnan(samples.x[i]);
  assert_in_range(nans, 2, 10);
  float_samples_free(&samples);
}

static void samples_follow_the_seed(void **state) {
  (void)state;
  struct float_samples first, again, other;
  assert_true(float_samples_choose(&first, SPREAD, 7) && float_samples_choose(&again, SPREAD, 7) &&
              float_samples_choose(&other, SPREAD, 8));
  assert_memory_equal(first.x, again.x, first.count * sizeof *first.x);
  size_t same = 0;
  for (size_t i = 0; i < SPREAD; i++) same += bits_of(first.x[i]) == bits_of(other.x[i]);
  assert_in_range(same, 0, SPREAD / 100);
  float_samples_free(&first);
  float_samples_free(&again);
  float_samples_free(&other);
}

static void every_float_is_every_float(void **state) {
  (void)state;
  const struct float_samples every = float_samples_every();
  float own[SAMPLE_CHUNK + SAMPLE_PADDING];
  assert_true(every.count == (size_t)1 << 32);
  for (size_t first = 0; first < every.count; first += 0x10000000u) {
    const float *x = float_samples_chunk(&every, first, own);
    for (size_t i = 0; i < SAMPLE_CHUNK; i++) assert_true(bits_of(x[i]) == first + i);
  }
}

/* ---- errors ----------------------------------------------------------------------------------------------------- */

#define COUNT 1000

/* Adds y = x + planted ulps at the place, held against y = x, for x = first + i / 1000. */
static struct accuracy_tally planted(float first, size_t place, int ulps, double root) {
  float x[COUNT], y[COUNT];
  double expected[COUNT];
  struct accuracy_tally tally = {0};
  for (size_t i = 0; i < COUNT; i++) {
    x[i] = y[i] = first + (float)i / COUNT;
    expected[i] = (double)x[i];
  }
  y[place] = float_of(bits_of(y[place]) + (uint32_t)ulps);
  accuracy_add(&tally, x, y, expected, COUNT, root);
  return tally;
}

static void a_planted_error_is_found(void **state) {
  (void)state;
  const struct accuracy_tally tally = planted(3, 250, 5, (double)NAN);
  assert_int_equal(tally.samples, COUNT);
  assert_int_equal(tally.in_window, 0);
  assert_true(tally.ulp_max == 5 && tally.ulp_max_at == 3.25f && tally.ulp_sum == 5 && tally.absolute_max == 0);
}

static void around_a_root_the_absolute_error_counts(void **state) {
  (void)state;
  const struct accuracy_tally inside = planted(3, 250, 5, 3.25), outside = planted(3, 510, 5, 3.25);
  assert_int_equal(inside.samples, COUNT);
  assert_in_range(inside.in_window, 499, 500); /* open at both ends */
  assert_true(inside.ulp_max == 0 && inside.ulp_sum == 0);
  assert_true(inside.absolute_max == 5 * 0x1p-22 && inside.absolute_max_at == 3.25f);
  assert_true(outside.ulp_max == 5 && outside.absolute_max == 0);
}

static void results_that_are_no_number_are_the_worst(void **state) {
  (void)state;
  const float x[] = {1, 2, NAN, INFINITY, -INFINITY, 3}, y[] = {1, NAN, 7, 7, 7, 2};
  const double expected[] = {1, 2, 3, 4, 5, 3};
  struct accuracy_tally tally = {0};
  accuracy_add(&tally, x, y, expected, 6, (double)NAN);
  assert_int_equal(tally.samples, 3); /* of finite x */
  assert_true(isinf(tally.ulp_max) && tally.ulp_max_at == 2);
  tally = (struct accuracy_tally){0};
  accuracy_add(&tally, x, y, expected, 6, 2);
  assert_true(isinf(tally.absolute_max) && tally.absolute_max_at == 2 && isfinite(tally.ulp_max));
}

static void merged_tallies_keep_the_first_place(void **state) {
  (void)state;
  struct accuracy_tally all = planted(3, 250, 5, (double)NAN);
  const struct accuracy_tally equal = planted(2, 500, 5, (double)NAN), worse = planted(2, 500, -6, (double)NAN);
  accuracy_merge(&all, &equal);
  assert_true(all.ulp_max == 5 && all.ulp_max_at == 3.25f && all.ulp_sum == 10 && all.samples == 2 * COUNT);
  accuracy_merge(&all, &worse);
  assert_true(all.ulp_max == 6 && all.ulp_max_at == 2.5f && all.ulp_sum == 16);
  struct accuracy_tally window = planted(3, 250, 5, 3.25);
  const struct accuracy_tally larger = planted(3, 300, 7, 3.25);
  accuracy_merge(&window, &larger);
  assert_true(window.absolute_max == 7 * 0x1p-22 && window.absolute_max_at == 3.3f);
  assert_in_range(window.in_window, 998, 1000);
}

/* ---- functions -------------------------------------------------------------------------------------------------- */

static void twice(const float *x, float *y, size_t n, struct parameters p) {
  for (size_t i = 0; i < n; i++) y[i] = 2 * x[i] + p.a;
}

static void times_one_more(const float *x, const float *dy, float *dx, size_t n, struct parameters p) {
  for (size_t i = 0; i < n; i++) dx[i] = dy[i] * (x[i] + 1 + p.b);
}

static void functions_are_evaluated(void **state) {
  (void)state;
  const float x[] = {1, 2, 3};
  float y[3];
  struct accuracy_function function = {SIGNATURE_map, (kernel_function *)twice, NULL, {.a = 10, .b = 100}};
  accuracy_evaluate(&function, x, y, 3);
  assert_true(y[0] == 12 && y[1] == 14 && y[2] == 16);
  function.signature = SIGNATURE_backward, function.function = (kernel_function *)times_one_more;
  accuracy_evaluate(&function, x, y, 3);
  assert_true(y[0] == 102 && y[1] == 103 && y[2] == 104);
  function.forward = twice; /* from the output */
  accuracy_evaluate(&function, x, y, 3);
  assert_true(y[0] == 113 && y[1] == 115 && y[2] == 117);
}

/* From 20.5 on subnormal, from 1000 on zero, below -3 zero at once. */
static void stepped(const float *x, float *y, size_t n, struct parameters p) {
  (void)p;
  for (size_t i = 0; i < n; i++) y[i] = x[i] >= 1000 || x[i] < -3 ? 0 : x[i] >= 20.5f ? -0x1p-130f : FLT_MIN;
}

static void zero_below(const float *x, float *y, size_t n, struct parameters p) {
  (void)p;
  for (size_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : -0.0f;
}

static struct accuracy_ends ends_of(map_kernel *kernel) {
  const struct accuracy_function function = {SIGNATURE_map, (kernel_function *)kernel, NULL, none};
  return accuracy_find_ends(&function);
}

static void underflow_is_found_to_the_float(void **state) {
  (void)state;
  const struct accuracy_ends steps = ends_of(stepped), half = ends_of(zero_below);
  const float below = nextafterf(-3, -INFINITY);
  assert_true(steps.subnormal_above == 20.5f && steps.zero_above == 1000);
  assert_true(steps.subnormal_below == below && steps.zero_below == below);
  /* Never above, always below. */
  assert_true(isnan(half.subnormal_above) && isnan(half.zero_above));
  assert_true(isnan(half.subnormal_below) && isnan(half.zero_below));
}

/* Zero from 1024 on, and here and there before, most of it where bisection looks. */
static void wavering(const float *x, float *y, size_t n, struct parameters p) {
  (void)p;
  for (size_t i = 0; i < n; i++) y[i] = x[i] >= 1024 || (x[i] > 3 && bits_of(x[i]) % 1000 != 7) ? 0 : 1;
}

static void exceptions_beyond_are_found(void **state) {
  (void)state;
  const float end = ends_of(wavering).zero_above;
  uint32_t last = bits_of(1024) - 1;
  while (last % 1000 != 7) last--;
  assert_true(bits_of(end) == last + 1);
}

static float value_at(map_kernel *kernel, float x) {
  float y;
  kernel(&x, &y, 1, none);
  return y;
}

static void a_kernel_underflows_where_it_is_said_to(void **state) {
  (void)state;
  map_kernel *const sigmoid = arch_table(ARCH_SCALAR)->sigmoid_forward;
  const struct accuracy_ends ends = ends_of(sigmoid);
  assert_true(isnan(ends.subnormal_above) && isnan(ends.zero_above));
  assert_true(ends.zero_below < -103 && ends.subnormal_below > -88);
  assert_true(value_at(sigmoid, ends.zero_below) == 0 && value_at(sigmoid, nextafterf(ends.zero_below, 0)) > 0);
  assert_true(value_at(sigmoid, ends.subnormal_below) < FLT_MIN &&
              value_at(sigmoid, nextafterf(ends.subnormal_below, 0)) >= FLT_MIN);
}

/* ---- names and roots -------------------------------------------------------------------------------------------- */

static void assert_pass(const char *kernel, enum activation_pass pass, const char *activation) {
  char name[32];
  assert_int_equal(activation_pass(kernel, name, sizeof name), pass);
  assert_string_equal(name, activation);
}

static void names_tell_the_pass(void **state) {
  (void)state;
  assert_pass("tanh_forward", PASS_FORWARD, "tanh");
  assert_pass("gelu_tanh_derivative", PASS_DERIVATIVE, "gelu_tanh");
  assert_pass("leaky_relu_backward", PASS_BACKWARD, "leaky_relu");
  assert_pass("leaky_relu_from_output", PASS_FROM_OUTPUT, "leaky_relu");
  assert_pass("tanh_bias", PASS_COUNT, "");
  assert_pass("tanh_both", PASS_COUNT, "");
  assert_pass("_forward", PASS_COUNT, "");
  assert_pass("forward", PASS_COUNT, "");
}

/* Every slope with an absolute bound has a root at which its sign changes, and its bound is what the table says. */
static void roots_are_where_slopes_cross_zero(void **state) {
  (void)state;
  size_t roots = 0;
  for (size_t k = 0; k < KERNEL_COUNT; k++) {
    char name[64], activation[64];
    kernel_provider(&kernels[k], name, sizeof name);
    const enum activation_pass pass = activation_pass(name, activation, sizeof activation);
    if (strcmp(kernels[k].suite, "activation") != 0 || pass != PASS_DERIVATIVE ||
        strcmp(kernel_provider(&kernels[k], name, sizeof name), OWN_PROVIDER) != 0)
      continue;
    const double root = activation_root(activation);
    if (isnan(root) != (kernels[k].bound.absolute == 0))
      fail_msg("%s: a root and an absolute bound belong together", name);
    if (isnan(root)) continue;
    map_reference *const slope = (map_reference *)reference_functions[k];
    assert_true(kernels[k].bound.absolute == ROOT_ABSOLUTE);
    assert_true(slope(root - 1e-12, kernels[k].defaults) < 0 && slope(root + 1e-12, kernels[k].defaults) > 0);
    roots++;
  }
  assert_in_range(roots, 2, 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ulps_of_known_floats),
      cmocka_unit_test(samples_are_of_every_binade),
      cmocka_unit_test(samples_hold_what_is_special),
      cmocka_unit_test(samples_follow_the_seed),
      cmocka_unit_test(every_float_is_every_float),
      cmocka_unit_test(a_planted_error_is_found),
      cmocka_unit_test(around_a_root_the_absolute_error_counts),
      cmocka_unit_test(results_that_are_no_number_are_the_worst),
      cmocka_unit_test(merged_tallies_keep_the_first_place),
      cmocka_unit_test(functions_are_evaluated),
      cmocka_unit_test(underflow_is_found_to_the_float),
      cmocka_unit_test(exceptions_beyond_are_found),
      cmocka_unit_test(a_kernel_underflows_where_it_is_said_to),
      cmocka_unit_test(names_tell_the_pass),
      cmocka_unit_test(roots_are_where_slopes_cross_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
