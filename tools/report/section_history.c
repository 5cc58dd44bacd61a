/* Several results of one machine in the order of time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"
#include "harness/table_rows.h"
#include "tools/report/chart.h"
#include "tools/report/newest.h"
#include "tools/report/sections.h"
#include "tools/report/tally.h"

#define CHANGES_MOST 20

/* Our rows of one result, sorted so that others' can be looked up. */
struct index {
  const void **rows;
  size_t count;
};

static struct index index_of(const struct result *result) {
  struct index index = {malloc((result->row_count + 1) * sizeof *index.rows), 0};
  if (!index.rows) abort();
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (row_is_own(row) && !row->support && tally_counts(row) && row->time.median > 0) index.rows[index.count++] = row;
  }
  sort_items(index.rows, index.count, view_row_order);
  return index;
}

static int by_row(const void *key, const void *place) { return view_row_order(key, *(const void *const *)place); }

static const struct result_row *look_up(const struct index *index, const struct result_row *row) {
  const void **place = bsearch(row, index->rows, index->count, sizeof *index->rows, by_row);
  return place ? *place : NULL;
}

/* How much faster a row has become. */
struct change {
  const struct result_row *before, *after;
  double ratio;  /* of speeds: above 1 it is faster */
  bool overlaps; /* the intervals do */
};

static struct change change_of(const struct result_row *before, const struct result_row *after) {
  return (struct change){before, after, before->time.median / after->time.median,
                         before->time.low <= after->time.high && after->time.low <= before->time.high};
}

static int by_size(const void *a, const void *b) {
  const double x = fabs(log(((const struct change *)a)->ratio)), y = fabs(log(((const struct change *)b)->ratio));
  return (x < y) - (x > y);
}

/* The changes from one result to another, the largest first; to be freed. */
static struct change *changes_of(const struct result *before, const struct result *after, size_t *count) {
  struct index first = index_of(before), last = index_of(after);
  struct change *changes = malloc((first.count + 1) * sizeof *changes);
  if (!changes) abort();
  *count = 0;
  for (size_t i = 0; i < first.count; i++) {
    const struct result_row *row = look_up(&last, first.rows[i]);
    if (row) changes[(*count)++] = change_of(first.rows[i], row);
  }
  qsort(changes, *count, sizeof *changes, by_size);
  free(first.rows), free(last.rows);
  return changes;
}

/* Speed of a group's rows over that in the first result. */
static struct mean speed_of(const struct change *changes, size_t count, const char *group) {
  struct mean mean = {0};
  for (size_t i = 0; i < count; i++)
    if (strcmp(row_group(changes[i].after), group) == 0) mean_add(&mean, changes[i].ratio);
  return mean;
}

static void draw(struct html *html, const struct view *view, const char *suffix) {
  static const char *const headers[] = {"<run", "<suite", "rows", "speed", "least", "most", NULL};
  const char *groups[TALLY_GROUPS_MOST];
  json_t *points[TALLY_GROUPS_MOST] = {NULL};
  const size_t group_count = tally_groups(view, groups);
  struct chart chart = chart_begin(CHART_LINES, "Speed over the first result%s", suffix);
  chart_note(&chart, "Geometric mean over the rows that both results have; intervals: from the row that lost most to "
                     "the one that gained most.");
  chart_axis(&chart, CHART_X, "run", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, "speed, first result = 1", CHART_LINEAR, "");
  chart_mark(&chart, CHART_Y, 1, "first result");
  for (size_t j = 0; j < group_count && j < CHART_SERIES_MOST; j++)
    points[j] = chart_series(&chart, groups[j], CHART_SOLID, j);
  struct html rows = {NULL, 0};
  char *text = NULL;
  size_t length = 0;
  rows.out = open_memstream(&text, &length);
  if (!rows.out) abort();
  struct figures table = figures_begin(&rows, headers, "Run by run%s", suffix);
  for (size_t i = 0; i < view->input_count; i++) {
    const struct result *result = &view->inputs[i]->result;
    char run[VIEW_RUN], name[VIEW_RUN + 16];
    size_t count;
    struct change *changes = changes_of(&view->inputs[0]->result, result, &count);
    snprintf(name, sizeof name, "%zu: %s", i + 1, view_run(run, result));
    const double x = (double)chart_category(&chart, CHART_X, name);
    for (size_t j = 0; j < group_count; j++) {
      const struct mean mean = speed_of(changes, count, groups[j]);
      if (!mean.count) continue;
      if (points[j]) chart_point(points[j], x, mean_value(&mean), mean.least, mean.most, NULL);
      figures_row(&table);
      figures_cell(&table, "%s", name);
      figures_cell(&table, "%s", groups[j]);
      figures_cell(&table, "%zu", mean.count);
      figures_number(&table, "%.3f", mean_value(&mean));
      figures_number(&table, "%.3f", mean.least);
      figures_number(&table, "%.3f", mean.most);
    }
    free(changes);
  }
  figures_end(&table);
  fclose(rows.out);
  chart_end(&chart, html);
  html_markup(html, text);
  free(text);
}

static void most_changed(struct html *html, const struct change *changes, size_t count, const char *suffix) {
  static const char *const headers[] = {"<row", "first ns", "last ns", "speed", "<intervals", NULL};
  struct figures table =
      figures_begin(html, headers, "Rows that changed most from the first result to the last%s", suffix);
  for (size_t i = 0; i < count && i < CHANGES_MOST; i++) {
    figures_row(&table);
    figures_cell(&table, "%s", changes[i].after->name);
    figures_value(&table, changes[i].before->time.median);
    figures_value(&table, changes[i].after->time.median);
    figures_number(&table, "%.3f", changes[i].ratio);
    figures_cell(&table, "%s", changes[i].overlaps ? "overlap" : "apart");
  }
  figures_end(&table);
}

static void lead(struct html *html, const struct views *views, const struct view *view, const struct change *changes,
                 size_t count) {
  double *deviations = malloc((count + 1) * sizeof *deviations);
  size_t overlap = 0;
  if (!deviations) abort();
  for (size_t i = 0; i < count; i++) {
    deviations[i] = 100 * fabs(changes[i].ratio - 1);
    overlap += changes[i].overlaps;
  }
  html_markup(html, "<p class=\"lead\">");
  if (views->count > 1) html_format(html, "%s: ", view->name);
  html_format(html,
              "%zu results. Of %zu rows that the first and the last have, %zu have intervals that overlap; the median "
              "deviation is %.1f %%",
              view->input_count, count, overlap, statistics_of(deviations, count).median);
  html_format(html, ", the largest change a factor of %.2f (%s).", changes[0].ratio, changes[0].after->name);
  html_markup(html, "</p>\n");
  free(deviations);
}

void section_history(struct html *html, const struct views *views) {
  for (size_t i = 0; i < views->count; i++) {
    const struct view *view = &views->views[i];
    char suffix[VIEW_SUFFIX];
    size_t count;
    if (view->input_count < 2) continue;
    struct change *changes = changes_of(&view->inputs[0]->result, view->newest, &count);
    view_suffix(suffix, views, view);
    if (count) {
      lead(html, views, view, changes, count);
      draw(html, view, suffix);
      most_changed(html, changes, count, suffix);
    }
    free(changes);
  }
}
