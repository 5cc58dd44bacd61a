/* Singular values of layer Jacobians: against matrices whose values are known, sums and products that they must have,
 * and derivatives by differences. */
#include "harness/jacobian.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

/* Uniform in [-1, 1). */
static double number(uint64_t *at) {
  *at += 0x9e3779b97f4a7c15u;
  uint64_t x = *at;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return (double)(int64_t)(x ^ (x >> 31)) * 0x1p-63;
}

static float *numbers(size_t n, double scale, uint64_t *at) {
  float *x = malloc((n + 1) * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = (float)(scale * number(at));
  return x;
}

static float *ones(size_t n) {
  float *x = malloc((n + 1) * sizeof *x);
  for (size_t i = 0; i < n; i++) x[i] = 1;
  return x;
}

static void values_of(const struct jacobian *jacobian, double *values) {
  struct error error;
  if (!jacobian_singular_values(jacobian, values, &error)) fail_msg("%s", error.text);
}

static struct jacobian_summary summary_of(const struct jacobian *jacobian) {
  struct jacobian_summary summary;
  struct error error;
  if (!jacobian_summarize(jacobian, &summary, &error)) fail_msg("%s", error.text);
  return summary;
}

static void assert_near(const char *what, double value, double truth, double tolerance) {
  if (!(fabs(value - truth) <= tolerance)) fail_msg("%s: %.17g, not %.17g +- %g", what, value, truth, tolerance);
}

/* ---- known values ----------------------------------------------------------------------------------------------- */

static void diagonal_matrices_keep_their_entries(void **state) {
  (void)state;
  enum { N = 33 };
  float w[N * N] = {0}, slope[N];
  double values[N];
  for (size_t i = 0; i < N; i++) w[i * N + i] = i % 2 ? -2 : 2, slope[i] = ldexpf(1, -(int)i);
  const struct jacobian jacobian = {.in = N, .out = N, .w = w, .slope = slope};
  values_of(&jacobian, values);
  for (size_t i = 0; i < N; i++) assert_near("value", values[i], ldexp(2, -(int)i), 4e-15);
  const struct jacobian_summary summary = summary_of(&jacobian);
  assert_near("largest", summary.largest, 2, 4e-15);
  assert_near("smallest", summary.smallest, ldexp(2, -32), 4e-15);
  assert_near("mean", summary.mean, 4 * (1 - ldexp(1, -33)) / N, 4e-15);
  assert_near("rms", summary.rms, sqrt(4 * (1 - ldexp(1, -66)) / 0.75 / N), 1e-15);
}

static void tiny_matrices_have_the_textbooks_values(void **state) {
  (void)state;
  const float one[] = {1, 1, 1};
  double values[2];
  /* w is J^T: (3 0; 4 5) has the values sqrt 45 and sqrt 5. */
  values_of(&(struct jacobian){.in = 2, .out = 2, .w = (float[]){3, 4, 0, 5}, .slope = one}, values);
  assert_near("of 2 x 2", values[0], sqrt(45), 1e-14);
  assert_near("of 2 x 2", values[1], sqrt(5), 1e-14);
  values_of(&(struct jacobian){.in = 1, .out = 1, .w = (float[]){-7}, .slope = one}, values);
  assert_near("of 1 x 1", values[0], 7, 1e-14);
  values_of(&(struct jacobian){.in = 1, .out = 3, .w = (float[]){2, -3, 6}, .slope = one}, values);
  assert_near("of 3 x 1", values[0], 7, 1e-14);
  values_of(&(struct jacobian){.in = 3, .out = 1, .w = (float[]){2, -3, 6}, .slope = one}, values);
  assert_near("of 1 x 3", values[0], 7, 1e-14);
  values_of(&(struct jacobian){.in = 2, .out = 2, .w = (float[]){0, 0, 0, 0}, .slope = one}, values);
  assert_true(values[0] == 0 && values[1] == 0);
  values_of(&(struct jacobian){.in = 2, .out = 2, .w = (float[]){0, 0, 0, 0}, .slope = one, .residual = true}, values);
  assert_near("of I", values[0], 1, 1e-15);
  assert_near("of I", values[1], 1, 1e-15);
  values_of(
      &(struct jacobian){
          .in = 2, .out = 2, .w = (float[]){3, 4, 0, 5}, .slope = (float[]){2, 0.5f}, .factor = (float[]){0.5f, 2}},
      values);
  assert_near("with factors", values[0], sqrt(45), 1e-14);
}

/* Products of reflections I - 2 v v^T / v^T v in floats are orthogonal to rounding. */
static void orthogonal_matrices_keep_lengths(void **state) {
  (void)state;
  enum { N = 96 };
  static double q[N * N];
  static float w[N * N];
  double values[N], v[N];
  uint64_t at = test_seed();
  for (size_t i = 0; i < N * N; i++) q[i] = i % (N + 1) == 0;
  for (int times = 0; times < 3; times++) {
    double square = 0;
    for (size_t i = 0; i < N; i++) v[i] = number(&at), square += v[i] * v[i];
    for (size_t i = 0; i < N; i++) {
      double along = 0;
      for (size_t j = 0; j < N; j++) along += q[i * N + j] * v[j];
      for (size_t j = 0; j < N; j++) q[i * N + j] -= 2 * along / square * v[j];
    }
  }
  for (size_t i = 0; i < N * N; i++) w[i] = (float)q[i];
  float *slope = ones(N);
  for (size_t in = N / 2; in <= N; in += N / 2) { /* rows of it, too */
    const struct jacobian jacobian = {.in = in, .out = N, .w = w, .slope = slope};
    values_of(&jacobian, values);
    for (size_t i = 0; i < in; i++) assert_near("value", values[i], 1, 1e-6);
    const struct jacobian_summary summary = summary_of(&jacobian);
    assert_near("mean", summary.mean, 1, 1e-6);
    assert_near("rms", summary.rms, 1, 1e-6);
  }
  free(slope);
}

static void matrices_of_rank_one_have_one_value(void **state) {
  (void)state;
  enum { IN = 40, OUT = 70 };
  float w[IN * OUT];
  double values[IN];
  double a = 0, b = 0;
  for (size_t i = 0; i < IN; i++)
    for (size_t j = 0; j < OUT; j++) w[i * OUT + j] = (float)(i + 1) * ((float)j - 30); /* exact */
  for (size_t i = 0; i < IN; i++) a += (double)(i + 1) * (double)(i + 1);
  for (size_t j = 0; j < OUT; j++) b += ((double)j - 30) * ((double)j - 30);
  float *slope = ones(OUT);
  values_of(&(struct jacobian){.in = IN, .out = OUT, .w = w, .slope = slope}, values);
  assert_near("value", values[0], sqrt(a * b), 1e-14 * sqrt(a * b));
  for (size_t i = 1; i < IN; i++) assert_near("value", values[i], 0, 1e-14 * values[0]);
  free(slope);
}

/* ---- random matrices -------------------------------------------------------------------------------------------- */

/* |det| by elimination with pivots. */
static double determinant(double *a, size_t n) {
  double product = 1;
  for (size_t k = 0; k < n; k++) {
    size_t best = k;
    for (size_t i = k; i < n; i++)
      if (fabs(a[i * n + k]) > fabs(a[best * n + k])) best = i;
    for (size_t j = 0; j < n; j++) {
      const double kept = a[k * n + j];
      a[k * n + j] = a[best * n + j], a[best * n + j] = kept;
    }
    product *= a[k * n + k];
    for (size_t i = k + 1; i < n; i++) {
      const double share = a[i * n + k] / a[k * n + k];
      for (size_t j = k; j < n; j++) a[i * n + j] -= share * a[k * n + j];
    }
  }
  return fabs(product);
}

static void sums_and_products_are_those_of_the_matrix(void **state) {
  (void)state;
  static const size_t sizes[][2] = {{1, 1},   {2, 2},  {3, 3},  {5, 5},     {17, 17},
                                    {40, 40}, {3, 50}, {50, 3}, {130, 100}, {100, 130}};
  uint64_t at = test_seed();
  for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++) {
    const size_t in = sizes[c][0], out = sizes[c][1], count = in < out ? in : out;
    float *w = numbers(in * out, 1, &at), *slope = numbers(out, 1, &at), *factor = numbers(out, 3, &at);
    double *a = malloc(in * out * sizeof *a), *values = malloc(count * sizeof *values);
    double square = 0, sum = 0, product = 1, fourth = 0, fourths = 0;
    for (size_t i = 0; i < in * out; i++) {
      a[i] = (double)w[i] * slope[i % out] * factor[i % out];
      square += a[i] * a[i];
    }
    /* The sum of fourth powers is the squared norm of a a^T. */
    for (size_t i = 0; i < in; i++)
      for (size_t k = 0; k < in; k++) {
        double entry = 0;
        for (size_t j = 0; j < out; j++) entry += a[i * out + j] * a[k * out + j];
        fourth += entry * entry;
      }
    values_of(&(struct jacobian){.in = in, .out = out, .w = w, .slope = slope, .factor = factor}, values);
    for (size_t i = 0; i < count; i++) {
      assert_true(values[i] >= 0 && (i == 0 || values[i] <= values[i - 1]));
      sum += values[i] * values[i], product *= values[i];
      fourths += pow(values[i], 4);
    }
    assert_near("sum of squares", sum / square, 1, 1e-13);
    assert_near("sum of fourth powers", fourths / fourth, 1, 1e-13);
    if (in == out) assert_near("product", product / determinant(a, in), 1, 1e-9);
    free(w), free(slope), free(factor), free(a), free(values);
  }
}

