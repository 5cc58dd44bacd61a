/* How gradients decay with depth: for each initializer x activation x depth, networks are built, run forward and
 * backward on input, and every hidden layer is described; the theory is set beside it.
 *
 * The loss. On normal data: a random linear functional of the outputs, so that the output layer's delta is N(0, 1) /
 * batch whatever the weights. On Fashion-MNIST: the cross-entropy of its ten classes.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dataset.h"
#include "harness/interrupt.h"
#include "harness/layer_statistics.h"
#include "harness/lsuv.h"
#include "harness/network.h"
#include "harness/residence.h"
#include "harness/suite.h"
#include "harness/suite/gradient_tally.h"
#include "harness/theory.h"

#define OUTPUTS DATASET_CLASSES
/* An activation counts as saturated where its slope is below this share of its largest. */
#define SATURATED_SLOPE 0.01
/* Streams of a seed that no layer's weights come from. */
#define INPUT_STREAM UINT64_MAX
#define LOSS_STREAM (UINT64_MAX - 1)
/* Networks are run side by side, one a thread, while all of them fit in this; larger ones share out their products. */
#define SIDE_BY_SIDE_BYTES ((size_t)512 << 20)

/* What all cells share. */
struct grid {
  const struct options *options;
  const struct kernel_table *table;
  const struct machine *machine;
  struct init rng;     /* of the weights */
  int threads, pinned; /* to use; of the parallel regions last pinned */
  size_t inputs;
  struct dataset images;
};

static struct network_shape shape_of(const struct grid *grid, size_t depth) {
  return (struct network_shape){.inputs = grid->inputs,
                                .width = grid->options->width,
                                .depth = depth,
                                .outputs = OUTPUTS,
                                .batch = grid->options->batch};
}

static double planned_seconds(const struct grid *grid, size_t depth) {
  const struct options *options = grid->options;
  const double width = (double)options->width, batch = (double)options->batch, layers = (double)depth;
  const double lanes = (double)grid->table->lanes, speed = 0.6 * grid->threads; /* of ideal threads */
  const double products = 3 * 2 * batch * width * width / (4e9 * lanes), fills = width * width * 8e-9 / lanes;
  const double statistics = (3 * batch + width) * width * 0.6e-9;
  return (double)options->seeds * layers * (products + fills + statistics) / speed + 0.01;
}

/* ---- one network ------------------------------------------------------------------------------------------------ */

/* A network with what it is run on and what it showed. */
struct trial {
  struct network network;
  float *x;        /* batch x inputs */
  int32_t *labels; /* batch */
  float *losses;   /* batch */
  struct gradient_sample sample;
  bool done, failed;
  struct error error; /* why it failed */
};

static bool trial_create(struct trial *trial, const struct grid *grid, const struct network_shape *shape,
                         const struct activation_choice *activation, int threads, struct error *error) {
  if (!network_create(&trial->network, shape, grid->table, activation, threads, error)) return false;
  trial->network.rng = grid->rng;
  trial->network.caches = residence_caches(grid->machine, grid->threads);
  trial->x = malloc(shape->batch * shape->inputs * sizeof *trial->x);
  trial->labels = malloc(shape->batch * sizeof *trial->labels);
  trial->losses = malloc(shape->batch * sizeof *trial->losses);
  trial->sample.layers = calloc(shape->depth, sizeof *trial->sample.layers);
  if (trial->x && trial->labels && trial->losses && trial->sample.layers) return true;
  return error_set(error, "out of memory: a network's input of %zu x %zu numbers; choose a smaller --batch or --width",
                   shape->batch, shape->inputs);
}

static void trial_destroy(struct trial *trial) {
  network_destroy(&trial->network);
  free(trial->x);
  free(trial->labels);
  free(trial->losses);
  free(trial->sample.layers);
}

/* The k-th network's seed; the first is the run's own. Runs with neighbouring seeds share none. */
static uint64_t network_seed(const struct grid *grid, size_t k) {
  return grid->options->seed + k * 0x9e3779b97f4a7c15u;
}

static void fill_normal(const struct grid *grid, float *to, size_t n, size_t k, uint64_t stream, float stddev) {
  const struct init normal = {
      .seed = network_seed(grid, k), .stream = stream, .p = {.b = stddev}, .fan_in = 1, .fan_out = 1};
  grid->table->init_normal(to, 0, n, &normal);
}

