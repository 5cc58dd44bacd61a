#include "harness/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENCE 0.99
#define MEDIAN_LEAST 8 /* samples, fewer of which have an interval that is their range */
#define FENCE 1.5      /* Tukey, Exploratory Data Analysis (1977): an outlier is that many interquartile ranges away */

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

size_t median_interval_rank(size_t n, double confidence) {
  const double tail = (1 - confidence) / 2;
  double below = 0; /* P(Binomial(n, 1/2) < k) */
  for (size_t k = 0; k < n / 2 + 1; k++) {
    const double in = (double)n, ik = (double)k;
    below += exp(lgamma(in + 1) - lgamma(ik + 1) - lgamma(in - ik + 1) - in * M_LN2);
    if (below > tail) return k;
  }
  return 0;
}

/* The value below which that share of n sorted samples lies, interpolated between the two nearest (Hyndman and Fan
 * 1996, definition 7). */
static double quantile(const double *sorted, size_t n, double share) {
  const double place = share * (double)(n - 1);
  const size_t below = (size_t)place;
  if (below + 1 >= n) return sorted[n - 1];
  return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

static size_t count_outliers(const double *sorted, size_t n) {
  const double lower = quantile(sorted, n, 0.25), upper = quantile(sorted, n, 0.75);
  const double fence = FENCE * (upper - lower);
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += sorted[i] < lower - fence || sorted[i] > upper + fence;
  return count;
}

struct statistics statistics_of_repetitions(const struct result_row *row, bool cpu) {
  double values[ROW_REPETITIONS_MOST];
  for (size_t i = 0; i < row->repetition_count; i++)
    values[i] = cpu ? row->repetitions[i].cpu : row->repetitions[i].real;
  return statistics_of(values, row->repetition_count);
}

struct statistics statistics_of(double *samples, size_t n) {
  struct statistics s = {.samples = n};
  if (n == 0) return s;
  qsort(samples, n, sizeof *samples, by_value);
  s.minimum = samples[0];
  s.maximum = samples[n - 1];
  s.p10 = quantile(samples, n, 0.1);
  s.p90 = quantile(samples, n, 0.9);
  s.outliers = count_outliers(samples, n);
  s.median = (samples[(n - 1) / 2] + samples[n / 2]) / 2;
  for (size_t i = 0; i < n; i++) s.mean += samples[i] / (double)n;
  double squares = 0;
  for (size_t i = 0; i < n; i++) squares += (samples[i] - s.mean) * (samples[i] - s.mean);
  if (n > 1) s.stddev = sqrt(squares / (double)(n - 1));
  const size_t rank = median_interval_rank(n, CONFIDENCE);
  s.low = rank ? samples[rank - 1] : s.minimum;
  s.high = rank ? samples[n - rank] : s.maximum;
  return s;
}

#define Z 2.5758293035489004 /* of the normal distribution, for CONFIDENCE */

/* The same point of Student's distribution with that many degrees of freedom, to 0.1 % from 4 on (Abramowitz and Stegun
 * 1964, 26.7.5). */
static double students_t(double freedom) {
  const double z2 = Z * Z, z3 = z2 * Z, z5 = z3 * z2, z7 = z5 * z2;
  return Z + (z3 + Z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * Z) / (96 * freedom * freedom) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * freedom * freedom * freedom);
}

/* The share of n samples that lies below the value; one that equals it counts half. */
static double share_below(const double *samples, size_t n, double value) {
  double below = 0;
  for (size_t i = 0; i < n; i++) below += samples[i] < value ? 1 : samples[i] == value ? 0.5 : 0;
  return below / (double)n;
}

struct statistics statistics_of_batches(const double *samples, const size_t *ends, size_t batches, double *scratch) {
  const size_t n = batches ? ends[batches - 1] : 0;
  const bool cut = batches < STATISTICS_BATCHES;
  const size_t count = cut ? STATISTICS_BATCHES : batches;
  if (n) memcpy(scratch, samples, n * sizeof *scratch);
  struct statistics s = statistics_of(scratch, n);
  if (n >= MEDIAN_LEAST) {
    double variance = 0;
    for (size_t i = 0, begin = 0, end; i < count; begin = end, i++) {
      end = cut ? n * (i + 1) / count : ends[i];
      if (end == begin) continue;
      const double weight = (double)(end - begin) / (double)n;
      const double excess = share_below(samples + begin, end - begin, s.median) - 0.5;
      variance += weight * weight * excess * excess;
    }
    const double freedom = (double)(n < count ? n : count) - 1;
    const double half = students_t(freedom) * sqrt(variance * (freedom + 1) / freedom);
    s.low = fmin(s.low, quantile(scratch, n, fmax(0.5 - half, 0)));
    s.high = fmax(s.high, quantile(scratch, n, fmin(0.5 + half, 1)));
  }
  s.low -= BLIND_SHARE * s.median;
  s.high += BLIND_SHARE * s.median;
  return s;
}
