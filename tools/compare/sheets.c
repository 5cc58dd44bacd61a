#include "tools/compare/sheets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *array_of(size_t count, size_t size) {
  void *array = calloc(count + 1, size);
  if (!array) abort();
  return array;
}

/* The number of threads, 0 for all that were measured where that number is not the same in all files. */
static int thread_key(const struct comparison *c, size_t subject, int threads) {
  const int most = c->sources[c->subjects[subject].source].most_threads;
  bool alike = true;
  for (size_t i = 0; i < c->source_count; i++) alike = alike && c->sources[i].most_threads == most;
  return c->selection.axis == AXIS_MACHINE && !alike && threads > 1 && threads == most ? 0 : threads;
}

/* Whether archs and threads of two entries stand for the same line. */
static bool same_place(const struct comparison *c, bool any_arch, const char *arch_a, int threads_a, const char *arch_b,
                       int threads_b) {
  any_arch = any_arch || c->selection.axis == AXIS_ARCH || c->selection.archs == ARCHS_FASTEST;
  return (any_arch || strcmp(arch_a, arch_b) == 0) && (c->selection.axis == AXIS_THREADS || threads_a == threads_b);
}

/* Whether one thread's limit of the same name says nearly all that this one of several threads says: instructions are
 * done as fast by each core, while memory is shared. */
static bool is_multiple(const struct comparison *c, const struct result *result, const struct result_limit *limit) {
  if (limit->residence[0] || limit->threads == 1 || c->selection.axis == AXIS_THREADS) return false;
  for (size_t i = 0; i < result->limit_count; i++)
    if (result->limits[i].threads == 1 && strcmp(result->limits[i].name, limit->name) == 0 &&
        strcmp(result->limits[i].arch, limit->arch) == 0 && strcmp(result->limits[i].cores, limit->cores) == 0)
      return true;
  return false;
}

/* Limits and clocks are filtered by names like those of rows. */
static bool passes(const struct comparison *c, const char *kind, const char *name, const char *residence,
                   const char *arch, int threads) {
  char text[160];
  snprintf(text, sizeof text, "%s%s%s%s%s/arch:%s/threads:%d", kind, *name ? "/" : "", name, *residence ? "/" : "",
           residence, arch, threads);
  return !c->selection.filter || regexec(c->selection.filter, text, 0, NULL, 0) == 0;
}

static bool of_subject(const struct comparison *c, size_t subject, const char *arch, int threads) {
  const struct subject *s = &c->subjects[subject];
  return (c->selection.axis != AXIS_ARCH || strcmp(arch, s->arch) == 0) &&
         (c->selection.axis != AXIS_THREADS || threads == s->threads);
}

/* "" for the kind of core that a machine of one kind has, if it stands for that. */
static const char *core_kind(const struct comparison *c, size_t subject, const struct result_limit *limit) {
  const struct source *source = &c->sources[c->subjects[subject].source];
  return strcmp(limit->cores, source->main_cores) == 0 ? "" : limit->cores;
}

static bool better(const struct result_limit *limit, double value, double known) {
  if (!isfinite(known)) return true;
  return strcmp(limit->unit, "s") == 0 ? value < known : value > known;
}

static void add_limit(struct sheet *sheet, size_t *subjects, const struct comparison *c, size_t subject,
                      const struct result_limit *limit, bool every_arch) {
  const bool any_arch = !every_arch && limit->residence[0];
  const int threads = thread_key(c, subject, limit->threads);
  size_t line = 0;
  if (!of_subject(c, subject, limit->arch, limit->threads) || !isfinite(limit->value) ||
      !passes(c, "limits", limit->name, limit->residence, limit->arch, limit->threads))
    return;
  for (; line < sheet->limit_count; line++) {
    const struct result_limit *known = sheet->limits[line];
    if (strcmp(known->name, limit->name) == 0 && strcmp(known->residence, limit->residence) == 0 &&
        strcmp(known->unit, limit->unit) == 0 && known->node == limit->node && known->smt == limit->smt &&
        same_place(c, any_arch, known->arch, sheet->limit_threads[line], limit->arch, threads) &&
        strcmp(core_kind(c, subjects[line], known), core_kind(c, subject, limit)) == 0)
      break;
  }
  double *values = &sheet->limit_values[line * c->subject_count];
  if (line == sheet->limit_count) {
    sheet->limit_threads[line] = threads;
    sheet->limits[sheet->limit_count++] = limit;
    subjects[line] = subject;
    for (size_t s = 0; s < c->subject_count; s++) values[s] = NAN;
  }
  if (better(limit, limit->value, values[subject])) values[subject] = limit->value;
}

