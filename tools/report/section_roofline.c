/* What arithmetic and memory allow, as measured, and where rows lie below. */
#include <math.h>
#include <string.h>

#include "harness/residence.h"
#include "harness/table_rows.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"
#include "tools/report/tally.h"

static double intensity(const struct result_row *row) {
  return row && !row->support && row->flops > 0 && row->bytes > 0 && row->time.median > 0 &&
                 strcmp(row->limit, "multiply_peak") != 0
             ? row->flops / row->bytes
             : NAN;
}

static bool same_roof(const struct result_row *a, const struct result_row *b) { return view_same_conditions(a, b); }

static bool under(const struct result_row *row, const struct result_row *first) {
  return row_is_own(row) && tally_counts(row) && !isnan(intensity(row)) && view_same_conditions(row, first);
}

/* The limit as measured for such threads, in units of 1e9 a second; NAN where there is none. */
static double roof(const struct view *view, const char *name, const char *residence, const char *arch,
                   const struct result_row *like) {
  for (size_t i = 0; i < view->limit_count; i++) {
    const struct result_limit *limit = view->limits[i];
    if (strcmp(limit->name, name) == 0 && strcmp(limit->residence, residence) == 0 && strcmp(limit->arch, arch) == 0 &&
        limit->threads == like->threads && strcmp(limit->cores, like->cores) == 0 && limit->smt == like->smt &&
        limit->node < 0)
      return limit->value > 0 ? limit->value * 1e-9 : NAN;
  }
  return NAN;
}

struct ranges {
  double left, right; /* operations per byte */
  double peak;        /* the highest, GFLOP/s */
  const char *arch;   /* whose it is */
  size_t points;
};

static struct ranges find_ranges(const struct views *views, const struct view *view, const struct result_row *first) {
  struct ranges ranges = {INFINITY, 0, NAN, NULL, 0};
  for (size_t i = 0; i < view->row_count; i++) {
    if (!under(view->rows[i], first)) continue;
    ranges.left = fmin(ranges.left, intensity(view->rows[i]));
    ranges.right = fmax(ranges.right, intensity(view->rows[i]));
    ranges.points++;
  }
  ranges.left /= 2, ranges.right *= 2;
  for (size_t arch = 0; arch < views->arch_count; arch++) {
    const double peak = roof(view, "fma_peak", "", views->archs[arch], first);
    if (!isnan(peak) && !(peak < ranges.peak)) ranges.peak = peak, ranges.arch = views->archs[arch];
  }
  return ranges;
}

static void draw_roofs(struct chart *chart, const struct views *views, const struct view *view,
                       const struct result_row *first, const struct ranges *ranges) {
  for (size_t arch = 0; arch < views->arch_count; arch++) {
    const double peak = roof(view, "fma_peak", "", views->archs[arch], first);
    if (isnan(peak)) continue;
    char name[64];
    snprintf(name, sizeof name, "FMA peak of %s", views->archs[arch]);
    json_t *points = chart_series(chart, name, CHART_DASHED, arch);
    chart_point(points, ranges->left, peak, NAN, NAN, NULL);
    chart_point(points, ranges->right, peak, NAN, NAN, NULL);
  }
  for (size_t i = 0; ranges->arch && i < RESIDENCE_COUNT; i++) {
    const double bandwidth = roof(view, "memory_read", residence_names[i], ranges->arch, first);
    if (isnan(bandwidth)) continue;
    char name[64];
    snprintf(name, sizeof name, "reads from %s", residence_names[i]);
    json_t *points = chart_series(chart, name, CHART_DOTTED, 4 + i);
    const double corner = fmax(ranges->left, fmin(ranges->right, ranges->peak / bandwidth));
    chart_point(points, ranges->left, ranges->left * bandwidth, NAN, NAN, NULL);
    chart_point(points, corner, corner * bandwidth, NAN, NAN, NULL);
  }
}

