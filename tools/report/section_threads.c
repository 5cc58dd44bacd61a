/* What more threads bring: speed-up over one thread, or over the fewest that were measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table_rows.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"
#include "tools/report/tally.h"

#define THREADS_MOST 64

/* The same work but for the number of threads. Shapes of arrays grow with it, those of layers do not. */
static bool same_scaling(const struct result_row *a, const struct result_row *b) {
  return strcmp(a->suite, b->suite) == 0 && strcmp(a->kernel, b->kernel) == 0 &&
         strcmp(a->residence, b->residence) == 0 && strcmp(a->cores, b->cores) == 0 && a->smt == b->smt &&
         strcmp(a->cache, b->cache) == 0 && (row_kind(a) == ROW_ELEMENTWISE || strcmp(a->shape, b->shape) == 0);
}

/* Works of the same group on the same kind of thread stand in one chart. */
static bool together(const struct result_row *a, const struct result_row *b) {
  return strcmp(a->cores, b->cores) == 0 && a->smt == b->smt;
}

static double items_per_ns(const struct result_row *row) {
  return row && !row->support && row->time.median > 0 && row->items > 0 ? row->items / row->time.median : NAN;
}

struct scaling {
  const struct result_row *rows[THREADS_MOST]; /* the fewest threads first */
  size_t count;
};

static int by_threads(const void *a, const void *b) {
  return (*(const struct result_row *const *)a)->threads - (*(const struct result_row *const *)b)->threads;
}

static struct scaling find_scaling(const struct view *view, const struct result_row *first, size_t arch) {
  struct scaling scaling = {{NULL}, 0};
  for (size_t i = 0; i < view->work_count && scaling.count < THREADS_MOST; i++) {
    const struct result_row *row = view->works[i].rows[arch];
    if (isnan(items_per_ns(row)) || !same_scaling(row, first)) continue;
    bool known = false; /* of several sizes in one cache the first counts */
    for (size_t j = 0; j < scaling.count; j++) known |= scaling.rows[j]->threads == row->threads;
    if (!known) scaling.rows[scaling.count++] = row;
  }
  qsort(scaling.rows, scaling.count, sizeof *scaling.rows, by_threads);
  if (scaling.count && scaling.rows[0]->threads == scaling.rows[scaling.count - 1]->threads) scaling.count = 0;
  return scaling;
}

static double speed_up(const struct scaling *scaling, size_t i) {
  return items_per_ns(scaling->rows[i]) / items_per_ns(scaling->rows[0]) * scaling->rows[0]->threads;
}

struct curve {
  int threads[THREADS_MOST];
  struct mean means[THREADS_MOST];
  size_t count;
};

static void add_scaling(struct curve *curve, const struct scaling *scaling) {
  for (size_t i = 0; i < scaling->count; i++) {
    const int threads = scaling->rows[i]->threads;
    size_t at = 0;
    while (at < curve->count && curve->threads[at] < threads) at++;
    if (at == curve->count || curve->threads[at] != threads) {
      if (curve->count == THREADS_MOST) continue;
      memmove(curve->threads + at + 1, curve->threads + at, (curve->count - at) * sizeof *curve->threads);
      memmove(curve->means + at + 1, curve->means + at, (curve->count - at) * sizeof *curve->means);
      curve->threads[at] = threads, curve->means[at] = (struct mean){0}, curve->count++;
    }
    mean_add(&curve->means[at], speed_up(scaling, i));
  }
}

static bool in_group(const struct result_row *row, const struct result_row *first, const char *group) {
  return tally_counts(row) && together(row, first) && strcmp(row_group(row), group) == 0;
}

static struct curve group_curve(const struct view *view, const struct result_row *first, const char *group,
                                size_t arch) {
  const struct work *firsts[VIEW_SETS_MOST];
  const size_t count = view_sets(view, same_scaling, firsts);
  struct curve curve = {.count = 0};
  for (size_t i = 0; i < count; i++) {
    if (!in_group(firsts[i]->first, first, group)) continue;
    const struct scaling scaling = find_scaling(view, firsts[i]->first, arch);
    add_scaling(&curve, &scaling);
  }
  return curve;
}

/* The last arch, in the order of colours, that has rows of several numbers of threads; VIEW_ARCHS: none. */
static size_t scaling_arch(const struct views *views, const struct view *view, const struct result_row *first) {
  const struct work *firsts[VIEW_SETS_MOST];
  const size_t count = view_sets(view, same_scaling, firsts);
  for (size_t arch = views->arch_count; arch-- > 0;)
    for (size_t i = 0; i < count; i++) {
      const struct result_row *row = firsts[i]->first;
      if (tally_counts(row) && together(row, first) && find_scaling(view, row, arch).count) return arch;
    }
  return VIEW_ARCHS;
}

