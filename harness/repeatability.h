/* Whether figures repeat: several runs of one binary on one machine, held against each other. */
#ifndef DEPTHMARK_REPEATABILITY_H
#define DEPTHMARK_REPEATABILITY_H

#include "harness/grid.h"
#include "harness/result.h"

/* What is asked of rows: shares of pairs of runs whose 99 % intervals overlap, and of the time by which two runs'
 * medians differ. */
#define REPEAT_OVERLAP 0.98
#define REPEAT_IN_CACHE 0.02
#define REPEAT_IN_MEMORY 0.05

/* One row, over all pairs of runs that have it. */
struct repeat_row {
  const struct result_row *row; /* the first run's */
  bool memory;                  /* its data is in memory, or cold */
  size_t pairs, overlapping;
  double deviation; /* median over pairs: difference of their medians, as a share of the smaller */
  double interval;  /* median over runs: half the interval, as a share of the median */
};

/* All rows of one kind. */
struct repeat_sum {
  size_t rows, pairs, overlapping;
  double deviation, worst; /* of the rows' deviations: their median, and their 95th percentile */
  size_t beyond;           /* rows whose deviation is larger than what is asked for */
  double asked;            /* REPEAT_IN_CACHE or REPEAT_IN_MEMORY */
};

struct repeatability {
  struct repeat_row *rows; /* those that every run has and that were asked for, in the first one's order */
  size_t count, runs;
  struct repeat_sum cache, memory;
};

/* Compares runs, which must outlive it. Fails when they are fewer than two, of different commits, CPUs or programs, or
 * have no row in common. */
bool repeatability_of(struct repeatability *r, const struct result *runs, size_t count, struct error *error);
void repeatability_free(struct repeatability *r);

/* Whether both kinds of rows, where there are any, overlap as often and deviate as little as is asked for. */
bool repeatability_met(const struct repeatability *r);

enum repeat_format { REPEAT_TABLE, REPEAT_MARKDOWN, REPEAT_CSV, REPEAT_JSON, REPEAT_FORMATS };
extern const char *const repeat_format_names[REPEAT_FORMATS];
bool repeatability_print(const struct repeatability *r, enum repeat_format format, FILE *out);

#endif
