/* Batch and layer normalization of one arch: both passes against their references within the bounds that kernels.h
 * states, the references against finite differences; equal and huge and outlying numbers, NaN and infinity; the same
 * bits in place, for any number of threads, on every ISA; between guard pages. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

#define SMALL (70 * 70)
#define LARGEST (130 * 1030)
#define UNIT 0x1p-24

static const struct kernel_table *table;

/* One of the two normalizations. */
struct kind {
  const char *name;
  const struct kernel *forward, *backward;
  bool by_column;
};
static const struct kind batch = {"batch", &kernels[KERNEL_batch_norm_forward], &kernels[KERNEL_batch_norm_backward],
                                  true};
static const struct kind layer = {"layer", &kernels[KERNEL_layer_norm_forward], &kernels[KERNEL_layer_norm_backward],
                                  false};

static size_t groups_of(const struct kind *kind, size_t rows, size_t columns) {
  return kind->by_column ? columns : rows;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

enum array { Z, GAMMA, BETA, N, MEAN, INVERSE, DN, DZ, DGAMMA, DBETA, ARRAYS };
static const char *const array_names[ARRAYS] = {"z",       "gamma", "beta", "n",      "mean",
                                                "inverse", "dn",    "dz",   "dgamma", "dbeta"};
/* Whole buffers are looked at: most shapes have small ones. */
static struct guarded small_memory[ARRAYS], large_memory[ARRAYS];
static const struct guarded *memory;

static int setup_memory(void **state) {
  (void)state;
  for (int a = 0; a < ARRAYS; a++) {
    small_memory[a] = guarded_allocate((SMALL + 64) * sizeof(float));
    large_memory[a] = guarded_allocate((LARGEST + 64) * sizeof(float));
  }
  return 0;
}

static int free_memory(void **state) {
  (void)state;
  for (int a = 0; a < ARRAYS; a++) guarded_free(&small_memory[a]), guarded_free(&large_memory[a]);
  return 0;
}

/* How z and the like are made, and what is asked for. */
enum fill { ORDINARY, LARGE_MEAN, OUTLIER_FIRST, LARGE, TINY, FILLS };

struct trial {
  const struct kind *kind;
  size_t rows, columns;
  int threads;
  enum fill fill;
  bool has_gamma, has_beta, wants_dgamma, wants_dbeta;
  float *at[ARRAYS];
  size_t size[ARRAYS];
};

static float number(enum fill fill, bool first, uint64_t *random) {
  const float x = test_uniform(random, -2, 2);
  switch (fill) {
  case LARGE_MEAN: return 1e6f + x;
  case OUTLIER_FIRST: return first ? 1e4f : x;
  case LARGE: return x * 1e15f;
  case TINY: return x * 1e-6f;
  default: return x;
  }
}

static struct trial make(const struct kind *kind, size_t rows, size_t columns, size_t variant) {
  const size_t groups = groups_of(kind, rows, columns), n = rows * columns;
  struct trial t = {.kind = kind,
                    .rows = rows,
                    .columns = columns,
                    .threads = 1 + (int)(variant % 3),
                    .fill = variant % FILLS,
                    .has_gamma = variant % 4 != 1,
                    .has_beta = variant % 4 < 2,
                    .wants_dgamma = variant % 5 != 2,
                    .wants_dbeta = variant % 5 < 3,
                    .size = {n, columns, columns, n, groups, groups, n, n, columns, columns}};
  uint64_t random = test_seed() + variant * 1000003 + rows * 1009 + columns;
  assert_true(n <= LARGEST);
  memory = n <= SMALL ? small_memory : large_memory;
  for (int a = 0; a < ARRAYS; a++) {
    const size_t shift = (variant + (size_t)a) % (table->lanes + 1);
    guarded_reset(&memory[a]);
    t.at[a] = guarded_place(&memory[a], t.size[a], shift, shift == table->lanes);
  }
  for (size_t i = 0; i < n; i++) {
    t.at[Z][i] = number(t.fill, (kind->by_column ? i / columns : i % columns) == 0, &random);
    t.at[DN][i] = test_uniform(&random, -1, 1);
  }
  for (size_t i = 0; i < columns; i++)
    t.at[GAMMA][i] = test_uniform(&random, -2, 2), t.at[BETA][i] = test_uniform(&random, -1, 1);
  return t;
}

static struct norm norm_of(const struct trial *t) {
  return (struct norm){.rows = t->rows,
                       .columns = t->columns,
                       .z = t->at[Z],
                       .gamma = t->has_gamma ? t->at[GAMMA] : NULL,
                       .beta = t->has_beta ? t->at[BETA] : NULL,
                       .n = t->at[N],
                       .mean = t->at[MEAN],
                       .inverse = t->at[INVERSE],
                       .dn = t->at[DN],
                       .dz = t->at[DZ],
                       .dgamma = t->wants_dgamma ? t->at[DGAMMA] : NULL,
                       .dbeta = t->wants_dbeta ? t->at[DBETA] : NULL,
                       .epsilon = 1e-5f,
                       .threads = t->threads};
}

static void run(const struct kernel *kernel, const struct norm *norm) {
  ((norm_kernel *)kernel_in_table(table, kernel))(norm);
}

static void fail_at(const struct trial *t, const char *what, size_t i, double value, double expected) {
  fail_msg("%s normalization on %s, %zu x %zu, numbers of kind %d, %d threads: %s[%zu] is %.9g, expected %.17g",
           t->kind->name, table->name, t->rows, t->columns, (int)t->fill, t->threads, what, i, value, expected);
}

/* An output that the kernel must leave alone. */
static void expect_untouched(const struct trial *t, enum array a) {
  if (!guarded_untouched(&memory[a], t->at[a], 0)) fail_at(t, array_names[a], 0, 0, 0);
}
static void expect_inside(const struct trial *t, enum array a) {
  if (!guarded_untouched(&memory[a], t->at[a], t->size[a] * sizeof(float))) fail_at(t, "outside", (size_t)a, 0, 0);
}

/* ---- against the references -------------------------------------------------------------------------------------- */

static double *zeros(size_t n) { return calloc(n + 1, sizeof(double)); }

/* e of kernels.h for a chain of so many terms. */
static double error_of(const struct kernel *kernel, size_t terms) {
  const double c = kernel->bound.ulp;
  return c * ((double)terms + 8 * c) * UNIT;
}
static size_t chain(const struct trial *t) { return t->kind->by_column ? t->rows : t->columns / 64 + 7; }

static void check_forward(const struct trial *t, const struct norm *norm) {
  const size_t groups = t->size[MEAN], n = t->size[N];
  double *z = test_doubles(t->at[Z], n), *gamma = test_doubles(t->at[GAMMA], t->columns);
  double *beta = test_doubles(t->at[BETA], t->columns), *exact = zeros(n), *terms = zeros(n), *mean = zeros(groups);
  double *inverse = zeros(groups), *spread = zeros(groups);
  const struct norm_double truth = {.rows = t->rows,
                                    .columns = t->columns,
                                    .z = z,
                                    .gamma = norm->gamma ? gamma : NULL,
                                    .beta = norm->beta ? beta : NULL,
                                    .n = exact,
                                    .mean = mean,
                                    .inverse = inverse,
                                    .n_terms = terms,
                                    .spread = spread,
                                    .epsilon = (double)norm->epsilon};
  const double e = error_of(t->kind->forward, chain(t));
  run(t->kind->forward, norm);
  ((norm_reference *)reference_functions[t->kind->forward - kernels])(&truth);
  for (size_t i = 0; n && i < groups; i++) {
    const double of_mean = UNIT * fabs(mean[i]) + e * spread[i] / inverse[i];
    const double of_inverse = (e * (1 + spread[i]) + e * spread[i] * e * spread[i]) * inverse[i];
    if (!(fabs((double)t->at[MEAN][i] - mean[i]) <= of_mean)) fail_at(t, "mean", i, (double)t->at[MEAN][i], mean[i]);
    if (!(fabs((double)t->at[INVERSE][i] - inverse[i]) <= of_inverse))
      fail_at(t, "inverse", i, (double)t->at[INVERSE][i], inverse[i]);
  }
  for (size_t i = 0; i < n; i++)
    if (!(fabs((double)t->at[N][i] - exact[i]) <= e * terms[i])) fail_at(t, "n", i, (double)t->at[N][i], exact[i]);
  expect_inside(t, N), expect_inside(t, MEAN), expect_inside(t, INVERSE);
  free(z), free(gamma), free(beta), free(exact), free(terms), free(mean), free(inverse), free(spread);
}

static void check_sums(const struct trial *t, enum array a, const double *exact, const double *terms, double e) {
  for (size_t i = 0; i < t->columns; i++)
    if (!(fabs((double)t->at[a][i] - exact[i]) <= e * terms[i]))
      fail_at(t, array_names[a], i, (double)t->at[a][i], exact[i]);
}

static void check_backward(const struct trial *t, const struct norm *norm) {
  const size_t groups = t->size[MEAN], n = t->size[N], columns = t->columns;
  double *z = test_doubles(t->at[Z], n), *gamma = test_doubles(t->at[GAMMA], columns), *exact = zeros(n);
  double *dn = test_doubles(t->at[DN], n), *mean = test_doubles(t->at[MEAN], groups), *terms = zeros(n);
  double *inverse = test_doubles(t->at[INVERSE], groups), *dgamma = zeros(columns), *dbeta = zeros(columns);
  double *dgamma_terms = zeros(columns), *dbeta_terms = zeros(columns);
  const struct norm_double truth = {.rows = t->rows,
                                    .columns = columns,
                                    .z = z,
                                    .gamma = norm->gamma ? gamma : NULL,
                                    .mean = mean,
                                    .inverse = inverse,
                                    .dn = dn,
                                    .dz = exact,
                                    .dgamma = dgamma,
                                    .dbeta = dbeta,
                                    .dz_terms = terms,
                                    .dgamma_terms = dgamma_terms,
                                    .dbeta_terms = dbeta_terms,
                                    .epsilon = (double)norm->epsilon};
  const double e = error_of(t->kind->backward, chain(t)), over_rows = error_of(t->kind->backward, t->rows);
  run(t->kind->backward, norm);
  ((norm_reference *)reference_functions[t->kind->backward - kernels])(&truth);
  for (size_t i = 0; i < n; i++)
    if (!(fabs((double)t->at[DZ][i] - exact[i]) <= e * terms[i])) fail_at(t, "dz", i, (double)t->at[DZ][i], exact[i]);
  if (norm->dgamma)
    check_sums(t, DGAMMA, dgamma, dgamma_terms, over_rows), expect_inside(t, DGAMMA);
  else
    expect_untouched(t, DGAMMA);
  if (norm->dbeta)
    check_sums(t, DBETA, dbeta, dbeta_terms, over_rows), expect_inside(t, DBETA);
  else
    expect_untouched(t, DBETA);
  expect_inside(t, DZ);
  free(z), free(gamma), free(exact), free(dn), free(mean), free(terms), free(inverse), free(dgamma), free(dbeta);
  free(dgamma_terms), free(dbeta_terms);
}

/* Written over what they read, both passes give the same bits. */
static void check_in_place(const struct trial *t, struct norm norm) {
  const size_t n = t->size[N], bytes = n * sizeof(float);
  float *const z = malloc(bytes + 1);
  memcpy(z, t->at[Z], bytes);
  norm.n = t->at[Z], norm.dz = t->at[DN];
  run(t->kind->forward, &norm);
  if (memcmp(t->at[Z], t->at[N], bytes) != 0) fail_at(t, "n in place", 0, 0, 0);
  norm.z = z;
  run(t->kind->backward, &norm);
  if (memcmp(t->at[DN], t->at[DZ], bytes) != 0) fail_at(t, "dz in place", 0, 0, 0);
  free(z);
}

static void check_shape(const struct kind *kind, size_t rows, size_t columns, size_t variant) {
  const struct trial t = make(kind, rows, columns, variant);
  const struct norm norm = norm_of(&t);
  check_forward(&t, &norm);
  check_backward(&t, &norm);
  check_in_place(&t, norm);
}

static void test_shapes(void **state) {
  const size_t sizes[] = {0, 1, 2, 3, 7, 15, 16, 17, 33, 63, 64, 65, 100, 130};
  const size_t count = sizeof sizes / sizeof *sizes;
  size_t variant = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++, variant++) check_shape(*state, sizes[i], sizes[j], variant);
}

