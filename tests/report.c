/* Reports: the page is well-formed whatever the results hold, nothing in them becomes markup, and figures in its tables
 * follow from them. */
#include "tools/report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/html_check.h"
#include "tests/support.h"
#include "tools/report/assets.h"
#include "tools/report/html.h"

const char report_script[] = "var report = '<\\/script>';";
const char report_style[] = "p { color: red }";

static const char hostile[] = "\"'><img src=x onerror=alert(1)></script><!--";

/* ---- results made by hand ------------------------------------------------------------------------------------------
 */

static struct result machine(const char *cpu, const char *date) {
  struct result result;
  result_init(&result);
  strcpy(result.date, date);
  strcpy(result.commit, "0123456789ab");
  strcpy(result.version, "0.1.0");
  snprintf(result.machine.cpu, sizeof result.machine.cpu, "%s", cpu);
  strcpy(result.machine.host, "host");
  strcpy(result.machine.vendor, "vendor");
  strcpy(result.machine.model, "1");
  result.machine.caches[0] = (struct cache){.level = 1, .bytes = 32768, .count = 2, .cores_sharing = 1};
  result.machine.caches[1] = (struct cache){.level = 2, .bytes = 1 << 20, .count = 2, .cores_sharing = 1};
  result.machine.cache_count = 2;
  result.machine.memory_bytes = (size_t)8 << 30;
  result.machine.core_hertz = 4e9;
  return result;
}

/* A row of 1000 items, 2000 operations and 8000 bytes per thread that takes ns, give or take a percent. */
static struct result_row *add_row(struct result *result, const char *kernel, const char *arch, int threads, double ns) {
  struct result_row row = {.suite = "activation",
                           .provider = "depthmark",
                           .residence = "L1",
                           .cache = "hot",
                           .smt = 1,
                           .threads = threads,
                           .iterations = 100,
                           .time = {.samples = 9, .median = ns, .low = 0.99 * ns, .high = 1.01 * ns},
                           .core_hertz = 4e9,
                           .cycles_per_item = ns * 4 / 1000,
                           .items = 1000 * threads,
                           .flops = 2000 * threads,
                           .bytes = 8000 * threads,
                           .limit = "fma_peak",
                           .fraction_of_limit = 0.5};
  snprintf(row.kernel, sizeof row.kernel, "%s", kernel);
  snprintf(row.shape, sizeof row.shape, "%d", 1000 * threads);
  snprintf(row.arch, sizeof row.arch, "%s", arch);
  snprintf(row.name, sizeof row.name, "activation/%s/%s/arch:%s/threads:%d", kernel, row.shape, arch, threads);
  return result_add_row(result, &row);
}

static void add_rows(struct result *result) {
  for (int threads = 1; threads <= 2; threads++) {
    add_row(result, "tanh_forward", "scalar", threads, 1000);
    add_row(result, "tanh_forward", "avx2", threads, 250);
    add_row(result, "tanh_forward", "avx512", threads, threads == 1 ? 100 : 125);
    add_row(result, "relu_forward", "scalar", threads, 900);
    add_row(result, "relu_forward", "avx2", threads, 100);
    add_row(result, "relu_forward", "avx512", threads, 100.5);
  }
  for (int i = 0; i < 3; i++) {
    struct result_row *row = add_row(result, "memory_read", "avx2", 1, 100 << i);
    strcpy(row->suite, "limits");
    row->flops = 0;
    row->bytes = i == 2 ? 65536 : 16384 << 3 * i; /* calls go through windows of what is in memory */
    snprintf(row->shape, sizeof row->shape, "%.0f", row->bytes / 4);
    strcpy(row->residence, i == 0 ? "L1" : i == 1 ? "L2" : "memory");
  }
  result_add_limit(result, &(struct result_limit){"fma_peak", "", "avx2", 1, "", -1, "operations/s", 64e9, 1});
  result_add_limit(result, &(struct result_limit){"memory_read", "L1", "avx2", 1, "", -1, "bytes/s", 200e9, 1});
  result_add_limit(result, &(struct result_limit){"memory_latency", "L1", "avx2", 1, "", -1, "s", 1e-9, 1});
  result_add_limit(result, &(struct result_limit){"core_to_core", "", "", 2, "0-1", -1, "s", 1e-7, 1});
  result_add_clock(result, &(struct result_clock){"avx2", 1, 3.5e9, 3.4e9, 3.6e9, ""});
  result_add_prediction(result, &(struct result_prediction){"tanh_forward", "avx2", "znver4", "FP0", 0.5});
  result_add_accuracy(result, &(struct result_accuracy){.name = "accuracy/tanh_forward/arch:avx2",
                                                        .suite = "accuracy",
                                                        .kernel = "tanh_forward",
                                                        .arch = "avx2",
                                                        .provider = "depthmark",
                                                        .samples = 1000,
                                                        .ulp_max = 1.5,
                                                        .ulp_mean = 0.25});
}

