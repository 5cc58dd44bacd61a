#include "tools/compare/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/table_rows.h"
#include "tools/compare/visible.h"

#define LINE 80
#define ARCH 9 /* characters of an arch */

void text_work(char text[TEXT_WORK], const struct result_row *row, struct style style) {
  const enum row_kind kind = row_kind(row);
  const bool layer = kind == ROW_PRODUCT || kind == ROW_BF16_PRODUCT;
  char whole[256];
  snprintf(whole, sizeof whole, "%s%s%s%s%s%s%s%s%s%s%s%s",
           kind == ROW_BF16_PRODUCT ? "bf16 "
           : layer                  ? "dense "
                                    : "",
           layer ? row_short_kernel(row) : row->kernel, *row->shape ? " " : "", row->shape,
           kind == ROW_ELEMENTWISE && *row->residence ? " " : "", kind == ROW_ELEMENTWISE ? row->residence : "",
           row_is_own(row) ? "" : " ", row_is_own(row) ? "" : row->provider, *row->cores ? " " : "", row->cores,
           row->smt > 1 ? " smt" : "", strcmp(row->cache, "cold") == 0 ? " cold" : "");
  visible(text, TEXT_WORK, whole, true, style.markdown);
}

void text_column(char text[TEXT_WORK], const struct result_row *row, struct style style) {
  char arch[ARCH];
  snprintf(text, TEXT_WORK, "%s x%d", visible(arch, sizeof arch, row->arch, true, style.markdown), row->threads);
}

void text_factor(struct grid_row *row, size_t column, double factor) {
  if (!isfinite(factor))
    grid_cell(row, column, "-");
  else if (factor >= 999.5 || (factor > 0 && factor < 0.0005))
    grid_cell(row, column, "%.0e", factor);
  else
    grid_cell(row, column, "%.*f", factor < 9.9995 ? 3 : factor < 99.95 ? 1 : 0, factor);
}

void text_fit(struct grid *grid, struct style style) {
  size_t used = 0;
  if (style.markdown) return;
  for (size_t c = 0; c + 1 < grid->columns; c++) {
    size_t width = strlen(grid->headers[c]);
    for (size_t i = 0; i < grid->count; i++)
      if (strlen(grid->rows[i].cells[c]) > width) width = strlen(grid->rows[i].cells[c]);
    used += width + 1;
  }
  for (size_t i = 0; i < grid->count; i++) {
    char *cell = grid->rows[i].cells[grid->columns - 1];
    if (used + strlen(cell) > LINE && used + 2 <= LINE) strcpy(cell + (LINE - used - 2), "..");
  }
}

size_t text_longest_label(const struct comparison *c) {
  size_t longest = 0;
  for (size_t s = 0; s < c->subject_count; s++)
    if (strlen(c->subjects[s].label) > longest) longest = strlen(c->subjects[s].label);
  return longest;
}

size_t text_shown(size_t count, size_t most, struct text_options options) {
  return options.all || count <= most ? count : most;
}

void text_more(FILE *out, struct style style, size_t count, size_t shown) {
  if (count > shown) grid_paragraph(out, style, "and %zu more; --all shows them", count - shown);
}

void text_comparison(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  text_head(out, style, c, options);
  text_runs(out, style, c, options);
  text_families(out, style, c);
  text_extremes(out, style, c, options);
  text_sheets(out, style, c, options);
  text_accuracies(out, style, c, options);
  text_cells(out, style, c, options);
  text_learning(out, style, c, options);
}
