/* A result back from its file. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cell_json.h"
#include "harness/fields.h"
#include "harness/json_file.h"
#include "harness/result.h"

static bool read_context(struct result *result, const json_t *o, struct error *error) {
  const char *place = "context";
  char seed[24];
  const json_t *format = fields_member(o, "format", JSON_INTEGER, place, error);
  if (!format) return false;
  if (json_integer_value(format) != RESULT_FORMAT)
    return error_set(error, "context.format is %" JSON_INTEGER_FORMAT "; this program reads format %d",
                     json_integer_value(format), RESULT_FORMAT);
  if (!fields_copy_text(o, "date", result->date, sizeof result->date, place, error) ||
      !fields_copy_text(o, "version", result->version, sizeof result->version, place, error) ||
      !fields_copy_text(o, "commit", result->commit, sizeof result->commit, place, error) ||
      !fields_copy_text(o, "command", result->command, sizeof result->command, place, error) ||
      !fields_copy_text(o, "seed", seed, sizeof seed, place, error) ||
      !fields_copy_text(o, "rng", result->rng, sizeof result->rng, place, error))
    return false;
  char *end;
  errno = 0;
  result->seed = strtoull(seed, &end, 10);
  if (errno || *end || seed[0] < '0' || seed[0] > '9') return error_set(error, "context.seed is not a number");
  const json_t *interrupted = json_object_get(o, "interrupted");
  if (!json_is_boolean(interrupted)) return error_set(error, "context.interrupted is neither true nor false");
  result->interrupted = json_is_true(interrupted);
  return true;
}

/* Whether a number is missing or at least 0. */
static bool not_negative(double number) { return isnan(number) || number >= 0; }

static bool times_make_sense(const struct statistics *t) {
  return not_negative(t->median) && not_negative(t->minimum) && not_negative(t->maximum) && not_negative(t->mean) &&
         not_negative(t->stddev) && not_negative(t->p10) && not_negative(t->p90) && not_negative(t->low) &&
         not_negative(t->high);
}

static bool read_whole(const json_t *o, const char *name, size_t *number, const char *place, struct error *error) {
  const json_t *value = fields_member(o, name, JSON_INTEGER, place, error);
  if (!value) return false;
  if (json_integer_value(value) < 0) return error_set(error, "%s.%s is negative", place, name);
  *number = (size_t)json_integer_value(value);
  return true;
}

/* Another repetition of the row that was read last. */
static bool read_repetition(struct result *result, const json_t *o, const char *name, const char *place,
                            struct error *error) {
  struct result_row *row = result->row_count ? &result->rows[result->row_count - 1] : NULL;
  if (!row || row->repetition_count == 0 || strcmp(row->name, name) != 0)
    return error_set(error, "%s is a repetition of a row that is not before it", place);
  if (row->repetition_count == ROW_REPETITIONS_MOST)
    return error_set(error, "%s: more than %d repetitions", place, ROW_REPETITIONS_MOST);
  if (!fields_read(o, repetition_fields, &row->repetitions[row->repetition_count], place, error)) return false;
  row->iterations += row->repetitions[row->repetition_count++].iterations;
  return true;
}

/* What the row's first entry says beside the row itself. */
static bool repetition_makes_sense(const struct result_repetition *repetition) {
  return !(repetition->real < 0) && !(repetition->cpu < 0);
}

static bool read_row(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct result_row row = {0};
  char type[16], unit[8];
  if (!json_is_object(o)) return error_set(error, "%s is not an object", place);
  if (!fields_copy_text(o, "run_type", type, sizeof type, place, error)) return false;
  if (strcmp(type, "aggregate") == 0) return true; /* repeats what the row itself says */
  if (strcmp(type, "iteration") != 0)
    return error_set(error, "%s.run_type is \"%s\"; \"iteration\" or \"aggregate\" was expected", place, type);
  if (!fields_copy_text(o, "time_unit", unit, sizeof unit, place, error)) return false;
  if (strcmp(unit, "ns") != 0) return error_set(error, "%s.time_unit is \"%s\"; \"ns\" was expected", place, unit);
  struct {
    size_t count, index;
  } repetitions = {0, 0};
  if (!fields_copy_text(o, "name", row.name, sizeof row.name, place, error) ||
      !read_whole(o, "repetitions", &repetitions.count, place, error) ||
      !read_whole(o, "repetition_index", &repetitions.index, place, error))
    return false;
  if (repetitions.index > 0) return read_repetition(result, o, row.name, place, error);
  if (!fields_read(o, row_fields, &row, place, error) ||
      !fields_read(o, repetition_fields, &row.repetitions[0], place, error))
    return false;
  row.iterations = row.repetitions[0].iterations;
  row.repetition_count = repetitions.count > 1;
  if (json_object_get(o, phase_fields->name) && !fields_read(o, phase_fields, &row.phases, place, error)) return false;
  if (row.threads < 1) return error_set(error, "%s.threads is %d; a row has 1 or more", place, row.threads);
  if (!times_make_sense(&row.time) || !times_make_sense(&row.cpu_time) || !repetition_makes_sense(&row.repetitions[0]))
    return error_set(error, "%s has a negative time", place);
  row.cpu_time.samples = row.time.samples;
  row.cpu_time.median = row.cpu_time.mean;
  result_add_row(result, &row);
  return true;
}

