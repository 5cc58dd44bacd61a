/* The picture of a plot before it is printed: what stands where. A part of plot.c, of no use to others. */
#ifndef DEPTHMARK_PLOT_PICTURE_H
#define DEPTHMARK_PLOT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/plot.h"

#define PLOT_LINE 80
#define PLOT_ROWS 18 /* all that single precision has, five decades a row */

enum { OWNER_NONE = -1, OWNER_SEVERAL = -2 };

/* Where a value is. */
enum place { PLACE_NOWHERE, PLACE_ZERO, PLACE_INSIDE, PLACE_INFINITE };

/* Which dots of a character are set: bit i is dot i + 1 of a braille character; plain ones have the first alone. */
typedef uint8_t dots[PLOT_ROWS][PLOT_LINE];

struct picture {
  const struct plot *plot;
  size_t dots_across, dots_up; /* in one character */
  size_t columns, rows, label;
  double first, last;       /* x */
  bool whole;               /* all x are whole numbers */
  double origin, scale;     /* x of the first dot, dots per unit */
  double decades;           /* per row */
  long bottom;              /* the lowest row stands for bottom * decades */
  long tick;                /* rows from one label to the next */
  size_t zeros, infinities; /* how many there are of them */
  dots measured[PLOT_SERIES], theory[PLOT_SERIES];
  bool zero[PLOT_SERIES][PLOT_LINE], infinite[PLOT_SERIES][PLOT_LINE];
  int owner[PLOT_ROWS][PLOT_LINE];   /* whose letter or colour a character has */
  char letter[PLOT_ROWS][PLOT_LINE]; /* text instead of dots; 0: none */
  char level[PLOT_ROWS][PLOT_LINE];  /* the floors and their names; 0: none */
  bool unnamed[PLOT_FLOORS];         /* floors whose names have no room */
};

/* Of a y, which is a logarithm. */
enum place plot_place(const struct plot *plot, double y);

/* Draws the plot; false if it has no finite value. */
bool picture_draw(struct picture *picture, const struct plot *plot);

/* The column of characters that x is in. */
size_t picture_column(const struct picture *picture, double x);

/* The label of a row, counted from the one that stands for 1; false where a row has none. */
bool picture_label(char text[static 24], const struct picture *picture, long row);

/* Of a series. */
static inline char picture_letter(size_t series) { return (char)('A' + series); }

#endif
