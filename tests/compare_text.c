/* What bench-compare says: verdicts for runs of one machine alone, and nothing that is wide or harmful, whatever files
 * hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/compare_support.h"
#include "tests/support.h"
#include "tools/compare/pairs.h"
#include "tools/compare/write.h"

/* ---- what is said ------------------------------------------------------------------------------------------------ */

static void runs_of_one_machine_have_verdicts(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("one", 1)};
  for (int r = 0; r < 2; r++) {
    add_row(&results[r], "activation", "tanh_forward", "1000", "L1", "avx2", 1, r ? 1.25 : 1);
    add_row(&results[r], "activation", "relu_forward", "1000", "L1", "avx2", 1, r ? 2 : 1);
    add_row(&results[r], "activation", "selu_forward", "1000", "L1", "avx2", 1, r ? 0.5 : 1);
    add_row(&results[r], "activation", "gelu_forward", "1000", "L1", "avx2", 1, 1);
    add_row(&results[r], "limits", "fma_peak", "1000", "", "avx2", 1, r ? 1.01 : 1);
  }
  results[1].interrupted = true;
  strcpy(results[1].machine.governor, "powersave");
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  assert_int_equal(c.subjects[1].relation, RELATION_RUN);
  char *text = comparison_text(&c, (struct style){0}, false);
  assert_narrow(text);
  assert_non_null(strstr(text, "\nB against A: 2 rows slower, 1 faster, 0 the same, 2 unclear\n"));
  assert_non_null(strstr(text, "\nverdict B / A  from    to arch    row\n"
                               "slower  0.500 0.490 0.510 avx2 x1 relu_forward 1000 L1\n"
                               "slower  0.800 0.784 0.816 avx2 x1 tanh_forward 1000 L1\n"));
  assert_non_null(strstr(text, "\nfaster  2.000 1.960 2.040 avx2 x1 selu_forward 1000 L1\n"));
  assert_non_null(strstr(text, "x 0.990 on average, from 0.99 to 0.99."));
  assert_non_null(strstr(text, "interrupted"));
  assert_non_null(strstr(text, "governor: A: not known, B: powersave"));
  assert_null(strstr(text, "gelu_forward"));
  free(text);
  text = comparison_text(&c, (struct style){0}, true);
  assert_narrow(text);
  assert_non_null(strstr(text, "gelu_forward"));
  free(text);
  comparison_free(&c);
}

static void other_machines_have_figures_alone(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1)};
  for (int r = 0; r < 2; r++) {
    add_row(&results[r], "activation", "tanh_forward", "1000", "L1", "avx2", 1, r ? 4 : 1);
    add_row(&results[r], "activation", "relu_forward", "1000", "L1", "avx2", 1, r ? 0.5 : 1);
  }
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  for (int markdown = 0; markdown < 2; markdown++) {
    char *text = comparison_text(&c, (struct style){.markdown = markdown}, true);
    static const char *const words[] = {"slower", "faster", "regress", "worse"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) assert_null(strstr(text, words[i]));
    assert_non_null(strstr(text, "B is another machine than A"));
    assert_non_null(strstr(text, "CPU: A: one, B: two"));
    free(text);
  }
  json_t *root = comparison_json(&c);
  json_t *side = json_array_get(json_object_get(json_array_get(json_object_get(root, "rows"), 0), "subjects"), 1);
  assert_true(json_is_null(json_object_get(side, "outcome")));
  assert_float_equal(json_number_value(json_object_get(side, "speed")), 0.25, NEAR);
  json_decref(root);
  comparison_free(&c);
}

static void the_same_run_twice_is_noticed(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("one", 0), empty_result("one", 0)};
  for (int r = 0; r < 3; r++) add_row(&results[r], "activation", "tanh_forward", "1000", "L1", "avx2", 1, 1 + r / 2);
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 3, &selection, NULL);
  assert_int_equal(c.sources[1].copy_of, 0);
  assert_int_equal(c.sources[2].copy_of, 2);
  char *text = comparison_text(&c, (struct style){0}, false);
  assert_non_null(strstr(text, "the same run as A"));
  free(text);
  comparison_free(&c);
}

