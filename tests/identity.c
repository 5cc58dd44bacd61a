/* The same numbers everywhere: elementwise kernels and random streams give the same bits on every ISA that has FMA.
 *
 * Takes an arch, runs each such kernel on fixed inputs and compares its digest with that of the other archs this
 * machine can run. With DEPTHMARK_DIGESTS=folder it also leaves its digests there for the builds of other processors,
 * and compares with theirs: that is how NEON under an emulator is held against AVX-512.
 */
#include "tests/support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/rng.h"

#define LENGTH 8192

static const struct kernel_table *table;
static float x[LENGTH], dy[LENGTH];

/* Whether kernel makes the promise and both tables can show it here. */
static bool promised(const struct kernel_table *of, const struct kernel *kernel) {
  const struct cpu_features cpu = cpu_detect();
  if (kernel_obstacle(table, kernel, &cpu) || kernel_obstacle(of, kernel, &cpu)) return false;
  switch (kernel->signature) {
  case SIGNATURE_map:
  case SIGNATURE_backward:
  case SIGNATURE_bias:
  case SIGNATURE_both:
  case SIGNATURE_parameter:
  case SIGNATURE_rows:
  case SIGNATURE_rows_backward:
  case SIGNATURE_update:
  case SIGNATURE_momentum:
  case SIGNATURE_adam:
  case SIGNATURE_norm:
  case SIGNATURE_fill:
  case SIGNATURE_matrix:
  case SIGNATURE_words: return true;
  default: return false;
  }
}

static bool has_fma(const struct kernel_table *of) {
#ifndef __FP_FAST_FMAF
  return strcmp(of->name, "scalar") != 0;
#else
  (void)of;
  return true;
#endif
}

/* FNV-1a over the bits; all NaN count as one. */
static uint64_t digest(const float *values) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < LENGTH; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) bits = 0x7fc00000;
    hash = (hash ^ bits) * 0x100000001b3u;
  }
  return hash;
}

/* 64 x 128 weights: as many as the other kernels make. */
static void run_matrix(const struct kernel_table *of, matrix_kernel *function, float *out, const struct init *init) {
  const size_t rows = 64, columns = LENGTH / rows;
  void *workspace = aligned_alloc(64, (of->matrix_workspace_bytes(rows, columns, 1) + 63) / 64 * 64);
  assert_non_null(workspace);
  function(out, rows, columns, init, 1, workspace);
  free(workspace);
}

/* Weights from every generator, in its convention. */
static uint64_t run_generators(const struct kernel_table *of, const struct kernel *kernel, float *out) {
  const struct cpu_features cpu = cpu_detect();
  kernel_function *function = kernel_in_table(of, kernel);
  uint64_t hash = 0;
  for (enum rng rng = 0; rng < RNG_COUNT; rng++) {
    struct init init = rng_init(rng, of, &cpu);
    init.seed = 5, init.stream = 6, init.p = kernel->defaults, init.fan_in = 123, init.fan_out = 77;
    if (kernel->signature == SIGNATURE_fill)
      ((fill_kernel *)function)(out, 0, LENGTH, &init);
    else
      run_matrix(of, (matrix_kernel *)function, out, &init);
    hash = hash * 31 ^ digest(out);
  }
  return hash;
}

/* Ordinary numbers everywhere: 63 rows, each of dn the next row of z. */
static uint64_t run_norm(norm_kernel *function, float *out, float *sums) {
  enum { ROWS = 63, COLUMNS = LENGTH / (ROWS + 1) };
  float *const statistics = sums, *const gradients = sums + 2 * COLUMNS;
  memcpy(sums, dy, LENGTH * sizeof *sums);
  const struct norm norm = {.rows = ROWS,
                            .columns = COLUMNS,
                            .z = dy,
                            .gamma = dy + 100,
                            .beta = dy + 300,
                            .n = out,
                            .mean = statistics,
                            .inverse = statistics + COLUMNS,
                            .dn = dy + COLUMNS,
                            .dz = out,
                            .dgamma = gradients,
                            .dbeta = gradients + COLUMNS,
                            .epsilon = 1e-5f,
                            .threads = 2};
  function(&norm);
  return digest(out) ^ digest(sums) << 1;
}

