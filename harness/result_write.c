/* A result as JSON. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cell_json.h"
#include "harness/fields.h"
#include "harness/fingerprint.h"
#include "harness/result.h"
#include "harness/stats.h"
#include "harness/whole_file.h"

static json_t *number_or_null(double number) {
  json_t *value = json_real(number);
  return value ? value : json_null(); /* jansson refuses NaN and infinities */
}

static double per_second(double amount, double ns) { return ns > 0 ? amount / ns * 1e9 : 0; }

static int text_of(json_t *object, const char *name, const char *text) {
  return json_object_set_new(object, name, fields_text(text));
}

/* What Google Benchmark's own fields say about a row; ours follow. Of a row with repetitions the index-th. */
static json_t *json_of_row(const struct result *result, const struct result_row *row, size_t index) {
  const struct result_accuracy *accuracy = result_accuracy_of(result, row);
  const struct result_repetition whole = {row->time.median, row->cpu_time.mean, row->iterations};
  const struct result_repetition *repetition = row->repetition_count ? &row->repetitions[index] : &whole;
  const size_t repetitions = row->repetition_count ? row->repetition_count : 1;
  json_t *o = json_object();
  int bad = text_of(o, "name", row->name);
  bad |= text_of(o, "run_name", row->name);
  bad |= text_of(o, "run_type", "iteration");
  bad |= json_object_set_new(o, "repetitions", json_integer((json_int_t)repetitions));
  bad |= json_object_set_new(o, "repetition_index", json_integer((json_int_t)index));
  bad |= json_object_set_new(o, "iterations", json_integer((json_int_t)repetition->iterations));
  bad |= json_object_set_new(o, "real_time", number_or_null(repetition->real));
  bad |= json_object_set_new(o, "cpu_time", number_or_null(repetition->cpu));
  bad |= text_of(o, "time_unit", "ns");
  bad |= json_object_set_new(o, "items_per_second", number_or_null(per_second(row->items, repetition->real)));
  bad |= json_object_set_new(o, "bytes_per_second", number_or_null(per_second(row->bytes, repetition->real)));
  bad |= json_object_set_new(o, "flops_per_second", number_or_null(per_second(row->flops, repetition->real)));
  if (accuracy) bad |= json_object_set_new(o, "ulp_max", number_or_null(accuracy->ulp_max));
  if (result_has_phases(row)) bad |= !fields_write(o, phase_fields, &row->phases);
  if (bad == 0 && fields_write(o, row_fields, row)) return o;
  json_decref(o);
  return NULL;
}

/* A figure that sums up the row's samples, or its repetitions. */
static json_t *json_of_aggregate(const struct result_row *row, const struct statistics *of, const char *aggregate,
                                 const char *unit, double real, double cpu) {
  char name[sizeof row->name + 16];
  snprintf(name, sizeof name, "%s_%s", row->name, aggregate);
  json_t *o = json_object();
  int bad = text_of(o, "name", name);
  bad |= text_of(o, "run_name", row->name);
  bad |= text_of(o, "run_type", "aggregate");
  bad |= json_object_set_new(o, "repetitions", json_integer((json_int_t)of->samples));
  bad |= json_object_set_new(o, "threads", json_integer(row->threads));
  bad |= text_of(o, "aggregate_name", aggregate);
  bad |= text_of(o, "aggregate_unit", unit);
  bad |= json_object_set_new(o, "iterations", json_integer((json_int_t)of->samples));
  bad |= json_object_set_new(o, "real_time", number_or_null(real));
  bad |= json_object_set_new(o, "cpu_time", number_or_null(cpu));
  bad |= text_of(o, "time_unit", "ns");
  if (bad == 0) return o;
  json_decref(o);
  return NULL;
}

static double ratio(double a, double b) { return b > 0 ? a / b : 0; }

