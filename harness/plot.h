/* A line plot for the terminal: logarithms by layer, at most 80 columns wide and about 16 lines high. Where there are
 * more layers than columns, a column shows all between the least and the greatest of its layers; where there are fewer,
 * they are spread. */
#ifndef DEPTHMARK_PLOT_H
#define DEPTHMARK_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/grid.h"

#define PLOT_SERIES 6
#define PLOT_FLOORS 6

/* A curve and, dotted, what theory says of it. Its letter is A for the first series, B for the second, ... */
struct plot_series {
  const char *name; /* ASCII */
  size_t count;
  const double *x; /* count of them, finite and ascending */
  const double *y; /* log10 of the values; NAN: no value, a gap; -INFINITY: the value is 0; INFINITY: it overflowed */
  const double *theory; /* at the same x; NULL: there is none */
};

/* A level that means something, such as the smallest normal float. It is drawn where it lies in the picture or within a
 * quarter of the data's range of it. */
struct plot_floor {
  const char *name; /* ASCII */
  double y;         /* log10 */
};

struct plot {
  const char *y_name;     /* what is drawn, ASCII */
  const char *x_name;     /* at most 10 letters: layer */
  double lowest, highest; /* log10: what is below counts as 0, what is above as infinite; both 0: -9999 and 9999 */
  const struct plot_series *series;
  size_t series_count; /* at most PLOT_SERIES */
  const struct plot_floor *floors;
  size_t floor_count; /* at most PLOT_FLOORS */
  bool unicode;       /* lines of braille dots, 2 x 4 a character; else letters */
};

/* The picture with its legend. A sentence instead if no value is finite and above 0. */
void plot_print(const struct plot *plot, FILE *out, struct style style);

#endif
