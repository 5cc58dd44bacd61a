/* What samples of a time say. */
#ifndef DEPTHMARK_STATS_H
#define DEPTHMARK_STATS_H

#include <stddef.h>

#include "harness/result.h"

/* Summarizes n samples, which it sorts. The interval is one of order statistics, valid whatever the distribution: it
 * holds the true median with at least 99 % probability when n >= 8, and is the whole range below that. The standard
 * deviation is that of the samples about their mean (n - 1); 0 for one sample. n = 0 gives all zeros. */
struct statistics statistics_of(double *samples, size_t n);

/* The same of a row's repetitions, by the clock or of the process. */
struct statistics statistics_of_repetitions(const struct result_row *row, bool cpu);

/* The largest k such that the interval from the k-th smallest to the k-th largest of n independent samples holds the
 * median with at least that probability: P(Binomial(n, 1/2) < k) <= (1 - confidence) / 2. 0 when no k does. */
size_t median_interval_rank(size_t n, double confidence);

#endif
