#include "harness/meanfield.h"

#include <math.h>

#include "harness/quadrature.h"

#define TOLERANCE 1e-11

/* ---- expectations over one input -------------------------------------------------------------------------------- */

/* Panels of the function's own size (s x ~ 1, however large s), besides those of the density's. */
static struct quadrature_ends ends_of(double s) {
  struct quadrature_ends ends;
  quadrature_ends_begin(&ends);
  for (double u = 1; u < 4 * s; u *= 4) {
    quadrature_ends_add(&ends, u / s);
    quadrature_ends_add(&ends, -u / s);
  }
  return ends;
}

struct one_function {
  meanfield_function *g;
  void *context;
  double s;
  int power; /* 1: g, 2: g^2 */
};

static void one_value(double x, double *values, void *context) {
  const struct one_function *function = context;
  const double value = function->g(function->s * x, function->context);
  values[0] = function->power == 2 ? value * value : value;
}

static double expectation(meanfield_function *g, void *context, double q, int power) {
  if (!(q >= 0) || isinf(q)) return NAN;
  struct one_function function = {g, context, sqrt(q), power};
  double result;
  one_value(0, &result, &function);
  if (q == 0) return result;
  const struct quadrature_ends ends = ends_of(function.s);
  quadrature_normal(&(struct quadrature){one_value, &function, 1, TOLERANCE, {0}}, &ends, &result);
  return result;
}

double meanfield_mean(meanfield_function *g, void *context, double q) { return expectation(g, context, q, 1); }
double meanfield_square(meanfield_function *g, void *context, double q) { return expectation(g, context, q, 2); }

struct unit {
  const struct meanfield *theory;
  double s, f0; /* f0: f(0) */
};

static void unit_values(double x, double *values, void *context) {
  const struct unit *unit = context;
  const struct meanfield *theory = unit->theory;
  const double u = unit->s * x;
  const double f = theory->f(u, theory->context), slope = theory->slope(u, theory->context);
  values[0] = f - unit->f0;
  values[1] = values[0] * values[0];
  values[2] = slope * slope;
  values[3] = f * slope * x;
}

struct meanfield_moments meanfield_moments(const struct meanfield *theory, double q) {
  if (!(q >= 0) || isinf(q)) return (struct meanfield_moments){NAN, NAN, NAN, NAN, NAN};
  const double s = sqrt(fmax(q, MEANFIELD_SMALLEST_LENGTH)), f0 = theory->f(0, theory->context);
  struct unit unit = {theory, s, f0};
  const struct quadrature_ends ends = ends_of(s);
  double e[4];
  quadrature_normal(&(struct quadrature){unit_values, &unit, 4, TOLERANCE, {0}}, &ends, e);
  return (struct meanfield_moments){.mean = f0 + e[0],
                                    .square = f0 * f0 + 2 * f0 * e[0] + e[1],
                                    .variance = e[1] - e[0] * e[0],
                                    .slope_square = e[2],
                                    .growth = e[3] / s};
}

static void stretch_values(double x, double *values, void *context) {
  const struct unit *unit = context;
  const struct meanfield *theory = unit->theory;
  const double u = unit->s * x, f = theory->f(u, theory->context), slope = theory->slope(u, theory->context);
  values[0] = u * slope;
  values[1] = values[0] * values[0];
  values[2] = slope * slope * f;
  values[3] = values[2] * f;
}

struct meanfield_stretch meanfield_stretch(const struct meanfield *theory, double q) {
  if (!(q >= 0) || isinf(q)) return (struct meanfield_stretch){NAN, NAN, NAN, NAN};
  struct unit unit = {theory, sqrt(fmax(q, MEANFIELD_SMALLEST_LENGTH)), 0};
  const struct quadrature_ends ends = ends_of(unit.s);
  double e[4];
  quadrature_normal(&(struct quadrature){stretch_values, &unit, 4, TOLERANCE, {0}}, &ends, e);
  return (struct meanfield_stretch){e[0], e[1], e[2], e[3]};
}