static bool read_accuracy(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct result_accuracy accuracy = {0};
  if (!fields_read(o, accuracy_fields, &accuracy, place, error)) return false;
  if (!not_negative(accuracy.ulp_max) || !not_negative(accuracy.ulp_mean) || !not_negative(accuracy.absolute_max))
    return error_set(error, "%s has a negative error", place);
  if (isnan(accuracy.root) != isnan(accuracy.absolute_max))
    return error_set(error, "%s has only one of root and absolute_max", place);
  result_add_accuracy(result, &accuracy);
  return true;
}

static bool read_cell(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct gradient_cell cell = {0};
  const bool fine = cell_from_json(&cell, o, place, error);
  result_add_cell(result, &cell); /* which frees its layers */
  return fine;
}

/* Whether each record has so many layers: a depth of no sense is not even tried to be allocated. */
static bool layers_of_all(const json_t *records, size_t layers, const char *place, struct error *error) {
  for (size_t i = 0; i < json_array_size(records); i++) {
    char deeper[80];
    snprintf(deeper, sizeof deeper, "%s.records[%zu]", place, i);
    const json_t *o = json_array_get(records, i);
    if (!json_is_object(o)) return error_set(error, "%s is not an object", deeper);
    const json_t *of_layers = fields_member(o, "layers", JSON_ARRAY, deeper, error);
    if (!of_layers) return false;
    if (json_array_size(of_layers) != layers)
      return error_set(error, "%s.layers holds %zu layers; depth + 1 is %zu", deeper, json_array_size(of_layers),
                       layers);
  }
  return true;
}

/* The records' arrays belong to run as soon as they are allocated. */
static bool read_records(struct learning_run *run, const json_t *records, const char *place, struct error *error) {
  const size_t count = json_array_size(records), layers = run->depth + 1;
  if (!layers_of_all(records, layers, place, error)) return false;
  run->records = calloc(count + 1, sizeof *run->records);
  run->layers = calloc(count * layers + 1, sizeof *run->layers);
  if (!run->records || !run->layers) return error_set(error, "out of memory");
  run->record_count = count;
  for (size_t i = 0; i < count; i++) {
    struct learning_record *record = &run->records[i];
    const json_t *o = json_array_get(records, i), *of_layers = json_object_get(o, "layers");
    char deeper[80], deepest[120];
    record->layers = run->layers + i * layers;
    snprintf(deeper, sizeof deeper, "%s.records[%zu]", place, i);
    if (!fields_read(o, learning_record_fields, record, deeper, error)) return false;
    for (size_t l = 0; l < layers; l++) {
      snprintf(deepest, sizeof deepest, "%s.layers[%zu]", deeper, l);
      if (!fields_read(json_array_get(of_layers, l), learning_layer_fields, &record->layers[l], deepest, error))
        return false;
    }
  }
  return true;
}

static bool read_history(struct learning_run *run, const json_t *history, const char *place, struct error *error) {
  const size_t count = json_array_size(history);
  run->history = calloc(count + 1, sizeof *run->history);
  if (!run->history) return error_set(error, "out of memory");
  run->history_count = count;
  for (size_t i = 0; i < count; i++) {
    char deeper[80];
    snprintf(deeper, sizeof deeper, "%s.history[%zu]", place, i);
    if (!fields_read(json_array_get(history, i), learning_epoch_fields, &run->history[i], deeper, error)) return false;
  }
  return true;
}

static bool read_learning(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct learning_run run = {0};
  const json_t *history, *records;
  if (!fields_read(o, learning_fields, &run, place, error) ||
      !(history = fields_member(o, "history", JSON_ARRAY, place, error)) ||
      !(records = fields_member(o, "records", JSON_ARRAY, place, error)))
    return false;
  struct learning_run *added = result_add_learning(result, &run);
  return read_history(added, history, place, error) && read_records(added, records, place, error);
}

