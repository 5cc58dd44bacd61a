/* How gradients decay with depth: for each initializer x activation x depth, networks are built, run forward and
 * backward on input, and every hidden layer is described; the theory is set beside it.
 *
 * Verdicts, by the end-to-end ratio of the first hidden layer's gradient to the last's, rms(delta_1) / rms(delta_D),
 * geometric mean over seeds: below 1/10 vanishing, above 10 exploding, between them stable. Before that, if any network
 * of the cell
 *   holds a value that is not finite: overflow, at the first layer whose z or h is not finite (D + 1 is the output
 * layer), or, where the forward pass is finite, at the layer nearest the output whose delta or dw is not; has a layer
 * whose delta is exactly zero: underflow, at the one nearest the output.
 *
 * The loss. On normal data: a random linear functional of the outputs, so that the output layer's delta is N(0, 1) /
 * batch whatever the weights. On Fashion-MNIST: the cross-entropy of its ten classes.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dataset.h"
#include "harness/interrupt.h"
#include "harness/layer_statistics.h"
#include "harness/network.h"
#include "harness/pin.h"
#include "harness/suite.h"
#include "harness/theory.h"

#define OUTPUTS DATASET_CLASSES
#define VANISHING (-2.302585092994046) /* ln 1/10 */
#define EXPLODING 2.302585092994046
/* An activation counts as saturated where its slope is below this share of its largest. */
#define SATURATED_SLOPE 0.01
/* Streams of a seed that no layer's weights come from. */
#define INPUT_STREAM UINT64_MAX
#define LOSS_STREAM (UINT64_MAX - 1)

/* ---- one cell --------------------------------------------------------------------------------------------------- */

/* What all cells share. */
struct grid {
  const struct options *options;
  const struct kernel_table *table;
  const char *arch;
  int threads;
  size_t inputs;
  struct dataset images;
  float *x;        /* batch x inputs */
  int32_t *labels; /* batch */
  float *losses;   /* batch */
};

/* The k-th network's seed; the first is the run's own. Runs with neighbouring seeds share none. */
static uint64_t network_seed(uint64_t seed, size_t k) { return seed + k * 0x9e3779b97f4a7c15u; }

/* The input of the k-th network. Every k has its own images, as far as they go. */
static void make_input(const struct grid *grid, size_t k) {
  const size_t batch = grid->options->batch;
  if (grid->options->data == INPUT_FASHION_MNIST) {
    dataset_batch(&grid->images, k * batch, batch, grid->x, grid->labels);
    return;
  }
  const struct init normal = {
      .seed = network_seed(grid->options->seed, k), .stream = INPUT_STREAM, .p = {0, 1}, .fan_in = 1, .fan_out = 1};
  grid->table->init_normal(grid->x, 0, batch * grid->inputs, &normal);
}

static void make_output_gradient(const struct grid *grid, const struct network *network, size_t k) {
  const struct network_layer *outputs = &network->layers[network->shape.depth];
  const size_t batch = network->shape.batch;
  if (grid->options->data == INPUT_FASHION_MNIST) {
    grid->table->softmax_cross_entropy(outputs->z, grid->labels, batch, outputs->out, outputs->delta, grid->losses);
    return;
  }
  const struct init normal = {.seed = network_seed(grid->options->seed, k),
                              .stream = LOSS_STREAM,
                              .p = {0, 1.0f / (float)batch},
                              .fan_in = 1,
                              .fan_out = 1};
  grid->table->init_normal(outputs->delta, 0, batch * outputs->out, &normal);
}

/* What the networks of a cell have shown so far. */
struct tally {
  struct gradient_layer *one;          /* depth: of the latest network */
  struct gradient_layer *sums;         /* depth: of ln RMS, ln stddev and shares */
  double decay, decay_square;          /* sums over networks of the decay per layer and its square */
  double input_square;                 /* sum of the mean square of the input */
  size_t forward_overflow;             /* first layer seen, 1-based; 0: none */
  size_t backward_overflow, underflow; /* layer nearest the output seen; 0: none */
};

static void add_layers(struct tally *tally, const struct network *network) {
  const size_t depth = network->shape.depth;
  const struct network_layer *outputs = &network->layers[depth];
  size_t forward = 0;
  for (size_t l = 0; l < depth; l++) {
    const struct gradient_layer *one = &tally->one[l];
    struct gradient_layer *sum = &tally->sums[l];
    if (forward == 0 && !(isfinite(one->z_rms) && isfinite(one->h_rms))) forward = l + 1;
    if (!(isfinite(one->delta_rms) && isfinite(one->dw_rms)) && l + 1 > tally->backward_overflow)
      tally->backward_overflow = l + 1;
    if (one->delta_rms == 0 && l + 1 > tally->underflow) tally->underflow = l + 1;
    sum->z_rms += log(one->z_rms), sum->z_stddev += log(one->z_stddev);
    sum->h_rms += log(one->h_rms), sum->h_stddev += log(one->h_stddev);
    sum->delta_rms += log(one->delta_rms), sum->delta_stddev += log(one->delta_stddev);
    sum->dw_rms += log(one->dw_rms), sum->dw_stddev += log(one->dw_stddev);
    sum->zero += one->zero, sum->subnormal += one->subnormal;
    sum->nonfinite += one->nonfinite, sum->saturated += one->saturated;
  }
  if (forward == 0 && !isfinite(moments(outputs->z, network->shape.batch * outputs->out).rms)) forward = depth + 1;
  if (forward > 0 && (tally->forward_overflow == 0 || forward < tally->forward_overflow))
    tally->forward_overflow = forward;
  const double decay = log(tally->one[0].delta_rms / tally->one[depth - 1].delta_rms) / (double)(depth - 1);
  tally->decay += decay;
  tally->decay_square += decay * decay;
}

