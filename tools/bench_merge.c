/* bench-merge: the results of several parts of a gradient grid as one. */
#include <stdlib.h>
#include <string.h>

#include "harness/cell_json.h"
#include "harness/gradient_cell.h"
#include "harness/journal.h"
#include "harness/result.h"

static const char usage[] =
    "Usage: bench-merge -o MERGED.json RESULT.json...\n"
    "\n"
    "Joins result files of bench that are parts of one gradient grid, such as those\n"
    "of --shard=1/3, 2/3 and 3/3, run on one machine or several. Cells come in the\n"
    "order of the grid; the same cell in two files must have the same figures. All\n"
    "files must be of the same seed, generator and commit. What else is in a file\n"
    "(rows, accuracies, the machine) is taken from the first.\n"
    "\n"
    "Exit status: 0 merged; 1 the merged file could not be written; 2 bad usage, or\n"
    "files that do not go together.\n";

static int fail(const struct error *error, int status) {
  fprintf(stderr, "bench-merge: %s\n", error->text);
  return status;
}

static int by_networks(const void *a, const void *b) {
  const struct gradient_cell *x = a, *y = b;
  const int order = gradient_cell_order(x, y);
  return order != 0 ? order : !x->histograms - !y->histograms;
}

/* Whether two cells of the same networks, the second with histograms only if the first has them, show the same. */
static bool same_figures(const struct gradient_cell *with, const struct gradient_cell *without) {
  struct gradient_cell first = *with;
  if (!without->histograms) first.histograms = NULL;
  json_t *one = cell_to_json(&first), *other = cell_to_json(without);
  if (!one || !other) abort();
  const bool same = json_equal(one, other);
  json_decref(one);
  json_decref(other);
  return same;
}

/* Moves the cells of `part`. */
static bool add_part(struct result *merged, struct result *part, const char *path, struct error *error) {
  if (!journal_same_run(part, merged, path, error)) return false;
  if (part->cell_count == 0) return error_set(error, "%s has no gradient cells", path);
  merged->interrupted |= part->interrupted;
  for (size_t i = 0; i < part->cell_count; i++) {
    result_add_cell(merged, &part->cells[i]);
    gradient_cell_forget(&part->cells[i]);
  }
  return true;
}

/* Keeps one of each cell. */
static bool drop_repetitions(struct result *merged, struct error *error) {
  size_t count = 0;
  qsort(merged->cells, merged->cell_count, sizeof *merged->cells, by_networks);
  for (size_t i = 0; i < merged->cell_count; i++) {
    struct gradient_cell *cell = &merged->cells[i], *last = count ? &merged->cells[count - 1] : NULL;
    char name[ROW_NAME];
    gradient_cell_name(name, sizeof name, cell);
    if (!last || gradient_cell_order(last, cell) != 0) {
      const struct gradient_cell kept = *cell;
      gradient_cell_forget(cell);
      merged->cells[count++] = kept;
    } else if (last->index != cell->index) {
      return error_set(error, "%s has two places: these files are parts of different grids", name);
    } else if (!same_figures(last, cell)) {
      return error_set(error, "%s has different figures in two files", name);
    } else {
      gradient_cell_free(cell);
    }
  }
  merged->cell_count = count;
  return true;
}

/* Whether cells, in their order, can be of one grid: it has a place for each, and the same networks' input for all. */
static bool check_grid(const struct result *merged, struct error *error) {
  const struct gradient_cell *first = &merged->cells[0];
  for (size_t i = 1; i < merged->cell_count; i++) {
    const struct gradient_cell *cell = &merged->cells[i], *last = cell - 1;
    char name[ROW_NAME], other[ROW_NAME];
    gradient_cell_name(name, sizeof name, cell);
    gradient_cell_name(other, sizeof other, last);
    if (cell->batch != first->batch || cell->seeds != first->seeds || strcmp(cell->data, first->data) != 0)
      return error_set(error,
                       "%s has %zu seeds and a batch of %zu, %s data, another cell %zu, %zu and %s: these files are "
                       "parts of different grids",
                       name, cell->seeds, cell->batch, cell->data, first->seeds, first->batch, first->data);
    if (cell->index != last->index) continue;
    if (strcmp(name, other) == 0)
      return error_set(error, "%s was measured on %s and on %s; leave one out", name, last->arch, cell->arch);
    return error_set(error, "%s and %s have the same place: these files are parts of different grids", other, name);
  }
  return true;
}

static bool join(struct result *merged, struct error *error) {
  if (!drop_repetitions(merged, error)) return false;
  result_sort_cells(merged);
  return check_grid(merged, error);
}

static void report(const struct result *merged, const char *path, int parts) {
  const size_t count = merged->cell_count, last = count ? merged->cells[count - 1].index : 0;
  printf("%s: %zu cells of %d files", path, count, parts);
  if (count && last + 1 != count) printf(", %zu of the first %zu missing", last + 1 - count, last + 1);
  putchar('\n');
}

/* Adds to the first file's result, already read, those of the others. */
static bool merge(struct result *merged, char **paths, int count, struct error *error) {
  if (merged->cell_count == 0) return error_set(error, "%s has no gradient cells", paths[0]);
  for (int i = 1; i < count; i++) {
    struct result part;
    if (!result_read(&part, paths[i], error)) return false;
    const bool fine = add_part(merged, &part, paths[i], error);
    result_free(&part);
    if (!fine) return false;
  }
  return join(merged, error);
}

int main(int argc, char **argv) {
  struct result merged;
  struct error error;
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(usage, stdout) < 0;
  if (argc < 4 || strcmp(argv[1], "-o") != 0) {
    fputs(usage, stderr);
    return 2;
  }
  if (!result_read(&merged, argv[3], &error)) return fail(&error, 2);
  int status = 0;
  if (!merge(&merged, argv + 3, argc - 3, &error))
    status = fail(&error, 2);
  else if (!result_write(&merged, argv[2], &error))
    status = fail(&error, 1);
  else
    report(&merged, argv[2], argc - 3);
  result_free(&merged);
  return status;
}
