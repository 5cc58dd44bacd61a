/* The shape of a gradient's way, told from sequences of known shape. */
#include "harness/decay_fit.h"

#include <math.h>

#include "tests/support.h"

enum { DEPTH = 40 };
static struct gradient_layer layers[DEPTH];

/* A number of the scatter: uniform in [-1/2, 1/2], the same for the same k. */
static double scatter(size_t k) { return fmod(sin((double)k * 12.9898) * 43758.5453, 1) / 2; }

enum kind { POWER, EXPONENT };
static void make(size_t depth, enum kind kind, double b, double amplitude) {
  for (size_t l = 0; l < depth; l++) {
    const double k = (double)(depth - 1 - l), x = kind == POWER ? log(k + 1) : k;
    layers[l] = (struct gradient_layer){.delta_rms = 3e-3 * exp(b * x + amplitude * scatter(l))};
  }
}

static void assert_fit(struct decay_fit fit, enum decay_shape shape, double rate, double tolerance) {
  if (fit.shape != shape || !(fabs(fit.rate - rate) <= tolerance))
    fail_msg("%s, rate %g, R^2 %g and %g; not %s, %g", decay_shape_names[fit.shape], fit.rate, fit.exponential_r2,
             fit.algebraic_r2, decay_shape_names[shape], rate);
}

static void shapes_are_told_apart(void **state) {
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2)
    for (double b = 0.01; b < 3; b *= 4) {
      make(DEPTH, EXPONENT, sign * b, 0);
      struct decay_fit fit = decay_fit(layers, DEPTH, NAN);
      assert_fit(fit, DECAY_EXPONENTIAL, sign * b, 1e-12);
      assert_true(fabs(fit.exponential_r2 - 1) < 1e-12 && fit.algebraic_r2 < 0.95 && fit.algebraic_r2 > 0.5);
      make(DEPTH, POWER, sign * b, 0);
      fit = decay_fit(layers, DEPTH, NAN);
      assert_fit(fit, DECAY_ALGEBRAIC, sign * b, 1e-12);
      assert_true(fabs(fit.algebraic_r2 - 1) < 1e-12 && fit.exponential_r2 < 0.95 && fit.exponential_r2 > 0.5);
    }
  make(DEPTH, EXPONENT, -0.3, 0.3);
  assert_fit(decay_fit(layers, DEPTH, 1), DECAY_EXPONENTIAL, -0.3, 0.01);
  make(DEPTH, POWER, -2, 0.3);
  assert_fit(decay_fit(layers, DEPTH, 1), DECAY_ALGEBRAIC, -2, 0.1);
}

static void what_does_not_change_is_level(void **state) {
  (void)state;
  make(DEPTH, EXPONENT, 0, 0);
  struct decay_fit fit = decay_fit(layers, DEPTH, NAN);
  assert_fit(fit, DECAY_LEVEL, 0, 1e-12);
  assert_true(fit.exponential_r2 == 0 && fit.algebraic_r2 == 0);
  make(DEPTH, EXPONENT, 0, 1);
  assert_fit(decay_fit(layers, DEPTH, NAN), DECAY_LEVEL, 0, 0.01);
  /* A perfect line that chance may have made. */
  make(DEPTH, EXPONENT, -0.01, 0);
  assert_fit(decay_fit(layers, DEPTH, 0.38), DECAY_EXPONENTIAL, -0.01, 1e-12);
  assert_fit(decay_fit(layers, DEPTH, 0.40), DECAY_LEVEL, -0.01, 1e-12);
  make(DEPTH, POWER, 0.1, 0);
  assert_fit(decay_fit(layers, DEPTH, 0.1 * log(DEPTH) - 0.01), DECAY_ALGEBRAIC, 0.1, 1e-12);
  assert_int_equal(decay_fit(layers, DEPTH, 0.1 * log(DEPTH) + 0.01).shape, DECAY_LEVEL);
}

static void layers_that_lie_are_left_out(void **state) {
  (void)state;
  make(DEPTH, EXPONENT, -0.5, 0);
  layers[0].delta_rms = 0;
  layers[1].delta_rms = NAN;
  layers[2].delta_rms = INFINITY;
  layers[3].delta_rms = 1, layers[3].subnormal = 0.2;
  layers[DEPTH - 1].delta_rms = 0;
  assert_fit(decay_fit(layers, DEPTH, NAN), DECAY_EXPONENTIAL, -0.5, 1e-12);
  make(DEPTH, POWER, -0.5, 0);
  layers[7].delta_rms = 0;
  assert_fit(decay_fit(layers, DEPTH, NAN), DECAY_ALGEBRAIC, -0.5, 1e-12);
}

static void too_few_layers_have_no_shape(void **state) {
  (void)state;
  for (size_t depth = 1; depth <= 5; depth++) {
    make(depth, EXPONENT, -1, 0);
    const struct decay_fit fit = decay_fit(layers, depth, NAN);
    if (depth < DECAY_FIT_LAYERS) {
      assert_int_equal(fit.shape, DECAY_NONE);
      assert_true(isnan(fit.rate) && isnan(fit.exponential_r2) && isnan(fit.algebraic_r2));
    } else {
      assert_fit(fit, DECAY_EXPONENTIAL, -1, 1e-12);
    }
  }
  make(DEPTH, EXPONENT, -1, 0);
  for (size_t l = 3; l < DEPTH; l++) layers[l].delta_rms = 0;
  assert_int_equal(decay_fit(layers, DEPTH, NAN).shape, DECAY_NONE);
  assert_string_equal(decay_shape_names[DECAY_NONE], "none");
  assert_string_equal(decay_shape_names[DECAY_LEVEL], "level");
  assert_string_equal(decay_shape_names[DECAY_EXPONENTIAL], "exponential");
  assert_string_equal(decay_shape_names[DECAY_ALGEBRAIC], "algebraic");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_are_told_apart),
      cmocka_unit_test(what_does_not_change_is_level),
      cmocka_unit_test(layers_that_lie_are_left_out),
      cmocka_unit_test(too_few_layers_have_no_shape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
