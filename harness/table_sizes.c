/* Sweeps over sizes: one kernel from L1 to memory, a line for each size, a column for each arch. */
#include <stdlib.h>
#include <string.h>

#include "harness/residence.h"
#include "harness/table.h"
#include "harness/table_rows.h"

/* More sizes of one kernel than are measured when no sizes are asked for. */
#define SIZES_USUAL 6
#define SQUARES_USUAL 6
#define BAR 24 /* characters of the longest bar */
#define ARCHS_MOST 4

/* The same kernel of the same provider in the same place, on any arch. */
static bool same_sweep(const struct result_row *a, const struct result_row *b) {
  return row_same_place(a, b) && strcmp(a->kernel, b->kernel) == 0 && strcmp(a->provider, b->provider) == 0 &&
         strcmp(a->cache, b->cache) == 0;
}

static bool same_line(const struct result_row *a, const struct result_row *b) {
  return same_sweep(a, b) && strcmp(a->shape, b->shape) == 0;
}

static bool same_arch(const struct result_row *a, const struct result_row *b) { return strcmp(a->arch, b->arch) == 0; }

/* "256x256x256" */
static bool is_square(const struct result_row *row) {
  char *end;
  const unsigned long long n = strtoull(row->shape, &end, 10);
  char square[sizeof row->shape];
  snprintf(square, sizeof square, "%llux%llux%llu", n, n, n);
  return strcmp(square, row->shape) == 0;
}

/* Whether the row is of a size of a sweep, if its kernel has one. */
static bool may_be_swept(const struct result_row *row) {
  if (row_kind(row) == ROW_ELEMENTWISE) return true;
  return row_kind(row) == ROW_PRODUCT && is_square(row);
}

static int by_bytes(const void *a, const void *b) {
  const double left = (*(const struct result_row *const *)a)->bytes;
  const double right = (*(const struct result_row *const *)b)->bytes;
  return (left > right) - (left < right);
}

/* Limits of memory walk through it in steps that would fit a cache: such a step is no size of the sweep. */
static size_t drop_walks(const struct result_row **lines, size_t count) {
  size_t cached = 0, kept = 0;
  for (size_t i = 0; i < count; i++)
    if (strcmp(lines[i]->residence, residence_names[RESIDENCE_MEMORY]) != 0) cached = i;
  for (size_t i = 0; i < count; i++)
    if (i >= cached || strcmp(lines[i]->residence, residence_names[RESIDENCE_MEMORY]) != 0) lines[kept++] = lines[i];
  return kept;
}

/* A row for each size of the sweep that first belongs to, smallest first; 0 if these are no more than usual. */
static size_t sweep_lines(const struct result_row *const *all, size_t count, const struct result_row *first,
                          const struct result_row **lines) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    size_t l = 0;
    if (!same_sweep(all[i], first)) continue;
    while (l < found && !same_line(lines[l], all[i])) l++;
    if (l == found) lines[found++] = all[i];
  }
  qsort(lines, found, sizeof *lines, by_bytes);
  found = drop_walks(lines, found);
  const size_t usual = row_kind(first) == ROW_PRODUCT ? SQUARES_USUAL : SIZES_USUAL;
  return found > usual ? found : 0;
}

static double rate(const struct result_row *row, bool product) {
  const double amount = product ? row->flops : row->bytes > 0 ? row->bytes : row->items;
  return row->time.median > 0 ? amount / row->time.median : 0;
}

