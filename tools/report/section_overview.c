/* In one look: which arch wins where, how near rows come to the machine's limits, how gradients die with depth. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/options.h"
#include "harness/table_rows.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"
#include "tools/report/tally.h"

static bool arch_in(const struct view *view, size_t arch) {
  for (size_t i = 0; i < view->work_count; i++) {
    const struct result_row *row = view->works[i].rows[arch];
    if (row && !row->support && tally_counts(row)) return true;
  }
  return false;
}

/* The arch that wins most of the machine's rows, or the only one. VIEW_ARCHS: there are no rows. */
static size_t best_arch(const struct views *views, const struct view *view) {
  size_t best = VIEW_ARCHS, most = 0;
  for (size_t arch = 0; arch < views->arch_count; arch++) {
    if (!arch_in(view, arch)) continue;
    const struct tally tally = tally_of(views, view, NULL, arch);
    if (best == VIEW_ARCHS || tally.wins >= most) best = arch, most = tally.wins;
  }
  return best;
}

/* ---- sentences ----------------------------------------------------------------------------------------------------
 */

static void say_machine(struct html *html, const struct views *views, const struct view *view) {
  const size_t best = best_arch(views, view);
  if (best == VIEW_ARCHS) return;
  const struct tally tally = tally_of(views, view, NULL, best);
  html_markup(html, "<p class=\"lead\">");
  if (views->count > 1) html_format(html, "%s: ", view->name);
  if (tally.contested) {
    html_format(html, "%s wins %zu of %zu row%s", views->archs[best], tally.wins, tally.contested,
                plural(tally.contested));
    if (tally.certain < tally.wins) html_format(html, ", %zu of them beyond doubt", tally.certain);
  } else {
    html_format(html, "%s alone was measured, in %zu row%s", views->archs[best], tally.rows, plural(tally.rows));
  }
  if (tally.speed.count && strcmp(views->archs[best], "scalar") != 0)
    html_format(html, "; on average it is %.1f times as fast as scalar code", mean_value(&tally.speed));
  if (tally.held)
    html_format(html,
                ". Half of its rows reach %.0f %% of their limit or more; %s comes nearest with %.0f %%, %s stays "
                "furthest with %.2g %%",
                100 * tally.median_share, tally.nearest->kernel, 100 * tally.nearest->fraction_of_limit,
                tally.furthest->kernel, 100 * tally.furthest->fraction_of_limit);
  html_markup(html, ".</p>\n");
}

struct verdicts {
  size_t cells, count[VERDICT_UNDERFLOW + 1];
};

static struct verdicts count_verdicts(const struct views *views, size_t depth) {
  struct verdicts verdicts = {0};
  for (size_t i = 0; i < views->cell_count; i++) {
    if (depth && views->cells[i]->depth != depth) continue;
    verdicts.cells++;
    verdicts.count[views->cells[i]->verdict]++;
  }
  return verdicts;
}

static void say_gradients(struct html *html, const struct views *views) {
  if (!views->cell_count) return;
  const struct verdicts v = count_verdicts(views, 0);
  html_element(html, "p class=\"lead\"",
               "Of %zu networks' gradients, %zu vanish on their way back, %zu explode, %zu overflow, %zu become all "
               "zeros, and %zu stay within a factor of 10.",
               v.cells, v.count[VERDICT_VANISHING], v.count[VERDICT_EXPLODING], v.count[VERDICT_OVERFLOW],
               v.count[VERDICT_UNDERFLOW], v.count[VERDICT_STABLE]);
}

/* ---- cards --------------------------------------------------------------------------------------------------------
 */

static void item(struct html *html, const char *term) { html_element(html, "dt", "%s", term); }

static void winners_card(struct html *html, const struct views *views) {
  html_markup(html, "<div class=\"card\"><h3>Which instruction set wins</h3><dl>\n");
  for (size_t i = 0; i < views->count; i++)
    for (size_t arch = 0; arch < views->arch_count; arch++) {
      const struct view *view = &views->views[i];
      if (!arch_in(view, arch)) continue;
      const struct tally tally = tally_of(views, view, NULL, arch);
      char suffix[VIEW_SUFFIX], term[VIEW_SUFFIX + 16];
      snprintf(term, sizeof term, "%s%s", views->archs[arch], view_suffix(suffix, views, view));
      item(html, term);
      html_markup(html, "<dd>");
      html_format(html, "wins %zu of %zu", tally.wins, tally.contested);
      if (tally.speed.count) html_format(html, ", %.1f x scalar", mean_value(&tally.speed));
      html_markup(html, "</dd>\n");
    }
  html_markup(html, "</dl></div>\n");
}