/* Means over seeds: geometric of RMS and spread, so that they agree with the decay, arithmetic of shares. */
static void finish_layers(const struct tally *tally, struct gradient_layer *layers, size_t depth, double seeds) {
  for (size_t l = 0; l < depth; l++) {
    const struct gradient_layer *sum = &tally->sums[l];
    layers[l] = (struct gradient_layer){.z_rms = exp(sum->z_rms / seeds),
                                        .z_stddev = exp(sum->z_stddev / seeds),
                                        .h_rms = exp(sum->h_rms / seeds),
                                        .h_stddev = exp(sum->h_stddev / seeds),
                                        .delta_rms = exp(sum->delta_rms / seeds),
                                        .delta_stddev = exp(sum->delta_stddev / seeds),
                                        .dw_rms = exp(sum->dw_rms / seeds),
                                        .dw_stddev = exp(sum->dw_stddev / seeds),
                                        .zero = sum->zero / seeds,
                                        .subnormal = sum->subnormal / seeds,
                                        .nonfinite = sum->nonfinite / seeds,
                                        .saturated = sum->saturated / seeds};
  }
}

static void judge(struct gradient_cell *cell, const struct tally *tally) {
  const double end_to_end = cell->decay_per_layer * (double)(cell->depth - 1);
  cell->verdict_layer = 0;
  if (tally->forward_overflow || tally->backward_overflow) {
    cell->verdict = VERDICT_OVERFLOW;
    cell->verdict_layer = tally->forward_overflow ? tally->forward_overflow : tally->backward_overflow;
  } else if (tally->underflow) {
    cell->verdict = VERDICT_UNDERFLOW;
    cell->verdict_layer = tally->underflow;
  } else if (end_to_end < VANISHING) {
    cell->verdict = VERDICT_VANISHING;
  } else if (end_to_end > EXPLODING) {
    cell->verdict = VERDICT_EXPLODING;
  } else {
    cell->verdict = VERDICT_STABLE;
  }
}

static void finish_cell(struct gradient_cell *cell, const struct tally *tally) {
  const double seeds = (double)cell->seeds, mean = tally->decay / seeds;
  const double variance = fmax(tally->decay_square / seeds - mean * mean, 0) * seeds / (seeds - 1);
  finish_layers(tally, cell->layers, cell->depth, seeds);
  cell->decay_per_layer = isfinite(mean) ? mean : NAN;
  cell->decay_standard_error = isfinite(mean) && cell->seeds > 1 ? sqrt(variance / seeds) : NAN;
  judge(cell, tally);
}

static double planned_seconds(const struct grid *grid, size_t depth) {
  const struct options *options = grid->options;
  const double width = (double)options->width, batch = (double)options->batch, layers = (double)depth;
  const double lanes = (double)grid->table->lanes, speed = 0.6 * grid->threads; /* of ideal threads */
  const double products = 3 * 2 * batch * width * width / (4e9 * lanes), fills = width * width * 8e-9 / lanes;
  const double statistics = (3 * batch + width) * width * 1e-9;
  return (double)options->seeds * layers * (products + fills + statistics) / speed + 0.01;
}

static struct network_shape network_shape(const struct grid *grid, size_t depth) {
  return (struct network_shape){.inputs = grid->inputs,
                                .width = grid->options->width,
                                .depth = depth,
                                .outputs = OUTPUTS,
                                .batch = grid->options->batch};
}

