#include "harness/suite/gradient_trial.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/flush.h"
#include "harness/layer_statistics.h"
#include "harness/lsuv.h"
#include "harness/theory.h"

#define OUTPUTS DATASET_CLASSES
/* An activation counts as saturated where its slope is below this share of its largest. */
#define SATURATED_SLOPE 0.01
/* Streams of a seed that no layer's weights come from. */
#define INPUT_STREAM UINT64_MAX
#define LOSS_STREAM (UINT64_MAX - 1)

static bool on_images(const struct gradient_laboratory *laboratory) {
  return laboratory->options->data != INPUT_NORMAL;
}

struct network_shape gradient_shape(const struct gradient_laboratory *laboratory, const struct gradient_cell *cell) {
  return (struct network_shape){.inputs = on_images(laboratory) ? DATASET_PIXELS : cell->width,
                                .width = cell->width,
                                .depth = cell->depth,
                                .outputs = OUTPUTS,
                                .batch = cell->batch,
                                .recipe = cell->recipe};
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

double gradient_trial_bytes(const struct gradient_laboratory *laboratory, const struct gradient_cell *cell,
                            int threads) {
  const struct network_shape shape = gradient_shape(laboratory, cell);
  const double numbers = (double)shape.batch * (double)shape.inputs;
  const size_t layer = sizeof(struct gradient_layer);
  const size_t noted = laboratory->options->histograms ? layer + sizeof(struct layer_histograms) : layer;
  return (double)network_bytes(&shape, laboratory->table, threads) + numbers * sizeof(float) +
         (double)shape.depth * (double)noted;
}

void gradient_trial_destroy(struct gradient_trial *trial) {
  network_destroy(&trial->network);
  free(trial->x);
  free(trial->labels);
  free(trial->losses);
  free(trial->sample.layers);
  free(trial->sample.histograms);
  *trial = (struct gradient_trial){0};
}

static bool create(struct gradient_trial *trial, const struct gradient_laboratory *laboratory,
                   const struct network_shape *shape, const struct activation_choice *activation, int threads,
                   struct error *error) {
  gradient_trial_destroy(trial);
  if (!network_create(&trial->network, shape, laboratory->table, activation, threads, error)) return false;
  trial->network.rng = laboratory->rng;
  trial->network.caches = laboratory->caches;
  trial->x = malloc(shape->batch * shape->inputs * sizeof *trial->x);
  trial->labels = malloc(shape->batch * sizeof *trial->labels);
  trial->losses = malloc(shape->batch * sizeof *trial->losses);
  trial->sample.layers = calloc(shape->depth, sizeof *trial->sample.layers);
  const bool histograms = laboratory->options->histograms;
  if (histograms) trial->sample.histograms = calloc(shape->depth, sizeof *trial->sample.histograms);
  if (trial->x && trial->labels && trial->losses && trial->sample.layers && (trial->sample.histograms || !histograms))
    return true;
  return error_set(error, "out of memory: a network's input of %zu x %zu numbers; choose a smaller --batch or --widths",
                   shape->batch, shape->inputs);
}

bool gradient_trial_prepare(struct gradient_trial *trial, const struct gradient_laboratory *laboratory,
                            const struct gradient_setting *setting, int threads, struct error *error) {
  struct network_shape shape = gradient_shape(laboratory, &setting->cell);
  if (laboratory->images.count) shape.inputs = laboratory->images.rows * laboratory->images.columns;
  if (trial->setting == setting) return true;
  const bool fits = trial->setting && network_shape_same(&shape, &trial->network.shape);
  if (!fits && !create(trial, laboratory, &shape, setting->activation, threads, error)) return false;
  trial->network.activation = *setting->activation;
  trial->saturated_slope = (float)(SATURATED_SLOPE * theory_largest_slope(setting->activation));
  trial->setting = setting;
  return true;
}

/* ---- one network ------------------------------------------------------------------------------------------------ */

static void fill_normal(const struct gradient_laboratory *laboratory, float *to, size_t n, size_t k, uint64_t stream,
                        float stddev) {
  const struct init normal = {
      .seed = rng_seed(laboratory->options->seed, k), .stream = stream, .p = {.b = stddev}, .fan_in = 1, .fan_out = 1};
  laboratory->table->init_normal(to, 0, n, &normal);
}

static bool initialize(struct gradient_trial *trial, const struct gradient_laboratory *laboratory, size_t k,
                       struct error *error) {
  const struct gradient_setting *setting = trial->setting;
  const uint64_t seed = rng_seed(laboratory->options->seed, k);
  if (!initializer_is_lsuv(setting->initializer))
    network_initialize(&trial->network, setting->initializer, (float)setting->cell.bias_std, seed);
  else if (!network_initialize_lsuv(&trial->network, trial->x, seed, error))
    return false;
  network_scale_weights(&trial->network, (float)setting->cell.weight_scale);
  network_round_weights(&trial->network);
  return true;
}

/* The output layer's delta, for a loss that is scale times as large. */
static void lose(struct gradient_trial *trial, const struct gradient_laboratory *laboratory, size_t k) {
  const struct network *network = &trial->network;
  const struct network_layer *outputs = &network->layers[network->shape.depth];
  const size_t n = network->shape.batch * OUTPUTS;
  const float scale = (float)trial->setting->cell.loss_scale;
  if (on_images(laboratory))
    laboratory->table->softmax_cross_entropy(outputs->z, trial->labels, network->shape.batch, OUTPUTS, outputs->delta,
                                             trial->losses);
  else
    fill_normal(laboratory, outputs->delta, n, k, LOSS_STREAM, 1 / (float)network->shape.batch);
  for (size_t i = 0; scale != 1 && i < n; i++) outputs->delta[i] *= scale;
}

/* Gradients as they are without the loss's scale. */
static void take_out_scale(struct gradient_layer *layer, double scale) {
  layer->delta_mean /= scale, layer->delta_rms /= scale, layer->delta_stddev /= scale;
  layer->dw_mean /= scale, layer->dw_rms /= scale, layer->dw_stddev /= scale;
  layer->gradient_to_weight /= scale;
}

/* Below that, numbers of the precision have fewer digits. */
static float smallest_normal(enum precision precision) { return precision == PRECISION_FP16 ? 0x1p-14f : FLT_MIN; }

/* What the layers show. */
static bool look(struct gradient_trial *trial, const struct gradient_laboratory *laboratory, struct error *error) {
  const struct network *network = &trial->network;
  struct gradient_sample *sample = &trial->sample;
  const size_t depth = network->shape.depth;
  const struct layer_thresholds thresholds = {trial->saturated_slope, smallest_normal(network->shape.recipe.precision)};
  if (sample->histograms) memset(sample->histograms, 0, depth * sizeof *sample->histograms);
  layer_statistics(network, thresholds, sample->layers, sample->histograms);
  for (size_t l = 0; l < depth; l++) {
    if (laboratory->options->jacobians && !layer_jacobian(network, l, &sample->layers[l], error)) return false;
    take_out_scale(&sample->layers[l], trial->setting->cell.loss_scale);
  }
  return true;
}

/* Mean over the columns of their variance. */
static double variance_over_batch(const float *x, size_t rows, size_t columns) {
  double sum = 0;
  for (size_t j = 0; j < columns; j++) {
    double deviation = 0, square = 0;
    for (size_t i = 0; i < rows; i++) {
      const double d = (double)x[i * columns + j] - (double)x[j];
      deviation += d, square += d * d;
    }
    sum += square / (double)rows - deviation / (double)rows * (deviation / (double)rows);
  }
  return sum / (double)columns;
}

/* Operations of a network's products: two a layer, and one more where the gradient goes on to the layer before. */
static double product_operations(const struct network *network) {
  double sum = 0;
  for (size_t l = 0; l <= network->shape.depth; l++) {
    const double weights = (double)network->layers[l].in * (double)network->layers[l].out;
    sum += (l ? 6 : 4) * (double)network->shape.batch * weights;
  }
  return sum;
}

/* Forward, loss, backward. */
static void pass(struct gradient_trial *trial, const struct gradient_laboratory *laboratory, size_t k) {
  struct network *network = &trial->network;
  const bool flush = trial->setting->cell.recipe.flush;
  const uint64_t began = clock_now();
  if (flush) flush_subnormals(true, network->threads);
  network_forward(network, trial->x);
  lose(trial, laboratory, k);
  network_backward(network, trial->x);
  if (flush) flush_subnormals(false, network->threads);
  trial->sample.seconds = (double)(clock_now() - began) * 1e-9 * network->threads;
  trial->sample.operations = product_operations(network);
}

bool gradient_trial_run(struct gradient_trial *trial, const struct gradient_laboratory *laboratory, size_t k,
                        struct error *error) {
  struct network *network = &trial->network;
  const struct network_layer *outputs = &network->layers[network->shape.depth];
  const size_t batch = network->shape.batch, inputs = network->shape.inputs;
  if (on_images(laboratory))
    dataset_batch(&laboratory->images, k * batch, batch, trial->x, trial->labels);
  else
    fill_normal(laboratory, trial->x, batch * inputs, k, INPUT_STREAM, 1);
  if (!initialize(trial, laboratory, k, error)) return false;
  pass(trial, laboratory, k);
  const double input_rms = root_mean_square(trial->x, batch * inputs);
  trial->sample.input_square = input_rms * input_rms;
  trial->sample.input_variance = variance_over_batch(trial->x, batch, inputs);
  trial->sample.outputs_finite = isfinite(root_mean_square(outputs->z, batch * OUTPUTS));
  return look(trial, laboratory, error);
}
