/* A table of text: columns as wide as what is in them, aligned for a terminal or as markdown. */
#ifndef DEPTHMARK_GRID_H
#define DEPTHMARK_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_COLUMNS 12
#define GRID_TEXT 48

enum grid_color { GRID_PLAIN, GRID_GOOD, GRID_POOR, GRID_BAD };

struct grid_row {
  char cells[GRID_COLUMNS][GRID_TEXT];
  enum grid_color color; /* of the last cell */
};

struct grid {
  const char
      *headers[GRID_COLUMNS]; /* the first that begins with '<' and the last, too, are left-aligned; else right */
  size_t columns;
  struct grid_row *rows;
  size_t count;
};

/* How tables are written. */
struct style {
  bool markdown, color;
  bool unicode; /* what reads it can show more than ASCII */
};

/* Adds a row; its cells are printed into it in the columns' order by grid_cell. Aborts when memory is out. */
struct grid_row *grid_add(struct grid *grid);
__attribute__((format(printf, 3, 4))) void grid_cell(struct grid_row *row, size_t column, const char *format, ...);

void grid_print(const struct grid *grid, FILE *out, struct style style);
void grid_free(struct grid *grid);

/* A line of its own above a table. */
__attribute__((format(printf, 3, 4))) void grid_heading(FILE *out, struct style style, const char *format, ...);

/* Text behind a label, wrapped at 80 columns: "CPU        AMD EPYC". Nothing where the text is empty. */
__attribute__((format(printf, 4, 5))) void grid_fact(FILE *out, struct style style, const char *label,
                                                     const char *format, ...);

/* Text, wrapped at 80 columns. */
__attribute__((format(printf, 3, 4))) void grid_paragraph(FILE *out, struct style style, const char *format, ...);

#endif