static void add_clock(struct sheet *sheet, const struct comparison *c, size_t subject,
                      const struct result_clock *clock) {
  const int threads = thread_key(c, subject, clock->threads);
  size_t line = 0;
  if (!of_subject(c, subject, clock->arch, clock->threads) || !isfinite(clock->hertz) ||
      !passes(c, "clocks", "", "", clock->arch, clock->threads))
    return;
  while (line < sheet->clock_count &&
         !same_place(c, false, sheet->clocks[line]->arch, sheet->clock_threads[line], clock->arch, threads))
    line++;
  double *values = &sheet->clock_values[line * c->subject_count];
  if (line == sheet->clock_count) {
    sheet->clocks[sheet->clock_count++] = clock;
    sheet->clock_threads[line] = threads;
    for (size_t s = 0; s < c->subject_count; s++) values[s] = NAN;
  }
  if (!isfinite(values[subject])) values[subject] = clock->hertz;
}

/* Keeps lines of at least two values; returns how many. */
static size_t keep_shared(const void **heads, int *threads, double *values, size_t count, size_t width) {
  size_t kept = 0;
  for (size_t line = 0; line < count; line++) {
    size_t finite = 0;
    for (size_t s = 0; s < width; s++) finite += isfinite(values[line * width + s]) != 0;
    if (finite < 2) continue;
    heads[kept] = heads[line];
    threads[kept] = threads[line];
    memmove(&values[kept * width], &values[line * width], width * sizeof *values);
    kept++;
  }
  return kept;
}

struct sheet sheet_of(const struct comparison *c, bool every) {
  struct sheet sheet = {0};
  size_t limits = 0, clocks = 0;
  if (!c->selection.suites[SUITE_LIMITS]) return sheet;
  for (size_t s = 0; s < c->subject_count; s++) {
    limits += comparison_result(c, s)->limit_count;
    clocks += comparison_result(c, s)->clock_count;
  }
  sheet.limits = array_of(limits, sizeof *sheet.limits);
  sheet.limit_threads = array_of(limits, sizeof *sheet.limit_threads);
  sheet.limit_values = array_of(limits * c->subject_count, sizeof *sheet.limit_values);
  sheet.clocks = array_of(clocks, sizeof *sheet.clocks);
  sheet.clock_threads = array_of(clocks, sizeof *sheet.clock_threads);
  sheet.clock_values = array_of(clocks * c->subject_count, sizeof *sheet.clock_values);
  size_t *subjects = array_of(limits, sizeof *subjects);
  for (size_t s = 0; s < c->subject_count; s++) {
    const struct result *result = comparison_result(c, s);
    for (size_t i = 0; i < result->limit_count; i++)
      if (every || !is_multiple(c, result, &result->limits[i]))
        add_limit(&sheet, subjects, c, s, &result->limits[i], every);
    for (size_t i = 0; i < result->clock_count; i++) add_clock(&sheet, c, s, &result->clocks[i]);
  }
  free(subjects);
  sheet.limit_count = keep_shared((const void **)sheet.limits, sheet.limit_threads, sheet.limit_values,
                                  sheet.limit_count, c->subject_count);
  sheet.clock_count = keep_shared((const void **)sheet.clocks, sheet.clock_threads, sheet.clock_values,
                                  sheet.clock_count, c->subject_count);
  return sheet;
}

void sheet_free(struct sheet *sheet) {
  free(sheet->limits);
  free(sheet->limit_threads);
  free(sheet->limit_values);
  free(sheet->clocks);
  free(sheet->clock_threads);
  free(sheet->clock_values);
  *sheet = (struct sheet){0};
}
