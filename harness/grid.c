#include "harness/grid.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LINE 80
#define LABEL 11

struct grid_row *grid_add(struct grid *grid) {
  grid->rows = realloc(grid->rows, (grid->count + 1) * sizeof *grid->rows);
  if (!grid->rows) abort();
  grid->rows[grid->count] = (struct grid_row){0};
  return &grid->rows[grid->count++];
}

void grid_cell(struct grid_row *row, size_t column, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(row->cells[column], sizeof row->cells[column], format, arguments);
  va_end(arguments);
}

void grid_free(struct grid *grid) {
  free(grid->rows);
  *grid = (struct grid){0};
}

static bool left(const struct grid *grid, size_t column) { return grid->headers[column][0] == '<'; }
static const char *header(const struct grid *grid, size_t column) { return grid->headers[column] + left(grid, column); }

static int width(const struct grid *grid, size_t column) {
  size_t most = strlen(header(grid, column));
  for (size_t i = 0; i < grid->count; i++)
    if (strlen(grid->rows[i].cells[column]) > most) most = strlen(grid->rows[i].cells[column]);
  return (int)most;
}

static const char *color_code(enum grid_color color) {
  switch (color) {
  case GRID_GOOD: return "\033[32m";
  case GRID_POOR: return "\033[33m";
  case GRID_BAD: return "\033[31m";
  default: return "";
  }
}

/* No spaces after the last cell with text. */
static void print_plain(const struct grid *grid, const struct grid_row *row, const int *widths, FILE *out,
                        struct style style) {
  size_t end = grid->columns;
  while (row && end > 0 && row->cells[end - 1][0] == '\0') end--;
  for (size_t c = 0; c < end; c++) {
    const char *text = row ? row->cells[c] : header(grid, c);
    const char *color = row && c + 1 == grid->columns && style.color ? color_code(row->color) : "";
    const int padded = left(grid, c) ? (c + 1 == end ? 0 : -widths[c]) : widths[c];
    fprintf(out, "%s%s%*s%s", c ? " " : "", color, padded, text, *color ? "\033[0m" : "");
  }
  fputc('\n', out);
}

static void print_markdown(const struct grid *grid, FILE *out) {
  for (size_t c = 0; c < grid->columns; c++) fprintf(out, "| %s ", header(grid, c));
  fputs("|\n", out);
  for (size_t c = 0; c < grid->columns; c++) fputs(left(grid, c) ? "| --- " : "| ---: ", out);
  fputs("|\n", out);
  for (size_t i = 0; i < grid->count; i++) {
    for (size_t c = 0; c < grid->columns; c++) fprintf(out, "| %s ", grid->rows[i].cells[c]);
    fputs("|\n", out);
  }
  fputc('\n', out);
}

void grid_print(const struct grid *grid, FILE *out, struct style style) {
  int widths[GRID_COLUMNS];
  if (style.markdown) {
    print_markdown(grid, out);
    return;
  }
  for (size_t c = 0; c < grid->columns; c++) widths[c] = width(grid, c);
  print_plain(grid, NULL, widths, out, style);
  for (size_t i = 0; i < grid->count; i++) print_plain(grid, &grid->rows[i], widths, out, style);
}

void grid_heading(FILE *out, struct style style, const char *format, ...) {
  va_list arguments;
  fputs(style.markdown ? "### " : style.color ? "\n\033[1m" : "\n", out);
  va_start(arguments, format);
  vfprintf(out, format, arguments);
  va_end(arguments);
  fputs(style.markdown ? "\n\n" : style.color ? "\033[0m\n" : "\n", out);
}

/* Words from `column` on, wrapped at LINE behind `indent` blanks. */
static void wrap(FILE *out, char *text, int column, int indent) {
  for (char *word; (word = strsep(&text, " ")) != NULL;) {
    const int length = (int)strlen(word);
    if (column > indent && column + 1 + length > LINE) column = fprintf(out, "\n%*s", indent, "") - 1;
    column += fprintf(out, "%s%s", column > indent ? " " : "", word);
  }
  fputc('\n', out);
}

void grid_fact(FILE *out, struct style style, const char *label, const char *format, ...) {
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (text[0] == '\0') return;
  if (style.markdown)
    fprintf(out, "- %s: %s\n", label, text);
  else
    wrap(out, text, fprintf(out, "%-*s", LABEL, label), LABEL);
}

void grid_paragraph(FILE *out, struct style style, const char *format, ...) {
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (style.markdown)
    fprintf(out, "%s\n\n", text);
  else
    wrap(out, text, 0, 0);
}