static void gradients_keep_their_promise_or_not(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1)}, *a = &results[0], *b = &results[1];
  add_cell(a, "avx2", -0.5, 0.01, VERDICT_VANISHING), add_cell(b, "avx2", -0.5, 0.01, VERDICT_VANISHING);
  add_cell(a, "avx2", -0.5, 0.03, VERDICT_VANISHING), add_cell(b, "avx2", -0.4, 0.04, VERDICT_VANISHING);
  add_cell(a, "avx2", -0.5, 0.03, VERDICT_VANISHING), add_cell(b, "neon", -0.3, 0.04, VERDICT_VANISHING);
  add_cell(a, "avx2", NAN, NAN, VERDICT_OVERFLOW), add_cell(b, "avx2", NAN, NAN, VERDICT_OVERFLOW);
  add_cell(a, "avx2", 0, NAN, VERDICT_STABLE), add_cell(b, "avx2", 0, NAN, VERDICT_EXPLODING);
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  size_t count;
  struct cell_pair *pairs = cell_pairs(&c, 1, &count);
  assert_int_equal(count, 5);
  const bool promised[] = {true, true, false, true, true}, identical[] = {true, false, false, true, false},
             apart[] = {false, false, true, false, true};
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(pairs[i].promised, promised[i]);
    assert_int_equal(pairs[i].identical, identical[i]);
    assert_int_equal(pairs[i].apart, apart[i]);
  }
  assert_float_equal(pairs[1].standard_error, 0.05, NEAR);
  assert_float_equal(pairs[1].difference, 0.1, NEAR);
  free(pairs);
  char *text = comparison_text(&c, (struct style){0}, false);
  assert_narrow(text);
  assert_non_null(strstr(text, "\ngradients, A and B: 5 cells are in both\n"
                               "4 have the seed, generator and arch in common, and should be the same to the\n"
                               "last bit; 2 are not.\n"));
  assert_non_null(strstr(text, "stable, exploding"));
  free(text);
  comparison_free(&c);
}

static void other_seeds_promise_nothing(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1)};
  for (int r = 0; r < 2; r++) add_cell(&results[r], "avx2", -0.5, 0.01, VERDICT_VANISHING);
  results[1].seed = 2;
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  size_t count;
  struct cell_pair *pairs = cell_pairs(&c, 1, &count);
  assert_int_equal(count, 1);
  assert_true(pairs[0].identical && !pairs[0].promised);
  free(pairs);
  comparison_free(&c);
}

static void training_and_accuracy_are_paired(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1)}, *a = &results[0], *b = &results[1];
  add_accuracy(a, "tanh_forward", "avx2", 100, 2), add_accuracy(b, "tanh_forward", "avx2", 100, 2);
  add_accuracy(a, "relu_forward", "avx2", 100, 0), add_accuracy(b, "relu_forward", "avx2", 100, 1.5);
  add_accuracy(a, "selu_forward", "avx2", 100, 2), add_accuracy(b, "selu_forward", "avx2", 200, 2);
  add_accuracy(a, "gelu_forward", "avx2", 100, 2), add_accuracy(b, "gelu_forward", "neon", 100, 2);
  add_training(a, 0.5, LEARNING_LEARNS), add_training(b, 0.75, LEARNING_BEGINS);
  struct selection selection = select_all(AXIS_MACHINE);
  selection.archs = ARCHS_SAME;
  struct comparison c = compare_results(results, 2, &selection, NULL);
  size_t count;
  struct accuracy_pair *pairs = accuracy_pairs(&c, 1, &count);
  assert_int_equal(count, 3);
  assert_true(pairs[0].identical);
  assert_false(pairs[1].identical);
  assert_false(pairs[2].identical || pairs[2].same_samples);
  free(pairs);
  struct learning_pair *runs = learning_pairs(&c, 1, &count);
  assert_int_equal(count, 1);
  assert_true(runs[0].promised && runs[0].apart && !runs[0].identical);
  assert_float_equal(runs[0].loss_difference, 0.25, NEAR);
  free(runs);
  assert_true(comparison_has_common(&c));
  char *text = comparison_text(&c, (struct style){0}, false);
  assert_narrow(text);
  assert_non_null(strstr(text, "\naccuracy, A and B: 1 of 3 functions have the same errors\n"
                               "1 were measured on other floats, and can't be compared.\n"
                               "function     arch max ulp  to mean   to\n"
                               "relu_forward avx2       0 1.5    0 0.75\n"));
  assert_non_null(strstr(text, "learns  begins\n"));
  free(text);
  comparison_free(&c);
}

