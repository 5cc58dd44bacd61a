/* Geometric means: by family, by arch and threads, by where the data lies. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/compare/family.h"
#include "tools/compare/text.h"
#include "tools/compare/visible.h"

#define BLOCK 6 /* subjects beside each other, less where they have long labels */
#define COLUMN 28

/* A column of figures of one subject. */
struct column {
  enum metric metric;
  size_t subject;
  char header[2 * COLUMN + 8];
};

/* What all lines of a table show. */
struct means {
  double *values[METRIC_COUNT]; /* of each subject */
  size_t counts[METRIC_COUNT];
};

static struct means means_of(const struct comparison *c, enum grouping grouping, const char *group) {
  struct means means;
  for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
    means.values[metric] = calloc(c->subject_count, sizeof *means.values[metric]);
    if (!means.values[metric]) abort();
    means.counts[metric] = group_means(c, grouping, group, metric, means.values[metric], NULL, NULL);
  }
  return means;
}

static void means_free(struct means *means) {
  for (enum metric metric = 0; metric < METRIC_COUNT; metric++) free(means->values[metric]);
}

static void figure_cell(struct grid_row *row, size_t column, enum metric metric, double value) {
  if (metric == METRIC_SPEED || metric == METRIC_PER_CLOCK)
    text_factor(row, column, value);
  else if (isfinite(value))
    grid_cell(row, column, "%.*f%%", value < 0.0995 ? 1 : 0, 100 * value);
  else
    grid_cell(row, column, "-");
}

/* Whether some group has a figure for one of the columns. */
static bool any_figure(const struct means *means, size_t count, const struct column *columns, size_t column_count) {
  for (size_t g = 0; g < count; g++)
    for (size_t i = 0; i < column_count; i++)
      if (isfinite(means[g].values[columns[i].metric][columns[i].subject])) return true;
  return false;
}

static void print_table(FILE *out, struct style style, const char *title, const struct groups *groups,
                        const struct means *means, const struct column *columns, size_t column_count) {
  struct grid grid = {.headers = {"<", "rows"}, .columns = 2 + column_count};
  char header[FAMILY_NAME];
  if (!any_figure(means, groups->count, columns, column_count)) return;
  snprintf(header, sizeof header, "<%s", title);
  grid.headers[0] = header;
  for (size_t i = 0; i < column_count; i++) grid.headers[2 + i] = columns[i].header;
  for (size_t g = 0; g < groups->count; g++) {
    if (!any_figure(&means[g], 1, columns, column_count)) continue;
    struct grid_row *row = grid_add(&grid);
    char name[25];
    grid_cell(row, 0, "%s", visible(name, sizeof name, groups->names[g], true, style.markdown));
    grid_cell(row, 1, "%zu", means[g].counts[columns[0].metric]);
    for (size_t i = 0; i < column_count; i++)
      figure_cell(row, 2 + i, columns[i].metric, means[g].values[columns[i].metric][columns[i].subject]);
  }
  grid_print(&grid, out, style);
  grid_free(&grid);
}

/* ---- two files: all in one table --------------------------------------------------------------------------------- */

static size_t pair_columns(const struct comparison *c, struct column columns[]) {
  const char *base = c->subjects[0].label, *other = c->subjects[1].label;
  size_t n = 0;
  columns[n] = (struct column){METRIC_SPEED, 1, ""};
  snprintf(columns[n++].header, sizeof columns->header, "%s / %s", other, base);
  columns[n++] = (struct column){METRIC_PER_CLOCK, 1, "a clock"};
  for (size_t s = 0; s < 2; s++) {
    columns[n] = (struct column){METRIC_LIMIT, s, ""};
    snprintf(columns[n++].header, sizeof columns->header, "%s limit", c->subjects[s].label);
  }
  for (size_t s = 0; s < 2; s++) {
    columns[n] = (struct column){METRIC_SCALING, s, ""};
    snprintf(columns[n++].header, sizeof columns->header, "%s scale", c->subjects[s].label);
  }
  return n;
}

static void print_pair(FILE *out, struct style style, const struct comparison *c, const char *title,
                       const struct groups *groups, const struct means *means) {
  struct column columns[6];
  print_table(out, style, title, groups, means, columns, pair_columns(c, columns));
}

/* ---- more: a table for each figure ------------------------------------------------------------------------------- */

static void print_metric(FILE *out, struct style style, const struct comparison *c, const char *title,
                         const struct groups *groups, const struct means *means, enum metric metric) {
  const bool relative = metric == METRIC_SPEED || metric == METRIC_PER_CLOCK;
  const size_t block = text_longest_label(c) > BLOCK ? BLOCK - 1 : BLOCK;
  for (size_t first = relative; first < c->subject_count; first += block) {
    struct column columns[BLOCK];
    size_t n = 0;
    for (size_t s = first; s < c->subject_count && n < block; s++) {
      columns[n] = (struct column){metric, s, ""};
      snprintf(columns[n++].header, sizeof columns->header, "%s", c->subjects[s].label);
    }
    if (first > relative && !style.markdown && any_figure(means, groups->count, columns, n)) fputc('\n', out);
    print_table(out, style, title, groups, means, columns, n);
  }
}