static void limits_card(struct html *html, const struct views *views) {
  html_markup(html, "<div class=\"card\"><h3>How close to the limit (median)</h3><dl>\n");
  for (size_t i = 0; i < views->count; i++) {
    const struct view *view = &views->views[i];
    const char *groups[TALLY_GROUPS_MOST];
    const size_t count = tally_groups(view, groups), best = best_arch(views, view);
    for (size_t j = 0; j < count; j++) {
      const struct tally tally = tally_of(views, view, groups[j], best);
      if (!tally.held) continue;
      char suffix[VIEW_SUFFIX], term[VIEW_SUFFIX + 48];
      snprintf(term, sizeof term, "%s, %s%s", groups[j], views->archs[best], view_suffix(suffix, views, view));
      item(html, term);
      html_element(html, "dd", "%.0f %%, from %.0f to %.0f %%", 100 * tally.median_share,
                   100 * tally.furthest->fraction_of_limit, 100 * tally.nearest->fraction_of_limit);
    }
  }
  html_markup(html, "</dl></div>\n");
}

#define DEPTHS_MOST 12

/* The depths of all cells, ascending. */
static size_t depths_of(const struct views *views, size_t depths[DEPTHS_MOST]) {
  size_t count = 0;
  for (size_t i = 0; i < views->cell_count; i++) {
    const size_t depth = views->cells[i]->depth;
    size_t at = 0;
    while (at < count && depths[at] < depth) at++;
    if ((at < count && depths[at] == depth) || count == DEPTHS_MOST) continue;
    memmove(depths + at + 1, depths + at, (count - at) * sizeof *depths);
    depths[at] = depth;
    count++;
  }
  return count;
}

static void gradients_card(struct html *html, const struct views *views) {
  size_t depths[DEPTHS_MOST];
  const size_t count = depths_of(views, depths);
  html_markup(html, "<div class=\"card\"><h3>How gradients die with depth</h3><dl>\n");
  for (size_t i = 0; i < count; i++) {
    const struct verdicts v = count_verdicts(views, depths[i]);
    html_element(html, "dt", "%zu layer%s", depths[i], plural(depths[i]));
    html_element(html, "dd", "%zu of %zu survive; %zu vanish, %zu explode, %zu overflow, %zu all zeros",
                 v.count[VERDICT_STABLE], v.cells, v.count[VERDICT_VANISHING], v.count[VERDICT_EXPLODING],
                 v.count[VERDICT_OVERFLOW], v.count[VERDICT_UNDERFLOW]);
  }
  html_markup(html, "</dl></div>\n");
}

/* ---- charts -------------------------------------------------------------------------------------------------------
 */

enum figure { FIGURE_SPEED, FIGURE_SHARE };

static void add_bars(struct chart *chart, const struct views *views, const struct view *view, enum figure figure,
                     const char *const *groups, size_t count) {
  for (size_t arch = 0; arch < views->arch_count; arch++) {
    if (!arch_in(view, arch)) continue;
    json_t *points = chart_series(chart, views->archs[arch], CHART_SOLID, arch);
    for (size_t j = 0; j < count; j++) {
      const struct tally tally = tally_of(views, view, groups[j], arch);
      const double x = (double)chart_category(chart, CHART_X, groups[j]);
      if (figure == FIGURE_SPEED && tally.speed.count)
        chart_point(points, x, mean_value(&tally.speed), tally.speed.least, tally.speed.most, NULL);
      if (figure == FIGURE_SHARE && tally.held)
        chart_point(points, x, 100 * tally.median_share, 100 * tally.furthest->fraction_of_limit,
                    100 * tally.nearest->fraction_of_limit, NULL);
    }
  }
}

