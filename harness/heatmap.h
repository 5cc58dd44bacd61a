/* A heat map for the terminal: rows x columns of letters, on coloured ground where the style has colours, at most 80
 * columns wide; what does not fit goes into further blocks of columns. As markdown, one table. */
#ifndef DEPTHMARK_HEATMAP_H
#define DEPTHMARK_HEATMAP_H

#include <stddef.h>
#include <stdio.h>

#include "harness/grid.h"

/* From blue over grey to red. */
enum heat {
  HEAT_NONE, /* no colour */
  HEAT_COLDEST,
  HEAT_COLDER,
  HEAT_COLD,
  HEAT_COOL,
  HEAT_LEVEL,
  HEAT_WARM,
  HEAT_HOT,
  HEAT_HOTTER,
  HEAT_HOTTEST,
};

/* Values from `from` on, up to the next class's. */
struct heatmap_class {
  char letter;
  enum heat heat;
  double from;         /* ascending; not looked at in the first class, which has all that is less than the second's */
  const char *meaning; /* for the key, beside the numbers; NULL: these are enough */
};

/* What is no number. */
struct heatmap_mark {
  char letter;
  enum heat heat;
  const char *meaning;
};

struct heatmap_cell {
  double value; /* NAN: there is none, '-' */
  char mark;    /* the letter of a mark that stands instead of the value; 0: none */
};

struct heatmap {
  const char *rows_name; /* what the rows are: initializer */
  const char *value;     /* what the values are, for the key: ln of the gradient's change per layer */
  size_t row_count, column_count;
  const char *const *rows, *const *columns; /* their names, ASCII */
  const struct heatmap_cell *cells;         /* row by row */
  const struct heatmap_class *classes;
  size_t class_count; /* at least 1 */
  const struct heatmap_mark *marks;
  size_t mark_count;
};

/* The map with a key of all classes and of the marks in it. A sentence instead if no cell has a value or a mark. */
void heatmap_print(const struct heatmap *map, FILE *out, struct style style);

#endif
