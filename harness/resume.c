#include "harness/resume.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/gradient_cell.h"
#include "harness/journal.h"

/* Of the same networks, a cell with histograms comes first. */
static int by_networks(const void *a, const void *b) {
  const struct gradient_cell *x = *(struct gradient_cell *const *)a, *y = *(struct gradient_cell *const *)b;
  const int order = gradient_cell_order(x, y);
  return order != 0 ? order : !x->histograms - !y->histograms;
}

static bool read_result(struct resume *resume, const char *path, const struct result *result, struct error *error) {
  if (access(path, F_OK) != 0) return true;
  if (!result_read(&resume->cells, path, error)) return false;
  if (resume->cells.cell_count == 0 || journal_same_run(&resume->cells, result, path, error)) return true;
  result_free(&resume->cells);
  return false;
}

static void sort(struct resume *resume) {
  const size_t count = resume->cells.cell_count;
  resume->sorted = malloc((count + 1) * sizeof *resume->sorted);
  if (!resume->sorted) abort();
  for (size_t i = 0; i < count; i++) resume->sorted[i] = &resume->cells.cells[i];
  qsort(resume->sorted, count, sizeof *resume->sorted, by_networks);
  for (size_t i = 0; i < count; i++)
    if (i == 0 || gradient_cell_order(resume->sorted[i - 1], resume->sorted[i]) != 0)
      resume->sorted[resume->count++] = resume->sorted[i];
}

bool resume_load(struct resume *resume, const char *path, const struct result *result, struct error *error) {
  *resume = (struct resume){0};
  result_init(&resume->cells);
  if (!read_result(resume, path, result, error)) return false;
  if (!journal_read(path, result, &resume->cells, error)) {
    resume_free(resume);
    return false;
  }
  sort(resume);
  return true;
}

void resume_free(struct resume *resume) {
  result_free(&resume->cells);
  free(resume->sorted);
  *resume = (struct resume){0};
}

struct gradient_cell *resume_find(const struct resume *resume, const struct gradient_cell *cell) {
  size_t from = 0, end = resume->count;
  while (from < end) {
    const size_t middle = from + (end - from) / 2;
    const int order = gradient_cell_order(resume->sorted[middle], cell);
    if (order == 0) return resume->sorted[middle];
    if (order < 0)
      from = middle + 1;
    else
      end = middle;
  }
  return NULL;
}

void resume_give_rest(const struct resume *resume, struct result *result) {
  for (size_t i = 0; i < result->cell_count; i++) {
    struct gradient_cell *found = resume_find(resume, &result->cells[i]);
    if (found) gradient_cell_free(found);
  }
  for (size_t i = 0; i < resume->count; i++) {
    if (!resume->sorted[i]->layers) continue;
    result_add_cell(result, resume->sorted[i]);
    gradient_cell_forget(resume->sorted[i]);
  }
  result_sort_cells(result);
}