static void group_charts(struct html *html, const struct views *views, const struct view *view) {
  const char *groups[TALLY_GROUPS_MOST];
  char suffix[VIEW_SUFFIX];
  const size_t count = tally_groups(view, groups);
  if (!count) return;
  view_suffix(suffix, views, view);

  struct chart speed = chart_begin(CHART_BARS, "Times the speed of scalar code%s", suffix);
  chart_note(&speed,
             "Geometric mean over a suite's rows; whiskers: the row that gains least, and the one that gains most.");
  chart_axis(&speed, CHART_X, "suite", CHART_CATEGORY, "");
  chart_axis(&speed, CHART_Y, "x scalar", CHART_LOG, "");
  add_bars(&speed, views, view, FIGURE_SPEED, groups, count);
  chart_end(&speed, html);

  struct chart share = chart_begin(CHART_BARS, "Share of the limit that binds%s", suffix);
  chart_note(&share, "Median over a suite's rows; whiskers: the row furthest from its limit, and the one nearest.");
  chart_axis(&share, CHART_X, "suite", CHART_CATEGORY, "");
  chart_axis(&share, CHART_Y, "of the limit", CHART_LINEAR, "%");
  add_bars(&share, views, view, FIGURE_SHARE, groups, count);
  chart_mark(&share, CHART_Y, 100, "limit");
  chart_end(&share, html);

  static const char *const headers[] = {"<suite",
                                        "<arch",
                                        "rows",
                                        "wins",
                                        "beyond doubt",
                                        "x scalar",
                                        "least",
                                        "most",
                                        "% of limit",
                                        "<nearest to its limit",
                                        "<furthest from it",
                                        NULL};
  struct figures table = figures_begin(html, headers, "Suite by suite%s", suffix);
  for (size_t j = 0; j < count; j++)
    for (size_t arch = 0; arch < views->arch_count; arch++) {
      const struct tally t = tally_of(views, view, groups[j], arch);
      if (!t.rows) continue;
      figures_row(&table);
      figures_cell(&table, "%s", groups[j]);
      figures_cell(&table, "%s", views->archs[arch]);
      figures_cell(&table, "%zu", t.rows);
      figures_cell(&table, "%zu", t.wins);
      figures_cell(&table, "%zu", t.certain);
      figures_value(&table, mean_value(&t.speed));
      figures_value(&table, t.speed.count ? t.speed.least : NAN);
      figures_value(&table, t.speed.count ? t.speed.most : NAN);
      figures_number(&table, "%.0f", 100 * t.median_share);
      figures_cell(&table, "%s%s%s", t.nearest ? t.nearest->kernel : "", t.nearest ? " " : "",
                   t.nearest ? t.nearest->shape : "");
      figures_cell(&table, "%s%s%s", t.furthest ? t.furthest->kernel : "", t.furthest ? " " : "",
                   t.furthest ? t.furthest->shape : "");
    }
  figures_end(&table);
}

/* ---- every kernel -------------------------------------------------------------------------------------------------
 */

#define MAP_KERNELS_MOST 60

/* The fewest threads of the group's rows. */
static int fewest_threads(const struct view *view, const char *group) {
  int fewest = INT_MAX;
  for (size_t i = 0; i < view->work_count; i++) {
    const struct result_row *row = view->works[i].first;
    if (strcmp(row_group(row), group) == 0 && row->threads < fewest) fewest = row->threads;
  }
  return fewest;
}

/* Share of the limit of a kernel, over its shapes. */
static struct mean kernel_share(const struct view *view, const struct result_row *like, size_t arch) {
  struct mean mean = {0};
  for (size_t i = 0; i < view->work_count; i++) {
    const struct work *work = &view->works[i];
    if (strcmp(work->first->kernel, like->kernel) == 0 && strcmp(work->first->suite, like->suite) == 0 &&
        work->first->threads == like->threads)
      mean_add(&mean, 100 * view_fraction(work->rows[arch]));
  }
  return mean;
}

