/* The three dense passes of one arch: against double precision within the bound of kernels.def, at every edge of a tile
 * and beyond every block, between guard pages, with special values, for any number of threads.
 *
 * DEPTHMARK_TEST_EXHAUSTIVE=1 tries every shape up to 40 x 40 x 40 instead of a sample. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

#define SMALL 40 /* beyond the largest tile in each dimension */
#define SMALL_SAMPLE 3000
#define CANARY 256        /* bytes beside an output that are looked at; further away are guard pages or nothing */
#define LARGEST (1 << 19) /* elements of a matrix in these tests */

static const struct kernel_table *table;

enum array { X, W, B, DZ, Z, Y, DX, DW, DB, ARRAYS };
static const char *const array_names[ARRAYS] = {"x", "w", "b", "dz", "z", "y", "dx", "dw", "db"};

struct shape3 {
  size_t batch, in, out;
};

/* One layer in guarded memory, reused from shape to shape, and the truth in double precision. */
static struct guarded memory[ARRAYS], workspace_memory;
static float *data[ARRAYS];
static size_t lengths[ARRAYS];
static double *exact[ARRAYS], *terms[ARRAYS];
static struct dense layer;

static int setup_memory(void **state) {
  (void)state;
  for (int a = 0; a < ARRAYS; a++) {
    memory[a] = guarded_allocate(LARGEST * sizeof(float));
    exact[a] = malloc(LARGEST * sizeof(double)), terms[a] = malloc(LARGEST * sizeof(double));
  }
  workspace_memory = guarded_allocate(64 << 20);
  return 0;
}

static int free_memory(void **state) {
  (void)state;
  for (int a = 0; a < ARRAYS; a++) guarded_free(&memory[a]), free(exact[a]), free(terms[a]);
  guarded_free(&workspace_memory);
  return 0;
}

/* Lays the layer out, each array against the guard page before or behind it, and fills the inputs with numbers in
 * [-scale, scale), an eighth of them 0; outputs and workspace hold NaN. */
static void lay_out(struct shape3 s, int threads, float scale, uint64_t *random) {
  const size_t counts[ARRAYS] = {s.batch * s.in, s.in * s.out, s.out, s.batch * s.out, s.batch * s.out, s.batch * s.out,
                                 s.batch * s.in, s.in * s.out, s.out};
  const uint64_t places = test_random(random);
  for (int a = 0; a < ARRAYS; a++) {
    const size_t bytes = counts[a] * sizeof(float);
    assert_true(counts[a] <= LARGEST);
    lengths[a] = counts[a];
    data[a] = (float *)(void *)(places >> a & 1 ? memory[a].begin : memory[a].end - bytes);
    if (a < Z) {
      for (size_t i = 0; i < counts[a]; i++)
        data[a][i] = test_random(random) % 8 ? scale * test_uniform(random, -1, 1) : 0.0f;
    } else {
      memset(data[a], 0xff, bytes);
      if (data[a] == (float *)(void *)memory[a].begin)
        memset(memory[a].begin + bytes, 0x5a, CANARY);
      else
        memset((char *)data[a] - CANARY, 0x5a, CANARY);
    }
  }
  const size_t bytes = table->dense_workspace_bytes(s.batch, s.in, s.out, threads);
  assert_true(bytes <= 64 << 20);
  char *workspace = workspace_memory.end - (bytes + 63) / 64 * 64;
  memset(workspace, 0xff, bytes);
  layer = (struct dense){.batch = s.batch,
                         .in = s.in,
                         .out = s.out,
                         .x = data[X],
                         .w = data[W],
                         .b = data[B],
                         .z = data[Z],
                         .y = data[Y],
                         .dz = data[DZ],
                         .dx = data[DX],
                         .dw = data[DW],
                         .db = data[DB],
                         .workspace = workspace,
                         .threads = threads};
}

static void run_passes(void) {
  table->dense_forward(&layer);
  table->dense_backward_data(&layer);
  table->dense_backward_weights(&layer);
}