static bool any_of_metric(const struct comparison *c, const struct groups *groups, const struct means *means,
                          enum metric metric) {
  for (size_t g = 0; g < groups->count; g++)
    for (size_t s = 0; s < c->subject_count; s++)
      if (isfinite(means[g].values[metric][s])) return true;
  return false;
}

/* Whether speed per clock says nothing that speed does not: clocks are the same, or the cycles of several threads are
 * held against those of one, which is what scaling does. */
static bool same_as_speed(const struct comparison *c, const struct groups *groups, const struct means *means) {
  if (c->selection.axis == AXIS_THREADS) return true;
  for (size_t g = 0; g < groups->count; g++)
    for (size_t s = 0; s < c->subject_count; s++)
      if (fabs(means[g].values[METRIC_PER_CLOCK][s] / means[g].values[METRIC_SPEED][s] - 1) > 0.01) return false;
  return true;
}

static void metric_heading(FILE *out, struct style style, const struct comparison *c, enum metric metric) {
  const char *base = c->subjects[0].label;
  switch (metric) {
  case METRIC_SPEED: grid_heading(out, style, "speed, divided by that of %s", base); break;
  case METRIC_PER_CLOCK: grid_heading(out, style, "speed per core cycle, divided by that of %s", base); break;
  case METRIC_LIMIT: grid_heading(out, style, "share of each one's own limit"); break;
  default: grid_heading(out, style, "scaling: speed on all threads / (threads x speed on one)"); break;
  }
}

/* ---- the section ------------------------------------------------------------------------------------------------- */

static struct means *all_means(const struct comparison *c, enum grouping grouping, const struct groups *groups) {
  struct means *means = calloc(groups->count + 1, sizeof *means);
  if (!means) abort();
  for (size_t g = 0; g < groups->count; g++) means[g] = means_of(c, grouping, groups->names[g]);
  return means;
}

/* A grouping of one group repeats another table, and is left out. */
static void print_grouping(FILE *out, struct style style, const struct comparison *c, enum grouping grouping,
                           const char *title, enum metric metric, bool pair) {
  struct groups groups = groups_of(c, grouping);
  struct means *means = all_means(c, grouping, &groups);
  const bool repeats = groups.count < 2 && grouping != GROUP_FAMILY && grouping != GROUP_ALL;
  if (!repeats && !style.markdown && grouping != GROUP_FAMILY && any_of_metric(c, &groups, means, metric))
    fputc('\n', out);
  if (!repeats && pair) print_pair(out, style, c, title, &groups, means);
  if (!repeats && !pair) print_metric(out, style, c, title, &groups, means, metric);
  for (size_t g = 0; g < groups.count; g++) means_free(&means[g]);
  free(means);
  groups_free(&groups);
}

static void print_groupings(FILE *out, struct style style, const struct comparison *c, enum metric metric, bool pair) {
  print_grouping(out, style, c, GROUP_FAMILY, "family", metric, pair);
  print_grouping(out, style, c, GROUP_COLUMN, "arch x threads", metric, pair);
  print_grouping(out, style, c, GROUP_RESIDENCE, "data in", metric, pair);
  print_grouping(out, style, c, GROUP_ALL, "all", metric, pair);
}

void text_families(FILE *out, struct style style, const struct comparison *c) {
  if (c->line_count == 0) return;
  const bool pair = c->subject_count == 2 && strlen(c->subjects[0].label) == 1 && strlen(c->subjects[1].label) == 1;
  if (pair) {
    grid_heading(out, style, "geometric means of all rows");
    grid_paragraph(out, style,
                   "%s / %s: speed of %s divided by that of %s; a clock: the same per core cycle. limit: share of its "
                   "own limit that each reaches. scale: speed on all threads / (threads x speed on one).",
                   c->subjects[1].label, c->subjects[0].label, c->subjects[1].label, c->subjects[0].label);
    print_groupings(out, style, c, METRIC_SPEED, true);
    return;
  }
  for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
    struct groups groups = groups_of(c, GROUP_FAMILY);
    struct means *means = all_means(c, GROUP_FAMILY, &groups);
    const bool any = any_of_metric(c, &groups, means, metric);
    const bool repeats = metric == METRIC_PER_CLOCK && same_as_speed(c, &groups, means);
    for (size_t g = 0; g < groups.count; g++) means_free(&means[g]);
    free(means);
    groups_free(&groups);
    if (any && repeats && c->selection.axis != AXIS_THREADS)
      grid_paragraph(out, style, "%sPer core cycle it is the same, within 1 %%.", style.markdown ? "" : "\n");
    if (!any || repeats) continue;
    metric_heading(out, style, c, metric);
    print_groupings(out, style, c, metric, false);
  }
}
