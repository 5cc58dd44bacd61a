#include "harness/lsuv.h"

#include <math.h>

#include "harness/choices.h"
#include "harness/layer_statistics.h"

/* Brings layer l's pre-activations to unit variance and leaves them, and its activations. */
static bool normalize(struct network *network, size_t l, const float *x, struct error *error) {
  const struct network_layer *layer = &network->layers[l];
  const size_t n = network->shape.batch * layer->out;
  double variance = 0;
  for (int iteration = 0; iteration <= LSUV_ITERATIONS; iteration++) {
    network_forward_layer(network, l, x);
    const double stddev = moments(layer->z, n).stddev;
    variance = stddev * stddev;
    if (fabs(variance - 1) < LSUV_TOLERANCE) return true;
    if (!isfinite(stddev))
      return error_set(error, "lsuv: layer %zu's pre-activations are not finite; use inputs of ordinary size", l + 1);
    const float factor = (float)(1 / stddev);
    if (!isfinite(factor))
      return error_set(
          error,
          "lsuv: layer %zu's pre-activations are all the same (variance %g) on this batch of %zu; no scale "
          "changes that, but inputs that differ, a larger --batch or another activation may",
          l + 1, variance, network->shape.batch);
    network_scale_layer(network, l, factor);
  }
  return error_set(error, "lsuv: layer %zu's pre-activations still have variance %g after %d iterations", l + 1,
                   variance, LSUV_ITERATIONS);
}

bool network_initialize_lsuv(struct network *network, const float *x, uint64_t seed, struct error *error) {
  struct initializer_choice orthogonal;
  if (!choose_initializer("orthogonal", &orthogonal, error)) return false;
  network_initialize(network, &orthogonal, 0, seed);
  for (size_t l = 0; l <= network->shape.depth; l++)
    if (!normalize(network, l, x, error)) return false;
  return true;
}