static void reference_passes(void) {
  for (int a = X; a < Z; a++)
    for (size_t i = 0; i < lengths[a]; i++) exact[a][i] = (double)data[a][i];
  const struct dense_double l = {.batch = layer.batch,
                                 .in = layer.in,
                                 .out = layer.out,
                                 .x = exact[X],
                                 .w = exact[W],
                                 .b = exact[B],
                                 .z = exact[Z],
                                 .dz = exact[DZ],
                                 .dx = exact[DX],
                                 .dw = exact[DW],
                                 .db = exact[DB],
                                 .z_terms = terms[Z],
                                 .dx_terms = terms[DX],
                                 .dw_terms = terms[DW],
                                 .db_terms = terms[DB]};
  reference_dense_forward(&l);
  reference_dense_backward_data(&l);
  reference_dense_backward_weights(&l);
}

static void fail_at(enum array a, size_t i, double value, double expected, double allowed) {
  fail_msg("%s %s[%zu] of batch %zu, in %zu, out %zu, %d threads: %.9g, expected %.17g +- %.3g", table->name,
           array_names[a], i, layer.batch, layer.in, layer.out, layer.threads, value, expected, allowed);
}

/* The largest share of the bound that was used, for the record. */
static double worst;

static void check_array(enum array a, const struct kernel *kernel, size_t inner) {
  const double c = kernel->bound.ulp;
  assert_int_equal(kernel->bound.kind, BOUND_GAMMA);
  for (size_t i = 0; i < lengths[a]; i++) {
    const double value = (double)data[a][i], expected = exact[a][i];
    if (isfinite(expected)) {
      /* The last summand: results below the smallest normal are rounded to its units. */
      const double allowed = c * ((double)inner + c) * 0x1p-24 * terms[a][i] + ((double)inner + c) * 0x1p-149;
      if (!(fabs(value - expected) <= allowed)) fail_at(a, i, value, expected, allowed);
      worst = fmax(worst, fabs(value - expected) / allowed);
    } else if (isnan(expected) ? !isnan(value) : value != expected)
      fail_at(a, i, value, expected, 0);
  }
  const size_t bytes = lengths[a] * sizeof(float);
  const char *beside = data[a] == (float *)(void *)memory[a].begin ? memory[a].begin + bytes : (char *)data[a] - CANARY;
  for (int i = 0; i < CANARY; i++)
    if (beside[i] != 0x5a) fail_msg("%s: written beside %s", table->name, array_names[a]);
}

static void check_shape(struct shape3 s, int threads, float scale, uint64_t *random) {
  lay_out(s, threads, scale, random);
  run_passes();
  reference_passes();
  check_array(Z, &kernels[KERNEL_dense_forward], s.in);
  check_array(DX, &kernels[KERNEL_dense_backward_data], s.out);
  check_array(DW, &kernels[KERNEL_dense_backward_weights], s.batch);
  check_array(DB, &kernels[KERNEL_dense_backward_weights], s.batch);
}

static void test_small(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const char *exhaustive = getenv("DEPTHMARK_TEST_EXHAUSTIVE");
  if (exhaustive && *exhaustive && *exhaustive != '0') {
    for (size_t i = 0; i <= SMALL; i++)
      for (size_t j = 0; j <= SMALL; j++)
        for (size_t k = 0; k <= SMALL; k++) check_shape((struct shape3){i, j, k}, 1, 1, &random);
    return;
  }
  for (size_t i = 0; i < SMALL_SAMPLE; i++) {
    /* Every size in every dimension, beside random ones in the others. */
    size_t sizes[3];
    for (int d = 0; d < 3; d++) sizes[d] = test_random(&random) % (SMALL + 1);
    sizes[i % 3] = i / 3 % (SMALL + 1);
    check_shape((struct shape3){sizes[0], sizes[1], sizes[2]}, 1 + (int)(i % 3), 1, &random);
  }
}

