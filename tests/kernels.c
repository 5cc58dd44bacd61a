/* Every kernel of kernels.def against its reference, within its bound: lengths from 0 to beyond the unrolled loop,
 * every misalignment, in place, special values, nothing read or written outside. A new line in kernels.def is tested
 * here without a further word; an initializer in fills.c. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

#define MAX_LENGTH TEST_LONGEST

static const struct kernel_table *table;

static kernel_function *find(const struct kernel *kernel) { return kernel_in_table(table, kernel); }

static size_t next_length(size_t n) { return test_next_length(n, table->lanes); }

/* The same bits, but that any NaN is as good as another. */
static bool same_bits(const float *a, const float *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return false;
  return true;
}

static void fail_at(const struct kernel *kernel, const char *what, size_t n, size_t i, double value, double reference) {
  fail_msg("%s on %s: %s, length %zu, element %zu: %.9g, expected %.17g", kernel->name, table->name, what, n, i, value,
           reference);
}

/* ---- elementwise: map, backward, update -------------------------------------------------------------------------- */

struct elementwise {
  struct guarded x, dy, out;
};

/* Where a kernel takes an output of the activation, x becomes one. */
static void make_outputs(const struct kernel *kernel, float *x, size_t n) {
  const char *suffix = strstr(kernel->name, "_from_output");
  char forward[64];
  if (!suffix) return;
  snprintf(forward, sizeof forward, "%.*s_forward", (int)(suffix - kernel->name), kernel->name);
  ((map_kernel *)kernel_in_table(table, kernel_find(forward)))(x, x, n, kernel->defaults);
}

static void run_elementwise(const struct kernel *kernel, const float *x, const float *dy, float *out, size_t n,
                            float rate, int streamed) {
  kernel_function *function = find(kernel);
  struct parameters p = kernel->defaults;
  p.streamed = streamed;
  switch (kernel->signature) {
  case SIGNATURE_map: ((map_kernel *)function)(x, out, n, p); break;
  case SIGNATURE_backward: ((backward_kernel *)function)(x, dy, out, n, p); break;
  default:
    if (out != x) memcpy(out, x, n * sizeof *out);
    ((update_kernel *)function)(out, dy, n, rate);
  }
}

static void check_elementwise(const struct kernel *kernel, const float *x, const float *dy, const float *out, size_t n,
                              float rate) {
  kernel_function *reference = reference_functions[kernel - kernels];
  for (size_t i = 0; i < n; i++) {
    double expected, slack = 0;
    if (kernel->signature == SIGNATURE_map) {
      expected = ((map_reference *)reference)((double)x[i], kernel->defaults);
    } else if (kernel->signature == SIGNATURE_backward) {
      expected = ((backward_reference *)reference)((double)x[i], (double)dy[i], kernel->defaults);
      slack = kernel->bound.absolute * fabs((double)dy[i]); /* the slope's absolute error, scaled like the slope */
      /* The kernel rounds f'(x) to a float, which may underflow or overflow before dy scales it back. */
      const double slope = ((backward_reference *)reference)((double)x[i], 1.0, kernel->defaults);
      /* The textbook's formulas lose slopes that no float can hold, ours do not. */
      const bool lost = fabs(slope) < 0x1p-126 || fabs(slope) > 0x1.fffffep127;
      if (strstr(kernel->name, "_sleef") && (lost || isinf(dy[i]))) continue;
      if (fabs(slope) < 0x1p-126) slack += (kernel->bound.ulp + 1) * 0x1p-149 * fabs((double)dy[i]);
    } else {
      expected = ((update_reference *)reference)((double)x[i], (double)dy[i], (double)rate);
      const double terms = fabs((double)x[i]) + fabs((double)rate * (double)dy[i]), c = kernel->bound.ulp;
      slack = kernel->bound.kind == BOUND_GAMMA ? c * (2 + c) * 0x1p-24 * terms + 0x1p-149 : 0;
      /* Without FMA the product may overflow alone. */
      if (isinf((float)((double)rate * (double)dy[i])) || isinf((float)expected)) continue;
    }
    if (!within_bound(kernel, out[i], expected) && !(fabs((double)out[i] - expected) <= slack)) {
      printf("x = %.9g (%a), second operand %.9g\n", (double)x[i], (double)x[i], (double)dy[i]);
      fail_at(kernel, "wrong value", n, i, (double)out[i], expected);
    }
  }
}

