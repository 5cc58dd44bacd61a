#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "harness/fields.h"
#include "harness/gradient_cell.h"
#include "tools/compare/family.h"
#include "tools/compare/pairs.h"
#include "tools/compare/ratio.h"
#include "tools/compare/sheets.h"
#include "tools/compare/write.h"

/* ---- values ------------------------------------------------------------------------------------------------------ */

static json_t *sure(json_t *value) {
  if (!value) abort(); /* memory is out */
  return value;
}

static void set(json_t *object, const char *name, json_t *value) {
  if (json_object_set_new(object, name, sure(value)) != 0) abort();
}
static void set_text(json_t *object, const char *name, const char *text) { set(object, name, fields_text(text)); }
static void set_count(json_t *object, const char *name, size_t count) {
  set(object, name, json_integer((json_int_t)count));
}
static void set_flag(json_t *object, const char *name, bool flag) { set(object, name, json_boolean(flag)); }

/* null where it is not finite. */
static json_t *number_of(double number) { return isfinite(number) ? json_real(number) : json_null(); }
static void set_number(json_t *object, const char *name, double number) { set(object, name, number_of(number)); }

static json_t *numbers_of(const double *numbers, size_t count) {
  json_t *array = sure(json_array());
  for (size_t i = 0; i < count; i++)
    if (json_array_append_new(array, sure(number_of(numbers[i]))) != 0) abort();
  return array;
}

/* A new object at the end of the array. */
static json_t *add(json_t *array) {
  json_t *object = sure(json_object());
  if (json_array_append_new(array, object) != 0) abort();
  return object;
}

/* A new array as a member. */
static json_t *set_array(json_t *object, const char *name) {
  json_t *array = sure(json_array());
  set(object, name, array);
  return array;
}

/* ---- files and subjects ------------------------------------------------------------------------------------------ */

static void write_source(json_t *o, const struct comparison *c, const struct source *source) {
  const struct result *result = &source->result;
  char id[FINGERPRINT_ID];
  fingerprint_id(&result->machine, id);
  set_text(o, "label", source->label);
  set_text(o, "path", source->path);
  set_text(o, "date", result->date);
  set_text(o, "version", result->version);
  set_text(o, "commit", result->commit);
  set_text(o, "command", result->command);
  set_flag(o, "interrupted", result->interrupted);
  set(o, "copy_of",
      source->copy_of == (size_t)(source - c->sources) ? json_null() : fields_text(c->sources[source->copy_of].label));
  set_text(o, "machine", id);
  set_text(o, "cpu", result->machine.cpu);
  set_count(o, "rows", result->row_count);
  json_t *differences = set_array(o, "differences");
  for (size_t i = 0; i < source->differences.count; i++) {
    const struct difference *difference = &source->differences.items[i];
    json_t *to = add(differences);
    set_text(to, "class", difference_class_names[difference->class]);
    set_text(to, "what", difference->what);
    set_text(to, "base", difference->a);
    set_text(to, "here", difference->b);
  }
}

static void write_subject(json_t *o, const struct comparison *c, size_t subject) {
  const struct subject *s = &c->subjects[subject];
  set_text(o, "label", s->label);
  set_text(o, "source", c->sources[s->source].label);
  set(o, "arch", s->arch[0] ? fields_text(s->arch) : json_null());
  set(o, "threads", s->threads ? json_integer(s->threads) : json_null());
  set_text(o, "relation", relation_names[s->relation]);
  set_count(o, "unusable", c->unusable[subject]);
  json_t *alone = set_array(o, "alone");
  for (size_t i = 0; i < c->alone_count[subject]; i++)
    if (json_array_append_new(alone, sure(fields_text(c->alone[subject][i]->name))) != 0) abort();
}

/* ---- rows and their means ---------------------------------------------------------------------------------------- */