static bool add_row(json_t *array, const struct result *result, const struct result_row *row) {
  const struct statistics real = statistics_of_repetitions(row, false), cpu = statistics_of_repetitions(row, true);
  const struct statistics *t = row->repetition_count ? &real : &row->time;
  const struct statistics *c = row->repetition_count ? &cpu : &row->cpu_time;
  int bad = json_array_append_new(array, json_of_row(result, row, 0));
  for (size_t i = 1; i < row->repetition_count; i++) bad |= json_array_append_new(array, json_of_row(result, row, i));
  bad |= json_array_append_new(array, json_of_aggregate(row, t, "mean", "time", t->mean, c->mean));
  bad |= json_array_append_new(array, json_of_aggregate(row, t, "median", "time", t->median, c->median));
  bad |= json_array_append_new(array, json_of_aggregate(row, t, "stddev", "time", t->stddev, c->stddev));
  bad |= json_array_append_new(
      array, json_of_aggregate(row, t, "cv", "percentage", ratio(t->stddev, t->mean), ratio(c->stddev, c->mean)));
  return bad == 0;
}

static json_t *json_of_learning(const struct learning_run *run) {
  json_t *o = json_object(), *records = json_array();
  int bad = !fields_write(o, learning_fields, run);
  bad |= json_object_set_new(
      o, "history", fields_write_array(learning_epoch_fields, run->history, run->history_count, sizeof *run->history));
  for (size_t i = 0; i < run->record_count; i++) {
    const struct learning_record *record = &run->records[i];
    json_t *step = json_object();
    bad |= !fields_write(step, learning_record_fields, record);
    bad |= json_object_set_new(
        step, "layers",
        fields_write_array(learning_layer_fields, record->layers, run->depth + 1, sizeof *record->layers));
    bad |= json_array_append_new(records, step);
  }
  bad |= json_object_set_new(o, "records", records);
  if (bad == 0) return o;
  json_decref(o);
  return NULL;
}

static json_t *json_of_machine(const struct result *result) {
  const struct machine *machine = &result->machine;
  json_t *o = json_object(), *warnings = json_array();
  char id[FINGERPRINT_ID];
  int bad = !fields_write(o, machine_fields, machine);
  for (size_t i = 0; i < machine->warning_count; i++)
    bad |= json_array_append_new(warnings, fields_text(machine->warnings[i]));
  bad |= json_object_set_new(o, "warnings", warnings);
  fingerprint_id(machine, id);
  bad |= text_of(o, "fingerprint", id);
  bad |= json_object_set_new(
      o, "kinds", fields_write_array(kind_fields, machine->kinds, machine->kind_count, sizeof machine->kinds[0]));
  bad |= json_object_set_new(
      o, "caches", fields_write_array(cache_fields, machine->caches, machine->cache_count, sizeof machine->caches[0]));
  bad |= json_object_set_new(
      o, "limits", fields_write_array(limit_fields, result->limits, result->limit_count, sizeof result->limits[0]));
  bad |= json_object_set_new(
      o, "clocks", fields_write_array(clock_fields, result->clocks, result->clock_count, sizeof result->clocks[0]));
  if (bad == 0) return o;
  json_decref(o);
  return NULL;
}

/* The caches as Google Benchmark lists them. */
static json_t *context_caches(const struct machine *machine) {
  json_t *array = json_array();
  for (size_t i = 0; i < machine->cache_count; i++) {
    const struct cache *cache = &machine->caches[i];
    json_array_append_new(array, json_pack("{ss si sI si}", "type", cache->level == 1 ? "Data" : "Unified", "level",
                                           cache->level, "size", (json_int_t)cache->bytes, "num_sharing",
                                           cache->cores_sharing));
  }
  return array;
}

/* NAME=VALUE; members of our own stay as they are. */
static int add_label(json_t *context, const char *label) {
  char name[sizeof((struct result *)0)->labels[0]];
  const size_t length = strcspn(label, "=");
  snprintf(name, sizeof name, "%.*s", (int)length, label);
  return json_object_get(context, name) ? 0 : text_of(context, name, label + length + 1);
}