static void test_elementwise(const struct kernel *kernel) {
  const size_t bytes = (MAX_LENGTH + 64) * sizeof(float);
  struct elementwise b = {guarded_allocate(bytes), guarded_allocate(bytes), guarded_allocate(bytes)};
  uint64_t state = test_seed();
  const float rate = 0.1f;
  for (size_t n = 0; n <= MAX_LENGTH; n = next_length(n))
    for (size_t shift = 0; shift <= table->lanes; shift++) {
      const bool at_end = shift == table->lanes;
      float *x = guarded_place(&b.x, n, shift, at_end),
            *dy = guarded_place(&b.dy, n, (shift + n) % table->lanes, at_end);
      float *out = guarded_place(&b.out, n, (shift + n / 2) % table->lanes, at_end);
      for (size_t i = 0; i < n; i++) x[i] = test_any_float(&state), dy[i] = test_any_float(&state);
      make_outputs(kernel, x, n);
      guarded_reset(&b.out);
      run_elementwise(kernel, x, dy, out, n, rate, 0);
      check_elementwise(kernel, x, dy, out, n, rate);
      if (!guarded_untouched(&b.out, out, n * sizeof *out)) fail_at(kernel, "wrote outside", n, 0, 0, 0);

      /* Streamed, in place over x, and over dy where there is one: the same bits. */
      float saved[MAX_LENGTH];
      memcpy(saved, out, n * sizeof *out);
      guarded_reset(&b.out);
      run_elementwise(kernel, x, dy, out, n, rate, 1);
      if (!same_bits(saved, out, n)) fail_at(kernel, "differs when streamed", n, 0, 0, 0);
      if (!guarded_untouched(&b.out, out, n * sizeof *out)) fail_at(kernel, "streamed outside", n, 0, 0, 0);
      memcpy(saved, x, n * sizeof *x);
      run_elementwise(kernel, x, dy, x, n, rate, 0);
      if (!same_bits(x, out, n)) fail_at(kernel, "differs in place", n, 0, 0, 0);
      if (kernel->signature == SIGNATURE_backward) {
        run_elementwise(kernel, saved, dy, dy, n, rate, 0);
        if (!same_bits(dy, out, n)) fail_at(kernel, "differs in place of dy", n, 0, 0, 0);
      }
    }
  guarded_free(&b.x), guarded_free(&b.dy), guarded_free(&b.out);
}

/* ---- fused passes: the bits of the separate kernels ----------------------------------------------------------------
 */

/* The kernel of the same activation that ends in other instead of suffix. */
static const struct kernel *sibling(const struct kernel *kernel, const char *suffix, const char *other) {
  char name[64];
  snprintf(name, sizeof name, "%.*s%s", (int)(strlen(kernel->name) - strlen(suffix)), kernel->name, other);
  const struct kernel *found = kernel_find(name);
  if (!found) fail_msg("%s has no %s beside it", kernel->name, name);
  return found;
}

