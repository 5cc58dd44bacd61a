#include "harness/suite/gradient_theory.h"

#include <math.h>
#include <stdlib.h>

#include "harness/theory.h"

/* Each layer, if memory is there for it; *decay is that of the network. */
static void describe_layers(struct gradient_cell *cell, const struct theory_network *network, double *decay) {
  struct meanfield_layer *signal = malloc(cell->depth * sizeof *signal);
  struct layer_theory *layers = malloc(cell->depth * sizeof *layers);
  const double last = log(cell->layers[cell->depth - 1].delta_rms);
  *decay = NAN;
  if (signal && layers) {
    *decay = theory_signal(network, signal);
    for (size_t l = 0; l < cell->depth; l++)
      layers[l] = (struct layer_theory){exp(signal[l].ln_z), exp(signal[l].ln_h), exp(signal[l].ln_delta + last)};
    cell->layers_theory = layers;
    layers = NULL;
  }
  free(signal);
  free(layers);
}

void gradient_theory(struct gradient_cell *cell, const struct gradient_setting *setting,
                     const struct network_shape *shape, double input_square, double input_variance) {
  const struct theory_network network = {.initializer = setting->initializer,
                                         .activation = setting->activation,
                                         .shape = shape,
                                         .bias_std = cell->bias_std,
                                         .weight_scale = cell->weight_scale,
                                         .normalization = cell->recipe.normalization,
                                         .residual = cell->recipe.residual,
                                         .epsilon = NETWORK_EPSILON,
                                         .input_square = input_square,
                                         .input_variance = input_variance};
  cell->theory = (struct cell_theory){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  if (!theory_applies(&network)) return;
  const struct theory_facts facts = theory_facts(&network);
  describe_layers(cell, &network, &cell->theory.decay_per_layer);
  cell->theory.difference = (cell->decay_per_layer - cell->theory.decay_per_layer) / cell->decay_standard_error;
  cell->theory.weight_variance = facts.weight_variance;
  cell->theory.length = facts.length, cell->theory.chi = facts.chi;
  cell->theory.length_scale = facts.length_scale;
  cell->theory.correlation = facts.correlation;
  cell->theory.correlation_scale = facts.correlation_scale;
}
