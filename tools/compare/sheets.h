/* What is measured of machines rather than of kernels, aligned: limits and clocks. */
#ifndef DEPTHMARK_COMPARE_SHEETS_H
#define DEPTHMARK_COMPARE_SHEETS_H

#include "tools/compare/compare.h"

/* Each line stands for the same limit, or clock, of all subjects; the first that has it names it. Values are line x
 * subject, in the line's unit and in hertz; NAN where there is none. */
struct sheet {
  const struct result_limit **limits;
  int *limit_threads; /* 0: all that each file was measured on */
  double *limit_values;
  size_t limit_count;
  const struct result_clock **clocks;
  int *clock_threads; /* likewise */
  double *clock_values;
  size_t clock_count;
};

/* Lines that at least two subjects have; none where limits were not chosen. Not every line:
 * limits of memory for the arch that does best in each, all others on one thread where that was measured. */
struct sheet sheet_of(const struct comparison *c, bool every);
void sheet_free(struct sheet *sheet);

#endif
