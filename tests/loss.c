/* Softmax cross-entropy where it is hard: logits far apart, infinite, equal; gradients that nearly vanish; many
 * classes; in place; the same bits on every ISA. (tests/kernels.c holds it against its reference on ordinary logits.)
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/reference/reference.h"
#include "tests/support.h"

#define MAX_CLASSES 5000

static const struct kernel_table *table;

/* The row, batch times, against the reference. */
static void check_row(const float *logits, size_t classes, int32_t label, size_t batch) {
  static float dlogits[MAX_CLASSES * 3], all[MAX_CLASSES * 3];
  static double exact_logits[MAX_CLASSES * 3], exact_dlogits[MAX_CLASSES * 3];
  const struct kernel *kernel = kernel_find("softmax_cross_entropy");
  float loss[3];
  double exact_loss[3];
  int32_t labels[3];
  for (size_t row = 0; row < batch; row++) {
    memcpy(all + row * classes, logits, classes * sizeof *logits);
    labels[row] = label;
  }
  for (size_t i = 0; i < batch * classes; i++) exact_logits[i] = (double)all[i];
  table->softmax_cross_entropy(all, labels, batch, classes, dlogits, loss);
  reference_softmax_cross_entropy(exact_logits, labels, batch, classes, exact_dlogits, exact_loss);
  for (size_t row = 0; row < batch; row++) {
    if (!within_bound(kernel, loss[row], exact_loss[row]))
      fail_msg("loss %.9g, expected %.17g (%zu classes, label %d)", (double)loss[row], exact_loss[row], classes, label);
    for (size_t i = 0; i < classes; i++) {
      const size_t at = row * classes + i;
      if (!within_bound(kernel, dlogits[at], exact_dlogits[at]))
        fail_msg("dlogits[%zu] %.9g, expected %.17g (%zu classes, label %d)", i, (double)dlogits[at], exact_dlogits[at],
                 classes, label);
    }
  }
  /* In place: the same bits. */
  float loss_in_place[3];
  table->softmax_cross_entropy(all, labels, batch, classes, all, loss_in_place);
  assert_memory_equal(all, dlogits, batch * classes * sizeof *all);
  assert_memory_equal(loss_in_place, loss, batch * sizeof *loss);
}

static void test_logits_far_apart(void **state) {
  (void)state;
  const float rows[][5] = {
      {1e4f, -1e4f, 0.0f, 9.9e3f, 1.0f},         {1e38f, -1e38f, 0.0f, 3e38f, -3e38f},
      {-1e4f, -1e4f, -1e4f, -1e4f, -1e4f},       {80.3f, 3.1f, -7.7f, 0.123f, -5.0f},
      {0.0f, -0.0f, 0.0f, -0.0f, 0.0f},          {0x1p-149f, 0.0f, 0.0f, 1e-30f, -1e-30f},
      {-INFINITY, 0.0f, 1.0f, -INFINITY, -2.0f}, {30.0f, 0.0f, -5.0f, 2.0f, 12.0f},
  };
  for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
    for (size_t classes = 1; classes <= 5; classes++)
      for (int32_t label = 0; label < (int32_t)classes; label++) {
        float largest = -INFINITY; /* a row of -inf alone has no softmax */
        for (size_t i = 0; i < classes; i++) largest = fmaxf(largest, rows[row][i]);
        if (!isinf(largest)) check_row(rows[row], classes, label, 1 + classes % 3);
      }
}

/* As the label's logit leaves the others behind, loss and gradient fall as e^-distance, down to subnormal numbers. */
static void test_vanishing(void **state) {
  (void)state;
  for (float distance = 0; distance < 110; distance += 0.37f) {
    const float logits[] = {0.5f, 0.5f + distance, 0.25f};
    for (int32_t label = 0; label < 3; label++) check_row(logits, 3, label, 1);
  }
}

static void test_many_classes(void **state) {
  (void)state;
  static float logits[MAX_CLASSES];
  uint64_t random = test_seed();
  const size_t counts[] = {10, 16, 17, 31, 100, 999, 1000, 4096, MAX_CLASSES};
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
    for (size_t i = 0; i < counts[c]; i++) logits[i] = test_uniform(&random, -20, 20);
    check_row(logits, counts[c], (int32_t)(counts[c] / 2), 1);
    check_row(logits, counts[c], (int32_t)counts[c] - 1, 3);
    memset(logits, 0, sizeof logits);
    check_row(logits, counts[c], 0, 1);
  }
}

static void test_not_a_number(void **state) {
  (void)state;
  const float bad[] = {NAN, INFINITY};
  for (size_t b = 0; b < 2; b++)
    for (size_t at = 0; at < 20; at++) {
      float logits[20] = {0}, dlogits[20], loss;
      const int32_t label = 3;
      logits[at] = bad[b];
      table->softmax_cross_entropy(logits, &label, 1, 20, dlogits, &loss);
      assert_true(isnan(loss));
      for (size_t i = 0; i < 20; i++) assert_true(isnan(dlogits[i]));
    }
}

static void test_same_bits(void **state) {
  (void)state;
#ifndef __FP_FAST_FMAF
  if (strcmp(table->name, "scalar") == 0) skip();
#endif
  const struct cpu_features cpu = cpu_detect();
  uint64_t random = test_seed();
  static float logits[7 * 61], mine[7 * 61], theirs[7 * 61];
  float my_loss[7], their_loss[7];
  for (size_t classes = 1; classes <= 61; classes++) {
    int32_t labels[7];
    for (size_t i = 0; i < 7; i++) labels[i] = (int32_t)(test_random(&random) % classes);
    for (size_t i = 0; i < 7 * classes; i++) logits[i] = test_uniform(&random, -30, 30);
    table->softmax_cross_entropy(logits, labels, 7, classes, mine, my_loss);
    for (enum arch arch = ARCH_NEON; arch < ARCH_COUNT; arch++) {
      if (arch_obstacle(arch, &cpu)) continue;
      arch_table(arch)->softmax_cross_entropy(logits, labels, 7, classes, theirs, their_loss);
      assert_memory_equal(mine, theirs, 7 * classes * sizeof *mine);
      assert_memory_equal(my_loss, their_loss, sizeof my_loss);
    }
  }
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_logits_far_apart), cmocka_unit_test(test_vanishing), cmocka_unit_test(test_many_classes),
      cmocka_unit_test(test_not_a_number),     cmocka_unit_test(test_same_bits),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
