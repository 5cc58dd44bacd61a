/* The updates that keep a state, against their references: lengths, misalignments, special values, guard pages; Adam's
 * first step and its path over many; what clips gradients. (tests/kernels.c holds plain SGD against its reference.) */
#include "tests/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

static const struct kernel_table *table;

static void fail_at(const char *what, size_t n, size_t i, double value, double reference) {
  fail_msg("%s: %s, length %zu, element %zu: %.9g, expected %.17g", table->name, what, n, i, value, reference);
}

/* ---- momentum --------------------------------------------------------------------------------------------------- */

/* Each form of the step, and a second one from where the first led. */
static const struct momentum momenta[] = {
    {.rate = 0.1f, .momentum = 0.9f},
    {.rate = 0.1f, .momentum = 0.9f, .decay = 0.01f},
    {.rate = 0.1f, .momentum = 0.9f, .nesterov = 1},
    {.rate = 0.5f, .momentum = 0.5f, .decay = 0.25f, .nesterov = 1},
    {.rate = 0.1f, .momentum = 0},
};

/* The bound is that of the terms: every sum of the definition is one rounding of theirs. */
static void check_momentum(const float *w, const float *v, const double *old_w, const double *old_v, const float *dw,
                           size_t n, struct momentum how) {
  const double c = kernels[KERNEL_momentum_update].bound.ulp;
  for (size_t i = 0; i < n; i++) {
    double exact_w = old_w[i], exact_v = old_v[i], terms = 0, terms_w = fabs(old_w[i]);
    reference_momentum_update(&exact_w, &exact_v, (double)dw[i], how);
    terms = fabs((double)dw[i]) + fabs((double)how.decay * old_w[i]) + fabs((double)how.momentum * old_v[i]);
    terms_w += 2 * (double)how.rate * terms;
    if (isnan(w[i]) != isnan(exact_w) && isnan(old_w[i] + old_v[i] + (double)dw[i]))
      fail_at("NaN", n, i, (double)w[i], exact_w);
    if (!(2 * terms + terms_w < 0x1p126)) continue; /* an intermediate may overflow alone */
    if (!(fabs((double)v[i] - exact_v) <= c * (3 + c) * 0x1p-24 * terms + 0x1p-148))
      fail_at("wrong velocity", n, i, (double)v[i], exact_v);
    if (!(fabs((double)w[i] - exact_w) <= c * (5 + c) * 0x1p-24 * terms_w + 0x1p-148))
      fail_at("wrong weight", n, i, (double)w[i], exact_w);
  }
}

static void test_momentum(void **unused) {
  (void)unused;
  const size_t bytes = (TEST_LONGEST + 64) * sizeof(float);
  struct guarded ws = guarded_allocate(bytes), vs = guarded_allocate(bytes), dws = guarded_allocate(bytes);
  uint64_t state = test_seed();
  for (size_t n = 0; n <= TEST_LONGEST; n = test_next_length(n, table->lanes))
    for (size_t shift = 0; shift <= table->lanes; shift++) {
      const struct momentum how = momenta[(n + shift) % (sizeof momenta / sizeof *momenta)];
      const bool at_end = shift == table->lanes;
      guarded_reset(&ws), guarded_reset(&vs);
      float *w = guarded_place(&ws, n, shift, at_end), *v = guarded_place(&vs, n, (shift + n) % table->lanes, at_end);
      float *dw = guarded_place(&dws, n, (shift + n / 2) % table->lanes, at_end);
      for (size_t i = 0; i < n; i++) {
        w[i] = test_any_float(&state), dw[i] = test_any_float(&state);
        v[i] = i % 3 ? test_any_float(&state) : 0;
      }
      for (int step = 0; step < 2; step++) {
        double *const old_w = test_doubles(w, n), *const old_v = test_doubles(v, n);
        table->momentum_update(w, v, dw, n, how);
        check_momentum(w, v, old_w, old_v, dw, n, how);
        free(old_w), free(old_v);
      }
      if (!guarded_untouched(&ws, w, n * sizeof *w) || !guarded_untouched(&vs, v, n * sizeof *v))
        fail_at("wrote outside", n, 0, 0, 0);
    }
  guarded_free(&ws), guarded_free(&vs), guarded_free(&dws);
}

