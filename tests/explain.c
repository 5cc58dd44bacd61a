/* The page that explains one network: what it says, and that it can be read. */
#include "harness/explain.h"

#include <stdlib.h>
#include <string.h>

#include "harness/suite.h"
#include "tests/support.h"

/* The page of --explain=value with a few more options that keep it small; to be freed. */
static char *page_of(const char *value, struct style style) {
  static struct options options; /* large */
  const struct cpu_features cpu = cpu_detect();
  struct result result;
  struct error error;
  char explain[128], *text;
  size_t size;
  snprintf(explain, sizeof explain, "--explain=%s", value);
  char *argv[] = {"bench", explain, "--batch=32", "--seeds=3", "--threads=2", "--pin=none", NULL};
  if (options_parse(6, argv, &cpu, &options, &error) != OPTIONS_RUN) fail_msg("%s", error.text);
  struct run run = {.options = &options, .cpu = &cpu, .result = &result};
  result_init(&result);
  if (!suite_gradients(&run, &error)) fail_msg("%s", error.text);
  FILE *out = open_memstream(&text, &size);
  explain_print(out, style, &result);
  fclose(out);
  result_free(&result);
  return text;
}

/* At most 80 columns, no number that is none. */
static void assert_readable(const char *page) {
  for (const char *line = page; *line;) {
    const size_t length = strcspn(line, "\n");
    if (length > 80) fail_msg("longer than 80: %.*s", (int)length, line);
    line += length + (line[length] == '\n');
  }
  assert_null(strstr(page, "+nan"));
  assert_null(strstr(page, " nan"));
  assert_null(strstr(page, "+inf"));
}

/* Page and words as one line each. */
static void assert_says(const char *value, const char *const *words) {
  char *page = page_of(value, (struct style){0});
  assert_readable(page);
  for (char *c = page; *c; c++)
    if (*c == '\n') *c = ' ';
  for (; *words; words++)
    if (!strstr(page, *words)) fail_msg("%s: \"%s\" is not said in: %s", value, *words, page);
  free(page);
}
#define ASSERT_SAYS(value, ...) assert_says(value, (const char *const[]){__VA_ARGS__, NULL})

static void a_gradient_that_vanishes(void **state) {
  (void)state;
  ASSERT_SAYS("relu,glorot_uniform,depth=50,width=128", "relu, glorot_uniform: 50 layers of 128 units",
              "The gradient vanishes", "all layers learn at one pace", "below the normal numbers of float32",
              "1 for glorot_uniform", "chi = 0.5,", "sqrt(chi) = 0.7071", "theory says -0.3466",
              "B  he_normal, relu, 50", "weights x 1.414", "batch normalization", "residual connections",
              "he_normal in place of glorot_uniform mends it");
  ASSERT_SAYS("sigmoid,glorot_uniform,depth=20,width=64", "The gradient vanishes", "no step is right for both",
              "mends it");
}

static void a_gradient_that_explodes(void **state) {
  (void)state;
  ASSERT_SAYS("tanh,normal(0,1),depth=30,width=128", "The gradient explodes", "leaves the range of float32",
              "Even nearly equal inputs drift apart", "Clipping all gradients to a norm of 1",
              "in place of normal(0,1) mends it");
}

static void numbers_that_run_out(void **state) {
  (void)state;
  ASSERT_SAYS("relu,normal(0,1),depth=50,width=128", "The forward pass overflows", "has infinite ones",
              "theory says +2.0", "mends it");
  ASSERT_SAYS("sigmoid,uniform(-0.01,0.01),depth=40,width=64", "The gradient is lost", "learn nothing at all");
  ASSERT_SAYS("relu,uniform(-0.001,0.001),depth=40,width=64", "The forward pass is lost", "all of them are 0 in layer");
}

static void a_gradient_that_is_fine(void **state) {
  (void)state;
  ASSERT_SAYS("relu,he_normal,depth=10,width=256", "keeps about its size", "Nothing needs mending");
  ASSERT_SAYS("selu,lecun_normal,depth=1,width=64", "With one hidden layer", "Nothing needs mending");
}

static void other_networks(void **state) {
  (void)state;
  ASSERT_SAYS("tanh,zeros,depth=5,width=32", "no mean-field theory of zeros weights");
  ASSERT_SAYS("relu,he_normal,depth=40,width=64,norm=batch", "Normalized z have variance 1", "Var f(n)");
  ASSERT_SAYS("relu,he_normal,depth=20,width=64,residual=yes", "A residual connection hands the gradient on");
}

static void markdown_has_paragraphs_and_a_table(void **state) {
  (void)state;
  char *page = page_of("relu,glorot_uniform,depth=8,width=32", (struct style){.markdown = true});
  assert_non_null(strstr(page, "### What happens\n\n"));
  assert_non_null(strstr(page, "| as it is |"));
  free(page);
}

int main(void) {
  if (getenv("DEPTHMARK_EMULATED")) {
    puts("skipped: words about networks, which the other builds test and an emulator takes two minutes for");
    return 77;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_gradient_that_vanishes), cmocka_unit_test(a_gradient_that_explodes),
      cmocka_unit_test(numbers_that_run_out),     cmocka_unit_test(a_gradient_that_is_fine),
      cmocka_unit_test(other_networks),           cmocka_unit_test(markdown_has_paragraphs_and_a_table),
  };
  return cmocka_run_group_tests_name("explain", tests, NULL, NULL) ? 1 : 0;
}
