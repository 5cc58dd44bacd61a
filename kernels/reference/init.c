#include <math.h>

#include "kernels/reference/reference.h"

/* Word i of the weights' stream. */
static uint32_t word(uint64_t i, const struct init *init) {
  return reference_philox4x32_10(i / 4, i % 4, init->seed, init->stream);
}

double reference_init_zeros(uint64_t i, const struct init *init) {
  (void)i, (void)init;
  return 0;
}

double reference_init_constant(uint64_t i, const struct init *init) {
  (void)i;
  return init->p.a;
}

/* Word i as a signed integer, uniform on [-1, 1). */
static double signed_uniform(uint64_t i, const struct init *init) { return (int32_t)word(i, init) * 0x1p-31; }

double reference_init_uniform(uint64_t i, const struct init *init) {
  const double a = init->p.a, b = init->p.b;
  return (a + b) / 2 + (b - a) / 2 * signed_uniform(i, init);
}

double reference_init_glorot_uniform(uint64_t i, const struct init *init) {
  return sqrt(6.0 / ((double)init->fan_in + (double)init->fan_out)) * signed_uniform(i, init);
}

double reference_init_he_uniform(uint64_t i, const struct init *init) {
  return sqrt(6.0 / (double)init->fan_in) * signed_uniform(i, init);
}

/* Box-Muller on words j and j + 64 of each 128; u is rounded to float as the definition says. */
double reference_init_normal(uint64_t i, const struct init *init) {
  const uint64_t half = i & 64, j = i - half;
  const double u = (float)((float)(word(j, init) >> 1) * 0x1p-31 + 0x1p-32);
  const double angle = 3.14159265358979323846 * (int32_t)word(j + 64, init) * 0x1p-31;
  const double z = sqrt(-2 * log(u)) * (half ? sin(angle) : cos(angle));
  return init->p.a + init->p.b * z;
}

/* z with (erf(z / sqrt 2)) = p, |p| < 1, by Newton's method on erf, in double. */
static double inverse_normal(double p) {
  double z = 0;
  for (int step = 0; step < 60; step++) {
    const double slope = 0.79788456080286535588 * exp(-z * z / 2); /* sqrt(2 / pi) exp(-z^2 / 2) */
    const double change = (erf(z * 0.70710678118654752440) - p) / slope;
    z -= change;
    if (fabs(change) < 1e-16 * fabs(z)) break;
  }
  return z;
}

/* A normal of that variance truncated at two of its parent's standard deviations, by inversion. */
static double truncated(uint64_t i, const struct init *init, double variance) {
  const double v = (float)(int32_t)word(i, init) * 0x1p-31;
  return inverse_normal(v * 0.95449973610364158560) * sqrt(variance) / 0.87962566103423978; /* erf(sqrt 2) */
}

double reference_init_glorot_normal(uint64_t i, const struct init *init) {
  return truncated(i, init, 2.0 / ((double)init->fan_in + (double)init->fan_out));
}

double reference_init_he_normal(uint64_t i, const struct init *init) {
  return truncated(i, init, 2.0 / (double)init->fan_in);
}
