#include "tests/compare_support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support.h"
#include "tools/compare/text.h"
#include "tools/compare/write.h"

/* What fits of the text. */
static void cut(char *to, size_t size, const char *text) {
  const size_t length = strnlen(text, size - 1);
  memcpy(to, text, length);
  to[length] = '\0';
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

/* A row that takes that many ns an element, give or take 1 %. */
struct result_row *add_row(struct result *result, const char *suite, const char *kernel, const char *shape,
                           const char *residence, const char *arch, int threads, double pace) {
  struct result_row row = {.threads = threads,
                           .smt = 1,
                           .iterations = 100,
                           .items = 1000,
                           .flops = 2000,
                           .bytes = 8000,
                           .limit = "fma_peak",
                           .fraction_of_limit = 0.5,
                           .cycles = NAN,
                           .instructions = NAN,
                           .cache_misses = NAN,
                           .cycles_per_item = 2 * pace};
  if (atof(shape) > 0 && !strchr(shape, 'x')) row.items = atof(shape);
  const double median = pace * row.items;
  row.time = (struct statistics){.samples = 20,
                                 .median = median,
                                 .minimum = 0.98 * median,
                                 .maximum = 1.02 * median,
                                 .mean = median,
                                 .p10 = 0.985 * median,
                                 .p90 = 1.015 * median,
                                 .low = 0.99 * median,
                                 .high = 1.01 * median};
  row.cpu_time = (struct statistics){.samples = 20, .median = median, .mean = median};
  cut(row.suite, sizeof row.suite, suite);
  cut(row.kernel, sizeof row.kernel, kernel);
  cut(row.shape, sizeof row.shape, shape);
  cut(row.residence, sizeof row.residence, residence);
  cut(row.arch, sizeof row.arch, arch);
  strcpy(row.provider, "depthmark");
  strcpy(row.cache, "hot");
  snprintf(row.name, sizeof row.name, "%s/%s/%s/arch:%s/threads:%d", suite, kernel, shape, arch, threads);
  return result_add_row(result, &row);
}

void add_cell(struct result *result, const char *arch, double decay, double error, enum verdict verdict) {
  struct gradient_cell cell = {.initializer = "he_normal",
                               .activation = "relu",
                               .data = "normal",
                               .depth = 2,
                               .width = 8,
                               .batch = 4,
                               .seeds = 3,
                               .weight_scale = 1,
                               .loss_scale = 1,
                               .index = result->cell_count,
                               .decay_per_layer = decay,
                               .decay_standard_error = error,
                               .theory = {NAN, NAN, 1, NAN, NAN, NAN, NAN, NAN},
                               .fit = {DECAY_NONE, NAN, NAN, NAN},
                               .verdict = verdict};
  cut(cell.arch, sizeof cell.arch, arch);
  cell.bias_std = (double)result->cell_count; /* makes it another cell */
  cell.layers = calloc(cell.depth, sizeof *cell.layers);
  cell.layers[1].delta_rms = decay;
  result_add_cell(result, &cell);
}

void add_accuracy(struct result *result, const char *kernel, const char *arch, size_t samples, double ulp) {
  struct result_accuracy accuracy = {.samples = samples,
                                     .ulp_max = ulp,
                                     .ulp_mean = ulp / 2,
                                     .ulp_max_at = NAN,
                                     .root = NAN,
                                     .absolute_max = NAN,
                                     .absolute_max_at = NAN,
                                     .subnormal_below = NAN,
                                     .zero_below = NAN,
                                     .subnormal_above = NAN,
                                     .zero_above = NAN};
  strcpy(accuracy.suite, "accuracy");
  strcpy(accuracy.provider, "depthmark");
  cut(accuracy.kernel, sizeof accuracy.kernel, kernel);
  cut(accuracy.arch, sizeof accuracy.arch, arch);
  snprintf(accuracy.name, sizeof accuracy.name, "accuracy/%s/arch:%s", kernel, arch);
  result_add_accuracy(result, &accuracy);
}

void add_limit(struct result *result, const char *name, const char *residence, const char *arch, int threads,
               const char *unit, double value) {
  struct result_limit limit = {.threads = threads, .node = -1, .value = value};
  cut(limit.name, sizeof limit.name, name);
  cut(limit.residence, sizeof limit.residence, residence);
  cut(limit.arch, sizeof limit.arch, arch);
  cut(limit.unit, sizeof limit.unit, unit);
  result_add_limit(result, &limit);
}

void add_training(struct result *result, double loss, enum learning_verdict verdict) {
  struct learning_run run = {.name = "learning/he_normal/relu/1/sgd/rate:0.1/seed:1",
                             .arch = "avx2",
                             .depth = 1,
                             .width = 8,
                             .batch = 4,
                             .images = 10,
                             .epochs = 1,
                             .seed = 1,
                             .verdict = verdict};
  run.history = calloc(1, sizeof *run.history), run.history_count = 1;
  run.history[0].loss = loss;
  run.records = calloc(1, sizeof *run.records), run.record_count = 1;
  run.layers = calloc(2, sizeof *run.layers);
  run.records[0].layers = run.layers;
  result_add_learning(result, &run);
}

/* A result of machine `cpu`, without rows, as its nth run. */
struct result empty_result(const char *cpu, int run) {
  struct result result;
  result_init(&result);
  snprintf(result.date, sizeof result.date, "2026-11-24T10:0%d:00+00:00", run);
  strcpy(result.commit, "0123abcd");
  strcpy(result.version, "0.1.0");
  strcpy(result.rng, "philox4x32-10");
  strcpy(result.command, "bench");
  result.seed = 1;
  snprintf(result.machine.cpu, sizeof result.machine.cpu, "%s", cpu);
  return result;
}

/* ---- comparisons ------------------------------------------------------------------------------------------------- */

struct selection select_all(enum axis axis) {
  struct selection selection = {.axis = axis};
  for (size_t s = 0; s < SUITE_COUNT; s++) selection.suites[s] = true;
  return selection;
}

static char paths[FILES_MOST][32];

/* Writes the results, frees them and compares their files. */
struct comparison compare_results(struct result *results, size_t count, const struct selection *selection,
                                  const char *base) {
  struct comparison comparison;
  struct error error = {""};
  char *list[FILES_MOST] = {NULL};
  for (size_t i = 0; i < count; i++) {
    strcpy(paths[i], "/tmp/depthmark-XXXXXX");
    close(mkstemp(paths[i]));
    if (!result_write(&results[i], paths[i], &error)) fail_msg("%s", error.text);
    result_free(&results[i]);
    list[i] = paths[i];
  }
  if (!comparison_read(&comparison, list, count, &error)) fail_msg("%s", error.text);
  for (size_t i = 0; i < count; i++) unlink(paths[i]);
  if (!comparison_align(&comparison, selection, base, &error)) fail_msg("%s", error.text);
  return comparison;
}

char *comparison_text(const struct comparison *c, struct style style, bool all) {
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  text_comparison(out, style, c, (struct text_options){.threshold = 0.02, .all = all});
  fclose(out);
  return text;
}

json_t *comparison_json(const struct comparison *c) {
  char *text;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  write_json(out, c, 0.02);
  fclose(out);
  json_error_t error;
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!root) fail_msg("%d:%d: %s", error.line, error.column, error.text);
  free(text);
  return root;
}

void assert_narrow(const char *text) {
  for (const char *line = text; *line;) {
    const size_t length = strcspn(line, "\n");
    if (length > 80) fail_msg("%zu columns: %.*s", length, (int)length, line);
    if (length > 0 && line[length - 1] == ' ') fail_msg("trailing space: %.*s", (int)length, line);
    line += length + (line[length] == '\n');
  }
}
