/* Which rows are of the same work. */
#include "tools/compare/align.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table_rows.h"
#include "tools/compare/ratio.h"

const char *const match_names[] = {"none", "exact", "residence", "all threads", "shape"};

static void *array_of(size_t count, size_t size) {
  void *array = calloc(count + 1, size);
  if (!array) abort();
  return array;
}

bool comparison_takes(const struct comparison *c, size_t subject, const struct result_row *row) {
  const struct selection *selection = &c->selection;
  const struct subject *s = &c->subjects[subject];
  size_t suite = 0;
  while (suite < SUITE_COUNT && strcmp(suite_names[suite], row->suite) != 0) suite++;
  if (suite < SUITE_COUNT && !selection->suites[suite]) return false;
  if (row->support && !selection->support) return false;
  if (selection->axis == AXIS_ARCH && strcmp(row->arch, s->arch) != 0) return false;
  if (selection->axis == AXIS_THREADS && row->threads != s->threads) return false;
  return !selection->filter || regexec(selection->filter, row->name, 0, NULL, 0) == 0;
}

static bool equal(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* Rows of one file whose work is the same on another arch. */
static bool same_but_arch(const struct result_row *a, const struct result_row *b) {
  return equal(a->kernel, b->kernel) && equal(a->suite, b->suite) && equal(a->shape, b->shape) &&
         equal(a->residence, b->residence) && equal(a->cache, b->cache) && equal(a->cores, b->cores) &&
         equal(a->provider, b->provider) && a->threads == b->threads && a->smt == b->smt;
}

/* Whether no row of the same work that takes part is faster. */
static bool is_fastest(const struct comparison *c, size_t subject, const struct result_row *row) {
  const struct result *result = comparison_result(c, subject);
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *other = &result->rows[i];
    if (other == row || !same_but_arch(other, row) || !comparison_takes(c, subject, other) || !row_usable(other))
      continue;
    if (row_pace(other) < row_pace(row) || (row_pace(other) == row_pace(row) && other < row)) return false;
  }
  return true;
}

/* A subject's rows that take part, to be freed. */
static const struct result_row **candidates(const struct comparison *c, size_t subject, size_t *count,
                                            size_t *unusable) {
  const struct result *result = comparison_result(c, subject);
  const struct result_row **list = array_of(result->row_count, sizeof *list);
  *count = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (!comparison_takes(c, subject, row)) continue;
    if (!row_usable(row))
      ++*unusable;
    else if (c->selection.archs != ARCHS_FASTEST || is_fastest(c, subject, row))
      list[(*count)++] = row;
  }
  return list;
}

/* ---- two rows --------------------------------------------------------------------------------------------------- */

/* The kind of core, "" for the main one where machines differ: what a machine of one kind has. */
static const char *core_kind(const struct source *source, const struct result_row *row, bool machines) {
  return machines && equal(row->cores, source->main_cores) ? "" : row->cores;
}

/* Whether two rows are of the same work, in the sense of that match. */
static bool agree(const struct comparison *c, size_t subject, enum match match, const struct result_row *base,
                  const struct result_row *row) {
  const struct subject *first = &c->subjects[0], *other = &c->subjects[subject];
  const struct source *from = &c->sources[first->source], *to = &c->sources[other->source];
  const bool machines = other->relation == RELATION_MACHINE, arrays = row_kind(base) == ROW_ELEMENTWISE;
  if (!equal(base->kernel, row->kernel) || !equal(base->suite, row->suite) || !equal(base->provider, row->provider) ||
      !equal(base->cache, row->cache) || base->smt != row->smt ||
      !equal(core_kind(from, base, machines), core_kind(to, row, machines)))
    return false;
  if (c->selection.axis != AXIS_ARCH && c->selection.archs != ARCHS_FASTEST && !equal(base->arch, row->arch))
    return false;
  const bool all = base->threads == from->most_threads && row->threads == to->most_threads;
  if (c->selection.axis != AXIS_THREADS && (match == MATCH_THREADS ? !all : base->threads != row->threads))
    return false;
  const bool shape = equal(base->shape, row->shape), residence = equal(base->residence, row->residence);
  switch (match) {
  case MATCH_EXACT: return shape && (!arrays || (residence && c->selection.axis != AXIS_THREADS));
  case MATCH_RESIDENCE: return arrays && residence;
  case MATCH_THREADS: return arrays ? residence : shape;
  case MATCH_SHAPE: return shape;
  default: return false;
  }
}

