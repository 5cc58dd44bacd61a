/* Activations with other parameters than their defaults, on one ISA: within the bounds of their kernels, and the same
 * bits wherever a path of its own serves the default. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/activation_pass.h"
#include "harness/ulp.h"
#include "kernels/reference/reference.h"
#include "tests/support.h"

#define SAMPLES 4096
#define ROUNDS 50

static const struct kernel_table *table;

static const struct variant {
  const char *activation;
  struct parameters p;
} variants[] = {
    {"silu", {.a = 1.702f}},
    {"silu", {.a = 0.5f}},
    {"silu", {.a = 3}},
    {"silu", {.a = 0x1p-10f}},
    {"silu", {.a = 100}},
    {"silu", {.a = 1e-6f}},
    {"softplus", {.a = 0.5f, .b = 20}},
    {"softplus", {.a = 2, .b = 20}},
    {"softplus", {.a = 10, .b = 20}},
    {"softplus", {.a = 0.1f, .b = 20}},
    {"softplus", {.a = 1e-3f, .b = 20}},
    {"softplus", {.a = 100, .b = 1000}},
    {"softplus", {.a = 1, .b = 5}},
    {"softplus", {.a = 1, .b = 1000}},
    {"elu", {.a = 0.1f}},
    {"elu", {.a = 2}},
    {"celu", {.a = 0.1f}},
    {"celu", {.a = 0.5f}},
    {"celu", {.a = 1.5f}},
    {"celu", {.a = 5}},
    {"celu", {.a = 100}},
    {"leaky_relu", {.a = 0.2f}},
    {"leaky_relu", {.a = 0.3f}},
    {"prelu", {.a = -0.5f}},
    {"relu6", {.a = 1}},
    {"hard_tanh", {.a = -2, .b = 0.5f}},
    {"hard_sigmoid", {.a = 2.5f}},
    {"hard_sigmoid", {.a = 0.1f}},
    {"hard_swish", {.a = 5}},
    {"hard_swish", {.a = 0.1f}},
};
#define VARIANTS (sizeof variants / sizeof *variants)

static const struct kernel *find(const char *activation, const char *pass) {
  char name[64];
  snprintf(name, sizeof name, "%s_%s", activation, pass);
  const struct kernel *kernel = kernel_find(name);
  if (!kernel) fail_msg("there is no %s", name);
  return kernel;
}

/* Half of them in the range where exponentials live, half of any exponent. */
static void make_inputs(uint64_t *state, float *x, float scale) {
  for (size_t i = 0; i < SAMPLES; i++)
    x[i] = i % 2 ? float_of((uint32_t)test_random(state)) : test_uniform(state, -120, 30) / scale;
  x[0] = INFINITY, x[2] = -INFINITY, x[4] = 0, x[6] = -0.0f, x[8] = NAN;
}

/* Where the slope crosses zero it is the absolute error that counts: at root / beta. */
static bool near_root(const struct variant *variant, float x) {
  const double root = activation_root(variant->activation) / (double)variant->p.a;
  return fabs((double)x - root) < ROOT_WINDOW / (double)variant->p.a;
}

static void check(const struct kernel *kernel, const struct variant *variant, const float *x, const float *y) {
  map_reference *const reference = (map_reference *)reference_functions[kernel - kernels];
  for (size_t i = 0; i < SAMPLES; i++) {
    const double expected = reference((double)x[i], variant->p), error = ulp_error(y[i], expected);
    const bool absolute = kernel->bound.absolute > 0 && near_root(variant, x[i]);
    const bool right = kernel->bound.kind == BOUND_EXACT ? within_bound(kernel, y[i], expected)
                       : absolute                        ? fabs((double)y[i] - expected) <= kernel->bound.absolute
                                                         : error <= kernel->bound.ulp;
    const bool sign = (float)expected != 0 || isnan(y[i]) || !signbit(y[i]) == !signbit(expected);
    if (!right || !sign)
      fail_msg("%s(%g, %g) at %a (%.9g): %.9g, expected %.17g, %.2f ulp", kernel->name, (double)variant->p.a,
               (double)variant->p.b, (double)x[i], (double)x[i], (double)y[i], expected, error);
  }
}