/* What is computed beyond JACOBIAN_EXACT, where all values are known. */
static void the_largest_value_alone_agrees(void **state) {
  (void)state;
  static const size_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {9, 9}, {100, 100}, {200, 60}, {400, 400}};
  uint64_t at = test_seed();
  for (size_t c = 0; c < sizeof sizes / sizeof *sizes; c++)
    for (int residual = 0; residual <= (sizes[c][0] == sizes[c][1]); residual++) {
      const size_t in = sizes[c][0], out = sizes[c][1], count = in < out ? in : out;
      float *w = numbers(in * out, 1, &at), *slope = numbers(out, 1, &at);
      double *values = malloc(count * sizeof *values), largest;
      struct error error;
      const struct jacobian jacobian = {.in = in, .out = out, .w = w, .slope = slope, .residual = residual};
      values_of(&jacobian, values);
      assert_true(jacobian_largest(&jacobian, &largest, &error));
      assert_near("largest", largest / values[0], 1, 1e-4);
      free(w), free(slope), free(values);
    }
}

static void beyond_the_exact_size_the_rest_is_left_out(void **state) {
  (void)state;
  enum { N = JACOBIAN_EXACT + 1 };
  float *w = calloc(N * N, sizeof *w), *slope = ones(N);
  for (size_t i = 0; i < N; i++) w[i * N + i] = i == 300 ? 3 : 1;
  const struct jacobian_summary summary = summary_of(&(struct jacobian){.in = N, .out = N, .w = w, .slope = slope});
  assert_near("largest", summary.largest, 3, 3e-4);
  assert_near("rms", summary.rms, sqrt((N + 8.0) / N), 1e-14);
  assert_true(isnan(summary.mean) && isnan(summary.smallest));
  w[5] = INFINITY;
  assert_true(isnan(summary_of(&(struct jacobian){.in = N, .out = N, .w = w, .slope = slope}).largest));
  free(w), free(slope);
}

