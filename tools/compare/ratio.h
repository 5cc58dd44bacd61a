/* How two rows of the same work compare. */
#ifndef DEPTHMARK_COMPARE_RATIO_H
#define DEPTHMARK_COMPARE_RATIO_H

#include "harness/result.h"

/* What a row's time is divided by: operations or bytes of a limit, elements or samples of all else. */
double row_amount(const struct result_row *row);

/* Whether it has a time, and an amount to divide it by. */
bool row_usable(const struct result_row *row);

/* Nanoseconds for one unit of row_amount(). */
double row_pace(const struct result_row *row);

/* A speed divided by another, and an interval for that. */
struct ratio {
  double value, low, high;
};

/* The speed of row divided by that of base, from their medians. The interval goes from the lowest to the highest ratio
 * of what is in both 99 % intervals: it holds the true one with at least 98 % (Bonferroni), as far as each run's
 * samples show how much times vary. */
struct ratio ratio_of(const struct result_row *base, const struct result_row *row);

enum outcome { OUTCOME_SLOWER, OUTCOME_FASTER, OUTCOME_SAME, OUTCOME_UNCLEAR, OUTCOME_COUNT };
extern const char *const outcome_names[OUTCOME_COUNT];

/* Of two runs on one machine. Slower and faster: the interval leaves out 1, and the ratio differs from it by the share
 * `threshold` or more. Same: all of the interval is nearer than that. Else, and with too few samples for an interval,
 * it is unclear. */
enum outcome ratio_outcome(struct ratio ratio, double threshold, const struct result_row *base,
                           const struct result_row *row);

#endif
