#include "harness/moments.h"

#include <math.h>

/* Double precision holds the fourth powers of all floats. LANES sums side by side in a fixed order keep the additions
 * from waiting for each other. */
#define LANES 8
#define BLOCK 1024 /* a multiple of LANES, in the first cache */

struct powers {
  double one[LANES], two[LANES], three[LANES], four[LANES];
};

/* Adds powers of x - origin. In two loops, whose sums gcc keeps in registers, where it spills those of one. */
static void add_block(struct powers *sums, const float *x, size_t n, double origin) {
  struct powers s = *sums;
  for (size_t i = 0; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++) {
      const double d = x[i + j] - origin;
      s.one[j] += d;
      s.two[j] += d * d;
    }
  for (size_t i = 0; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++) {
      const double d = x[i + j] - origin, square = d * d;
      s.three[j] += square * d;
      s.four[j] += square * square;
    }
  for (size_t j = 0, i = n - n % LANES; i < n; i++, j++) {
    const double d = x[i] - origin, square = d * d;
    s.one[j] += d, s.two[j] += square, s.three[j] += square * d, s.four[j] += square * square;
  }
  *sums = s;
}

static double total(const double *lanes) {
  double sum = 0;
  for (size_t j = 0; j < LANES; j++) sum += lanes[j];
  return sum;
}

/* Sums of differences from the first entry, D away from the mean. A single entry at D makes E d^2 at least D^2 / n, and
 * E d^4 at least D^4 / n: a narrow spread about a large mean is kept, and what cancels below costs a factor of n in
 * precision at most, of n^1.5 in the skewness. */
struct moments moments(const float *x, size_t n) {
  struct powers sums = {0};
  const double origin = x[0], count = (double)n;
  for (size_t i = 0; i < n; i += BLOCK) add_block(&sums, x + i, n - i < BLOCK ? n - i : BLOCK, origin);
  const double shift = total(sums.one) / count, two = total(sums.two) / count, three = total(sums.three) / count,
               four = total(sums.four) / count;
  const double mean = origin + shift, square = shift * shift;
  double variance = two - square;
  if (isnan(variance)) return (struct moments){NAN, NAN, NAN, NAN, NAN};
  if (variance < 0) variance = 0; /* rounding */
  const double third = three - shift * (3 * two - 2 * square);
  const double fourth = four - 4 * shift * three + square * (6 * two - 3 * square);
  return (struct moments){.mean = mean,
                          .rms = sqrt(variance + mean * mean),
                          .stddev = sqrt(variance),
                          .skewness = variance > 0 ? third / (variance * sqrt(variance)) : NAN,
                          .kurtosis = variance > 0 ? fourth / (variance * variance) : NAN};
}

double root_mean_square(const float *x, size_t n) {
  double sums[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++) sums[j] += (double)x[i + j] * x[i + j];
  for (size_t j = 0; i < n; i++, j++) sums[j] += (double)x[i] * x[i];
  const double square = total(sums) / (double)n;
  return isfinite(square) ? sqrt(square) : NAN;
}
