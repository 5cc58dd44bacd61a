/* The accuracy suite: every row is what one thread finds on its own, kernel by kernel. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/accuracy.h"
#include "harness/activation_pass.h"
#include "harness/peers/peers.h"
#include "harness/suite.h"
#include "kernels/reference/reference.h"
#include "tests/support.h"

/* Runs the suite with these arguments. */
static void run_suite(const char *const *arguments, struct result *result) {
  char copies[9][64], *argv[10] = {NULL};
  int argc = 0;
  for (; *arguments; argc++) {
    snprintf(copies[argc], sizeof copies[argc], "%s", *arguments++);
    argv[argc] = copies[argc];
  }
  static struct options options; /* large */
  const struct cpu_features cpu = cpu_detect();
  hwloc_topology_t topology;
  struct error error;
  struct run run = {.options = &options, .suite = SUITE_ACCURACY, .cpu = &cpu, .result = result};
  result_init(result);
  assert_int_equal(options_parse(argc, argv, &cpu, &options, &error), OPTIONS_RUN);
  assert_true(machine_load_topology(&topology, &error));
  run.topology = topology;
  regex_t filter;
  if (options.filter[0] && regcomp(&filter, options.filter, REG_EXTENDED | REG_NOSUB) == 0) run.filter = &filter;
  if (!suite_accuracy(&run, &error)) fail_msg("%s", error.text);
  if (run.filter) regfree(&filter);
  hwloc_topology_destroy(topology);
}

static const struct kernel *find(const char *start, const char *end) {
  char name[96];
  snprintf(name, sizeof name, "%s%s", start, end);
  return kernel_find(name);
}

/* What a row should say, without its names. */
static struct result_accuracy expected_row(const struct result_accuracy *row, size_t spread) {
  const struct kernel_table *table = arch_table(arch_find(row->arch));
  const bool own = strcmp(row->provider, OWN_PROVIDER) == 0;
  const struct kernel *kernel = find(row->kernel, own ? "" : "_sleef");
  char activation[64];
  const enum activation_pass pass = activation_pass(row->kernel, activation, sizeof activation);
  assert_non_null(kernel);
  struct accuracy_function function = {kernel->signature, kernel_in_table(table, kernel), NULL, kernel->defaults};
  if (pass == PASS_FROM_OUTPUT) function.forward = (map_kernel *)kernel_in_table(table, find(activation, "_forward"));
  const struct kernel *reference = find(activation, pass == PASS_FORWARD ? "_forward" : "_derivative");
  const double root = pass == PASS_FORWARD ? (double)NAN : activation_root(activation);
  struct float_samples samples;
  struct accuracy_tally tally = {0};
  assert_true(float_samples_choose(&samples, spread, 9));
  for (size_t i = 0; i < samples.count; i += 8) {
    float y[8];
    double truth[8];
    for (int j = 0; j < 8; j++)
      truth[j] = ((map_reference *)reference_functions[reference - kernels])((double)samples.x[i + (size_t)j],
                                                                             kernel->defaults);
    accuracy_evaluate(&function, samples.x + i, y, 8);
    accuracy_add(&tally, samples.x + i, y, truth, 8, root);
  }
  float_samples_free(&samples);
  const struct accuracy_ends ends = accuracy_find_ends(&function);
  return (struct result_accuracy){.samples = tally.samples,
                                  .ulp_max = tally.ulp_max,
                                  .ulp_max_at = tally.ulp_max > 0 ? (double)tally.ulp_max_at : (double)NAN,
                                  .ulp_mean = tally.ulp_sum / (double)(tally.samples - tally.in_window),
                                  .root = root,
                                  .absolute_max = isnan(root) ? root : tally.absolute_max,
                                  .absolute_max_at = isnan(root) ? root : (double)tally.absolute_max_at,
                                  .subnormal_below = (double)ends.subnormal_below,
                                  .zero_below = (double)ends.zero_below,
                                  .subnormal_above = (double)ends.subnormal_above,
                                  .zero_above = (double)ends.zero_above};
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void check_rows(const struct result *result, size_t spread) {
  for (size_t i = 0; i < result->accuracy_count; i++) {
    const struct result_accuracy *row = &result->accuracies[i], expected = expected_row(row, spread);
    const bool fine =
        row->samples == expected.samples && same(row->ulp_max, expected.ulp_max) &&
        same(row->ulp_max_at, expected.ulp_max_at) && same(row->root, expected.root) &&
        same(row->absolute_max, expected.absolute_max) && same(row->absolute_max_at, expected.absolute_max_at) &&
        same(row->subnormal_below, expected.subnormal_below) && same(row->zero_below, expected.zero_below) &&
        same(row->subnormal_above, expected.subnormal_above) && same(row->zero_above, expected.zero_above);
    if (!fine) fail_msg("%s differs", row->name);
    if (!(fabs(row->ulp_mean - expected.ulp_mean) <= 1e-9 * expected.ulp_mean))
      fail_msg("%s: mean %.17g instead of %.17g", row->name, row->ulp_mean, expected.ulp_mean);
  }
}

static void every_row_is_true(void **state) {
  (void)state;
  struct result result;
  run_suite(
      (const char *const[]){"bench", "--arch=all", "--threads=3", "--pin=none", "--samples=20000", "--seed=9", NULL},
      &result);
  assert_in_range(result.accuracy_count, 39, 10000);
  check_rows(&result, 20000);
  result_free(&result);
}

/* So many that each part of the work has several chunks. */
static void every_sample_counts(void **state) {
  (void)state;
  struct result result;
  run_suite((const char *const[]){"bench", "--arch=auto", "--threads=2", "--pin=none", "--samples=2500000", "--seed=9",
                                  "--filter=silu_derivative/arch:[a-z0-9]*$", NULL},
            &result);
  assert_int_equal(result.accuracy_count, 1);
  check_rows(&result, 2500000);
  result_free(&result);
}

/* Each kernel of the suite that takes a float to a float is there once for an arch, its activation's passes in order.
 */
static void every_kernel_has_its_row(void **state) {
  (void)state;
  struct result result;
  run_suite((const char *const[]){"bench", "--arch=scalar", "--threads=1", "--pin=none", "--samples=1", NULL}, &result);
  for (size_t k = 0; k < KERNEL_COUNT; k++) {
    char name[64], activation[64];
    const char *provider = kernel_provider(&kernels[k], name, sizeof name);
    const bool of_float = kernels[k].signature == SIGNATURE_map || kernels[k].signature == SIGNATURE_backward;
    const bool measured = of_float && strcmp(kernels[k].suite, "activation") == 0 &&
                          activation_pass(name, activation, sizeof activation) != PASS_COUNT;
    size_t rows = 0;
    for (size_t i = 0; i < result.accuracy_count; i++)
      rows += strcmp(result.accuracies[i].kernel, name) == 0 && strcmp(result.accuracies[i].provider, provider) == 0;
    if (rows != measured) fail_msg("%s has %zu rows", kernels[k].name, rows);
  }
  for (size_t i = 1; i < result.accuracy_count; i++) {
    char before[64], here[64];
    const enum activation_pass last = activation_pass(result.accuracies[i - 1].kernel, before, sizeof before);
    const enum activation_pass pass = activation_pass(result.accuracies[i].kernel, here, sizeof here);
    if (strcmp(before, here) == 0 && pass < last) fail_msg("%s is out of order", result.accuracies[i].name);
  }
  result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_is_true),
      cmocka_unit_test(every_sample_counts),
      cmocka_unit_test(every_kernel_has_its_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
