#include "tools/predict_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/fields.h"
#include "harness/grid.h"
#include "tools/predict_models.h"

#define OTHER_COLUMNS 5 /* kernel, elements, measured, error, binds */
#define MODEL_COLUMNS (GRID_COLUMNS - OTHER_COLUMNS)
/* Small steps of cycles. */
#define DIGITS(cycles) ((cycles) >= 100 ? 0 : (cycles) >= 10 ? 1 : (cycles) >= 1 ? 2 : 3)

static bool is_arch(const struct report *report, size_t i, const char *arch) {
  return strcmp(report->predictions[i].arch, arch) == 0;
}

static const char *compiler_of(const struct facts *facts, const char *arch) {
  for (size_t i = 0; i < facts->object_count; i++)
    if (strcmp(facts->objects[i].arch, arch) == 0) return facts->objects[i].compiler;
  return "";
}

static bool knows(const struct facts *facts, const char *arch, const char *model) {
  for (size_t i = 0; model && i < facts->model_count; i++)
    if (facts->models[i].known && strcmp(facts->models[i].arch, arch) == 0 && strcmp(facts->models[i].name, model) == 0)
      return true;
  return false;
}

/* One row: the models' cycles of an element, the measured ones, how far the host's model is from them, and what binds
 * in the last column's model, the host's where it is among them. */
static void add_row(struct grid *grid, const struct report *report, const struct prediction *prediction,
                    const char *const *models, size_t count, const char *bound) {
  char binds[64] = "";
  double share = 0;
  const char *text;
  struct grid_row *row = grid_add(grid);
  size_t column = 0;
  grid_cell(row, column++, "%s", prediction->kernel);
  grid_cell(row, column++, "%g", prediction->parts[prediction->part_count - 1].elements);
  for (size_t i = 0; i < count; i++, column++) {
    const double cycles = prediction_cycles(report->facts, prediction, models[i], binds, sizeof binds, &share, &text);
    if (cycles > 0)
      grid_cell(row, column, "%.*f", DIGITS(cycles), cycles);
    else
      grid_cell(row, column, "-");
  }
  if (report->result) {
    const double measured = measured_cycles(report->result, prediction, &text);
    const double cycles = report->host ? prediction_cycles(report->facts, prediction, report->host, binds, sizeof binds,
                                                           &share, &(const char *){NULL})
                                       : NAN;
    if (measured > 0) grid_cell(row, column, "%.*f%s%s", DIGITS(measured), measured, text[0] ? " " : "", text);
    if (measured > 0 && cycles > 0) grid_cell(row, column + 1, "%+.0f%%", round(100 * (cycles / measured - 1)) + 0.0);
    column += 2;
  }
  binds[0] = '\0';
  if (prediction_cycles(report->facts, prediction, bound, binds, sizeof binds, &share, &text) > 0)
    grid_cell(row, column, "%s %.0f%%", binds, share);
}

static void print_grid(FILE *out, struct style style, const struct report *report, const char *arch,
                       const char *const *models, size_t count) {
  struct grid grid = {0};
  char binds[64];
  const char *bound = knows(report->facts, arch, report->host) ? report->host : models[count - 1];
  snprintf(binds, sizeof binds, "<binds (%s)", bound);
  grid.headers[grid.columns++] = "<kernel";
  grid.headers[grid.columns++] = "elements";
  for (size_t i = 0; i < count; i++) grid.headers[grid.columns++] = models[i];
  if (report->result) {
    grid.headers[grid.columns++] = "measured";
    grid.headers[grid.columns++] = "error";
  }
  grid.headers[grid.columns++] = binds;
  for (size_t i = 0; i < report->count; i++)
    if (is_arch(report, i, arch) && report->predictions[i].part_count > 0)
      add_row(&grid, report, &report->predictions[i], models, count, bound);
  grid_print(&grid, out, style);
  grid_free(&grid);
}

static void print_error(FILE *out, struct style style, const struct report *report, const char *arch, const char *model,
                        bool in_l2) {
  size_t count;
  double *errors = prediction_errors(report, arch, model, in_l2, &count);
  if (count > 0)
    grid_paragraph(
        out, style,
        "%s against what was measured, %s, %zu kernels with data in %s: off by %.0f %% in the median, by %.0f "
        "%% for nine in ten, by %+.0f %% at worst.",
        model, arch, count, in_l2 ? "L2, which the model knows nothing of" : "L1 or without any",
        fabs(errors[(count - 1) / 2]), fabs(errors[(9 * count + 9) / 10 - 1]), errors[count - 1]);
  free(errors);
}

/* What has no prediction, by reason. */
static void print_reasons(FILE *out, struct style style, const struct report *report, const char *arch) {
  for (size_t i = 0; i < report->count; i++) {
    const char *reason = report->predictions[i].reason;
    char list[1900] = "";
    bool first = is_arch(report, i, arch) && reason[0];
    for (size_t k = 0; k < i && first; k++)
      if (is_arch(report, k, arch) && strcmp(report->predictions[k].reason, reason) == 0) first = false;
    for (size_t k = i; first && k < report->count; k++)
      if (is_arch(report, k, arch) && strcmp(report->predictions[k].reason, reason) == 0 &&
          strlen(list) + 60 < sizeof list)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", list[0] ? ", " : "",
                 report->predictions[k].kernel);
    if (first) grid_paragraph(out, style, "not predicted, %s: %s", reason, list);
  }
}

