/* Mean-field theory layer by layer: how large pre-activations, activations and gradients are in a network of equally
 * wide hidden layers, with or without normalization and residual connections.
 *
 *   n_l = z_l, or z_l normalized, without a trained scale and shift: z_l / sqrt(s_l), s_l = variance of z_l + epsilon
 *   h_l = f(n_l), or h_(l-1) + f(n_l) in residual layers, all but the first
 *   z_(l+1) = W h_l + b
 *
 * Units are taken to be independent and pre-activations normal, of mean 0 over units. Batch normalization is over
 * unlike samples, whose variance is well above epsilon. */
#ifndef DEPTHMARK_MEANFIELD_SIGNAL_H
#define DEPTHMARK_MEANFIELD_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/meanfield.h"
#include "harness/recipe.h"

struct meanfield_network {
  struct meanfield theory; /* of all layers but the first, whose z is given: */
  double square;           /* E z_1^2 */
  double variance; /* of z_1 over the batch, for batch normalization, which takes the mean away; at most square */
  size_t depth;    /* hidden layers */
  enum normalization normalization;
  bool residual;
  double epsilon; /* of the normalization */
  size_t batch;   /* for batch normalization, whose effects are included to first order in 1 / batch; 0: a large one */
};

/* Natural logarithms, which hold what leaves the range of doubles. -INFINITY for what is all zeros; NAN from where f
 * itself leaves the range of doubles (the exponential function does). */
struct meanfield_layer {
  double ln_z, ln_h; /* of the rms of pre-activations and activations */
  double ln_delta;   /* of the rms of the gradient with respect to z, relative to the last hidden layer's */
};

/* Fills layers, of `depth` hidden layers, and returns the decay per layer, (ln rms of the first hidden layer's gradient
 * - ln rms of the last's) / (depth - 1); NAN for depth 1. */
double meanfield_signal(const struct meanfield_network *network, struct meanfield_layer *layers);

#endif