/* Builds and runs the cell's networks. An interrupted cell leaves nothing. */
static bool measure_cell(struct run *run, const struct grid *grid, const struct initializer_choice *initializer,
                         const struct activation_choice *activation, size_t depth, struct error *error) {
  const struct options *options = grid->options;
  const struct network_shape shape = network_shape(grid, depth);
  const float threshold = (float)(SATURATED_SLOPE * theory_largest_slope(activation));
  struct gradient_cell cell = {
      .depth = depth, .width = options->width, .batch = options->batch, .seeds = options->seeds};
  struct network network;
  struct tally tally = {0};
  char name[128];
  bool finished = false;
  if (!network_create(&network, &shape, grid->table, activation, grid->threads, error)) return false;
  cell.layers = calloc(depth, sizeof *cell.layers);
  tally.one = calloc(depth, sizeof *tally.one);
  tally.sums = calloc(depth, sizeof *tally.sums);
  bool ok = cell.layers && tally.one && tally.sums;
  if (!ok) error_set(error, "out of memory: the statistics of %zu layers", depth);
  gradient_name(name, sizeof name, initializer->text, activation->text, depth);
  for (size_t k = 0; ok && k < options->seeds && !interrupted(); k++) {
    make_input(grid, k);
    network_initialize(&network, initializer, options->bias_std, network_seed(options->seed, k));
    network_forward(&network, grid->x);
    make_output_gradient(grid, &network, k);
    network_backward(&network, grid->x);
    layer_statistics(&network, threshold, tally.one);
    add_layers(&tally, &network);
    const double rms = moments(grid->x, shape.batch * shape.inputs).rms;
    tally.input_square += rms * rms;
    run_progress(run, planned_seconds(grid, depth) / (double)options->seeds, name);
    finished = k + 1 == options->seeds;
  }
  network_destroy(&network);
  if (finished) {
    strcpy(cell.initializer, initializer->text);
    strcpy(cell.activation, activation->text);
    strcpy(cell.data, options->data == INPUT_NORMAL ? "normal" : "fashion-mnist");
    strcpy(cell.arch, grid->arch);
    finish_cell(&cell, &tally);
    cell.theory_decay_per_layer =
        theory_decay(initializer, activation, &shape, options->bias_std, tally.input_square / (double)options->seeds);
    result_add_cell(run->result, &cell);
  } else {
    free(cell.layers);
  }
  free(tally.one);
  free(tally.sums);
  return ok;
}

/* ---- the grid --------------------------------------------------------------------------------------------------- */

static bool open_grid(struct grid *grid, struct error *error) {
  const struct options *options = grid->options;
  if (options->data == INPUT_FASHION_MNIST) {
    size_t wanted;
    if (__builtin_mul_overflow(options->batch, options->seeds, &wanted)) wanted = 0;
    if (!dataset_load(&grid->images, NULL, wanted, error)) return false;
    grid->inputs = grid->images.rows * grid->images.columns;
  }
  grid->x = malloc(options->batch * grid->inputs * sizeof *grid->x);
  grid->labels = malloc(options->batch * sizeof *grid->labels);
  grid->losses = malloc(options->batch * sizeof *grid->losses);
  if (!grid->x || !grid->labels || !grid->losses)
    return error_set(error, "out of memory: an input of %zu x %zu numbers", options->batch, grid->inputs);
  return true;
}

static void close_grid(struct grid *grid) {
  dataset_free(&grid->images);
  free(grid->x);
  free(grid->labels);
  free(grid->losses);
}

/* Calls `each` for every cell that the filter keeps. */
typedef bool cell_function(struct run *run, const struct grid *grid, const struct initializer_choice *initializer,
                           const struct activation_choice *activation, size_t depth, struct error *error);

static bool for_cells(struct run *run, const struct grid *grid, cell_function *each, struct error *error) {
  const struct options *options = run->options;
  for (size_t i = 0; i < options->init_count; i++)
    for (size_t a = 0; a < options->activation_count; a++)
      for (size_t d = 0; d < options->depth_count; d++) {
        const struct initializer_choice *initializer = &options->inits[i];
        const struct activation_choice *activation = &options->activations[a];
        char name[128];
        gradient_name(name, sizeof name, initializer->text, activation->text, options->depths[d]);
        if (interrupted()) return true;
        if (run_wants(run, name) && !each(run, grid, initializer, activation, options->depths[d], error)) return false;
      }
  return true;
}

static bool plan_cell(struct run *run, const struct grid *grid, const struct initializer_choice *initializer,
                      const struct activation_choice *activation, size_t depth, struct error *error) {
  const struct network_shape shape = network_shape(grid, depth);
  char name[128];
  if (!network_check_memory(&shape, grid->table, grid->threads, error)) return false;
  gradient_name(name, sizeof name, initializer->text, activation->text, depth);
  run_plan(run, name, planned_seconds(grid, depth));
  return true;
}

static int largest_thread_count(const struct run *run) {
  int largest = 0;
  for (size_t i = 0; i < run->options->thread_count; i++)
    if (run->options->threads[i] > largest) largest = run->options->threads[i];
  return largest > 0 ? largest : pin_capacity(run->topology, run->options->pin);
}

bool suite_gradients(struct run *run, struct error *error) {
  const struct options *options = run->options;
  struct grid grid = {.options = options,
                      .table = arch_table(options->archs[0]),
                      .arch = arch_name(options->archs[0]),
                      .threads = largest_thread_count(run),
                      .inputs = options->data == INPUT_NORMAL ? options->width : DATASET_PIXELS};
  if (run->planning) {
    if (options->data == INPUT_FASHION_MNIST && !options->list && !dataset_check(NULL, error)) return false;
    return for_cells(run, &grid, plan_cell, error);
  }
  run_pin(run, grid.threads);
  const bool ok = open_grid(&grid, error) && for_cells(run, &grid, measure_cell, error);
  close_grid(&grid);
  return ok;
}