static void write_side(json_t *o, const struct comparison *c, size_t line, size_t subject, double threshold) {
  const struct result_row *base = comparison_row(c, line, 0), *row = comparison_row(c, line, subject);
  const struct ratio ratio = ratio_of(base, row);
  const bool run = c->subjects[subject].relation == RELATION_RUN;
  set_text(o, "subject", c->subjects[subject].label);
  set_text(o, "name", row->name);
  set_text(o, "arch", row->arch);
  set(o, "threads", json_integer(row->threads));
  set_text(o, "match", match_names[comparison_match(c, line, subject)]);
  set_number(o, "ns_per_item", row_pace(row));
  set_number(o, "ns_per_item_low", row->time.low / row_amount(row));
  set_number(o, "ns_per_item_high", row->time.high / row_amount(row));
  set_number(o, "cycles_per_item", line_figure(c, line, subject, METRIC_PER_CLOCK));
  set_text(o, "limit", row->limit);
  set_number(o, "fraction_of_limit", line_figure(c, line, subject, METRIC_LIMIT));
  set_number(o, "scaling", line_figure(c, line, subject, METRIC_SCALING));
  set_number(o, "speed", ratio.value);
  set_number(o, "speed_low", subject ? ratio.low : 1);
  set_number(o, "speed_high", subject ? ratio.high : 1);
  set(o, "outcome", run ? json_string(outcome_names[ratio_outcome(ratio, threshold, base, row)]) : json_null());
}

static void write_line(json_t *o, const struct comparison *c, size_t line, double threshold) {
  const struct result_row *base = comparison_row(c, line, 0);
  char family[FAMILY_NAME];
  family_name(family, base);
  set_text(o, "suite", base->suite);
  set_text(o, "kernel", base->kernel);
  set_text(o, "provider", base->provider);
  set_text(o, "shape", base->shape);
  set_text(o, "residence", base->residence);
  set_text(o, "family", family);
  json_t *sides = set_array(o, "subjects");
  for (size_t s = 0; s < c->subject_count; s++)
    if (comparison_row(c, line, s)) write_side(add(sides), c, line, s, threshold);
}

static void write_grouping(json_t *array, const struct comparison *c, enum grouping grouping, const char *by) {
  struct groups groups = groups_of(c, grouping);
  double *means = calloc(3 * c->subject_count, sizeof *means);
  if (!means) abort();
  double *least = means + c->subject_count, *most = least + c->subject_count;
  for (size_t g = 0; g < groups.count; g++) {
    json_t *o = add(array);
    set_text(o, "by", by);
    set_text(o, "name", groups.names[g]);
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
      json_t *figures = sure(json_object());
      set(o, metric_names[metric], figures);
      const size_t rows = group_means(c, grouping, groups.names[g], metric, means, least, most);
      set_count(figures, "rows", rows);
      set(figures, "means", numbers_of(means, c->subject_count));
      set(figures, "least", numbers_of(least, c->subject_count));
      set(figures, "most", numbers_of(most, c->subject_count));
    }
  }
  free(means);
  groups_free(&groups);
}

/* ---- what is measured of machines, and what does not depend on time ---------------------------------------------- */

static void write_sheet(json_t *root, const struct comparison *c) {
  struct sheet sheet = sheet_of(c, true);
  json_t *limits = set_array(root, "limits"), *clocks = set_array(root, "clocks");
  for (size_t i = 0; i < sheet.limit_count; i++) {
    json_t *o = add(limits);
    if (!fields_write(o, limit_fields, sheet.limits[i])) abort();
    json_object_del(o, "value");
    set(o, "threads", sheet.limit_threads[i] ? json_integer(sheet.limit_threads[i]) : json_null());
    set(o, "values", numbers_of(&sheet.limit_values[i * c->subject_count], c->subject_count));
  }
  for (size_t i = 0; i < sheet.clock_count; i++) {
    json_t *o = add(clocks);
    set_text(o, "arch", sheet.clocks[i]->arch);
    set(o, "threads", sheet.clock_threads[i] ? json_integer(sheet.clock_threads[i]) : json_null());
    set(o, "hertz", numbers_of(&sheet.clock_values[i * c->subject_count], c->subject_count));
  }
  sheet_free(&sheet);
}

