/* Results side by side: which rows are of the same work, their ratios, verdicts and means by hand. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/compare_support.h"
#include "tests/support.h"
#include "tools/compare/family.h"
#include "tools/compare/ratio.h"
#include "tools/compare/sheets.h"

/* ---- ratios ------------------------------------------------------------------------------------------------------ */

static struct result_row timed(double low, double median, double high) {
  return (struct result_row){
      .suite = "activation", .items = 100, .time = {.samples = 20, .median = median, .low = low, .high = high}};
}

static void ratios_have_the_interval_of_both_medians(void **state) {
  (void)state;
  const struct result_row base = timed(190, 200, 210);
  struct result_row row = timed(95, 100, 110);
  struct ratio ratio = ratio_of(&base, &row);
  assert_float_equal(ratio.value, 2, NEAR);
  assert_float_equal(ratio.low, 190.0 / 110, NEAR);
  assert_float_equal(ratio.high, 210.0 / 95, NEAR);
  row.items = 400; /* four times as much work in half the time */
  ratio = ratio_of(&base, &row);
  assert_float_equal(ratio.value, 8, NEAR);
  assert_float_equal(ratio.low, 4 * 190.0 / 110, NEAR);
  struct result_row limit = base;
  strcpy(limit.suite, "limits");
  limit.bytes = 3000;
  assert_float_equal(row_amount(&limit), 3000, NEAR);
  limit.flops = 5000;
  assert_float_equal(row_amount(&limit), 5000, NEAR);
}

static enum outcome outcome_of(struct result_row base, struct result_row row) {
  return ratio_outcome(ratio_of(&base, &row), 0.02, &base, &row);
}

static void outcomes_need_an_interval_that_tells(void **state) {
  (void)state;
  const struct result_row base = timed(99, 100, 101);
  assert_int_equal(outcome_of(base, timed(79, 80, 81)), OUTCOME_FASTER);
  assert_int_equal(outcome_of(base, timed(119, 120, 121)), OUTCOME_SLOWER);
  assert_int_equal(outcome_of(timed(99.5, 100, 100.5), timed(99.6, 100.1, 100.6)), OUTCOME_SAME);
  assert_int_equal(outcome_of(base, timed(80, 110, 120)), OUTCOME_UNCLEAR);
  assert_int_equal(outcome_of(base, timed(97, 98.5, 98.9)), OUTCOME_UNCLEAR); /* away from 1, but less than 2 % */
  struct result_row few = timed(79, 80, 81);
  few.time.samples = 7;
  assert_int_equal(outcome_of(base, few), OUTCOME_UNCLEAR);
  assert_int_equal(outcome_of(base, timed(NAN, 80, NAN)), OUTCOME_UNCLEAR);
}

static void rows_without_a_time_are_unusable(void **state) {
  (void)state;
  struct result_row row = timed(1, 1, 1);
  assert_true(row_usable(&row));
  row.time.median = 0;
  assert_false(row_usable(&row));
  row.time.median = NAN;
  assert_false(row_usable(&row));
  row.time.median = INFINITY;
  assert_false(row_usable(&row));
  row = timed(1, 1, 1);
  row.items = 0;
  assert_false(row_usable(&row));
}

/* ---- alignment --------------------------------------------------------------------------------------------------- */

static const struct result_row *partner(const struct comparison *c, const char *name, size_t subject,
                                        enum match *match) {
  for (size_t line = 0; line < c->line_count; line++)
    if (strcmp(comparison_row(c, line, 0)->name, name) == 0) {
      *match = comparison_match(c, line, subject);
      return comparison_row(c, line, subject);
    }
  return NULL;
}

static void assert_partner(const struct comparison *c, const char *name, const char *other, enum match wanted) {
  enum match match = MATCH_NONE;
  const struct result_row *row = partner(c, name, 1, &match);
  if (!row) fail_msg("%s has no partner", name);
  assert_string_equal(row->name, other);
  assert_int_equal(match, wanted);
}