static void what_is_not_finite_has_no_values(void **state) {
  (void)state;
  double values[2];
  const float w[] = {1, 2, 3, 4}, slope[] = {1, NAN};
  const struct jacobian jacobian = {.in = 2, .out = 2, .w = w, .slope = slope};
  values_of(&jacobian, values);
  assert_true(isnan(values[0]) && isnan(values[1]));
  const struct jacobian_summary summary = summary_of(&jacobian);
  assert_true(isnan(summary.rms) && isnan(summary.mean) && isnan(summary.largest) && isnan(summary.smallest));
}

/* ---- layers ----------------------------------------------------------------------------------------------------- */

/* h of a layer tanh(gamma n + beta) + x with layer normalization n = (z - mean) / sqrt(variance + 1e-5), z = x W. */
enum { UNITS = 12 };
struct layer {
  float w[UNITS * UNITS], gamma[UNITS], beta[UNITS];
};

static double normalize(const struct layer *layer, const double *x, double *n) {
  double mean = 0, variance = 0;
  for (size_t j = 0; j < UNITS; j++) {
    n[j] = 0;
    for (size_t i = 0; i < UNITS; i++) n[j] += x[i] * layer->w[i * UNITS + j];
    mean += n[j] / UNITS;
  }
  for (size_t j = 0; j < UNITS; j++) variance += (n[j] - mean) * (n[j] - mean) / UNITS;
  const double sigma = sqrt(variance + 1e-5);
  for (size_t j = 0; j < UNITS; j++) n[j] = (n[j] - mean) / sigma;
  return sigma;
}

