/* The machines' limits and clocks, side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/compare/sheets.h"
#include "tools/compare/text.h"
#include "tools/compare/visible.h"

#define LINE 80
#define HEAD 4   /* columns that name a limit */
#define NUMBER 5 /* characters of most figures */

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
    grid_cell(row, column, number < 99.95 ? "%.3g" : number < 99999.5 ? "%.0f" : "%.0e", number);
  else
    grid_cell(row, column, "-");
}

static void name_cell(struct grid_row *row, size_t column, const char *name, size_t most, struct style style) {
  char shown[GRID_TEXT];
  grid_cell(row, column, "%s", visible(shown, most + 1, name, true, style.markdown));
}

/* " x2", " all" */
static void threads_text(char text[16], int threads) { snprintf(text, 16, threads ? " x%d" : " all", threads); }

/* "avx2 x1 big node 1": what of it tells lines of the sheet apart. */
static void where_cell(struct grid_row *row, size_t column, const struct comparison *c,
                       const struct result_limit *limit, int count, struct style style, bool every_arch) {
  char text[128], threads[16] = "", node[24] = "", smt[24] = "";
  const bool arch =
      c->selection.axis != AXIS_ARCH && c->selection.archs != ARCHS_FASTEST && (every_arch || !limit->residence[0]);
  if (c->selection.axis != AXIS_THREADS) threads_text(threads, count);
  if (limit->node >= 0) snprintf(node, sizeof node, " node %d", limit->node);
  if (limit->smt > 1) snprintf(smt, sizeof smt, " smt %d", limit->smt);
  snprintf(text, sizeof text, "%s%s%s%s%s%s", arch ? limit->arch : "", threads, *limit->cores ? " " : "", limit->cores,
           smt, node);
  name_cell(row, column, text + (text[0] == ' '), 24, style);
}

/* How many columns as wide as labels and figures fit beside the head. */
static size_t columns_beside(const struct grid *grid, const struct comparison *c) {
  size_t used = 0;
  for (size_t column = 0; column < HEAD; column++) {
    size_t width = strlen(grid->headers[column]);
    for (size_t i = 0; i < grid->count; i++)
      if (strlen(grid->rows[i].cells[column]) > width) width = strlen(grid->rows[i].cells[column]);
    used += width + 1;
  }
  const size_t label = text_longest_label(c), width = 1 + (label > NUMBER ? label : NUMBER);
  const size_t fit = used < LINE ? (LINE - used) / width : 0;
  return fit < 1 ? 1 : fit < GRID_COLUMNS - HEAD ? fit : GRID_COLUMNS - HEAD;
}

static struct grid limit_heads(const struct comparison *c, const struct sheet *sheet, struct style style,
                               bool every_arch) {
  struct grid grid = {.headers = {"<limit", "<of", "<on", "<unit"}, .columns = HEAD};
  for (size_t line = 0; line < sheet->limit_count; line++) {
    const struct result_limit *limit = sheet->limits[line];
    struct grid_row *row = grid_add(&grid);
    double scale;
    name_cell(row, 0, limit->name, 20, style);
    name_cell(row, 1, limit->residence, 6, style);
    where_cell(row, 2, c, limit, sheet->limit_threads[line], style, every_arch);
    name_cell(row, 3, unit_of(limit, &scale), 12, style);
  }
  return grid;
}

static void print_limits(FILE *out, struct style style, const struct comparison *c, const struct sheet *sheet,
                         bool every_arch) {
  struct grid grid = limit_heads(c, sheet, style, every_arch);
  const size_t block = columns_beside(&grid, c);
  for (size_t first = 0; sheet->limit_count && first < c->subject_count; first += block) {
    grid.columns = HEAD;
    for (size_t s = first; s < c->subject_count && s < first + block; s++, grid.columns++) {
      grid.headers[grid.columns] = c->subjects[s].label;
      for (size_t line = 0; line < sheet->limit_count; line++) {
        double scale;
        unit_of(sheet->limits[line], &scale);
        number_cell(&grid.rows[line], grid.columns, scale * sheet->limit_values[line * c->subject_count + s]);
      }
    }
    grid_heading(out, style, "limits, measured");
    grid_print(&grid, out, style);
  }
  grid_free(&grid);
}

static void clock_cell(struct grid_row *row, const struct comparison *c, const struct result_clock *clock, int threads,
                       struct style style) {
  char text[64], count[16] = "";
  if (c->selection.axis != AXIS_THREADS) threads_text(count, threads);
  snprintf(text, sizeof text, "%s%s", c->selection.axis == AXIS_ARCH ? "" : clock->arch, count);
  name_cell(row, 0, text + (text[0] == ' '), 24, style);
}

static void print_clocks(FILE *out, struct style style, const struct comparison *c, const struct sheet *sheet) {
  const size_t block = (LINE - 25) / (1 + (text_longest_label(c) > NUMBER ? text_longest_label(c) : NUMBER));
  for (size_t first = 0; sheet->clock_count && first < c->subject_count; first += block) {
    struct grid grid = {.headers = {"<GHz under load of"}, .columns = 1};
    for (size_t s = first; s < c->subject_count && s < first + block; s++)
      grid.headers[grid.columns++] = c->subjects[s].label;
    for (size_t line = 0; line < sheet->clock_count; line++) {
      struct grid_row *row = grid_add(&grid);
      clock_cell(row, c, sheet->clocks[line], sheet->clock_threads[line], style);
      for (size_t i = 1; i < grid.columns; i++)
        number_cell(row, i, 1e-9 * sheet->clock_values[line * c->subject_count + first + i - 1]);
    }
    grid_heading(out, style, "clocks");
    grid_print(&grid, out, style);
    grid_free(&grid);
  }
}

void text_sheets(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  struct sheet sheet = sheet_of(c, options.all);
  print_limits(out, style, c, &sheet, options.all);
  print_clocks(out, style, c, &sheet);
  sheet_free(&sheet);
}
