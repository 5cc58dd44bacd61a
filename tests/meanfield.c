/* The mean-field maps against closed forms and published critical points. */
#include <math.h>
#include <stdlib.h>
#include <stdio.h>

#include "harness/theory.h"
#include "tests/choices.h"
#include "tests/support.h"

static void assert_near(const char *what, double value, double truth, double tolerance) {
  if (!(fabs(value - truth) <= tolerance)) fail_msg("%s: %.15g, not %.15g +- %g", what, value, truth, tolerance);
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

/* He et al. 2015: variance 2/n keeps ReLU's lengths, 1/n halves their squares. */
static void test_relu_fixed_point(void **state) {
  (void)state;
  struct activation_choice relu = activation("relu");
  const struct meanfield he = theory(&relu, 2, 0), glorot = theory(&relu, 1, 0), normal = theory(&relu, 256, 0);
  assert_near("He's length", meanfield_fixed_point(&he, 3), 3, 1e-9);
  assert_true(meanfield_fixed_point(&glorot, 3) == 0);
  assert_true(isinf(meanfield_fixed_point(&normal, 1)));
}

static const char *const all_names[] = {"linear",    "relu",         "leaky_relu",  "prelu",    "relu6",
                                        "hard_tanh", "hard_sigmoid", "hard_swish",  "softsign", "tanh",
                                        "sigmoid",   "softplus",     "log_sigmoid", "elu",      "celu",
                                        "selu",      "gelu",         "gelu_tanh",   "silu",     "mish"};
#define ALL (sizeof all_names / sizeof *all_names)

/* What is integrated together is what is integrated alone, and chi_q is the length map's derivative. */
static void test_moments(void **state) {
  (void)state;
  for (size_t i = 0; i < ALL; i++) {
    struct activation_choice choice = activation(all_names[i]);
    const struct meanfield maps = theory(&choice, 1.5, 0.05);
    for (double q = 1e-3; q < 1e5; q *= 7) {
      const struct meanfield_moments m = meanfield_moments(&maps, q);
      const double h = 1e-4 * q, square = meanfield_square(theory_value, &choice, q);
      const double slope_square = meanfield_square(theory_slope, &choice, q);
      assert_near(all_names[i], m.mean, meanfield_mean(theory_value, &choice, q), 1e-9 * sqrt(square));
      assert_near(all_names[i], m.square / square, 1, 1e-9);
      assert_near(all_names[i], m.variance, square - m.mean * m.mean, 1e-9 * square);
      assert_near(all_names[i], m.slope_square / slope_square, 1, 1e-9);
      assert_near("chi", meanfield_chi(&maps, q), 1.5 * slope_square, 1e-9 * slope_square);
      assert_near("chi_q", meanfield_chi_length(&maps, q),
                  (meanfield_length(&maps, q + h) - meanfield_length(&maps, q - h)) / (2 * h), 1e-6 * (1 + square / q));
    }
  }
  /* The variance of a function that hardly varies, and slopes at length 0 as lengths approach it. */
  struct activation_choice sigmoid = activation("sigmoid"), relu = activation("relu");
  const struct meanfield flat = theory(&sigmoid, 1, 0), kinked = theory(&relu, 2, 0);
  assert_near("variance", meanfield_moments(&flat, 1e-14).variance / 1e-14, 0.0625, 1e-9);
  assert_near("chi at 0", meanfield_chi(&kinked, 0), 1, 1e-9);
  assert_near("chi_q at 0", meanfield_chi_length(&kinked, 0), 1, 1e-9);
  assert_true(isnan(meanfield_moments(&flat, NAN).mean) && isnan(meanfield_moments(&flat, -1).mean));
}

static double stretched(double x, void *context) { return x * theory_slope(x, context); }
static double sloped_value(double x, void *context) { return theory_slope(x, context) * theory_value(x, context); }
static double square_slope_value(double x, void *context) {
  return theory_slope(x, context) * sloped_value(x, context);
}

/* Each expectation is that of its function, and E[u f'(u)] is how the mean changes with ln sqrt(q). */
static void test_stretch(void **state) {
  (void)state;
  for (size_t i = 0; i < ALL; i++) {
    struct activation_choice choice = activation(all_names[i]);
    const struct meanfield maps = theory(&choice, 1.5, 0.05);
    for (double q = 1e-3; q < 1e5; q *= 7) {
      const struct meanfield_stretch s = meanfield_stretch(&maps, q);
      const double h = 1e-4, root = sqrt(meanfield_square(theory_value, &choice, q));
      const double change =
          meanfield_mean(theory_value, &choice, q * (1 + h)) - meanfield_mean(theory_value, &choice, q * (1 - h));
      assert_near(all_names[i], s.mean, change / h, 1e-5 * root);
      assert_near(all_names[i], s.square / meanfield_square(stretched, &choice, q), 1, 1e-8);
      assert_near(all_names[i], s.slope_square / meanfield_square(sloped_value, &choice, q), 1, 1e-8);
      assert_near(all_names[i], s.slope_value, meanfield_mean(square_slope_value, &choice, q), 1e-8 * root);
    }
  }
  struct activation_choice relu = activation("relu");
  const struct meanfield maps = theory(&relu, 1, 0);
  const struct meanfield_stretch s = meanfield_stretch(&maps, 3);
  const double mean = sqrt(3 / (2 * M_PI));
  assert_near("mean", s.mean, mean, 1e-9);
  assert_near("square", s.square, 1.5, 1e-9);
  assert_near("slope and value", s.slope_value, mean, 1e-9);
  assert_near("slope and square", s.slope_square, 1.5, 1e-9);
  assert_true(isnan(meanfield_stretch(&maps, NAN).mean) && isnan(meanfield_stretch(&maps, -1).mean));
}

/* Linear: gradients keep (B - 2) / (B - 3) of their squares; ReLU: the integrals are those of half of a normal
 * distribution. */
static void test_batch_change(void **state) {
  (void)state;
  struct activation_choice linear = activation("linear"), relu = activation("relu"), tanh_choice = activation("tanh");
  const struct meanfield straight = theory(&linear, 1, 0), kinked = theory(&relu, 1, 0),
                         smooth = theory(&tanh_choice, 1, 0);
  struct meanfield_batch_change change = meanfield_batch_change(&straight, 1);
  assert_near("linear mean", change.mean, 0, 1e-9);
  assert_near("linear square", change.square, 0, 1e-9);
  assert_near("linear variance", change.variance, 0, 1e-9);
  assert_near("linear gradient", change.gradient, 1, 1e-9);
  assert_near("linear last", change.last, 0, 1e-9);
  change = meanfield_batch_change(&kinked, 1);
  assert_near("relu mean", change.mean, 0.25 / sqrt(2 * M_PI), 1e-9);
  assert_near("relu square", change.square, 0, 1e-9);
  assert_near("relu variance", change.variance, 0.25 - 0.5 * (1 - 1 / M_PI), 1e-9);
  assert_near("relu gradient", change.gradient, 0.5 + 1 / M_PI, 1e-9);
  assert_near("relu last", change.last, 0, 1e-9);
  /* On a sphere of 63 dimensions, of which one coordinate has the density (1 - t^2)^30. */
  double sum = 0, square = 0;
  for (double t = -1 + 0x1p-11; t < 1; t += 0x1p-10) {
    const double weight = pow(1 - t * t, 30), f = tanh(sqrt(63) * t);
    sum += weight, square += weight * f * f;
  }
  assert_near("tanh square",
              meanfield_square(theory_value, &tanh_choice, 1) + meanfield_batch_change(&smooth, 1).square / 64,
              square / sum, 1e-4);
  assert_true(fabs(meanfield_batch_change(&smooth, 1).square / 64) > 1e-3);
}

static void test_depth_scale(void **state) {
  (void)state;
  assert_near("e to the minus", meanfield_depth_scale(exp(-0.125)), 8, 1e-12);
  assert_near("alternating", meanfield_depth_scale(-exp(-0.125)), 8, 1e-12);
  assert_near("at once", meanfield_depth_scale(0), 0, 0);
  assert_true(isinf(meanfield_depth_scale(1)) && isinf(meanfield_depth_scale(1.5)));
  assert_true(isnan(meanfield_depth_scale(NAN)));
}

/* ---- the correlation map ---------------------------------------------------------------------------------------- */

static double g_exp_slope(double x, void *context) { return g_exp(x, context); }
static double g_erf_slope(double x, void *context) { return (void)context, M_2_SQRTPI * exp(-x * x); }
static double g_sin(double x, void *context) { return (void)context, sin(x); }
static double g_cos(double x, void *context) { return (void)context, cos(x); }

static const double correlations[] = {-1,  -1 + 1e-12, -0.999, -0.7, -0.3,    -1e-9,     0,
                                      0.1, 0.5,        0.9,    0.99, 0.99999, 1 - 1e-12, 1};
#define CORRELATIONS (sizeof correlations / sizeof *correlations)

/* E[f(u) f(v)] and E[f'(u) f'(v)], relative to the roots of the products of the mean squares. */
static void assert_pair(const char *name, const struct meanfield *maps, double q_u, double q_v, double c,
                        double product, double slopes) {
  const struct meanfield_pair next = meanfield_pair(maps, q_u, q_v, c);
  const double size =
      sqrt(meanfield_square(maps->f, maps->context, q_u) * meanfield_square(maps->f, maps->context, q_v));
  const double slope_size = sqrt(meanfield_moments(maps, q_u).slope_square * meanfield_moments(maps, q_v).slope_square);
  char what[64];
  snprintf(what, sizeof what, "%s, q %g and %g, c %g", name, q_u, q_v, c);
  assert_near(what, (next.covariance - maps->bias_variance) / (maps->weight_variance * size), product / size, 1e-8);
  assert_near(what, next.chi / (maps->weight_variance * slope_size), slopes / slope_size, 1e-8);
}

/* Cho and Saul 2009: the arc-cosine kernel. A leaky ReLU is a x + (1 - a) relu(x). */
static void test_pair_relu(void **state) {
  (void)state;
  struct activation_choice relu = activation("relu"), leaky = activation("leaky_relu(0.25)");
  const struct meanfield relu_maps = theory(&relu, 1.5, 0), leaky_maps = theory(&leaky, 0.5, 0),
                         biased = theory(&relu, 1.5, 3);
  for (double q_u = 1e-12; q_u < 1e13; q_u *= 1e6)
    for (double ratio = 1; ratio < 20; ratio *= 11)
      for (size_t i = 0; i < CORRELATIONS; i++) {
        const double c = correlations[i], angle = acos(c), q_v = ratio * q_u, size = sqrt(q_u * q_v);
        const double product = size * (sqrt(1 - c * c) + (M_PI - angle) * c) / (2 * M_PI);
        const double slopes = (M_PI - angle) / (2 * M_PI), a = 0.25;
        assert_pair("relu", &relu_maps, q_u, q_v, c, product, slopes);
        assert_pair("leaky_relu", &leaky_maps, q_u, q_v, c, a * c * size + (1 - a) * (1 - a) * product,
                    a + (1 - a) * (1 - a) * slopes);
      }
  assert_near("bias", meanfield_pair(&biased, 1, 1, 0).covariance, 3 + 1.5 / (2 * M_PI), 1e-9);
  assert_true(isnan(meanfield_pair(&biased, 1, 1, 1.5).covariance) && isnan(meanfield_pair(&biased, 1, NAN, 0).chi));
}

/* Williams 1997 for erf; the others are moment generating functions. */
static void test_pair_smooth(void **state) {
  (void)state;
  const struct meanfield erf_maps = {g_erf, g_erf_slope, NULL, 2, 0}, sin_maps = {g_sin, g_cos, NULL, 1, 0},
                         exp_maps = {g_exp, g_exp_slope, NULL, 1, 0};
  struct activation_choice choice = activation("linear");
  const struct meanfield linear_maps = theory(&choice, 3, 0);
  for (double q_u = 1e-6; q_u < 1e7; q_u *= 200)
    for (double ratio = 1; ratio < 20; ratio *= 16)
      for (size_t i = 0; i < CORRELATIONS; i++) {
        const double c = correlations[i], q_v = ratio * q_u, shared = c * sqrt(q_u * q_v);
        const double norms = (1 + 2 * q_u) * (1 + 2 * q_v), sum = (q_u + q_v) / 2;
        assert_pair("linear", &linear_maps, q_u, q_v, c, shared, 1);
        /* 1 - the square of the sine's argument, without cancellation. */
        assert_pair("erf", &erf_maps, q_u, q_v, c, 2 / M_PI * asin(2 * shared / sqrt(norms)),
                    4 / M_PI / sqrt(1 + 2 * (q_u + q_v) + 4 * q_u * q_v * (1 - c) * (1 + c)));
        if (q_v < 20) assert_pair("exp", &exp_maps, q_u, q_v, c, exp(sum + shared), exp(sum + shared));
        if (q_v < 400)
          assert_pair("sin", &sin_maps, q_u, q_v, c, 0.5 * (exp(shared - sum) - exp(-shared - sum)),
                      0.5 * (exp(shared - sum) + exp(-shared - sum)));
      }
}

/* hard_tanh by its Hermite coefficients: those of its slope, the indicator of |x| < t, are -2 he_(k-1)(t) density(t) /
 * sqrt(k) for even k, he_k the orthonormal polynomials. The series converges like a geometric one. */
static void test_pair_hard_tanh(void **state) {
  (void)state;
  struct activation_choice hard_tanh = activation("hard_tanh");
  const struct meanfield maps = theory(&hard_tanh, 1, 0);
  for (double q = 0.01; q < 1e5; q *= 5)
    for (double c = -0.75; c < 0.8; c += 0.25) {
      const double t = 1 / sqrt(q), density = exp(-t * t / 2) / sqrt(2 * M_PI);
      double before = 0, he = 1, power = 1, slopes = 0, product = 0;
      for (int k = 0; k < 200; k++) {
        const double b = k == 0 ? erf(t / sqrt(2)) : k % 2 == 0 ? -2 * before * density / sqrt(k) : 0;
        slopes += b * b * power;
        product += q * b * b / (k + 1) * power * c;
        const double next = (t * he - sqrt(k) * before) / sqrt(k + 1);
        before = he, he = next, power *= c;
      }
      assert_pair("hard_tanh", &maps, q, q, c, product, slopes);
    }
}

/* On a plane grid, where f is smooth on the scale of the grid. */
static void test_pair_grid(void **state) {
  (void)state;
  static const char *const names[] = {"tanh", "sigmoid", "softplus", "gelu", "silu", "mish"};
  const double step = 0.125;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct activation_choice choice = activation(names[i]);
    const struct meanfield maps = theory(&choice, 1, 0);
    for (double c = -0.8; c < 1; c += 0.4) {
      const double q_u = 0.5, q_v = 1.5;
      double product = 0, slopes = 0;
      for (double x = -9; x <= 9; x += step)
        for (double y = -9; y <= 9; y += step) {
          const double weight = exp(-(x * x + y * y) / 2) * step * step / (2 * M_PI);
          const double u = sqrt(q_u) * x, v = sqrt(q_v) * (c * x + sqrt(1 - c * c) * y);
          product += weight * theory_value(u, &choice) * theory_value(v, &choice);
          slopes += weight * theory_slope(u, &choice) * theory_slope(v, &choice);
        }
      assert_pair(names[i], &maps, q_u, q_v, c, product, slopes);
    }
  }
}

