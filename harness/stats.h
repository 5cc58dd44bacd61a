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
/* The same of samples that were taken in batches, moments apart: batch i ends before ends[i]. They are left as they
 * are; scratch has room for as many. Neighbouring samples are alike - the clock, the neighbours and the placement of
 * data in memory change slowly - so that an interval that takes them for independent is too narrow to hold from run to
 * run. This one is as wide as the batches say: the share of a batch's samples that lies below the median would be 1/2
 * but for chance, and its variance from batch to batch gives, with Student's t, the quantiles of all samples between
 * which the true median lies (batch means, of an indicator: Law and Carson 1979, Operations Research 27, 1011-1025;
 * Heidelberger and Lewis 1984, Operations Research 32, 185-209). Samples that were interrupted only count as above.
 * It is never narrower than that of independent samples. Fewer than STATISTICS_BATCHES batches are cut anew into as
 * many, in the order of time. The interval is widened by BLIND_SHARE of the median at either side. */
#define STATISTICS_BATCHES 12
struct statistics statistics_of_batches(const double *samples, const size_t *ends, size_t batches, double *scratch);

/* What a process cannot see of its own figures: where its code, stack and pages lie (Mytkowicz et al. 2009, Producing
 * Wrong Data Without Doing Anything Obviously Wrong), which stays as it is from batch to batch. Of runs of one binary
 * in a virtual machine as many intervals overlapped with 0.1 % as are asked for, 98 of 100; with this 99.3. */
#define BLIND_SHARE 0.004

/* The largest k such that the interval from the k-th smallest to the k-th largest of n independent samples holds the
 * median with at least that probability: P(Binomial(n, 1/2) < k) <= (1 - confidence) / 2. 0 when no k does. */
size_t median_interval_rank(size_t n, double confidence);

#endif
