/* Results for other tools: the figures are there, in the shape that each tool reads, whatever names contain. */
#include "harness/export.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/formats.h"
#include "tests/support.h"

#define HOSTILE "a<b>&\"c'\x01\xc3\xa9,\n"

static struct result_row row_of(const char *name, double median) {
  struct result_row row = {
      .suite = "activation",
      .kernel = "tanh_forward",
      .arch = "avx2",
      .provider = "depthmark",
      .threads = 1,
      .smt = 1,
      .iterations = 1000,
      .time = {.samples = 20, .median = median, .mean = median, .low = 0.9 * median, .high = 1.1 * median},
      .cpu_time = {.samples = 20, .median = median, .mean = median},
      .items = 500,
      .flops = 2000,
      .bytes = 4000,
      .limit = "fma_peak",
      .fraction_of_limit = 0.5,
      .cycles = NAN,
      .instructions = NAN,
      .cache_misses = NAN};
  snprintf(row.name, sizeof row.name, "%s", name);
  return row;
}

static struct result example(void) {
  struct result result;
  result_init(&result);
  strcpy(result.machine.supported, "scalar,avx2");
  strcpy(result.machine.host, HOSTILE);
  strcpy(result.date, "2026-11-23T12:00:00+00:00");
  struct result_row row = row_of("activation/tanh_forward/500", 1000);
  result_add_row(&result, &row);
  row = row_of(HOSTILE, 2000);
  row.flops = 0;
  result_add_row(&result, &row);
  row = row_of("support", 3000);
  row.support = true;
  result_add_row(&result, &row);
  row = row_of("never measured", 0);
  row.time.samples = 0;
  result_add_row(&result, &row);
  return result;
}

static char *written(enum output_format format, const struct result *result, struct google_style style) {
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  assert_true(format_write(out, format, result, &style));
  fclose(out);
  return text;
}

static json_t *written_json(enum output_format format) {
  struct result result = example();
  char *text = written(format, &result, (struct google_style){0, false});
  json_error_t error;
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!root) fail_msg("%s is not JSON: %s", format_names[format], error.text);
  free(text);
  result_free(&result);
  return root;
}

static double number(const json_t *o, const char *name) { return json_number_value(json_object_get(o, name)); }
static const char *string(const json_t *o, const char *name) { return json_string_value(json_object_get(o, name)); }

static void github(void **state) {
  (void)state;
  json_t *smaller = written_json(FORMAT_GITHUB_SMALLER), *bigger = written_json(FORMAT_GITHUB_BIGGER);
  assert_int_equal(json_array_size(smaller), 2);
  const json_t *entry = json_array_get(smaller, 0);
  assert_string_equal(string(entry, "name"), "activation/tanh_forward/500");
  assert_string_equal(string(entry, "unit"), "ns");
  assert_string_equal(string(entry, "range"), "\xc2\xb1 100");
  assert_string_equal(string(entry, "extra"), "20 samples, 50 % of fma_peak");
  assert_true(number(entry, "value") == 1000);
  assert_string_equal(string(json_array_get(smaller, 1), "name"), HOSTILE);
  entry = json_array_get(bigger, 0); /* 2000 operations in 1000 ns */
  assert_string_equal(string(entry, "unit"), "GFLOP/s");
  assert_float_equal(number(entry, "value"), 2, 1e-12);
  entry = json_array_get(bigger, 1); /* none: 4000 bytes in 2000 ns */
  assert_string_equal(string(entry, "unit"), "GB/s");
  assert_float_equal(number(entry, "value"), 2, 1e-12);
  json_decref(smaller);
  json_decref(bigger);
}

static void bencher(void **state) {
  (void)state;
  json_t *root = written_json(FORMAT_BENCHER);
  assert_int_equal(json_object_size(root), 2);
  const json_t *entry = json_object_get(root, "activation/tanh_forward/500");
  const json_t *latency = json_object_get(entry, "latency"), *throughput = json_object_get(entry, "throughput");
  assert_true(number(latency, "value") == 1000 && number(latency, "lower_value") == 900);
  assert_true(number(latency, "upper_value") == 1100);
  assert_float_equal(number(throughput, "value"), 5e8, 1); /* 500 items in 1000 ns */
  assert_float_equal(number(throughput, "lower_value"), 5e8 / 1.1, 1);
  assert_float_equal(number(throughput, "upper_value"), 5e8 / 0.9, 1);
  assert_non_null(json_object_get(root, HOSTILE));
  json_decref(root);
}

/* Well-formed: tags nest, nothing but the five entities and numbers is escaped, no control characters. */
static void check_xml(const char *text) {
  char open[16][32];
  size_t depth = 0;
  for (const char *c = text; *c; c++) {
    if ((unsigned char)*c < ' ' && *c != '\n') fail_msg("a control character");
    if (*c == '&' && strncmp(c, "&amp;", 5) && strncmp(c, "&lt;", 4) && strncmp(c, "&gt;", 4) &&
        strncmp(c, "&quot;", 6) && strncmp(c, "&#", 2))
      fail_msg("a bare &: %.20s", c);
    if (*c != '<') continue;
    const char *end = strchr(c, '>');
    assert_non_null(end);
    const size_t length = strcspn(c + 1, " >/");
    if (c[1] == '/') {
      assert_true(depth > 0);
      depth--;
      assert_true(strncmp(open[depth], c + 2, strlen(open[depth])) == 0);
    } else if (c[1] != '?' && end[-1] != '/') {
      assert_true(depth < 16);
      snprintf(open[depth++], sizeof open[0], "%.*s", (int)length, c + 1);
    }
    for (const char *inside = c + 1; inside < end; inside++) assert_true(*inside != '<');
    c = end;
  }
  assert_int_equal(depth, 0);
}