/* For every activation: the ends against integrals over one variable, and chi_c against differences of the map
 * (d/dc E f(u) f(v) = sqrt(q_u q_v) E f'(u) f'(v)). */
static void test_pair_all(void **state) {
  (void)state;
  for (size_t i = 0; i < ALL; i++) {
    struct activation_choice choice = activation(all_names[i]);
    const struct meanfield maps = theory(&choice, 1.5, 0.05);
    for (double q = 0.01; q < 2000; q *= 40) {
      const double size = meanfield_square(theory_value, &choice, q), h = 1e-3;
      assert_near(all_names[i], meanfield_pair(&maps, q, q, 1).covariance, meanfield_length(&maps, q), 1e-8 * size);
      assert_near(all_names[i], meanfield_pair(&maps, q, q, 1).chi, meanfield_chi(&maps, q), 1e-8);
      for (double c = -0.6; c < 1; c += 0.6)
        assert_near(all_names[i],
                    (meanfield_pair(&maps, q, q, c + h).covariance - meanfield_pair(&maps, q, q, c - h).covariance) /
                        (2 * h * q),
                    meanfield_pair(&maps, q, q, c).chi, 1e-5);
    }
  }
}

/* ---- where correlations rest ------------------------------------------------------------------------------------ */

static void test_rest(void **state) {
  (void)state;
  struct activation_choice tanh_choice = activation("tanh"), relu = activation("relu"), linear = activation("linear");
  const struct meanfield ordered = theory(&tanh_choice, 1.3, 0.05), chaotic = theory(&tanh_choice, 9, 0.05);
  const double q_ordered = meanfield_fixed_point(&ordered, 1), q = meanfield_fixed_point(&chaotic, 1);
  struct meanfield_rest rest = meanfield_rest(&ordered, q_ordered);
  assert_near("ordered", rest.correlation, 1, 0);
  assert_near("chi_c at c = 1", rest.chi, meanfield_chi(&ordered, q_ordered), 1e-9);
  rest = meanfield_rest(&chaotic, q);
  assert_true(rest.correlation > 0.001 && rest.correlation < 0.5 && rest.chi < 1);
  assert_near("rests", meanfield_pair(&chaotic, q, q, rest.correlation).covariance / q, rest.correlation, 1e-9);
  assert_near("its chi", meanfield_pair(&chaotic, q, q, rest.correlation).chi, rest.chi, 1e-9);
  for (double start = -0.9; start < 1; start += 0.6) {
    double c = start;
    for (int l = 0; l < 120; l++) c = fmin(meanfield_pair(&chaotic, q, q, c).covariance / q, 1);
    assert_near("reached from everywhere", c, rest.correlation, 1e-7);
  }
  /* Near the critical point it is near 1. */
  const struct meanfield near = theory(&tanh_choice, 1.78, 0.05);
  rest = meanfield_rest(&near, meanfield_fixed_point(&near, 1));
  assert_true(rest.correlation > 0.95 && rest.correlation < 1 && rest.chi < 1 && rest.chi > 0.98);
  /* Odd functions without biases forget all correlation. */
  const struct meanfield odd = theory(&tanh_choice, 9, 0);
  assert_near("odd", meanfield_rest(&odd, meanfield_fixed_point(&odd, 1)).correlation, 0, 1e-9);
  /* ReLU's correlations go to 1, algebraically, whether lengths rest, shrink or grow; those of straight lines stay. */
  const struct meanfield he = theory(&relu, 2, 0), growing = theory(&relu, 5, 0.1), shrinking = theory(&relu, 1, 0);
  const double lengths[] = {3, INFINITY, 0};
  const struct meanfield *const maps[] = {&he, &growing, &shrinking};
  for (int i = 0; i < 3; i++) {
    rest = meanfield_rest(maps[i], lengths[i]);
    assert_near("relu", rest.correlation, 1, 0);
    assert_true(isinf(meanfield_depth_scale(rest.chi)));
  }
  const struct meanfield straight = theory(&linear, 1, 0), vanishing = theory(&tanh_choice, 0.5, 0);
  assert_true(isnan(meanfield_rest(&straight, 1).correlation) && isnan(meanfield_rest(&vanishing, 0).correlation));
  assert_true(isnan(meanfield_rest(&straight, NAN).correlation));
}