static void draw_rows(struct chart *chart, const struct views *views, const struct view *view,
                      const struct result_row *first) {
  for (size_t arch = 0; arch < views->arch_count; arch++) {
    json_t *points = NULL;
    for (size_t i = 0; i < view->row_count; i++) {
      const struct result_row *row = view->rows[i];
      char label[sizeof row->kernel + sizeof row->shape + sizeof row->residence + 8];
      if (!under(row, first) || view_arch(views, row->arch) != arch) continue;
      if (!points) points = chart_series(chart, views->archs[arch], CHART_POINTS, arch);
      snprintf(label, sizeof label, "%s %s%s%s", row->kernel, row->shape, row->residence[0] ? " in " : "",
               row->residence);
      chart_point(points, intensity(row), row->flops / row->time.median, NAN, NAN, label);
    }
  }
}

static void tabulate(struct html *html, const struct view *view, const struct result_row *first, const char *title) {
  static const char *const headers[] = {"<kernel", "<shape",     "<arch",  "<data in", "operations/byte",
                                        "GFLOP/s", "% of limit", "<limit", NULL};
  struct figures table = figures_begin(html, headers, "%s", title);
  size_t all = 0;
  for (size_t i = 0; i < view->row_count; i++) {
    const struct result_row *row = view->rows[i];
    if (!under(row, first) || all++ >= TABLE_ROWS_MOST) continue;
    figures_row(&table);
    figures_cell(&table, "%s", row->kernel);
    figures_cell(&table, "%s", row->shape);
    figures_cell(&table, "%s", row->arch);
    figures_cell(&table, "%s", row->residence);
    figures_value(&table, intensity(row));
    figures_value(&table, row->flops / row->time.median);
    figures_number(&table, "%.0f", 100 * view_fraction(row));
    figures_cell(&table, "%s", row->limit);
  }
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, all, "rows");
}

static void lead(struct html *html, const struct view *view, const struct result_row *first,
                 const struct ranges *ranges, const char *title) {
  const double bandwidth =
      ranges->arch ? roof(view, "memory_read", residence_names[RESIDENCE_MEMORY], ranges->arch, first) : NAN;
  html_markup(html, "<p class=\"lead\">");
  html_format(html, "%s: %zu row%s.", title, ranges->points, plural(ranges->points));
  if (ranges->arch) html_format(html, " At most %.0f GFLOP/s, with %s.", ranges->peak, ranges->arch);
  if (!isnan(bandwidth))
    html_format(html, " From memory it takes %.1f operations per byte to reach them.", ranges->peak / bandwidth);
  html_markup(html, "</p>\n");
}

void section_roofline(struct html *html, const struct views *views) {
  size_t charts = 0;
  for (size_t i = 0; i < views->count; i++) {
    const struct view *view = &views->views[i];
    const struct work *firsts[VIEW_SETS_MOST];
    const size_t count = view_sets(view, same_roof, firsts);
    for (size_t j = 0; j < count; j++) {
      const struct result_row *first = firsts[j]->first;
      const struct ranges ranges = find_ranges(views, view, first);
      char title[256], conditions[VIEW_CONDITIONS], suffix[VIEW_SUFFIX];
      if (!ranges.points) continue;
      snprintf(title, sizeof title, "Roofline, %s%s", view_conditions(conditions, first),
               view_suffix(suffix, views, view));
      lead(html, view, first, &ranges, title);
      if (charts++ < SECTION_CHARTS_MOST) {
        struct chart chart = chart_begin(CHART_LINES, "%s", title);
        chart_axis(&chart, CHART_X, "operations per byte", CHART_LOG, "");
        chart_axis(&chart, CHART_Y, "GFLOP/s", CHART_LOG, "");
        if (ranges.arch)
          chart_note(&chart, "All roofs as measured; sloping ones: reads by %s.", ranges.arch);
        else
          chart_note(&chart, "No limits were measured, so that there are no roofs.");
        draw_roofs(&chart, views, view, first, &ranges);
        draw_rows(&chart, views, view, first);
        chart_end(&chart, html);
      }
      tabulate(html, view, first, title);
    }
  }
}