static void forward(const struct layer *layer, const double *x, bool residual, double *h) {
  double n[UNITS];
  normalize(layer, x, n);
  for (size_t j = 0; j < UNITS; j++) h[j] = tanh(layer->gamma[j] * n[j] + layer->beta[j]) + (residual ? x[j] : 0);
}

/* The Jacobian by central differences, given to the same code as a bare matrix, has the same values. */
static void layer_normalization_is_differentiated(void **state) {
  (void)state;
  struct layer layer;
  uint64_t at = test_seed();
  double x[UNITS], n[UNITS], up[UNITS], down[UNITS], values[UNITS], expected[UNITS];
  float slope[UNITS], normalized[UNITS], by_differences[UNITS * UNITS], *one = ones(UNITS);
  for (size_t i = 0; i < UNITS * UNITS; i++) layer.w[i] = (float)number(&at);
  for (size_t i = 0; i < UNITS; i++)
    layer.gamma[i] = (float)number(&at), layer.beta[i] = (float)number(&at), x[i] = number(&at);
  const double sigma = normalize(&layer, x, n);
  for (size_t j = 0; j < UNITS; j++) {
    const double y = tanh(layer.gamma[j] * n[j] + layer.beta[j]);
    slope[j] = (float)(1 - y * y), normalized[j] = (float)n[j];
  }
  for (int residual = 0; residual <= 1; residual++) {
    for (size_t i = 0; i < UNITS; i++) {
      const double kept = x[i], step = 1e-5;
      x[i] = kept + step;
      forward(&layer, x, residual, up);
      x[i] = kept - step;
      forward(&layer, x, residual, down);
      x[i] = kept;
      for (size_t j = 0; j < UNITS; j++) by_differences[i * UNITS + j] = (float)((up[j] - down[j]) / (2 * step));
    }
    values_of(&(struct jacobian){.in = UNITS, .out = UNITS, .w = by_differences, .slope = one}, expected);
    values_of(&(struct jacobian){.in = UNITS,
                                 .out = UNITS,
                                 .w = layer.w,
                                 .slope = slope,
                                 .factor = layer.gamma,
                                 .normalized = normalized,
                                 .sigma = sigma,
                                 .residual = residual},
              values);
    for (size_t i = 0; i < UNITS; i++) assert_near("value", values[i], expected[i], 1e-6 * (1 + expected[0]));
  }
  free(one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(diagonal_matrices_keep_their_entries),
      cmocka_unit_test(tiny_matrices_have_the_textbooks_values),
      cmocka_unit_test(orthogonal_matrices_keep_lengths),
      cmocka_unit_test(matrices_of_rank_one_have_one_value),
      cmocka_unit_test(sums_and_products_are_those_of_the_matrix),
      cmocka_unit_test(the_largest_value_alone_agrees),
      cmocka_unit_test(beyond_the_exact_size_the_rest_is_left_out),
      cmocka_unit_test(what_is_not_finite_has_no_values),
      cmocka_unit_test(layer_normalization_is_differentiated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