/* How many times as much the work of one thread is in one of two rows as in the other, as a logarithm. */
static double size_distance(const struct result_row *a, const struct result_row *b) {
  return fabs(log(row_amount(a) / a->threads / (row_amount(b) / b->threads)));
}

/* ---- all rows --------------------------------------------------------------------------------------------------- */

/* Gives each of the base's rows that has none yet the nearest of the subject's rows that agree and are still free. */
static void align_by(struct comparison *c, size_t subject, enum match match, const struct result_row *const *base,
                     size_t base_count, const struct result_row **list, size_t count) {
  for (size_t i = 0; i < base_count; i++) {
    const size_t at = i * c->subject_count + subject;
    size_t best = count;
    if (c->rows[at]) continue;
    for (size_t j = 0; j < count; j++)
      if (list[j] && agree(c, subject, match, base[i], list[j]) &&
          (best == count || size_distance(base[i], list[j]) < size_distance(base[i], list[best])))
        best = j;
    if (best == count) continue;
    c->rows[at] = list[best];
    c->matches[at] = match;
    list[best] = NULL;
  }
}

static void align_subject(struct comparison *c, size_t subject, const struct result_row *const *base,
                          size_t base_count) {
  static const enum match of_machines[] = {MATCH_EXACT, MATCH_RESIDENCE, MATCH_THREADS, MATCH_SHAPE};
  static const enum match of_runs[] = {MATCH_EXACT, MATCH_SHAPE, MATCH_RESIDENCE};
  static const enum match of_aspects[] = {MATCH_EXACT, MATCH_RESIDENCE, MATCH_SHAPE};
  const enum relation relation = c->subjects[subject].relation;
  const enum match *order = relation == RELATION_MACHINE  ? of_machines
                            : relation == RELATION_ASPECT ? of_aspects
                                                          : of_runs;
  size_t count;
  const struct result_row **list = candidates(c, subject, &count, &c->unusable[subject]);
  for (size_t i = 0; i < (relation == RELATION_MACHINE ? 4u : 3u); i++)
    align_by(c, subject, order[i], base, base_count, list, count);
  c->alone[subject] = list; /* what is left over, without the gaps */
  for (size_t j = 0; j < count; j++)
    if (list[j]) list[c->alone_count[subject]++] = list[j];
}

/* Keeps the lines that have more than the base's row; the others are the base's alone. */
static void drop_lonely(struct comparison *c, size_t base_count) {
  const size_t width = c->subject_count;
  c->alone[0] = array_of(base_count, sizeof **c->alone);
  for (size_t i = 0; i < base_count; i++) {
    bool any = false;
    for (size_t s = 1; s < width; s++) any = any || c->rows[i * width + s];
    if (!any) {
      c->alone[0][c->alone_count[0]++] = c->rows[i * width];
      continue;
    }
    memmove(&c->rows[c->line_count * width], &c->rows[i * width], width * sizeof *c->rows);
    memmove(&c->matches[c->line_count * width], &c->matches[i * width], width * sizeof *c->matches);
    c->line_count++;
  }
}

void align_rows(struct comparison *c) {
  const size_t width = c->subject_count;
  size_t base_count;
  c->alone = array_of(width, sizeof *c->alone);
  c->alone_count = array_of(width, sizeof *c->alone_count);
  c->unusable = array_of(width, sizeof *c->unusable);
  const struct result_row **base = candidates(c, 0, &base_count, &c->unusable[0]);
  c->rows = array_of(base_count * width, sizeof *c->rows);
  c->matches = array_of(base_count * width, sizeof *c->matches);
  for (size_t i = 0; i < base_count; i++) {
    c->rows[i * width] = base[i];
    c->matches[i * width] = MATCH_EXACT;
  }
  for (size_t s = 1; s < width; s++) align_subject(c, s, base, base_count);
  drop_lonely(c, base_count);
  free(base);
}
