/* The character sheet: what the machine can do at most, as measured, and its clock under load. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/residence.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"

/* What one row of the table holds, whatever the arch. */
static bool same_limit(const struct result_limit *a, const struct result_limit *b) {
  return strcmp(a->name, b->name) == 0 && strcmp(a->residence, b->residence) == 0 && a->threads == b->threads &&
         strcmp(a->cores, b->cores) == 0 && a->smt == b->smt && a->node == b->node && strcmp(a->unit, b->unit) == 0;
}

static bool is_first(const struct view *view, size_t i) {
  for (size_t j = 0; j < i; j++)
    if (same_limit(view->limits[j], view->limits[i])) return false;
  return true;
}

static double value_of(const struct views *views, const struct view *view, const struct result_limit *like,
                       size_t arch) {
  for (size_t i = 0; i < view->limit_count; i++)
    if (same_limit(view->limits[i], like) && strcmp(view->limits[i]->arch, views->archs[arch]) == 0)
      return view->limits[i]->value;
  return NAN;
}

/* Units as people read them. */
struct unit {
  const char *name, *shown;
  double factor;
};
static struct unit unit_of(const char *name) {
  static const struct unit units[] = {{"operations/s", "Gop/s", 1e-9}, {"bytes/s", "GB/s", 1e-9}, {"s", "ns", 1e9}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strcmp(units[i].name, name) == 0) return units[i];
  return (struct unit){name, name, 1};
}

/* Some limits, as that between cores, are of no arch. */
static const char *arch_text(const struct views *views, size_t arch) {
  return views->archs[arch][0] ? views->archs[arch] : "any";
}

static void tabulate(struct html *html, const struct views *views, const struct view *view, const char *suffix) {
  const char *headers[6 + VIEW_ARCHS + 1] = {"<limit", "<of", "threads", "<cores", "<node", "<unit"};
  for (size_t arch = 0; arch < views->arch_count; arch++) headers[6 + arch] = arch_text(views, arch);
  struct figures table = figures_begin(html, headers, "Limits%s", suffix);
  size_t all = 0;
  for (size_t i = 0; i < view->limit_count; i++) {
    const struct result_limit *limit = view->limits[i];
    const struct unit unit = unit_of(limit->unit);
    if (!is_first(view, i) || all++ >= TABLE_ROWS_MOST) continue;
    figures_row(&table);
    figures_cell(&table, "%s", limit->name);
    figures_cell(&table, "%s", limit->residence);
    figures_cell(&table, "%d", limit->threads);
    figures_cell(&table, "%s", limit->cores);
    if (limit->node >= 0)
      figures_cell(&table, "%d", limit->node);
    else
      figures_cell(&table, "%s", "");
    figures_cell(&table, "%s", unit.shown);
    for (size_t arch = 0; arch < views->arch_count; arch++)
      figures_value(&table, value_of(views, view, limit, arch) * unit.factor);
  }
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, all, "limits");
}

/* Limits that stand in one chart. */
struct selection {
  const char *title, *axis, *unit;
  bool by_residence; /* those of places; else those of none */
  enum chart_scale scale;
};
static const struct selection selections[] = {
    {"Throughput", "throughput", "operations/s", false, CHART_LOG},
    {"Bandwidth by place", "bandwidth", "bytes/s", true, CHART_LOG},
    {"Latency by place", "latency", "s", true, CHART_LOG},
    {"Latency of arithmetic and between cores", "latency", "s", false, CHART_LINEAR},
};

static bool selected(const struct selection *selection, const struct result_limit *limit,
                     const struct result_limit *like) {
  return strcmp(limit->unit, selection->unit) == 0 && !!limit->residence[0] == selection->by_residence &&
         limit->threads == like->threads && strcmp(limit->cores, like->cores) == 0 && limit->smt == like->smt &&
         limit->node == like->node;
}

static void draw(struct html *html, const struct views *views, const struct view *view,
                 const struct selection *selection, const struct result_limit *like, const char *suffix) {
  const struct unit unit = unit_of(selection->unit);
  char node[32] = "";
  if (like->node >= 0) snprintf(node, sizeof node, ", memory of node %d", like->node);
  struct chart chart =
      chart_begin(CHART_BARS, "%s, %d thread%s%s%s%s%s", selection->title, like->threads, plural((size_t)like->threads),
                  like->cores[0] ? ", cores: " : "", like->cores, node, suffix);
  chart_axis(&chart, CHART_X, "limit", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, selection->axis, selection->scale, unit.shown);
  for (size_t arch = 0; arch < views->arch_count; arch++) {
    json_t *points = NULL;
    for (size_t i = 0; i < view->limit_count; i++) {
      const struct result_limit *limit = view->limits[i];
      char name[sizeof limit->name + sizeof limit->residence + 2];
      if (!selected(selection, limit, like) || strcmp(limit->arch, views->archs[arch]) != 0 || !(limit->value > 0))
        continue;
      double x;
      snprintf(name, sizeof name, "%s%s%s", limit->name, limit->residence[0] ? " " : "", limit->residence);
      if (!chart_place(&chart, name, &x)) continue;
      if (!points) points = chart_series(&chart, arch_text(views, arch), CHART_SOLID, arch);
      chart_point(points, x, limit->value * unit.factor, NAN, NAN, NULL);
    }
  }
  if (chart_series_count(&chart))
    chart_end(&chart, html);
  else
    chart_drop(&chart);
}