static void machines_are_aligned_by_work_and_residence(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1)}, *a = &results[0], *b = &results[1];
  add_row(a, "activation", "tanh_forward", "1000", "L1", "avx2", 1, 1);
  add_row(a, "activation", "tanh_forward", "4000", "L1", "avx2", 1, 1);
  add_row(a, "activation", "tanh_forward", "64000", "L2", "avx2", 1, 1);
  add_row(a, "activation", "tanh_forward", "128000", "L2", "avx2", 2, 1);
  add_row(a, "dense", "dense_forward", "8x8x8", "L2", "avx2", 1, 1);
  add_row(a, "dense", "dense_forward", "9x9x9", "L2", "avx2", 1, 1);
  add_row(a, "activation", "relu_forward", "500", "L1", "avx2", 1, 1);
  add_row(b, "activation", "tanh_forward", "5000", "L1", "avx2", 1, 1);
  add_row(b, "activation", "tanh_forward", "1500", "L1", "avx2", 1, 1);
  add_row(b, "activation", "tanh_forward", "64000", "L2", "avx2", 1, 1);
  add_row(b, "activation", "tanh_forward", "512000", "L2", "avx2", 8, 1);
  add_row(b, "dense", "dense_forward", "8x8x8", "L1", "avx2", 1, 1);
  add_row(b, "dense", "dense_forward", "7x7x7", "L2", "avx2", 1, 1);
  add_row(b, "activation", "relu_forward", "500", "L2", "avx2", 1, 1);
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  assert_int_equal(c.subjects[1].relation, RELATION_MACHINE);
  assert_int_equal(c.line_count, 6);
  assert_partner(&c, "activation/tanh_forward/1000/arch:avx2/threads:1",
                 "activation/tanh_forward/1500/arch:avx2/threads:1", MATCH_RESIDENCE);
  assert_partner(&c, "activation/tanh_forward/4000/arch:avx2/threads:1",
                 "activation/tanh_forward/5000/arch:avx2/threads:1", MATCH_RESIDENCE);
  assert_partner(&c, "activation/tanh_forward/64000/arch:avx2/threads:1",
                 "activation/tanh_forward/64000/arch:avx2/threads:1", MATCH_EXACT);
  assert_partner(&c, "activation/tanh_forward/128000/arch:avx2/threads:2",
                 "activation/tanh_forward/512000/arch:avx2/threads:8", MATCH_THREADS);
  assert_partner(&c, "dense/dense_forward/8x8x8/arch:avx2/threads:1", "dense/dense_forward/8x8x8/arch:avx2/threads:1",
                 MATCH_EXACT);
  assert_partner(&c, "activation/relu_forward/500/arch:avx2/threads:1",
                 "activation/relu_forward/500/arch:avx2/threads:1", MATCH_SHAPE);
  assert_int_equal(c.alone_count[0], 1);
  assert_string_equal(c.alone[0][0]->shape, "9x9x9");
  assert_int_equal(c.alone_count[1], 1);
  assert_string_equal(c.alone[1][0]->shape, "7x7x7");
  char *text = comparison_text(&c, (struct style){0}, false);
  assert_non_null(strstr(text, "1 rows are in A only:\n  dense/dense_forward/9x9x9/arch:avx2/threads:1\n"));
  free(text);
  comparison_free(&c);
}