/* Odd sizes beyond the blocks of every ISA: 512 terms, 14 strips of 14 rows, and a megabyte of B. */
static const struct shape3 large[] = {
    {31, 257, 129}, {197, 401, 35}, {33, 771, 97}, {385, 33, 40}, {3, 5, 3079},  {3, 3079, 7},
    {3079, 4, 3},   {1, 1, 3500},   {1, 3500, 1},  {3500, 1, 1},  {1, 500, 500}, {131, 127, 133}, {225, 520, 777},
};
#define LARGE_COUNT (sizeof large / sizeof *large)

static void test_large(void **state) {
  (void)state;
  uint64_t random = test_seed();
  for (size_t i = 0; i < LARGE_COUNT; i++) check_shape(large[i], 1, 1, &random);
  print_message("%s: at most %.2f of the error bound used\n", table->name, worst);
}

/* Results far below the smallest normal number, and far above 1. */
static void test_scales(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const float scales[] = {0x1p-72f, 0x1p-66f, 0x1p-30f, 0x1p50f};
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
    for (size_t j = 0; j < 20; j++) {
      const struct shape3 s = {1 + test_random(&random) % 40, 1 + test_random(&random) % 40,
                               1 + test_random(&random) % 40};
      check_shape(s, 1, scales[i], &random);
    }
}

/* NaN and infinities reach exactly those results that depend on them. */
static void test_special(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const float specials[] = {NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < 300; i++) {
    const struct shape3 s = {1 + test_random(&random) % 40, 1 + test_random(&random) % 40,
                             1 + test_random(&random) % 40};
    lay_out(s, 1, 1, &random);
    for (int a = X; a < Z; a++)
      if (test_random(&random) % 2) data[a][test_random(&random) % lengths[a]] = specials[test_random(&random) % 3];
    run_passes();
    reference_passes();
    check_array(Z, &kernels[KERNEL_dense_forward], s.in);
    check_array(DX, &kernels[KERNEL_dense_backward_data], s.out);
    check_array(DW, &kernels[KERNEL_dense_backward_weights], s.batch);
    check_array(DB, &kernels[KERNEL_dense_backward_weights], s.batch);
  }
}

/* What one thread computed, to be compared bit by bit. */
static float *copies[ARRAYS];

static void keep_outputs(void) {
  for (int a = Z; a < ARRAYS; a++) {
    copies[a] = malloc(lengths[a] * sizeof(float) + 1);
    memcpy(copies[a], data[a], lengths[a] * sizeof(float));
  }
}

static void drop_outputs(void) {
  for (int a = Z; a < ARRAYS; a++) free(copies[a]);
}

static void expect_same_bits(enum array a, const float *expected, const char *what) {
  if (memcmp(data[a], expected, lengths[a] * sizeof(float)) != 0)
    fail_msg("%s: %s of batch %zu, in %zu, out %zu differs %s", table->name, array_names[a], layer.batch, layer.in,
             layer.out, what);
}

static const struct shape3 threaded[] = {
    {100, 100, 100}, {197, 401, 35}, {33, 771, 97}, {17, 500, 129}, {1000, 250, 2}, {2, 250, 1000}, {5, 9, 3079},
};
#define THREADED_COUNT (sizeof threaded / sizeof *threaded)

static void test_threads(void **state) {
  (void)state;
  for (size_t i = 0; i < THREADED_COUNT; i++) {
    uint64_t random = test_seed();
    lay_out(threaded[i], 1, 1, &random);
    layer.activation = table->relu_forward;
    run_passes();
    keep_outputs();
    const int counts[] = {2, 3, 4, 7};
    for (size_t t = 0; t < sizeof counts / sizeof *counts; t++) {
      random = test_seed();
      lay_out(threaded[i], counts[t], 1, &random);
      layer.activation = table->relu_forward;
      run_passes();
      for (int a = Z; a < ARRAYS; a++) expect_same_bits(a, copies[a], "between thread counts");
    }
    drop_outputs();
  }
}

/* The order of evaluation is the same on every ISA, so those with FMA agree bit by bit: this is the FNV-1a digest of
 * their results. No blocking changes it. */
#define DIGEST 0x358d474ead6a5385u