/* More than a block keeps, than a group has room for, and enough to share. */
static void test_large_shapes(void **state) {
  const size_t shapes[][2] = {{700, 21}, {2100, 5}, {5, 4100}, {9, 1030}, {128, 260}, {260, 128}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (size_t variant = 0; variant < 3; variant++) check_shape(*state, shapes[i][0], shapes[i][1], i + 7 * variant);
}

/* ---- the references against finite differences ------------------------------------------------------------------- */

#define FD_ROWS 5
#define FD_COLUMNS 7

/* sum of factors n, the loss that dn are the factors of. */
static double loss_of(const struct kind *kind, struct norm_double *norm, const double *factors) {
  double loss = 0;
  ((norm_reference *)reference_functions[kind->forward - kernels])(norm);
  for (size_t i = 0; i < norm->rows * norm->columns; i++) loss += factors[i] * norm->n[i];
  return loss;
}

static void expect_slopes(const struct kind *kind, struct norm_double *norm, double *x, size_t n, const double *slopes,
                          const char *what) {
  const double step = 1e-5;
  for (size_t i = 0; i < n; i++) {
    const double kept = x[i];
    x[i] = kept + step;
    const double above = loss_of(kind, norm, norm->dn);
    x[i] = kept - step;
    const double below = loss_of(kind, norm, norm->dn), slope = (above - below) / (2 * step);
    x[i] = kept;
    if (!(fabs(slope - slopes[i]) < 1e-7 * (1 + fabs(slope))))
      fail_msg("%s normalization: %s[%zu] is %.12g, differences give %.12g", kind->name, what, i, slopes[i], slope);
  }
}

static void test_finite_differences(void **state) {
  const struct kind *kind = *state;
  enum { N_ALL = FD_ROWS * FD_COLUMNS };
  double z[N_ALL], gamma[FD_COLUMNS], beta[FD_COLUMNS], n[N_ALL], mean[FD_COLUMNS], inverse[FD_COLUMNS], dn[N_ALL],
      dz[N_ALL], dgamma[FD_COLUMNS], dbeta[FD_COLUMNS];
  uint64_t random = test_seed();
  struct norm_double norm = {.rows = FD_ROWS,
                             .columns = FD_COLUMNS,
                             .z = z,
                             .gamma = gamma,
                             .beta = beta,
                             .n = n,
                             .mean = mean,
                             .inverse = inverse,
                             .dn = dn,
                             .dz = dz,
                             .dgamma = dgamma,
                             .dbeta = dbeta,
                             .epsilon = 0.01};
  for (size_t i = 0; i < N_ALL; i++)
    z[i] = (double)test_uniform(&random, -2, 2), dn[i] = (double)test_uniform(&random, -1, 1);
  for (size_t i = 0; i < FD_COLUMNS; i++)
    gamma[i] = (double)test_uniform(&random, -2, 2), beta[i] = (double)test_uniform(&random, -1, 1);
  loss_of(kind, &norm, dn);
  ((norm_reference *)reference_functions[kind->backward - kernels])(&norm);
  expect_slopes(kind, &norm, z, N_ALL, dz, "dz");
  expect_slopes(kind, &norm, gamma, FD_COLUMNS, dgamma, "dgamma");
  expect_slopes(kind, &norm, beta, FD_COLUMNS, dbeta, "dbeta");
}

/* ---- special numbers --------------------------------------------------------------------------------------------- */

/* Groups of equal numbers of any size, and groups of one: n are beta, dz are 0 within rounding. */
static void test_equal(void **state) {
  const struct kind *kind = *state;
  const float values[] = {0, -0.0f, 0.1f, -1e6f, 3e38f, 0x1p-149f};
  for (size_t size = 1; size <= 200; size += size < 10 ? 1 : 37)
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
      struct trial t = make(kind, kind->by_column ? size : 3, kind->by_column ? 3 : size, 0);
      const struct norm norm = norm_of(&t);
      for (size_t i = 0; i < t.size[Z]; i++) t.at[Z][i] = values[v];
      run(kind->forward, &norm);
      for (size_t i = 0; i < t.size[N]; i++)
        if (t.at[N][i] != t.at[BETA][i % t.columns])
          fail_at(&t, "n of equal z", i, (double)t.at[N][i], (double)t.at[BETA][i % t.columns]);
      for (size_t i = 0; i < t.size[MEAN]; i++)
        assert_true(t.at[MEAN][i] == values[v] && t.at[INVERSE][i] == 1 / sqrtf(1e-5f));
      run(kind->backward, &norm);
      for (size_t i = 0; i < t.size[DZ]; i++) assert_true(isfinite(t.at[DZ][i]));
      if (size == 1)
        for (size_t i = 0; i < t.size[DZ]; i++) assert_true(fabsf(t.at[DZ][i]) < 1e-3f);
    }
}