/* 0: unknown, or a clock that no file of ours has. */
static json_int_t mhz_of(const struct machine *machine) {
  return machine->core_hertz > 0 && machine->core_hertz < 1e15 ? (json_int_t)(machine->core_hertz / 1e6 + 0.5) : 0;
}

static json_t *json_of_context(const struct result *result) {
  const struct machine *machine = &result->machine;
  char seed[24], executable[sizeof result->command];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)result->seed);
  snprintf(executable, sizeof executable, "%s", result->command);
  executable[strcspn(executable, " ")] = '\0';
  json_t *o = json_object(), *load = json_array();
  int bad = text_of(o, "date", result->date);
  bad |= text_of(o, "host_name", machine->host);
  bad |= text_of(o, "executable", executable);
  bad |= json_object_set_new(o, "num_cpus", json_integer(machine->hardware_threads));
  bad |= json_object_set_new(o, "mhz_per_cpu", json_integer(mhz_of(machine)));
  bad |= json_object_set_new(o, "caches", context_caches(machine));
  bad |= json_array_append_new(load, number_or_null(machine->load));
  bad |= json_object_set_new(o, "load_avg", load);
  bad |= text_of(o, "library_build_type", "release");
  bad |= json_object_set_new(o, "format", json_integer(RESULT_FORMAT));
  bad |= text_of(o, "version", result->version);
  bad |= text_of(o, "commit", result->commit);
  bad |= text_of(o, "command", result->command);
  bad |= text_of(o, "seed", seed); /* a string, because many readers of JSON lose digits beyond 2^53 */
  bad |= text_of(o, "rng", result->rng);
  if (result->network_seconds > 0)
    bad |= json_object_set_new(o, "network_flops_per_second",
                               number_or_null(result->network_operations / result->network_seconds));
  bad |= json_object_set_new(o, "interrupted", json_boolean(result->interrupted));
  for (size_t i = 0; i < result->label_count; i++) bad |= add_label(o, result->labels[i]);
  if (bad == 0) return o;
  json_decref(o);
  return NULL;
}

char *result_to_json(const struct result *result) {
  json_t *root = json_object(), *benchmarks = json_array(), *gradients = json_array(), *learning = json_array();
  int bad = json_object_set_new(root, "context", json_of_context(result));
  for (size_t i = 0; i < result->row_count; i++) bad |= !add_row(benchmarks, result, &result->rows[i]);
  for (size_t i = 0; i < result->cell_count; i++)
    bad |= json_array_append_new(gradients, cell_to_json(&result->cells[i]));
  bad |= json_object_set_new(root, "benchmarks", benchmarks);
  bad |= json_object_set_new(
      root, "accuracy",
      fields_write_array(accuracy_fields, result->accuracies, result->accuracy_count, sizeof *result->accuracies));
  bad |= json_object_set_new(root, "gradients", gradients);
  for (size_t i = 0; i < result->learning_count; i++)
    bad |= json_array_append_new(learning, json_of_learning(&result->learning[i]));
  bad |= json_object_set_new(root, "learning", learning);
  bad |= json_object_set_new(root, "predictions",
                             fields_write_array(prediction_fields, result->predictions, result->prediction_count,
                                                sizeof *result->predictions));
  bad |= json_object_set_new(root, "machine", json_of_machine(result));
  char *text = bad ? NULL : json_dumps(root, JSON_INDENT(1));
  json_decref(root);
  return text;
}

bool result_write(const struct result *result, const char *path, struct error *error) {
  char *text = result_to_json(result);
  size_t length = text ? strlen(text) : 0;
  if (!text) return error_set(error, "cannot write %s: out of memory", path);
  text[length++] = '\n'; /* in the place of the terminating zero */
  const bool fine = whole_file_write(path, text, length, error);
  free(text);
  return fine;
}
