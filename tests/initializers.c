/* Initializers by name: the parameters that each resolves to, the variance of what is drawn, and what is refused. */
#include "harness/initializers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "tests/support.h"

#define DRAWS 1000000
#define IN 300
#define OUT 100

static struct initializer_choice choose(const char *text) {
  struct initializer_choice choice;
  struct error error;
  if (!choose_initializer(text, &choice, &error)) fail_msg("%s", error.text);
  return choice;
}

static struct initializer_fill resolve(const char *text, size_t in, size_t out) {
  const struct initializer_choice choice = choose(text);
  struct initializer_fill fill;
  struct error error;
  if (!initializer_resolve(&choice, in, out, &fill, &error)) fail_msg("%s", error.text);
  return fill;
}

/* ---- parameters ------------------------------------------------------------------------------------------------- */

#define KEPT 0.87962566103423978 /* standard deviation of a standard normal conditioned on |z| <= 2 */

/* Keras's and torch's definitions, for 300 inputs and 100 outputs. */
static void test_parameters(void **state) {
  (void)state;
  const double gain = sqrt(2 / 1.0625); /* of leaky_relu(0.25) */
  const struct {
    const char *text, *kernel;
    double p[4];
  } names[] = {
      {"zeros", "init_constant", {0}},
      {"ones", "init_constant", {1}},
      {"constant", "init_constant", {0}},
      {"constant(-2.5)", "init_constant", {-2.5}},
      {"uniform", "init_uniform", {0, 1}},
      {"uniform( -2 , 1 )", "init_uniform", {-2, 1}},
      {"random_uniform", "init_uniform", {-0.05, 0.05}},
      {"normal", "init_normal", {0, 1}},
      {"normal(2)", "init_normal", {2, 1}},
      {"random_normal", "init_normal", {0, 0.05}},
      {"truncated_normal", "init_truncated_normal", {0, 0.05}},
      {"trunc_normal", "init_trunc_normal", {0, 1, -2, 2}},
      {"trunc_normal(1,0.5,0,3)", "init_trunc_normal", {1, 0.5, 0, 3}},
      {"variance_scaling", "init_truncated_normal", {0, sqrt(1.0 / 300) / KEPT}},
      {"variance_scaling(2,fan_out,truncated_normal)", "init_truncated_normal", {0, sqrt(2.0 / 100) / KEPT}},
      {"variance_scaling(2,fan_avg,normal)", "init_truncated_normal", {0, sqrt(2.0 / 200) / KEPT}},
      {"variance_scaling(0.5,fan_in,untruncated_normal)", "init_normal", {0, sqrt(0.5 / 300)}},
      {"variance_scaling(3, fan_out, uniform)", "init_uniform", {-0.3, 0.3}},
      {"glorot_uniform", "init_uniform", {-sqrt(6.0 / 400), sqrt(6.0 / 400)}},
      {"glorot_normal", "init_truncated_normal", {0, sqrt(2.0 / 400) / KEPT}},
      {"he_uniform", "init_uniform", {-sqrt(6.0 / 300), sqrt(6.0 / 300)}},
      {"he_normal", "init_truncated_normal", {0, sqrt(2.0 / 300) / KEPT}},
      {"lecun_uniform", "init_uniform", {-sqrt(3.0 / 300), sqrt(3.0 / 300)}},
      {"lecun_normal", "init_truncated_normal", {0, sqrt(1.0 / 300) / KEPT}},
      {"xavier_uniform", "init_uniform", {-sqrt(6.0 / 400), sqrt(6.0 / 400)}},
      {"xavier_uniform(2)", "init_uniform", {-2 * sqrt(6.0 / 400), 2 * sqrt(6.0 / 400)}},
      {"xavier_normal(2)", "init_normal", {0, 2 * sqrt(2.0 / 400)}},
      {"kaiming_uniform", "init_uniform", {-sqrt(6.0 / 300), sqrt(6.0 / 300)}},
      {"kaiming_uniform(fan_out,leaky_relu,0.25)", "init_uniform", {-gain * sqrt(0.03), gain * sqrt(0.03)}},
      {"kaiming_normal", "init_normal", {0, sqrt(2.0 / 300)}},
      {"kaiming_normal(fan_out,tanh)", "init_normal", {0, 5.0 / 3 / 10}},
      {"kaiming_normal(fan_in,relu)", "init_normal", {0, sqrt(2.0 / 300)}},
      {"kaiming_normal(fan_in,selu)", "init_normal", {0, 0.75 / sqrt(300)}},
      {"uniform_fan_in", "init_uniform", {-1 / sqrt(300), 1 / sqrt(300)}},
      {"identity", "init_identity", {1}},
      {"identity(-3)", "init_identity", {-3}},
      {"eye", "init_identity", {1}},
      {"sparse(0,0.25)", "init_sparse", {0, 0.25}},
      {"orthogonal", "init_orthogonal", {1}},
      {"orthogonal(1.5)", "init_orthogonal", {1.5}},
      {"lsuv", "init_orthogonal", {1}},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct initializer_fill fill = resolve(names[i].text, IN, OUT);
    const float p[4] = {fill.p.a, fill.p.b, fill.p.c, fill.p.d};
    assert_string_equal(fill.kernel->name, names[i].kernel);
    for (int k = 0; k < 4; k++)
      if (ulp_error(p[k], names[i].p[k]) > 0.5 + 1e-6) /* the formula's double rounding, then a float's */
        fail_msg("%s: parameter %d is %.9g, not %.9g", names[i].text, k, (double)p[k], names[i].p[k]);
  }
}

