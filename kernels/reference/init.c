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

/* z between low and high at which a fraction p of a normal's mass between them has gone by: Newton's method on the
 * mass, kept inside a shrinking bracket. Masses are counted from the nearer tail, where they don't cancel. */
static double normal_quantile_between(double low, double high, double p) {
  const double root = 0.70710678118654752440, sign = low + high > 0 ? -1 : 1; /* work in the lower tail */
  double a = sign > 0 ? low : -high, b = sign > 0 ? high : -low;
  if (sign < 0) p = 1 - p;
  const double from = erfc(-a * root) / 2, mass = erfc(-b * root) / 2 - from;
  double z = (a + b) / 2;
  if (!(mass > 0)) return sign * z;
  for (int step = 0; step < 200; step++) {
    const double excess = erfc(-z * root) / 2 - from - p * mass;
    if (excess > 0)
      b = z;
    else
      a = z;
    const double slope = 0.39894228040143267794 * exp(-z * z / 2); /* 1 / sqrt(2 pi) */
    double next = z - excess / slope;
    if (!(next > a && next < b)) next = (a + b) / 2;
    if (fabs(next - z) <= 1e-15 * fabs(z)) break;
    z = next;
  }
  return sign * z;
}

/* A standard normal truncated to [low, high]: word i, as a signed integer rounded to a float, is where in its mass. */
static double truncated_standard(uint64_t i, const struct init *init, double low, double high) {
  return normal_quantile_between(low, high, (float)(int32_t)word(i, init) * 0x1p-32 + 0.5);
}

double reference_init_truncated_normal(uint64_t i, const struct init *init) {
  return init->p.a + init->p.b * truncated_standard(i, init, -2, 2);
}

double reference_init_trunc_normal(uint64_t i, const struct init *init) {
  const double mean = init->p.a, stddev = init->p.b;
  return mean + stddev * truncated_standard(i, init, (init->p.c - mean) / stddev, (init->p.d - mean) / stddev);
}

/* A normal of that variance truncated at two of its parent's standard deviations, by inversion. */
static double truncated(uint64_t i, const struct init *init, double variance) {
  return truncated_standard(i, init, -2, 2) * sqrt(variance) / 0.87962566103423978;
}

double reference_init_glorot_normal(uint64_t i, const struct init *init) {
  return truncated(i, init, 2.0 / ((double)init->fan_in + (double)init->fan_out));
}

double reference_init_he_normal(uint64_t i, const struct init *init) {
  return truncated(i, init, 2.0 / (double)init->fan_in);
}

double reference_init_identity(uint64_t i, const struct init *init) {
  return i / init->fan_out == i % init->fan_out && i / init->fan_out < init->fan_in ? init->p.a : 0;
}

double reference_init_sparse(uint64_t i, const struct init *init) {
  const uint64_t columns = init->fan_out, start = i / columns * columns;
  struct init selection = *init, values = *init;
  selection.stream ^= 1ull << 63;
  values.p = (struct parameters){.b = init->p.b};
  const uint32_t mine = word(i, &selection);
  uint64_t before = 0;
  for (uint64_t j = start; j < start + columns; j++) {
    const uint32_t other = word(j, &selection);
    before += other < mine || (other == mine && j < i);
  }
  return (double)before < ceil((double)init->p.a * (double)columns) ? 0 : reference_init_normal(i, &values);
}