static void add_cell(struct result *result, const char *initializer, const char *activation, size_t depth, double decay,
                     enum verdict verdict) {
  struct gradient_cell cell = {.depth = depth,
                               .width = 256,
                               .batch = 64,
                               .seeds = 5,
                               .weight_scale = 1,
                               .loss_scale = 1,
                               .index = result->cell_count,
                               .decay_per_layer = decay,
                               .decay_standard_error = 0.001,
                               .theory = {.decay_per_layer = decay, .difference = 0.5},
                               .verdict = verdict};
  snprintf(cell.initializer, sizeof cell.initializer, "%s", initializer);
  snprintf(cell.activation, sizeof cell.activation, "%s", activation);
  strcpy(cell.arch, "avx2");
  strcpy(cell.data, "normal");
  cell.layers = calloc(depth, sizeof *cell.layers);
  cell.layers_theory = calloc(depth, sizeof *cell.layers_theory);
  cell.histograms = calloc(depth, sizeof *cell.histograms);
  assert_true(cell.layers && cell.layers_theory && cell.histograms);
  for (size_t l = 0; l < depth; l++) {
    cell.layers[l].delta_rms = cell.layers_theory[l].delta_rms = 0.01 * exp(decay * (double)(depth - 1 - l));
    cell.histograms[l].delta.counts[140 - l] = 1000;
    cell.histograms[l].h.counts[149] = 1000;
  }
  result_add_cell(result, &cell);
}

static void add_cells(struct result *result) {
  add_cell(result, "he_normal", "relu", 10, -0.001, VERDICT_STABLE);
  add_cell(result, "glorot_uniform", "relu", 10, -0.35, VERDICT_VANISHING);
  add_cell(result, "he_normal", "relu", 50, -0.002, VERDICT_STABLE);
  add_cell(result, "glorot_uniform", "relu", 50, -0.34, VERDICT_VANISHING);
  add_cell(result, "normal(0,1)", "relu", 50, NAN, VERDICT_OVERFLOW);
}

static void add_learning(struct result *result, const char *name, enum learning_verdict verdict) {
  struct learning_run run = {.depth = 1, .width = 4, .batch = 4, .seed = 1, .verdict = verdict, .steps = 2};
  snprintf(run.name, sizeof run.name, "learning/%s", name);
  strcpy(run.data, "synthetic");
  run.records = calloc(1, sizeof *run.records);
  run.layers = calloc(2, sizeof *run.layers);
  assert_true(run.records && run.layers);
  run.record_count = 1;
  run.records[0] = (struct learning_record){1, verdict == LEARNING_DIVERGES ? NAN : 2.3, 1, run.layers};
  if (verdict == LEARNING_DIVERGES) run.fault = (struct learning_fault){FAULT_Z, 2, 1};
  result_add_learning(result, &run);
}

/* ---- pages ----------------------------------------------------------------------------------------------------------
 */

#define INPUTS_MOST 8
static struct input inputs[INPUTS_MOST];
static size_t input_count;

static struct result *add_input(struct result result) {
  assert_true(input_count < INPUTS_MOST);
  inputs[input_count] = (struct input){"result.json", result};
  return &inputs[input_count++].result;
}