/* A line for each arch, a column for each kernel of the group. */
static void kernel_map(struct html *html, const struct views *views, const struct view *view, const char *group) {
  char suffix[VIEW_SUFFIX];
  const int threads = fewest_threads(view, group);
  struct chart chart = chart_begin(CHART_HEAT, "How close each kernel comes to its limit: %s, %d thread%s%s", group,
                                   threads, plural((size_t)threads), view_suffix(suffix, views, view));
  chart_axis(&chart, CHART_X, "kernel", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, "arch", CHART_CATEGORY, "");
  chart_value(&chart, "% of the limit", 0, 0, 100);
  json_t *cells = chart_frame(&chart, "");
  size_t count = 0;
  for (size_t i = 0; i < view->work_count && chart_category_count(&chart, CHART_X) < MAP_KERNELS_MOST; i++) {
    const struct result_row *first = view->works[i].first;
    const size_t kernels = chart_category_count(&chart, CHART_X);
    if (first->threads != threads || strcmp(row_group(first), group) != 0) continue;
    for (size_t arch = 0; arch < views->arch_count; arch++) {
      const struct mean share = kernel_share(view, first, arch);
      if (!share.count) continue;
      const size_t x = chart_category(&chart, CHART_X, row_short_kernel(first));
      if (x < kernels) break; /* it stands there already, with all its shapes */
      const struct result_row *row = view->works[i].rows[arch];
      chart_heat(cells, x, chart_category(&chart, CHART_Y, views->archs[arch]), mean_value(&share),
                 "%.0f %% of its limit%s%s", mean_value(&share), row ? ", " : "", row ? row->limit : "");
      count++;
    }
  }
  if (count)
    chart_end(&chart, html);
  else
    chart_drop(&chart);
}

static int by_decay(const void *a, const void *b) {
  const struct gradient_cell *x = *(const struct gradient_cell *const *)a, *y = *(const struct gradient_cell *const *)b;
  return (x->decay_per_layer > y->decay_per_layer) - (x->decay_per_layer < y->decay_per_layer);
}

/* Of the deepest networks a few, from the one that vanishes fastest to the one that explodes fastest. */
static void deepest_curves(struct html *html, const struct views *views) {
  const size_t most = CHART_SERIES_MOST / 2;
  const struct gradient_cell **deepest = malloc((views->cell_count + 1) * sizeof *deepest), *chosen[CHART_SERIES_MOST];
  size_t depths[DEPTHS_MOST], count = 0, picked = 0;
  if (!deepest) abort();
  const size_t depth_count = depths_of(views, depths), depth = depth_count ? depths[depth_count - 1] : 0;
  for (size_t i = 0; i < views->cell_count; i++)
    if (views->cells[i]->depth == depth && isfinite(views->cells[i]->decay_per_layer))
      deepest[count++] = views->cells[i];
  qsort(deepest, count, sizeof *deepest, by_decay);
  for (size_t i = 0; i < most && i < count; i++)
    chosen[picked++] = deepest[count <= most ? i : i * (count - 1) / (most - 1)];
  if (picked) {
    char title[128];
    snprintf(title, sizeof title, "The gradient by layer in networks of %zu layers, %s", depth,
             count <= most ? "all of them" : "from the fastest to vanish to the fastest to explode");
    section_curves(html, chosen, picked, title);
  }
  free(deepest);
}

void section_overview(struct html *html, const struct views *views) {
  bool rows = false;
  for (size_t i = 0; i < views->count; i++) rows |= best_arch(views, &views->views[i]) != VIEW_ARCHS;
  for (size_t i = 0; i < views->count; i++) say_machine(html, views, &views->views[i]);
  say_gradients(html, views);
  if (!rows && !views->cell_count) {
    html_element(html, "p class=\"lead\"",
                 "These results have neither rows nor gradient cells: bench --arch=all measures both.");
    return;
  }
  html_markup(html, "<div class=\"cards\">\n");
  if (rows) winners_card(html, views);
  if (rows) limits_card(html, views);
  if (views->cell_count) gradients_card(html, views);
  html_markup(html, "</div>\n");
  for (size_t i = 0; i < views->count; i++) {
    const char *groups[TALLY_GROUPS_MOST];
    const size_t count = tally_groups(&views->views[i], groups);
    group_charts(html, views, &views->views[i]);
    for (size_t j = 0; j < count; j++) kernel_map(html, views, &views->views[i], groups[j]);
  }
  deepest_curves(html, views);
}
