/* The correlation map. Two correlated normal variables share a part: u = a w + b y, v = +-a w + b y' with independent
 * w, y, y', so that E[f(u) f(v)] = E_w[F(a w) F(+-a w)], where F(m) = E_y f(m + b y) is f smoothed. Both integrals are
 * over one variable, the outer one's integrand is smooth but on a scale of b around kinks, and the kinks of the inner
 * one's are where those of f are. */
#include <math.h>
#include <stdbool.h>

#include "harness/meanfield.h"
#include "harness/quadrature.h"

/* The values of the outer integral are inner ones. */
#define TOLERANCE 1e-10
#define INNER_TOLERANCE 1e-11

/* ---- kinks ------------------------------------------------------------------------------------------------------ */

#define MOST_KINKS 8

struct kinks {
  double at[MOST_KINKS];
  int count;
};

/* Halves [low, high] towards the larger change of the slope. Where the slope is continuous the change soon shrinks with
 * the interval; at a jump it stays. */
static bool find_jump(const struct meanfield *theory, double low, double high, double change, double *jump) {
  double at_low = theory->slope(low, theory->context), at_high = theory->slope(high, theory->context);
  for (int i = 0;; i++) {
    const double middle = 0.5 * (low + high);
    if (middle == low || middle == high) break;
    const double at_middle = theory->slope(middle, theory->context);
    if (fabs(at_middle - at_low) > fabs(at_high - at_middle))
      high = middle, at_high = at_middle;
    else
      low = middle, at_low = at_middle;
    if (i == 12 && fabs(at_high - at_low) < change / 64) return false;
    if (high - low < 1e-300) break;
  }
  *jump = high;
  return fabs(at_high - at_low) > change / 64;
}

/* 0 and the places up to 7000 where the slope jumps. One that is overlooked costs time, not precision. */
static struct kinks find_kinks(const struct meanfield *theory) {
  struct kinks kinks = {{0}, 1};
  double low = 0.25 * sinh(-700 / 64.0), at_low = theory->slope(low, theory->context);
  for (int i = -699; i <= 700 && kinks.count < MOST_KINKS; i++) {
    const double high = 0.25 * sinh(i / 64.0), at_high = theory->slope(high, theory->context);
    const double change = fabs(at_high - at_low);
    double jump;
    if (change > 1e-3 * fmax(fabs(at_low), fabs(at_high)) && find_jump(theory, low, high, change, &jump) &&
        fabs(jump) > 1e-12)
      kinks.at[kinks.count++] = jump;
    low = high, at_low = at_high;
  }
  return kinks;
}

/* ---- the inner integral ----------------------------------------------------------------------------------------- */

struct smoothed {
  const struct meanfield *theory;
  const struct kinks *kinks;
  double m, b;
};

static void smoothed_values(double y, double *values, void *context) {
  const struct smoothed *smoothed = context;
  const double u = smoothed->m + smoothed->b * y;
  values[0] = smoothed->theory->f(u, smoothed->theory->context);
  values[1] = smoothed->theory->slope(u, smoothed->theory->context);
}

/* F(m) and F'(m) = E_y f'(m + b y). */
static void smooth(struct smoothed *smoothed, double m, double *values) {
  const double b = smoothed->b;
  smoothed->m = m;
  if (b == 0) {
    smoothed_values(0, values, smoothed);
    return;
  }
  struct quadrature_ends ends;
  quadrature_ends_begin(&ends);
  for (int i = 0; i < smoothed->kinks->count; i++) quadrature_ends_add(&ends, (smoothed->kinks->at[i] - m) / b);
  for (double u = 1; u < 4 * b; u *= 4) {
    quadrature_ends_add(&ends, (u - m) / b);
    quadrature_ends_add(&ends, (-u - m) / b);
  }
  quadrature_normal(&(struct quadrature){smoothed_values, smoothed, 2, INNER_TOLERANCE, {0}}, &ends, values);
}

/* ---- the outer integral ----------------------------------------------------------------------------------------- */

struct shared {
  struct smoothed u, v;
  double a_u, a_v; /* a_v < 0 for negative correlation */
};

static void shared_values(double w, double *values, void *context) {
  struct shared *shared = context;
  double u[2], v[2];
  smooth(&shared->u, shared->a_u * w, u);
  if (shared->a_u == shared->a_v && shared->u.b == shared->v.b)
    v[0] = u[0], v[1] = u[1];
  else
    smooth(&shared->v, shared->a_v * w, v);
  values[0] = u[0] * v[0];
  values[1] = u[1] * v[1];
}

