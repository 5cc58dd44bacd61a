/* Google Benchmark's options: each does what ours of another name does. */
#include <math.h>
#include <string.h>

#include "tests/command_line.h"
#include "tests/support.h"

static void filters(void **state) {
  (void)state;
  struct options o = ACCEPTED("--benchmark_filter=^dense/.*relu");
  assert_string_equal(o.filter, "^dense/.*relu");
  assert_false(o.filter_negated);
  o = ACCEPTED("--benchmark_filter=-tanh");
  assert_string_equal(o.filter, "tanh");
  assert_true(o.filter_negated);
  o = ACCEPTED("--benchmark_filter=all");
  assert_true(strcmp(o.filter, ".") == 0 && !o.filter_negated);
  assert_string_equal(ACCEPTED("--benchmark_filter=").filter, ".");
  REFUSED("--filter", "", "--benchmark_filter=(");
  REFUSED("--benchmark_filter", "value", "--benchmark_filter");
}

static void files_and_formats(void **state) {
  (void)state;
  struct options o = ACCEPTED("--benchmark_out=a.json", "--benchmark_format=console");
  assert_string_equal(o.out, "a.json"); /* JSON is what the result is */
  assert_string_equal(o.google_out, "");
  assert_int_equal(o.format, FORMAT_GOOGLE_CONSOLE);
  o = ACCEPTED("--benchmark_out=a.csv", "--benchmark_out_format=csv", "--benchmark_format=json");
  assert_string_equal(o.out, "");
  assert_string_equal(o.google_out, "a.csv");
  assert_true(o.google_out_format == FORMAT_GOOGLE_CSV && o.format == FORMAT_JSON);
  o = ACCEPTED("--benchmark_out_format=console", "--benchmark_out=a.txt");
  assert_int_equal(o.google_out_format, FORMAT_GOOGLE_CONSOLE);
  assert_int_equal(o.format, FORMAT_TABLE);
  REFUSED("--benchmark_format", "known: console, json, csv", "--benchmark_format=yaml");
  REFUSED("--benchmark_out", "file", "--benchmark_out=");
}

static void listing(void **state) {
  (void)state;
  assert_true(ACCEPTED("--benchmark_list_tests").list);
  assert_true(ACCEPTED("--benchmark_list_tests=true").list);
  assert_true(ACCEPTED("--benchmark_list_tests=1").list);
  assert_false(ACCEPTED("--benchmark_list_tests=false").list);
  REFUSED("--benchmark_list_tests", "true or false", "--benchmark_list_tests=maybe");
}

static void times(void **state) {
  (void)state;
  struct options o = ACCEPTED("--benchmark_min_time=0.25s");
  assert_true(o.min_time == 0.25 && o.min_time_given && !o.notice[0]);
  assert_true(ACCEPTED("--benchmark_min_time=0.25").min_time == 0.25);
  o = ACCEPTED("--benchmark_min_time=100x");
  assert_true(o.min_time == 0 && o.min_time_given && strstr(o.notice, "100x"));
  o = ACCEPTED("--benchmark_dry_run");
  assert_true(o.min_time == 0 && o.min_time_given);
  assert_int_equal(ACCEPTED("--benchmark_time_unit=ms").google.unit, 2);
  REFUSED("--benchmark_min_time", "such as", "--benchmark_min_time=");
  REFUSED("--benchmark_min_time", "", "--benchmark_min_time=s");
  REFUSED("--benchmark_min_time", "", "--benchmark_min_time=-1s");
  REFUSED("--benchmark_min_time", "", "--benchmark_min_time=0x");
  REFUSED("--benchmark_time_unit", "known: ns, us, ms, s", "--benchmark_time_unit=min");
}

static void repetitions(void **state) {
  (void)state;
  assert_int_equal(ACCEPTED("--benchmark_repetitions=9").repetitions, 9);
  assert_int_equal(ACCEPTED("--benchmark_repetitions=1").repetitions, 0);
  assert_true(ACCEPTED("--benchmark_report_aggregates_only").google.aggregates_only);
  assert_true(ACCEPTED("--benchmark_display_aggregates_only=true").google.aggregates_only);
  REFUSED("--benchmark_repetitions", "64", "--benchmark_repetitions=65");
  REFUSED("--benchmark_repetitions", "", "--benchmark_repetitions=0");
}

static void labels(void **state) {
  (void)state;
  const struct options o = ACCEPTED("--benchmark_context=branch=main,machine=a b");
  assert_int_equal(o.label_count, 2);
  assert_string_equal(o.labels[1], "machine=a b");
  REFUSED("--benchmark_context", "NAME=VALUE", "--benchmark_context=branch");
  REFUSED("--benchmark_context", "NAME=VALUE", "--benchmark_context==x");
}

/* They change nothing. */
static void accepted_silently(void **state) {
  (void)state;
  const struct options o = ACCEPTED("--benchmark_color=auto", "--benchmark_counters_tabular=true", "--v=2", "--quick",
                                    "--benchmark_enable_random_interleaving=true", "--benchmark_min_warmup_time=0.1");
  assert_true(o.quick && !o.notice[0]);
  assert_non_null(strstr(ACCEPTED("--benchmark_perf_counters=CYCLES").notice, "CYCLES"));
}

static void unknown(void **state) {
  (void)state;
  REFUSED("--benchmark_filtre", "did you mean --benchmark_filter?", "--benchmark_filtre=x");
  REFUSED("--benchmark_xyzzy", "unknown", "--benchmark_xyzzy=1");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(filters),           cmocka_unit_test(files_and_formats),
      cmocka_unit_test(listing),           cmocka_unit_test(times),
      cmocka_unit_test(repetitions),       cmocka_unit_test(labels),
      cmocka_unit_test(accepted_silently), cmocka_unit_test(unknown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