/* The checked page of the inputs, which are freed; to be freed. */
static char *make_page(const char *title) {
  char *page = report_html(inputs, input_count, title);
  for (size_t i = 0; i < input_count; i++) result_free(&inputs[i].result);
  input_count = 0;
  html_check(page);
  return page;
}

static void assert_cell(const char *page, const char *section, const char *first, const char *second, size_t column,
                        const char *text) {
  const char *cell = html_cell(page, section, first, second, column);
  assert_non_null(cell);
  assert_string_equal(cell, text);
}

static char *escaped(const char *text) {
  char *memory = NULL;
  size_t size;
  struct html html = {open_memstream(&memory, &size), 0};
  html_text(&html, text);
  fclose(html.out);
  return memory;
}

static void assert_escaped(const char *text, const char *expected) {
  char *got = escaped(text);
  assert_string_equal(got, expected);
  free(got);
}

static void text_is_escaped(void **state) {
  (void)state;
  assert_escaped("plain text, \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
                 "plain text, \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  assert_escaped("<a href=\"x\" b='y'>&amp;", "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
  assert_escaped("a\x01"
                 "b\x7f\x1b[31m",
                 "a\xef\xbf\xbd"
                 "b\xef\xbf\xbd\xef\xbf\xbd[31m");
  assert_escaped("\xff\xc0\xaf\xed\xa0\x80",
                 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  assert_escaped("cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd");
  assert_escaped("\xe2\x80\xae"
                 "fdp.exe",
                 "\xef\xbf\xbd"
                 "fdp.exe"); /* right-to-left override */
}

static void figures_have_three_digits(void **state) {
  (void)state;
  char text[FIGURE_TEXT];
  assert_string_equal(figure_text(text, 1.2345), "1.23");
  assert_string_equal(figure_text(text, 123.45), "123");
  assert_string_equal(figure_text(text, -0.012345), "-0.0123");
  assert_string_equal(figure_text(text, 1e-30), "1.00e-30");
  assert_string_equal(figure_text(text, 0), "0");
  assert_string_equal(figure_text(text, NAN), "\xe2\x80\x93");
  assert_string_equal(figure_text(text, INFINITY), "\xe2\x80\x93");
}

static void one_result_fills_every_section(void **state) {
  (void)state;
  struct result *result = add_input(machine("A CPU", "2026-11-24T12:00:00+00:00"));
  add_rows(result);
  add_cells(result);
  add_learning(result, "he_normal/relu/1", LEARNING_LEARNS);
  add_learning(result, "normal(0,1)/relu/1", LEARNING_DIVERGES);
  char *page = make_page(NULL);
  static const char *const ids[] = {"overview", "machines",  "speed",      "sizes",    "roofline", "threads",
                                    "limits",   "gradients", "histograms", "learning", "accuracy", "predictions"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    char section[64], link[64];
    snprintf(section, sizeof section, "<section id=\"%s\"", ids[i]);
    snprintf(link, sizeof link, "<a href=\"#%s\"", ids[i]);
    assert_int_equal(html_count(page, section), 1);
    assert_int_equal(html_count(page, link), 1);
  }
  assert_int_equal(html_count(page, "<title>A CPU</title>"), 1);
  assert_int_equal(html_count(page, report_script), 1);
  assert_int_equal(html_count(page, "default-src &#39;none&#39;") + html_count(page, "default-src 'none'"), 1);
  assert_int_equal(html_count(page, "http://") + html_count(page, "https://"), 0); /* it loads nothing */
  free(page);
}

static void tables_follow_from_rows(void **state) {
  (void)state;
  struct result *result = add_input(machine("A CPU", "2026-11-24T12:00:00+00:00"));
  add_rows(result);
  char *page = make_page(NULL);
  /* Of four works avx512 is the fastest in two, beyond doubt; avx2 in two, by less than the intervals. */
  assert_cell(page, "overview", "activation", "avx512", 2, "4");
  assert_cell(page, "overview", "activation", "avx512", 3, "2");
  assert_cell(page, "overview", "activation", "avx512", 4, "2");
  assert_cell(page, "overview", "activation", "avx2", 3, "2");
  assert_cell(page, "overview", "activation", "avx2", 4, "0");
  assert_cell(page, "overview", "activation", "avx2", 5, "6.00"); /* geometric mean of 4, 9, 4, 9 */
  assert_cell(page, "overview", "activation", "avx2", 6, "4.00");
  assert_cell(page, "overview", "activation", "avx2", 7, "9.00");
  assert_cell(page, "overview", "activation", "avx2", 8, "50");
  /* The scalar row's interval divided by the row's own: 990 / 252.5 to 1010 / 247.5. */
  assert_cell(page, "speed", "tanh_forward", "1000", 2, "scalar");
  const char *avx2 = strstr(strstr(page, "<section id=\"speed\""), "<td>1000</td><td>avx2</td>");
  assert_non_null(avx2);
  assert_memory_equal(
      avx2,
      "<td>1000</td><td>avx2</td><td class=\"n\">0.250</td><td class=\"n\">1.00</td><td class=\"n\">32.0</td>"
      "<td class=\"n\">8.00</td><td class=\"n\">4.00</td><td class=\"n\">3.92</td><td class=\"n\">4.08</td>"
      "<td class=\"n\">50</td><td>fma_peak</td>",
      strlen("<td>1000</td><td>avx2</td><td class=\"n\">0.250</td><td class=\"n\">1.00</td><td class=\"n\">32.0</td>"));
  assert_non_null(strstr(avx2, "<td class=\"n\">4.00</td><td class=\"n\">3.92</td><td class=\"n\">4.08</td>"));
  /* Weak scaling: twice the work in 125 / 100 of the time. */
  assert_cell(page, "threads", "tanh_forward", "L1", 2, "scalar");
  assert_non_null(strstr(
      page, "<td>avx512</td><td>2000</td><td class=\"n\">2</td><td class=\"n\">1.60</td><td class=\"n\">80</td>"));
  /* 2000 operations over 8000 bytes, in 250 ns. */
  assert_non_null(strstr(page, "<td>avx2</td><td>L1</td><td class=\"n\">0.250</td><td class=\"n\">8.00</td>"));
  assert_cell(page, "sizes", "4096", "16384", 4, "164");
  const char *l2 = strstr(page, "<td class=\"n\">32768</td><td class=\"n\">131072</td><td>L2</td>");
  const char *memory = strstr(page, "<td class=\"n\">16384</td><td class=\"n\">");
  assert_true(l2 && memory && l2 < memory);
  assert_cell(page, "predictions", "tanh_forward", "avx2", 3, "0.500");
  assert_cell(page, "predictions", "tanh_forward", "avx2", 5, "1.00");
  assert_cell(page, "predictions", "tanh_forward", "avx2", 6, "2.00");
  assert_cell(page, "accuracy", "tanh_forward", "avx2", 4, "1.5");
  assert_cell(page, "limits", "fma_peak", "", 7, "64.0");
  assert_cell(page, "limits", "memory_latency", "L1", 7, "1.00");
  assert_cell(page, "limits", "core_to_core", "", 10, "100"); /* under "any", behind the usual archs */
  assert_int_equal(html_count(page, "<th scope=\"col\" class=\"n\">any</th>"), 1);
  assert_non_null(strstr(page, "{\"axis\":\"x\",\"at\":32768.0,\"label\":\"L1\"}"));
  free(page);
}

static void gradients_are_counted(void **state) {
  (void)state;
  add_cells(add_input(machine("A CPU", "2026-11-24T12:00:00+00:00")));
  char *page = make_page("Gradients & more");
  assert_int_equal(html_count(page, "<title>Gradients &amp; more</title>"), 1);
  assert_int_equal(html_count(page, "Of 5 networks&#39; gradients, 2 vanish on their way back, 0 explode, 1 overflow"),
                   1);
  assert_int_equal(html_count(page, "<dd>1 of 2 survive; 1 vanish, 0 explode, 0 overflow, 0 all zeros</dd>"), 1);
  assert_cell(page, "gradients", "glorot_uniform", "relu", 4, "-0.3500");
  assert_cell(page, "gradients", "glorot_uniform", "relu", 12, "vanishing");
  assert_cell(page, "gradients", "normal(0,1)", "relu", 4, "\xe2\x80\x93");
  assert_int_equal(html_count(page, "\"style\":\"dashed\""), 2 + 5); /* the deepest ones in the overview, then all */
  assert_int_equal(html_count(page, "<section id=\"speed\""), 0);
  assert_int_equal(html_count(page, "<li>Speed by row: bench --arch=all</li>"), 1);
  free(page);
}

static void machines_are_told_apart(void **state) {
  (void)state;
  static const char *const cpus[] = {"A CPU", "B CPU", "C CPU", "D CPU", "E CPU"};
  for (size_t i = 0; i < 5; i++) {
    struct result *result = add_input(machine(cpus[i], "2026-11-24T12:00:00+00:00"));
    snprintf(result->machine.model, sizeof result->machine.model, "%zu", i);
    add_rows(result);
  }
  char *page = make_page(NULL);
  assert_int_equal(html_count(page, "5 results of 5 machines"), 1);
  assert_int_equal(html_count(page, "<title>5 machines: A CPU and B CPU, ...</title>"), 1);
  assert_int_equal(html_count(page, "<section id=\"history\""), 0);
  for (size_t i = 0; i < 5; i++) {
    char title[64];
    snprintf(title, sizeof title, "<figcaption>Roofline, 2 threads, %s</figcaption>", cpus[i]);
    assert_int_equal(html_count(page, title), 1);
  }
  free(page);
}

static void the_newest_row_counts_and_history_is_kept(void **state) {
  (void)state;
  struct result *newer = add_input(machine("A CPU", "2026-11-24T12:00:00+00:00"));
  add_row(newer, "tanh_forward", "avx2", 1, 200);
  struct result *older = add_input(machine("A CPU", "2026-11-24T12:00:00+02:00")); /* two hours before */
  add_row(older, "tanh_forward", "avx2", 1, 400);
  add_row(older, "relu_forward", "avx2", 1, 100);
  char *page = make_page(NULL);
  assert_int_equal(html_count(page, "2 results of one machine"), 1);
  assert_cell(page, "speed", "tanh_forward", "1000", 3, "0.200");
  assert_cell(page, "speed", "relu_forward", "1000", 3, "0.100");
  assert_cell(page, "history", "activation/tanh_forward/1000/arch:avx2/threads:1", NULL, 1, "400");
  assert_cell(page, "history", "activation/tanh_forward/1000/arch:avx2/threads:1", NULL, 2, "200");
  assert_cell(page, "history", "activation/tanh_forward/1000/arch:avx2/threads:1", NULL, 3, "2.000");
  assert_cell(page, "history", "activation/tanh_forward/1000/arch:avx2/threads:1", NULL, 4, "apart");
  free(page);
}

static void hostile_text_stays_text(void **state) {
  (void)state;
  struct result *result = add_input(machine(hostile, hostile));
  struct machine *m = &result->machine;
  snprintf(m->host, sizeof m->host, "%s", hostile);
  snprintf(m->compiler, sizeof m->compiler, "%s", hostile);
  snprintf(result->command, sizeof result->command, "%s", hostile);
  snprintf(result->version, sizeof result->version, "%s", hostile);
  machine_warn(m, "%s", hostile);
  add_row(result, hostile, "avx2", 1, 100);
  struct result_row *row = add_row(result, hostile, "scalar", 1, 200);
  snprintf(row->residence, sizeof row->residence, "<b>\xff");
  snprintf(row->cores, sizeof row->cores, "<i onclick=x>");
  add_cell(result, hostile, "<relu>", 10, -0.1, VERDICT_STABLE);
  add_learning(result, hostile, LEARNING_LEARNS);
  inputs[0].path = hostile;
  char *page = make_page(hostile);
  assert_int_equal(html_count(page, "<img"), 0);
  assert_int_equal(html_count(page, "<b>") + html_count(page, "<i "), 0);
  assert_int_equal(html_count(page, "<relu"), 0);
  assert_int_equal(html_count(page, "<!--"), 0);
  assert_int_equal(html_count(page, "</script>"), html_count(page, "<script"));
  free(page);
}

static void numbers_that_are_none_become_dashes(void **state) {
  (void)state;
  struct result *result = add_input(machine("A CPU", "no date"));
  struct result_row *row = add_row(result, "tanh_forward", "avx2", 1, NAN);
  row->flops = row->bytes = row->items = INFINITY;
  row->fraction_of_limit = NAN;
  add_row(result, "relu_forward", "scalar", 0, 0);
  add_row(result, "relu_forward", "avx2", 0, 0);
  result_add_limit(result, &(struct result_limit){"fma_peak", "", "avx2", 1, "", -1, "operations/s", NAN, 1});
  result_add_clock(result, &(struct result_clock){"avx2", 1, NAN, INFINITY, -INFINITY, ""});
  result->machine.load = NAN;
  add_cell(result, "he_normal", "relu", 1, NAN, VERDICT_STABLE);
  char *page = make_page(NULL);
  assert_int_equal(html_count(page, ">nan") + html_count(page, ">-nan") + html_count(page, ">inf"), 0);
  assert_int_equal(html_count(page, " nan ") + html_count(page, " inf "), 0);
  free(page);
}

static void nothing_and_parts_are_reported(void **state) {
  (void)state;
  add_input(machine("", ""));
  char *page = make_page(NULL);
  assert_int_equal(html_count(page, "These results have neither rows nor gradient cells"), 1);
  assert_int_equal(html_count(page, "<title>unknown CPU</title>"), 1);
  assert_int_equal(html_count(page, "<figure"), 0);
  free(page);
  struct result *result = add_input(machine("A CPU", "2026-11-24T12:00:00+00:00"));
  add_row(result, "tanh_forward", "avx2", 1, 100);
  result->interrupted = true;
  page = make_page(NULL);
  assert_int_equal(html_count(page, "1 run was interrupted"), 1);
  assert_int_equal(html_count(page, "<td class=\"warn\">interrupted</td>"), 1);
  free(page);
}

static void thousands_of_rows_stay_readable(void **state) {
  (void)state;
  struct result *result = add_input(machine("A CPU", "2026-11-24T12:00:00+00:00"));
  for (int i = 0; i < 6000; i++) {
    char kernel[24];
    snprintf(kernel, sizeof kernel, "kernel_%d", i / 2);
    add_row(result, kernel, i % 2 ? "avx2" : "scalar", 1, 100 + i);
  }
  char *page = make_page(NULL);
  assert_true(strlen(page) < 1 << 20);
  assert_int_equal(html_count(page, "5600 more rows are left out here"), 2); /* speed and roofline */
  assert_int_equal(html_count(page, "wins 3000 of 3000 rows"), 1);
  assert_int_equal(html_count(page, "[39.0,50.0,"), 2); /* the 40th kernel stands in the chart for both archs ... */
  assert_int_equal(html_count(page, "[40.0,50.0,"), 0); /* ... and the next one for none */
  free(page);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_escaped),
      cmocka_unit_test(figures_have_three_digits),
      cmocka_unit_test(one_result_fills_every_section),
      cmocka_unit_test(tables_follow_from_rows),
      cmocka_unit_test(gradients_are_counted),
      cmocka_unit_test(machines_are_told_apart),
      cmocka_unit_test(the_newest_row_counts_and_history_is_kept),
      cmocka_unit_test(hostile_text_stays_text),
      cmocka_unit_test(numbers_that_are_none_become_dashes),
      cmocka_unit_test(nothing_and_parts_are_reported),
      cmocka_unit_test(thousands_of_rows_stay_readable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
