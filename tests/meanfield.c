/* The mean-field theory against closed forms and published critical points. */
#include <math.h>
#include <stdio.h>

#include "harness/choices.h"
#include "harness/theory.h"
#include "tests/support.h"

static void assert_near(const char *what, double value, double truth, double tolerance) {
  if (!(fabs(value - truth) <= tolerance)) fail_msg("%s: %.15g, not %.15g +- %g", what, value, truth, tolerance);
}

static struct activation_choice activation(const char *text) {
  struct activation_choice choice;
  struct error error;
  if (!choose_activation(text, &choice, &error)) fail_msg("%s", error.text);
  return choice;
}

static struct initializer_choice initializer(const char *text) {
  struct initializer_choice choice;
  struct error error;
  if (!choose_initializer(text, &choice, &error)) fail_msg("%s", error.text);
  return choice;
}

static struct meanfield theory(struct activation_choice *choice, double weight_variance, double bias_variance) {
  return (struct meanfield){theory_value, theory_slope, choice, weight_variance, bias_variance};
}

/* ---- quadrature ------------------------------------------------------------------------------------------------- */

static double g_erf(double x, void *context) { return (void)context, erf(x); }
static double g_relu(double x, void *context) { return (void)context, x > 0 ? x : 0; }
static double g_exp(double x, void *context) { return (void)context, exp(x); }
static double g_clip(double x, void *context) { return (void)context, fmin(fmax(x, -1), 1); }

/* E[clip(s x)^2] = s^2 (P(|s x| < 1) - 2 t density(t)) + P(|s x| > 1), t = 1/s. */
static double clip_square(double q) {
  const double t = 1 / sqrt(q), inside = erf(t / sqrt(2)), density = exp(-t * t / 2) / sqrt(2 * M_PI);
  return q * (inside - 2 * t * density) + erfc(t / sqrt(2));
}

/* From the smallest lengths to a step at the origin. */
static void test_quadrature(void **state) {
  (void)state;
  for (double q = 1e-12; q < 1e13; q *= 10) {
    assert_near("E erf^2", meanfield_square(g_erf, NULL, q) * M_PI / 2 / asin(2 * q / (1 + 2 * q)), 1, 1e-9);
    assert_near("E relu", meanfield_mean(g_relu, NULL, q) * sqrt(2 * M_PI / q), 1, 1e-9);
    assert_near("E relu^2", meanfield_square(g_relu, NULL, q) * 2 / q, 1, 1e-9);
    /* The closed form itself loses figures where t density(t) cancels. */
    if (q < 1e4) assert_near("E clip^2", meanfield_square(g_clip, NULL, q) / clip_square(q), 1, 1e-9);
  }
  for (double q = 0.01; q < 50; q *= 3) {
    assert_near("E exp", meanfield_mean(g_exp, NULL, q) / exp(q / 2), 1, 1e-9);
    assert_near("E exp^2", meanfield_square(g_exp, NULL, q) / exp(2 * q), 1, 1e-9);
  }
  assert_near("q = 0", meanfield_mean(g_exp, NULL, 0), 1, 0);
  assert_true(isnan(meanfield_mean(g_exp, NULL, -1)) && isnan(meanfield_mean(g_exp, NULL, NAN)));
}

/* The trapezoidal rule converges faster than any power of its step on these, so it is an independent check: on u = s x
 * with steps well below the scale of f. */
static double trapezoid(meanfield_function *g, void *context, double q) {
  const double s = sqrt(q), step = 1.0 / 64;
  double sum = 0;
  for (double u = step / 2 - ceil(12 * s); u < 12 * s; u += step) {
    const double value = g(u, context);
    sum += value * value * exp(-u * u / (2 * q));
  }
  return sum * step / sqrt(2 * M_PI * q);
}

static void test_smooth_activations(void **state) {
  (void)state;
  static const char *const names[] = {"tanh", "sigmoid", "softplus", "gelu", "silu"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct activation_choice choice = activation(names[i]);
    for (double q = 0.25; q < 5000; q *= 4) {
      assert_near(names[i], meanfield_square(theory_value, &choice, q) / trapezoid(theory_value, &choice, q), 1, 1e-9);
      assert_near(names[i], meanfield_square(theory_slope, &choice, q) / trapezoid(theory_slope, &choice, q), 1, 1e-9);
    }
  }
}

/* ---- maps and fixed points -------------------------------------------------------------------------------------- */

/* Poole et al. 2016, Schoenholz et al. 2017: on the critical line chi at the fixed point is 1. */
static void test_tanh_critical(void **state) {
  (void)state;
  struct activation_choice tanh_choice = activation("tanh");
  struct meanfield critical = theory(&tanh_choice, 1.760955, 0.05);
  const double q = meanfield_fixed_point(&critical, 1);
  assert_near("fixed point", meanfield_length(&critical, q) / q, 1, 1e-11);
  assert_near("chi at (1.760955, 0.05)", meanfield_chi(&critical, q), 1, 1e-6);
  for (double start = 1e-3; start < 1e3; start *= 10)
    assert_near("reached from everywhere", meanfield_fixed_point(&critical, start) / q, 1, 1e-9);
  critical = theory(&tanh_choice, 1.05, 2.01e-5); /* three figures of sigma_b^2 */
  assert_near("chi at (1.05, 2.01e-5)", meanfield_chi(&critical, meanfield_fixed_point(&critical, 1)), 1, 1e-4);
  struct meanfield ordered = theory(&tanh_choice, 1.3, 0.05), chaotic = theory(&tanh_choice, 2.5, 0.05);
  assert_true(meanfield_chi(&ordered, meanfield_fixed_point(&ordered, 1)) < 1);
  assert_true(meanfield_chi(&chaotic, meanfield_fixed_point(&chaotic, 1)) > 1);
}