static void test_bias(const struct kernel *kernel) {
  const size_t bytes = (MAX_LENGTH + 64) * sizeof(float);
  struct guarded xs = guarded_allocate(bytes), biases = guarded_allocate(bytes), outs = guarded_allocate(bytes);
  bias_reference *reference = (bias_reference *)reference_functions[kernel - kernels];
  map_kernel *const forward = (map_kernel *)find(sibling(kernel, "_bias", "_forward"));
  uint64_t state = test_seed();
  for (size_t columns = 0; columns <= 4 * table->lanes + 1; columns++)
    for (size_t rows = 0; rows <= 3; rows++) {
      const size_t n = rows * columns, shift = (columns + rows) % (table->lanes + 1);
      const bool at_end = shift == table->lanes;
      float *x = guarded_place(&xs, n, shift, at_end), *bias = guarded_place(&biases, columns, shift, at_end);
      float *out = guarded_place(&outs, n, shift, at_end), sums[MAX_LENGTH], separate[MAX_LENGTH];
      for (size_t i = 0; i < n; i++) x[i] = test_any_float(&state);
      for (size_t i = 0; i < columns; i++) bias[i] = test_any_float(&state);
      for (size_t i = 0; i < n; i++) sums[i] = x[i] + bias[i % columns];
      guarded_reset(&outs);
      ((bias_kernel *)find(kernel))(x, bias, out, rows, columns, kernel->defaults);
      for (size_t i = 0; i < n; i++)
        if (!within_bound(kernel, out[i], reference((double)sums[i], kernel->defaults)))
          fail_at(kernel, "wrong value", n, i, (double)out[i], reference((double)sums[i], kernel->defaults));
      if (!guarded_untouched(&outs, out, n * sizeof *out)) fail_at(kernel, "wrote outside", n, 0, 0, 0);
      forward(sums, separate, n, kernel->defaults);
      ((bias_kernel *)find(kernel))(x, bias, x, rows, columns, kernel->defaults);
      for (size_t i = 0; i < n; i++)
        if (!same_bits(&x[i], &out[i], 1) || !same_bits(&separate[i], &out[i], 1))
          fail_at(kernel, "differs in place or from the forward pass", n, i, (double)x[i], (double)out[i]);
    }
  guarded_free(&xs), guarded_free(&biases), guarded_free(&outs);
}

static void test_both(const struct kernel *kernel) {
  const size_t bytes = (MAX_LENGTH + 64) * sizeof(float);
  struct guarded xs = guarded_allocate(bytes), ys = guarded_allocate(bytes), slopes = guarded_allocate(bytes);
  both_reference *reference = (both_reference *)reference_functions[kernel - kernels];
  const struct kernel *const of_value = sibling(kernel, "_both", "_forward");
  map_kernel *const forward = (map_kernel *)find(of_value);
  map_kernel *const derivative = (map_kernel *)find(sibling(kernel, "_both", "_derivative"));
  const struct parameters p = kernel->defaults;
  uint64_t state = test_seed();
  for (size_t n = 0; n <= MAX_LENGTH; n = next_length(n)) {
    const size_t shift = n % (table->lanes + 1);
    const bool at_end = shift == table->lanes;
    float *x = guarded_place(&xs, n, shift, at_end), *y = guarded_place(&ys, n, (shift + 1) % table->lanes, at_end);
    float *slope = guarded_place(&slopes, n, (shift + 2) % table->lanes, at_end), separate[MAX_LENGTH],
          separate_slope[MAX_LENGTH];
    for (size_t i = 0; i < n; i++) x[i] = test_any_float(&state);
    guarded_reset(&ys), guarded_reset(&slopes);
    ((both_kernel *)find(kernel))(x, y, slope, n, p);
    for (size_t i = 0; i < n; i++) {
      double value_expected, slope_expected;
      reference((double)x[i], p, &value_expected, &slope_expected);
      if (!within_bound(of_value, y[i], value_expected)) fail_at(kernel, "value", n, i, (double)y[i], value_expected);
      if (!within_bound(kernel, slope[i], slope_expected))
        fail_at(kernel, "slope", n, i, (double)slope[i], slope_expected);
    }
    if (!guarded_untouched(&ys, y, n * sizeof *y) || !guarded_untouched(&slopes, slope, n * sizeof *slope))
      fail_at(kernel, "wrote outside", n, 0, 0, 0);
    forward(x, separate, n, p), derivative(x, separate_slope, n, p);
    if (!same_bits(separate, y, n) || !same_bits(separate_slope, slope, n))
      fail_at(kernel, "differs from the separate passes", n, 0, 0, 0);
    float saved[MAX_LENGTH];
    memcpy(saved, x, n * sizeof *x);
    ((both_kernel *)find(kernel))(x, x, separate_slope, n, p);
    ((both_kernel *)find(kernel))(saved, separate, saved, n, p);
    if (!same_bits(x, y, n) || !same_bits(saved, slope, n)) fail_at(kernel, "differs in place", n, 0, 0, 0);
  }
  guarded_free(&xs), guarded_free(&ys), guarded_free(&slopes);
}

