#include "harness/meanfield.h"

#include <math.h>

/* ---- E[g(s x)], x ~ N(0, 1) ------------------------------------------------------------------------------------- */

/* The density beyond 38 is below the smallest normal double. */
#define REACH 38.0
#define RELATIVE_ERROR 1e-11
#define DEEPEST 40
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

struct integrand {
  meanfield_function *g;
  void *context;
  double scale;
  int power; /* 1: g, 2: g^2 */
};

static double evaluate(const struct integrand *f, double x) {
  const double density = INVERSE_SQRT_2PI * exp(-0.5 * x * x);
  const double value = f->g(f->scale * x, f->context);
  return (f->power == 2 ? value * value : value) * density;
}

struct panel {
  double integral, magnitude, error; /* of f, of |f|; |15 points - 7 points| */
};

static struct panel panel(const struct integrand *f, double a, double b) {
  const double centre = 0.5 * (a + b), half = 0.5 * (b - a);
  const double middle = evaluate(f, centre);
  double k = kronrod[7] * middle, g = gauss[3] * middle, magnitude = kronrod[7] * fabs(middle);
  for (int i = 0; i < 7; i++) {
    const double low = evaluate(f, centre - half * nodes[i]), high = evaluate(f, centre + half * nodes[i]);
    k += kronrod[i] * (low + high);
    magnitude += kronrod[i] * (fabs(low) + fabs(high));
    if (i % 2 == 1) g += gauss[i / 2] * (low + high);
  }
  return (struct panel){half * k, half * magnitude, half * fabs(k - g)};
}

/* The integral over [a, b], halved where 7 and 15 points differ by more than the tolerance. */
static double refine(const struct integrand *f, double a, double b, struct panel whole, double tolerance, int depth) {
  if (!(whole.error > tolerance) || depth == DEEPEST) return whole.integral;
  const double middle = 0.5 * (a + b);
  return refine(f, a, middle, panel(f, a, middle), tolerance, depth + 1) +
         refine(f, middle, b, panel(f, middle, b), tolerance, depth + 1);
}

/* Panels start at 0, where activations have their kinks, and grow by powers of two, so that both the density's scale
 * (x ~ 1) and the function's own (s x ~ 1, however large s) have panels of their size; those are halved as needed. */
static double expectation(meanfield_function *g, void *context, double q, int power) {
  if (!(q >= 0) || isinf(q)) return NAN;
  const struct integrand f = {g, context, sqrt(q), power};
  if (q == 0) {
    const double value = g(0, context);
    return power == 2 ? value * value : value;
  }
  double smallest = 0.25;
  while (smallest * f.scale > 0.25 && smallest > 0x1p-1000) smallest *= 0.5;
  double magnitude = 0, sum = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int side = -1; side <= 1; side += 2)
      for (double near = 0, far = smallest; near < REACH; near = far, far *= 2) {
        const double end = far < REACH ? far : REACH;
        const double a = side < 0 ? -end : near, b = side < 0 ? -near : end;
        const struct panel first = panel(&f, a, b);
        if (pass == 0)
          magnitude += first.magnitude;
        else
          sum += refine(&f, a, b, first, RELATIVE_ERROR * magnitude, 0);
      }
  return sum;
}

double meanfield_mean(meanfield_function *g, void *context, double q) { return expectation(g, context, q, 1); }
double meanfield_square(meanfield_function *g, void *context, double q) { return expectation(g, context, q, 2); }

/* ---- the length map --------------------------------------------------------------------------------------------- */

/* Out there every activation is a straight line on either side of 0, or flat, and chi no longer depends on q: q is held
 * inside, so that theory goes on where the squares would leave double precision. */
#define LARGEST_Q 1e100
#define SMALLEST_Q 1e-100

double meanfield_length(const struct meanfield *theory, double q) {
  return theory->weight_variance * meanfield_square(theory->f, theory->context, q) + theory->bias_variance;
}

double meanfield_chi(const struct meanfield *theory, double q) {
  return theory->weight_variance * meanfield_square(theory->slope, theory->context, q);
}

/* Plain iteration, which finds the stable fixed point that a network started at q would go to; near a critical point it
 * creeps, so two steps at a time are extrapolated (Steffensen) where that does not leave the basin. */
double meanfield_fixed_point(const struct meanfield *theory, double q) {
  for (int i = 0; i < 10000; i++) {
    const double once = meanfield_length(theory, q), twice = meanfield_length(theory, once);
    if (!(twice < LARGEST_Q)) return INFINITY;
    if (twice < SMALLEST_Q) return 0;
    if (fabs(twice - once) <= 1e-13 * twice) return twice;
    const double first = once - q, second = twice - once, ratio = second / first;
    /* A converging geometric sequence: its limit is near. Never more than a tenfold leap. */
    const double limit = twice + second * ratio / (1 - ratio);
    q = ratio > 0 && ratio < 1 && limit > 0.1 * twice && limit < 10 * twice ? limit : twice;
  }
  return q;
}

/* The lengths that the theory follows; without biases a network may also shrink towards 0. */
static double within_reach(const struct meanfield *theory, double q) {
  if (theory->bias_variance == 0 && q > 0) q = fmax(q, SMALLEST_Q);
  return fmin(q, LARGEST_Q);
}

double meanfield_decay(const struct meanfield *theory, double q, int depth) {
  double sum = 0, chi = NAN, previous = NAN;
  for (int l = 1; l < depth; l++) {
    q = within_reach(theory, q);
    if (fabs(q - previous) <= 1e-12 * q) { /* it has come to rest: the layers that are left are alike */
      sum += (depth - l) * log(chi);
      break;
    }
    chi = meanfield_chi(theory, q);
    sum += log(chi);
    previous = q;
    q = meanfield_length(theory, q);
  }
  return depth < 2 ? NAN : 0.5 * sum / (depth - 1);
}
