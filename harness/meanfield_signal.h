/* Mean-field theory layer by layer: how large pre-activations, activations and gradients are in a network of equally
 * wide hidden layers, with or without normalization and residual connections.
 *
 *   n_l = z_l, or z_l normalized, without a trained scale and shift: z_l / sqrt(s_l), s_l = variance of z_l + epsilon
 *   h_l = f(n_l), or h_(l-1) + f(n_l) in residual layers, all but the first
 *   z_(l+1) = W h_l + b
 *
 * Units are taken to be independent and pre-activations normal, of mean 0 over units. Batch normalization is over
 * unlike samples, whose variance is well above epsilon.
 *
 * Width. All directions of the gradient with respect to h_l are alike but one, that of h_l itself: W is random across
 * h_(l-1), but W h_(l-1) is the z_l that decides on the slopes. A change of h_(l-1) by e h_(l-1) changes h_l by e J,
 * J = w n f'(n), in residual layers h_(l-1) + w n f'(n), w being the share that weights rather than biases have in E
 * z^2. So the gradient's component along h_(l-1) is the inner product of the gradient with respect to h_l with
 * J / |h_(l-1)|: what lies along h_l goes on by J's part along h_l, and J's other part takes as much of the rest as any
 * vector of its length. Without biases J is h_l for ReLU (Euler's theorem), so that this component grows by
 * |h_l| / |h_(l-1)| on the way back, which in a residual network is more than the rest does, since means add up. It
 * begins as 1 / n of the squared gradient and takes over after ln(n) / ln(its growth / the rest's, both squared)
 * layers.
 *
 * Counted is what this component has more than its share of 1 / n; that it has less in other networks isn't, because it
 * changes nothing with depth and is smaller than what else is left out at finite widths: that lengths differ from one
 * network to the next by about a factor 1 +- sqrt(depth / n), which matters where f sends lengths away from a fixed
 * point that repels them (GELU, SiLU, Mish with weights of variance 2 / n), and where depth is not well below n.
 * Layer normalization takes lengths away, and h's direction is like all others. With batch normalization and residual
 * connections it isn't, since samples of one batch may still differ in length; that is left out. */
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
  size_t width;   /* n above, looked at without normalization; 0: a large one */
  size_t batch;   /* for batch normalization, whose effects are included to first order in 1 / batch; 0: a large one */
};

/* What lies along h_l in layer l, in units of |h_(l-1)|^2 or, for the slope, of what other directions have. */
struct meanfield_along {
  double pull, length; /* squares of J's component along h_l, and of J */
  double kept;         /* squared cosine of the angle between h_l and h_(l-1); 0 without residual connections */
  double slope;        /* E f'^2 h_l^2 / (E f'^2 E h_l^2) - 1 */
};

/* Natural logarithms, which hold what leaves the range of doubles. -INFINITY for what is all zeros; NAN from where f
 * itself leaves the range of doubles (the exponential function does). */
struct meanfield_layer {
  double ln_z, ln_h;            /* of the rms of pre-activations and activations */
  double ln_delta;              /* of the rms of the gradient with respect to z, relative to the last hidden layer's */
  struct meanfield_along along; /* zero where it makes no difference */
};

/* Fills layers, of `depth` hidden layers, and returns the decay per layer, (ln rms of the first hidden layer's gradient
 * - ln rms of the last's) / (depth - 1); NAN for depth 1. */
double meanfield_signal(const struct meanfield_network *network, struct meanfield_layer *layers);

#endif
