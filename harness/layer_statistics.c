#include "harness/layer_statistics.h"

#include <float.h>
#include <math.h>

/* Double precision holds the squares of all floats, and LANES sums side by side in a fixed order keep the additions
 * from waiting for each other. Differences from the first entry, so that a layer of nearly equal values keeps its
 * spread. */
#define LANES 8
struct moments moments(const float *x, size_t n) {
  double sums[LANES] = {0}, squares[LANES] = {0};
  const double origin = x[0];
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++) {
      const double d = x[i + j] - origin;
      sums[j] += d;
      squares[j] += d * d;
    }
  for (size_t j = 0; i < n; i++, j++) {
    const double d = x[i] - origin;
    sums[j] += d;
    squares[j] += d * d;
  }
  double sum = 0, square = 0;
  for (size_t j = 0; j < LANES; j++) sum += sums[j], square += squares[j];
  const double shift = sum / (double)n, mean = origin + shift;
  double variance = square / (double)n - shift * shift;
  if (variance < 0) variance = 0; /* rounding; NAN stays */
  return (struct moments){sqrt(variance + mean * mean), sqrt(variance)};
}

static void count_kinds(const float *x, size_t n, struct gradient_layer *layer) {
  size_t zero = 0, tiny = 0, finite = 0;
  for (size_t i = 0; i < n; i++) {
    const float size = fabsf(x[i]);
    zero += size == 0;
    tiny += size < FLT_MIN;
    finite += size <= FLT_MAX;
  }
  layer->zero = (double)zero / (double)n;
  layer->subnormal = (double)(tiny - zero) / (double)n;
  layer->nonfinite = (double)(n - finite) / (double)n;
}

/* The share of z where |f'(z)| is below the threshold. */
static double saturated_share(const float *z, size_t n, backward_kernel *backward, struct parameters p,
                              float threshold) {
  enum { BLOCK = 512 };
  float ones[BLOCK], slope[BLOCK];
  size_t saturated = 0;
  for (size_t i = 0; i < BLOCK; i++) ones[i] = 1;
  for (size_t i = 0; i < n; i += BLOCK) {
    const size_t block = n - i < BLOCK ? n - i : BLOCK;
    backward(z + i, ones, slope, block, p);
    for (size_t j = 0; j < block; j++) saturated += fabsf(slope[j]) < threshold;
  }
  return (double)saturated / (double)n;
}

static void describe_layer(const struct network *network, size_t l, float threshold, struct gradient_layer *to) {
  const struct network_layer *layer = &network->layers[l];
  const size_t n = network->shape.batch * layer->out;
  const struct moments z = moments(layer->z, n), h = moments(layer->h, n), delta = moments(layer->delta, n);
  const struct moments dw = moments(layer->dw, layer->in * layer->out);
  *to = (struct gradient_layer){.z_rms = z.rms,
                                .z_stddev = z.stddev,
                                .h_rms = h.rms,
                                .h_stddev = h.stddev,
                                .delta_rms = delta.rms,
                                .delta_stddev = delta.stddev,
                                .dw_rms = dw.rms,
                                .dw_stddev = dw.stddev};
  count_kinds(layer->delta, n, to);
  backward_kernel *const backward = (backward_kernel *)kernel_in_table(network->table, network->activation.backward);
  to->saturated = saturated_share(layer->z, n, backward, network->activation.p, threshold);
}

/* One thread a layer, so that each layer's sums run in the same order however many threads there are. */
void layer_statistics(const struct network *network, float saturated_slope, struct gradient_layer *layers) {
#pragma omp parallel for num_threads(network->threads) schedule(dynamic) if (network->threads > 1)
  for (size_t l = 0; l < network->shape.depth; l++) describe_layer(network, l, saturated_slope, &layers[l]);
}
