/* Who is compared: files, or the archs or numbers of threads of each. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/compare/align.h"
#include "tools/compare/ratio.h"

const char *const axis_names[AXIS_COUNT] = {"machine", "arch", "threads"};
const char *const relation_names[] = {"base", "run", "machine", "aspect"};

static void add_subject(struct comparison *c, size_t source, const char *arch, int threads) {
  c->subjects = realloc(c->subjects, (c->subject_count + 1) * sizeof *c->subjects);
  if (!c->subjects) abort();
  struct subject *subject = &c->subjects[c->subject_count++];
  *subject = (struct subject){.source = source, .threads = threads};
  snprintf(subject->arch, sizeof subject->arch, "%s", arch);
  char shown[8]; /* whatever a file may hold, a label is a short word */
  snprintf(shown, sizeof shown, "%.7s", arch);
  for (char *at = shown; *at; at++)
    if (!isalnum((unsigned char)*at) && !strchr("._+-", *at)) *at = '?';
  const char *file = c->source_count > 1 ? c->sources[source].label : "", *gap = *file ? " " : "";
  if (arch[0])
    snprintf(subject->label, sizeof subject->label, "%s%s%s", file, gap, shown);
  else if (threads)
    snprintf(subject->label, sizeof subject->label, "%s%sx%d", file, gap, threads);
  else
    snprintf(subject->label, sizeof subject->label, "%s", c->sources[source].label);
}

static bool has_subject(const struct comparison *c, size_t source, const char *arch, int threads) {
  for (size_t s = 0; s < c->subject_count; s++)
    if (c->subjects[s].source == source && strcmp(c->subjects[s].arch, arch) == 0 && c->subjects[s].threads == threads)
      return true;
  return false;
}

/* Archs and threads in the order in which the file has rows of them. */
static void add_subjects(struct comparison *c, size_t source) {
  const struct result *result = &c->sources[source].result;
  if (c->selection.axis == AXIS_MACHINE) {
    add_subject(c, source, "", 0);
    return;
  }
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    const char *arch = c->selection.axis == AXIS_ARCH ? row->arch : "";
    const int threads = c->selection.axis == AXIS_THREADS ? row->threads : 0;
    if ((!row->support || c->selection.support) && !has_subject(c, source, arch, threads))
      add_subject(c, source, arch, threads);
  }
  for (size_t i = 0; c->selection.axis == AXIS_ARCH && i < result->accuracy_count; i++)
    if (!has_subject(c, source, result->accuracies[i].arch, 0)) add_subject(c, source, result->accuracies[i].arch, 0);
}

static bool put_first(struct comparison *c, const char *base, struct error *error) {
  size_t at = 0;
  while (at < c->subject_count && strcmp(c->subjects[at].label, base) != 0) at++;
  if (at < c->subject_count) {
    const struct subject first = c->subjects[at];
    memmove(c->subjects + 1, c->subjects, at * sizeof *c->subjects);
    c->subjects[0] = first;
    return true;
  }
  error_set(error, "--base=%s: it is one of", base);
  for (size_t s = 0; s < c->subject_count; s++) {
    const size_t used = strlen(error->text);
    snprintf(error->text + used, sizeof error->text - used, "%s %s", s ? "," : "", c->subjects[s].label);
  }
  return false;
}

static void relate(struct comparison *c) {
  const struct source *first = &c->sources[c->subjects[0].source];
  for (size_t i = 0; i < c->source_count; i++)
    fingerprint_compare(&first->result, &c->sources[i].result, &c->sources[i].differences);
  for (size_t s = 0; s < c->subject_count; s++) {
    const struct source *source = &c->sources[c->subjects[s].source];
    c->subjects[s].relation = s == 0                                                      ? RELATION_BASE
                              : differences_have(&source->differences, DIFFERENT_MACHINE) ? RELATION_MACHINE
                              : c->selection.axis != AXIS_MACHINE                         ? RELATION_ASPECT
                                                                                          : RELATION_RUN;
  }
}

static bool too_few(const struct comparison *c, struct error *error) {
  const char *what = axis_names[c->selection.axis];
  if (c->selection.axis == AXIS_MACHINE)
    return error_set(error, "%s alone: give another result, or --by=arch or --by=threads to compare within it",
                     c->sources[0].path);
  return error_set(error, "--by=%s: there are rows of only %zu in all; measure with --%s=all", what, c->subject_count,
                   what);
}

/* ---- what the user left open ------------------------------------------------------------------------------------- */

static enum axis choose_axis(const struct comparison *c) {
  const struct result *result = &c->sources[0].result;
  const struct result_row *first = NULL;
  if (c->source_count > 1) return AXIS_MACHINE;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (row->support && !c->selection.support) continue;
    if (!first) first = row;
    if (strcmp(row->arch, first->arch) != 0) return AXIS_ARCH;
  }
  for (size_t i = 1; i < result->accuracy_count; i++)
    if (strcmp(result->accuracies[i].arch, result->accuracies[0].arch) != 0) return AXIS_ARCH;
  return first ? AXIS_THREADS : AXIS_MACHINE;
}

static bool has_vector_row(const struct result *result, const char *arch) {
  for (size_t i = 0; i < result->row_count; i++)
    if (!result->rows[i].support && strcmp(result->rows[i].arch, arch) == 0 && strcmp(arch, "scalar") != 0) return true;
  return false;
}

static bool all_scalar(const struct result *result) {
  for (size_t i = 0; i < result->row_count; i++)
    if (has_vector_row(result, result->rows[i].arch)) return false;
  return true;
}

/* Whether every file has vector code of some arch of the first, or one of the two has none at all. */
static bool share_an_arch(const struct comparison *c) {
  const struct result *first = &c->sources[0].result;
  for (size_t s = 1; s < c->source_count; s++) {
    const struct result *other = &c->sources[s].result;
    bool any = all_scalar(first) || all_scalar(other);
    for (size_t i = 0; i < first->row_count && !any; i++)
      any = has_vector_row(first, first->rows[i].arch) && has_vector_row(other, first->rows[i].arch);
    if (!any) return false;
  }
  return true;
}

bool comparison_align(struct comparison *comparison, const struct selection *selection, const char *base,
                      struct error *error) {
  struct selection *chosen = &comparison->selection;
  *chosen = *selection;
  if (chosen->axis == AXIS_COUNT) chosen->axis = choose_axis(comparison);
  if (chosen->axis == AXIS_ARCH) chosen->archs = ARCHS_SAME;
  if (chosen->archs == ARCHS_AUTO) chosen->archs = share_an_arch(comparison) ? ARCHS_SAME : ARCHS_FASTEST;
  for (size_t i = 0; i < comparison->source_count; i++) add_subjects(comparison, i);
  if (comparison->subject_count < 2) return too_few(comparison, error);
  if (base && !put_first(comparison, base, error)) return false;
  relate(comparison);
  align_rows(comparison);
  return true;
}
