/* init_orthogonal of one arch: orthonormal rows or columns in every shape, the sign convention and the distribution of
 * Haar's measure, the same bits for any number of threads, any ISA and either orientation, between guard pages. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL 40
#define LARGEST (1024 * 1024)
#define CANARY 256 /* bytes beside the weights that are looked at; further away are guard pages or nothing */

static const struct kernel_table *table;
static struct guarded weights_memory, workspace_memory;

static int setup_memory(void **state) {
  (void)state;
  weights_memory = guarded_allocate(LARGEST * sizeof(float));
  workspace_memory = guarded_allocate(32 << 20);
  return 0;
}

static int free_memory(void **state) {
  (void)state;
  guarded_free(&weights_memory), guarded_free(&workspace_memory);
  return 0;
}

static struct init with_gain(float gain) { return (struct init){.seed = test_seed(), .stream = 4, .p = {.a = gain}}; }

/* Weights against the guard page before or behind them, over NaN, from a workspace full of NaN. They last until the
 * next call. */
static float *make(size_t rows, size_t columns, const struct init *init, int threads) {
  const size_t bytes = rows * columns * sizeof(float), scratch = table->matrix_workspace_bytes(rows, columns, threads);
  const bool at_end = (rows + columns + (size_t)threads) % 2;
  float *w = (float *)(void *)(at_end ? weights_memory.end - bytes : weights_memory.begin);
  char *beside = at_end ? (char *)w - CANARY : (char *)w + bytes;
  assert_true(rows * columns <= LARGEST && scratch <= 32 << 20 && scratch % 64 == 0);
  if (bytes == LARGEST * sizeof(float)) beside = NULL;
  memset(w, 0xff, bytes);
  if (beside) memset(beside, 0x5a, CANARY);
  memset(workspace_memory.end - scratch, 0xff, scratch);
  table->init_orthogonal(w, rows, columns, init, threads, workspace_memory.end - scratch);
  for (size_t i = 0; beside && i < CANARY; i++)
    if (beside[i] != 0x5a) fail_msg("%s: written beside %zu x %zu weights", table->name, rows, columns);
  return w;
}

/* ||W^T W - g^2 I||_max, or of W W^T where rows are fewer. */
static double orthogonality(const float *w, size_t rows, size_t columns, double gain) {
  const bool tall = rows >= columns;
  const size_t m = tall ? rows : columns, n = tall ? columns : rows;
  double *vectors = malloc((m * n + 1) * sizeof *vectors), worst = 0;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++) vectors[j * m + i] = tall ? w[i * columns + j] : w[j * columns + i];
  for (size_t j = 0; j < n; j++)
    for (size_t k = 0; k <= j; k++) {
      double lanes[8] = {0}, product = 0;
      size_t i = 0;
      for (; i + 8 <= m; i += 8)
        for (size_t l = 0; l < 8; l++) lanes[l] += vectors[j * m + i + l] * vectors[k * m + i + l];
      for (; i < m; i++) product += vectors[j * m + i] * vectors[k * m + i];
      for (size_t l = 0; l < 8; l++) product += lanes[l];
      const double error = fabs(product - (j == k ? gain * gain : 0));
      if (!(error <= worst)) worst = error; /* NaN is kept */
    }
  free(vectors);
  return worst;
}

static double check_orthogonal(size_t rows, size_t columns, float gain, int threads, double allowed) {
  const struct init init = with_gain(gain);
  const float *w = make(rows, columns, &init, threads);
  const double error = orthogonality(w, rows, columns, (double)gain);
  if (!(error <= allowed * (double)gain * (double)gain))
    fail_msg("%s, %zu x %zu, gain %g: W^T W is off by %g", table->name, rows, columns, (double)gain, error);
  return error;
}

