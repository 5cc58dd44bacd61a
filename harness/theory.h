/* Mean-field theory of the networks that the command line describes, with activations from the double-precision
 * references. */
#ifndef DEPTHMARK_THEORY_H
#define DEPTHMARK_THEORY_H

#include "harness/meanfield.h"
#include "harness/network.h"

/* f and f' of a struct activation_choice, the context. */
meanfield_function theory_value, theory_slope;

/* The largest |f'|. */
double theory_largest_slope(const struct activation_choice *activation);

/* meanfield_decay() of a network of that shape on inputs of that mean square, biases normal; NAN where there is no
 * theory: it assumes random weights of mean 0. */
double theory_decay(const struct initializer_choice *initializer, const struct activation_choice *activation,
                    const struct network_shape *shape, double bias_std, double input_square);

#endif