/* A small spread on a large number: the statistics of the spread alone. Whole numbers around 2^23 are exact. */
static void test_large_mean(void **state) {
  const struct kind *kind = *state;
  const struct trial t = make(kind, 96, 96, 0);
  const struct norm norm = norm_of(&t);
  for (size_t i = 0; i < 96 * 96; i++) t.at[Z][i] = 0x1p23f + (float)((i / 96 + i % 96) % 4);
  run(kind->forward, &norm);
  for (size_t i = 0; i < 96; i++) {
    assert_true(fabs((double)t.at[MEAN][i] - (0x1p23 + 1.5)) <= 0.5);
    assert_true(fabs((double)t.at[INVERSE][i] * sqrt(1.25 + 1e-5) - 1) < 1e-6);
  }
  for (size_t i = 0; i < 96 * 96; i++) {
    const double x = ((double)((i / 96 + i % 96) % 4) - 1.5) / sqrt(1.25 + 1e-5);
    const double expected = (double)t.at[GAMMA][i % 96] * x + (double)t.at[BETA][i % 96];
    if (!(fabs((double)t.at[N][i] - expected) < 2e-6)) fail_at(&t, "n", i, (double)t.at[N][i], expected);
  }
}

/* What is not finite makes its own group NaN, and no other. */
static void test_not_finite(void **state) {
  const struct kind *kind = *state;
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t b = 0; b < 3; b++)
    for (size_t where = 0; where < 70; where += 3) {
      const struct trial t = make(kind, 70, 70, 0);
      const struct norm norm = norm_of(&t);
      const size_t group = where / 2, at = kind->by_column ? where * 70 + group : group * 70 + where;
      t.at[Z][at] = bad[b];
      run(kind->forward, &norm);
      for (size_t i = 0; i < 70 * 70; i++) {
        const bool inside = (kind->by_column ? i % 70 : i / 70) == group;
        if (!isnan(t.at[N][i]) == inside) fail_at(&t, "n beside what is not finite", i, (double)t.at[N][i], 0);
      }
      run(kind->backward, &norm);
      for (size_t i = 0; i < 70 * 70; i++) {
        const bool inside = (kind->by_column ? i % 70 : i / 70) == group;
        if (!isnan(t.at[DZ][i]) == inside) fail_at(&t, "dz beside what is not finite", i, (double)t.at[DZ][i], 0);
      }
    }
}