static void test_small(void **state) {
  (void)state;
  double worst = 0;
  for (size_t rows = 1; rows <= SMALL; rows++)
    for (size_t columns = 1; columns <= SMALL; columns++)
      worst = fmax(worst, check_orthogonal(rows, columns, 1, 1 + (int)(rows + columns) % 3, 2e-6));
  print_message("%s: off by at most %.2g\n", table->name, worst);
  const struct init init = with_gain(1);
  make(0, 5, &init, 1), make(5, 0, &init, 2), make(0, 0, &init, 1);
}

static void test_large(void **state) {
  (void)state;
  /* Beside, at and beyond a block; long and thin; the size that is promised. */
  const size_t shapes[][2] = {{63, 63},   {64, 64},   {65, 65},    {129, 128},  {128, 129},  {300, 299},
                              {784, 256}, {256, 784}, {20000, 10}, {10, 20000}, {2000, 130}, {1024, 1024}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const double error = check_orthogonal(shapes[i][0], shapes[i][1], 1, 2, 1e-5);
    print_message("%s: %zu x %zu off by %.2g\n", table->name, shapes[i][0], shapes[i][1], error);
  }
}

static void test_gain(void **state) {
  (void)state;
  const float gains[] = {1.41421356f, -0.5f, 1e-15f, 1e15f};
  for (size_t i = 0; i < sizeof gains / sizeof *gains; i++) check_orthogonal(70, 50, gains[i], 1, 2e-6);
  const struct init nothing = with_gain(0);
  const float *w = make(70, 50, &nothing, 1);
  for (size_t i = 0; i < 70 * 50; i++) assert_true(w[i] == 0);
}

/* The first column is the first normal vector at unit length, not turned round: what a QR factorization gives whose R
 * has a positive diagonal. For the other columns, see the reference in the test of all kernels. */
static void test_sign(void **state) {
  (void)state;
  const size_t m = 50, n = 20;
  for (uint64_t stream = 0; stream < 20; stream++) {
    const struct init init = {.seed = test_seed(), .stream = stream, .p = {.a = 1}};
    const struct init standard = {.seed = test_seed(), .stream = stream, .p = {.b = 1}};
    const float *w = make(m, n, &init, 1);
    float x[50];
    double square = 0;
    table->init_normal(x, 0, m, &standard);
    for (size_t i = 0; i < m; i++) square += (double)x[i] * (double)x[i];
    for (size_t i = 0; i < m; i++) assert_true(fabs((double)w[i * n] - (double)x[i] / sqrt(square)) < 1e-6);
  }
}

/* Every generator and convention makes another matrix, orthogonal as well. */
static void test_streams(void **state) {
  (void)state;
  const struct init variants[] = {
      {.seed = 1, .p = {.a = 1}},
      {.seed = 2, .p = {.a = 1}},
      {.seed = 1, .stream = 1, .p = {.a = 1}},
      {.seed = 1, .p = {.a = 1}, .generator = table->threefry2x32_20},
      {.seed = 1, .p = {.a = 1}, .generator = table->ars4x32_7},
      {.seed = 1, .p = {.a = 1}, .generator = table->tensorflow_words, .convention = CONVENTION_TENSORFLOW},
      {.seed = 1, .p = {.a = 1}, .generator = table->jax_words, .convention = CONVENTION_JAX}};
  enum { COUNT = sizeof variants / sizeof *variants, SIDE = 30 };
  static float made[COUNT][SIDE * SIDE];
  for (size_t i = 0; i < COUNT; i++) {
    memcpy(made[i], make(SIDE, SIDE, &variants[i], 1), sizeof made[i]);
    assert_true(orthogonality(made[i], SIDE, SIDE, 1) < 2e-6);
    for (size_t j = 0; j < i; j++) assert_true(memcmp(made[i], made[j], sizeof made[i]) != 0);
  }
}

/* ---- the same bits ----------------------------------------------------------------------------------------------- */