/* The ends that F(a w) asks for: around kinks at distances of b, and at f's own scale. */
static void add_ends(struct quadrature_ends *ends, const struct smoothed *smoothed, double a) {
  const double b = smoothed->b;
  for (int i = 0; i < smoothed->kinks->count; i++)
    for (int k = -4; k <= 4; k += 2) quadrature_ends_add(ends, (smoothed->kinks->at[i] + k * b) / a);
  for (double u = fmax(1, 8 * b); u < 4 * fabs(a); u *= 4) {
    quadrature_ends_add(ends, u / a);
    quadrature_ends_add(ends, -u / a);
  }
}

static struct meanfield_pair pair(const struct meanfield *theory, const struct kinks *kinks, double q_u, double q_v,
                                  double c) {
  if (!(fabs(c) <= 1) || !(q_u >= 0 && q_v >= 0) || isinf(q_u) || isinf(q_v)) return (struct meanfield_pair){NAN, NAN};
  q_u = fmax(q_u, MEANFIELD_SMALLEST_LENGTH), q_v = fmax(q_v, MEANFIELD_SMALLEST_LENGTH);
  const double share = sqrt(fabs(c)), rest = sqrt(1 - fabs(c));
  struct shared shared = {{theory, kinks, 0, rest * sqrt(q_u)},
                          {theory, kinks, 0, rest * sqrt(q_v)},
                          share * sqrt(q_u),
                          copysign(share, c) * sqrt(q_v)};
  double e[2];
  if (c == 0) {
    shared_values(0, e, &shared);
  } else {
    struct quadrature_ends ends;
    quadrature_ends_begin(&ends);
    add_ends(&ends, &shared.u, shared.a_u);
    add_ends(&ends, &shared.v, shared.a_v);
    const struct meanfield_moments u = meanfield_moments(theory, q_u), v = meanfield_moments(theory, q_v);
    const double square = sqrt(u.square * v.square), slope_square = sqrt(u.slope_square * v.slope_square);
    quadrature_normal(
        &(struct quadrature){shared_values, &shared, 2, 0, {TOLERANCE * square, TOLERANCE * slope_square}}, &ends, e);
  }
  return (struct meanfield_pair){theory->weight_variance * e[0] + theory->bias_variance,
                                 theory->weight_variance * e[1]};
}

struct meanfield_pair meanfield_pair(const struct meanfield *theory, double q_u, double q_v, double c) {
  const struct kinks kinks = find_kinks(theory);
  return pair(theory, &kinks, q_u, q_v, c);
}

/* ---- where correlations rest ------------------------------------------------------------------------------------ */

/* What the limits of shrinking and growing lengths are evaluated at: every activation is as straight or flat as doubles
 * show. */
#define SHORT 1e-24
#define LONG 1e24
/* Of chi, within which it is taken for 1, and of the correlation. */
#define CLOSE 1e-8

/* The map c -> correlation is convex on [0, 1] and not below c left of its fixed point there, so Newton's method climbs
 * from 0 to that point and never passes it. */
struct meanfield_rest meanfield_rest(const struct meanfield *theory, double q) {
  if (!(q >= 0)) return (struct meanfield_rest){NAN, NAN};
  const struct kinks kinks = find_kinks(theory);
  const bool bounded = q > 0 && !isinf(q);
  if (!bounded) q = q > 0 ? LONG : SHORT;
  const struct meanfield_moments moments = meanfield_moments(theory, q);
  const double length = bounded ? q : theory->weight_variance * moments.square;
  const double slope = q / length, chi = theory->weight_variance * moments.slope_square;
  double c = 0;
  struct meanfield_pair next = pair(theory, &kinks, q, q, 0);
  const double origin = bounded ? next.covariance : next.covariance - theory->bias_variance;
  if (fabs(origin) < CLOSE * length && fabs(next.chi * slope - 1) < CLOSE) return (struct meanfield_rest){NAN, NAN};
  if (chi * slope <= 1 + CLOSE) return (struct meanfield_rest){1, chi * slope};
  for (int i = 0; i < 100; i++) {
    const double covariance = bounded ? next.covariance : next.covariance - theory->bias_variance;
    const double gap = covariance / length - c, descent = 1 - slope * next.chi;
    if (!(descent > 0) || !(gap > 1e-2 * CLOSE * descent)) break;
    c = fmin(c + gap / descent, 1);
    next = pair(theory, &kinks, q, q, c);
  }
  return (struct meanfield_rest){c, next.chi * slope};
}