static void what_tells_rows_apart_keeps_them_apart(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("one", 1)};
  for (int r = 0; r < 2; r++)
    for (int i = 0; i < 8; i++) {
      struct result_row *row = add_row(&results[r], "activation", "tanh_forward", "1000", "L1", "avx2", 1, 1 + i);
      if (i == 1) strcpy(row->provider, "sleef");
      if (i == 2) strcpy(row->cache, "cold");
      if (i == 3) strcpy(row->cores, "small");
      if (i == 4) row->smt = 2;
      if (i == 5) row->support = true;
      if (i == 6) row->time.median = 0;
      if (i == 7) strcpy(row->kernel, "relu_forward");
      if (r) row->time.median /= 2;
    }
  struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  assert_int_equal(c.line_count, 6);
  for (size_t line = 0; line < c.line_count; line++)
    assert_float_equal(row_pace(comparison_row(&c, line, 0)) / row_pace(comparison_row(&c, line, 1)), 2, NEAR);
  assert_int_equal(c.unusable[0], 1);
  assert_int_equal(c.unusable[1], 1);
  assert_int_equal(c.alone_count[0] + c.alone_count[1], 0);
  comparison_free(&c);
}

static void a_machine_of_one_kind_meets_the_main_kind(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("hybrid", 1)}, *b = &results[1];
  add_row(&results[0], "activation", "tanh_forward", "1000", "L1", "avx2", 1, 1);
  strcpy(add_row(b, "activation", "tanh_forward", "1000", "L1", "avx2", 1, 3)->cores, "small");
  strcpy(add_row(b, "activation", "tanh_forward", "1000", "L1", "avx2", 1, 2)->cores, "big");
  add_limit(b, "fma_peak", "", "avx2", 1, "operations/s", 1e9);
  strcpy(b->limits[0].cores, "small");
  add_limit(b, "fma_peak", "", "avx2", 1, "operations/s", 2e9);
  strcpy(b->limits[1].cores, "big");
  add_limit(&results[0], "fma_peak", "", "avx2", 1, "operations/s", 3e9);
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  assert_int_equal(c.line_count, 1);
  assert_string_equal(comparison_row(&c, 0, 1)->cores, "big");
  struct sheet sheet = sheet_of(&c, true);
  assert_int_equal(sheet.limit_count, 1);
  assert_float_equal(sheet.limit_values[1], 2e9, 1);
  sheet_free(&sheet);
  comparison_free(&c);
}

static void the_first_listed_kind_is_the_main_one(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("hybrid", 1)}, *b = &results[1];
  add_row(&results[0], "activation", "tanh_forward", "1000", "L1", "avx2", 1, 1);
  strcpy(add_row(b, "activation", "tanh_forward", "1000", "L1", "avx2", 1, 3)->cores, "small");
  strcpy(add_row(b, "activation", "tanh_forward", "1000", "L1", "avx2", 1, 2)->cores, "big");
  b->machine.kind_count = 3;
  strcpy(b->machine.kinds[0].name, "not measured");
  strcpy(b->machine.kinds[1].name, "big");
  strcpy(b->machine.kinds[2].name, "small");
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  assert_int_equal(c.line_count, 1);
  assert_string_equal(comparison_row(&c, 0, 1)->cores, "big");
  comparison_free(&c);
}

static void scalar_code_alone_needs_no_fastest_arch(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1)};
  for (int r = 0; r < 2; r++) add_row(&results[r], "activation", "tanh_forward", "1000", "L1", "scalar", 1, 1);
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  assert_int_equal(c.selection.archs, ARCHS_SAME);
  assert_int_equal(c.line_count, 1);
  comparison_free(&c);
}

static void files_without_a_common_arch_are_compared_at_their_best(void **state) {
  (void)state;
  struct result results[] = {empty_result("x86", 0), empty_result("arm", 1)}, *a = &results[0], *b = &results[1];
  add_row(a, "activation", "tanh_forward", "1000", "L1", "scalar", 1, 9);
  add_row(a, "activation", "tanh_forward", "1000", "L1", "avx2", 1, 2);
  add_row(a, "activation", "tanh_forward", "1000", "L1", "avx512", 1, 3);
  add_row(b, "activation", "tanh_forward", "1000", "L1", "scalar", 1, 8);
  add_row(b, "activation", "tanh_forward", "1000", "L1", "neon", 1, 4);
  struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  assert_int_equal(c.selection.archs, ARCHS_FASTEST);
  assert_int_equal(c.line_count, 1);
  assert_string_equal(comparison_row(&c, 0, 0)->arch, "avx2");
  assert_string_equal(comparison_row(&c, 0, 1)->arch, "neon");
  comparison_free(&c);
}

