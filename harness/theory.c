#include "harness/theory.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/reference/reference.h"

double theory_value(double x, void *context) {
  const struct activation_choice *activation = context;
  return ((map_reference *)reference_functions[activation->forward - kernels])(x, activation->p);
}

double theory_slope(double x, void *context) {
  const struct activation_choice *activation = context;
  return ((backward_reference *)reference_functions[activation->backward - kernels])(x, 1, activation->p);
}

/* The largest |f'| on a grid that holds 0, where the slopes of all activations with a kink change, and reaches to where
 * they are flat or straight. */
double theory_largest_slope(const struct activation_choice *activation) {
  double largest = 0;
  for (int i = -1024; i <= 1024; i++) largest = fmax(largest, fabs(theory_slope(i / 64.0, (void *)activation)));
  return largest;
}

static struct meanfield theory_of(const struct theory_network *network) {
  const size_t width = network->shape->width;
  const double scale = network->weight_scale * network->weight_scale;
  return (struct meanfield){theory_value, theory_slope, (void *)network->activation,
                            scale * (double)width * initializer_variance(network->initializer, width, width),
                            network->bias_std * network->bias_std};
}

/* By what the first layer multiplies the mean square of its input. */
static double first_weight_variance(const struct theory_network *network) {
  const size_t inputs = network->shape->inputs, width = network->shape->width;
  const double scale = network->weight_scale * network->weight_scale;
  return scale * (double)inputs * initializer_variance(network->initializer, inputs, width);
}

bool theory_applies(const struct theory_network *network) {
  return isfinite(theory_of(network).weight_variance) && isfinite(first_weight_variance(network));
}

double theory_signal(const struct theory_network *network, struct meanfield_layer *layers) {
  const struct meanfield theory = theory_of(network);
  const double first = first_weight_variance(network);
  const size_t depth = network->shape->depth;
  if (!theory_applies(network)) {
    for (size_t l = 0; l < depth; l++) layers[l] = (struct meanfield_layer){.ln_z = NAN, .ln_h = NAN, .ln_delta = NAN};
    return NAN;
  }
  return meanfield_signal(&(struct meanfield_network){.theory = theory,
                                                      .square = first * network->input_square + theory.bias_variance,
                                                      .variance = first * network->input_variance,
                                                      .depth = depth,
                                                      .normalization = network->normalization,
                                                      .residual = network->residual,
                                                      .epsilon = network->epsilon,
                                                      .batch = network->shape->batch,
                                                      .width = network->shape->width},
                          layers);
}

double theory_decay(const struct initializer_choice *initializer, const struct activation_choice *activation,
                    const struct network_shape *shape, double bias_std, double input_square) {
  struct meanfield_layer *layers = malloc(shape->depth * sizeof *layers);
  const double decay = layers ? theory_signal(&(struct theory_network){.initializer = initializer,
                                                                       .activation = activation,
                                                                       .shape = shape,
                                                                       .bias_std = bias_std,
                                                                       .weight_scale = 1,
                                                                       .input_square = input_square},
                                              layers)
                              : NAN;
  free(layers);
  return decay;
}

struct theory_facts theory_facts(const struct theory_network *network) {
  const struct meanfield theory = theory_of(network);
  if (!theory_applies(network))
    return (struct theory_facts){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, {MEANFIELD_CRITICAL_NONE, NAN, NAN}};
  const double first = first_weight_variance(network) * network->input_square + theory.bias_variance;
  const double length = meanfield_fixed_point(&theory, first);
  const double inside = fmin(length, MEANFIELD_LARGEST_LENGTH);
  const struct meanfield_rest rest = meanfield_rest(&theory, length);
  return (struct theory_facts){.weight_variance = theory.weight_variance,
                               .bias_variance = theory.bias_variance,
                               .length = length,
                               .chi = meanfield_chi(&theory, inside),
                               .length_scale = meanfield_depth_scale(meanfield_chi_length(&theory, inside)),
                               .correlation = rest.correlation,
                               .chi_c = rest.chi,
                               .correlation_scale = meanfield_depth_scale(rest.chi),
                               .critical = meanfield_critical(&theory)};
}