static void size_cell(struct grid_row *to, size_t column, double bytes) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++) bytes /= 1024;
  grid_cell(to, column, bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void bar_cell(struct grid_row *to, size_t column, double share) {
  char bar[BAR + 1] = "";
  const int length = (int)(BAR * share + 0.5);
  memset(bar, '#', (size_t)(length < BAR ? length : BAR));
  grid_cell(to, column, "%s", bar);
}

/* The row of the line on the arch, or NULL. */
static const struct result_row *find(const struct result_row *const *all, size_t count, const struct result_row *line,
                                     const struct result_row *arch) {
  for (size_t i = 0; i < count; i++)
    if (same_line(all[i], line) && same_arch(all[i], arch)) return all[i];
  return NULL;
}

static void print_sweep(FILE *out, struct style style, const struct result_row *const *all, size_t count,
                        const struct result_row *const *lines, size_t line_count) {
  const struct result_row *archs[ARCHS_MOST], *const first = lines[0];
  const bool product = row_kind(first) == ROW_PRODUCT, none = first->bytes <= 0 && !product;
  size_t arch_count = 0;
  for (size_t i = 0; i < count; i++) {
    size_t a = 0;
    if (!same_sweep(all[i], first)) continue;
    while (a < arch_count && !same_arch(archs[a], all[i])) a++;
    if (a == arch_count && a < ARCHS_MOST) archs[arch_count++] = all[i];
  }
  struct grid grid = {.headers = {"<in", product ? "batchxoutxin" : "size", "a thread"}, .columns = 4 + arch_count};
  for (size_t a = 0; a < arch_count; a++) grid.headers[3 + a] = archs[a]->arch;
  grid.headers[3 + arch_count] = "<";
  double most = 0;
  const struct result_row *const last = archs[arch_count - 1];
  for (size_t i = 0; i < count; i++)
    if (same_sweep(all[i], first) && same_arch(all[i], last) && rate(all[i], product) > most)
      most = rate(all[i], product);
  for (size_t l = 0; l < line_count; l++) {
    struct grid_row *to = grid_add(&grid);
    const bool edge = l == 0 || strcmp(lines[l]->residence, lines[l - 1]->residence) != 0;
    grid_cell(to, 0, "%s", edge || style.markdown ? lines[l]->residence : "");
    grid_cell(to, 1, "%s", lines[l]->shape);
    size_cell(to, 2, lines[l]->bytes / lines[l]->threads);
    for (size_t a = 0; a < arch_count; a++) {
      const struct result_row *row = find(all, count, lines[l], archs[a]);
      if (row) grid_cell(to, 3 + a, "%.1f", rate(row, product));
    }
    const struct result_row *widest = find(all, count, lines[l], last);
    if (widest && most > 0) bar_cell(to, 3 + arch_count, rate(widest, product) / most);
  }
  char place[128], whose[sizeof first->provider + 8] = "";
  row_place_text(place, sizeof place, first);
  if (!row_is_own(first)) snprintf(whose, sizeof whose, " of %s", first->provider);
  grid_heading(out, style, "%s %s%s by size, %s: %s; bars: %s", row_group(first), row_short_kernel(first), whose, place,
               product ? "GFLOP/s"
               : none  ? "elements/ns"
                       : "GB/s",
               last->arch);
  grid_print(&grid, out, style);
  grid_free(&grid);
}

/* Limits are those of the first row of each place; other rows of a sweep stand in its table alone. */
static bool is_limit(const struct result_row *const *all, size_t index) {
  if (strcmp(all[index]->suite, suite_names[SUITE_LIMITS]) != 0) return false;
  for (size_t i = 0; i < index; i++)
    if (same_sweep(all[i], all[index]) && same_arch(all[i], all[index]) &&
        strcmp(all[i]->residence, all[index]->residence) == 0)
      return false;
  return true;
}

void table_sizes(FILE *out, struct style style, const struct result *result, const char *suite, struct result *usual) {
  const struct result_row **all = calloc(3 * result->row_count + 1, sizeof *all);
  if (!all) return;
  const struct result_row **lines = all + result->row_count, **firsts = lines + result->row_count;
  size_t count = 0, first_count = 0;
  for (size_t i = 0; i < result->row_count; i++)
    if (row_shown(&result->rows[i], suite) && may_be_swept(&result->rows[i])) all[count++] = &result->rows[i];
  bool *const swept = calloc(count + 1, sizeof *swept);
  for (size_t i = 0; swept && i < count; i++) {
    size_t f = 0;
    while (f < first_count && !same_sweep(firsts[f], all[i])) f++;
    if (f == first_count) firsts[first_count++] = all[i];
  }
  for (size_t f = 0; swept && f < first_count; f++) {
    const size_t line_count = sweep_lines(all, count, firsts[f], lines);
    if (line_count == 0) continue;
    for (size_t i = 0; i < count; i++) swept[i] |= same_sweep(all[i], firsts[f]);
    print_sweep(out, style, all, count, lines, line_count);
  }
  for (size_t i = 0, s = 0; i < result->row_count; i++) {
    const bool candidate = s < count && all[s] == &result->rows[i];
    if (!candidate || !swept || !swept[s] || is_limit(all, s)) usual->rows[usual->row_count++] = result->rows[i];
    s += candidate;
  }
  free(swept);
  free(all);
}
