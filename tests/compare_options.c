/* The command line of bench-compare, and texts made harmless. */
#include "tools/compare/options.h"

#include <stdio.h>
#include <string.h>

#include "tests/compare_support.h"
#include "tests/support.h"
#include "tools/compare/visible.h"

static enum compare_action parse(const char *line, struct compare_options *options, struct error *error) {
  static char copy[256];
  static char *words[16];
  int count = 0;
  snprintf(copy, sizeof copy, "bench-compare %s", line);
  for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) words[count++] = word;
  words[count] = NULL;
  return compare_options_parse(count, words, options, error);
}

static void options_are_read(void **state) {
  (void)state;
  struct compare_options options;
  struct error error;
  assert_int_equal(parse("a.json --by=arch b.json --base=x --suite=dense,limits --threshold=5 --all --format=csv "
                         "--color=never --archs=fastest --filter=tanh",
                         &options, &error),
                   COMPARE_RUN);
  assert_int_equal(options.path_count, 2);
  assert_string_equal(options.paths[1], "b.json");
  assert_int_equal(options.selection.axis, AXIS_ARCH);
  assert_int_equal(options.selection.archs, ARCHS_FASTEST);
  assert_true(options.selection.suites[SUITE_DENSE] && !options.selection.suites[SUITE_INIT]);
  assert_true(options.all && options.selection.support && options.selection.filter);
  assert_float_equal(options.threshold, 0.05, NEAR);
  assert_int_equal(options.format, COMPARE_CSV);
  assert_int_equal(options.color, COLOR_NEVER);
  compare_options_free(&options);
  static const char *const wrong[][2] = {{"--by=x a.json", "--by=x"},
                                         {"--threshold=-1 a.json", "--threshold"},
                                         {"--filter=( a.json", "--filter"},
                                         {"--frmat=csv a.json", "--format"},
                                         {"--all=1 a.json", "no value"},
                                         {"--base", "needs a value"},
                                         {"-v a.json", "short"},
                                         {"", "which results"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(parse(wrong[i][0], &options, &error), COMPARE_ERROR);
    assert_non_null(strstr(error.text, wrong[i][1]));
    compare_options_free(&options);
  }
  assert_int_equal(parse("--help", &options, &error), COMPARE_HELP);
  compare_options_free(&options);
}

static void texts_are_made_visible(void **state) {
  (void)state;
  char text[64];
  assert_string_equal(visible(text, sizeof text, "a\x1b[0m\n\x7f", false, false), "a\\x1b[0m\\x0a\\x7f");
  assert_string_equal(visible(text, sizeof text, "\xc3\xa9", false, false), "\xc3\xa9");
  assert_string_equal(visible(text, sizeof text, "\xc3\xa9", true, false), "\\xe9");
  assert_string_equal(visible(text, sizeof text, "\xe2\x80\xae", false, false), "\\u202e");
  assert_string_equal(visible(text, sizeof text, "\xc2\x9b", false, false), "\\x9b"); /* CSI in one character */
  assert_string_equal(visible(text, sizeof text, "\xff\xc0\xaf", false, false), "\\xff\\xc0\\xaf");
  assert_string_equal(visible(text, sizeof text, "a|b@c", true, true), "a\\|b@&#8203;c");
  assert_string_equal(visible(text, 6, "abcdefgh", true, false), "abc..");
  assert_string_equal(visible(text, 6, "abcde", true, false), "abcde");
  assert_string_equal(visible(text, 6, "ab\n", true, false), "ab..");
}

/* The help fits a terminal. */
static void help_is_narrow(void **state) {
  (void)state;
  assert_narrow(compare_help);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_are_read),
      cmocka_unit_test(texts_are_made_visible),
      cmocka_unit_test(help_is_narrow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
