#include "harness/resume.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/gradient_cell.h"
#include "harness/journal.h"

static int by_name(const void *a, const void *b) {
  char first[ROW_NAME], second[ROW_NAME];
  gradient_cell_name(first, sizeof first, *(struct gradient_cell *const *)a);
  gradient_cell_name(second, sizeof second, *(struct gradient_cell *const *)b);
  return strcmp(first, second);
}

static bool read_result(struct resume *resume, const char *path, const struct result *result, struct error *error) {
  if (access(path, F_OK) != 0) return true;
  if (!result_read(&resume->cells, path, error)) return false;
  if (resume->cells.cell_count == 0 || journal_same_run(&resume->cells, result, path, error)) return true;
  result_free(&resume->cells);
  return false;
}

bool resume_load(struct resume *resume, const char *path, const struct result *result, struct error *error) {
  *resume = (struct resume){0};
  result_init(&resume->cells);
  if (!read_result(resume, path, result, error)) return false;
  if (!journal_read(path, result, &resume->cells, error)) {
    resume_free(resume);
    return false;
  }
  const size_t count = resume->cells.cell_count;
  resume->by_name = malloc((count + 1) * sizeof *resume->by_name);
  if (!resume->by_name) abort();
  for (size_t i = 0; i < count; i++) resume->by_name[i] = &resume->cells.cells[i];
  qsort(resume->by_name, count, sizeof *resume->by_name, by_name);
  return true;
}

void resume_free(struct resume *resume) {
  result_free(&resume->cells);
  free(resume->by_name);
  *resume = (struct resume){0};
}

struct gradient_cell *resume_find(const struct resume *resume, const struct gradient_cell *cell) {
  const struct gradient_cell *const key = cell;
  struct gradient_cell *const *found =
      resume->by_name ? bsearch(&key, resume->by_name, resume->cells.cell_count, sizeof *resume->by_name, by_name)
                      : NULL;
  return found && gradient_cell_same(*found, cell) ? *found : NULL;
}