static void test_parameter(const struct kernel *kernel) {
  const size_t bytes = (MAX_LENGTH + 64) * sizeof(float);
  struct guarded xs = guarded_allocate(bytes), dys = guarded_allocate(bytes);
  parameter_reference *reference = (parameter_reference *)reference_functions[kernel - kernels];
  uint64_t state = test_seed();
  for (size_t n = 0; n <= MAX_LENGTH; n = next_length(n))
    for (size_t shift = 0; shift <= table->lanes; shift++) {
      float *x = guarded_place(&xs, n, shift, shift == table->lanes),
            *dy = guarded_place(&dys, n, shift, shift == table->lanes), da = NAN;
      double expected = 0, terms = 0;
      for (size_t i = 0; i < n; i++) {
        x[i] = test_uniform(&state, -2, 2), dy[i] = test_uniform(&state, -1, 1);
        const double term = reference((double)x[i], (double)dy[i], kernel->defaults);
        expected += term, terms += fabs(term);
      }
      ((parameter_kernel *)find(kernel))(x, dy, &da, n, kernel->defaults);
      /* Compensated: the error does not grow with n. */
      if (!(fabs((double)da - expected) <= kernel->bound.ulp * 2 * 0x1p-24 * terms))
        fail_at(kernel, "wrong sum", n, 0, (double)da, expected);
    }
  guarded_free(&xs), guarded_free(&dys);
}

/* ---- rows ----------------------------------------------------------------------------------------------------------
 */

/* Rows of ordinary numbers, of large ones, with -infinity, with one that stands out, and of equal ones. */
static void fill_row(uint64_t *state, float *x, size_t n, size_t kind) {
  const float spread = kind == 1 ? 200 : 4;
  for (size_t i = 0; i < n; i++) x[i] = kind == 4 ? 7 : test_uniform(state, -spread, spread);
  if (kind == 2 && n > 1) x[test_random(state) % n] = -INFINITY;
  if (kind == 3 && n > 0) x[test_random(state) % n] += 40;
}
#define ROW_KINDS 5