/* ---- Adam ------------------------------------------------------------------------------------------------------- */

static const struct adam adams[] = {
    {.rate = 0.001f, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8f, .step = 1},
    {.rate = 0.1f, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8f, .decay = 0.01f, .step = 2},
    {.rate = 0.5f, .beta1 = 0, .beta2 = 0.5, .epsilon = 1e-3f, .decay = 0.25f, .step = 1000},
    {.rate = 0.001f, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8f, .step = 10000000000},
    {.rate = 0.1f, .beta1 = 0.5, .beta2 = 0, .epsilon = 1e-8f, .step = 7},
};

struct adam_state {
  double w, m, v;
};

/* Every rounding is one of the terms of m, of v, or of the step; an error of v counts half in its root. */
static void check_adam(size_t n, size_t i, struct adam_state is, struct adam_state old, double dw, struct adam how) {
  const double c = kernels[KERNEL_adam_update].bound.ulp, e = c * (12 + c) * 0x1p-24;
  const double g = fabs(dw) + fabs((double)how.decay * old.w);
  const double m = how.beta1 * fabs(old.m) + (1 - how.beta1) * g, v = how.beta2 * old.v + (1 - how.beta2) * g * g;
  struct adam_state exact = old;
  reference_adam_update(&exact.w, &exact.m, &exact.v, dw, how);
  if (isnan(old.w + old.m + old.v + dw)) {
    if (!isnan(is.w)) fail_at("NaN is lost", n, i, is.w, exact.w);
    return;
  }
  if (!(g < 0x1p62 && fabs(old.m) < 0x1p100 && old.v < 0x1p100 && fabs(old.w) < 0x1p100)) return;
  const double corrected = exact.v / (1 - pow(how.beta2, (double)how.step));
  const double divisor = sqrt(corrected) + (double)how.epsilon;
  const double factor = (double)how.rate / (1 - pow(how.beta1, (double)how.step)) / divisor, step = factor * m;
  const double lost = exact.v > 0 ? (e * v + 0x1p-148) / exact.v : 1;
  if (!(fabs(is.m - exact.m) <= e * m + 0x1p-148)) fail_at("wrong m", n, i, is.m, exact.m);
  if (!(fabs(is.v - exact.v) <= e * v + 0x1p-148)) fail_at("wrong v", n, i, is.v, exact.v);
  if (!(fabs(is.w - exact.w) <= e * (fabs(old.w) + step) + lost * step + 0x1p-148 * (1 + factor)))
    fail_at("wrong weight", n, i, is.w, exact.w);
}

static void test_adam(void **unused) {
  (void)unused;
  enum { ARRAYS = 4 };
  struct guarded memory[ARRAYS];
  uint64_t state = test_seed();
  for (int a = 0; a < ARRAYS; a++) memory[a] = guarded_allocate((TEST_LONGEST + 64) * sizeof(float));
  for (size_t n = 0; n <= TEST_LONGEST; n = test_next_length(n, table->lanes))
    for (size_t shift = 0; shift <= table->lanes; shift++) {
      const struct adam how = adams[(n + shift) % (sizeof adams / sizeof *adams)];
      float *at[ARRAYS];
      double *old[ARRAYS];
      for (int a = 0; a < ARRAYS; a++) {
        guarded_reset(&memory[a]);
        at[a] = guarded_place(&memory[a], n, (shift + (size_t)a * n) % table->lanes, shift == table->lanes);
        for (size_t i = 0; i < n; i++) {
          const float value = test_any_float(&state);
          at[a][i] = a == 2 ? fabsf(value) : value;
        }
        old[a] = test_doubles(at[a], n);
      }
      table->adam_update(at[0], at[1], at[2], at[3], n, how);
      for (size_t i = 0; i < n; i++)
        check_adam(n, i, (struct adam_state){(double)at[0][i], (double)at[1][i], (double)at[2][i]},
                   (struct adam_state){old[0][i], old[1][i], old[2][i]}, (double)at[3][i], how);
      for (int a = 0; a < ARRAYS; a++) {
        if (!guarded_untouched(&memory[a], at[a], n * sizeof(float))) fail_at("wrote outside", n, 0, 0, 0);
        free(old[a]);
      }
    }
  for (int a = 0; a < ARRAYS; a++) guarded_free(&memory[a]);
}