static bool read_limit(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct result_limit limit = {0};
  if (!fields_read(o, limit_fields, &limit, place, error)) return false;
  result_add_limit(result, &limit);
  return true;
}

static bool read_clock(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct result_clock clock = {0};
  if (!fields_read(o, clock_fields, &clock, place, error)) return false;
  result_add_clock(result, &clock);
  return true;
}

static bool read_prediction(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct result_prediction prediction = {0};
  if (!fields_read(o, prediction_fields, &prediction, place, error)) return false;
  result_add_prediction(result, &prediction);
  return true;
}

static bool read_cache(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct machine *machine = &result->machine;
  if (machine->cache_count == sizeof machine->caches / sizeof machine->caches[0])
    return error_set(error, "%s: more caches than this program can hold", place);
  return fields_read(o, cache_fields, &machine->caches[machine->cache_count++], place, error);
}

static bool read_kind(struct result *result, const json_t *o, const char *place, struct error *error) {
  struct machine *machine = &result->machine;
  if (machine->kind_count == CORE_KINDS_MOST)
    return error_set(error, "%s: more kinds of core than this program can hold", place);
  return fields_read(o, kind_fields, &machine->kinds[machine->kind_count++], place, error);
}

static bool read_warning(struct result *result, const json_t *o, const char *place, struct error *error) {
  if (!json_is_string(o)) return error_set(error, "%s is not a string", place);
  machine_warn(&result->machine, "%s", json_string_value(o));
  return true;
}

typedef bool read_element(struct result *result, const json_t *element, const char *place, struct error *error);

static bool read_array(struct result *result, const json_t *object, const char *place, const char *name,
                       read_element *read, struct error *error) {
  const json_t *array = fields_member(object, name, JSON_ARRAY, place, error);
  if (!array) return false;
  for (size_t i = 0; i < json_array_size(array); i++) {
    char deeper[64];
    snprintf(deeper, sizeof deeper, "%s%s%s[%zu]", place, *place ? "." : "", name, i);
    if (!read(result, json_array_get(array, i), deeper, error)) return false;
  }
  return true;
}

/* Whether each row has as many repetitions as it says. Rows are in the order of their first ones. */
static bool check_repetitions(const struct result *result, const json_t *rows, struct error *error) {
  const struct result_row *row = result->rows;
  for (size_t i = 0; i < json_array_size(rows) && row < result->rows + result->row_count; i++) {
    const json_t *o = json_array_get(rows, i), *index = json_object_get(o, "repetition_index");
    const char *type = json_string_value(json_object_get(o, "run_type"));
    if (strcmp(type, "iteration") != 0 || json_integer_value(index) != 0) continue;
    const json_int_t said = json_integer_value(json_object_get(o, "repetitions"));
    if (said > 1 && (size_t)said != row->repetition_count)
      return error_set(error, "benchmarks[%zu].repetitions is %" JSON_INTEGER_FORMAT "; the file has %zu of them", i,
                       said, row->repetition_count);
    row++;
  }
  return true;
}

static bool read_root(struct result *result, const json_t *root, struct error *error) {
  const json_t *context, *machine;
  return (context = fields_member(root, "context", JSON_OBJECT, "", error)) && read_context(result, context, error) &&
         (machine = fields_member(root, "machine", JSON_OBJECT, "", error)) &&
         fields_read(machine, machine_fields, &result->machine, "machine", error) &&
         read_array(result, machine, "machine", "kinds", read_kind, error) &&
         read_array(result, machine, "machine", "caches", read_cache, error) &&
         read_array(result, machine, "machine", "warnings", read_warning, error) &&
         read_array(result, machine, "machine", "limits", read_limit, error) &&
         read_array(result, machine, "machine", "clocks", read_clock, error) &&
         read_array(result, root, "", "benchmarks", read_row, error) &&
         check_repetitions(result, json_object_get(root, "benchmarks"), error) &&
         read_array(result, root, "", "accuracy", read_accuracy, error) &&
         read_array(result, root, "", "gradients", read_cell, error) &&
         read_array(result, root, "", "learning", read_learning, error) &&
         read_array(result, root, "", "predictions", read_prediction, error);
}

bool result_from_json(struct result *result, const json_t *root, const char *name, struct error *error) {
  struct error inner;
  result_init(result);
  if (read_root(result, root, &inner)) return true;
  result_free(result);
  json_error_plain(&inner); /* it may quote the file */
  return error_set(error, "%s: %s", name, inner.text);
}

bool result_read(struct result *result, const char *path, struct error *error) {
  result_init(result);
  json_t *root = json_file_read(path, JSON_FILE_MOST, error);
  const bool fine = root && result_from_json(result, root, path, error);
  json_decref(root);
  return fine;
}