static uint64_t run(const struct kernel_table *of, const struct kernel *kernel) {
  static float out[LENGTH], slope[LENGTH];
  const size_t columns = LENGTH / 8;
  kernel_function *function = kernel_in_table(of, kernel);
  memcpy(out, x, sizeof out);
  switch (kernel->signature) {
  case SIGNATURE_map: ((map_kernel *)function)(x, out, LENGTH, kernel->defaults); break;
  case SIGNATURE_backward: ((backward_kernel *)function)(x, dy, out, LENGTH, kernel->defaults); break;
  case SIGNATURE_bias: ((bias_kernel *)function)(x, dy, out, LENGTH / columns, columns, kernel->defaults); break;
  case SIGNATURE_both:
    ((both_kernel *)function)(x, out, slope, LENGTH, kernel->defaults);
    return digest(out) ^ digest(slope) << 1;
  case SIGNATURE_parameter: ((parameter_kernel *)function)(x + LENGTH / 2, dy, out, 100, kernel->defaults); break;
  case SIGNATURE_rows: ((rows_kernel *)function)(dy, out, LENGTH / columns, columns); break;
  case SIGNATURE_rows_backward: ((rows_backward_kernel *)function)(dy, dy + 8, out, 7, columns); break;
  case SIGNATURE_update: ((update_kernel *)function)(out, dy, LENGTH, 0.1f); break;
  case SIGNATURE_momentum:
    memcpy(slope, dy, sizeof slope);
    ((momentum_kernel *)function)(out, slope, x, LENGTH, (struct momentum){0.1f, 0.9f, 0.01f, 1});
    return digest(out) ^ digest(slope) << 1;
  case SIGNATURE_adam: {
    static float squares[LENGTH];
    const struct adam how = {0.1f, 0.9, 0.999, 1e-8f, 0.01f, 3};
    memcpy(slope, dy, sizeof slope);
    for (size_t i = 0; i < LENGTH; i++) squares[i] = dy[i] * dy[i];
    ((adam_kernel *)function)(out, slope, squares, x, LENGTH, how);
    return digest(out) ^ digest(slope) << 1 ^ digest(squares) << 2;
  }
  case SIGNATURE_norm: return run_norm((norm_kernel *)function, out, slope);
  case SIGNATURE_fill:
  case SIGNATURE_matrix: return run_generators(of, kernel, out);
  case SIGNATURE_words: ((words_kernel *)function)((uint32_t *)(void *)out, 0, LENGTH, 5, 6); break;
  default: break;
  }
  return digest(out);
}

/* Ordinary numbers, every exponent, and the special values. */
static void make_inputs(void) {
  uint64_t state = 99;
  for (size_t i = 0; i < LENGTH; i++) {
    const uint32_t bits = (uint32_t)test_random(&state);
    if (i % 2)
      memcpy(&x[i], &bits, sizeof bits);
    else
      x[i] = test_uniform(&state, -30, 30);
    dy[i] = test_uniform(&state, -2, 2);
  }
  const float specials[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 0x1p-149f, -0x1p-149f};
  memcpy(x + 100, specials, sizeof specials);
}

static void test_here(void **state) {
  (void)state;
  const struct cpu_features cpu = cpu_detect();
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
    if (arch_obstacle(arch, &cpu) || !has_fma(arch_table(arch))) continue;
    for (size_t i = 0; i < KERNEL_COUNT; i++)
      if (promised(arch_table(arch), &kernels[i]) && run(table, &kernels[i]) != run(arch_table(arch), &kernels[i]))
        fail_msg("%s differs between %s and %s", kernels[i].name, table->name, arch_name(arch));
  }
}

static void leave_digests(const char *folder) {
  char path[4096], whole[4096];
  snprintf(whole, sizeof whole, "%s/%s.digests", folder, table->name);
  snprintf(path, sizeof path, "%s/%s.%ld.new", folder, table->name, (long)getpid());
  FILE *file = fopen(path, "w");
  if (!file) fail_msg("cannot write %s", path);
  for (size_t i = 0; i < KERNEL_COUNT; i++)
    if (promised(table, &kernels[i]))
      fprintf(file, "%s %016llx\n", kernels[i].name, (unsigned long long)run(table, &kernels[i]));
  fclose(file);
  /* Other builds test at the same time: a file is there whole or not at all. */
  if (rename(path, whole) != 0) fail_msg("cannot rename %s", path);
}

static size_t compare_digests(const char *folder, const char *name) {
  char path[4096], kernel_name[128];
  unsigned long long theirs;
  size_t compared = 0;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "r");
  if (!file) fail_msg("cannot read %s", path);
  while (fscanf(file, "%127s %llx", kernel_name, &theirs) == 2) {
    const struct kernel *kernel = kernel_find(kernel_name);
    if (!kernel || !promised(table, kernel)) continue;
    if (run(table, kernel) != theirs) fail_msg("%s differs between %s and %s", kernel_name, table->name, name);
    compared++;
  }
  fclose(file);
  return compared;
}

static void test_elsewhere(void **state) {
  (void)state;
  const char *folder = getenv("DEPTHMARK_DIGESTS");
  if (!folder || !*folder) skip();
  leave_digests(folder);
  DIR *directory = opendir(folder);
  if (!directory) fail_msg("cannot list %s", folder);
  for (struct dirent *entry; (entry = readdir(directory));)
    if (strstr(entry->d_name, ".digests") && !strstr(entry->d_name, ".new"))
      printf("%zu kernels like %s\n", compare_digests(folder, entry->d_name), entry->d_name);
  closedir(directory);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  if (!has_fma(table)) {
    printf("skipped: the %s table of this CPU family rounds products before it adds\n", table->name);
    return EXIT_SKIPPED;
  }
  make_inputs();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_here), cmocka_unit_test(test_elsewhere)};
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
