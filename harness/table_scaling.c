/* What more threads bring, and more hardware threads of a core. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"
#include "harness/table_rows.h"

/* Rows whose threads share one layer or step scale strongly; where each thread has its own data, weakly. */
static bool is_strong(const struct result_row *row) { return row_kind(row) != ROW_ELEMENTWISE; }

/* The same work but for the number of threads: all of it, or each thread's. */
static bool same_task(const struct result_row *a, const struct result_row *b) {
  if (row_kind(a) != row_kind(b) || strcmp(a->suite, b->suite) != 0 || strcmp(a->kernel, b->kernel) != 0 ||
      strcmp(a->arch, b->arch) != 0 || strcmp(a->provider, b->provider) != 0 || strcmp(a->cores, b->cores) != 0 ||
      strcmp(a->cache, b->cache) != 0)
    return false;
  return is_strong(a) ? strcmp(a->shape, b->shape) == 0 : strcmp(a->residence, b->residence) == 0;
}

static bool same_share(const struct result_row *a, const struct result_row *b) {
  return is_strong(a) || a->items / a->threads == b->items / b->threads;
}

static double speed(const struct result_row *row) { return row->items / row->time.median; }

/* Rows that stand in one block: one suite's on one arch and kind of core, weakly scaling ones by where data lie. */
static bool same_block(const struct result_row *a, const struct result_row *b) {
  return strcmp(row_group(a), row_group(b)) == 0 && strcmp(a->arch, b->arch) == 0 && strcmp(a->cores, b->cores) == 0 &&
         is_strong(a) == is_strong(b) && (is_strong(a) || strcmp(a->residence, b->residence) == 0);
}

static bool counts(const struct result_row *row) {
  return !row->support && row_is_own(row) && row->items > 0 && row->time.median > 0 &&
         strcmp(row->suite, suite_names[SUITE_LIMITS]) != 0;
}

/* The row of one thread that does the same task, or of as many cores with fewer threads on each; NULL without. */
static const struct result_row *one_thread(const struct result *result, const struct result_row *row) {
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *one = &result->rows[i];
    if (counts(one) && one->threads == 1 && one->smt <= 1 && same_task(one, row) && same_share(one, row)) return one;
  }
  return NULL;
}

static const struct result_row *one_on_each(const struct result *result, const struct result_row *row) {
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *one = &result->rows[i];
    if (counts(one) && one->smt <= 1 && one->threads == row->threads / row->smt && same_task(one, row)) return one;
  }
  return NULL;
}

typedef const struct result_row *base_of(const struct result *result, const struct result_row *row);

/* Ratios of rows' speeds to those of their bases. */
struct gain {
  size_t rows;
  double logarithms; /* their sum */
  double least, most;
  const struct result_row *worst;
};

static void add_gain(struct gain *gain, double ratio, const struct result_row *row) {
  gain->logarithms += log(ratio);
  if (gain->rows == 0 || ratio < gain->least) gain->least = ratio, gain->worst = row;
  if (gain->rows == 0 || ratio > gain->most) gain->most = ratio;
  gain->rows++;
}

/* Of the rows in first's block that ran in its place. */
static struct gain gain_of(const struct result *result, const struct result_row *first, base_of *base) {
  struct gain gain = {.rows = 0};
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i], *one;
    if (counts(row) && row_same_place(row, first) && same_block(row, first) && (one = base(result, row)))
      add_gain(&gain, speed(row) / speed(one), row);
  }
  return gain;
}

static double mean(const struct gain *gain) { return exp(gain->logarithms / (double)gain->rows); }

#define NAME_MOST 31 /* characters that fit behind the other columns */

/* The kernel, and what tells it from others of the block. */
static void name_cell(struct grid_row *to, size_t column, const struct result_row *row) {
  char name[sizeof row->kernel + sizeof row->shape + 1];
  snprintf(name, sizeof name, "%s%s%s", row_short_kernel(row), is_strong(row) ? " " : "",
           is_strong(row) ? row->shape : "");
  grid_cell(to, column, "%.*s", is_strong(row) ? NAME_MOST : NAME_MOST - 7, name);
}

/* What the rows of one table have in common: the kind of core, and how they scale or how many threads a core has. */
struct chapter {
  const char *cores;
  bool strong;
  int smt;
};

/* The suite, where data lie if threads have their own, and arch x number; returns the next column. */
static size_t block_cells(struct grid_row *to, const struct result_row *first, bool data, int number) {
  size_t c = 0;
  grid_cell(to, c++, "%s", row_group(first));
  if (data) grid_cell(to, c++, "%s", is_strong(first) ? "shared" : first->residence);
  grid_cell(to, c++, "%s x%d", first->arch, number);
  return c;
}