/* ---- the same bits ----------------------------------------------------------------------------------------------- */

/* All that both passes write, one after the other. */
static size_t outputs_of(const struct trial *t, const struct kernel_table *of, int threads, float *all) {
  static const enum array written[] = {N, MEAN, INVERSE, DZ, DGAMMA, DBETA};
  struct norm norm = norm_of(t);
  size_t count = 0;
  norm.threads = threads;
  ((norm_kernel *)kernel_in_table(of, t->kind->forward))(&norm);
  ((norm_kernel *)kernel_in_table(of, t->kind->backward))(&norm);
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    memcpy(all + count, t->at[written[i]], t->size[written[i]] * sizeof *all);
    count += t->size[written[i]];
  }
  return count;
}

static const size_t shared[][2] = {{1, 1}, {9, 31}, {64, 256}, {128, 1024}, {127, 1023}, {1000, 99}, {20, 4100}};

/* For any number of threads, and on every ISA that has FMA. */
static void test_same_bits(void **state) {
  const struct kind *kind = *state;
  const struct cpu_features cpu = cpu_detect();
  float *const mine = malloc(3 * LARGEST * sizeof *mine), *const other = malloc(3 * LARGEST * sizeof *other);
  bool compares = true;
#ifndef __FP_FAST_FMAF
  compares = strcmp(table->name, "scalar") != 0;
#endif
  for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
    const struct trial t = make(kind, shared[i][0], shared[i][1], 0);
    const size_t count = outputs_of(&t, table, 1, mine);
    for (int threads = 2; threads <= 7; threads += threads < 4 ? 1 : 3)
      if (outputs_of(&t, table, threads, other), memcmp(mine, other, count * sizeof *mine) != 0)
        fail_at(&t, "something for another number of threads", (size_t)threads, 0, 0);
    for (enum arch arch = ARCH_NEON; compares && arch < ARCH_COUNT; arch++)
      if (!arch_obstacle(arch, &cpu) &&
          (outputs_of(&t, arch_table(arch), 1, other), memcmp(mine, other, count * sizeof *mine) != 0))
        fail_at(&t, arch_name(arch), 0, 0, 0);
  }
  free(mine), free(other);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  test_seed();
#define OF_BOTH(test)                                                                                                  \
  {#test " batch", test, NULL, NULL, (void *)(uintptr_t)&batch}, {                                                     \
#test " layer", test, NULL, NULL, (void *)(uintptr_t)&layer                                                        \
  }
  const struct CMUnitTest tests[] = {
      OF_BOTH(test_shapes),     OF_BOTH(test_large_shapes), OF_BOTH(test_finite_differences), OF_BOTH(test_equal),
      OF_BOTH(test_large_mean), OF_BOTH(test_not_finite),   OF_BOTH(test_same_bits),
  };
  return cmocka_run_group_tests_name(table->name, tests, setup_memory, free_memory) ? 1 : 0;
}