/* Runs the k-th network of a cell. Every k has its own input: of images, those that follow the last's. */
static void trial_run(struct trial *trial, const struct grid *grid, const struct initializer_choice *initializer,
                      float saturated_slope, size_t k) {
  struct network *network = &trial->network;
  const struct network_layer *outputs = &network->layers[network->shape.depth];
  const size_t batch = network->shape.batch, inputs = network->shape.inputs;
  const bool images = grid->options->data == INPUT_FASHION_MNIST;
  if (images)
    dataset_batch(&grid->images, k * batch, batch, trial->x, trial->labels);
  else
    fill_normal(grid, trial->x, batch * inputs, k, INPUT_STREAM, 1);
  if (!initializer_is_lsuv(initializer))
    network_initialize(network, initializer, grid->options->bias_std, network_seed(grid, k));
  else if (!network_initialize_lsuv(network, trial->x, network_seed(grid, k), &trial->error)) {
    trial->failed = true;
    return;
  }
  network_forward(network, trial->x);
  if (images)
    grid->table->softmax_cross_entropy(outputs->z, trial->labels, batch, OUTPUTS, outputs->delta, trial->losses);
  else
    fill_normal(grid, outputs->delta, batch * OUTPUTS, k, LOSS_STREAM, 1 / (float)batch);
  network_backward(network, trial->x);
  layer_statistics(network, (struct layer_thresholds){saturated_slope, FLT_MIN}, trial->sample.layers, NULL);
  const double input_rms = root_mean_square(trial->x, batch * inputs);
  trial->sample.input_square = input_rms * input_rms;
  trial->sample.outputs_finite = isfinite(root_mean_square(outputs->z, batch * OUTPUTS));
  trial->done = true;
}

/* ---- one cell --------------------------------------------------------------------------------------------------- */

/* How many networks to run side by side. The results do not depend on it. */
static int trial_count(const struct grid *grid, const struct network_shape *shape) {
  const size_t bytes = network_bytes(shape, grid->table, 1), fit = SIDE_BY_SIDE_BYTES / bytes;
  size_t count = (size_t)grid->threads;
  if (count > grid->options->seeds) count = grid->options->seeds;
  if (count > fit) count = fit;
  return count > 1 ? (int)count : 1;
}

/* A cell that cannot be measured is left out. */
static void warn_of(struct run *run, const char *name, const struct error *error) {
  machine_warn(&run->result->machine, "%s is left out: %.160s", name, error->text);
  if (run->progress) progress_clear(run->progress);
  fprintf(stderr, "bench: warning: %s is left out: %s\n", name, error->text);
}

/* Runs all networks of a cell and adds them up in the order of their seeds; false when interrupted before the last, or
 * when one cannot be initialized. */
static bool run_trials(struct run *run, const struct grid *grid, struct trial *trials, int count,
                       const struct initializer_choice *initializer, const struct activation_choice *activation,
                       size_t depth, struct gradient_tally *tally) {
  const size_t seeds = grid->options->seeds;
  const float saturated_slope = (float)(SATURATED_SLOPE * theory_largest_slope(activation));
  char name[ROW_NAME];
  gradient_name(name, sizeof name, initializer->text, activation->text, depth);
  for (size_t first = 0; first < seeds; first += (size_t)count) {
    const int round = seeds - first < (size_t)count ? (int)(seeds - first) : count;
    for (int t = 0; t < round; t++) trials[t].done = trials[t].failed = false;
#pragma omp parallel for num_threads(count) schedule(static, 1) if (count > 1)
    for (int t = 0; t < round; t++)
      if (!interrupted()) trial_run(&trials[t], grid, initializer, saturated_slope, first + (size_t)t);
    for (int t = 0; t < round; t++) {
      if (trials[t].failed) warn_of(run, name, &trials[t].error);
      if (!trials[t].done) return false;
      gradient_tally_add(tally, &trials[t].sample, depth);
      run_progress(run, planned_seconds(grid, depth) / (double)seeds, name);
    }
  }
  return true;
}

static void add_cell(struct run *run, const struct grid *grid, const struct initializer_choice *initializer,
                     const struct activation_choice *activation, const struct network_shape *shape,
                     const struct gradient_tally *tally, struct gradient_layer *layers) {
  const struct options *options = grid->options;
  struct gradient_cell cell = {
      .depth = shape->depth, .width = shape->width, .batch = shape->batch, .seeds = options->seeds, .layers = layers};
  strcpy(cell.initializer, initializer->text);
  strcpy(cell.activation, activation->text);
  strcpy(cell.data, options->data == INPUT_NORMAL ? "normal" : "fashion-mnist");
  strcpy(cell.arch, grid->table->name);
  gradient_tally_finish(tally, &cell);
  cell.theory_decay_per_layer =
      theory_decay(initializer, activation, shape, options->bias_std, tally->input_square / tally->networks);
  interrupted(); /* asked for its other meaning: does not return while last words are read from the result */
  result_add_cell(run->result, &cell);
}