static void limits_and_clocks_stand_side_by_side(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1)};
  for (int r = 0; r < 2; r++) {
    add_row(&results[r], "activation", "tanh_forward", "1000", "L1", "avx2", r ? 8 : 2, 1);
    add_limit(&results[r], "fma_peak", "", "avx2", 1, "operations/s", r ? 50e9 : 100e9);
    add_limit(&results[r], "fma_peak", "", "avx2", r ? 8 : 2, "operations/s", 200e9);
    add_limit(&results[r], "memory_read", "L1", "avx2", 1, "bytes/s", 200e9);
    add_limit(&results[r], "memory_read", "L1", "avx512", 1, "bytes/s", r ? 100e9 : 300e9);
    add_limit(&results[r], "memory_latency", "memory", "avx2", 1, "s", r ? 80e-9 : 100e-9);
    add_limit(&results[r], "memory_read", "memory", "avx2", r ? 8 : 2, "bytes/s", 40e9);
    const struct result_clock clock = {.arch = "avx2", .threads = 1, .hertz = r ? 2e9 : 3e9, .low = 1e9, .high = 3e9};
    result_add_clock(&results[r], &clock);
  }
  add_limit(&results[0], "multiply_peak", "", "avx2", 1, "operations/s", 1e9);
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  char *text = comparison_text(&c, (struct style){0}, false);
  assert_narrow(text);
  assert_non_null(strstr(text, "\nlimit          of     on      unit    A   B\n"
                               "fma_peak              avx2 x1 Gop/s 100  50\n"
                               "memory_read    L1     x1      GB/s  300 200\n"
                               "memory_latency memory x1      ns    100  80\n"
                               "memory_read    memory all     GB/s   40  40\n"));
  free(text);
  text = comparison_text(&c, (struct style){0}, true);
  assert_non_null(strstr(text, "\nfma_peak              avx2 all  Gop/s 200 200\n"));
  assert_non_null(strstr(text, "memory_read    L1     avx512 x1 GB/s  300 100\n"));
  assert_non_null(strstr(text, "\nGHz under load of A B\navx2 x1           3 2\n"));
  free(text);
  comparison_free(&c);
}

/* ---- whatever files hold ----------------------------------------------------------------------------------------- */

#define HOSTILE "\x1b[31mX|<b>`@a\xe2\x80\xae\n"

/* Printable and ASCII, so that no name can move the cursor or turn the text around. */
static void assert_harmless(const char *text) {
  for (const char *c = text; *c; c++)
    if ((*c < 0x20 && *c != '\n') || *c == 0x7f)
      fail_msg("a character %d in: %.60s", *c, c > text + 20 ? c - 20 : text);
}

/* Files of everything, with names that no one would want on a terminal. */
static struct comparison hostile(size_t count, enum axis axis) {
  static struct result results[FILES_MOST];
  for (size_t r = 0; r < count; r++) {
    char cpu[96];
    snprintf(cpu, sizeof cpu, "%s %zu", HOSTILE, r % 3);
    results[r] = empty_result(cpu, (int)r);
    struct result *result = &results[r];
    strcpy(result->commit, HOSTILE);
    strcpy(result->machine.compiler, HOSTILE);
    for (int threads = 1; threads <= 128; threads *= 128) {
      add_row(result, "activation", "ars4x32_7_softmax_backward" HOSTILE, "1234567890x1234567890", "memory", HOSTILE,
              threads, 1 + 0.25 * (double)r);
      add_row(result, "dense", "dense_bf16_backward_weights_dot", "1024x1024x1024", "L2", "avx512", threads,
              1e9 / (1 + (double)r));
      strcpy(add_row(result, "dense", "dense_bf16_backward_weights_dot", "1024x1024x1024", "L2", "avx512", threads,
                     1e-9 * (1 + (double)r))
                 ->provider,
             "peer|" HOSTILE);
      add_row(result, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, threads, 1);
      add_row(result, "activation", "only" HOSTILE, "77", "L1", HOSTILE, threads + (int)r, 1);
    }
    add_limit(result, HOSTILE, "L1", HOSTILE, 1, HOSTILE, 1e300);
    add_accuracy(result, HOSTILE, HOSTILE, 100, (double)r);
    add_cell(result, HOSTILE, -1e-300, 1e-300, r % 2 ? VERDICT_OVERFLOW : VERDICT_UNDERFLOW);
    strcpy(result->cells[0].initializer, "variance_scaling(0.5,fan_in,uniform)" HOSTILE);
    strcpy(result->cells[0].activation, HOSTILE);
    add_training(result, 1, r % 2 ? LEARNING_AT_CHANCE : LEARNING_DIVERGES);
    strcpy(result->learning[0].name, HOSTILE);
  }
  const struct selection selection = select_all(axis);
  return compare_results(results, count, &selection, NULL);
}