/* uniform_fan_in is torch's kaiming_uniform with a = sqrt 5, and nn.Linear's default. */
static void test_linear_default(void **state) {
  (void)state;
  const struct initializer_fill kaiming = resolve("kaiming_uniform(fan_in,leaky_relu,2.2360679774997896)", IN, OUT);
  assert_true(ulp_error(kaiming.p.b, resolve("uniform_fan_in", IN, OUT).p.b) <= 1);
}

/* The registry's rules and the kernels of the same names make the same bits. */
static void test_against_kernels(void **state) {
  (void)state;
  static const char *const names[] = {"glorot_uniform", "glorot_normal", "he_uniform", "he_normal"};
  const struct kernel_table *table = arch_table(ARCH_SCALAR);
  float expected[256], w[256];
  for (size_t i = 0; i < 4; i++)
    for (size_t in = 1; in < 2000; in += 37)
      for (size_t out = 1; out < 2000; out += 151) {
        char name[32];
        snprintf(name, sizeof name, "init_%s", names[i]);
        const struct initializer_fill fill = resolve(names[i], in, out);
        struct init init = {.seed = 3, .fan_in = in, .fan_out = out};
        ((fill_kernel *)kernel_in_table(table, kernel_find(name)))(expected, 0, 256, &init);
        init.p = fill.p;
        ((fill_kernel *)kernel_in_table(table, fill.kernel))(w, 0, 256, &init);
        assert_memory_equal(w, expected, sizeof w);
      }
}

/* torch zeroes ceil(sparsity x outputs) of an input's weights; the product is rounded as in double precision. */
static void test_sparse(void **state) {
  (void)state;
  const struct kernel_table *table = arch_table(ARCH_SCALAR);
  const struct {
    const char *text;
    size_t columns;
    int zeros;
  } cases[] = {{"sparse(0.1)", 10, 1}, {"sparse(0.1)", 1000, 100}, {"sparse(0.1)", 11, 2}, {"sparse(0.3)", 10, 3},
               {"sparse(0)", 10, 0},   {"sparse(1)", 10, 10},      {"sparse(1e-9)", 7, 1}, {"sparse(0.999)", 100, 100}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct initializer_fill fill = resolve(cases[i].text, 3, cases[i].columns);
    const struct init init = {.seed = 1, .p = fill.p, .fan_in = 3, .fan_out = cases[i].columns};
    float w[3000];
    table->init_sparse(w, 0, 3 * cases[i].columns, &init);
    int zeros = 0;
    for (size_t k = 0; k < 3 * cases[i].columns; k++) zeros += w[k] == 0;
    assert_int_equal(zeros, 3 * cases[i].zeros);
  }
}

