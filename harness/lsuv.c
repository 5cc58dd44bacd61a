#include "harness/lsuv.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "harness/layer_statistics.h"

#define ALIGNMENT 64

static size_t workspace_bytes(const struct network *network) {
  size_t most = ALIGNMENT;
  for (size_t l = 0; l <= network->shape.depth; l++) {
    const struct network_layer *layer = &network->layers[l];
    const size_t bytes = network->table->matrix_workspace_bytes(layer->in, layer->out, network->threads);
    if (bytes > most) most = bytes;
  }
  return most;
}

static void make_orthogonal(struct network *network, uint64_t seed, void *workspace) {
  const struct kernel_table *table = network->table;
  for (size_t l = 0; l <= network->shape.depth; l++) {
    struct network_layer *layer = &network->layers[l];
    struct init init = network->rng;
    init.seed = seed, init.stream = 2 * l, init.p = (struct parameters){.a = 1};
    init.fan_in = layer->in, init.fan_out = layer->out;
    table->init_orthogonal(layer->w, layer->in, layer->out, &init, network->threads, workspace);
    table->init_zeros(layer->b, 0, layer->out, &init);
  }
}

static void scale(float *w, size_t n, float factor, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1 && n > 65536)
  for (size_t i = 0; i < n; i++) w[i] *= factor;
}

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
    scale(layer->w, layer->in * layer->out, factor, network->threads);
  }
  return error_set(error, "lsuv: layer %zu's pre-activations still have variance %g after %d iterations", l + 1,
                   variance, LSUV_ITERATIONS);
}

bool network_initialize_lsuv(struct network *network, const float *x, uint64_t seed, struct error *error) {
  const size_t bytes = workspace_bytes(network);
  void *workspace = bytes < SIZE_MAX ? aligned_alloc(ALIGNMENT, bytes) : NULL;
  if (!workspace) return error_set(error, "out of memory: lsuv needs %zu bytes for orthogonal weights", bytes);
  make_orthogonal(network, seed, workspace);
  free(workspace);
  for (size_t l = 0; l <= network->shape.depth; l++)
    if (!normalize(network, l, x, error)) return false;
  return true;
}