static const size_t threaded[][2] = {{1, 1}, {100, 100}, {64, 300}, {391, 260}, {520, 530}, {2000, 70}};
#define THREADED_COUNT (sizeof threaded / sizeof *threaded)

static void test_threads(void **state) {
  (void)state;
  const struct init init = with_gain(1);
  for (size_t i = 0; i < THREADED_COUNT; i++) {
    const size_t rows = threaded[i][0], columns = threaded[i][1], bytes = rows * columns * sizeof(float);
    float *alone = malloc(bytes);
    memcpy(alone, make(rows, columns, &init, 1), bytes);
    for (int threads = 2; threads <= 4; threads++)
      if (memcmp(make(rows, columns, &init, threads), alone, bytes) != 0)
        fail_msg("%s: %zu x %zu depends on the number of threads", table->name, rows, columns);
    free(alone);
  }
}

static void test_transposed(void **state) {
  (void)state;
  const struct init init = with_gain(1);
  for (size_t i = 0; i < THREADED_COUNT; i++) {
    const size_t rows = threaded[i][0], columns = threaded[i][1], bytes = rows * columns * sizeof(float);
    if (rows == columns) continue;
    float *one = malloc(bytes);
    memcpy(one, make(rows, columns, &init, 1), bytes);
    const float *other = make(columns, rows, &init, 2);
    for (size_t r = 0; r < rows; r++)
      for (size_t c = 0; c < columns; c++)
        if (one[r * columns + c] != other[c * rows + r])
          fail_msg("%s: %zu x %zu is not the transpose of its transpose", table->name, rows, columns);
    free(one);
  }
}

/* FNV-1a digest of the weights of one shape. The ISAs with FMA agree on it; it changes with the generator, the normals,
 * ORTHOGONAL_BLOCK, ORTHOGONAL_LANES and GEMM_DEPTH, and with nothing else. */
#define DIGEST 0x37bfe6709b5d1c59u

static void test_same_everywhere(void **state) {
  (void)state;
#ifndef __FP_FAST_FMAF
  if (table == arch_table(ARCH_SCALAR)) skip(); /* it rounds products before it adds */
#endif
  const struct init init = {.seed = 3, .stream = 1, .p = {.a = 1}};
  uint64_t hash = 0xcbf29ce484222325u;
  const float *w = make(450, 133, &init, 2);
  for (size_t i = 0; i < 450 * 133; i++) {
    uint32_t bits;
    memcpy(&bits, &w[i], sizeof bits);
    hash = (hash ^ bits) * 0x100000001b3u;
  }
  if (hash != DIGEST) fail_msg("%s: the digest is 0x%016llx", table->name, (unsigned long long)hash);
}

/* ---- distribution ------------------------------------------------------------------------------------------------ */

#define SIDE 5
#define MATRICES 20000

static double determinant(const float *w) {
  double a[SIDE][SIDE], product = 1;
  for (size_t i = 0; i < SIDE * SIDE; i++) a[i / SIDE][i % SIDE] = (double)w[i];
  for (size_t k = 0; k < SIDE; k++) {
    size_t pivot = k;
    for (size_t i = k + 1; i < SIDE; i++)
      if (fabs(a[i][k]) > fabs(a[pivot][k])) pivot = i;
    for (size_t j = 0; j < SIDE; j++) {
      const double kept = a[k][j];
      a[k][j] = a[pivot][j], a[pivot][j] = kept;
    }
    product *= (pivot == k ? 1 : -1) * a[k][k];
    for (size_t i = k + 1; i < SIDE; i++)
      for (size_t j = SIDE; j-- > k;) a[i][j] -= a[i][k] / a[k][k] * a[k][j];
  }
  return product;
}

/* Fails when the mean of a quantity over many matrices is more than five of its standard errors from what it should be:
 * once in two million. */
