#include "tools/compare/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/table_rows.h"
#include "tools/compare/visible.h"

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
  char arch[24];
  snprintf(text, TEXT_WORK, "%s x%d", visible(arch, sizeof arch, row->arch, true, style.markdown), row->threads);
}

void text_factor(struct grid_row *row, size_t column, double factor) {
  if (!isfinite(factor))
    grid_cell(row, column, "-");
  else if (factor >= 99.95 || (factor > 0 && factor < 0.0005))
    grid_cell(row, column, "%.3g", factor);
  else
    grid_cell(row, column, "%.*f", factor < 9.995 ? 3 - (factor >= 1.9995) : 1, factor);
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
