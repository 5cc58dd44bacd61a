/* Results as JSON for services that keep a history of benchmarks. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/export.h"
#include "harness/fields.h"

/* What a row's throughput is best told in. */
struct throughput {
  const char *unit;
  double amount; /* of that unit, in one call */
};

static struct throughput throughput_of(const struct result_row *row) {
  if (row->flops > 0) return (struct throughput){"GFLOP/s", row->flops * 1e-9};
  if (row->bytes > 0) return (struct throughput){"GB/s", row->bytes * 1e-9};
  return (struct throughput){"items/s", row->items};
}

static bool has_figures(const struct result_row *row) {
  return !row->support && row->time.samples > 0 && isfinite(row->time.median) && row->time.median > 0;
}

/* Half of the interval, as these services show it behind the value. */
static json_t *range_text(double low, double high) {
  char text[48];
  snprintf(text, sizeof text, "\xc2\xb1 %.3g", (high - low) / 2);
  return json_string(text);
}

static json_t *extra_text(const struct result_row *row) {
  char text[160];
  size_t used = (size_t)snprintf(text, sizeof text, "%zu samples", row->time.samples);
  if (row->limit[0] && row->fraction_of_limit > 0)
    used +=
        (size_t)snprintf(text + used, sizeof text - used, ", %.0f %% of %s", 100 * row->fraction_of_limit, row->limit);
  if (row->times_scalar > 0) snprintf(text + used, sizeof text - used, ", %.1f x scalar", row->times_scalar);
  return fields_text(text);
}

static json_t *github_entry(const struct result_row *row, const char *unit, double value, double low, double high) {
  json_t *o = json_object();
  int bad = json_object_set_new(o, "name", fields_text(row->name));
  bad |= json_object_set_new(o, "unit", json_string(unit));
  bad |= json_object_set_new(o, "value", json_real(value));
  bad |= json_object_set_new(o, "range", range_text(low, high));
  bad |= json_object_set_new(o, "extra", extra_text(row));
  if (bad == 0) return o;
  json_decref(o);
  return NULL;
}

static json_t *github_smaller(const struct result_row *row) {
  return github_entry(row, "ns", row->time.median, row->time.low, row->time.high);
}

static json_t *github_bigger(const struct result_row *row) {
  const struct throughput t = throughput_of(row);
  return github_entry(row, t.unit, per_second(t.amount, row->time.median), per_second(t.amount, row->time.high),
                      per_second(t.amount, row->time.low));
}

static json_t *metric(double value, double low, double high) {
  json_t *o = json_object();
  int bad = json_object_set_new(o, "value", json_real(value));
  bad |= json_object_set_new(o, "lower_value", json_real(low));
  bad |= json_object_set_new(o, "upper_value", json_real(high));
  if (bad == 0) return o;
  json_decref(o);
  return NULL;
}

/* Bencher's own measures: latency in nanoseconds, throughput in operations a second. */
static json_t *bencher_entry(const struct result_row *row) {
  const struct statistics *t = &row->time;
  json_t *o = json_object();
  int bad = json_object_set_new(o, "latency", metric(t->median, t->low, t->high));
  if (row->items > 0)
    bad |= json_object_set_new(
        o, "throughput",
        metric(per_second(row->items, t->median), per_second(row->items, t->high), per_second(row->items, t->low)));
  if (bad == 0) return o;
  json_decref(o);
  return NULL;
}

/* Takes root, also NULL. */
static bool print(FILE *out, json_t *root) {
  char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
  json_decref(root);
  if (!text) return false;
  fputs(text, out);
  fputc('\n', out);
  free(text);
  return true;
}

static bool export_github(FILE *out, const struct result *result, json_t *entry(const struct result_row *row)) {
  json_t *root = json_array();
  int bad = 0;
  for (size_t i = 0; i < result->row_count; i++)
    if (has_figures(&result->rows[i])) bad |= json_array_append_new(root, entry(&result->rows[i]));
  if (bad == 0) return print(out, root);
  json_decref(root);
  return false;
}

bool export_github_smaller(FILE *out, const struct result *result) {
  return export_github(out, result, github_smaller);
}
bool export_github_bigger(FILE *out, const struct result *result) { return export_github(out, result, github_bigger); }

bool export_bencher(FILE *out, const struct result *result) {
  json_t *root = json_object();
  int bad = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    if (!has_figures(&result->rows[i])) continue;
    json_t *name = fields_text(result->rows[i].name);
    bad |= json_object_set_new(root, json_string_value(name), bencher_entry(&result->rows[i]));
    json_decref(name);
  }
  if (bad == 0) return print(out, root);
  json_decref(root);
  return false;
}
