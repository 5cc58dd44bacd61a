/* What models of CPUs say of inner loops, beside what was measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"
#include "harness/table_rows.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"

/* Our row of the kernel and arch whose data is nearest to the core, on the fewest threads. */
static const struct result_row *measured(const struct view *view, const struct result_prediction *prediction) {
  const struct result_row *best = NULL;
  for (size_t i = 0; i < view->row_count; i++) {
    const struct result_row *row = view->rows[i];
    if (strcmp(row->kernel, prediction->kernel) != 0 || strcmp(row->arch, prediction->arch) != 0) continue;
    if (!row_is_own(row) || !(row->cycles_per_item > 0)) continue;
    if (!best || row->threads < best->threads || (row->threads == best->threads && row->bytes < best->bytes))
      best = row;
  }
  return best;
}

/* A model's predictions, which are of one colour. */
static size_t models_of(const struct views *views, const char *arch, const char *models[CHART_SERIES_MOST]) {
  size_t count = 0;
  for (size_t i = 0; i < views->prediction_count; i++) {
    if (strcmp(views->predictions[i]->arch, arch) != 0) continue;
    size_t j = 0;
    while (j < count && strcmp(models[j], views->predictions[i]->model) != 0) j++;
    if (j == count && count < CHART_SERIES_MOST - 1) models[count++] = views->predictions[i]->model;
  }
  return count;
}

static void add_model(struct chart *chart, const struct views *views, const char *arch, const char *model,
                      size_t color) {
  json_t *points = chart_series(chart, model, CHART_SOLID, color);
  for (size_t i = 0; i < views->prediction_count; i++) {
    const struct result_prediction *p = views->predictions[i];
    if (strcmp(p->arch, arch) != 0 || strcmp(p->model, model) != 0) continue;
    double x;
    if (chart_place(chart, p->kernel, &x)) chart_point(points, x, p->cycles_per_item, NAN, NAN, p->binds);
  }
}

static void add_measured(struct chart *chart, const struct views *views, const struct view *view, const char *arch) {
  json_t *points = NULL;
  char last[sizeof views->predictions[0]->kernel] = "";
  for (size_t i = 0; i < views->prediction_count; i++) {
    const struct result_prediction *p = views->predictions[i];
    const struct result_row *row = strcmp(p->arch, arch) == 0 ? measured(view, p) : NULL;
    double x;
    if (!row || strcmp(last, p->kernel) == 0 || !chart_place(chart, p->kernel, &x)) continue;
    strcpy(last, p->kernel);
    if (!points) points = chart_series(chart, "measured", CHART_SOLID, 0);
    chart_point(points, x, row->cycles_per_item, NAN, NAN, row->residence);
  }
}

static void draw(struct html *html, const struct views *views, const char *arch) {
  const char *models[CHART_SERIES_MOST];
  const size_t count = models_of(views, arch, models);
  const struct view *view = &views->views[0];
  struct chart chart = chart_begin(CHART_BARS, "Predicted and measured cycles, %s", arch);
  chart_axis(&chart, CHART_X, "kernel", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, "cycles per element", CHART_LINEAR, "");
  chart_note(&chart, "Measured on %s. Models know loops, not caches. At most %d kernels and %d models are drawn.",
             view->name, CHART_CATEGORIES_MOST, CHART_SERIES_MOST - 1);
  add_measured(&chart, views, view, arch);
  for (size_t i = 0; i < count; i++) add_model(&chart, views, arch, models[i], i + 1);
  chart_end(&chart, html);
}

static void tabulate(struct html *html, const struct views *views) {
  static const char *const headers[] = {
      "<kernel", "<arch", "<model", "predicted", "<measured on", "measured", "measured / predicted", "<busiest", NULL};
  struct figures table = figures_begin(html, headers, "Cycles per element");
  size_t all = 0;
  for (size_t i = 0; i < views->prediction_count; i++)
    for (size_t j = 0; j < views->count; j++) {
      const struct result_prediction *p = views->predictions[i];
      const struct result_row *row = measured(&views->views[j], p);
      if ((!row && j > 0) || all++ >= TABLE_ROWS_MOST) continue;
      figures_row(&table);
      figures_cell(&table, "%s", p->kernel);
      figures_cell(&table, "%s", p->arch);
      figures_cell(&table, "%s", p->model);
      figures_value(&table, p->cycles_per_item);
      figures_cell(&table, "%s", row ? views->views[j].name : "");
      figures_value(&table, row ? row->cycles_per_item : NAN);
      figures_value(&table, row && p->cycles_per_item > 0 ? row->cycles_per_item / p->cycles_per_item : NAN);
      figures_cell(&table, "%s", p->binds);
    }
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, all, "predictions");
}

static void lead(struct html *html, const struct views *views) {
  double *ratios = malloc((views->prediction_count + 1) * sizeof *ratios);
  size_t count = 0;
  if (!ratios) abort();
  for (size_t i = 0; i < views->prediction_count; i++) {
    const struct result_row *row = measured(&views->views[0], views->predictions[i]);
    if (row && views->predictions[i]->cycles_per_item > 0)
      ratios[count++] = row->cycles_per_item / views->predictions[i]->cycles_per_item;
  }
  html_markup(html, "<p class=\"lead\">");
  html_format(html, "%zu prediction%s for inner loops", views->prediction_count, plural(views->prediction_count));
  if (count)
    html_format(html, "; where %s has the row, it takes %.2f times the predicted cycles in the middle of all models",
                views->views[0].name, statistics_of(ratios, count).median);
  html_markup(html, ".</p>\n");
  free(ratios);
}

void section_predictions(struct html *html, const struct views *views) {
  if (!views->prediction_count) return;
  lead(html, views);
  for (size_t i = 0; i < views->prediction_count; i++) {
    bool again = false;
    for (size_t j = 0; j < i && !again; j++)
      again = strcmp(views->predictions[j]->arch, views->predictions[i]->arch) == 0;
    if (!again) draw(html, views, views->predictions[i]->arch);
  }
  tabulate(html, views);
}
