#include "tools/compare/family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table_rows.h"
#include "tools/compare/ratio.h"

const char *const metric_names[METRIC_COUNT] = {"speed", "per_clock", "of_limit", "scaling"};

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

static bool is_limit(const struct result_row *row) { return strcmp(row->suite, suite_names[SUITE_LIMITS]) == 0; }

static const char *limit_kind(const struct result_row *row) {
  if (has(row->kernel, "latency")) return "latency";
  return has(row->kernel, "memory") ? "memory" : "compute";
}

/* What an activation's, a layer's or a training kernel does, told by how kernels.def names it. */
static const char *kernel_kind(const struct result_row *row) {
  static const struct {
    const char *part, *kind;
  } kinds[] = {{"_backward_data", "backward_data"},
               {"_backward_weights", "backward_weights"},
               {"_norm_", "normalization"},
               {"_update", "update"},
               {"cross_entropy", "loss"},
               {"_derivative", "derivative"},
               {"_backward", "backward"},
               {"_from_output", "backward"},
               {"_bias", "fused"},
               {"_both", "fused"},
               {"_forward", "forward"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (has(row->kernel, kinds[i].part)) return kinds[i].kind;
  return "other";
}

static const char *row_family_kind(const struct result_row *row) {
  if (is_limit(row)) return limit_kind(row);
  if (strcmp(row->suite, suite_names[SUITE_INIT]) == 0)
    return strncmp(row->kernel, "init_", 5) == 0 ? "weights" : "random words";
  if (row_kind(row) == ROW_STEP) return "steps";
  return kernel_kind(row);
}

void family_name(char name[FAMILY_NAME], const struct result_row *row) {
  const char *group = strcmp(row_group(row), "bf16 dense") == 0 ? "bf16" : row_group(row);
  if (!row_is_own(row) && !is_limit(row))
    snprintf(name, FAMILY_NAME, "peer %s", row->provider);
  else if (strcmp(group, "dense arrays") == 0)
    snprintf(name, FAMILY_NAME, "%s", group);
  else
    snprintf(name, FAMILY_NAME, "%s %s", group, row_family_kind(row));
}

/* "avx2 x1", without what is not the same in all subjects. */
static void column_name(char name[FAMILY_NAME], const struct comparison *c, size_t line, const struct result_row *row) {
  const char *arch = c->selection.archs == ARCHS_FASTEST ? "fastest" : row->arch;
  bool all = false;
  for (size_t s = 1; s < c->subject_count; s++) all = all || comparison_match(c, line, s) == MATCH_THREADS;
  if (c->selection.axis == AXIS_ARCH && all)
    snprintf(name, FAMILY_NAME, "all threads");
  else if (c->selection.axis == AXIS_ARCH)
    snprintf(name, FAMILY_NAME, "x%d", row->threads);
  else if (c->selection.axis == AXIS_THREADS)
    snprintf(name, FAMILY_NAME, "%s", arch);
  else if (all)
    snprintf(name, FAMILY_NAME, "%s, all threads", arch);
  else
    snprintf(name, FAMILY_NAME, "%s x%d", arch, row->threads);
}

void group_name(char name[FAMILY_NAME], enum grouping grouping, const struct comparison *c, size_t line) {
  const struct result_row *row = comparison_row(c, line, 0);
  name[0] = '\0';
  if (grouping != GROUP_FAMILY && (!row_is_own(row) || is_limit(row))) return;
  switch (grouping) {
  case GROUP_FAMILY: family_name(name, row); break;
  case GROUP_COLUMN: column_name(name, c, line, row); break;
  case GROUP_RESIDENCE:
    snprintf(name, FAMILY_NAME, "%s", row_kind(row) == ROW_ELEMENTWISE ? row->residence : "layers, steps");
    break;
  case GROUP_ALL: snprintf(name, FAMILY_NAME, "all but limits"); break;
  }
}

struct groups groups_of(const struct comparison *c, enum grouping grouping) {
  struct groups groups = {.names = calloc(c->line_count + 1, sizeof *groups.names)};
  if (!groups.names) abort();
  for (size_t line = 0; line < c->line_count; line++) {
    char *name = groups.names[groups.count];
    size_t known = 0;
    group_name(name, grouping, c, line);
    while (known < groups.count && strcmp(groups.names[known], name) != 0) known++;
    groups.count += known == groups.count && *name;
  }
  return groups;
}

void groups_free(struct groups *groups) {
  free(groups->names);
  *groups = (struct groups){0};
}

/* ---- figures ---------------------------------------------------------------------------------------------------- */

/* Whether two rows of one file do the same on any number of threads; arrays grow with it. */
static bool same_but_threads(const struct result_row *a, const struct result_row *b) {
  const bool arrays = row_kind(a) == ROW_ELEMENTWISE;
  return strcmp(a->kernel, b->kernel) == 0 && strcmp(a->arch, b->arch) == 0 && strcmp(a->provider, b->provider) == 0 &&
         strcmp(a->suite, b->suite) == 0 && strcmp(a->cores, b->cores) == 0 && strcmp(a->cache, b->cache) == 0 &&
         a->smt == b->smt && strcmp(arrays ? a->residence : a->shape, arrays ? b->residence : b->shape) == 0;
}

/* The row of the same file that does on one thread what row does on several; of arrays the nearest in size. */
static const struct result_row *on_one_thread(const struct result *result, const struct result_row *row) {
  const struct result_row *best = NULL;
  double least = INFINITY;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *one = &result->rows[i];
    if (one->threads != 1 || !row_usable(one) || !same_but_threads(one, row)) continue;
    const double distance = fabs(log(row_amount(row) / row->threads / row_amount(one)));
    if (distance < least) least = distance, best = one;
  }
  return best;
}

/* Of files only rows on most of their threads have it, or means would be of unlike things. */
static double scaling(const struct comparison *c, const struct source *source, const struct result_row *row) {
  if (row->threads < 2 || (c->selection.axis != AXIS_THREADS && row->threads != source->most_threads)) return NAN;
  const struct result_row *one = on_one_thread(&source->result, row);
  return one ? row_pace(one) / row_pace(row) / row->threads : (double)NAN;
}

static double positive(double number) { return isfinite(number) && number > 0 ? number : (double)NAN; }

double line_figure(const struct comparison *c, size_t line, size_t subject, enum metric metric) {
  const struct result_row *row = comparison_row(c, line, subject);
  if (!row) return NAN;
  switch (metric) {
  case METRIC_SPEED: return row_pace(row);
  case METRIC_PER_CLOCK: return positive(row->cycles_per_item);
  case METRIC_LIMIT: return row->limit[0] ? positive(row->fraction_of_limit) : (double)NAN;
  case METRIC_SCALING: return positive(scaling(c, &c->sources[c->subjects[subject].source], row));
  default: return NAN;
  }
}

/* Marks the subjects that have the figure on some line of the group. */
static void find_members(const struct comparison *c, const bool *lines, enum metric metric, bool *members) {
  for (size_t s = 0; s < c->subject_count; s++) {
    members[s] = false;
    for (size_t line = 0; line < c->line_count && !members[s]; line++)
      members[s] = lines[line] && isfinite(line_figure(c, line, s, metric));
  }
}

static bool all_have(const struct comparison *c, size_t line, enum metric metric, const bool *members) {
  for (size_t s = 0; s < c->subject_count; s++)
    if (members[s] && !isfinite(line_figure(c, line, s, metric))) return false;
  return true;
}

/* Adds the line's figures, those of times as speeds relative to the base, to sums and extremes. */
static void add_line(const struct comparison *c, size_t line, enum metric metric, const bool *members, double *sums,
                     double *least, double *most) {
  const bool relative = metric == METRIC_SPEED || metric == METRIC_PER_CLOCK;
  const double base = line_figure(c, line, 0, metric);
  for (size_t s = 0; s < c->subject_count; s++) {
    if (!members[s]) continue;
    const double figure = line_figure(c, line, s, metric), value = relative ? base / figure : figure;
    sums[s] += log(value);
    if (least) least[s] = fmin(least[s], value);
    if (most) most[s] = fmax(most[s], value);
  }
}

size_t group_means(const struct comparison *c, enum grouping grouping, const char *group, enum metric metric,
                   double *means, double *least, double *most) {
  bool *lines = calloc(c->line_count + c->subject_count + 1, sizeof *lines), *members = lines + c->line_count;
  if (!lines) abort();
  for (size_t line = 0; line < c->line_count; line++) {
    char name[FAMILY_NAME];
    group_name(name, grouping, c, line);
    lines[line] = strcmp(name, group) == 0;
  }
  find_members(c, lines, metric, members);
  const bool relative = metric == METRIC_SPEED || metric == METRIC_PER_CLOCK;
  if (relative && !members[0]) memset(members, 0, c->subject_count * sizeof *members);
  for (size_t s = 0; s < c->subject_count; s++) {
    means[s] = 0;
    if (least) least[s] = INFINITY;
    if (most) most[s] = -INFINITY;
  }
  size_t count = 0;
  for (size_t line = 0; line < c->line_count; line++) {
    if (!lines[line] || !all_have(c, line, metric, members)) continue;
    add_line(c, line, metric, members, means, least, most);
    count++;
  }
  for (size_t s = 0; s < c->subject_count; s++)
    means[s] = members[s] && count ? exp(means[s] / (double)count) : (double)NAN;
  free(lines);
  return count;
}