static void test_gain(void **state) {
  (void)state;
  static const char *const ones[] = {"linear", "sigmoid",          "conv1d",           "conv2d",
                                     "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"};
  for (size_t i = 0; i < sizeof ones / sizeof *ones; i++) assert_true(calculate_gain(ones[i], NAN) == 1);
  assert_true(calculate_gain("tanh", NAN) == 5.0 / 3);
  assert_true(calculate_gain("relu", NAN) == sqrt(2));
  assert_true(calculate_gain("selu", NAN) == 0.75);
  assert_true(calculate_gain("leaky_relu", NAN) == sqrt(2 / (1 + 0.01 * 0.01)));
  assert_true(calculate_gain("leaky_relu", 0) == sqrt(2));
  assert_true(calculate_gain("leaky_relu", 0.2) == sqrt(2 / (1 + 0.2 * 0.2)));
  assert_true(calculate_gain("leaky_relu", sqrt(5)) == sqrt(2 / (1 + sqrt(5) * sqrt(5))));
  assert_true(isnan(calculate_gain("gelu", 0)) && isnan(calculate_gain("", 0)));
}

/* ---- variance --------------------------------------------------------------------------------------------------- */

/* Analytic variances of definitions, and that of a million draws within four standard errors. The seed is fixed. */
static void test_variance(void **state) {
  (void)state;
  const struct {
    const char *text;
    double variance, kurtosis;
  } names[] = {
      {"random_normal", 0.0025, 3},
      {"random_uniform", 0.05 * 0.05 / 3, 1.8},
      {"truncated_normal", 0.7737413035499232 * 0.0025, 2.3655367171296495},
      {"normal", 1, 3},
      {"trunc_normal", 0.7737413035499232, 2.3655367171296495},
      {"trunc_normal(0,0.5,-2,2)", 0.2497323, 2.98605},
      {"trunc_normal(0,2,-2,2)", 1.1645, 1.94092},
      {"trunc_normal(0,1,-0.015,0.015)", 0.015 * 0.015 / 3, 1.8},
      {"trunc_normal(0,1e9,-0.1,0.1)", 0.01 / 3, 1.8},
      {"trunc_normal(0,1e30,-0.1,0.1)", 0.01 / 3, 1.8},
      {"variance_scaling(2,fan_out,normal)", 2.0 / OUT, 2.36554},
      {"variance_scaling(2,fan_avg,untruncated_normal)", 2.0 / 200, 3},
      {"variance_scaling(0.5,fan_in,uniform)", 0.5 / IN, 1.8},
      {"glorot_normal", 2.0 / (IN + OUT), 2.36554},
      {"glorot_uniform", 2.0 / (IN + OUT), 1.8},
      {"he_normal", 2.0 / IN, 2.36554},
      {"he_uniform", 2.0 / IN, 1.8},
      {"lecun_normal", 1.0 / IN, 2.36554},
      {"lecun_uniform", 1.0 / IN, 1.8},
      {"xavier_uniform(2)", 4 * 2.0 / (IN + OUT), 1.8},
      {"xavier_normal(2)", 4 * 2.0 / (IN + OUT), 3},
      {"kaiming_uniform", 2.0 / IN, 1.8},
      {"kaiming_normal(fan_out,tanh)", 25.0 / 9 / OUT, 3},
      {"uniform_fan_in", 1.0 / (3 * IN), 1.8},
      {"sparse(0.25)", 0.75 * 1e-4, 4},
      {"orthogonal(2)", 4.0 / IN, 3.0 * IN / (IN + 2)},
  };
  const struct cpu_features cpu = cpu_detect();
  const struct kernel_table *table = arch_table(arch_best(&cpu));
  float *w = malloc(DRAWS * sizeof *w);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct initializer_choice choice = choose(names[i].text);
    const double claimed = initializer_variance(&choice, IN, OUT);
    if (!(fabs(claimed / names[i].variance - 1) < 5e-5)) fail_msg("%s: variance %.9g", names[i].text, claimed);
    const struct initializer_fill fill = resolve(names[i].text, IN, OUT);
    if (fill.kernel->signature != SIGNATURE_fill) continue; /* the matrix kernels have tests of their own */
    const struct init init = {.seed = 42, .stream = i, .p = fill.p, .fan_in = IN, .fan_out = OUT};
    ((fill_kernel *)kernel_in_table(table, fill.kernel))(w, 0, DRAWS, &init);
    double square = 0;
    for (size_t k = 0; k < DRAWS; k++) square += (double)w[k] * (double)w[k];
    if (!(fabs(square / DRAWS / claimed - 1) <= 4 * sqrt((names[i].kurtosis - 1) / DRAWS)))
      fail_msg("%s: measured variance %.9g, claimed %.9g", names[i].text, square / DRAWS, claimed);
  }
  free(w);
  static const char *const without[] = {"zeros", "ones",        "constant(2)",  "identity",
                                        "lsuv",  "normal(1,1)", "uniform(0,1)", "trunc_normal(0,1,0,2)",
                                        "eye",   "sparse(1)",   "normal(0,0)",  "orthogonal(0)"};
  for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
    const struct initializer_choice choice = choose(without[i]);
    assert_true(isnan(initializer_variance(&choice, IN, OUT)));
  }
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void expect_error(const struct error *error, const char *about, const char *says) {
  if (!strstr(error->text, says) || !strstr(error->text, about) || strchr(error->text, '\n'))
    fail_msg("%s: \"%s\" does not say \"%s\"", about, error->text, says);
}