static bool same(const float *a, const float *b) {
  for (size_t i = 0; i < SAMPLES; i++)
    if (bits_of(a[i]) != bits_of(b[i]) && !(isnan(a[i]) && isnan(b[i]))) return false;
  return true;
}

static void test_variant(void **state) {
  const struct variant *variant = *state;
  const struct kernel *forward = find(variant->activation, "forward"), *slope = find(variant->activation, "derivative");
  const struct kernel *both = find(variant->activation, "both"), *backward = find(variant->activation, "backward");
  const bool scaled = strcmp(variant->activation, "silu") == 0 || strcmp(variant->activation, "softplus") == 0;
  uint64_t random = test_seed();
  for (int round = 0; round < ROUNDS; round++) {
    static float x[SAMPLES], y[SAMPLES], d[SAMPLES], y2[SAMPLES], d2[SAMPLES], ones[SAMPLES];
    make_inputs(&random, x, scaled ? variant->p.a : 1);
    for (size_t i = 0; i < SAMPLES; i++) ones[i] = 1;
    ((map_kernel *)kernel_in_table(table, forward))(x, y, SAMPLES, variant->p);
    ((map_kernel *)kernel_in_table(table, slope))(x, d, SAMPLES, variant->p);
    check(forward, variant, x, y);
    check(slope, variant, x, d);
    ((both_kernel *)kernel_in_table(table, both))(x, y2, d2, SAMPLES, variant->p);
    if (!same(y, y2) || !same(d, d2)) fail_msg("%s differs from the separate passes", both->name);
    ((backward_kernel *)kernel_in_table(table, backward))(x, ones, d2, SAMPLES, variant->p);
    if (!same(d, d2)) fail_msg("%s of ones differs from the derivative", backward->name);
  }
}

/* f' at -3, -1, -0.5, 0, 0.5, 1, 3, as PyTorch 1.13 computes them in double precision. */
static void test_published(void **state) {
  (void)state;
  static const float x[7] = {-3, -1, -0.5f, 0, 0.5f, 1, 3};
  static const struct {
    const char *activation;
    double slope[7];
  } published[] = {
      {"gelu", {-0.0119456, -0.0833155, 0.1325049, 0.5, 0.8674951, 1.0833155, 1.0119456}},
      {"gelu_tanh", {-0.0115842, -0.0829641, 0.1326301, 0.5, 0.8673699, 1.0829641, 1.0115842}},
      {"silu", {-0.0881041, 0.0723295, 0.2600388, 0.5, 0.7399612, 0.9276705, 1.0881041}},
      {"mish", {-0.0933931, 0.0592168, 0.2895107, 0.6, 0.8864244, 1.0490362, 1.0211069}},
      {"selu", {0.0875306, 0.6467686, 1.0663412, 1.7580993, 1.050701, 1.050701, 1.050701}},
  };
  for (size_t k = 0; k < sizeof published / sizeof *published; k++) {
    const struct kernel *kernel = find(published[k].activation, "derivative");
    float d[7];
    ((map_kernel *)kernel_in_table(table, kernel))(x, d, 7, kernel->defaults);
    for (int i = 0; i < 7; i++)
      if (!(fabs((double)d[i] - published[k].slope[i]) <= 6e-8 * fmax(1, fabs(published[k].slope[i]) * 2)))
        fail_msg("%s at %g: %.9g, published %.7g", kernel->name, (double)x[i], (double)d[i], published[k].slope[i]);
  }
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  struct CMUnitTest tests[VARIANTS + 1] = {cmocka_unit_test(test_published)};
  for (size_t i = 0; i < VARIANTS; i++)
    tests[i + 1] =
        (struct CMUnitTest){variants[i].activation, test_variant, NULL, NULL, (void *)(uintptr_t)&variants[i]};
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
