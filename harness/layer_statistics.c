#include "harness/layer_statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/jacobian.h"

#define BLOCK 512 /* slopes at a time */

static backward_kernel *slope_kernel(const struct network *network) {
  return (backward_kernel *)kernel_in_table(network->table, network->activation.backward);
}

/* f'(x[0 .. count)). */
static void slopes(const struct network *network, const float *x, size_t count, float *slope) {
  float ones[BLOCK];
  for (size_t i = 0; i < BLOCK; i++) ones[i] = 1;
  for (size_t i = 0; i < count; i += BLOCK)
    slope_kernel(network)(x + i, ones, slope + i, count - i < BLOCK ? count - i : BLOCK, network->activation.p);
}

/* The shares of saturated activations and of dead units. Goes through blocks of columns, each from the first sample to
 * the last, several rows at a time where they are short. */
static void describe_slopes(const struct network *network, const struct network_layer *layer, float saturated_slope,
                            struct gradient_layer *to) {
  const size_t batch = network->shape.batch, out = layer->out;
  const size_t rows = out < BLOCK ? BLOCK / out : 1;
  float slope[BLOCK];
  size_t saturated = 0, dead = 0;
  for (size_t column = 0; column < out; column += BLOCK) {
    const size_t columns = out - column < BLOCK ? out - column : BLOCK;
    uint32_t alive[BLOCK] = {0}; /* as wide as slopes, for the compiler's vectors */
    for (size_t row = 0; row < batch; row += rows) {
      const size_t together = batch - row < rows ? batch - row : rows;
      slopes(network, layer->n + row * out + column, together * columns, slope);
      for (size_t r = 0; r < together; r++)
        for (size_t j = 0; j < columns; j++) {
          const float size = fabsf(slope[r * columns + j]);
          saturated += size < saturated_slope;
          alive[j] |= !(size == 0);
        }
    }
    for (size_t j = 0; j < columns; j++) dead += !alive[j];
  }
  to->saturated = (double)saturated / (double)(batch * out);
  to->dead = (double)dead / (double)out;
}

#define MOMENTS(of, m)                                                                                                 \
  .of##_mean = m.mean, .of##_rms = m.rms, .of##_stddev = m.stddev, .of##_skewness = m.skewness,                        \
  .of##_kurtosis = m.kurtosis
static void describe_layer(const struct network *network, size_t l, struct layer_thresholds thresholds,
                           struct gradient_layer *to, struct layer_histograms *histograms) {
  const struct network_layer *layer = &network->layers[l];
  const size_t n = network->shape.batch * layer->out, weights = layer->in * layer->out;
  const struct moments z = moments(layer->z, n), h = moments(layer->h, n), delta = moments(layer->delta, n);
  const struct moments dw = moments(layer->dw, weights);
  const struct kinds delta_kinds = kinds(layer->delta, n, thresholds.smallest_normal);
  const struct kinds dw_kinds = kinds(layer->dw, weights, thresholds.smallest_normal);
  const double w_rms = root_mean_square(layer->w, weights);
  *to = (struct gradient_layer){MOMENTS(z, z),
                                MOMENTS(h, h),
                                MOMENTS(delta, delta),
                                MOMENTS(dw, dw),
                                .w_rms = w_rms,
                                .gradient_to_weight = dw.rms / w_rms,
                                .zero = delta_kinds.zero,
                                .subnormal = delta_kinds.subnormal,
                                .nonfinite = delta_kinds.nonfinite,
                                .dw_zero = dw_kinds.zero,
                                .dw_subnormal = dw_kinds.subnormal,
                                .jacobian_rms = NAN,
                                .jacobian_mean = NAN,
                                .jacobian_largest = NAN,
                                .jacobian_smallest = NAN};
  describe_slopes(network, layer, thresholds.saturated_slope, to);
  if (!histograms) return;
  histogram_add(&histograms->z, layer->z, n);
  histogram_add(&histograms->h, layer->h, n);
  histogram_add(&histograms->delta, layer->delta, n);
  histogram_add(&histograms->dw, layer->dw, weights);
}
#undef MOMENTS

/* One thread a layer, so that each layer's sums run in the same order however many threads there are. */
void layer_statistics(const struct network *network, struct layer_thresholds thresholds, struct gradient_layer *layers,
                      struct layer_histograms *histograms) {
#pragma omp parallel for num_threads(network->threads) schedule(dynamic) if (network->threads > 1)
  for (size_t l = 0; l < network->shape.depth; l++)
    describe_layer(network, l, thresholds, &layers[l], histograms ? &histograms[l] : NULL);
}

/* What a normalization does to the first sample: its part of the Jacobian, with arrays of `out` for it. */
static void normalized(const struct network *network, const struct network_layer *layer, float *factor, float *values,
                       struct jacobian *jacobian) {
  const enum normalization normalization = network->shape.recipe.normalization;
  if (normalization == NORMALIZATION_NONE) return;
  const bool batch = normalization == NORMALIZATION_BATCH;
  for (size_t i = 0; i < layer->out; i++) {
    factor[i] = batch ? layer->gamma[i] * layer->inverse[i] : layer->gamma[i];
    values[i] = (layer->z[i] - layer->mean[0]) * layer->inverse[0];
  }
  jacobian->factor = factor;
  if (!batch) jacobian->normalized = values, jacobian->sigma = 1 / (double)layer->inverse[0];
}

bool layer_jacobian(const struct network *network, size_t l, struct gradient_layer *to, struct error *error) {
  const struct network_layer *layer = &network->layers[l];
  float *arrays = malloc(3 * layer->out * sizeof *arrays); /* slopes, factors, normalized values */
  struct jacobian_summary summary;
  if (!arrays) return error_set(error, "out of memory: the slopes of %zu units", layer->out);
  slopes(network, layer->n, layer->out, arrays);
  struct jacobian jacobian = {.in = layer->in,
                              .out = layer->out,
                              .w = layer->w,
                              .slope = arrays,
                              .residual = network->shape.recipe.residual && l > 0};
  normalized(network, layer, arrays + layer->out, arrays + 2 * layer->out, &jacobian);
  const bool fine = jacobian_summarize(&jacobian, &summary, error);
  free(arrays);
  if (!fine) return false;
  to->jacobian_rms = summary.rms, to->jacobian_mean = summary.mean;
  to->jacobian_largest = summary.largest, to->jacobian_smallest = summary.smallest;
  return true;
}