static void add_scaling(struct grid *grid, const struct result *result, const struct result_row *first,
                        struct chapter chapter) {
  if (first->threads == 1 || first->smt > 1 || is_strong(first) != chapter.strong) return;
  const struct gain gain = gain_of(result, first, one_thread);
  if (gain.rows == 0) return;
  struct grid_row *to = grid_add(grid);
  size_t c = block_cells(to, first, !chapter.strong, first->threads);
  grid_cell(to, c++, "%.2f", mean(&gain));
  grid_cell(to, c++, "%.0f%%", 100 * mean(&gain) / first->threads);
  grid_cell(to, c++, "%.2f", gain.least);
  name_cell(to, c, gain.worst);
}

static void add_smt(struct grid *grid, const struct result *result, const struct result_row *first,
                    struct chapter chapter) {
  if (first->smt != chapter.smt) return;
  const struct gain gain = gain_of(result, first, one_on_each);
  if (gain.rows == 0) return;
  struct grid_row *to = grid_add(grid);
  size_t c = block_cells(to, first, true, first->threads / first->smt);
  grid_cell(to, c++, "%.2f", mean(&gain));
  grid_cell(to, c++, "%.2f", gain.most);
  grid_cell(to, c++, "%.2f", gain.least);
  name_cell(to, c, gain.worst);
}

static bool same_entry(const struct result_row *a, const struct result_row *b) {
  return row_same_place(a, b) && same_block(a, b);
}

typedef void add_entry(struct grid *grid, const struct result *result, const struct result_row *first,
                       struct chapter chapter);

static void fill(struct grid *grid, const struct result *result, const struct result_row *const *entries, size_t count,
                 struct chapter chapter, add_entry *add) {
  /* Blocks together, in the order of their first rows. */
  for (size_t e = 0; e < count; e++) {
    size_t before = 0;
    while (before < e && !same_block(entries[before], entries[e])) before++;
    if (before < e || strcmp(entries[e]->cores, chapter.cores) != 0) continue;
    for (size_t i = e; i < count; i++)
      if (same_block(entries[i], entries[e])) add(grid, result, entries[i], chapter);
  }
}

static void print(FILE *out, struct style style, struct grid *grid, struct chapter chapter, const char *heading) {
  if (grid->count) {
    grid_heading(out, style, "%s%s%s%s", heading, chapter.cores[0] ? ", " : "", chapter.cores,
                 chapter.cores[0] ? " cores" : "");
    grid_print(grid, out, style);
  }
  grid_free(grid);
}

/* All tables for one kind of core. */
static void print_kind(FILE *out, struct style style, const struct result *result,
                       const struct result_row *const *entries, size_t count, const char *cores) {
  struct grid strong = {.headers = {"<suite", "<arch", "speed-up", "of ideal", "least", "<at"}, .columns = 6};
  struct grid weak = {.headers = {"<suite", "<data", "<arch", "speed-up", "of ideal", "least", "<at"}, .columns = 7};
  struct chapter chapter = {.cores = cores, .strong = true};
  fill(&strong, result, entries, count, chapter, add_scaling);
  print(out, style, &strong, chapter, "strong scaling: speed of threads that share a layer or step / of one");
  chapter.strong = false;
  fill(&weak, result, entries, count, chapter, add_scaling);
  print(out, style, &weak, chapter, "weak scaling: speed of threads that have data of their own / of one");
  for (chapter.smt = 2; chapter.smt <= SMT_MOST; chapter.smt++) {
    struct grid smt = {.headers = {"<suite", "<data", "<arch", "gain", "most", "least", "<at"}, .columns = 7};
    char heading[96];
    snprintf(heading, sizeof heading, "%d threads on each core: their speed / that of one on each", chapter.smt);
    fill(&smt, result, entries, count, chapter, add_smt);
    print(out, style, &smt, chapter, heading);
  }
}

void table_scaling(FILE *out, struct style style, const struct result *result) {
  const struct result_row **entries = calloc(result->row_count + 1, sizeof *entries);
  size_t count = 0;
  for (size_t i = 0; entries && i < result->row_count; i++) {
    size_t e = 0;
    if (!counts(&result->rows[i])) continue;
    while (e < count && !same_entry(entries[e], &result->rows[i])) e++;
    if (e == count) entries[count++] = &result->rows[i];
  }
  for (size_t e = 0; e < count; e++) {
    size_t before = 0;
    while (before < e && strcmp(entries[before]->cores, entries[e]->cores) != 0) before++;
    if (before == e) print_kind(out, style, result, entries, count, entries[e]->cores);
  }
  free(entries);
}
