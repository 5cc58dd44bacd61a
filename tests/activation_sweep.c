/* Every activation kernel of one ISA over the whole range of floats, against the bound of its kernels.def line.
 *
 * test_activation_sweep ARCH
 *     2^20 sampled inputs of every exponent and sign (2^17 when built for an emulator), every special value, power
 *     of two and neighbourhood of a branch point
 *
 * test_activation_sweep ARCH --exhaustive [KERNEL]
 *     all 2^32 inputs, a minute or two per kernel, with a table of the largest errors
 *
 * Only here is an absolute bound held to its place: it is accepted around a root of the slope and, for the rows through
 * SLEEF, where the textbook's formula loses its tail; the other kernels keep their relative accuracy everywhere else.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "kernels/reference/reference.h"
#include "tests/support.h"

#define CHUNK 4096
#ifndef SAMPLES_PER_BINADE
#define SAMPLES_PER_BINADE 2048 /* times 2 signs and 256 exponents: 2^20 */
#endif

static const struct kernel_table *table;

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Where the formulas change: clamps, rounded powers, the point where a result becomes 1, 0, subnormal; roots of slopes;
 * multiples of ln 2 / 2, where a power of two changes (as is for e^x, halved for tanh, their square roots for gelu). */
static const float branch_points[] = {
    1.0f,       2.0f,       3.0f,       8.0f,       9.010913f, 10.0f,       13.06f,     14.2f,
    14.5f,      14.6f,      17.33f,     20.0f,      43.67f,    51.6f,       54.0f,      64.0f,
    87.33f,     88.02f,     88.73f,     91.93f,     100.0f,    103.28f,     103.97f,    106.0f,
    108.0f,     108.7f,     112.0f,     0.7517915f, 1.278465f, 0.34657359f, 0.1732868f, 0.8325546f,
    1.0397208f, 0.5198604f, 1.4420269f, 0x1p-12f,   0x1p-24f,  0x1p63f,     0x1p64f,    0x1.6a09e6p74f};
#define BRANCH_POINTS (sizeof branch_points / sizeof *branch_points)
#define NEIGHBOURS 64

/* The sampled inputs, a multiple of CHUNK of them. */
static float *sampled_inputs(size_t *count) {
  const size_t most = 512 * (SAMPLES_PER_BINADE + 4) + 2 * BRANCH_POINTS * (2 * NEIGHBOURS + 1) + 16 + CHUNK;
  float *x = malloc(most * sizeof *x);
  size_t n = 0;
  uint64_t state = test_seed();
  for (uint32_t top = 0; top < 512; top++) {
    const uint32_t power = top << 23;
    for (int i = 0; i < SAMPLES_PER_BINADE; i++) x[n++] = float_of(power | (uint32_t)(test_random(&state) >> 41));
    x[n++] = float_of(power), x[n++] = float_of(power + 1), x[n++] = float_of(power - 1);
    x[n++] = float_of(power | 0x400000u);
  }
  for (size_t i = 0; i < BRANCH_POINTS; i++)
    for (int d = -NEIGHBOURS; d <= NEIGHBOURS; d++) {
      const float at = float_of(bits_of(branch_points[i]) + (uint32_t)d);
      x[n++] = at, x[n++] = -at;
    }
  x[n++] = NAN, x[n++] = -NAN, x[n++] = INFINITY, x[n++] = -INFINITY, x[n++] = 0.0f, x[n++] = -0.0f;
  while (n % CHUNK) x[n++] = 1.0f;
  *count = n;
  return x;
}

/* The gradients that the backward kernels multiply by, in turn. */
static const float gradients[] = {1.0f, -0.7f, 3.1e-5f, -1.2e6f, 0x1.fffffep+20f, 0.0f, 9e-12f};
#define GRADIENTS (sizeof gradients / sizeof *gradients)

struct worst {
  double ulp; /* the largest error where it counts in ulps */
  float at;
  size_t wrong; /* inputs beyond the bound */
  float first_wrong, value;
  double reference;
};

/* Whether the kernel's absolute bound may stand in for ulps at x. */
static bool absolute_counts(const struct kernel *kernel, float x) {
  if (kernel->bound.absolute == 0) return false;
  if (strstr(kernel->name, "_sleef")) return true;
  const float root = strstr(kernel->name, "gelu") ? -0.7517915f : strstr(kernel->name, "mish") ? -1.1924f : -1.2784645f;
  return fabsf(x - root) < 0.25f;
}

