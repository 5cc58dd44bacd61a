/* Floats as bits, and their errors in units of the last place. */
#ifndef DEPTHMARK_ULP_H
#define DEPTHMARK_ULP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* 1 / the unit in the last place of a finite float; of the subnormal ones, 2^149. */
static inline double ulps_in_one(float value) {
  const uint32_t exponent = bits_of(value) >> 23 & 255;
  const uint64_t bits = (uint64_t)(1023 + 150 - (exponent ? exponent : 1)) << 52;
  double power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

/* The distance of value from reference in units of the last place of the float nearest to reference; subnormal units
 * below the smallest normal. 0 where both are NaN or round to the same infinity, INFINITY where only one is NaN. A
 * value that overflowed by a hair counts as 2^128. */
static inline double ulp_error(float value, double reference) {
  const float nearest = (float)reference;
  if (isfinite(value) && isfinite(nearest)) return fabs((double)value - reference) * ulps_in_one(nearest);
  if (isnan(value) && isnan(reference)) return 0;
  if (isnan(value) || isnan(reference)) return (double)INFINITY;
  if (isinf(value) && nearest == value) return 0;
  if (isinf(reference)) return (double)INFINITY;
  const double distance = fabs((isinf(value) ? copysign(0x1p128, (double)value) : (double)value) - reference);
  return distance * (isfinite(nearest) ? ulps_in_one(nearest) : 0x1p-104);
}

#endif
