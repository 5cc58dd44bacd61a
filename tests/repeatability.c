/* Whether runs repeat, on results made up. */
#include "harness/repeatability.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

#define RUNS 3

static void add(struct result *run, const char *name, const char *residence, double median, double half) {
  struct result_row row = {.threads = 1, .smt = 1};
  snprintf(row.name, sizeof row.name, "%s", name);
  snprintf(row.kernel, sizeof row.kernel, "%s", name);
  snprintf(row.arch, sizeof row.arch, "avx2");
  snprintf(row.shape, sizeof row.shape, "64");
  snprintf(row.provider, sizeof row.provider, "depthmark");
  snprintf(row.residence, sizeof row.residence, "%s", residence);
  snprintf(row.cache, sizeof row.cache, "hot");
  row.time = (struct statistics){.samples = 20, .median = median, .low = median - half, .high = median + half};
  result_add_row(run, &row);
}

/* relu: 100, 101 and 103 within 1: two of three pairs overlap, they differ by 1, 3 and 1.98 %. copy: in memory. */
static void set_up(struct result *runs) {
  static const double relu[RUNS] = {100, 101, 103}, copy[RUNS] = {200, 200, 200};
  for (int i = 0; i < RUNS; i++) {
    result_init(&runs[i]);
    strcpy(runs[i].commit, "abc");
    add(&runs[i], "relu", "L2", relu[i], 1);
    add(&runs[i], "copy", "memory", copy[i], 1);
    if (i == 0) add(&runs[i], "alone", "L2", 1, 1);
  }
}

static void tear_down(struct result *runs) {
  for (int i = 0; i < RUNS; i++) result_free(&runs[i]);
}

static void pairs_are_counted(void **state) {
  (void)state;
  struct result runs[RUNS];
  struct repeatability r;
  struct error error;
  set_up(runs);
  assert_true(repeatability_of(&r, runs, RUNS, &error));
  assert_int_equal(r.count, 2); /* what one run alone has is left out */
  assert_int_equal(r.rows[0].pairs, 3);
  assert_int_equal(r.rows[0].overlapping, 2);
  assert_float_equal(r.rows[0].deviation, 2.0 / 101, 1e-12);
  assert_float_equal(r.rows[0].interval, 1.0 / 101, 1e-12);
  assert_false(r.rows[0].memory);
  assert_true(r.rows[1].memory && r.rows[1].overlapping == 3 && r.rows[1].deviation == 0);
  assert_true(r.cache.rows == 1 && r.cache.beyond == 0 && r.memory.rows == 1);
  assert_false(repeatability_met(&r)); /* two of three are not 98 % */
  repeatability_free(&r);
  for (int i = 0; i < RUNS; i++) runs[i].rows[0].time.low = 1, runs[i].rows[0].time.high = 200;
  assert_true(repeatability_of(&r, runs, RUNS, &error));
  assert_true(repeatability_met(&r));
  repeatability_free(&r);
  runs[2].rows[0].time.median = 110; /* they overlap, but differ too much */
  runs[1].rows[0].time.median = 105;
  assert_true(repeatability_of(&r, runs, RUNS, &error));
  assert_true(r.cache.overlapping == 3 && r.cache.beyond == 1);
  assert_false(repeatability_met(&r));
  repeatability_free(&r);
  tear_down(runs);
}

static void what_does_not_go_together_is_refused(void **state) {
  (void)state;
  struct result runs[RUNS];
  struct repeatability r;
  struct error error;
  set_up(runs);
  assert_false(repeatability_of(&r, runs, 1, &error));
  assert_non_null(strstr(error.text, "two or more"));
  strcpy(runs[1].commit, "def");
  assert_false(repeatability_of(&r, runs, RUNS, &error));
  assert_non_null(strstr(error.text, "commits abc and def"));
  strcpy(runs[1].commit, "abc");
  strcpy(runs[2].machine.cpu, "another");
  assert_false(repeatability_of(&r, runs, RUNS, &error));
  assert_non_null(strstr(error.text, "one machine"));
  runs[2].machine.cpu[0] = '\0';
  runs[2].row_count = 0;
  assert_false(repeatability_of(&r, runs, RUNS, &error));
  assert_non_null(strstr(error.text, "no row in common"));
  tear_down(runs);
}

static char *printed(const struct repeatability *r, enum repeat_format format) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  assert_true(repeatability_print(r, format, out));
  fclose(out);
  return text;
}

static void all_formats_say_the_same(void **state) {
  (void)state;
  static const char *const expected[REPEAT_FORMATS][3] = {
      {"relu   avx2", "67%", "66.7 % of 3 pairs overlap (goal 98 %); two runs"},
      {"| relu", "67%", "66.7 % of 3 pairs overlap (goal 98 %); two runs"},
      {"name,residence,cache,memory_bound,runs,pairs,", "\"relu\",L2,hot,0,3,3,2,0.0198",
       "\"copy\",memory,hot,1,3,3,3,0,0.005"},
      {"\"runs\": 3", "\"overlapping\": 2", "\"met\": false"}};
  struct result runs[RUNS];
  struct repeatability r;
  struct error error;
  set_up(runs);
  assert_true(repeatability_of(&r, runs, RUNS, &error));
  for (enum repeat_format format = 0; format < REPEAT_FORMATS; format++) {
    char *text = printed(&r, format);
    for (size_t i = 0; i < 3; i++)
      if (!strstr(text, expected[format][i])) fail_msg("%s is missing in\n%s", expected[format][i], text);
    free(text);
  }
  repeatability_free(&r);
  tear_down(runs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pairs_are_counted),
      cmocka_unit_test(what_does_not_go_together_is_refused),
      cmocka_unit_test(all_formats_say_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
