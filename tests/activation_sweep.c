/* Every activation kernel over the whole range of floats, against the bound of its kernels.def line.
 *
 * test_activation_sweep ARCH
 *     2^20 sampled inputs of every exponent and sign (2^17 when built for an emulator), every special value, power
 *     of two and neighbourhood of a branch point
 *
 * test_activation_sweep ARCH|all --exhaustive [KERNEL...]
 *     all 2^32 inputs, a minute or less per kernel, with a table of the largest errors; tools/accuracy runs this
 *
 * Samples, errors and roots of slopes are those of bench's accuracy suite. Only here is an absolute bound held to its
 * place: it is accepted around a root of the slope and, for the rows through SLEEF, where the textbook's formula loses
 * its tail; the other kernels keep their relative accuracy everywhere else.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "harness/accuracy.h"
#include "harness/activation_pass.h"
#include "kernels/reference/reference.h"
#include "tests/support.h"

#ifndef SPREAD
#define SPREAD ((size_t)1 << 20)
#endif

/* The gradients that the backward kernels multiply by, in turn. */
static const float gradients[] = {1.0f, -0.7f, 3.1e-5f, -1.2e6f, 0x1.fffffep+20f, 0.0f, 9e-12f, 1e35f};
#define GRADIENTS (sizeof gradients / sizeof *gradients)

/* One kernel on the archs of a run, which are held against the same evaluation of the reference. */
struct sweep {
  const struct kernel *kernel;
  const struct kernel_table *const *tables;
  size_t table_count;
  double root; /* of the slope, where the kernel's absolute bound counts; NAN: nowhere */
  bool absolute_anywhere, loses_tiny_slopes;
};

struct outcome {
  struct accuracy_tally tally;
  size_t wrong;       /* inputs beyond the bound */
  size_t first_wrong; /* its number, and what was there */
  float x, value;
  double reference;
};

static bool is_swept(const struct kernel *kernel) {
  const bool of_input = kernel->signature == SIGNATURE_map || kernel->signature == SIGNATURE_backward;
  return strcmp(kernel->suite, "activation") == 0 && of_input && !strstr(kernel->name, "_from_output");
}

static struct sweep make_sweep(const struct kernel *kernel, const struct kernel_table *const *tables, size_t count) {
  struct sweep sweep = {.kernel = kernel, .tables = tables, .table_count = count, .root = (double)NAN};
  char activation[64];
  const enum activation_pass pass = activation_pass(kernel->name, activation, sizeof activation);
  const bool sleef = strstr(kernel->name, "_sleef");
  sweep.loses_tiny_slopes = sleef && kernel->signature == SIGNATURE_backward;
  sweep.absolute_anywhere = sleef && kernel->bound.absolute > 0;
  if (kernel->bound.absolute == 0) return sweep;
  if (pass != PASS_FORWARD && pass != PASS_COUNT) sweep.root = activation_root(activation);
  return sweep;
}

static bool is_right(const struct sweep *sweep, float x, float dy, float y, double expected) {
  const struct kernel *kernel = sweep->kernel;
  const bool absolute = sweep->absolute_anywhere || accuracy_in_window(x, sweep->root);
  /* A zero has the sign of the formula's. */
  if (!absolute && (float)expected == 0 && !isnan(y) && !signbit(y) != !signbit(expected)) return false;
  if (kernel->bound.kind == BOUND_EXACT) return within_bound(kernel, y, expected);
  if (ulp_error(y, expected) <= kernel->bound.ulp) return true;
  return absolute && fabs((double)y - expected) <= kernel->bound.absolute * fabs((double)dy);
}

/* Adds what came later. */
static void merge(struct outcome *all, const struct outcome *later) {
  accuracy_merge(&all->tally, &later->tally);
  if (later->wrong && (!all->wrong || later->first_wrong < all->first_wrong)) {
    all->first_wrong = later->first_wrong;
    all->x = later->x, all->value = later->value, all->reference = later->reference;
  }
  all->wrong += later->wrong;
}