static void test_rows(const struct kernel *kernel) {
  const bool backward = kernel->signature == SIGNATURE_rows_backward;
  const size_t rows = ROW_KINDS, most = 1100;
  struct guarded xs = guarded_allocate(rows * most * sizeof(float)),
                 dys = guarded_allocate(rows * most * sizeof(float));
  struct guarded outs = guarded_allocate(rows * most * sizeof(float));
  kernel_function *const reference = reference_functions[kernel - kernels];
  uint64_t state = test_seed();
  for (size_t columns = 0; columns <= most; columns += columns < 4 * table->lanes + 1 ? 1 : columns < 1000 ? 487 : 29) {
    const size_t n = rows * columns, shift = columns % (table->lanes + 1);
    const bool at_end = shift == table->lanes;
    float *x = guarded_place(&xs, n, shift, at_end), *dy = guarded_place(&dys, n, shift, at_end),
          *out = guarded_place(&outs, n, shift, at_end);
    double *truth = malloc((n + 1) * sizeof *truth), *terms = calloc(n + 1, sizeof *terms);
    for (size_t row = 0; row < rows; row++) {
      fill_row(&state, x + row * columns, columns, row);
      for (size_t i = 0; i < columns; i++) dy[row * columns + i] = test_uniform(&state, -1, 1);
    }
    if (backward) ((rows_kernel *)find(sibling(kernel, "_backward", "_forward")))(x, x, rows, columns);
    double *x2 = test_doubles(x, n), *dy2 = test_doubles(dy, n);
    guarded_reset(&outs);
    if (backward)
      ((rows_backward_kernel *)find(kernel))(x, dy, out, rows, columns);
    else
      ((rows_kernel *)find(kernel))(x, out, rows, columns);
    for (size_t at = 0; at < n; at += columns)
      if (backward)
        ((rows_backward_reference *)reference)(x2 + at, dy2 + at, truth + at, terms + at, columns);
      else
        ((rows_reference *)reference)(x2 + at, truth + at, columns);
    for (size_t i = 0; i < n; i++) {
      const double slack = backward ? 8 * kernel->bound.ulp * 0x1p-24 * terms[i] + 0x1p-149 : 0;
      if (!(fabs((double)out[i] - truth[i]) <= slack) && !(!backward && within_bound(kernel, out[i], truth[i])))
        fail_at(kernel, "wrong value", columns, i, (double)out[i], truth[i]);
    }
    if (!guarded_untouched(&outs, out, n * sizeof *out)) fail_at(kernel, "wrote outside", n, 0, 0, 0);
    if (backward) {
      ((rows_backward_kernel *)find(kernel))(x, dy, dy, rows, columns);
      if (!same_bits(dy, out, n)) fail_at(kernel, "differs in place", n, 0, 0, 0);
    } else {
      ((rows_kernel *)find(kernel))(x, x, rows, columns);
      if (!same_bits(x, out, n)) fail_at(kernel, "differs in place", n, 0, 0, 0);
    }
    free(truth), free(terms), free(x2), free(dy2);
  }
  guarded_free(&xs), guarded_free(&dys), guarded_free(&outs);
}

/* ---- random words ------------------------------------------------------------------------------------------------ */

static void test_words(const struct kernel *kernel) {
  words_kernel *function = (words_kernel *)find(kernel);
  words_reference *reference = (words_reference *)reference_functions[kernel - kernels];
  struct guarded out = guarded_allocate((MAX_LENGTH + 64) * sizeof(uint32_t));
  const uint64_t blocks[] = {0, 1, 0xfffffff0u, UINT64_MAX - 5};
  uint64_t state = test_seed();
  for (size_t n = 0; n <= MAX_LENGTH; n = next_length(n))
    for (size_t shift = 0; shift <= table->lanes; shift++) {
      uint32_t *words = (uint32_t *)guarded_place(&out, n, shift, shift == table->lanes);
      const uint64_t block = blocks[(n + shift) % 4], seed = test_random(&state), stream = test_random(&state);
      guarded_reset(&out);
      function(words, block, n, seed, stream);
      for (size_t i = 0; i < n; i++)
        if (words[i] != reference(block, i, seed, stream))
          fail_at(kernel, "wrong word", n, i, words[i], reference(block, i, seed, stream));
      if (!guarded_untouched(&out, words, n * sizeof *words)) fail_at(kernel, "wrote outside", n, 0, 0, 0);
    }
  guarded_free(&out);
}

/* ---- matrices made as a whole ------------------------------------------------------------------------------------ */

/* Guarded memory, allocated once for all shapes. */
struct matrix_memory {
  struct guarded out, scratch;
};

#define MATRIX_LARGEST (257 * 129)
#define MATRIX_SCRATCH (8 << 20)

