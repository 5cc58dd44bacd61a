/* The moments of an array of floats, in double precision and in one order, so that they are the same bits wherever they
 * are computed. */
#ifndef DEPTHMARK_MOMENTS_H
#define DEPTHMARK_MOMENTS_H

#include <stddef.h>

/* Root mean square and standard deviation are about 0 and about the mean; with d = x - mean, skewness is
 * E d^3 / (E d^2)^1.5 and kurtosis E d^4 / (E d^2)^2, 0 and 3 for normal numbers. */
struct moments {
  double mean, rms, stddev;
  double skewness, kurtosis; /* NAN where all entries are equal */
};

/* Of x[0 .. n), n at least 1; all NAN where an entry is not finite. */
struct moments moments(const float *x, size_t n);

/* The root mean square alone, in a fifth of the time. */
double root_mean_square(const float *x, size_t n);

#endif
