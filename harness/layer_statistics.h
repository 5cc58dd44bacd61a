/* What the layers of a network show after a forward and a backward pass. The same bits for any number of threads. */
#ifndef DEPTHMARK_LAYER_STATISTICS_H
#define DEPTHMARK_LAYER_STATISTICS_H

#include <stddef.h>

#include "harness/network.h"
#include "harness/result.h"

/* Root mean square and standard deviation of x[0 .. n), n at least 1; NAN where an entry is not finite. */
struct moments {
  double rms, stddev;
};
struct moments moments(const float *x, size_t n);

/* Describes every hidden layer in layers[0 .. depth). An activation is saturated where |f'(z)| < saturated_slope. */
void layer_statistics(const struct network *network, float saturated_slope, struct gradient_layer *layers);

#endif