/* Klambauer et al. 2017: with weights of variance 1/n, mean 0 and variance 1 are SELU's fixed point. */
static void test_selu_fixed_point(void **state) {
  (void)state;
  struct activation_choice selu = activation("selu");
  const struct meanfield normalizing = theory(&selu, 1, 0);
  assert_near("mean", meanfield_mean(theory_value, &selu, 1), 0, 1e-9);
  assert_near("variance", meanfield_length(&normalizing, 1), 1, 1e-9);
  assert_near("fixed point", meanfield_fixed_point(&normalizing, 2), 1, 1e-9);
}

/* He et al. 2015: variance 2/n keeps ReLU's lengths and gradients, 1/n halves their squares. */
static void test_relu(void **state) {
  (void)state;
  struct activation_choice relu = activation("relu");
  const struct meanfield he = theory(&relu, 2, 0), glorot = theory(&relu, 1, 0);
  assert_near("He", meanfield_decay(&he, 1, 50), 0, 1e-9);
  assert_near("Glorot", meanfield_decay(&glorot, 1, 50), -0.34657359028, 1e-9);
  assert_near("He's length", meanfield_fixed_point(&he, 3), 3, 1e-9);
  assert_true(meanfield_fixed_point(&glorot, 3) == 0);
}

/* Lengths beyond double precision do not end the theory of a function that is straight out there. */
static void test_divergence(void **state) {
  (void)state;
  struct activation_choice relu = activation("relu"), selu = activation("selu"), tanh_choice = activation("tanh");
  const struct meanfield exploding = theory(&relu, 256, 0), shrinking = theory(&relu, 1e-6, 0);
  assert_true(isinf(meanfield_fixed_point(&exploding, 1)));
  assert_near("exploding", meanfield_decay(&exploding, 256, 1000), 0.5 * log(128), 1e-9);
  assert_near("shrinking", meanfield_decay(&shrinking, 1, 1000), 0.5 * log(0.5e-6), 1e-9);
  const struct meanfield selu_exploding = theory(&selu, 256, 0), tanh_shrinking = theory(&tanh_choice, 0.25, 0);
  const double scale = 1.0507009873554805;
  assert_near("selu", meanfield_decay(&selu_exploding, 256, 100000), 0.5 * log(128 * scale * scale), 1e-4);
  assert_near("tanh", meanfield_decay(&tanh_shrinking, 1, 100000), 0.5 * log(0.25), 1e-4);
  assert_true(isnan(meanfield_decay(&exploding, 1, 1)));
}

/* ---- from the command line's names ------------------------------------------------------------------------------ */

static double decay_of(const char *init, const char *f, size_t width, size_t depth, double input_square) {
  const struct initializer_choice choice = initializer(init);
  const struct activation_choice function = activation(f);
  const struct network_shape shape = {.inputs = 784, .width = width, .depth = depth, .outputs = 10, .batch = 1};
  return theory_decay(&choice, &function, &shape, 0, input_square);
}

static void test_choices(void **state) {
  (void)state;
  assert_near("glorot", decay_of("glorot_uniform", "relu", 256, 50, 1), -0.5 * log(2), 1e-9);
  assert_near("he", decay_of("he_normal", "relu", 256, 50, 1), 0, 1e-9);
  assert_near("uniform_fan_in", decay_of("uniform_fan_in", "relu", 256, 50, 1), -0.5 * log(6), 1e-9);
  assert_near("uniform", decay_of("uniform(-0.0625,0.0625)", "relu", 256, 50, 1), -0.5 * log(6), 1e-9);
  assert_near("normal", decay_of("normal(0,1)", "relu", 256, 50, 1), 0.5 * log(128), 1e-9);
  assert_near("linear", decay_of("normal(0,0.125)", "linear", 256, 50, 1), 0.5 * log(4), 1e-9);
  assert_true(isnan(decay_of("normal(0.1,1)", "relu", 256, 50, 1)));
  assert_true(isnan(decay_of("uniform(0,1)", "relu", 256, 50, 1)));
  assert_true(isnan(decay_of("zeros", "relu", 256, 50, 1)));
  assert_true(isnan(decay_of("constant(1)", "relu", 256, 50, 1)));
  /* The first layer's fan-in is the input's: saturation there shows in a network of two hidden layers. */
  struct activation_choice tanh_choice = activation("tanh");
  const struct meanfield he = theory(&tanh_choice, 2, 0);
  assert_near("first length", decay_of("he_normal", "tanh", 64, 2, 7), 0.5 * log(meanfield_chi(&he, 14)), 1e-12);
  const struct meanfield glorot = theory(&tanh_choice, 1, 0);
  assert_near("both fans", decay_of("glorot_normal", "tanh", 64, 2, 7),
              0.5 * log(meanfield_chi(&glorot, 784 * 2.0 / (784 + 64) * 7)), 1e-12);
  const struct activation_choice sigmoid = activation("sigmoid"), selu = activation("selu"), relu = activation("relu");
  assert_near("largest slope", theory_largest_slope(&sigmoid), 0.25, 0);
  assert_near("largest slope", theory_largest_slope(&selu), 1.7580993408473766, 1e-12);
  assert_near("largest slope", theory_largest_slope(&relu), 1, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quadrature),    cmocka_unit_test(test_smooth_activations),
      cmocka_unit_test(test_tanh_critical), cmocka_unit_test(test_selu_fixed_point),
      cmocka_unit_test(test_relu),          cmocka_unit_test(test_divergence),
      cmocka_unit_test(test_choices),
  };
  return cmocka_run_group_tests_name("meanfield", tests, NULL, NULL) ? 1 : 0;
}
