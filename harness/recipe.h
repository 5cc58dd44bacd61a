/* What a network may have besides dense layers and activations: the changes that are said to help gradients, and the
 * precision it is run in. All zero: none of them, in single precision. */
#ifndef DEPTHMARK_RECIPE_H
#define DEPTHMARK_RECIPE_H

#include <stdbool.h>

/* Of the pre-activations, before the activation: over the batch (Ioffe and Szegedy 2015, arXiv:1502.03167) or over a
 * sample's units (Ba, Kiros and Hinton 2016, arXiv:1607.06450), with the trainable scale and shift of both papers. */
enum normalization { NORMALIZATION_NONE, NORMALIZATION_BATCH, NORMALIZATION_LAYER, NORMALIZATION_COUNT };

/* What weights, activations and gradients are rounded to between layers; sums stay in single precision. */
enum precision { PRECISION_FLOAT32, PRECISION_BF16, PRECISION_FP16, PRECISION_COUNT };

struct recipe {
  enum normalization normalization;
  bool residual; /* h_l = h_(l-1) + f(z_l) in every hidden layer but the first, whose input may have another width */
  enum precision precision;
  bool flush; /* subnormal numbers of that precision are taken for zero */
};

extern const char *const normalization_names[NORMALIZATION_COUNT];
extern const char *const precision_names[PRECISION_COUNT];

#endif