static size_t count(const char *text, const char *what) {
  size_t times = 0;
  while ((text = strstr(text, what))) times++, text++;
  return times;
}

static void junit(void **state) {
  (void)state;
  struct result result = example();
  result.interrupted = true;
  result_add_accuracy(&result, &(struct result_accuracy){.name = "accuracy/x", .kernel = "x", .ulp_max = 2.5});
  char *text = written(FORMAT_JUNIT, &result, (struct google_style){0, false});
  check_xml(text);
  assert_int_equal(count(text, "<testsuite "), 3); /* dispatch, activation, accuracy */
  assert_int_equal(count(text, "<testcase "), ARCH_COUNT + 1 + 3 + 1);
  assert_int_equal(count(text, "<skipped "), ARCH_COUNT - 2);
  assert_int_equal(count(text, "<error "), 1);
  assert_non_null(strstr(text, "name=\"dispatch\" tests=\"5\" failures=\"0\" errors=\"1\" skipped=\"2\""));
  assert_non_null(strstr(text, "name=\"activation\" tests=\"3\""));
  assert_non_null(strstr(text, "time=\"1e-06\""));
  assert_non_null(strstr(text, "a&lt;b&gt;&amp;&quot;c'?\xc3\xa9,&#10;"));
  assert_null(strstr(text, "support"));
  free(text);
  result_free(&result);
}

static struct result repeated(void) {
  struct result result;
  result_init(&result);
  struct result_row row = row_of("r", 2000);
  row.repetition_count = 3;
  for (size_t i = 0; i < 3; i++)
    row.repetitions[i] = (struct result_repetition){1000 * (1 + (double)i), 500 * (1 + (double)i), 10};
  result_add_row(&result, &row);
  return result;
}

static void google(void **state) {
  (void)state;
  struct result result = example();
  char *text = written(FORMAT_GOOGLE_CSV, &result, (struct google_style){1, false});
  assert_non_null(strstr(text, "\"activation/tanh_forward/500\",1000,1,1,us,4e+09,5e+08,,,,2e+09\n"));
  free(text);
  text = written(FORMAT_GOOGLE_CONSOLE, &result, (struct google_style){0, false});
  assert_non_null(strstr(text, "         1000 ns         1000 ns         1000 bytes_per_second=4G/s"));
  free(text);
  result_free(&result);
}

static void repetitions(void **state) {
  (void)state;
  struct result result = repeated(), read;
  struct error error;
  char *text = written(FORMAT_GOOGLE_CSV, &result, (struct google_style){0, false});
  assert_non_null(strstr(text, "\"r\",10,3000,1500,ns,"));
  assert_non_null(strstr(text, "\"r_mean\",3,2000,1000,ns,"));
  assert_non_null(strstr(text, "\"r_stddev\",3,1000,500,ns,,"));
  assert_non_null(strstr(text, "\"r_cv\",3,0.5,0.5,,,"));
  free(text);
  text = written(FORMAT_GOOGLE_CSV, &result, (struct google_style){0, true});
  assert_true(count(text, "\"r\",") == 0 && count(text, "\"r_") == 4);
  free(text);

  /* The result file has them as Google Benchmark's, and the row itself in each. */
  char path[] = "/tmp/depthmark-test-XXXXXX";
  close(mkstemp(path));
  if (!result_write(&result, path, &error) || !result_read(&read, path, &error)) fail_msg("%s", error.text);
  unlink(path);
  assert_int_equal(read.row_count, 1);
  assert_int_equal(read.rows[0].repetition_count, 3);
  assert_memory_equal(read.rows[0].repetitions, result.rows[0].repetitions, 3 * sizeof read.rows[0].repetitions[0]);
  assert_true(read.rows[0].time.median == 2000 && read.rows[0].iterations == 30);
  text = result_to_json(&result);
  json_t *root = json_loads(text, 0, NULL);
  const json_t *benchmarks = json_object_get(root, "benchmarks");
  assert_int_equal(json_array_size(benchmarks), 3 + 4);
  const json_t *last = json_array_get(benchmarks, 2);
  assert_true(number(last, "repetition_index") == 2 && number(last, "repetitions") == 3);
  assert_true(number(last, "real_time") == 3000 && number(last, "cpu_time") == 1500);
  assert_true(number(json_array_get(benchmarks, 4), "real_time") == 2000);
  json_decref(root);
  free(text);
  result_free(&read);
  result_free(&result);
}

static void nothing(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  for (enum output_format format = FORMAT_TABLE; format < FORMAT_COUNT; format++)
    free(written(format, &result, (struct google_style){0, false}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(github), cmocka_unit_test(bencher),     cmocka_unit_test(junit),
      cmocka_unit_test(google), cmocka_unit_test(repetitions), cmocka_unit_test(nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
