/* Predictions held against what bench has measured. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table_rows.h"
#include "tools/predict_table.h"

/* Core cycles that one thread takes for one of the prediction's elements in that row. */
static double row_cycles(const struct result *result, const struct result_row *row, bool is_tile) {
  const double hertz = row->core_hertz > 0 ? row->core_hertz : result->machine.core_hertz;
  if (!is_tile && row->cycles_per_item > 0) return row->cycles_per_item;
  const double elements = is_tile ? row->flops / 2 : row->items;
  if (!(hertz > 0) || !(elements > 0)) return NAN;
  return row->time.median * 1e-9 * hertz * row->threads / elements;
}

/* A tile's best dense layer is nearest to its loop; other kernels have one row in each cache. */
double measured_cycles(const struct result *result, const struct prediction *prediction, const char **residence) {
  const bool is_tile = strncmp(prediction->kernel, TILE_FUNCTION, strlen(TILE_FUNCTION)) == 0;
  double cycles = NAN;
  *residence = "";
  for (size_t i = 0; result && i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (strcmp(row->arch, prediction->arch) != 0 || row->threads != 1 || !row_is_own(row)) continue;
    if (strcmp(row->cache, "cold") == 0) continue;
    if (strcmp(row->kernel, is_tile ? "dense_forward" : prediction->kernel) != 0) continue;
    const double of_row = row_cycles(result, row, is_tile);
    if (is_tile) {
      if (!(cycles <= of_row)) cycles = of_row;
      continue;
    }
    const bool in_l1 = strcmp(row->residence, "L1") == 0;
    if (!in_l1 && strcmp(row->residence, "L2") != 0 && row->residence[0]) continue;
    if (!isnan(cycles) && !in_l1) continue;
    cycles = of_row;
    *residence = row->residence;
  }
  return cycles;
}

static int by_size(const void *a, const void *b) {
  const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
  return (x > y) - (x < y);
}

double *prediction_errors(const struct report *report, const char *arch, const char *model, bool in_l2, size_t *count) {
  double *errors = malloc((report->count + 1) * sizeof *errors), share;
  char binds[64];
  const char *text;
  if (!errors) abort();
  *count = 0;
  for (size_t i = 0; i < report->count; i++) {
    const struct prediction *prediction = &report->predictions[i];
    if (strcmp(prediction->arch, arch) != 0) continue;
    const double measured = measured_cycles(report->result, prediction, &text);
    if (in_l2 != (strcmp(text, "L2") == 0)) continue;
    const double cycles = prediction_cycles(report->facts, prediction, model, binds, sizeof binds, &share, &text);
    if (measured > 0 && cycles > 0) errors[(*count)++] = 100 * (cycles / measured - 1);
  }
  qsort(errors, *count, sizeof *errors, by_size);
  return errors;
}
