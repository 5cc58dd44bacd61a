#include "harness/stats.h"

#include <math.h>
#include <stdlib.h>

#define CONFIDENCE 0.95

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

struct statistics statistics_of(double *samples, size_t n) {
  struct statistics s = {.samples = n};
  if (n == 0) return s;
  qsort(samples, n, sizeof *samples, by_value);
  s.minimum = samples[0];
  s.maximum = samples[n - 1];
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