/* Every line of a table has as many cells as its head. */
static void assert_markdown(const char *text) {
  size_t cells = 0;
  for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
    size_t bars = 0;
    for (const char *at = line; *at != '\n'; at++) bars += *at == '|' && (at == line || at[-1] != '\\');
    if (line[0] != '|')
      cells = 0;
    else if (cells == 0)
      cells = bars;
    else
      assert_int_equal(bars, cells);
    assert_non_null(strchr(line, '\n'));
  }
  assert_null(strstr(text, "<b>"));
  assert_null(strstr(text, "@a"));
}

static void any_number_of_files_is_narrow_and_harmless(void **state) {
  (void)state;
  for (size_t count = 1; count <= FILES_MOST; count += count < 3 ? 1 : FILES_MOST - 3)
    for (enum axis axis = count == 1; axis < AXIS_COUNT; axis++)
      for (int all = 0; all < 2; all++) {
        struct comparison c = hostile(count, axis);
        char *text = comparison_text(&c, (struct style){0}, all);
        assert_narrow(text);
        assert_harmless(text);
        free(text);
        text = comparison_text(&c, (struct style){.markdown = true}, all);
        assert_harmless(text);
        assert_markdown(text);
        free(text);
        json_decref(comparison_json(&c));
        comparison_free(&c);
      }
}

static void empty_results_have_nothing_in_common(void **state) {
  (void)state;
  struct result results[] = {empty_result("one", 0), empty_result("two", 1)};
  const struct selection selection = select_all(AXIS_MACHINE);
  struct comparison c = compare_results(results, 2, &selection, NULL);
  assert_false(comparison_has_common(&c));
  char *text = comparison_text(&c, (struct style){0}, false);
  assert_narrow(text);
  free(text);
  json_decref(comparison_json(&c));
  comparison_free(&c);
}

static void files_that_are_no_results_are_refused(void **state) {
  (void)state;
  struct comparison c;
  struct error error;
  char path[] = "/tmp/depthmark-XXXXXX";
  FILE *file = fdopen(mkstemp(path), "w");
  fputs("{\"context\": {\"format\": 2}}", file);
  fclose(file);
  assert_false(comparison_read(&c, (char *[]){path}, 1, &error));
  unlink(path);
  assert_non_null(strstr(error.text, path));
  assert_non_null(strstr(error.text, "format is 2"));
}

static void csv_has_a_line_for_each_pair(void **state) {
  (void)state;
  struct comparison c = hostile(3, AXIS_MACHINE);
  size_t pairs = 0, size, quotes = 0, lines = 0;
  char *text;
  FILE *out = open_memstream(&text, &size);
  write_csv(out, &c, 0.02);
  fclose(out);
  for (size_t s = 1; s < c.subject_count; s++)
    for (size_t line = 0; line < c.line_count; line++) pairs += comparison_row(&c, line, s) != NULL;
  for (const char *at = text; *at; at++) {
    quotes += *at == '"';
    lines += *at == '\n' && quotes % 2 == 0;
  }
  assert_int_equal(lines, pairs + 1);
  assert_true(pairs > 0);
  free(text);
  comparison_free(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(runs_of_one_machine_have_verdicts),
      cmocka_unit_test(other_machines_have_figures_alone),
      cmocka_unit_test(the_same_run_twice_is_noticed),
      cmocka_unit_test(gradients_keep_their_promise_or_not),
      cmocka_unit_test(other_seeds_promise_nothing),
      cmocka_unit_test(training_and_accuracy_are_paired),
      cmocka_unit_test(limits_and_clocks_stand_side_by_side),
      cmocka_unit_test(any_number_of_files_is_narrow_and_harmless),
      cmocka_unit_test(empty_results_have_nothing_in_common),
      cmocka_unit_test(files_that_are_no_results_are_refused),
      cmocka_unit_test(csv_has_a_line_for_each_pair),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
