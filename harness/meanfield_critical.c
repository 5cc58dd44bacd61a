/* Critical points, with the length as the parameter: at length q, chi = 1 asks for sigma_w^2 = 1 / E f'^2, and resting
 * there for sigma_b^2 = q - sigma_w^2 E f^2. */
#include <math.h>
#include <stdbool.h>

#include "harness/meanfield.h"

/* The lengths that are searched, and how many steps in each factor of ten. */
#define SHORTEST 1e-12
#define LONGEST 1e12
#define STEPS 8
/* What is left of q after the subtraction when it is nothing. */
#define NOTHING 1e-9

struct candidate {
  double q, weight_variance, bias_variance;
  bool attracting;
};

static struct candidate candidate(const struct meanfield *theory, double q) {
  const struct meanfield_moments moments = meanfield_moments(theory, q);
  const double weight_variance = 1 / moments.slope_square, length = weight_variance * moments.square;
  return (struct candidate){q, weight_variance, fabs(q - length) > NOTHING * q ? q - length : 0,
                            fabs(weight_variance * moments.growth) <= 1 + NOTHING};
}

/* Where the bias variance crosses the theory's between two lengths. */
static struct candidate crossing(const struct meanfield *theory, struct candidate low, struct candidate high) {
  const bool rising = high.bias_variance > low.bias_variance;
  while (high.q > low.q * (1 + 1e-14)) {
    const struct candidate middle = candidate(theory, sqrt(low.q * high.q));
    if (middle.q <= low.q || middle.q >= high.q) break;
    if ((middle.bias_variance > theory->bias_variance) == rising)
      high = middle;
    else
      low = middle;
  }
  return low;
}

/* Without biases and with f(0) = 0, lengths may rest at 0: where those that are short shrink, or would if doubles
 * showed it; functions that are straight around 0 show it from some length on only, and ReLU's kind never. */
static struct meanfield_critical at_zero(const struct meanfield *theory) {
  struct meanfield critical = *theory;
  critical.weight_variance = 1 / meanfield_moments(theory, 0).slope_square;
  if (theory->f(0, theory->context) != 0 || isinf(critical.weight_variance))
    return (struct meanfield_critical){MEANFIELD_CRITICAL_NONE, NAN, NAN};
  for (double q = 1e-4; q < LONGEST; q *= 4) {
    const double growth = meanfield_length(&critical, q) / q - 1;
    if (growth < -NOTHING) return (struct meanfield_critical){MEANFIELD_CRITICAL_POINT, critical.weight_variance, 0};
    if (growth > NOTHING) return (struct meanfield_critical){MEANFIELD_CRITICAL_NONE, NAN, NAN};
  }
  return (struct meanfield_critical){MEANFIELD_CRITICAL_LINE, critical.weight_variance, NAN};
}

struct meanfield_critical meanfield_critical(const struct meanfield *theory) {
  if (theory->bias_variance == 0) {
    const struct meanfield_critical zero = at_zero(theory);
    if (zero.kind != MEANFIELD_CRITICAL_NONE) return zero;
  }
  const double step = pow(10, 1.0 / STEPS);
  struct candidate low = candidate(theory, SHORTEST);
  for (double q = SHORTEST * step; q < LONGEST; q *= step) {
    const struct candidate high = candidate(theory, q);
    const double before = low.bias_variance - theory->bias_variance, after = high.bias_variance - theory->bias_variance;
    if ((before < 0 && after > 0) || (before > 0 && after < 0)) {
      const struct candidate found = crossing(theory, low, high);
      if (found.attracting)
        return (struct meanfield_critical){MEANFIELD_CRITICAL_POINT, found.weight_variance, found.q};
    }
    low = high;
  }
  return (struct meanfield_critical){MEANFIELD_CRITICAL_NONE, NAN, NAN};
}