struct tally {
  double sum, squares;
};
static void count(struct tally *tally, double x) { tally->sum += x, tally->squares += x * x; }
static void expect(const char *what, const struct tally *tally, double expected) {
  const double mean = tally->sum / MATRICES, variance = tally->squares / MATRICES - mean * mean;
  if (!(fabs(mean - expected) <= 5 * sqrt(variance / MATRICES)))
    fail_msg("%s: the mean of %s is %.5f, expected %.5f +- %.5f", table->name, what, mean, expected,
             sqrt(variance / MATRICES));
}

/* Moments of the orthogonal group: Diaconis and Shahshahani, "On the eigenvalues of random matrices", J. Appl. Prob.
 * 31A, 1994 (traces of powers), and Collins and Sniady 2006 (products of entries). Q as LAPACK leaves it fails the
 * first two: its diagonal is mostly negative. */
static void test_haar(void **state) {
  (void)state;
  static struct tally entry[SIDE * SIDE], square[SIDE * SIDE], fourth[SIDE * SIDE], trace, trace_square, square_trace,
      apart, crossed, sign;
  struct init init = with_gain(1);
  for (uint64_t i = 0; i < MATRICES; i++) {
    init.stream = i;
    const float *w = make(SIDE, SIDE, &init, 1);
    double sum = 0, sum_square = 0;
    for (size_t j = 0; j < SIDE * SIDE; j++) {
      const double x = (double)w[j], transposed = (double)w[j % SIDE * SIDE + j / SIDE];
      count(&entry[j], x), count(&square[j], x * x), count(&fourth[j], x * x * x * x);
      sum += j % (SIDE + 1) == 0 ? x : 0;
      sum_square += x * transposed;
    }
    const double a = (double)w[0], b = (double)w[SIDE - 1], c = (double)w[SIDE * (SIDE - 1)],
                 d = (double)w[SIDE * SIDE - 1];
    count(&trace, sum), count(&trace_square, sum * sum), count(&square_trace, sum_square);
    count(&apart, a * a * d * d), count(&crossed, a * b * c * d);
    count(&sign, determinant(w));
  }
  const double n = SIDE;
  for (size_t j = 0; j < SIDE * SIDE; j++) {
    expect("an entry", &entry[j], 0);
    expect("an entry's square", &square[j], 1 / n);
    expect("an entry's fourth power", &fourth[j], 3 / (n * (n + 2))); /* kurtosis 3 n / (n + 2) */
  }
  expect("the trace", &trace, 0);
  expect("the trace's square", &trace_square, 1);
  expect("the square's trace", &square_trace, 1);
  expect("w11^2 w22^2", &apart, (n + 1) / ((n - 1) * n * (n + 2)));
  expect("w11 w12 w21 w22", &crossed, -1 / ((n - 1) * n * (n + 2)));
  expect("the determinant", &sign, 0);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void test_workspace(void **state) {
  (void)state;
  size_t (*const bytes)(size_t, size_t, int) = table->matrix_workspace_bytes;
  const size_t half = (size_t)1 << (sizeof(size_t) * 4);
  assert_int_equal(bytes(half, half, 1), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX, 2, 1), SIZE_MAX);
  assert_int_equal(bytes(2, SIZE_MAX, 1), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX / 4 + 1, 1, 1), SIZE_MAX);
  assert_int_equal(bytes(1, SIZE_MAX / 4, 1), SIZE_MAX);
  assert_true(bytes(1 << 14, 1 << 14, 1) < 32 << 20); /* less than a twentieth of the weights */
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small),      cmocka_unit_test(test_large),           cmocka_unit_test(test_gain),
      cmocka_unit_test(test_sign),       cmocka_unit_test(test_streams),         cmocka_unit_test(test_threads),
      cmocka_unit_test(test_transposed), cmocka_unit_test(test_same_everywhere), cmocka_unit_test(test_haar),
      cmocka_unit_test(test_workspace),
  };
  return cmocka_run_group_tests_name(table->name, tests, setup_memory, free_memory) ? 1 : 0;
}
