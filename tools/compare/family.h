/* Rows that belong together, and what they say as one: geometric means. */
#ifndef DEPTHMARK_COMPARE_FAMILY_H
#define DEPTHMARK_COMPARE_FAMILY_H

#include "tools/compare/compare.h"

#define FAMILY_NAME 40

/* The suite and the kind of kernel: "activation forward", "dense backward_data", "limits memory"; of another library,
 * "peer openblas". */
void family_name(char name[FAMILY_NAME], const struct result_row *row);

enum grouping {
  GROUP_FAMILY,
  GROUP_COLUMN,    /* our rows but limits, by arch and threads: "avx2 x1" */
  GROUP_RESIDENCE, /* our elementwise rows but limits, by where the data lies, and products and steps: "L2", "layers" */
  GROUP_ALL        /* our rows but limits: "all but limits" */
};

/* The group that a line is in; "" for none. */
void group_name(char name[FAMILY_NAME], enum grouping grouping, const struct comparison *c, size_t line);

/* The names of a grouping's groups, in the order in which they occur. */
struct groups {
  char (*names)[FAMILY_NAME];
  size_t count;
};
struct groups groups_of(const struct comparison *c, enum grouping grouping);
void groups_free(struct groups *groups);

enum metric {
  METRIC_SPEED,     /* a subject's speed divided by the base's */
  METRIC_PER_CLOCK, /* the same per cycle of each one's cores */
  METRIC_LIMIT,     /* the share of its own limit that a subject reaches */
  METRIC_SCALING,   /* speed on most threads, divided by that on one and by the number of threads */
  METRIC_COUNT
};
extern const char *const metric_names[METRIC_COUNT]; /* "speed", "per_clock", "of_limit", "scaling" */

/* The geometric mean of a group's lines for each subject, NAN where there is none, into means; over lines on which
 * every subject that has the figure in this group at all has it, so that all means are of the same lines. Returns how
 * many those are. least and most, where not NULL, get the extremes of the lines for each subject. */
size_t group_means(const struct comparison *c, enum grouping grouping, const char *group, enum metric metric,
                   double *means, double *least, double *most);

/* A subject's figure on one line; NAN where it has none. Of speed and per clock it is the time that one unit of work
 * takes, in ns and cycles. */
double line_figure(const struct comparison *c, size_t line, size_t subject, enum metric metric);

#endif