static void test_refusals(void **state) {
  (void)state;
  const struct {
    const char *text, *says;
  } names[] = {
      {"normal(0,-1)", "negative"},
      {"random_normal(0,-1e-9)", "negative"},
      {"truncated_normal(0,-1)", "negative"},
      {"sparse(0.5,-1)", "negative"},
      {"sparse(-0.1)", "between 0 and 1"},
      {"sparse(1.1)", "between 0 and 1"},
      {"uniform(1,-1)", "write uniform(low,high)"},
      {"random_uniform(0.1,0)", "empty; write random_uniform(low,high)"},
      {"trunc_normal(0,1,2,-2)", "empty"},
      {"trunc_normal(0,1,2,2)", "empty"},
      {"trunc_normal(0,0,-2,2)", "positive"},
      {"trunc_normal(0,-1,-2,2)", "positive"},
      {"trunc_normal(0,1,5.6,8)", "5.5 standard deviations"},
      {"trunc_normal(10,1,0,4.4)", "5.5 standard deviations"},
      {"xavier_uniform(-1)", "negative"},
      {"xavier_normal(-1)", "negative"},
      {"variance_scaling(0)", "positive"},
      {"variance_scaling(-1,fan_in,uniform)", "positive"},
      {"variance_scaling(1,fan_inn)", "did you mean fan_in"},
      {"variance_scaling(1,fan_in,gamma)", "untruncated_normal, uniform"},
      {"variance_scaling(1,fan_in,uniform,2)", "at most 3"},
      {"kaiming_normal(fan_avg)", "fan_in or fan_out"},
      {"kaiming_normal(fan_in,gelu)", "nonlinearity"},
      {"kaiming_normal(2)", "known: fan_in, fan_out"},
      {"normal(0,nan)", "not a number"},
      {"normal(inf,1)", "not a number"},
      {"normal(0,1e39)", "not a number that a float can hold"},
      {"normal(0,1e-38)", "as small as 1e-38 underflow in floats; the least is 1.18e-38"},
      {"normal(0,1e38)", "overflow"},
      {"normal(3e38,1e38)", "overflow"},
      {"truncated_normal(0,1e-30)", "underflow in floats; the least is 2.52e-29"},
      {"sparse(0.5,1e-39)", "underflow"},
      {"trunc_normal(0,1e-39,-2,2)", "underflow"},
      {"trunc_normal(0,1,-1e-30,1e-30)", "underflow"},
      {"trunc_normal(3e38,1e38,0,1)", "overflow"},
      {"normal(1,1e-10)", "all the same float about 1"},
      {"truncated_normal(-3,1e-10)", "all the same float about -3"},
      {"uniform(0.1,0.10000000001)", "all the same float about 0.1"},
      {"trunc_normal(1,1e-10,0,2)", "all the same float about 1"},
      {"trunc_normal(0,1,1,1.00000000001)", "all the same float about 1"},
      {"uniform(-1e-30,1e-30)", "underflow"},
      {"uniform(-3e38,3e38)", "overflow"},
      {"variance_scaling(1e-60,fan_in,uniform)", "underflow"},
      {"constant(1e-40)", "underflow"},
      {"identity(1e-40)", "underflow"},
      {"orthogonal(1e-40)", "underflow"},
      {"orthogonal(1e38)", "overflow"},
      {"glorot_uniform(1)", "takes no parameters"},
      {"lsuv(1)", "takes no parameters"},
      {"he_norml", "did you mean he_normal"},
      {"normal(,1)", "not a number"},
      {"normal()", "not a number"},
      {"normal(0,1)x", "written like normal(0,1)"},
      {"init_normal", "known: zeros"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct initializer_choice choice;
    struct error error = {""};
    if (choose_initializer(names[i].text, &choice, &error)) fail_msg("%s is accepted", names[i].text);
    expect_error(&error, names[i].text, names[i].says);
  }
}

/* Near the ends of what is refused. */
static void test_extremes(void **state) {
  (void)state;
  static const char *const names[] = {"normal(0,1e-30)",
                                      "normal(0,1.2e-38)",
                                      "truncated_normal(0,1e-28)",
                                      "normal(1,1e-7)",
                                      "normal(1,0)",
                                      "uniform(1,1)",
                                      "uniform(1,1.0000004)",
                                      "sparse(0.5,1e-37)",
                                      "trunc_normal(0,1e-37,-2,2)",
                                      "trunc_normal(0,1e30,-2,2)",
                                      "trunc_normal(0,3e38,-1e-28,1e-28)",
                                      "trunc_normal(0,1,5.4,100)",
                                      "xavier_uniform(3e38)",
                                      "orthogonal(1e-37)"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) choose(names[i]);
}

/* What only shows when the layer is known, or when the choice does not come from a command line. */
static void test_refusals_of_layers(void **state) {
  (void)state;
  struct initializer_fill fill;
  struct error error;
  struct initializer_choice choice = choose("glorot_uniform");
  assert_false(initializer_resolve(&choice, 0, 3, &fill, &error));
  expect_error(&error, "glorot_uniform", "fan_in is 0, fan_out 3");
  assert_false(initializer_resolve(&choice, 3, 0, &fill, &error));
  choice = choose("xavier_uniform(1e-28)");
  assert_true(initializer_resolve(&choice, 1, 1, &fill, &error));
  assert_false(initializer_resolve(&choice, 1000000, 1000000, &fill, &error));
  expect_error(&error, "xavier_uniform", "underflow");
  choice = choose("xavier_normal(3e38)");
  assert_true(initializer_resolve(&choice, 64, 64, &fill, &error));
  assert_false(initializer_resolve(&choice, 1, 1, &fill, &error));
  expect_error(&error, "xavier_normal(3e38)", "overflow");
  choice = choose("orthogonal(2e-38)");
  assert_true(initializer_resolve(&choice, 2, 2, &fill, &error));
  assert_false(initializer_resolve(&choice, 2, 4, &fill, &error));
  expect_error(&error, "orthogonal(2e-38)", "underflow");
  static const char *const names[] = {"normal",           "uniform",       "trunc_normal",   "sparse",     "constant",
                                      "variance_scaling", "xavier_normal", "kaiming_normal", "orthogonal", "identity"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    choice = choose(names[i]);
    for (int a = 0; a < INITIALIZER_ARGUMENTS; a++) {
      if (choice.initializer->arguments[a] != ARGUMENT_NUMBER) continue;
      const double kept = choice.arguments[a];
      choice.arguments[a] = NAN;
      assert_false(initializer_resolve(&choice, 3, 3, &fill, &error));
      choice.arguments[a] = INFINITY;
      assert_false(initializer_resolve(&choice, 3, 3, &fill, &error));
      expect_error(&error, names[i], "finite");
      choice.arguments[a] = kept;
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parameters),
      cmocka_unit_test(test_linear_default),
      cmocka_unit_test(test_against_kernels),
      cmocka_unit_test(test_sparse),
      cmocka_unit_test(test_gain),
      cmocka_unit_test(test_variance),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_extremes),
      cmocka_unit_test(test_refusals_of_layers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
