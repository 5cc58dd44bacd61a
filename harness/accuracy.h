/* How far a function of one float is from its double-precision reference, and where it underflows. */
#ifndef DEPTHMARK_ACCURACY_H
#define DEPTHMARK_ACCURACY_H

#include "harness/float_samples.h"
#include "kernels/kernels.h"

/* f(x) or f'(x), by a map or a backward kernel; a backward one is given dy = 1, so that its error is that of the slope.
 */
struct accuracy_function {
  enum signature signature;
  kernel_function *function;
  map_kernel
      *forward; /* NULL: the function takes x; else the output forward(x), as backward passes from the output do */
  struct parameters p; /* of both */
};

/* y[i] = the function of x[i], for i < n <= SAMPLE_CHUNK. SAMPLE_PADDING floats behind x can be read. */
void accuracy_evaluate(const struct accuracy_function *function, const float *x, float *y, size_t n);

/* Errors, all 0 at first. */
struct accuracy_tally {
  size_t samples;   /* finite x, ... */
  size_t in_window; /* ... of which so many where the absolute error counts in the place of ulps */
  double ulp_max;   /* INFINITY: a NaN came out */
  double ulp_sum, absolute_max;
  float ulp_max_at, absolute_max_at; /* of several, the first */
};

/* Whether the absolute error counts at x. root: activation_root() of a slope; NAN: nowhere. */
bool accuracy_in_window(float x, double root);

/* Adds the errors of y at those x that are finite, n <= SAMPLE_CHUNK. */
void accuracy_add(struct accuracy_tally *tally, const float *x, const float *y, const double *expected, size_t n,
                  double root);

/* Adds those of another tally, whose samples come later. */
void accuracy_merge(struct accuracy_tally *tally, const struct accuracy_tally *later);

/* The x, outward from 1/2 in each direction, from which on the value is too small for a normal float, and from which on
 * it is zero: found by bisection to the float, and again from any exception that is found beyond. NAN where there is
 * none, and where the value is so at 1/2 already. */
struct accuracy_ends {
  float subnormal_below, zero_below, subnormal_above, zero_above;
};
struct accuracy_ends accuracy_find_ends(const struct accuracy_function *function);

#endif