static void write_accuracies(json_t *array, const struct comparison *c, size_t subject) {
  size_t count;
  struct accuracy_pair *pairs = accuracy_pairs(c, subject, &count);
  for (size_t i = 0; i < count; i++) {
    json_t *o = add(array);
    set_text(o, "subject", c->subjects[subject].label);
    set_text(o, "base_name", pairs[i].base->name);
    set_text(o, "name", pairs[i].other->name);
    set_flag(o, "same_samples", pairs[i].same_samples);
    set_flag(o, "identical", pairs[i].identical);
    set(o, "ulp_max", numbers_of((double[]){pairs[i].base->ulp_max, pairs[i].other->ulp_max}, 2));
    set(o, "ulp_mean", numbers_of((double[]){pairs[i].base->ulp_mean, pairs[i].other->ulp_mean}, 2));
  }
  free(pairs);
}

static void write_cells(json_t *array, const struct comparison *c, size_t subject) {
  size_t count;
  struct cell_pair *pairs = cell_pairs(c, subject, &count);
  for (size_t i = 0; i < count; i++) {
    const struct gradient_cell *a = pairs[i].base, *b = pairs[i].other;
    json_t *o = add(array);
    char name[ROW_NAME];
    gradient_cell_name(name, sizeof name, a);
    set_text(o, "subject", c->subjects[subject].label);
    set_text(o, "name", name);
    set_flag(o, "promised", pairs[i].promised);
    set_flag(o, "identical", pairs[i].identical);
    set_flag(o, "apart", pairs[i].apart);
    set(o, "decay_per_layer", numbers_of((double[]){a->decay_per_layer, b->decay_per_layer}, 2));
    set_number(o, "difference", pairs[i].difference);
    set_number(o, "standard_error", pairs[i].standard_error);
    set_text(o, "base_verdict", verdict_names[a->verdict]);
    set_text(o, "verdict", verdict_names[b->verdict]);
  }
  free(pairs);
}

static void write_learning(json_t *array, const struct comparison *c, size_t subject) {
  size_t count;
  struct learning_pair *pairs = learning_pairs(c, subject, &count);
  for (size_t i = 0; i < count; i++) {
    json_t *o = add(array);
    set_text(o, "subject", c->subjects[subject].label);
    set_text(o, "name", pairs[i].base->name);
    set_flag(o, "promised", pairs[i].promised);
    set_flag(o, "identical", pairs[i].identical);
    set_number(o, "loss_difference", pairs[i].loss_difference);
    set_text(o, "base_verdict", learning_verdict_names[pairs[i].base->verdict]);
    set_text(o, "verdict", learning_verdict_names[pairs[i].other->verdict]);
  }
  free(pairs);
}

void write_json(FILE *out, const struct comparison *c, double threshold) {
  json_t *root = sure(json_object());
  set(root, "format", json_integer(COMPARISON_FORMAT));
  set_text(root, "by", axis_names[c->selection.axis]);
  set_text(root, "archs", c->selection.archs == ARCHS_FASTEST ? "fastest" : "same");
  set_number(root, "threshold", threshold);
  json_t *sources = set_array(root, "sources"), *subjects = set_array(root, "subjects");
  for (size_t i = 0; i < c->source_count; i++) write_source(add(sources), c, &c->sources[i]);
  for (size_t s = 0; s < c->subject_count; s++) write_subject(add(subjects), c, s);
  json_t *groups = set_array(root, "groups"), *rows = set_array(root, "rows");
  write_grouping(groups, c, GROUP_FAMILY, "family");
  write_grouping(groups, c, GROUP_COLUMN, "column");
  write_grouping(groups, c, GROUP_RESIDENCE, "residence");
  write_grouping(groups, c, GROUP_ALL, "all");
  for (size_t line = 0; line < c->line_count; line++) write_line(add(rows), c, line, threshold);
  write_sheet(root, c);
  json_t *accuracies = set_array(root, "accuracy"), *cells = set_array(root, "gradients");
  json_t *learning = set_array(root, "learning");
  for (size_t s = 1; s < c->subject_count; s++) {
    write_accuracies(accuracies, c, s);
    write_cells(cells, c, s);
    write_learning(learning, c, s);
  }
  if (json_dumpf(root, out, JSON_INDENT(1)) == 0) fputc('\n', out); /* else the stream has an error */
  json_decref(root);
}