/* From averages of zero the first step is the rate against the gradient's sign, however large that is: both are
 * corrected for their beginning, 1 - beta2 by more digits than a float's 0.999 has. */
static void test_first_step(void **unused) {
  (void)unused;
  const struct adam how = {.rate = 0.001f, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-20f, .step = 1};
  for (float gradient = 1e-12f; gradient < 1e15f; gradient *= 7.3f) {
    float w[2] = {0, 0}, m[2] = {0, 0}, v[2] = {0, 0};
    const float dw[2] = {gradient, -gradient};
    table->adam_update(w, m, v, dw, 2, how);
    assert_true(fabs((double)w[0] / -0.001 - 1) < 1e-6 && fabs((double)w[1] / 0.001 - 1) < 1e-6);
    assert_true(fabs((double)v[0] / (0.001 * (double)gradient * (double)gradient) - 1) < 1e-6);
  }
}

/* Minimizes sum of k_i (w_i - 1)^2 / 2 for curvatures over six orders of magnitude, beside double precision. */
static void test_path(void **unused) {
  (void)unused;
  enum { SIZE = 7 };
  float w[SIZE] = {0}, m[SIZE] = {0}, v[SIZE] = {0}, dw[SIZE];
  struct adam_state exact[SIZE] = {0};
  struct adam how = {.rate = 0.01f, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8f, .decay = 1e-4f};
  for (how.step = 1; how.step <= 500; how.step++) {
    for (int i = 0; i < SIZE; i++) {
      const double curvature = pow(10, i - 3);
      dw[i] = (float)(curvature * ((double)w[i] - 1));
      reference_adam_update(&exact[i].w, &exact[i].m, &exact[i].v, curvature * (exact[i].w - 1), how);
    }
    table->adam_update(w, m, v, dw, SIZE, how);
  }
  for (int i = 0; i < SIZE; i++)
    if (!(fabs((double)w[i] - exact[i].w) < 1e-4)) fail_at("another path", SIZE, (size_t)i, (double)w[i], exact[i].w);
  assert_true(fabs((double)w[6] - 1) < 0.05);
}

/* ---- clipping ---------------------------------------------------------------------------------------------------- */

/* Gradients are clipped by value with hard_tanh_forward, by norm with scale: neither loses a NaN or a zero's sign. */
static void test_clipping(void **unused) {
  (void)unused;
  const float x[] = {-5, -0.25f, -0.0f, 0, 0.25f, 5, INFINITY, -INFINITY, NAN};
  const float clipped[] = {-0.5f, -0.25f, -0.0f, 0, 0.25f, 0.5f, 0.5f, -0.5f, NAN};
  enum { SIZE = sizeof x / sizeof *x };
  float y[SIZE];
  table->hard_tanh_forward(x, y, SIZE, (struct parameters){.a = -0.5f, .b = 0.5f});
  assert_memory_equal(y, clipped, (SIZE - 1) * sizeof *y);
  assert_true(isnan(y[SIZE - 1]));
  table->scale(x, y, SIZE, (struct parameters){.a = 0.5f});
  for (size_t i = 0; i < SIZE - 1; i++) assert_true(y[i] == x[i] / 2 && !signbit(y[i]) == !signbit(x[i]));
  assert_true(isnan(y[SIZE - 1]));
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_momentum), cmocka_unit_test(test_adam),     cmocka_unit_test(test_first_step),
      cmocka_unit_test(test_path),     cmocka_unit_test(test_clipping),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