static void test_matrix_shape(const struct kernel *kernel, const struct matrix_memory *memory, size_t rows,
                              size_t columns, int threads) {
  const size_t n = rows * columns, bytes = table->matrix_workspace_bytes(rows, columns, threads);
  uint64_t state = test_seed() + rows * 101 + columns;
  const struct init init = {.seed = test_random(&state), .stream = test_random(&state), .p = kernel->defaults};
  double *truth = malloc((n + 1) * sizeof *truth);
  float *w = guarded_place(&memory->out, n, 0, (rows + columns) % 2);
  void *workspace = memory->scratch.end - bytes;
  assert_true(n <= MATRIX_LARGEST && bytes <= MATRIX_SCRATCH);
  guarded_reset(&memory->out);
  memset(workspace, 0xff, bytes);
  ((matrix_kernel *)find(kernel))(w, rows, columns, &init, threads, workspace);
  ((matrix_reference *)reference_functions[kernel - kernels])(truth, rows, columns, &init);
  for (size_t i = 0; i < n; i++)
    if (!within_bound(kernel, w[i], truth[i])) {
      printf("%zu x %zu, %d threads\n", rows, columns, threads);
      fail_at(kernel, "wrong value", n, i, (double)w[i], truth[i]);
    }
  if (!guarded_untouched(&memory->out, w, n * sizeof *w)) fail_at(kernel, "wrote outside", n, 0, 0, 0);
  free(truth);
}

static void test_matrix(const struct kernel *kernel) {
  struct matrix_memory memory = {guarded_allocate(MATRIX_LARGEST * sizeof(float)), guarded_allocate(MATRIX_SCRATCH)};
  const size_t sizes[] = {0, 1, 2, 3, 7, 16, 17, 40}, count = sizeof sizes / sizeof *sizes;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++) test_matrix_shape(kernel, &memory, sizes[i], sizes[j], 1 + (int)(i + j) % 3);
  const size_t larger[][2] = {{130, 130}, {257, 129}, {100, 260}, {1, 500}, {500, 3}};
  for (size_t i = 0; i < sizeof larger / sizeof *larger; i++)
    test_matrix_shape(kernel, &memory, larger[i][0], larger[i][1], 1 + (int)i % 3);
  guarded_free(&memory.out), guarded_free(&memory.scratch);
}

/* ---- dense, loss ------------------------------------------------------------------------------------------------- */

static float *floats(uint64_t *state, size_t n) {
  float *values = malloc((n + 1) * sizeof *values);
  for (size_t i = 0; i < n; i++) values[i] = test_uniform(state, -1, 1);
  return values;
}

/* What a pass left in an output against what its reference left there, both NaN where untouched. */
static void check_product(const struct kernel *kernel, const char *what, const float *value, const double *expected,
                          const double *terms, size_t n, size_t inner) {
  const double c = kernel->bound.ulp;
  for (size_t i = 0; i < n; i++) {
    if (isnan(value[i]) && isnan(expected[i])) continue;
    if (!(fabs((double)value[i] - expected[i]) <= c * ((double)inner + c) * 0x1p-24 * terms[i]))
      fail_at(kernel, what, n, i, (double)value[i], expected[i]);
  }
}

#define OUTPUTS 5
static void test_dense_shape(const struct kernel *kernel, size_t batch, size_t in, size_t out, int threads) {
  uint64_t state = test_seed() + batch * 10007 + in * 101 + out;
  const size_t sizes[OUTPUTS] = {batch * out, batch * out, batch * in, in * out, out};
  float *x = floats(&state, batch * in), *w = floats(&state, in * out), *b = floats(&state, out);
  float *dz = floats(&state, batch * out), *result[OUTPUTS];
  double *truth[OUTPUTS], *terms[OUTPUTS];
  for (int o = 0; o < OUTPUTS; o++) {
    result[o] = floats(&state, sizes[o]);
    truth[o] = malloc((sizes[o] + 1) * sizeof(double)), terms[o] = calloc(sizes[o] + 1, sizeof(double));
    for (size_t i = 0; i < sizes[o]; i++) result[o][i] = NAN, truth[o][i] = NAN;
  }
  const size_t bytes = (table->dense_workspace_bytes(batch, in, out, threads) + 63) / 64 * 64;
  void *workspace = aligned_alloc(64, bytes + 64);
  memset(workspace, 0xff, bytes + 64);
  const struct dense layer = {.batch = batch,
                              .in = in,
                              .out = out,
                              .x = x,
                              .w = w,
                              .b = b,
                              .z = result[0],
                              .y = result[1],
                              .dz = dz,
                              .dx = result[2],
                              .dw = result[3],
                              .db = result[4],
                              .workspace = workspace,
                              .threads = threads};
  ((dense_kernel *)find(kernel))(&layer);
  double *x2 = test_doubles(x, batch * in), *w2 = test_doubles(w, in * out), *b2 = test_doubles(b, out),
         *dz2 = test_doubles(dz, batch * out);
  const struct dense_double exact = {.batch = batch,
                                     .in = in,
                                     .out = out,
                                     .x = x2,
                                     .w = w2,
                                     .b = b2,
                                     .z = truth[0],
                                     .y = truth[1],
                                     .dz = dz2,
                                     .dx = truth[2],
                                     .dw = truth[3],
                                     .db = truth[4],
                                     .z_terms = terms[0],
                                     .dx_terms = terms[2],
                                     .dw_terms = terms[3],
                                     .db_terms = terms[4]};
  ((dense_reference *)reference_functions[kernel - kernels])(&exact);
  const char *const names[OUTPUTS] = {"z", "y", "dx", "dw", "db"};
  const size_t inner[OUTPUTS] = {in + 1, in + 1, out, batch, batch};
  for (int o = 0; o < OUTPUTS; o++) {
    check_product(kernel, names[o], result[o], truth[o], terms[o], sizes[o], inner[o]);
    free(result[o]), free(truth[o]), free(terms[o]);
  }
  free(x), free(w), free(b), free(dz), free(x2), free(w2), free(b2), free(dz2), free(workspace);
}

