/* What many rows say in a few numbers. */
#ifndef DEPTHMARK_REPORT_TALLY_H
#define DEPTHMARK_REPORT_TALLY_H

#include "tools/report/view.h"

/* Of one arch on one machine, over our rows of one group of row_group(), or of all but the limits' own. */
struct tally {
  size_t rows;                                 /* that were asked for */
  size_t contested;                            /* where another arch was measured, too */
  size_t wins, certain;                        /* in the least median time of all archs; and the intervals are apart */
  struct mean speed;                           /* times scalar */
  size_t held;                                 /* against a limit */
  double median_share;                         /* of it; NAN where held is 0 */
  const struct result_row *nearest, *furthest; /* of their limits */
};

/* group: NULL for all. */
struct tally tally_of(const struct views *views, const struct view *view, const char *group, size_t arch);

/* The groups that the machine has rows of, limits left out, in order. Returns how many. */
#define TALLY_GROUPS_MOST 16
size_t tally_groups(const struct view *view, const char *groups[TALLY_GROUPS_MOST]);

/* Whether the row is of what the suites measure for its own sake: not of the machine's limits. */
bool tally_counts(const struct result_row *row);

#endif
