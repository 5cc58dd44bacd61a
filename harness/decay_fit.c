#include "harness/decay_fit.h"

#include <math.h>
#include <stdbool.h>

const char *const decay_shape_names[DECAY_SHAPES] = {"none", "level", "exponential", "algebraic"};

#define SUBNORMAL 0.1 /* share from which a layer is left out */
#define EXPLAINED 0.5
#define ROUNDING 1e-24 /* squared, of logarithms */

static bool usable(const struct gradient_layer *layer) {
  return isfinite(layer->delta_rms) && layer->delta_rms > 0 && layer->subnormal <= SUBNORMAL;
}

/* The coordinate in which the shape is a straight line. */
static double coordinate(enum decay_shape shape, double k) { return shape == DECAY_ALGEBRAIC ? log(k + 1) : k; }

struct line {
  double slope, r2, change; /* from the nearest to the furthest layer */
};

static struct line fit_line(const struct gradient_layer *layers, size_t depth, enum decay_shape shape) {
  double n = 0, x_sum = 0, y_sum = 0, first = 0, last = 0;
  for (size_t l = depth; l-- > 0;) {
    if (!usable(&layers[l])) continue;
    last = coordinate(shape, (double)(depth - 1 - l));
    if (n == 0) first = last;
    n++, x_sum += last, y_sum += log(layers[l].delta_rms);
  }
  const double x_mean = x_sum / n, y_mean = y_sum / n;
  double xx = 0, xy = 0, yy = 0;
  for (size_t l = 0; l < depth; l++) {
    if (!usable(&layers[l])) continue;
    const double x = coordinate(shape, (double)(depth - 1 - l)) - x_mean, y = log(layers[l].delta_rms) - y_mean;
    xx += x * x, xy += x * y, yy += y * y;
  }
  const double slope = xy / xx;
  return (struct line){slope, yy > n * ROUNDING ? fmin(xy * slope / yy, 1) : 0, slope * (last - first)};
}

struct decay_fit decay_fit(const struct gradient_layer *layers, size_t depth, double noise) {
  size_t count = 0;
  for (size_t l = 0; l < depth; l++) count += usable(&layers[l]);
  if (count < DECAY_FIT_LAYERS) return (struct decay_fit){DECAY_NONE, NAN, NAN, NAN};
  const struct line exponential = fit_line(layers, depth, DECAY_EXPONENTIAL),
                    algebraic = fit_line(layers, depth, DECAY_ALGEBRAIC);
  struct decay_fit fit = {DECAY_EXPONENTIAL, exponential.slope, exponential.r2, algebraic.r2};
  const struct line *better = &exponential;
  if (algebraic.r2 > exponential.r2) {
    fit.shape = DECAY_ALGEBRAIC, fit.rate = algebraic.slope;
    better = &algebraic;
  }
  if (better->r2 < EXPLAINED || fabs(better->change) < noise) fit.shape = DECAY_LEVEL, fit.rate = exponential.slope;
  return fit;
}