static void archs_and_threads_of_one_file_are_subjects(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0)};
  for (int threads = 1; threads <= 4; threads *= 2)
    for (int arch = 0; arch < 2; arch++) {
      char shape[16];
      snprintf(shape, sizeof shape, "%d", 1000 * threads);
      add_row(&results[0], "activation", "tanh_forward", shape, "L1", arch ? "avx512" : "avx2", threads,
              (arch ? 1 : 3.0) / threads);
      add_row(&results[0], "dense", "dense_forward", "8x8x8", "L1", arch ? "avx512" : "avx2", threads,
              (arch ? 2 : 4.0) / (threads + 1));
    }
  struct result copy[] = {results[0]};
  struct selection selection = select_all(AXIS_COUNT);
  struct comparison c = compare_results(copy, 1, &selection, "avx512");
  assert_int_equal(c.selection.axis, AXIS_ARCH);
  assert_int_equal(c.subject_count, 2);
  assert_string_equal(c.subjects[0].label, "avx512");
  assert_int_equal(c.subjects[1].relation, RELATION_ASPECT);
  assert_int_equal(c.line_count, 6);
  double means[3];
  assert_int_equal(group_means(&c, GROUP_FAMILY, "activation forward", METRIC_SPEED, means, NULL, NULL), 3);
  assert_float_equal(means[1], 1.0 / 3, NEAR);
  comparison_free(&c);
}

static void threads_scale(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0)};
  add_row(&results[0], "activation", "tanh_forward", "1000", "L1", "avx2", 1, 1);
  add_row(&results[0], "activation", "tanh_forward", "2000", "L1", "avx2", 2, 0.5);
  add_row(&results[0], "activation", "tanh_forward", "4000", "L1", "avx2", 4, 0.5);
  add_row(&results[0], "dense", "dense_forward", "8x8x8", "L1", "avx2", 1, 4);
  add_row(&results[0], "dense", "dense_forward", "8x8x8", "L1", "avx2", 4, 2);
  const struct selection selection = select_all(AXIS_THREADS);
  struct comparison c = compare_results(results, 1, &selection, NULL);
  assert_int_equal(c.subject_count, 3);
  assert_string_equal(c.subjects[2].label, "x4");
  double means[3];
  group_means(&c, GROUP_FAMILY, "activation forward", METRIC_SCALING, means, NULL, NULL);
  assert_true(isnan(means[0]));
  assert_float_equal(means[1], 1, NEAR);
  assert_float_equal(means[2], 0.5, NEAR);
  group_means(&c, GROUP_FAMILY, "dense forward", METRIC_SPEED, means, NULL, NULL);
  assert_true(isnan(means[1]));
  assert_float_equal(means[2], 2, NEAR);
  comparison_free(&c);
}

/* ---- means ------------------------------------------------------------------------------------------------------- */

