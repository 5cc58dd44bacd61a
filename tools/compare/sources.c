/* The files, and what each has to say as a whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/compare/compare.h"

/* A, B, ..., Z, AA, AB, ... */
static void name_source(char label[4], size_t index) {
  char digits[4] = "";
  size_t n = 0;
  for (size_t rest = index + 1; rest > 0 && n < 3; rest = (rest - 1) / 26) digits[n++] = (char)('A' + (rest - 1) % 26);
  for (size_t i = 0; i < n; i++) label[i] = digits[n - 1 - i];
  label[n] = '\0';
}

static bool same_file(const char *a, const char *b) {
  struct stat s, t;
  return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

/* Whether two files hold one run: it began in the same second by the same command, and measured the same times. */
static bool same_run(const struct source *a, const struct source *b) {
  const struct result *r = &a->result, *s = &b->result;
  if (same_file(a->path, b->path)) return true;
  if (strcmp(r->date, s->date) != 0 || strcmp(r->command, s->command) != 0 || r->row_count != s->row_count ||
      r->cell_count != s->cell_count || r->accuracy_count != s->accuracy_count || r->row_count == 0)
    return false;
  for (size_t i = 0; i < r->row_count; i++)
    if (!(r->rows[i].time.median == s->rows[i].time.median)) return false;
  return true;
}

/* The first of the machine's kinds that has rows; what has no list of kinds is told by the largest limit of one thread.
 */
static void find_main_cores(struct source *source) {
  const struct result *result = &source->result;
  double most = -1;
  source->main_cores[0] = '\0';
  for (size_t kind = 0; kind < result->machine.kind_count; kind++)
    for (size_t i = 0; i < result->row_count; i++)
      if (strcmp(result->rows[i].cores, result->machine.kinds[kind].name) == 0) {
        snprintf(source->main_cores, sizeof source->main_cores, "%s", result->machine.kinds[kind].name);
        return;
      }
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *limit = &result->limits[i];
    if (strcmp(limit->name, "fma_peak") != 0 || limit->threads != 1 || !(limit->value > most)) continue;
    most = limit->value;
    memcpy(source->main_cores, limit->cores, sizeof source->main_cores);
  }
  if (most < 0 && result->row_count > 0) memcpy(source->main_cores, result->rows[0].cores, sizeof source->main_cores);
}

static void describe(struct comparison *c, size_t index) {
  struct source *source = &c->sources[index];
  name_source(source->label, index);
  find_main_cores(source);
  for (size_t i = 0; i < source->result.row_count; i++)
    if (source->result.rows[i].threads > source->most_threads) source->most_threads = source->result.rows[i].threads;
  source->copy_of = index;
  for (size_t i = 0; i < index && source->copy_of == index; i++)
    if (same_run(&c->sources[i], source)) source->copy_of = i;
}

bool comparison_read(struct comparison *comparison, char *const *paths, size_t count, struct error *error) {
  *comparison = (struct comparison){.sources = calloc(count + 1, sizeof *comparison->sources)};
  if (!comparison->sources) return error_set(error, "out of memory");
  for (size_t i = 0; i < count; i++) {
    struct source *source = &comparison->sources[i];
    source->path = paths[i];
    if (!result_read(&source->result, paths[i], error)) {
      comparison_free(comparison);
      return false;
    }
    comparison->source_count++;
    describe(comparison, i);
  }
  return true;
}

void comparison_free(struct comparison *c) {
  for (size_t i = 0; i < c->source_count; i++) result_free(&c->sources[i].result);
  for (size_t s = 0; c->alone && s < c->subject_count; s++) free(c->alone[s]);
  free(c->sources);
  free(c->subjects);
  free(c->rows);
  free(c->matches);
  free(c->alone);
  free(c->alone_count);
  free(c->unusable);
  *c = (struct comparison){0};
}
