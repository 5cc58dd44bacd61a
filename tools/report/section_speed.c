/* Every row: times scalar per arch with intervals, and its share of the limit. */
#include <math.h>
#include <string.h>

#include "harness/table_rows.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"
#include "tools/report/tally.h"

/* Rows that stand in one chart. */
static bool together(const struct result_row *a, const struct result_row *b) {
  return strcmp(a->suite, b->suite) == 0 && strcmp(row_group(a), row_group(b)) == 0 &&
         strcmp(a->residence, b->residence) == 0 && view_same_conditions(a, b);
}

/* Whether the kernel comes in several shapes there, which names must tell apart. */
static bool has_shapes(const struct view *view, const struct result_row *row) {
  for (size_t i = 0; i < view->work_count; i++) {
    const struct result_row *other = view->works[i].first;
    if (together(other, row) && strcmp(other->kernel, row->kernel) == 0 && strcmp(other->shape, row->shape) != 0)
      return true;
  }
  return false;
}

/* The row's place on the axis; false where the chart has no room for it. */
static bool find_place(struct chart *chart, const struct view *view, const struct result_row *row, double *x) {
  char name[sizeof row->kernel + sizeof row->shape + 2];
  const bool shapes = has_shapes(view, row);
  snprintf(name, sizeof name, "%s%s%s", row_short_kernel(row), shapes ? " " : "", shapes ? row->shape : "");
  return chart_place(chart, name, x);
}

static bool any_share(const struct work *work, size_t arch) { return !isnan(view_fraction(work->rows[arch])); }
static bool any_speed(const struct views *views, const struct work *work, size_t arch) {
  const struct result_row *row = work->rows[arch];
  return row && !row->support && isfinite(view_times_scalar(views, work, arch).value);
}

struct set {
  const struct views *views;
  const struct view *view;
  const struct result_row *first;
  char title[256];
};

/* One chart of the set; false where it would be empty. */
static bool draw(struct html *html, const struct set *set, bool speed) {
  struct chart chart = chart_begin(CHART_BARS, "%s, %s", speed ? "Times scalar" : "Share of the limit", set->title);
  bool any = false;
  size_t left_out = 0;
  chart_axis(&chart, CHART_X, "kernel", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, speed ? "x scalar" : "of the limit", speed ? CHART_LOG : CHART_LINEAR, speed ? "" : "%");
  for (size_t arch = 0; arch < set->views->arch_count; arch++) {
    json_t *points = NULL;
    size_t beyond = 0;
    for (size_t i = 0; i < set->view->work_count; i++) {
      const struct work *work = &set->view->works[i];
      const struct result_row *row = work->rows[arch];
      if (!together(work->first, set->first)) continue;
      if (speed ? !any_speed(set->views, work, arch) : !any_share(work, arch)) continue;
      double x;
      if (!find_place(&chart, set->view, work->first, &x) && ++beyond) continue;
      if (!points) points = chart_series(&chart, set->views->archs[arch], CHART_SOLID, arch);
      const struct ratio ratio = view_times_scalar(set->views, work, arch);
      const double share = 100 * row->fraction_of_limit, median = row->time.median;
      if (speed)
        chart_point(points, x, ratio.value, ratio.low, ratio.high, NULL);
      else
        chart_point(points, x, share, share * median / row->time.high, share * median / row->time.low, row->limit);
      any = true;
    }
    if (beyond > left_out) left_out = beyond;
  }
  if (left_out) chart_note(&chart, "The first %d; %zu more are in the table.", CHART_CATEGORIES_MOST, left_out);
  if (speed)
    chart_mark(&chart, CHART_Y, 1, "scalar");
  else
    chart_mark(&chart, CHART_Y, 100, "limit");
  if (any)
    chart_end(&chart, html);
  else
    chart_drop(&chart);
  return any;
}

static double per_second(double amount, const struct result_row *row) {
  return amount > 0 && row->time.median > 0 ? amount / row->time.median : NAN;
}