/* ---- criticality ------------------------------------------------------------------------------------------------ */

static struct meanfield_critical critical(const char *name, double bias_variance) {
  struct activation_choice choice = activation(name);
  struct meanfield maps = theory(&choice, NAN, bias_variance);
  const struct meanfield_critical found = meanfield_critical(&maps);
  if (found.kind != MEANFIELD_CRITICAL_POINT || found.q == 0) return found;
  maps.weight_variance = found.weight_variance;
  assert_near(name, meanfield_chi(&maps, found.q), 1, 1e-9);
  assert_near(name, meanfield_length(&maps, found.q) / found.q, 1, 1e-9);
  assert_near(name, meanfield_fixed_point(&maps, found.q * 1.5) / found.q, 1, 1e-6);
  return found;
}

static void assert_critical(const char *name, double bias_variance, enum meanfield_critical_kind kind,
                            double weight_variance) {
  const struct meanfield_critical found = critical(name, bias_variance);
  if (found.kind != kind) fail_msg("%s, %g: kind %d, not %d", name, bias_variance, found.kind, kind);
  if (kind == MEANFIELD_CRITICAL_NONE)
    assert_true(isnan(found.weight_variance));
  else
    assert_near(name, found.weight_variance, weight_variance, 1e-6 * weight_variance);
  assert_true(isnan(found.q) == (kind != MEANFIELD_CRITICAL_POINT));
}

