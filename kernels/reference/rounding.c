#include <math.h>

#include "kernels/reference/reference.h"

/* x, as it is rounded, but for a zero where that is subnormal and parameter a asks for it. */
static double flushed(double x, double least_normal, struct parameters p) {
  return p.a > 0 && fabs(x) < least_normal ? copysign(0.0, x) : x;
}

double reference_round_to_bf16(double x, struct parameters p) {
  return flushed(reference_bf16_widen(reference_bf16_round((float)x)), 0x1p-126, p);
}

/* The nearest multiple of 2^10 parts of the binade, or of 2^-24; what is beyond 65504 by then is infinite. */
double reference_round_to_fp16(double x, struct parameters p) {
  int exponent = 0;
  if (isnan(x) || isinf(x)) return x;
  frexp(x, &exponent);
  const int last_place = exponent - 11 > -24 ? exponent - 11 : -24;
  const double rounded = ldexp(nearbyint(ldexp(x, -last_place)), last_place);
  return flushed(fabs(rounded) > 65504 ? copysign((double)INFINITY, x) : rounded, 0x1p-14, p);
}
