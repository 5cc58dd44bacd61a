/* How our products and steps stand beside other libraries': where they lead, and where not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"
#include "harness/table_rows.h"

#define BEHIND_MOST 12 /* of an arch and number of threads */

static int by_ratio(const void *a, const void *b) {
  const double left = (*(const struct result_row *const *)a)->times_best_peer;
  const double right = (*(const struct result_row *const *)b)->times_best_peer;
  return (left > right) - (left < right);
}

/* Fills list with our rows of that suite, arch and number of threads that have a peer, the furthest behind first. */
static size_t compared(const struct result *result, const struct result_row *first, const struct result_row **list) {
  size_t count = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (row_shown(row, first->suite) && row_same_column(row, first) && row_kind(row) != ROW_ELEMENTWISE &&
        row->times_best_peer > 0)
      list[count++] = row;
  }
  qsort(list, count, sizeof *list, by_ratio);
  return count;
}

static void work_cell(struct grid_row *to, size_t column, const struct result_row *row) {
  grid_cell(to, column, "%s %s", row_short_kernel(row), row->shape);
}

static void add_standing(struct grid *grid, const struct result_row *const *rows, size_t count, size_t behind) {
  double product = 0;
  for (size_t i = 0; i < count; i++) product += log(rows[i]->times_best_peer);
  struct grid_row *to = grid_add(grid);
  grid_cell(to, 0, "%s x%d", rows[0]->arch, rows[0]->threads);
  grid_cell(to, 1, "%zu", count);
  grid_cell(to, 2, "%zu", count - behind);
  grid_cell(to, 3, "%.2f", exp(product / (double)count));
  grid_cell(to, 4, "%.2f", rows[0]->times_best_peer);
  grid_cell(to, 5, "%s", rows[0]->best_peer);
  work_cell(to, 6, rows[0]);
}

static void add_behind(struct grid *grid, const struct result_row *const *rows, size_t behind) {
  for (size_t i = 0; i < behind && i < BEHIND_MOST; i++) {
    struct grid_row *to = grid_add(grid);
    grid_cell(to, 0, "%s x%d", rows[i]->arch, rows[i]->threads);
    grid_cell(to, 1, "%.3f", rows[i]->times_best_peer);
    grid_cell(to, 2, "%s", rows[i]->best_peer);
    work_cell(to, 3, rows[i]);
  }
  if (behind <= BEHIND_MOST) return;
  struct grid_row *to = grid_add(grid);
  grid_cell(to, 0, "%s x%d", rows[0]->arch, rows[0]->threads);
  grid_cell(to, 3, "and %zu more", behind - BEHIND_MOST);
}

/* Whether the arch is the last of those supported, under which libraries stand that choose their instructions. */
static bool is_best(const char *arch, const struct machine *machine) {
  const char *last = strrchr(machine->supported, ',');
  return strcmp(last ? last + 1 : machine->supported, arch) == 0;
}

static void print_grids(FILE *out, struct style style, const char *suite, const struct grid *standing,
                        const struct grid *behind, bool other_archs) {
  if (standing->count == 0) return;
  grid_heading(out, style, "%s beside the best other library of each row, by arch x threads", suite);
  fputs("lead: rows where ours takes no longer. x best: our speed divided by the best\n"
        "other's, geometric mean; above 1 ours is ahead, rows marked < are behind. worst:\n"
        "the row furthest behind.\n",
        out);
  if (other_archs)
    fputs("Libraries that choose their own instructions stand beside this CPU's best arch\n"
          "only; others than it are held against Eigen alone.\n",
          out);
  if (style.markdown) fputc('\n', out);
  grid_print(standing, out, style);
  grid_heading(out, style, behind->count ? "where %s is behind, furthest first" : "%s is behind nowhere", suite);
  if (behind->count) grid_print(behind, out, style);
}

void table_standing(FILE *out, struct style style, const struct result *result, const char *suite) {
  struct grid standing = {.headers = {"<arch", "rows", "lead", "x best", "worst", "<against", "<at"}, .columns = 7};
  struct grid behind = {.headers = {"<arch", "x best", "<against", "<at"}, .columns = 4};
  const struct result_row **columns = calloc(2 * result->row_count + 1, sizeof *columns);
  if (!columns) return;
  const struct result_row **rows = columns + result->row_count;
  const size_t column_count = row_distinct(result, suite, columns, row_same_column);
  bool other_archs = false;
  for (size_t c = 0; c < column_count; c++) {
    const size_t count = compared(result, columns[c], rows);
    if (count == 0) continue;
    size_t losses = 0;
    while (losses < count && rows[losses]->times_best_peer < 1) losses++;
    add_standing(&standing, rows, count, losses);
    add_behind(&behind, rows, losses);
    other_archs |= !is_best(columns[c]->arch, &result->machine);
  }
  print_grids(out, style, suite, &standing, &behind, other_archs);
  grid_free(&standing);
  grid_free(&behind);
  free(columns);
}