static struct outcome judge(const struct sweep *sweep, const float *x, const float *dy, const float *y,
                            const double *expected, size_t first) {
  struct outcome outcome = {0};
  accuracy_add(&outcome.tally, x, y, expected, SAMPLE_CHUNK, sweep->root);
  for (size_t i = 0; i < SAMPLE_CHUNK; i++) {
    if (bits_of(y[i]) == bits_of((float)expected[i])) continue; /* as most are */
    if (is_right(sweep, x[i], dy[i], y[i], expected[i]) || outcome.wrong++) continue;
    outcome.first_wrong = first + i;
    outcome.x = x[i], outcome.value = y[i], outcome.reference = expected[i];
  }
  return outcome;
}

/* The textbook's formulas lose slopes that no float can hold, which a dy could bring back: there any y is right. */
static void forgive_lost_slopes(const struct sweep *sweep, const float *x, float *y, const double *expected) {
  backward_reference *const reference = (backward_reference *)reference_functions[sweep->kernel - kernels];
  for (size_t i = 0; i < SAMPLE_CHUNK; i++) {
    const double slope = fabs(reference((double)x[i], 1, sweep->kernel->defaults));
    if (slope < (double)FLT_MIN || slope > (double)FLT_MAX) y[i] = (float)expected[i];
  }
}

static void check_chunk(const struct sweep *sweep, const float *x, size_t first, struct outcome *outcomes) {
  float dy[SAMPLE_CHUNK], y[SAMPLE_CHUNK], last[SAMPLE_CHUNK];
  double expected[SAMPLE_CHUNK];
  const struct kernel *kernel = sweep->kernel;
  kernel_function *const reference = reference_functions[kernel - kernels];
  const bool backward = kernel->signature == SIGNATURE_backward;
  const struct parameters p = kernel->defaults;
  struct outcome outcome;
  for (size_t i = 0; i < SAMPLE_CHUNK; i++) {
    dy[i] = backward ? gradients[(i + bits_of(x[i]) % 3) % GRADIENTS] : 1;
    expected[i] = backward ? ((backward_reference *)reference)((double)x[i], (double)dy[i], p)
                           : ((map_reference *)reference)((double)x[i], p);
  }
  for (size_t t = 0; t < sweep->table_count; t++) {
    kernel_function *const function = kernel_in_table(sweep->tables[t], kernel);
    if (backward)
      ((backward_kernel *)function)(x, dy, y, SAMPLE_CHUNK, p);
    else
      ((map_kernel *)function)(x, y, SAMPLE_CHUNK, p);
    if (sweep->loses_tiny_slopes) forgive_lost_slopes(sweep, x, y, expected);
    /* Vector archs give the same bits, and so the same outcome. */
    if (t == 0 || memcmp(y, last, sizeof y) != 0) outcome = judge(sweep, x, dy, y, expected, first);
    memcpy(last, y, sizeof y);
    merge(&outcomes[t], &outcome);
  }
}

/* On all threads for all floats. For a sample of them threads under an emulator cost more than they save. */
static void run_sweep(const struct sweep *sweep, const struct float_samples *samples, struct outcome *outcomes) {
  memset(outcomes, 0, sweep->table_count * sizeof *outcomes);
#pragma omp parallel if (!samples->x)
  {
    struct outcome mine[ARCH_COUNT] = {0};
    float own[SAMPLE_CHUNK + SAMPLE_PADDING];
#pragma omp for schedule(static, 1)
    for (size_t i = 0; i < samples->count; i += SAMPLE_CHUNK)
      check_chunk(sweep, float_samples_chunk(samples, i, own), i, mine);
#pragma omp critical
    for (size_t t = 0; t < sweep->table_count; t++) merge(&outcomes[t], &mine[t]);
  }
}

static void print_wrong(const struct kernel *kernel, const char *arch, const struct outcome *outcome) {
  printf("%s on %s: %zu inputs beyond the bound, the first x = %a (%.9g): %.9g, expected %.17g\n", kernel->name, arch,
         outcome->wrong, (double)outcome->x, (double)outcome->x, (double)outcome->value, outcome->reference);
}