static void means_are_geometric_and_over_the_same_rows(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1), empty_result("three", 2),
                             empty_result("four", 3)};
  for (int f = 0; f < 3; f++) {
    add_row(&results[f], "activation", "tanh_forward", "1000", "L1", "avx2", 1, f == 1 ? 0.5 : 1);
    add_row(&results[f], "activation", "sigmoid_forward", "1000", "L1", "avx2", 1, f == 1 ? 0.125 : 4);
    if (f != 2) add_row(&results[f], "activation", "relu_forward", "1000", "L1", "avx2", 1, f == 1 ? 0.001 : 1);
  }
  add_row(&results[3], "dense", "dense_forward", "8x8x8", "L1", "avx2", 1, 1);
  results[0].rows[0].fraction_of_limit = 0.25, results[0].rows[1].fraction_of_limit = 1;
  results[0].rows[1].time.median = 1000; /* 1 ns an element */
  results[1].rows[1].cycles_per_item = NAN;
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 4, &selection, NULL);
  double means[4], least[4], most[4];
  assert_int_equal(group_means(&c, GROUP_FAMILY, "activation forward", METRIC_SPEED, means, least, most), 2);
  assert_float_equal(means[0], 1, NEAR);
  assert_float_equal(means[1], 4, NEAR); /* of 2 and 8; the row that C lacks is left out */
  assert_float_equal(least[1], 2, NEAR);
  assert_float_equal(most[1], 8, NEAR);
  assert_float_equal(means[2], 0.5, NEAR); /* of 1 and 1/4 */
  assert_true(isnan(means[3]));            /* D has no such row at all, and does not spoil the others' */
  assert_int_equal(group_means(&c, GROUP_FAMILY, "activation forward", METRIC_LIMIT, means, NULL, NULL), 2);
  assert_float_equal(means[0], 0.5, NEAR);
  assert_int_equal(group_means(&c, GROUP_FAMILY, "activation forward", METRIC_PER_CLOCK, means, NULL, NULL), 1);
  assert_float_equal(means[1], 2, NEAR);
  comparison_free(&c);
}

static void kernels_belong_to_families(void **state) {
  (void)state;
  static const struct {
    const char *suite, *kernel, *family;
    bool peer, step;
  } cases[] = {{"limits", "fma_peak", "limits compute", false, false},
               {"limits", "memory_read", "limits memory", false, false},
               {"limits", "memory_latency", "limits latency", false, false},
               {"init", "philox4x32_10", "init random words", false, false},
               {"init", "init_he_normal", "init weights", false, false},
               {"activation", "gelu_tanh_forward", "activation forward", false, false},
               {"activation", "tanh_derivative", "activation derivative", false, false},
               {"activation", "tanh_from_output", "activation backward", false, false},
               {"activation", "tanh_both", "activation fused", false, false},
               {"dense", "dense_forward[relu]", "dense forward", false, false},
               {"dense", "dense_backward_data", "dense backward_data", false, false},
               {"dense", "dense_bf16_backward_weights_dot", "bf16 backward_weights", false, false},
               {"dense", "bf16_round", "dense arrays", false, false},
               {"dense", "dense_forward", "peer openblas", true, false},
               {"training", "step", "training steps", false, true},
               {"training", "batch_norm_backward", "training normalization", false, false},
               {"training", "adam_update", "training update", false, false},
               {"training", "softmax_cross_entropy", "training loss", false, false},
               {"training", "scale", "training other", false, false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct result_row row = {.phases.forward = cases[i].step};
    char name[FAMILY_NAME];
    strcpy(row.suite, cases[i].suite);
    strcpy(row.kernel, cases[i].kernel);
    strcpy(row.provider, cases[i].peer ? "openblas" : "depthmark");
    family_name(name, &row);
    assert_string_equal(name, cases[i].family);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ratios_have_the_interval_of_both_medians),
      cmocka_unit_test(outcomes_need_an_interval_that_tells),
      cmocka_unit_test(rows_without_a_time_are_unusable),
      cmocka_unit_test(machines_are_aligned_by_work_and_residence),
      cmocka_unit_test(what_tells_rows_apart_keeps_them_apart),
      cmocka_unit_test(a_machine_of_one_kind_meets_the_main_kind),
      cmocka_unit_test(the_first_listed_kind_is_the_main_one),
      cmocka_unit_test(scalar_code_alone_needs_no_fastest_arch),
      cmocka_unit_test(files_without_a_common_arch_are_compared_at_their_best),
      cmocka_unit_test(archs_and_threads_of_one_file_are_subjects),
      cmocka_unit_test(threads_scale),
      cmocka_unit_test(means_are_geometric_and_over_the_same_rows),
      cmocka_unit_test(kernels_belong_to_families),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
