/* The result file: what is written is read back, damage is named, and an earlier file survives a write that fails. */
#include "harness/result.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/whole_file.h"
#include "tests/support.h"

static char folder[64];

static const char *in_folder(const char *name) {
  static char path[4][128];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
  return path[next];
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/depthmark-test-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

static struct result example(void) {
  struct result result;
  result_init(&result);
  strcpy(result.date, "2026-11-23T12:00:00+00:00");
  strcpy(result.command, "bench --filter=\"quoted\" \\ \xc3\xa9");
  strcpy(result.version, "0.1.0");
  strcpy(result.commit, "abc");
  result.seed = UINT64_MAX;
  strcpy(result.rng, "ars4x32-7");
  struct machine *m = &result.machine;
  strcpy(m->cpu, "A CPU");
  strcpy(m->host, "host");
  m->caches[0] = (struct cache){.level = 1, .bytes = 32768, .count = 2, .cores_sharing = 1, .cores = "big"};
  m->cache_count = 1;
  m->kinds[0] = (struct core_kind){.name = "big", .cores = 2, .hardware_threads = 4, .efficiency = 1, .max_hertz = 4e9};
  m->kinds[1] = (struct core_kind){.name = "LITTLE", .cores = 6, .hardware_threads = 6};
  m->kind_count = 2;
  m->online_threads = 10, m->online_cores = 8;
  strcpy(m->smt, "on"), strcpy(m->numa_balancing, "off"), strcpy(m->huge_pages, "madvise");
  strcpy(m->mitigations, "spectre_v2: Mitigation: Retpolines"), strcpy(m->memory, "DDR5 4800 MT/s, 8 modules");
  m->memory_bytes = (size_t)8 << 30;
  m->core_hertz = 3.7e9;
  machine_warn(m, "mind the gap");
  result_add_limit(&result,
                   &(struct result_limit){"memory_read", "L1", "scalar", 1, "big", -1, "bytes/s", 123.456e9, 2});
  result_add_limit(&result, &(struct result_limit){"memory_latency", "memory", "scalar", 1, "", 3, "s", 1e-7, 1});
  result_add_clock(&result, &(struct result_clock){"avx512", 2, 3.5e9, 3.4e9, 3.6e9, "big"});
  result_add_prediction(&result, &(struct result_prediction){"tanh_forward", "avx2", "znver4", "Zn4FP01", 0.75});
  for (int i = 0; i < 5; i++) {
    struct result_row row = {.suite = "dense",
                             .kernel = "dense_forward",
                             .shape = "32x1024x1024",
                             .arch = "avx2",
                             .provider = "depthmark",
                             .residence = "L2",
                             .cache = "hot",
                             .cores = "big",
                             .smt = 1 + i % 2,
                             .threads = i + 1,
                             .support = i % 2,
                             .iterations = 1234567890123,
                             .time = {40, 3, 1.0 / 3, 0.1, 1e9, 0.5, 0.01, 0.2, 0.6, 0.3, 0.4},
                             .core_hertz = 3.5e9,
                             .cycles = 1.25,
                             .instructions = 2.5,
                             .cache_misses = NAN,
                             .cycles_per_item = 0.625,
                             .cpu_time = {.samples = 40, .median = 0.7, .mean = 0.7, .stddev = 0.1},
                             .items = 32,
                             .flops = 6.7e7,
                             .bytes = 4e6,
                             .limit = "fma_peak",
                             .fraction_of_limit = 0.9,
                             .times_scalar = 12.5,
                             .best_peer = "openblas",
                             .times_best_peer = 1.25};
    if (i == 4) row.phases = (struct result_phases){0.25, 0.125, 0.25, 0.3125, 0.0625};
    snprintf(row.name, sizeof row.name, "dense/dense_forward/32x1024x1024/arch:avx2/threads:%d", i + 1);
    result_add_row(&result, &row);
  }
  result_add_accuracy(&result, &(struct result_accuracy){.name = "accuracy/dense_forward/arch:avx2",
                                                         .suite = "accuracy",
                                                         .kernel = "dense_forward",
                                                         .arch = "avx2",
                                                         .provider = "depthmark",
                                                         .samples = 4278190080,
                                                         .ulp_max = 3.5,
                                                         .ulp_max_at = -1.75,
                                                         .ulp_mean = 0.0625,
                                                         .root = -0.75,
                                                         .absolute_max = 2.0e-08,
                                                         .absolute_max_at = -0.7,
                                                         .subnormal_below = -13.3,
                                                         .zero_below = -14.5,
                                                         .subnormal_above = NAN,
                                                         .zero_above = NAN});
  result_add_accuracy(&result, &(struct result_accuracy){.name = "accuracy/x/arch:avx2/provider:other",
                                                         .kernel = "x",
                                                         .ulp_max = INFINITY,
                                                         .root = NAN,
                                                         .absolute_max = NAN});
  struct gradient_cell cell = {.initializer = "normal(0,1)",
                               .activation = "relu",
                               .data = "normal",
                               .arch = "avx2",
                               .depth = 2,
                               .width = 8,
                               .batch = 4,
                               .seeds = 3,
                               .weight_scale = 0.5,
                               .bias_std = 0.1,
                               .recipe = {NORMALIZATION_LAYER, true, PRECISION_FP16, true},
                               .loss_scale = 1024,
                               .index = 17,
                               .decay_per_layer = NAN,
                               .decay_standard_error = NAN,
                               .theory = {2.4, -1.5, 2, 1.25, 0.5, 3, 0.75, 8},
                               .verdict = VERDICT_OVERFLOW,
                               .verdict_layer = 2};
  cell.layers = calloc(2, sizeof *cell.layers);
  for (size_t i = 0; i < sizeof *cell.layers / sizeof(double); i++) ((double *)cell.layers)[i] = 1 + (double)i / 8;
  cell.layers[1].delta_rms = INFINITY;
  cell.histograms = calloc(2, sizeof *cell.histograms);
  cell.histograms[0].z.counts[0] = 1, cell.histograms[0].z.counts[BINADE_COUNT - 1] = UINT32_MAX + (uint64_t)1;
  cell.histograms[0].h.counts[149] = 7;
  cell.histograms[1].delta.counts[140] = 11, cell.histograms[1].delta.counts[142] = 13;
  result_add_cell(&result, &cell);
  struct learning_run run = {.name = "learning/he_normal/relu/1/sgd/rate:0.01/seed:1",
                             .fact = "it is so",
                             .initializer = "he_normal",
                             .activation = "relu",
                             .optimizer = "momentum",
                             .data = "synthetic",
                             .arch = "avx2",
                             .depth = 1,
                             .width = 9,
                             .batch = 3,
                             .images = 6,
                             .held_out = 5,
                             .seed = 1,
                             .rate = 0.125,
                             .momentum = 0.5,
                             .clip_norm = 0.75,
                             .epochs = 7,
                             .steps = 3,
                             .clipped = 0.25,
                             .verdict = LEARNING_DIVERGES,
                             .fault = {FAULT_DELTA, 3, 2},
                             .seconds = 1.5,
                             .products_share = 0.625};
  run.history = calloc(1, sizeof *run.history), run.history_count = 1;
  run.history[0] = (struct learning_epoch){2.5, 0.125, 2.25, 0.5, 12};
  run.records = calloc(2, sizeof *run.records), run.record_count = 2;
  run.layers = calloc(4, sizeof *run.layers);
  for (size_t i = 0; i < 2; i++)
    run.records[i] = (struct learning_record){1 + 2 * i, 2.375, i ? INFINITY : 4, run.layers + 2 * i};
  for (size_t i = 0; i < 4; i++) run.layers[i] = (struct learning_layer){(double)i, 0.5, 1e-3, 7};
  result_add_learning(&result, &run);
  return result;
}

static void what_is_written_is_read(void **state) {
  (void)state;
  struct result written = example(), read;
  struct error error;
  const char *path = in_folder("round.json");
  if (!result_write(&written, path, &error) || !result_read(&read, path, &error)) fail_msg("%s", error.text);
  assert_string_equal(read.command, written.command);
  assert_true(read.seed == UINT64_MAX && !read.interrupted);
  assert_string_equal(read.rng, "ars4x32-7");
  assert_memory_equal(&read.machine, &written.machine, sizeof read.machine);
  assert_int_equal(read.limit_count, 2);
  assert_memory_equal(read.limits, written.limits, 2 * sizeof *read.limits);
  assert_int_equal(read.clock_count, 1);
  assert_memory_equal(read.clocks, written.clocks, sizeof *read.clocks);
  assert_int_equal(read.prediction_count, 1);
  assert_memory_equal(read.predictions, written.predictions, sizeof *read.predictions);
  assert_int_equal(read.row_count, written.row_count);
  for (size_t i = 0; i < read.row_count; i++) {
    assert_string_equal(read.rows[i].name, written.rows[i].name);
    assert_memory_equal(&read.rows[i].time, &written.rows[i].time, sizeof read.rows[i].time);
    assert_true(read.rows[i].support == written.rows[i].support && read.rows[i].threads == written.rows[i].threads);
    assert_memory_equal(&read.rows[i].phases, &written.rows[i].phases, sizeof read.rows[i].phases);
    assert_true(read.rows[i].iterations == written.rows[i].iterations && read.rows[i].flops == written.rows[i].flops);
  }
  assert_int_equal(read.accuracy_count, 2);
  const struct result_accuracy *accuracy = &read.accuracies[0], *expected = &written.accuracies[0];
  assert_string_equal(accuracy->name, expected->name);
  assert_string_equal(accuracy->kernel, "dense_forward");
  assert_true(accuracy->samples == 4278190080 && accuracy->ulp_max == 3.5 && accuracy->ulp_max_at == -1.75);
  assert_true(accuracy->ulp_mean == 0.0625 && accuracy->root == -0.75 && accuracy->absolute_max == 2.0e-08);
  assert_true(accuracy->absolute_max_at == -0.7 && accuracy->subnormal_below == -13.3 && accuracy->zero_below == -14.5);
  assert_true(isnan(accuracy->subnormal_above) && isnan(accuracy->zero_above));
  assert_true(isnan(read.accuracies[1].ulp_max) && isnan(read.accuracies[1].root));
  const struct gradient_cell *cell = &read.cells[0];
  assert_int_equal(read.cell_count, 1);
  assert_true(isnan(cell->decay_per_layer) && cell->theory.decay_per_layer == 2.4);
  assert_true(cell->verdict == VERDICT_OVERFLOW && cell->verdict_layer == 2 && cell->depth == 2);
  assert_true(cell->weight_scale == 0.5 && cell->bias_std == 0.1 && cell->loss_scale == 1024 && cell->index == 17);
  assert_true(cell->recipe.normalization == NORMALIZATION_LAYER && cell->recipe.residual &&
              cell->recipe.precision == PRECISION_FP16 && cell->recipe.flush);
  assert_memory_equal(&cell->layers[0], &written.cells[0].layers[0], sizeof cell->layers[0]);
  assert_true(isnan(cell->layers[1].delta_rms)); /* null: JSON has no infinity */
  assert_memory_equal(cell->histograms, written.cells[0].histograms, 2 * sizeof *cell->histograms);
  const struct learning_run *run = &read.learning[0], *other = &written.learning[0];
  assert_int_equal(read.learning_count, 1);
  char *texts[2] = {result_to_json(&written), result_to_json(&read)};
  assert_string_equal(texts[0], texts[1]);
  free(texts[0]), free(texts[1]);
  assert_true(run->history_count == 1 && run->record_count == 2);
  assert_memory_equal(run->history, other->history, sizeof *run->history);
  assert_memory_equal(run->layers, other->layers, 4 * sizeof *run->layers);
  assert_true(run->records[1].step == 3 && run->records[1].loss == 2.375 && isnan(run->records[1].gradient_norm));
  assert_true(run->records[0].layers == run->layers && run->records[1].layers == run->layers + 2);
  result_free(&read);
  result_free(&written);
}

/* A histogram holds the binades that occur, and none is there that was not wanted. */
static void histograms_are_short(void **state) {
  (void)state;
  struct result result = example(), read;
  struct error error;
  char *text = result_to_json(&result);
  json_t *root = json_loads(text, 0, NULL);
  const json_t *layer =
      json_array_get(json_object_get(json_array_get(json_object_get(root, "gradients"), 0), "layers"), 1);
  const json_t *delta = json_object_get(layer, "delta_histogram"), *counts = json_object_get(delta, "counts");
  assert_int_equal(json_integer_value(json_object_get(delta, "exponent")), -9);
  assert_int_equal(json_array_size(counts), 3);
  assert_int_equal(json_integer_value(json_array_get(counts, 0)), 11);
  assert_int_equal(json_integer_value(json_array_get(counts, 2)), 13);
  assert_int_equal(json_array_size(json_object_get(json_object_get(layer, "dw_histogram"), "counts")), 0);
  json_decref(root);
  free(text);
  free(result.cells[0].histograms);
  result.cells[0].histograms = NULL;
  text = result_to_json(&result);
  assert_null(strstr(text, "histogram"));
  free(text);
  const char *path = in_folder("plain.json");
  if (!result_write(&result, path, &error) || !result_read(&read, path, &error)) fail_msg("%s", error.text);
  assert_null(read.cells[0].histograms);
  result_free(&read);
  result_free(&result);
}

/* What tools for Google Benchmark's files rely on. */
static void the_shape_is_google_benchmarks(void **state) {
  (void)state;
  struct result result = example();
  char *text = result_to_json(&result);
  assert_null(strstr(text, "NaN"));
  assert_null(strstr(text, "nfinity"));
  json_t *root = json_loads(text, 0, NULL);
  const json_t *context = json_object_get(root, "context"), *rows = json_object_get(root, "benchmarks");
  const char *const wanted[] = {"date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "caches", "load_avg"};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) assert_non_null(json_object_get(context, wanted[i]));
  assert_int_equal(json_array_size(rows), 5 * result.row_count);
  const char *const each[] = {"name",       "run_name",  "run_type", "repetitions", "threads",
                              "iterations", "real_time", "cpu_time", "time_unit"};
  for (size_t r = 0; r < json_array_size(rows); r++)
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
      assert_non_null(json_object_get(json_array_get(rows, r), each[i]));
  const char *const suffixes[] = {"", "_mean", "_median", "_stddev", "_cv"};
  for (size_t i = 0; i < 5; i++) {
    const char *name = json_string_value(json_object_get(json_array_get(rows, i), "name"));
    const size_t length = strlen(name) - strlen(suffixes[i]);
    assert_string_equal(name + length, suffixes[i]);
    assert_memory_equal(name, result.rows[0].name, length);
  }
  json_decref(root);
  free(text);
  result_free(&result);
}

/* A row has the accuracy that was measured of the same kernel, arch and provider. */
static void rows_have_their_accuracy(void **state) {
  (void)state;
  struct result result = example();
  strcpy(result.rows[1].arch, "scalar");
  strcpy(result.rows[2].kernel, "dense_backward_data");
  strcpy(result.rows[3].provider, "other");
  char *text = result_to_json(&result);
  json_t *root = json_loads(text, 0, NULL);
  const json_t *rows = json_object_get(root, "benchmarks");
  for (size_t i = 0; i < result.row_count; i++) {
    const json_t *ulps = json_object_get(json_array_get(rows, 5 * i), "ulp_max");
    assert_true(i % 4 == 0 ? json_real_value(ulps) == 3.5 : !ulps);
  }
  json_decref(root);
  free(text);
  result_free(&result);
}

static void text_that_is_not_utf8_does_not_stop_the_writer(void **state) {
  (void)state;
  struct result result = example();
  strcpy(result.command, "bench --filter=\xff\xfe");
  char *text = result_to_json(&result);
  assert_non_null(strstr(text, "bench --filter=??"));
  free(text);
  result_free(&result);
}

/* ---- damage ----------------------------------------------------------------------------------------------------- */

static void put(const char *path, const char *text, size_t length) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  assert_int_equal(fclose(file), 0);
}

static void assert_refused(const char *path, const char *place) {
  struct result result;
  struct error error;
  assert_false(result_read(&result, path, &error));
  if (!strstr(error.text, path) || !strstr(error.text, place))
    fail_msg("\"%s\" does not name %s and %s", error.text, path, place);
  assert_null(strchr(error.text, '\n'));
}

static void every_truncation_is_an_error(void **state) {
  (void)state;
  struct result written = example();
  char *text = result_to_json(&written);
  const char *path = in_folder("truncated.json");
  const size_t length = strlen(text);
  for (size_t i = 0; i < length; i += 1 + length / 97) {
    put(path, text, i);
    assert_refused(path, ":");
  }
  put(path, "", 0);
  assert_refused(path, ":");
  free(text);
  result_free(&written);
}

/* Replaces the first `old` in the example's text, and expects the reader to name the place. */
static void assert_change_refused(const char *old, const char *new, const char *place) {
  struct result written = example();
  char *text = result_to_json(&written);
  const char *path = in_folder("changed.json");
  char *at = strstr(text, old);
  if (!at) fail_msg("there is no %s", old);
  char *changed = malloc(strlen(text) + strlen(new) + 1);
  sprintf(changed, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
  put(path, changed, strlen(changed));
  assert_refused(path, place);
  free(changed);
  free(text);
  result_free(&written);
}

static void wrong_types_are_named(void **state) {
  (void)state;
  assert_change_refused("\"context\":", "\"kontext\":", "context is missing");
  assert_change_refused("\"format\": 3", "\"format\": 2", "context.format is 2; this program reads format 3");
  assert_change_refused("\"format\": 3", "\"format\": \"3\"", "context.format is a string");
  assert_change_refused("\"seed\": \"18446744073709551615\"", "\"seed\": \"many\"", "context.seed");
  assert_change_refused("\"interrupted\": false", "\"interrupted\": 0", "context.interrupted");
  assert_change_refused("\"kernel\": \"dense_forward\"", "\"kernel\": 7", "benchmarks[0].kernel is a whole number");
  assert_change_refused("\"kernel\": \"dense_forward\"",
                        "\"kernel\": \"a name that is far too long for any kernel that there could ever be\"",
                        "benchmarks[0].kernel is longer");
  assert_change_refused("\"threads\": 1", "\"threads\": -1", "benchmarks[0].threads is -1");
  assert_change_refused("\"threads\": 1", "\"threads\": 99999999999", "benchmarks[0].threads");
  assert_change_refused("\"iterations\": 1234567890123", "\"iterations\": 0.5", "benchmarks[0].iterations is a number");
  assert_change_refused("\"time_unit\": \"ns\"", "\"time_unit\": \"ms\"", "benchmarks[0].time_unit");
  assert_change_refused("\"run_type\": \"iteration\"", "\"run_type\": \"dream\"", "benchmarks[0].run_type");
  assert_change_refused("\"real_time_low\":", "\"real_time_now\":", "benchmarks[0].real_time_low is missing");
  assert_change_refused("\"loss_share\": 0.125", "\"lost_share\": 0.125", "benchmarks[20].loss_share is missing");
  assert_change_refused("\"ulp_mean\": 0.0625", "\"ulp_mean\": \"0.0625\"", "accuracy[0].ulp_mean is a string");
  assert_change_refused("\"ulp_mean\":", "\"ulp_median\":", "accuracy[0].ulp_mean is missing");
  assert_change_refused("\"ulp_mean\": 0.0625", "\"ulp_mean\": -0.0625", "accuracy[0] has a negative error");
  assert_change_refused("\"root\": -0.75", "\"root\": null", "accuracy[0] has only one of root and absolute_max");
  assert_change_refused("\"accuracy\": [", "\"accuracy\": 1, \"others\": [", "accuracy is a whole number");
  assert_change_refused("\"verdict\": \"overflow\"", "\"verdict\": \"fine\"", "gradients[0].verdict");
  assert_change_refused("\"depth\": 2", "\"depth\": 3", "gradients[0].layers holds 2 layers");
  assert_change_refused("\"z_rms\": 1.125", "\"z_rms\": \"1\"", "gradients[0].layers[0].z_rms");
  assert_change_refused("\"dead\":", "\"alive\":", "gradients[0].layers[0].dead is missing");
  assert_change_refused("\"z_histogram\":", "\"y_histogram\":",
                        "gradients[0].layers[0] has h_histogram, but the cell's first layer has no z_histogram");
  assert_change_refused("\"h_histogram\":", "\"y_histogram\":", "gradients[0].layers[0].h_histogram is missing");
  assert_change_refused("\"h_histogram\": {", "\"h_histogram\": 1, \"y\": {",
                        "gradients[0].layers[0].h_histogram is a whole number");
  assert_change_refused("\"exponent\": 0", "\"exponent\": 0.5", "layers[0].h_histogram.exponent is a number");
  assert_change_refused("\"exponent\": 0", "\"exponent\": 128", "layers[0].h_histogram.counts holds 1 numbers");
  assert_change_refused("\"exponent\": 0", "\"exponent\": 129",
                        "layers[0].h_histogram.exponent is 129; floats have -149");
  assert_change_refused("\"exponent\": -149", "\"exponent\": -150", "layers[0].z_histogram.exponent is -150");
  assert_change_refused("\"exponent\": -149", "\"exponent\": -148", "layers[0].z_histogram.counts holds 277 numbers");
  assert_change_refused("4294967296", "-1", "layers[0].z_histogram.counts[276] is -1");
  assert_change_refused("4294967296", "1.5", "layers[0].z_histogram.counts[276] is a number");
  assert_change_refused("\"verdict\": \"diverges\"", "\"verdict\": \"stable\"", "learning[0].verdict");
  assert_change_refused("\"fault_quantity\": \"delta\"", "\"fault_quantity\": \"d\"", "learning[0].fault_quantity");
  assert_change_refused("\"depth\": 1,", "\"depth\": 2,", "learning[0].records[0].layers holds 2 layers");
  assert_change_refused("\"update_ratio\": 0.001", "\"ratio\": 0.001", "layers[0].update_ratio is missing");
  assert_change_refused("\"held_out_loss\": 2.25", "\"held_out_loss\": \"\"", "learning[0].history[0].held_out_loss");
  assert_change_refused("\"warnings\": [", "\"warnings\": 1, \"others\": [", "machine.warnings is a whole number");
  assert_change_refused("\"date\":", "\"date\": \"\", \"date\":", "duplicate");
}

static void other_files_are_refused(void **state) {
  (void)state;
  const char *path = in_folder("other.json");
  put(path, "[]", 2);
  assert_refused(path, "not an object");
  put(path, "{}", 2);
  assert_refused(path, "context is missing");
  assert_refused(in_folder("nothing.json"), "No such file");
  assert_refused(folder, "directory");
  char deep[8192];
  memset(deep, '[', sizeof deep);
  put(path, deep, sizeof deep);
  assert_refused(path, ":");
}

/* ---- whole or not at all ---------------------------------------------------------------------------------------- */

static bool holds(const char *path, const char *text) {
  char have[64] = "";
  FILE *file = fopen(path, "r");
  if (!file) return false;
  have[fread(have, 1, sizeof have - 1, file)] = '\0';
  fclose(file);
  return strcmp(have, text) == 0;
}

static size_t files_in_folder(void) {
  char command[128];
  snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
  FILE *pipe = popen(command, "r");
  int count = 0;
  assert_int_equal(fscanf(pipe, "%d", &count), 1);
  pclose(pipe);
  return (size_t)count;
}

static void an_earlier_file_survives_a_full_disk(void **state) {
  (void)state;
  struct result result = example();
  struct error error;
  const char *path = in_folder("kept.json");
  const struct rlimit small = {1000, RLIM_INFINITY};
  struct rlimit before;
  put(path, "earlier", 7);
  const size_t files = files_in_folder();
  getrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const bool written = result_write(&result, path, &error);
  setrlimit(RLIMIT_FSIZE, &before);
  assert_false(written);
  assert_non_null(strstr(error.text, path));
  assert_true(holds(path, "earlier"));
  assert_int_equal(files_in_folder(), files); /* nor is the temporary file left */
  result_free(&result);
}

static void permissions_and_links_are_kept(void **state) {
  (void)state;
  struct result result = example();
  struct error error;
  struct stat status;
  const char *path = in_folder("target.json"), *link = in_folder("link.json");
  put(path, "earlier", 7);
  assert_int_equal(chmod(path, 0640), 0);
  assert_int_equal(symlink("target.json", link), 0);
  assert_true(result_write(&result, link, &error));
  assert_int_equal(lstat(link, &status), 0);
  assert_true(S_ISLNK(status.st_mode));
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0640);
  assert_true(status.st_size > 1000);
  assert_true(result_write(&result, "/dev/null", &error));
  assert_int_equal(stat("/dev/null", &status), 0);
  assert_true(S_ISCHR(status.st_mode));
  result_free(&result);
}

static void paths_are_checked_before_measuring(void **state) {
  (void)state;
  struct error error;
  const size_t files = files_in_folder();
  assert_true(whole_file_check(in_folder("new.json"), &error));
  assert_int_equal(files_in_folder(), files);
  assert_true(whole_file_check("/dev/null", &error));
  assert_false(whole_file_check(folder, &error));
  assert_non_null(strstr(error.text, "directory"));
  assert_false(whole_file_check(in_folder("missing/new.json"), &error));
  assert_non_null(strstr(error.text, "No such file"));
  assert_false(whole_file_check("", &error));
  assert_int_equal(symlink("round-and-round", in_folder("round-and-round")), 0);
  assert_false(whole_file_check(in_folder("round-and-round"), &error));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(histograms_are_short),
      cmocka_unit_test(the_shape_is_google_benchmarks),
      cmocka_unit_test(rows_have_their_accuracy),
      cmocka_unit_test(text_that_is_not_utf8_does_not_stop_the_writer),
      cmocka_unit_test(every_truncation_is_an_error),
      cmocka_unit_test(wrong_types_are_named),
      cmocka_unit_test(other_files_are_refused),
      cmocka_unit_test(an_earlier_file_survives_a_full_disk),
      cmocka_unit_test(permissions_and_links_are_kept),
      cmocka_unit_test(paths_are_checked_before_measuring),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