static void print_arch(FILE *out, struct style style, const struct report *report, const char *arch) {
  const struct facts *facts = report->facts;
  const char *models[64];
  size_t count = 0;
  for (size_t i = 0; i < facts->model_count && count < sizeof models / sizeof *models; i++)
    if (facts->models[i].known && strcmp(facts->models[i].arch, arch) == 0) models[count++] = facts->models[i].name;
  grid_heading(out, style, "%s, %s: cycles of an element by models of llvm-mca, data in L1", arch,
               compiler_of(facts, arch));
  for (size_t i = 0; i < count; i += MODEL_COLUMNS) {
    if (i > 0) fputc('\n', out);
    print_grid(out, style, report, arch, models + i, count - i < MODEL_COLUMNS ? count - i : MODEL_COLUMNS);
  }
  if (!style.markdown) fputc('\n', out);
  for (size_t i = 0; i < facts->model_count; i++)
    if (!facts->models[i].known && strcmp(facts->models[i].arch, arch) == 0)
      grid_paragraph(out, style, "skipped: this llvm-mca does not know %s", facts->models[i].name);
  print_reasons(out, style, report, arch);
  for (size_t i = 0; i < count; i++)
    if (model_fault(models[i], arch))
      grid_paragraph(out, style, "LLVM 19's model %s %s.", models[i], model_fault(models[i], arch));
  for (int in_l2 = 0; in_l2 < 2 && knows(facts, arch, report->host); in_l2++)
    print_error(out, style, report, arch, report->host, in_l2);
}

static void print_tables(FILE *out, const struct report *report, bool markdown) {
  const struct style style = {.markdown = markdown, .color = !markdown && isatty(fileno(out)) && !getenv("NO_COLOR")};
  for (size_t i = 0; i < report->facts->object_count; i++)
    print_arch(out, style, report, report->facts->objects[i].arch);
  if (report->result && !report->host)
    grid_paragraph(out, style, "llvm-mca has no model of %s: measured cycles stand beside predictions for other CPUs.",
                   report->result->machine.cpu);
}

typedef void print_one(void *to, const struct report *report, const struct prediction *prediction, const char *model);

static void for_each(const struct report *report, print_one *print, void *to) {
  for (size_t i = 0; i < report->count; i++)
    for (size_t m = 0; m < report->facts->model_count; m++)
      if (report->facts->models[m].known && is_arch(report, i, report->facts->models[m].arch))
        print(to, report, &report->predictions[i], report->facts->models[m].name);
}

static void print_csv_number(FILE *out, double value, const char *after) {
  if (value > 0) fprintf(out, "%.6g", value);
  fputs(after, out);
}

static void print_csv_row(void *to, const struct report *report, const struct prediction *prediction,
                          const char *model) {
  char binds[64] = "";
  double share = 0;
  const char *reason = prediction->reason, *residence = "", *why = "";
  const double cycles = prediction_cycles(report->facts, prediction, model, binds, sizeof binds, &share, &why);
  if (prediction->part_count > 0 && isnan(cycles)) reason = why;
  const bool is_host = report->host && strcmp(report->host, model) == 0;
  const double measured = is_host ? measured_cycles(report->result, prediction, &residence) : NAN;
  fprintf(to, "%s,%s,%s,%s,", prediction->suite, prediction->kernel, prediction->arch, model);
  print_csv_number(to, prediction->part_count ? prediction->parts[prediction->part_count - 1].elements : NAN, ",");
  print_csv_number(to, cycles, ",");
  fprintf(to, "%s,", isnan(cycles) ? "" : binds);
  print_csv_number(to, isnan(cycles) ? NAN : share, ",");
  print_csv_number(to, measured, ",");
  fprintf(to, "%s,", residence);
  if (measured > 0 && cycles > 0) fprintf(to, "%.2f", 100 * (cycles / measured - 1));
  fprintf(to, ",\"%s\"\n", reason);
}

static void add_json(void *to, const struct report *report, const struct prediction *prediction, const char *model) {
  struct result_prediction p = {0};
  double share;
  const char *why = "", *residence;
  json_t *object = json_object();
  bool bad = !object;
  snprintf(p.kernel, sizeof p.kernel, "%s", prediction->kernel);
  snprintf(p.arch, sizeof p.arch, "%s", prediction->arch);
  snprintf(p.model, sizeof p.model, "%s", model);
  p.cycles_per_item = prediction_cycles(report->facts, prediction, model, p.binds, sizeof p.binds, &share, &why);
  bad |= !fields_write(object, prediction_fields, &p);
  if (isnan(p.cycles_per_item))
    bad |= json_object_set_new(object, "reason", fields_text(prediction->part_count ? why : prediction->reason)) != 0;
  if (report->host && strcmp(report->host, model) == 0) {
    const double measured = measured_cycles(report->result, prediction, &residence);
    if (measured > 0) bad |= json_object_set_new(object, "measured_cycles_per_item", json_real(measured)) != 0;
    if (measured > 0 && p.cycles_per_item > 0)
      bad |= json_object_set_new(object, "error", json_real(p.cycles_per_item / measured - 1)) != 0;
  }
  if (bad || json_array_append_new(to, object) != 0) abort();
}

static void print_json(FILE *out, const struct report *report) {
  json_t *root = json_object(), *array = json_array();
  if (!root || !array) abort();
  for_each(report, add_json, array);
  if (json_object_set_new(root, "predictions", array) != 0 || json_dumpf(root, out, JSON_INDENT(1)) != 0) abort();
  fputc('\n', out);
  json_decref(root);
}

void report_print(FILE *out, enum predict_format format, const struct report *report) {
  switch (format) {
  case PREDICT_CSV:
    fputs("suite,kernel,arch,model,elements_per_turn,cycles_per_item,binds,busy_percent,measured_cycles_per_item,"
          "residence,error_percent,reason\n",
          out);
    for_each(report, print_csv_row, out);
    break;
  case PREDICT_JSON: print_json(out, report); break;
  default: print_tables(out, report, format == PREDICT_MARKDOWN);
  }
}