static void batch_values(double x, double *values, void *context) {
  const struct unit *unit = context;
  const struct meanfield *theory = unit->theory;
  const double u = unit->s * x, fourth = (x * x - 6) * x * x + 3;
  const double f = theory->f(u, theory->context), slope = theory->slope(u, theory->context);
  values[0] = f * x;
  values[1] = f * (x * x - 1);
  values[2] = slope * slope * x * x;
  values[3] = f * fourth;
  values[4] = f * f * fourth;
  values[5] = slope * slope * fourth;
}

/* Edgeworth's series for the sphere: the fourth cumulant enters by Hermite's polynomial of fourth order, that of pairs,
 * -2 / B, by those of second order. E f'(u) and E[f'(u) x] are E[f x] / s and E[f (x^2 - 1)] / s. */
struct meanfield_batch_change meanfield_batch_change(const struct meanfield *theory, double q) {
  const struct meanfield_moments m = meanfield_moments(theory, q);
  if (isnan(m.mean)) return (struct meanfield_batch_change){NAN, NAN, NAN, NAN, NAN};
  struct unit unit = {theory, sqrt(fmax(q, MEANFIELD_SMALLEST_LENGTH)), 0};
  const struct quadrature_ends ends = ends_of(unit.s);
  double e[6];
  quadrature_normal(
      &(struct quadrature){batch_values,
                           &unit,
                           6,
                           0,
                           {TOLERANCE * sqrt(m.square), TOLERANCE * sqrt(m.square), TOLERANCE * m.slope_square,
                            TOLERANCE * sqrt(m.square), TOLERANCE * m.square, TOLERANCE * m.slope_square}},
      &ends, e);
  const double mean = -0.25 * e[3], square = -0.25 * e[4], pairs = 2 * m.mean * mean - e[0] * e[0] - 0.5 * e[1] * e[1];
  const double slope = e[0] / unit.s, tilt = e[1] / unit.s;
  const double last = 2 - (0.25 * e[5] + m.slope_square + e[2]) / m.slope_square;
  return (struct meanfield_batch_change){.mean = mean,
                                         .square = square,
                                         .variance = square - pairs - m.variance,
                                         .gradient = last + (slope * slope + tilt * tilt) / m.slope_square,
                                         .last = last};
}

/* ---- the length map --------------------------------------------------------------------------------------------- */

double meanfield_length(const struct meanfield *theory, double q) {
  return theory->weight_variance * meanfield_square(theory->f, theory->context, q) + theory->bias_variance;
}

double meanfield_chi(const struct meanfield *theory, double q) {
  return theory->weight_variance * meanfield_moments(theory, q).slope_square;
}

double meanfield_chi_length(const struct meanfield *theory, double q) {
  return theory->weight_variance * meanfield_moments(theory, q).growth;
}

/* Plain iteration, which finds the stable fixed point that a network started at q would go to; near a critical point it
 * creeps, so two steps at a time are extrapolated (Steffensen) where that does not leave the basin. */
double meanfield_fixed_point(const struct meanfield *theory, double q) {
  for (int i = 0; i < 10000; i++) {
    const double once = meanfield_length(theory, q), twice = meanfield_length(theory, once);
    if (!(twice < MEANFIELD_LARGEST_LENGTH)) return INFINITY;
    if (twice < MEANFIELD_SMALLEST_LENGTH) return 0;
    if (fabs(twice - once) <= 1e-13 * twice) return twice;
    const double first = once - q, second = twice - once, ratio = second / first;
    /* A converging geometric sequence: its limit is near. Never more than a tenfold leap. */
    const double limit = twice + second * ratio / (1 - ratio);
    q = ratio > 0 && ratio < 1 && limit > 0.1 * twice && limit < 10 * twice ? limit : twice;
  }
  return q;
}

double meanfield_depth_scale(double chi) {
  const double rate = -log(fabs(chi));
  return rate > 1e-9 ? 1 / rate : isnan(chi) ? NAN : INFINITY;
}