static void test_critical(void **state) {
  (void)state;
  assert_near("tanh", critical("tanh", 0.05).weight_variance, 1.760955, 1e-6);
  assert_near("tanh", critical("tanh", 2.01e-5).weight_variance, 1.05, 5e-5); /* three figures of sigma_b^2 */
  /* Poole et al. 2016 and Saxe et al. 2014: 1 / f'(0)^2 without biases, where lengths go to 0. */
  static const char *const like_tanh[] = {"tanh", "softsign", "hard_tanh", "elu"};
  for (int i = 0; i < 4; i++) assert_critical(like_tanh[i], 0, MEANFIELD_CRITICAL_POINT, 1);
  assert_near("at 0", critical("tanh", 0).q, 0, 0);
  /* Every length rests, and none with biases. */
  assert_critical("linear", 0, MEANFIELD_CRITICAL_LINE, 1);
  assert_critical("relu", 0, MEANFIELD_CRITICAL_LINE, 2);
  assert_critical("leaky_relu(0.5)", 0, MEANFIELD_CRITICAL_LINE, 1.6);
  assert_critical("linear", 0.05, MEANFIELD_CRITICAL_NONE, NAN);
  assert_critical("relu", 0.05, MEANFIELD_CRITICAL_NONE, NAN);
  /* GELU's only rest with chi = 1 repels: lengths grow or shrink away from it. With large biases one attracts. */
  assert_critical("gelu", 0, MEANFIELD_CRITICAL_NONE, NAN);
  assert_critical("gelu", 0.05, MEANFIELD_CRITICAL_NONE, NAN);
  assert_int_equal(critical("gelu", 1).kind, MEANFIELD_CRITICAL_POINT);
  assert_int_equal(critical("relu6", 0.05).kind, MEANFIELD_CRITICAL_POINT);
  assert_int_equal(critical("sigmoid", 0).kind, MEANFIELD_CRITICAL_POINT);
}

int main(void) {
  if (getenv("DEPTHMARK_EMULATED")) {
    puts("skipped: plain C in double precision, which the other builds test and an emulator takes nine minutes for");
    return 77;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quadrature),
      cmocka_unit_test(test_smooth_activations),
      cmocka_unit_test(test_tanh_critical),
      cmocka_unit_test(test_selu_fixed_point),
      cmocka_unit_test(test_relu_fixed_point),
      cmocka_unit_test(test_moments),
      cmocka_unit_test(test_stretch),
      cmocka_unit_test(test_batch_change),
      cmocka_unit_test(test_depth_scale),
      cmocka_unit_test(test_pair_relu),
      cmocka_unit_test(test_pair_smooth),
      cmocka_unit_test(test_pair_hard_tanh),
      cmocka_unit_test(test_pair_grid),
      cmocka_unit_test(test_pair_all),
      cmocka_unit_test(test_rest),
      cmocka_unit_test(test_critical),
  };
  return cmocka_run_group_tests_name("meanfield", tests, NULL, NULL) ? 1 : 0;
}
