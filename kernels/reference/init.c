#include <math.h>
#include <stdbool.h>

#include "kernels/reference/reference.h"

#define PI 3.14159265358979323846

/* Word i of the weights' stream. */
static uint32_t word(uint64_t i, const struct init *init, words_reference *words) {
  return words(i / 4, i % 4, init->seed, init->stream);
}

/* [0, 1) as other libraries have it: TensorFlow from the low 23 bits of a word, JAX from the high ones. */
static double fraction_tensorflow(uint32_t word) { return (word & 0x7fffff) * 0x1p-23; }
static double fraction_jax(uint32_t word) { return (word >> 9) * 0x1p-23; }

double reference_init_zeros(uint64_t i, const struct init *init, words_reference *words) {
  (void)i, (void)init, (void)words;
  return 0;
}

double reference_init_constant(uint64_t i, const struct init *init, words_reference *words) {
  (void)i, (void)words;
  return init->p.a;
}

/* Of our own convention: the word, as a signed integer, is where in [-1, 1). */
static double uniform_own(double a, double b, uint32_t word) {
  return (a + b) / 2 + (b - a) / 2 * (int32_t)word * 0x1p-31;
}

static double uniform(double a, double b, uint64_t i, const struct init *init, words_reference *words) {
  const uint32_t drawn = word(i, init, words);
  switch (init->convention) {
  case CONVENTION_TENSORFLOW: return a + (b - a) * fraction_tensorflow(drawn);
  case CONVENTION_JAX: return a + (b - a) * fraction_jax(drawn);
  default: return uniform_own(a, b, drawn);
  }
}

double reference_init_uniform(uint64_t i, const struct init *init, words_reference *words) {
  return uniform(init->p.a, init->p.b, i, init, words);
}

double reference_init_glorot_uniform(uint64_t i, const struct init *init, words_reference *words) {
  const double limit = sqrt(6.0 / ((double)init->fan_in + (double)init->fan_out));
  return uniform(-limit, limit, i, init, words);
}

double reference_init_he_uniform(uint64_t i, const struct init *init, words_reference *words) {
  const double limit = sqrt(6.0 / (double)init->fan_in);
  return uniform(-limit, limit, i, init, words);
}

/* z between low and high at which a fraction p of a normal's mass between them has gone by: Newton's method on the
 * mass, kept inside a shrinking bracket. Masses are counted from the nearer tail, where they don't cancel. */
static double normal_quantile_between(double low, double high, double p) {
  const double root = sqrt(0.5);
  const bool is_upper = low >= 0 || (high > 0 && p * (erf(high * root) - erf(low * root)) > -erf(low * root));
  const double sign = is_upper ? -1 : 1; /* work in the lower tail */
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
    const double slope = exp(-z * z / 2) / sqrt(2 * PI);
    double next = z - excess / slope;
    if (!(next > a && next < b)) next = (a + b) / 2;
    if (fabs(next - z) <= 1e-15 * fabs(z)) break;
    z = next;
  }
  return sign * z;
}

/* Box-Muller on words j and j + 64 of each 128; u is rounded to float as the definition says. */
static double normal_own(uint64_t i, const struct init *init, words_reference *words) {
  const uint64_t half = i & 64, j = i - half;
  const double u = (float)((float)(word(j, init, words) >> 1) * 0x1p-31 + 0x1p-32);
  const double angle = PI * (int32_t)word(j + 64, init, words) * 0x1p-31;
  return sqrt(-2 * log(u)) * (half ? sin(angle) : cos(angle));
}

/* On words 2 j, the radius, and 2 j + 1, the angle, which is rounded to float as there. */
static double normal_tensorflow(uint64_t i, const struct init *init, words_reference *words) {
  const double u = fraction_tensorflow(word(i - i % 2, init, words)), least = 1e-7f;
  const double angle = (float)(2 * PI * fraction_tensorflow(word(i - i % 2 + 1, init, words)));
  return sqrt(-2 * log(u < least ? least : u)) * (i % 2 ? cos(angle) : sin(angle));
}

/* sqrt 2 erfinv(u), with u in (-1, 1) rounded to float as there. */
static double normal_jax(uint64_t i, const struct init *init, words_reference *words) {
  const double low = nextafterf(-1, 0), u = (float)(2 * fraction_jax(word(i, init, words)) + low);
  return normal_quantile_between(-40, 40, (1 + u) / 2);
}

double reference_init_normal(uint64_t i, const struct init *init, words_reference *words) {
  switch (init->convention) {
  case CONVENTION_TENSORFLOW: return init->p.a + init->p.b * normal_tensorflow(i, init, words);
  case CONVENTION_JAX: return init->p.a + init->p.b * normal_jax(i, init, words);
  default: return init->p.a + init->p.b * normal_own(i, init, words);
  }
}

/* Truncated normals go by inversion in every convention. At two standard deviations the word, as a signed integer
 * rounded to a float, is where in the mass; */
static double truncated_at_two(uint64_t i, const struct init *init, words_reference *words) {
  return normal_quantile_between(-2, 2, (float)(int32_t)word(i, init, words) * 0x1p-32 + 0.5);
}

double reference_init_truncated_normal(uint64_t i, const struct init *init, words_reference *words) {
  return init->p.a + init->p.b * truncated_at_two(i, init, words);
}

/* on other intervals the middle of the word's step is, exactly. Close about the mean the density is level. */
double reference_init_trunc_normal(uint64_t i, const struct init *init, words_reference *words) {
  const double mean = init->p.a, stddev = init->p.b;
  const double from = (init->p.c - mean) / stddev, to = (init->p.d - mean) / stddev;
  const uint32_t drawn = word(i, init, words);
  if (fabs(from) <= 0x1p-12 && fabs(to) <= 0x1p-12) return uniform_own(init->p.c, init->p.d, drawn);
  return mean + stddev * normal_quantile_between(from, to, ((int32_t)drawn + 0.5) * 0x1p-32 + 0.5);
}

/* A normal of that variance truncated at two of its parent's standard deviations. */
static double truncated(uint64_t i, const struct init *init, words_reference *words, double variance) {
  return truncated_at_two(i, init, words) * sqrt(variance) / 0.87962566103423978;
}

double reference_init_glorot_normal(uint64_t i, const struct init *init, words_reference *words) {
  return truncated(i, init, words, 2.0 / ((double)init->fan_in + (double)init->fan_out));
}

double reference_init_he_normal(uint64_t i, const struct init *init, words_reference *words) {
  return truncated(i, init, words, 2.0 / (double)init->fan_in);
}

double reference_init_identity(uint64_t i, const struct init *init, words_reference *words) {
  (void)words;
  return i / init->fan_out == i % init->fan_out && i / init->fan_out < init->fan_in ? init->p.a : 0;
}

double reference_init_sparse(uint64_t i, const struct init *init, words_reference *words) {
  const uint64_t columns = init->fan_out, start = i / columns * columns;
  struct init selection = *init, values = *init;
  selection.stream ^= 1ull << 63;
  values.p = (struct parameters){.b = init->p.b};
  const uint32_t mine = word(i, &selection, words);
  uint64_t before = 0;
  for (uint64_t j = start; j < start + columns; j++) {
    const uint32_t other = word(j, &selection, words);
    before += other < mine || (other == mine && j < i);
  }
  return (double)before < ceil((double)init->p.a * (double)columns) ? 0 : reference_init_normal(i, &values, words);
}