static void check_chunk(const struct kernel *kernel, const float *x, size_t n, struct worst *worst) {
  float dy[CHUNK], y[CHUNK];
  kernel_function *const function = kernel_in_table(table, kernel);
  kernel_function *const reference = reference_functions[kernel - kernels];
  const bool backward = kernel->signature == SIGNATURE_backward;
  const struct parameters p = kernel->defaults;
  if (backward) {
    for (size_t i = 0; i < n; i++) dy[i] = gradients[(i + bits_of(x[i]) % 3) % GRADIENTS];
    ((backward_kernel *)function)(x, dy, y, n, p);
  } else {
    ((map_kernel *)function)(x, y, n, p);
  }
  for (size_t i = 0; i < n; i++) {
    const double expected = backward ? ((backward_reference *)reference)((double)x[i], (double)dy[i], p)
                                     : ((map_reference *)reference)((double)x[i], p);
    if (backward && strstr(kernel->name, "_sleef")) { /* the textbook's formulas lose slopes that no float can hold */
      const double slope = ((backward_reference *)reference)((double)x[i], 1, p);
      if (fabs(slope) < 0x1p-126 || fabs(slope) > 0x1.fffffep127) continue;
    }
    const double error = ulp_error(y[i], expected), absolute = fabs((double)y[i] - expected);
    bool right;
    if (kernel->bound.kind == BOUND_EXACT)
      right = within_bound(kernel, y[i], expected);
    else
      right = error <= kernel->bound.ulp || (absolute_counts(kernel, x[i]) &&
                                             absolute <= kernel->bound.absolute * (backward ? fabs((double)dy[i]) : 1));
    /* A zero has the sign of the formula's. */
    if (!absolute_counts(kernel, x[i]) && expected == 0 && !isnan(y[i]) && !signbit(y[i]) != !signbit(expected))
      right = false;
    if (error > worst->ulp && !absolute_counts(kernel, x[i])) worst->ulp = error, worst->at = x[i];
    if (!right && worst->wrong++ == 0) worst->first_wrong = x[i], worst->value = y[i], worst->reference = expected;
  }
}

static void merge(struct worst *all, const struct worst *part) {
  if (part->ulp > all->ulp) all->ulp = part->ulp, all->at = part->at;
  if (part->wrong && !all->wrong)
    all->first_wrong = part->first_wrong, all->value = part->value, all->reference = part->reference;
  all->wrong += part->wrong;
}

/* Of the inputs x, or of all floats, on all threads, where x is NULL. Threads under an emulator
 * cost more than they save. */
static struct worst sweep(const struct kernel *kernel, const float *x, size_t count) {
  struct worst all = {0};
#pragma omp parallel if (!x)
  {
    struct worst mine = {0};
    float own[CHUNK];
#pragma omp for schedule(static)
    for (size_t i = 0; i < count; i += CHUNK) {
      if (!x)
        for (size_t j = 0; j < CHUNK; j++) own[j] = float_of((uint32_t)(i + j));
      check_chunk(kernel, x ? x + i : own, CHUNK, &mine);
    }
#pragma omp critical
    merge(&all, &mine);
  }
  return all;
}

static void print_wrong(const struct kernel *kernel, const struct worst *worst) {
  printf("%s on %s: %zu inputs beyond the bound, the first x = %a (%.9g): %.9g, expected %.17g\n", kernel->name,
         table->name, worst->wrong, (double)worst->first_wrong, (double)worst->first_wrong, (double)worst->value,
         worst->reference);
}

static const float *inputs;
static size_t input_count;

static void test_sampled(void **state) {
  const struct kernel *kernel = *state;
  const struct worst worst = sweep(kernel, inputs, input_count);
  if (worst.wrong) print_wrong(kernel, &worst);
  assert_int_equal(worst.wrong, 0);
}

static bool is_swept(const struct kernel *kernel) {
  const bool of_input = kernel->signature == SIGNATURE_map || kernel->signature == SIGNATURE_backward;
  return strcmp(kernel->suite, "activation") == 0 && of_input && !strstr(kernel->name, "_from_output");
}

static int sweep_everything(const char *name) {
  size_t wrong = 0, swept = 0;
  printf("%-26s %-8s %10s %16s\n", "kernel", "arch", "max ulp", "at x");
  for (size_t i = 0; i < KERNEL_COUNT; i++) {
    if (!is_swept(&kernels[i]) || (name && strcmp(name, kernels[i].name) != 0)) continue;
    const struct worst worst = sweep(&kernels[i], NULL, (size_t)1 << 32);
    printf("%-26s %-8s %10.4f %16a\n", kernels[i].name, table->name, worst.ulp, (double)worst.at);
    if (worst.wrong) print_wrong(&kernels[i], &worst);
    fflush(stdout);
    wrong += worst.wrong, swept++;
  }
  if (!swept) {
    fprintf(stderr, "no activation kernel '%s'; kernels.def has them all\n", name);
    return 2;
  }
  return wrong ? 1 : 0;
}

int main(int argc, char **argv) {
  const bool exhaustive = argc >= 3 && argc <= 4 && strcmp(argv[2], "--exhaustive") == 0;
  table = test_table(exhaustive ? 2 : argc, argv);
  if (exhaustive) return sweep_everything(argc == 4 ? argv[3] : NULL);
  inputs = sampled_inputs(&input_count);
  struct CMUnitTest tests[KERNEL_COUNT];
  size_t count = 0;
  for (size_t i = 0; i < KERNEL_COUNT; i++)
    if (is_swept(&kernels[i]))
      tests[count++] = (struct CMUnitTest){kernels[i].name, test_sampled, NULL, NULL, (void *)(uintptr_t)&kernels[i]};
  return _cmocka_run_group_tests(table->name, tests, count, NULL, NULL) ? 1 : 0;
}
