#include "harness/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const verdict_names[] = {"vanishing", "stable", "exploding", "overflow", "underflow"};
const char *const fault_names[FAULT_COUNT] = {"",       "z",     "n", "h", "loss", "delta", "dw",  "db",
                                              "dgamma", "dbeta", "v", "w", "b",    "gamma", "beta"};
const char *const learning_verdict_names[] = {"learns", "begins", "at chance", "unstable", "diverges"};

void result_init(struct result *result) { memset(result, 0, sizeof *result); }

void gradient_cell_free(struct gradient_cell *cell) {
  free(cell->layers);
  free(cell->layers_theory);
  free(cell->histograms);
  gradient_cell_forget(cell);
}

void gradient_cell_forget(struct gradient_cell *cell) {
  cell->layers = NULL, cell->layers_theory = NULL, cell->histograms = NULL;
}

void learning_run_free(struct learning_run *run) {
  free(run->history);
  free(run->records);
  free(run->layers);
  run->history = NULL, run->records = NULL, run->layers = NULL;
}

void result_free(struct result *result) {
  for (size_t i = 0; i < result->cell_count; i++) gradient_cell_free(&result->cells[i]);
  for (size_t i = 0; i < result->learning_count; i++) learning_run_free(&result->learning[i]);
  free(result->limits);
  free(result->rows);
  free(result->accuracies);
  free(result->cells);
  free(result->learning);
  free(result->clocks);
  free(result->predictions);
  result_init(result);
}

/* The array with room for one more element. Lists are short, so that growing at powers of two needs no capacity. */
static void *grown(void *array, size_t count, size_t size) {
  if (count & (count - 1)) return array;
  void *larger = realloc(array, (count ? 2 * count : 1) * size);
  if (!larger) {
    fputs("bench: out of memory\n", stderr);
    abort();
  }
  return larger;
}

struct result_row *result_add_row(struct result *result, const struct result_row *row) {
  result->rows = grown(result->rows, result->row_count, sizeof *row);
  struct result_row *added = &result->rows[result->row_count++];
  *added = *row;
  return added;
}

struct gradient_cell *result_add_cell(struct result *result, const struct gradient_cell *cell) {
  result->cells = grown(result->cells, result->cell_count, sizeof *cell);
  struct gradient_cell *added = &result->cells[result->cell_count++];
  *added = *cell;
  return added;
}

struct learning_run *result_add_learning(struct result *result, const struct learning_run *run) {
  result->learning = grown(result->learning, result->learning_count, sizeof *run);
  struct learning_run *added = &result->learning[result->learning_count++];
  *added = *run;
  return added;
}

static int by_index(const void *a, const void *b) {
  const struct gradient_cell *x = a, *y = b;
  return x->index < y->index ? -1 : x->index > y->index;
}

void result_sort_cells(struct result *result) {
  if (result->cell_count) qsort(result->cells, result->cell_count, sizeof *result->cells, by_index);
}

void result_add_accuracy(struct result *result, const struct result_accuracy *accuracy) {
  result->accuracies = grown(result->accuracies, result->accuracy_count, sizeof *accuracy);
  result->accuracies[result->accuracy_count++] = *accuracy;
}

void result_add_limit(struct result *result, const struct result_limit *limit) {
  result->limits = grown(result->limits, result->limit_count, sizeof *limit);
  result->limits[result->limit_count++] = *limit;
}

void result_add_clock(struct result *result, const struct result_clock *clock) {
  result->clocks = grown(result->clocks, result->clock_count, sizeof *clock);
  result->clocks[result->clock_count++] = *clock;
}

void result_add_prediction(struct result *result, const struct result_prediction *prediction) {
  result->predictions = grown(result->predictions, result->prediction_count, sizeof *prediction);
  result->predictions[result->prediction_count++] = *prediction;
}

bool result_has_phases(const struct result_row *row) { return row->phases.forward > 0; }

const struct result_accuracy *result_accuracy_of(const struct result *result, const struct result_row *row) {
  for (size_t i = 0; i < result->accuracy_count; i++) {
    const struct result_accuracy *accuracy = &result->accuracies[i];
    if (strcmp(accuracy->kernel, row->kernel) == 0 && strcmp(accuracy->arch, row->arch) == 0 &&
        strcmp(accuracy->provider, row->provider) == 0)
      return accuracy;
  }
  return NULL;
}
