/* What the layers of a network show after a forward and a backward pass. The same bits for any number of threads. */
#ifndef DEPTHMARK_LAYER_STATISTICS_H
#define DEPTHMARK_LAYER_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/error.h"
#include "harness/moments.h"
#include "harness/network.h"
#include "harness/result.h"

/* Where what is counted begins. */
struct layer_thresholds {
  float saturated_slope; /* an activation is saturated where |f'(z)| is below this */
  float smallest_normal; /* numbers below this are subnormal: FLT_MIN, or what the network's precision has instead */
};

/* Describes every hidden layer in layers[0 .. depth), and adds its entries to histograms[0 .. depth) where that is not
 * NULL. The Jacobian's fields are NAN. */
void layer_statistics(const struct network *network, struct layer_thresholds thresholds, struct gradient_layer *layers,
                      struct layer_histograms *histograms);

/* Fills in the Jacobian's fields of hidden layer l, counted from 0, for the first sample of the batch. False when
 * memory is out. */
bool layer_jacobian(const struct network *network, size_t l, struct gradient_layer *layer, struct error *error);

#endif
