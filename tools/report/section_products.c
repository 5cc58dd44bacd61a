/* Dense layers and training steps in operations per second, beside other libraries. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table_rows.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"

static bool is_product(const struct result_row *row) {
  return !row->support && row_kind(row) != ROW_ELEMENTWISE && row->flops > 0 && row->time.median > 0;
}

static bool together(const struct result_row *a, const struct result_row *b) {
  return is_product(a) && is_product(b) && strcmp(a->suite, b->suite) == 0 && strcmp(a->kernel, b->kernel) == 0 &&
         view_same_conditions(a, b);
}

static double gflops(const struct result_row *row) { return row->flops / row->time.median; }

/* Who: a library under the best arch, or our kernels on an arch. */
static void series_name(char *name, size_t size, const struct result_row *row) {
  if (row_is_own(row))
    snprintf(name, size, "%s", row->arch);
  else
    snprintf(name, size, "%s", row->provider);
}

/* Whether the row is the first of its series. A library has rows under several archs: its fastest are drawn. */
static bool same_series(const struct result_row *a, const struct result_row *b) {
  return strcmp(a->provider, b->provider) == 0 && (!row_is_own(a) || strcmp(a->arch, b->arch) == 0);
}

static bool is_beaten(const struct view *view, const struct result_row *row) {
  if (row_is_own(row)) return false;
  for (size_t i = 0; i < view->row_count; i++) {
    const struct result_row *other = view->rows[i];
    if (other != row && together(other, row) && same_series(other, row) && strcmp(other->shape, row->shape) == 0 &&
        (other->time.median < row->time.median || (other->time.median == row->time.median && other < row)))
      return true;
  }
  return false;
}

static void add_series(struct chart *chart, const struct views *views, const struct view *view,
                       const struct result_row *like) {
  char name[sizeof like->provider];
  const size_t color = row_is_own(like) ? view_arch(views, like->arch) : view_provider_color(views, like->provider);
  series_name(name, sizeof name, like);
  json_t *points = chart_series(chart, name, CHART_SOLID, color);
  for (size_t i = 0; i < view->row_count; i++) {
    const struct result_row *row = view->rows[i];
    if (!together(row, like) || !same_series(row, like) || is_beaten(view, row)) continue;
    double x;
    if (chart_place(chart, row->shape, &x))
      chart_point(points, x, gflops(row), row->flops / row->time.high, row->flops / row->time.low, NULL);
  }
}

static void draw(struct html *html, const struct views *views, const struct view *view, const struct result_row *first,
                 const char *title) {
  struct chart chart = chart_begin(CHART_BARS, "%s", title);
  chart_axis(&chart, CHART_X, "shape", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, "GFLOP/s", CHART_LINEAR, "");
  for (size_t i = 0; i < view->row_count && chart_series_count(&chart) < 2 * CHART_SERIES_MOST; i++) {
    const struct result_row *row = view->rows[i];
    bool again = !together(row, first) || (row_is_own(row) && strcmp(row->arch, "scalar") == 0);
    for (size_t j = 0; j < i && !again; j++) again = together(view->rows[j], first) && same_series(view->rows[j], row);
    if (!again) add_series(&chart, views, view, row);
  }
  if (chart_series_count(&chart))
    chart_end(&chart, html);
  else
    chart_drop(&chart);
}

static void tabulate(struct html *html, const struct view *view, const struct result_row *first, const char *title) {
  static const char *const headers[] = {"<shape",     "<provider",    "<arch",       "GFLOP/s",
                                        "% of limit", "x best other", "<best other", NULL};
  struct figures table = figures_begin(html, headers, "%s", title);
  size_t all = 0;
  for (size_t i = 0; i < view->row_count; i++) {
    const struct result_row *row = view->rows[i];
    if (!together(row, first) || all++ >= TABLE_ROWS_MOST) continue;
    figures_row(&table);
    figures_cell(&table, "%s", row->shape);
    figures_cell(&table, "%s", row->provider);
    figures_cell(&table, "%s", row->arch);
    figures_value(&table, gflops(row));
    figures_number(&table, "%.0f", 100 * view_fraction(row));
    if (row->times_best_peer >= 1)
      figures_best(&table, "%.2f", row->times_best_peer);
    else
      figures_known(&table, row->times_best_peer);
    figures_cell(&table, "%s", row->best_peer);
  }
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, all, "rows");
}

static void lead(struct html *html, const struct views *views, const struct view *view) {
  struct mean standing = {0};
  const struct result_row *fastest = NULL;
  size_t ahead = 0;
  for (size_t i = 0; i < view->row_count; i++) {
    const struct result_row *row = view->rows[i];
    if (!is_product(row) || !row_is_own(row)) continue;
    if (!fastest || gflops(row) > gflops(fastest)) fastest = row;
    mean_add(&standing, row->times_best_peer);
    ahead += row->times_best_peer >= 1;
  }
  if (!fastest) return;
  html_markup(html, "<p class=\"lead\">");
  if (views->count > 1) html_format(html, "%s: ", view->name);
  html_format(html, "%s reaches %.0f GFLOP/s (%s, %s, %d thread%s)", fastest->kernel, gflops(fastest), fastest->shape,
              fastest->arch, fastest->threads, plural((size_t)fastest->threads));
  if (standing.count)
    html_format(html,
                ". Ours is no slower than the best other library in %zu of %zu rows, and %.2f times as fast on average",
                ahead, standing.count, mean_value(&standing));
  html_markup(html, ".</p>\n");
}

void section_products(struct html *html, const struct views *views) {
  size_t charts = 0;
  for (size_t i = 0; i < views->count; i++) {
    const struct view *view = &views->views[i];
    lead(html, views, view);
    const struct result_row *firsts[VIEW_SETS_MOST];
    size_t count = 0;
    for (size_t j = 0; j < view->row_count; j++) {
      const struct result_row *row = view->rows[j];
      size_t k = 0;
      while (k < count && !together(firsts[k], row)) k++;
      if (!is_product(row) || k < count || count == VIEW_SETS_MOST) continue;
      firsts[count++] = row;
      char title[256], conditions[VIEW_CONDITIONS], suffix[VIEW_SUFFIX];
      snprintf(title, sizeof title, "%s, %s%s", row->kernel, view_conditions(conditions, row),
               view_suffix(suffix, views, view));
      if (charts++ < SECTION_CHARTS_MOST) draw(html, views, view, row, title);
      tabulate(html, view, row, title);
    }
  }
}
