#include "harness/quadrature.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The density beyond 38 is below the smallest normal double. */
#define REACH 38.0
#define DEEPEST 40
/* However rough a function is, its integral ends: after so many panels it is halved no more. */
#define MOST_PANELS 20000
#define INVERSE_SQRT_2PI 0.39894228040143267794

/* Gauss-Kronrod nodes and weights, 7 and 15 points (QUADPACK's qk15; Piessens et al. 1983). */
static const double nodes[8] = {0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
                                0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
                                0.586087235467691130294144691693013, 0.405845151377397166906606412076961,
                                0.207784955007898467600689403773245, 0.0};
static const double kronrod[8] = {0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
                                  0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
                                  0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
                                  0.204432940075298892414161999234649, 0.209482141084727828012999174891714};
static const double gauss[4] = {0.129484966168869693270611432679082, 0.279705391489276667901467771423780,
                                0.381830050505118944950369775488975, 0.417959183673469387755102040816327};

/* Of each function: the integral, that of its absolute value, |15 points - 7 points|. */
struct panel {
  double integral[QUADRATURE_FUNCTIONS], magnitude[QUADRATURE_FUNCTIONS], error[QUADRATURE_FUNCTIONS];
};

void quadrature_ends_begin(struct quadrature_ends *ends) {
  static const double density[] = {-REACH, -8, -4, -2, 0, 2, 4, 8, REACH};
  memcpy(ends->at, density, sizeof density);
  ends->count = sizeof density / sizeof *density;
}

void quadrature_ends_add(struct quadrature_ends *ends, double x) {
  if (!(fabs(x) < REACH) || ends->count == QUADRATURE_ENDS) return;
  int i = ends->count;
  while (ends->at[i - 1] > x) i--;
  if (ends->at[i - 1] == x) return;
  memmove(&ends->at[i + 1], &ends->at[i], (size_t)(ends->count - i) * sizeof *ends->at);
  ends->at[i] = x;
  ends->count++;
}

static void evaluate(const struct quadrature *quadrature, double x, double *values) {
  const double density = INVERSE_SQRT_2PI * exp(-0.5 * x * x);
  quadrature->integrand(x, values, quadrature->context);
  for (int f = 0; f < quadrature->functions; f++) values[f] *= density;
}

static struct panel panel(const struct quadrature *quadrature, double a, double b) {
  const double centre = 0.5 * (a + b), half = 0.5 * (b - a);
  double low[QUADRATURE_FUNCTIONS], high[QUADRATURE_FUNCTIONS], seven[QUADRATURE_FUNCTIONS];
  struct panel sums;
  evaluate(quadrature, centre, low);
  for (int f = 0; f < quadrature->functions; f++) {
    sums.integral[f] = kronrod[7] * low[f];
    sums.magnitude[f] = kronrod[7] * fabs(low[f]);
    seven[f] = gauss[3] * low[f];
  }
  for (int i = 0; i < 7; i++) {
    evaluate(quadrature, centre - half * nodes[i], low);
    evaluate(quadrature, centre + half * nodes[i], high);
    for (int f = 0; f < quadrature->functions; f++) {
      sums.integral[f] += kronrod[i] * (low[f] + high[f]);
      sums.magnitude[f] += kronrod[i] * (fabs(low[f]) + fabs(high[f]));
      if (i % 2 == 1) seven[f] += gauss[i / 2] * (low[f] + high[f]);
    }
  }
  for (int f = 0; f < quadrature->functions; f++) {
    sums.error[f] = half * fabs(sums.integral[f] - seven[f]);
    sums.integral[f] *= half;
    sums.magnitude[f] *= half;
  }
  return sums;
}

/* The sums so far, and what they are to be. */
struct progress {
  double tolerances[QUADRATURE_FUNCTIONS], *sums;
  int panels;
};

static bool precise(const struct quadrature *quadrature, const struct panel *panel, const double *tolerances) {
  for (int f = 0; f < quadrature->functions; f++)
    if (panel->error[f] > tolerances[f]) return false;
  return true;
}

/* Adds the integrals over [a, b], halved where 7 and 15 points differ by more than the tolerance. */
static void refine(const struct quadrature *quadrature, double a, double b, const struct panel *whole, int depth,
                   struct progress *progress) {
  if (depth == DEEPEST || progress->panels >= MOST_PANELS || precise(quadrature, whole, progress->tolerances)) {
    for (int f = 0; f < quadrature->functions; f++) progress->sums[f] += whole->integral[f];
    return;
  }
  const double middle = 0.5 * (a + b);
  const struct panel left = panel(quadrature, a, middle), right = panel(quadrature, middle, b);
  progress->panels += 2;
  refine(quadrature, a, middle, &left, depth + 1, progress);
  refine(quadrature, middle, b, &right, depth + 1, progress);
}

void quadrature_normal(const struct quadrature *quadrature, const struct quadrature_ends *ends, double *expectations) {
  struct panel panels[QUADRATURE_ENDS];
  struct progress progress = {.sums = expectations};
  for (int i = 0; i + 1 < ends->count; i++) {
    panels[i] = panel(quadrature, ends->at[i], ends->at[i + 1]);
    for (int f = 0; f < quadrature->functions; f++)
      progress.tolerances[f] += quadrature->tolerance * panels[i].magnitude[f];
  }
  for (int f = 0; f < quadrature->functions; f++) {
    progress.tolerances[f] = fmax(progress.tolerances[f], quadrature->negligible[f]);
    expectations[f] = 0;
  }
  for (int i = 0; i + 1 < ends->count; i++) refine(quadrature, ends->at[i], ends->at[i + 1], &panels[i], 0, &progress);
}
