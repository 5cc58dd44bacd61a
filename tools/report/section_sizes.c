/* One kernel at many sizes: where it falls from one cache into the next. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/residence.h"
#include "harness/table_rows.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"

#define SIZES_LEAST 3

static bool same_sweep(const struct result_row *a, const struct result_row *b) {
  return strcmp(a->suite, b->suite) == 0 && strcmp(a->kernel, b->kernel) == 0 && view_same_conditions(a, b);
}

/* Bytes that each thread works on. In memory calls go through windows of a larger buffer. */
static double footprint(const struct machine *machine, const struct result_row *row) {
  const double call = row->bytes / (row->threads > 0 ? row->threads : 1);
  if (residence_find(row->residence) != RESIDENCE_MEMORY) return call;
  return fmax(call, (double)residence_bytes(machine, RESIDENCE_MEMORY, row->threads));
}

struct sweep {
  const struct views *views;
  const struct view *view;
  const struct work **works; /* the smallest first */
  size_t count;
};

/* What is in memory comes last: its calls go through windows that caches could hold. */
static int by_bytes(const void *a, const void *b) {
  const struct result_row *x = (*(const struct work *const *)a)->first, *y = (*(const struct work *const *)b)->first;
  const bool x_far = residence_find(x->residence) == RESIDENCE_MEMORY;
  const bool y_far = residence_find(y->residence) == RESIDENCE_MEMORY;
  return x_far != y_far ? x_far - y_far : (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* Fills sweep->works, and says whether they are enough to draw. */
static bool find_sweep(struct sweep *sweep, const struct result_row *first) {
  size_t sizes = 0;
  sweep->count = 0;
  if (row_kind(first) != ROW_ELEMENTWISE || !(first->bytes > 0)) return false;
  for (size_t i = 0; i < sweep->view->work_count; i++)
    if (same_sweep(sweep->view->works[i].first, first)) sweep->works[sweep->count++] = &sweep->view->works[i];
  qsort(sweep->works, sweep->count, sizeof *sweep->works, by_bytes);
  for (size_t i = 0; i < sweep->count; i++)
    sizes += i == 0 || strcmp(sweep->works[i]->first->shape, sweep->works[i - 1]->first->shape) != 0;
  return sizes >= SIZES_LEAST;
}

static double rate(const struct result_row *row) {
  return row && !row->support && row->time.median > 0 ? row->bytes / row->time.median : NAN;
}

static void mark_caches(struct chart *chart, const struct machine *machine) {
  for (size_t i = 0; i < machine->cache_count; i++) {
    char label[16];
    snprintf(label, sizeof label, "L%d", machine->caches[i].level);
    chart_mark(chart, CHART_X, (double)machine->caches[i].bytes, label);
  }
}

static void draw(struct html *html, const struct sweep *sweep, const char *title) {
  const struct machine *machine = &sweep->view->newest->machine;
  struct chart chart = chart_begin(CHART_LINES, "%s", title);
  chart_axis(&chart, CHART_X, "bytes of each thread", CHART_LOG, "bytes");
  chart_axis(&chart, CHART_Y, "read and written", CHART_LOG, "GB/s");
  mark_caches(&chart, machine);
  for (size_t arch = 0; arch < sweep->views->arch_count; arch++) {
    json_t *points = NULL;
    for (size_t i = 0; i < sweep->count; i++) {
      const struct result_row *row = sweep->works[i]->rows[arch];
      if (isnan(rate(row))) continue;
      if (!points) points = chart_series(&chart, sweep->views->archs[arch], CHART_SOLID, arch);
      chart_point(points, footprint(machine, row), rate(row), row->bytes / row->time.high, row->bytes / row->time.low,
                  row->residence);
    }
  }
  chart_end(&chart, html);
}

static void tabulate(struct html *html, const struct sweep *sweep, const char *title) {
  static const char *const headers[] = {"elements",   "bytes",          "<data in",   "<arch",  "GB/s",
                                        "ns/element", "cycles/element", "% of limit", "<limit", NULL};
  struct figures table = figures_begin(html, headers, "%s", title);
  size_t all = 0;
  for (size_t i = 0; i < sweep->count; i++)
    for (size_t arch = 0; arch < sweep->views->arch_count; arch++) {
      const struct result_row *row = sweep->works[i]->rows[arch];
      if (isnan(rate(row)) || all++ >= TABLE_ROWS_MOST) continue;
      figures_row(&table);
      figures_cell(&table, "%s", row->shape);
      figures_number(&table, "%.0f", footprint(&sweep->view->newest->machine, row));
      figures_cell(&table, "%s", row->residence);
      figures_cell(&table, "%s", row->arch);
      figures_value(&table, rate(row));
      figures_value(&table, row->items > 0 ? row->time.median / row->items : NAN);
      figures_known(&table, row->cycles_per_item);
      figures_number(&table, "%.0f", 100 * view_fraction(row));
      figures_cell(&table, "%s", row->limit);
    }
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, all, "rows");
}

/* What becomes of the best arch's rate from the smallest to the largest size. */
struct fall {
  size_t sweeps;
  struct mean ratio;
};

static void add_fall(struct fall *fall, const struct sweep *sweep) {
  for (size_t arch = sweep->views->arch_count; arch-- > 0;) {
    const double first = rate(sweep->works[0]->rows[arch]), last = rate(sweep->works[sweep->count - 1]->rows[arch]);
    if (isnan(first) || isnan(last)) continue;
    mean_add(&fall->ratio, first / last);
    break;
  }
  fall->sweeps++;
}

/* Draws all sweeps of a machine, or only adds them up where html is NULL. */
static void go_through(struct html *html, const struct views *views, const struct view *view, struct fall *fall) {
  const struct work *firsts[VIEW_SETS_MOST];
  const size_t count = view_sets(view, same_sweep, firsts);
  struct sweep sweep = {views, view, malloc((view->work_count + 1) * sizeof(struct work *)), 0};
  if (!sweep.works) abort();
  for (size_t i = 0; i < count; i++) {
    const struct result_row *first = firsts[i]->first;
    if (!find_sweep(&sweep, first)) continue;
    add_fall(fall, &sweep);
    if (!html) continue;
    char title[256], conditions[VIEW_CONDITIONS], suffix[VIEW_SUFFIX];
    snprintf(title, sizeof title, "%s by size, %s%s", row_short_kernel(first), view_conditions(conditions, first),
             view_suffix(suffix, views, view));
    if (fall->sweeps <= SECTION_CHARTS_MOST) draw(html, &sweep, title);
    tabulate(html, &sweep, title);
  }
  free(sweep.works);
}

void section_sizes(struct html *html, const struct views *views) {
  struct fall all = {0}, again = {0};
  for (size_t i = 0; i < views->count; i++) go_through(NULL, views, &views->views[i], &all);
  if (!all.sweeps) return;
  html_element(
      html, "p class=\"lead\"",
      "%zu sweep%s from small data to large. From the smallest to the largest size the rate falls by a factor of %.1f "
      "in the geometric mean, %.1f at least and %.1f at most. Lines mark what one cache of each level holds.",
      all.sweeps, plural(all.sweeps), mean_value(&all.ratio), all.ratio.least, all.ratio.most);
  for (size_t i = 0; i < views->count; i++) go_through(html, views, &views->views[i], &again);
}