static void add_row(struct figures *table, const struct set *set, const struct work *work, size_t arch) {
  const struct result_row *row = work->rows[arch];
  const struct ratio ratio = view_times_scalar(set->views, work, arch);
  bool apart;
  const struct result_row *winner = view_winner(work, &apart);
  figures_row(table);
  figures_cell(table, "%s", row_short_kernel(row));
  figures_cell(table, "%s", row->shape);
  if (winner == row && apart)
    figures_best(table, "%s", row->arch);
  else
    figures_cell(table, "%s", row->arch);
  figures_value(table, row->items > 0 ? row->time.median / row->items : NAN);
  figures_known(table, row->cycles_per_item);
  figures_value(table, per_second(row->bytes, row));
  figures_value(table, per_second(row->flops, row));
  figures_value(table, ratio.value);
  figures_value(table, ratio.low);
  figures_value(table, ratio.high);
  figures_number(table, "%.0f", 100 * view_fraction(row));
  figures_cell(table, "%s", row->limit);
}

static void tabulate(struct html *html, const struct set *set) {
  static const char *const headers[] = {"<kernel",  "<shape", "<arch", "ns/item",    "cycles/item", "GB/s", "G/s",
                                        "x scalar", "from",   "to",    "% of limit", "<limit",      NULL};
  struct figures table = figures_begin(html, headers, "%s", set->title);
  size_t shown = 0, all = 0;
  for (size_t i = 0; i < set->view->work_count; i++) {
    const struct work *work = &set->view->works[i];
    if (!together(work->first, set->first)) continue;
    for (size_t arch = 0; arch < set->views->arch_count; arch++) {
      const struct result_row *row = work->rows[arch];
      if (!row || row->support || all++ >= TABLE_ROWS_MOST) continue;
      add_row(&table, set, work, arch);
      shown++;
    }
  }
  figures_end(&table);
  html_left_out(html, shown, all, "rows");
}

static void lead(struct html *html, const struct views *views) {
  for (size_t i = 0; i < views->count; i++) {
    const struct view *view = &views->views[i];
    const char *groups[TALLY_GROUPS_MOST];
    const size_t count = tally_groups(view, groups);
    for (size_t arch = views->arch_count; arch-- > 1;) {
      const struct tally all = tally_of(views, view, NULL, arch);
      if (!all.speed.count) continue;
      html_markup(html, "<p class=\"lead\">");
      if (views->count > 1) html_format(html, "%s: ", view->name);
      char least[FIGURE_TEXT], most[FIGURE_TEXT];
      html_format(html, "%s is %s to %s times as fast as scalar code", views->archs[arch],
                  figure_text(least, all.speed.least), figure_text(most, all.speed.most));
      for (size_t j = 0, named = 0; j < count; j++) {
        const struct tally tally = tally_of(views, view, groups[j], arch);
        if (tally.speed.count)
          html_format(html, "%s%s %.1f", named++ ? ", " : ": on average in ", groups[j], mean_value(&tally.speed));
      }
      html_markup(html, ".</p>\n");
      break;
    }
  }
}

void section_speed(struct html *html, const struct views *views) {
  lead(html, views);
  size_t charts = 0;
  for (size_t i = 0; i < views->count; i++) {
    const struct work *firsts[VIEW_SETS_MOST];
    const size_t count = view_sets(&views->views[i], together, firsts);
    for (size_t j = 0; j < count; j++) {
      const struct result_row *first = firsts[j]->first;
      if (!tally_counts(first)) continue;
      struct set set = {views, &views->views[i], first, ""};
      char conditions[VIEW_CONDITIONS], suffix[VIEW_SUFFIX];
      snprintf(set.title, sizeof set.title, "%s%s%s, %s%s", row_group(first), first->residence[0] ? ", data in " : "",
               first->residence, view_conditions(conditions, first), view_suffix(suffix, views, &views->views[i]));
      html_element(html, "h3", "%s", set.title);
      if (charts < SECTION_CHARTS_MOST) charts += draw(html, &set, true);
      if (charts < SECTION_CHARTS_MOST) charts += draw(html, &set, false);
      tabulate(html, &set);
    }
  }
}
