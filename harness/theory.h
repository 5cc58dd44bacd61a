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

/* The variance of one weight; NAN where weights are not random or their mean is not 0, which the theory assumes. */
double theory_weight_variance(const struct initializer_choice *initializer, size_t fan_in, size_t fan_out);

/* meanfield_decay() of a network of that shape on inputs of that mean square, biases normal; NAN where there is no
 * theory. */
double theory_decay(const struct initializer_choice *initializer, const struct activation_choice *activation,
                    const struct network_shape *shape, double bias_std, double input_square);

#endif
