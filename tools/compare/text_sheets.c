/* The machines' limits and clocks, side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/compare/sheets.h"
#include "tools/compare/text.h"
#include "tools/compare/visible.h"

#define BLOCK 4 /* subjects beside each other */

static const char *unit_of(const struct result_limit *limit, double *scale) {
  *scale = strcmp(limit->unit, "s") == 0 ? 1e9 : 1e-9;
  if (strcmp(limit->unit, "s") == 0) return "ns";
  if (strcmp(limit->unit, "bytes/s") == 0) return "GB/s";
  if (strcmp(limit->unit, "operations/s") == 0) return "Gop/s";
  *scale = 1;
  return limit->unit;
}

static void number_cell(struct grid_row *row, size_t column, double number) {
  if (isfinite(number))
    grid_cell(row, column, number < 99.95 ? "%.3g" : "%.0f", number);
  else
    grid_cell(row, column, "-");
}

/* " x2", " all" */
static void threads_text(char text[16], int threads) { snprintf(text, 16, threads ? " x%d" : " all", threads); }

/* "avx2 x1 big node 1": what of it tells columns of the sheet apart. */
static void where_cell(struct grid_row *row, size_t column, const struct comparison *c,
                       const struct result_limit *limit, int count, struct style style, bool every_arch) {
  char text[96] = "", threads[16] = "", node[24] = "", shown[GRID_TEXT];
  const bool arch =
      c->selection.axis != AXIS_ARCH && c->selection.archs != ARCHS_FASTEST && (every_arch || !limit->residence[0]);
  if (c->selection.axis != AXIS_THREADS) threads_text(threads, count);
  if (limit->node >= 0) snprintf(node, sizeof node, " node %d", limit->node);
  snprintf(text, sizeof text, "%s%s%s%s%s", arch ? limit->arch : "", threads, *limit->cores ? " " : "", limit->cores,
           node);
  grid_cell(row, column, "%s", visible(shown, sizeof shown, text + (text[0] == ' '), true, style.markdown));
}

static void print_limits(FILE *out, struct style style, const struct comparison *c, const struct sheet *sheet,
                         size_t first, bool every_arch) {
  struct grid grid = {.headers = {"<limit", "<of", "<on", "<unit"}, .columns = 4};
  for (size_t s = first; s < c->subject_count && s < first + BLOCK; s++)
    grid.headers[grid.columns++] = c->subjects[s].label;
  for (size_t line = 0; line < sheet->limit_count; line++) {
    const struct result_limit *limit = sheet->limits[line];
    struct grid_row *row = grid_add(&grid);
    char name[GRID_TEXT], residence[GRID_TEXT], unit[GRID_TEXT];
    double scale;
    grid_cell(row, 0, "%s", visible(name, 24, limit->name, true, style.markdown));
    grid_cell(row, 1, "%s", visible(residence, sizeof residence, limit->residence, true, style.markdown));
    where_cell(row, 2, c, limit, sheet->limit_threads[line], style, every_arch);
    grid_cell(row, 3, "%s", visible(unit, sizeof unit, unit_of(limit, &scale), true, style.markdown));
    for (size_t i = 4; i < grid.columns; i++)
      number_cell(row, i, scale * sheet->limit_values[line * c->subject_count + first + i - 4]);
  }
  grid_print(&grid, out, style);
  grid_free(&grid);
}

static void print_clocks(FILE *out, struct style style, const struct comparison *c, const struct sheet *sheet,
                         size_t first) {
  struct grid grid = {.headers = {"<GHz under load of"}, .columns = 1};
  for (size_t s = first; s < c->subject_count && s < first + BLOCK; s++)
    grid.headers[grid.columns++] = c->subjects[s].label;
  for (size_t line = 0; line < sheet->clock_count; line++) {
    const struct result_clock *clock = sheet->clocks[line];
    struct grid_row *row = grid_add(&grid);
    char arch[GRID_TEXT], threads[16];
    threads_text(threads, sheet->clock_threads[line]);
    visible(arch, sizeof arch, clock->arch, true, style.markdown);
    if (c->selection.axis == AXIS_ARCH)
      grid_cell(row, 0, "%s", threads + 1);
    else if (c->selection.axis == AXIS_THREADS)
      grid_cell(row, 0, "%s", arch);
    else
      grid_cell(row, 0, "%s%s", arch, threads);
    for (size_t i = 1; i < grid.columns; i++)
      number_cell(row, i, 1e-9 * sheet->clock_values[line * c->subject_count + first + i - 1]);
  }
  grid_print(&grid, out, style);
  grid_free(&grid);
}

void text_sheets(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  struct sheet sheet = sheet_of(c, options.all);
  for (size_t first = 0; sheet.limit_count && first < c->subject_count; first += BLOCK) {
    grid_heading(out, style, "limits of the machines, measured");
    print_limits(out, style, c, &sheet, first, options.all);
  }
  for (size_t first = 0; sheet.clock_count && first < c->subject_count; first += BLOCK) {
    grid_heading(out, style, "clocks");
    print_clocks(out, style, c, &sheet, first);
  }
  sheet_free(&sheet);
}