/* A chart for each number of threads, kind of core and node. */
static void draw_all(struct html *html, const struct views *views, const struct view *view,
                     const struct selection *selection, const char *suffix) {
  size_t charts = 0;
  for (size_t i = 0; i < view->limit_count; i++) {
    const struct result_limit *like = view->limits[i];
    bool again = !selected(selection, like, like);
    for (size_t j = 0; j < i; j++) again |= selected(selection, view->limits[j], like);
    if (!again && charts++ < 4) draw(html, views, view, selection, like, suffix);
  }
}

static void clocks(struct html *html, const struct views *views, const struct view *view, const char *suffix) {
  static const char *const headers[] = {"<load",           "threads",         "<cores", "GHz",
                                        "10th percentile", "90th percentile", NULL};
  if (!view->clock_count) return;
  struct chart chart = chart_begin(CHART_BARS, "Clock under load%s", suffix);
  chart_note(&chart, "Median of the first thread's core; whiskers: 10th and 90th percentile.");
  chart_axis(&chart, CHART_X, "threads", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, "frequency", CHART_LINEAR, "GHz");
  for (size_t arch = 0; arch < views->arch_count; arch++) {
    json_t *points = NULL;
    for (size_t i = 0; i < view->clock_count; i++) {
      const struct result_clock *clock = view->clocks[i];
      char threads[64];
      if (strcmp(clock->arch, views->archs[arch]) != 0) continue;
      if (!points) points = chart_series(&chart, clock->arch, CHART_SOLID, arch);
      snprintf(threads, sizeof threads, "%d thread%s%s%s", clock->threads, plural((size_t)clock->threads),
               clock->cores[0] ? ", cores: " : "", clock->cores);
      chart_point(points, (double)chart_category(&chart, CHART_X, threads), clock->hertz * 1e-9, clock->low * 1e-9,
                  clock->high * 1e-9, NULL);
    }
  }
  if (chart_series_count(&chart))
    chart_end(&chart, html);
  else
    chart_drop(&chart);
  struct figures table = figures_begin(html, headers, "Clocks%s", suffix);
  for (size_t i = 0; i < view->clock_count; i++) {
    figures_row(&table);
    figures_cell(&table, "%s", view->clocks[i]->arch);
    figures_cell(&table, "%d", view->clocks[i]->threads);
    figures_cell(&table, "%s", view->clocks[i]->cores);
    figures_number(&table, "%.3f", view->clocks[i]->hertz * 1e-9);
    figures_number(&table, "%.3f", view->clocks[i]->low * 1e-9);
    figures_number(&table, "%.3f", view->clocks[i]->high * 1e-9);
  }
  figures_end(&table);
}

/* The largest value of a limit on one thread and whose it is. */
static const struct result_limit *most_of(const struct view *view, const char *name, const char *residence) {
  const struct result_limit *most = NULL;
  for (size_t i = 0; i < view->limit_count; i++) {
    const struct result_limit *limit = view->limits[i];
    if (strcmp(limit->name, name) == 0 && strcmp(limit->residence, residence) == 0 && limit->threads == 1 &&
        limit->value > 0 && (!most || limit->value > most->value))
      most = limit;
  }
  return most;
}

static void lead(struct html *html, const struct views *views, const struct view *view) {
  const struct result_limit *peak = most_of(view, "fma_peak", "");
  html_markup(html, "<p class=\"lead\">");
  if (views->count > 1) html_format(html, "%s: ", view->name);
  if (peak) {
    html_format(html, "One thread makes %.0f GFLOP/s at most, with %s", peak->value * 1e-9, peak->arch);
    if (view->newest->machine.core_hertz > 0)
      html_format(html, ": %.1f a cycle", peak->value / view->newest->machine.core_hertz);
    html_markup(html, ".");
  }
  size_t named = 0;
  for (size_t i = 0; i < RESIDENCE_COUNT; i++) {
    const struct result_limit *read = most_of(view, "memory_read", residence_names[i]);
    if (read)
      html_format(html, "%s%.0f GB/s from %s", named++ ? ", " : " It reads ", read->value * 1e-9, residence_names[i]);
  }
  html_format(html, "%s %zu limit%s and %zu clock%s were measured.", named ? "." : "", view->limit_count,
              plural(view->limit_count), view->clock_count, plural(view->clock_count));
  html_markup(html, "</p>\n");
}

void section_limits(struct html *html, const struct views *views) {
  for (size_t i = 0; i < views->count; i++) {
    const struct view *view = &views->views[i];
    char suffix[VIEW_SUFFIX];
    view_suffix(suffix, views, view);
    if (!view->limit_count && !view->clock_count) continue;
    lead(html, views, view);
    for (size_t j = 0; j < sizeof selections / sizeof *selections; j++)
      draw_all(html, views, view, &selections[j], suffix);
    if (view->limit_count) tabulate(html, views, view, suffix);
    clocks(html, views, view, suffix);
  }
}