/* ---- a sample of the floats ------------------------------------------------------------------------------------- */

static const struct kernel_table *table;
static struct float_samples inputs;

static void test_sampled(void **state) {
  const struct kernel *kernel = *state;
  const struct sweep sweep = make_sweep(kernel, &table, 1);
  struct outcome outcome;
  run_sweep(&sweep, &inputs, &outcome);
  if (outcome.wrong) print_wrong(kernel, table->name, &outcome);
  assert_int_equal(outcome.wrong, 0);
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static size_t sweep_every_float(const struct kernel *kernel, const struct kernel_table *const *tables, size_t count) {
  const struct sweep sweep = make_sweep(kernel, tables, count);
  const struct float_samples every = float_samples_every();
  struct outcome outcomes[ARCH_COUNT];
  size_t wrong = 0;
  const double begin = omp_get_wtime();
  run_sweep(&sweep, &every, outcomes);
  const double seconds = omp_get_wtime() - begin;
  for (size_t t = 0; t < count; t++) {
    const struct accuracy_tally *tally = &outcomes[t].tally;
    printf("%-26s %-8s %10.4f %16a %10.1e %8.0f\n", kernel->name, tables[t]->name, tally->ulp_max,
           (double)tally->ulp_max_at, tally->absolute_max, seconds);
    if (outcomes[t].wrong) print_wrong(kernel, tables[t]->name, &outcomes[t]);
    wrong += outcomes[t].wrong;
  }
  fflush(stdout);
  return wrong;
}

static bool is_named(const struct kernel *kernel, char **names, int count) {
  for (int i = 0; i < count; i++)
    if (strcmp(kernel->name, names[i]) == 0) return true;
  return count == 0;
}

/* names: of the kernels to sweep; all when there is none. */
static int sweep_everything(const struct kernel_table *const *tables, size_t table_count, char **names, int count) {
  size_t wrong = 0;
  for (int i = 0; i < count; i++) {
    const struct kernel *kernel = kernel_find(names[i]);
    if (kernel && is_swept(kernel)) continue;
    fprintf(stderr, "no activation kernel '%s'; kernels.def has them all\n", names[i]);
    return 2;
  }
  printf("%-26s %-8s %10s %16s %10s %8s\n", "kernel", "arch", "max ulp", "at x", "near root", "seconds");
  for (size_t i = 0; i < KERNEL_COUNT; i++)
    if (is_swept(&kernels[i]) && is_named(&kernels[i], names, count))
      wrong += sweep_every_float(&kernels[i], tables, table_count);
  return wrong ? 1 : 0;
}

/* The table of the arch of that name, or those of all archs that run here. */
static size_t choose_tables(int argc, char **argv, const struct kernel_table **tables) {
  const struct cpu_features cpu = cpu_detect();
  size_t count = 0;
  if (strcmp(argv[1], "all") != 0) {
    tables[0] = test_table(argc, argv);
    return 1;
  }
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
    if (!arch_obstacle(arch, &cpu)) tables[count++] = arch_table(arch);
  return count;
}

int main(int argc, char **argv) {
  if (argc >= 3 && strcmp(argv[2], "--exhaustive") == 0) {
    const struct kernel_table *tables[ARCH_COUNT];
    const size_t count = choose_tables(2, argv, tables);
    return sweep_everything(tables, count, argv + 3, argc - 3);
  }
  table = test_table(argc, argv);
  if (!float_samples_choose(&inputs, SPREAD, test_seed())) return 1;
  struct CMUnitTest tests[KERNEL_COUNT];
  size_t count = 0;
  for (size_t i = 0; i < KERNEL_COUNT; i++)
    if (is_swept(&kernels[i]))
      tests[count++] = (struct CMUnitTest){kernels[i].name, test_sampled, NULL, NULL, (void *)(uintptr_t)&kernels[i]};
  const int failures = _cmocka_run_group_tests(table->name, tests, count, NULL, NULL);
  float_samples_free(&inputs);
  return failures ? 1 : 0;
}