static void test_dense(const struct kernel *kernel) {
  const size_t sizes[] = {0, 1, 2, 5, 16, 17, 33, 65};
  const size_t count = sizeof sizes / sizeof *sizes;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++)
      for (size_t k = 0; k < count; k++)
        test_dense_shape(kernel, sizes[i], sizes[j], sizes[k], 1 + (int)(i + j + k) % 3);
}

static void test_loss(const struct kernel *kernel) {
  uint64_t state = test_seed();
  for (size_t batch = 0; batch <= 9; batch += 3)
    for (size_t classes = 1; classes <= 4 * table->lanes + 1; classes++) {
      float *logits = floats(&state, batch * classes), *dlogits = floats(&state, batch * classes);
      float *loss = floats(&state, batch);
      int32_t labels[9];
      for (size_t i = 0; i < batch; i++) labels[i] = (int32_t)(test_random(&state) % classes);
      for (size_t i = 0; i < batch * classes; i++) logits[i] *= 10;
      double *logits2 = test_doubles(logits, batch * classes), *dlogits2 = test_doubles(dlogits, batch * classes);
      double *loss2 = test_doubles(loss, batch);
      ((loss_kernel *)find(kernel))(logits, labels, batch, classes, dlogits, loss);
      ((loss_reference *)reference_functions[kernel - kernels])(logits2, labels, batch, classes, dlogits2, loss2);
      for (size_t i = 0; i < batch * classes; i++)
        if (!within_bound(kernel, dlogits[i], dlogits2[i]))
          fail_at(kernel, "dlogits", classes, i, (double)dlogits[i], dlogits2[i]);
      for (size_t i = 0; i < batch; i++)
        if (!within_bound(kernel, loss[i], loss2[i])) fail_at(kernel, "loss", classes, i, (double)loss[i], loss2[i]);
      free(logits), free(dlogits), free(loss), free(logits2), free(dlogits2), free(loss2);
    }
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */

static void test_peak(const struct kernel *kernel) {
  for (size_t n = 0; n < 100; n++) {
    float sink = NAN;
    ((peak_kernel *)find(kernel))(n, &sink);
    const double expected = ((peak_reference *)reference_functions[kernel - kernels])(n);
    if (!within_bound(kernel, sink, expected)) fail_at(kernel, "wrong sink", n, 0, (double)sink, expected);
  }
}

static void test_traffic(const struct kernel *kernel) {
  const size_t bytes = (MAX_LENGTH + 64) * sizeof(float);
  struct guarded from = guarded_allocate(bytes), to = guarded_allocate(bytes);
  uint64_t state = test_seed();
  for (size_t n = 0; n <= MAX_LENGTH; n = next_length(n))
    for (size_t shift = 0; shift <= table->lanes; shift++) {
      float *src = guarded_place(&from, n, shift, shift == table->lanes);
      float *dst = guarded_place(&to, n, (shift + n) % table->lanes, shift == table->lanes);
      double terms = 0;
      size_t written = 0;
      for (size_t i = 0; i < n; i++) src[i] = test_uniform(&state, -1, 1), terms += fabs((double)src[i]);
      guarded_reset(&to);
      ((traffic_kernel *)find(kernel))(dst, src, n);
      for (size_t i = 0; i < n; i++) {
        const double expected = ((traffic_reference *)reference_functions[kernel - kernels])(src, n, i);
        if (isnan(expected)) break;
        written = i + 1;
        const double c = kernel->bound.ulp,
                     slack = kernel->bound.kind == BOUND_GAMMA ? c * ((double)n + c) * 0x1p-24 * terms : 0;
        if (!(fabs((double)dst[i] - expected) <= slack)) fail_at(kernel, "wrong value", n, i, (double)dst[i], expected);
      }
      if (!guarded_untouched(&to, dst, written * sizeof *dst)) fail_at(kernel, "wrote outside", n, 0, 0, 0);
    }
  guarded_free(&from), guarded_free(&to);
}

/* ------------------------------------------------------------------------------------------------------------------ */

/* Fills with every generator in fills.c, bf16 in dense_bf16.c, updates that keep a state in optimizer.c,
 * normalizations in norm.c. */
static bool tested_elsewhere(enum signature signature) {
  return signature == SIGNATURE_fill || signature == SIGNATURE_dense_bf16 || signature == SIGNATURE_round ||
         signature == SIGNATURE_widen || signature == SIGNATURE_momentum || signature == SIGNATURE_adam ||
         signature == SIGNATURE_norm;
}

static void test_kernel(void **state) {
  const struct kernel *kernel = *state;
  const struct cpu_features cpu = cpu_detect();
  const char *obstacle = kernel_obstacle(table, kernel, &cpu);
  if (obstacle) {
    printf("skipped: %s on %s: %s\n", kernel->name, table->name, obstacle);
    skip();
  }
  switch (kernel->signature) {
  case SIGNATURE_map:
  case SIGNATURE_backward:
  case SIGNATURE_update: test_elementwise(kernel); break;
  case SIGNATURE_bias: test_bias(kernel); break;
  case SIGNATURE_both: test_both(kernel); break;
  case SIGNATURE_parameter: test_parameter(kernel); break;
  case SIGNATURE_rows:
  case SIGNATURE_rows_backward: test_rows(kernel); break;
  case SIGNATURE_words: test_words(kernel); break;
  case SIGNATURE_dense_bf16:
  case SIGNATURE_round:
  case SIGNATURE_widen:
  case SIGNATURE_momentum:
  case SIGNATURE_adam:
  case SIGNATURE_norm:
  case SIGNATURE_fill: break;
  case SIGNATURE_matrix: test_matrix(kernel); break;
  case SIGNATURE_dense: test_dense(kernel); break;
  case SIGNATURE_loss: test_loss(kernel); break;
  case SIGNATURE_peak: test_peak(kernel); break;
  case SIGNATURE_traffic: test_traffic(kernel); break;
  }
}

int main(int argc, char **argv) {
  struct CMUnitTest tests[KERNEL_COUNT];
  size_t count = 0;
  table = test_table(argc, argv);
  test_seed();
  for (size_t i = 0; i < KERNEL_COUNT; i++)
    if (!tested_elsewhere(kernels[i].signature))
      tests[count++] = (struct CMUnitTest){kernels[i].name, test_kernel, NULL, NULL, (void *)(uintptr_t)&kernels[i]};
  return _cmocka_run_group_tests(table->name, tests, count, NULL, NULL) ? 1 : 0;
}