static void draw(struct html *html, const struct view *view, const struct result_row *first, size_t arch,
                 const char *title) {
  const char *groups[TALLY_GROUPS_MOST];
  const size_t group_count = tally_groups(view, groups);
  struct chart chart = chart_begin(CHART_LINES, "%s", title);
  int most = 1, least = 1 << 30;
  chart_axis(&chart, CHART_X, "threads", CHART_LINEAR, "");
  chart_axis(&chart, CHART_Y, "speed-up", CHART_LINEAR, "");
  chart_note(
      &chart,
      "Geometric mean over a suite's rows; intervals: from the row that gains least to the one that gains most.");
  for (size_t i = 0; i < group_count && i < CHART_SERIES_MOST - 1; i++) {
    const struct curve curve = group_curve(view, first, groups[i], arch);
    json_t *points = curve.count ? chart_series(&chart, groups[i], CHART_SOLID, i) : NULL;
    for (size_t j = 0; j < curve.count; j++) {
      const struct mean *mean = &curve.means[j];
      chart_point(points, curve.threads[j], mean_value(mean), mean->least, mean->most, NULL);
      if (curve.threads[j] > most) most = curve.threads[j];
      if (curve.threads[j] < least) least = curve.threads[j];
    }
  }
  json_t *ideal = chart_series(&chart, "ideal", CHART_DASHED, CHART_COLORS - 1);
  chart_point(ideal, least, least, NAN, NAN, NULL);
  chart_point(ideal, most, most, NAN, NAN, NULL);
  chart_end(&chart, html);
}

static void tabulate(struct html *html, const struct views *views, const struct view *view,
                     const struct result_row *first, const char *title) {
  static const char *const headers[] = {"<kernel", "<data in", "<arch",        "<shape",
                                        "threads", "speed-up", "efficiency %", NULL};
  const struct work *firsts[VIEW_SETS_MOST];
  const size_t count = view_sets(view, same_scaling, firsts);
  struct figures table = figures_begin(html, headers, "%s", title);
  size_t all = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t arch = 0; arch < views->arch_count; arch++) {
      const struct result_row *row = firsts[i]->first;
      if (!together(row, first)) continue;
      const struct scaling scaling = find_scaling(view, row, arch);
      for (size_t j = 1; j < scaling.count; j++) {
        if (all++ >= TABLE_ROWS_MOST) continue;
        const int threads = scaling.rows[j]->threads;
        figures_row(&table);
        figures_cell(&table, "%s", row->kernel);
        figures_cell(&table, "%s", row->residence);
        figures_cell(&table, "%s", views->archs[arch]);
        figures_cell(&table, "%s", scaling.rows[j]->shape);
        figures_cell(&table, "%d", threads);
        figures_value(&table, speed_up(&scaling, j));
        figures_number(&table, "%.0f", 100 * speed_up(&scaling, j) / threads);
      }
    }
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, all, "rows");
}

static void lead(struct html *html, const struct view *view, const struct result_row *first, size_t arch,
                 const char *title) {
  const char *groups[TALLY_GROUPS_MOST];
  const size_t count = tally_groups(view, groups);
  html_markup(html, "<p class=\"lead\">");
  html_format(html, "%s: ", title);
  for (size_t i = 0, named = 0; i < count; i++) {
    const struct curve curve = group_curve(view, first, groups[i], arch);
    if (!curve.count) continue;
    const size_t last = curve.count - 1;
    html_format(html, "%s%s gains %.2f with %d threads", named++ ? ", " : "", groups[i], mean_value(&curve.means[last]),
                curve.threads[last]);
  }
  html_markup(html, ".</p>\n");
}

void section_threads(struct html *html, const struct views *views) {
  for (size_t i = 0; i < views->count; i++) {
    const struct view *view = &views->views[i];
    const struct work *firsts[VIEW_SETS_MOST];
    const size_t count = view_sets(view, together, firsts);
    for (size_t j = 0; j < count; j++) {
      const struct result_row *first = firsts[j]->first;
      const size_t arch = scaling_arch(views, view, first);
      if (arch == VIEW_ARCHS) continue;
      char title[256], suffix[VIEW_SUFFIX], smt[24] = "";
      if (first->smt > 1) snprintf(smt, sizeof smt, ", SMT %d", first->smt);
      snprintf(title, sizeof title, "Threads, %s%s%s%s%s", views->archs[arch], first->cores[0] ? ", cores: " : "",
               first->cores, smt, view_suffix(suffix, views, view));
      lead(html, view, first, arch, title);
      draw(html, view, first, arch, title);
      tabulate(html, views, view, first, title);
    }
  }
}