static void test_same_everywhere(void **state) {
  (void)state;
#ifndef __FP_FAST_FMAF
  if (table == arch_table(ARCH_SCALAR)) skip(); /* it rounds products before it adds */
#endif
  uint64_t random = 1, hash = 0xcbf29ce484222325u;
  lay_out((struct shape3){390, 771, 97}, 2, 1, &random);
  run_passes();
  for (int a = Z; a < ARRAYS; a++)
    for (size_t i = 0; a != Y && i < lengths[a]; i++) {
      uint32_t bits;
      memcpy(&bits, &data[a][i], sizeof bits);
      hash = (hash ^ bits) * 0x100000001b3u;
    }
  if (hash != DIGEST) fail_msg("%s: the digest is 0x%016llx", table->name, (unsigned long long)hash);
}

/* An activation inside the forward pass is the same as one after it, in y or in place of z. */
static void check_activation(const struct kernel *kernel, struct shape3 s, int threads) {
  map_kernel *activation = (map_kernel *)kernel_in_table(table, kernel);
  uint64_t random = test_seed();
  lay_out(s, threads, 1, &random);
  memset(data[Y], 0x5a, lengths[Y] * sizeof(float));
  table->dense_forward(&layer);
  for (size_t i = 0; i < lengths[Y] * sizeof(float); i++)
    if (((const char *)data[Y])[i] != 0x5a) fail_msg("%s: y is written without an activation", table->name);
  float *z = malloc(lengths[Z] * sizeof(float)), *y = malloc(lengths[Z] * sizeof(float));
  memcpy(z, data[Z], lengths[Z] * sizeof(float));
  activation(z, y, lengths[Z], kernel->defaults);

  layer.activation = activation, layer.p = kernel->defaults;
  table->dense_forward(&layer);
  expect_same_bits(Z, z, kernel->name);
  expect_same_bits(Y, y, kernel->name);
  layer.y = layer.z;
  table->dense_forward(&layer);
  expect_same_bits(Z, y, kernel->name);
  free(z), free(y);
}

static void test_activations(void **state) {
  (void)state;
  const struct shape3 shapes[] = {{1, 1, 1}, {7, 5, 13}, {50, 60, 301}, {197, 401, 35}, {3, 5, 3079}};
  size_t count = 0;
  for (size_t i = 0; i < KERNEL_COUNT; i++) {
    const char *suffix = strstr(kernels[i].name, "_forward");
    if (kernels[i].signature != SIGNATURE_map || !suffix) continue;
    count++;
    for (size_t j = 0; j < sizeof shapes / sizeof *shapes; j++)
      check_activation(&kernels[i], shapes[j], 1 + (int)((i + j) % 3));
  }
  assert_true(count > 0);
}

static void test_workspace(void **state) {
  (void)state;
  size_t (*const bytes)(size_t, size_t, size_t, int) = table->dense_workspace_bytes;
  const size_t half = (size_t)1 << (sizeof(size_t) * 4);
  assert_int_equal(bytes(half, half, 1, 1), SIZE_MAX);
  assert_int_equal(bytes(1, half, half, 1), SIZE_MAX);
  assert_int_equal(bytes(half, 1, half, 1), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX, 2, 1, 1), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX / 4 + 1, 1, 1, 1), SIZE_MAX);
  assert_int_equal(bytes(1, 1, SIZE_MAX / 2, 1), SIZE_MAX);
  /* Blocks are bounded, so that a large layer needs little. */
  assert_true(bytes(1 << 14, 1 << 14, 1 << 14, 1) < 64 << 20);
  assert_true(bytes(1 << 14, 1 << 14, 1 << 14, 64) < (size_t)64 * 5 << 20);
  assert_true(bytes(0, 0, 0, 1) > 0);
  assert_int_equal(bytes(40, 50, 60, 2) % 64, 0);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small),     cmocka_unit_test(test_large),       cmocka_unit_test(test_scales),
      cmocka_unit_test(test_special),   cmocka_unit_test(test_threads),     cmocka_unit_test(test_same_everywhere),
      cmocka_unit_test(test_workspace), cmocka_unit_test(test_activations),
  };
  return cmocka_run_group_tests_name(table->name, tests, setup_memory, free_memory) ? 1 : 0;
}