/* A cell that is interrupted or cannot be measured leaves nothing. */
static bool measure_cell(struct run *run, struct grid *grid, const struct initializer_choice *initializer,
                         const struct activation_choice *activation, size_t depth, struct error *error) {
  const struct network_shape shape = shape_of(grid, depth);
  const int count = trial_count(grid, &shape), team = count > 1 ? count : grid->threads;
  struct trial *trials = calloc((size_t)count, sizeof *trials);
  struct gradient_layer *layers = calloc(depth, sizeof *layers);
  struct gradient_tally tally = {.sums = calloc(depth, sizeof *tally.sums)};
  bool ok = (trials && layers && tally.sums) || error_set(error, "out of memory: the statistics of %zu layers", depth);
  for (int t = 0; ok && t < count; t++)
    ok = trial_create(&trials[t], grid, &shape, activation, count > 1 ? 1 : grid->threads, error);
  if (ok && team != grid->pinned) {
    run_pin(run, team);
    grid->pinned = team;
  }
  if (ok && run_trials(run, grid, trials, count, initializer, activation, depth, &tally)) {
    add_cell(run, grid, initializer, activation, &shape, &tally, layers);
    layers = NULL;
  }
  for (int t = 0; trials && t < count; t++) trial_destroy(&trials[t]);
  free(trials);
  free(layers);
  free(tally.sums);
  return ok;
}

/* ---- the grid --------------------------------------------------------------------------------------------------- */

static bool plan_cell(struct run *run, struct grid *grid, const struct initializer_choice *initializer,
                      const struct activation_choice *activation, size_t depth, struct error *error) {
  const struct network_shape shape = shape_of(grid, depth);
  char name[ROW_NAME];
  if (!network_check_initializer(&shape, initializer, error)) return false;
  if (!network_check_memory(&shape, grid->table, grid->threads, error)) return false;
  gradient_name(name, sizeof name, initializer->text, activation->text, depth);
  run_plan(run, name, planned_seconds(grid, depth));
  return true;
}

typedef bool cell_function(struct run *run, struct grid *grid, const struct initializer_choice *initializer,
                           const struct activation_choice *activation, size_t depth, struct error *error);

/* Calls `each` for every cell that the filter keeps. */
static bool for_cells(struct run *run, struct grid *grid, cell_function *each, struct error *error) {
  const struct options *options = run->options;
  for (size_t i = 0; i < options->init_count; i++)
    for (size_t a = 0; a < options->activation_count; a++)
      for (size_t d = 0; d < options->depth_count; d++) {
        const struct initializer_choice *initializer = &options->inits[i];
        const struct activation_choice *activation = &options->activations[a];
        char name[ROW_NAME];
        gradient_name(name, sizeof name, initializer->text, activation->text, options->depths[d]);
        if (interrupted()) return true;
        if (run_wants(run, name) && !each(run, grid, initializer, activation, options->depths[d], error)) return false;
      }
  return true;
}

/* The images that all networks of a cell need. */
static bool load_images(struct grid *grid, struct error *error) {
  size_t wanted;
  if (__builtin_mul_overflow(grid->options->batch, grid->options->seeds, &wanted)) wanted = 0;
  if (!dataset_load(&grid->images, NULL, wanted, error)) return false;
  grid->inputs = grid->images.rows * grid->images.columns;
  return true;
}

/* The networks run once, on the best of the archs that were asked for: all give the same gradients to rounding. */
static const struct kernel_table *best_table(const struct options *options) {
  enum arch best = options->archs[0];
  for (size_t i = 1; i < options->arch_count; i++)
    if (options->archs[i] > best) best = options->archs[i];
  return arch_table(best);
}

bool suite_gradients(struct run *run, struct error *error) {
  const struct options *options = run->options;
  const struct kernel_table *const table = best_table(options);
  const bool images = options->data == INPUT_FASHION_MNIST;
  struct grid grid = {.options = options,
                      .table = table,
                      .machine = &run->result->machine,
                      .rng = rng_init(options->rng, table, run->cpu),
                      .threads = run_most_threads(run),
                      .inputs = images ? DATASET_PIXELS : options->width};
  if (run->planning) {
    if (images && !options->list && !dataset_check(NULL, error)) return false;
    return for_cells(run, &grid, plan_cell, error);
  }
  if (images && !load_images(&grid, error)) return false;
  const bool ok = for_cells(run, &grid, measure_cell, error);
  dataset_free(&grid.images);
  return ok;
}
