/* Which shape the way of a gradient through the layers has: with k layers to go back from the last hidden layer, its
 * size goes as e^(b k) (chi is not 1) or as (k + 1)^b (at a critical point), or stays level. */
#ifndef DEPTHMARK_DECAY_FIT_H
#define DEPTHMARK_DECAY_FIT_H

#include <stddef.h>

#include "harness/result.h"

#define DECAY_FIT_LAYERS 4 /* with fewer that can be used there is no shape */

/* Least squares of ln delta_rms of layers[0 .. depth), the first hidden layer first. Left out are layers where that is
 * not finite, and those more than a tenth of whose entries are subnormal: rounding has bent their size.
 *
 * noise: what ln delta_rms may change by chance from end to end, such as some decay_standard_error * (depth - 1); NAN:
 * not known. Level is what neither shape explains by half, or what the better one changes by less than that. */
struct decay_fit decay_fit(const struct gradient_layer *layers, size_t depth, double noise);

#endif
