/* The gradient experiment on one ISA: its statistics, its decay against theory and published answers, its verdicts. */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/dataset.h"
#include "harness/interrupt.h"
#include "harness/layer_statistics.h"
#include "harness/suite.h"
#include "harness/suite/gradient_tally.h"
#include "harness/theory.h"
#include "tests/choices.h"
#include "tests/support.h"

static const struct kernel_table *table;
static enum arch arch;

static void assert_near(const char *what, double value, double truth, double tolerance) {
  if (!(fabs(value - truth) <= tolerance)) fail_msg("%s: %.9g, not %.9g +- %g", what, value, truth, tolerance);
}

/* ---- statistics ------------------------------------------------------------------------------------------------- */

/* A layer whose entries are set by hand. */
static void test_layer(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 3, .width = 4, .depth = 2, .outputs = 1, .batch = 5};
  const struct activation_choice sigmoid = activation("sigmoid");
  struct network network;
  struct error error;
  struct gradient_layer layers[2];
  struct layer_histograms histograms[2] = {0};
  assert_true(network_create(&network, &shape, table, &sigmoid, 2, &error));
  for (size_t l = 0; l < 2; l++) {
    struct network_layer *layer = &network.layers[l];
    for (size_t i = 0; i < 20; i++) {
      layer->z[i] = i < 7 ? 20 : -0.5f; /* 7 of 20 saturated */
      layer->h[i] = 3;
      layer->delta[i] = 2;
    }
    for (size_t i = 0; i < layer->in * layer->out; i++) layer->dw[i] = i % 2 ? 1 : -1, layer->w[i] = i % 2 ? 4 : -4;
  }
  static const float kinds[] = {0,       -0.0f,    1e-40f, 1.17549428e-38f, 1.17549435e-38f,
                                -1e-45f, INFINITY, NAN,    -INFINITY,       1};
  memcpy(network.layers[1].delta, kinds, sizeof kinds);
  memcpy(network.layers[1].dw, kinds, 6 * sizeof *kinds);
  struct layer_thresholds thresholds = {0.25f * 0.01f, FLT_MIN};
  layer_statistics(&network, thresholds, layers, histograms);
  assert_near("z", layers[0].z_rms, sqrt((7 * 400 + 13 * 0.25) / 20), 1e-12);
  assert_near("z", layers[0].z_mean, (7 * 20 - 13 * 0.5) / 20, 1e-12);
  assert_near("z", layers[0].z_skewness, 0.3 / sqrt(0.35 * 0.65), 1e-12); /* of two values */
  assert_near("z", layers[0].z_kurtosis, 1 / (0.35 * 0.65) - 3, 1e-12);
  assert_near("h", layers[0].h_rms, 3, 1e-12);
  assert_near("h", layers[0].h_mean, 3, 1e-12);
  assert_near("h", layers[0].h_stddev, 0, 1e-12);
  assert_true(isnan(layers[0].h_skewness) && isnan(layers[0].h_kurtosis));
  assert_near("delta", layers[0].delta_rms, 2, 1e-12);
  assert_near("delta", layers[0].delta_mean, 2, 1e-12);
  assert_near("dw", layers[0].dw_stddev, 1, 1e-12);
  assert_near("dw", layers[0].dw_kurtosis, 1, 1e-12);
  assert_near("w", layers[0].w_rms, 4, 1e-12);
  assert_near("ratio", layers[0].gradient_to_weight, 0.25, 1e-12);
  assert_near("saturated", layers[0].saturated, 7.0 / 20, 1e-12);
  assert_true(layers[0].zero == 0 && layers[0].subnormal == 0 && layers[0].nonfinite == 0);
  assert_true(layers[0].dw_zero == 0 && layers[0].dw_subnormal == 0 && layers[0].dead == 0);
  assert_true(isnan(layers[0].jacobian_rms) && isnan(layers[0].jacobian_mean));
  assert_true(isnan(layers[0].jacobian_largest) && isnan(layers[0].jacobian_smallest));
  assert_true(isnan(layers[1].delta_rms) && isnan(layers[1].delta_stddev) && isnan(layers[1].delta_kurtosis));
  assert_near("zero", layers[1].zero, 2.0 / 20, 1e-12);
  assert_near("subnormal", layers[1].subnormal, 3.0 / 20, 1e-12);
  assert_near("nonfinite", layers[1].nonfinite, 3.0 / 20, 1e-12);
  assert_near("dw zero", layers[1].dw_zero, 2.0 / 16, 1e-12);
  assert_near("dw subnormal", layers[1].dw_subnormal, 3.0 / 16, 1e-12);
  for (size_t i = 0; i < BINADE_COUNT; i++) {
    const int e = BINADE_FIRST + (int)i;
    assert_int_equal(histograms[0].z.counts[i], e == 4 ? 7 : e == -1 ? 13 : 0);
    assert_int_equal(histograms[0].h.counts[i], e == 1 ? 20 : 0);
    assert_int_equal(histograms[0].delta.counts[i], e == 1 ? 20 : 0);
    assert_int_equal(histograms[0].dw.counts[i], e == 0 ? 12 : 0);
    const int one_each = e == -149 || e == -133 || e == -127 || e == -126 || e == 0;
    assert_int_equal(histograms[1].delta.counts[i], e == 1 ? 10 : one_each);
  }
  /* In a precision with a smaller range, with the same entries, and added to what is there. */
  thresholds.smallest_normal = 0x1p-14f;
  network.layers[1].delta[19] = 0x1p-14f, network.layers[1].delta[18] = -0x1.fffffep-15f;
  layer_statistics(&network, thresholds, layers, histograms);
  assert_near("subnormal", layers[1].subnormal, 5.0 / 20, 1e-12); /* FLT_MIN, too */
  assert_int_equal(histograms[0].z.counts[4 - BINADE_FIRST], 14);
  layer_statistics(&network, thresholds, layers, NULL);
  network_destroy(&network);
}

/* Units are dead whose slope is zero for all samples, whatever their number and that of the samples. */
static void test_dead_units(void **state) {
  (void)state;
  static const size_t widths[] = {1, 3, 100, 511, 512, 513, 1100}, batches[] = {1, 2, 6, 171, 600};
  const struct activation_choice relu = activation("relu");
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
      const size_t width = widths[w], batch = batches[b];
      const struct network_shape shape = {.inputs = 1, .width = width, .depth = 1, .outputs = 1, .batch = batch};
      struct network network;
      struct error error;
      struct gradient_layer layer;
      size_t dead = 0, saturated = 0;
      assert_true(network_create(&network, &shape, table, &relu, 1, &error));
      struct network_layer *first = network.layers;
      memset(first->w, 0, width * sizeof *first->w);
      memset(first->dw, 0, width * sizeof *first->dw);
      memset(first->h, 0, batch * width * sizeof *first->h);
      memset(first->delta, 0, batch * width * sizeof *first->delta);
      for (size_t j = 0; j < width; j++) {
        const size_t positive = j % 3 == 1 ? (j * 7) % batch : batch; /* the sample for which it lives */
        dead += positive == batch;
        for (size_t i = 0; i < batch; i++) first->z[i * width + j] = i == positive ? 1 : -1;
        saturated += positive == batch ? batch : batch - 1;
      }
      layer_statistics(&network, (struct layer_thresholds){0.01f, FLT_MIN}, &layer, NULL);
      assert_near("dead", layer.dead, (double)dead / (double)width, 1e-12);
      assert_near("saturated", layer.saturated, (double)saturated / (double)(width * batch), 1e-12);
      network_destroy(&network);
    }
}

/* J of an orthogonal layer is a matrix that keeps lengths times the slopes: with linear units all values are 1, with
 * ReLU they are 1 and 0, as many as there are units on and off. */
static void test_layer_jacobian(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 24, .width = 24, .depth = 2, .outputs = 1, .batch = 3};
  const struct initializer_choice orthogonal = initializer("orthogonal");
  static const char *const functions[] = {"linear", "relu"};
  for (int f = 0; f < 2; f++) {
    const struct activation_choice function = activation(functions[f]);
    struct network network;
    struct error error;
    struct gradient_layer layer;
    float x[3 * 24];
    for (size_t i = 0; i < 3 * 24; i++) x[i] = (float)((i * 31) % 17) - 8;
    assert_true(network_create(&network, &shape, table, &function, 1, &error));
    network_initialize(&network, &orthogonal, 0, test_seed());
    network_forward(&network, x);
    for (size_t l = 0; l < 2; l++) {
      size_t on = 0;
      for (size_t j = 0; j < 24; j++) on += f == 0 || network.layers[l].z[j] > 0;
      assert_in_range(on, 1, 24);
      assert_true(layer_jacobian(&network, l, &layer, &error));
      assert_near("rms", layer.jacobian_rms, sqrt((double)on / 24), 1e-5);
      assert_near("mean", layer.jacobian_mean, (double)on / 24, 1e-5);
      assert_near("largest", layer.jacobian_largest, 1, 1e-5);
      assert_near("smallest", layer.jacobian_smallest, on == 24, 1e-5);
    }
    network_destroy(&network);
  }
}

/* ---- the suite -------------------------------------------------------------------------------------------------- */

struct grid {
  const char *inits[4], *activations[4];
  size_t depths[4];
  size_t width, batch, seeds;
  int threads;
  float bias_std;
  bool images;
  const char *filter;
};

static struct options options_of(const struct grid *grid) {
  struct options options = {.archs = {arch}, .arch_count = 1, .pin = PIN_NONE, .seed = test_seed()};
  options.threads[0] = grid->threads;
  options.thread_count = 1;
  for (size_t i = 0; i < 4 && grid->inits[i]; i++) options.inits[options.init_count++] = initializer(grid->inits[i]);
  for (size_t i = 0; i < 4 && grid->activations[i]; i++)
    options.activations[options.activation_count++] = activation(grid->activations[i]);
  for (size_t i = 0; i < 4 && grid->depths[i]; i++) options.depths[options.depth_count++] = grid->depths[i];
  options.widths[0] = grid->width, options.width_count = 1;
  options.weight_scales[0] = options.loss_scales[0] = 1;
  options.weight_scale_count = options.loss_scale_count = options.bias_std_count = 1;
  options.normalization_count = options.residual_count = options.precision_count = options.flush_count = 1;
  options.shard = options.shards = 1, options.budget = 1e9;
  options.batch = grid->batch, options.seeds = grid->seeds;
  options.bias_stds[0] = grid->bias_std;
  options.data = grid->images ? INPUT_FASHION_MNIST : INPUT_NORMAL;
  return options;
}

static bool run_grid(const struct grid *grid, struct plan *plan, struct result *result, struct error *error) {
  const struct options options = options_of(grid);
  regex_t filter;
  struct run run = {.options = &options, .result = result, .plan = plan, .planning = plan != NULL};
  result_init(result);
  if (grid->filter) {
    assert_int_equal(regcomp(&filter, grid->filter, REG_EXTENDED | REG_NOSUB), 0);
    run.filter = &filter;
  }
  const bool ok = suite_gradients(&run, error);
  if (grid->filter) regfree(&filter);
  return ok;
}

static struct result measured(const struct grid *grid) {
  struct result result;
  struct error error;
  if (!run_grid(grid, NULL, &result, &error)) fail_msg("%s", error.text);
  return result;
}

/* Glorot and Bengio 2010 against He et al. 2015: with ReLU each layer of the first keeps 1/sqrt 2 of the gradient that
 * the second keeps. From the same random words that is so for every single network, but for rounding. */
static void test_glorot_and_he(void **state) {
  (void)state;
  struct result result =
      measured(&(struct grid){{"glorot_uniform", "he_uniform"}, {"relu"}, {15}, 64, 16, 3, .threads = 2});
  assert_int_equal(result.cell_count, 2);
  const double glorot = result.cells[0].decay_per_layer, he = result.cells[1].decay_per_layer;
  printf("decay per layer: glorot_uniform %.5f, he_uniform %.5f\n", glorot, he);
  assert_near("slope difference", he - glorot, 0.34657359, 1e-5);
  assert_near("He", he, 0, 4 * result.cells[1].decay_standard_error + 2.5 / 64);
  result_free(&result);
}

/* The tolerance that a network of finite width and depth allows, three standard errors and the bias of the width. */
static double theory_tolerance(size_t width, size_t depth, size_t seeds) {
  const double n = (double)width;
  return 3 * sqrt(5 / (n * (double)depth)) / 2 / sqrt((double)seeds) + 5 / (2 * n);
}

static void test_against_theory(void **state) {
  (void)state;
  const struct grid grid = {{"normal(0,1)", "uniform_fan_in", "glorot_uniform", "he_normal"},
                            {"tanh", "sigmoid", "relu", "selu"},
                            {12},
                            128,
                            16,
                            3,
                            .threads = 2};
  struct result result = measured(&grid);
  assert_int_equal(result.cell_count, 16);
  for (size_t c = 0; c < 16; c++) {
    const struct gradient_cell *cell = &result.cells[c];
    char name[128];
    snprintf(name, sizeof name, "%s, %s", cell->initializer, cell->activation);
    printf("%s: %+.4f +- %.4f, theory %+.4f\n", name, cell->decay_per_layer, cell->decay_standard_error,
           cell->theory.decay_per_layer);
    assert_string_equal(cell->initializer, grid.inits[c / 4]);
    assert_string_equal(cell->activation, grid.activations[c % 4]);
    assert_string_equal(cell->data, "normal");
    assert_string_equal(cell->arch, table->name);
    assert_true(cell->depth == 12 && cell->width == 128 && cell->batch == 16 && cell->seeds == 3);
    assert_near(name, cell->decay_per_layer, cell->theory.decay_per_layer, theory_tolerance(128, 12, 3));
    /* Geometric means over seeds: the layers tell the same decay. */
    assert_near(name, log(cell->layers[0].delta_rms / cell->layers[11].delta_rms) / 11, cell->decay_per_layer, 1e-9);
    assert_true(cell->decay_standard_error > 0 && cell->decay_standard_error < 0.1);
  }
  result_free(&result);
}

/* Schoenholz et al. 2017: at sigma_w^2 = 1.760955, sigma_b^2 = 0.05 tanh networks neither lose nor gain. Inputs of the
 * fixed point's length, so that there is no transient. */
static void test_tanh_critical(void **state) {
  (void)state;
  enum { WIDTH = 256, DEPTH = 20, BATCH = 4, SEEDS = 6 };
  const struct network_shape shape = {.inputs = WIDTH, .width = WIDTH, .depth = DEPTH, .outputs = 10, .batch = BATCH};
  struct activation_choice tanh_choice = activation("tanh");
  struct initializer_choice normal = initializer("normal(0,1)");
  const struct meanfield theory = {theory_value, theory_slope, &tanh_choice, 1.760955, 0.05};
  const double q = meanfield_fixed_point(&theory, 1), input_square = (q - 0.05) / 1.760955;
  struct network network;
  struct error error;
  struct gradient_layer layers[DEPTH];
  float x[BATCH * WIDTH];
  double sum = 0;
  normal.arguments[1] = sqrt(1.760955 / WIDTH);
  assert_near("chi", meanfield_chi(&theory, q), 1, 1e-6);
  assert_near("theory", theory_decay(&normal, &tanh_choice, &shape, sqrt(0.05), input_square), 0, 1e-6);
  if (!network_create(&network, &shape, table, &tanh_choice, 1, &error)) fail_msg("%s", error.text);
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    const struct init input = {.seed = seed, .stream = 1u << 30, .p.b = (float)sqrt(input_square)};
    const struct init loss = {.seed = seed, .stream = 1u << 31, .p.b = 1};
    table->init_normal(x, 0, BATCH * WIDTH, &input);
    network_initialize(&network, &normal, sqrtf(0.05f), seed);
    network_forward(&network, x);
    table->init_normal(network.layers[DEPTH].delta, 0, BATCH * 10, &loss);
    network_backward(&network, x);
    layer_statistics(&network, (struct layer_thresholds){0.01f, FLT_MIN}, layers, NULL);
    assert_near("length", layers[DEPTH - 1].z_rms * layers[DEPTH - 1].z_rms, q, 0.2 * q);
    sum += log(layers[0].delta_rms / layers[DEPTH - 1].delta_rms) / (DEPTH - 1);
  }
  network_destroy(&network);
  printf("decay per layer at the critical point: %+.4f\n", sum / SEEDS);
  assert_near("decay at the critical point", sum / SEEDS, 0, theory_tolerance(WIDTH, DEPTH, SEEDS));
}

static void test_threads(void **state) {
  (void)state;
  struct grid grid = {{"he_normal"}, {"tanh", "relu"}, {3, 7}, 100, 9, 4, .bias_std = 0.1f};
  grid.threads = 1;
  struct result one = measured(&grid);
  for (grid.threads = 2; grid.threads <= 3; grid.threads++) {
    struct result other = measured(&grid);
    assert_int_equal(one.cell_count, 4);
    assert_int_equal(other.cell_count, 4);
    for (size_t c = 0; c < 4; c++) {
      const struct gradient_cell *a = &one.cells[c], *b = &other.cells[c];
      assert_memory_equal(a->layers, b->layers, a->depth * sizeof *a->layers);
      assert_memory_equal(&a->decay_per_layer, &b->decay_per_layer, sizeof(double));
      assert_memory_equal(&a->decay_standard_error, &b->decay_standard_error, sizeof(double));
      assert_memory_equal(&a->theory.decay_per_layer, &b->theory.decay_per_layer, sizeof(double));
    }
    result_free(&other);
  }
  result_free(&one);
}

/* ---- verdicts --------------------------------------------------------------------------------------------------- */

static struct gradient_cell verdict_of(const char *init, const char *f, size_t depth, enum verdict expected) {
  struct result result = measured(&(struct grid){{init}, {f}, {depth}, 64, 4, 2, .threads = 2});
  assert_int_equal(result.cell_count, 1);
  const struct gradient_cell cell = result.cells[0];
  printf("%s, %s, %zu layers: %s at layer %zu, %+.3f per layer, theory %+.3f\n", init, f, depth,
         verdict_names[cell.verdict], cell.verdict_layer, cell.decay_per_layer, cell.theory.decay_per_layer);
  assert_int_equal(cell.verdict, expected);
  assert_true((cell.verdict_layer > 0) == (expected == VERDICT_OVERFLOW || expected == VERDICT_UNDERFLOW));
  if (cell.verdict_layer) assert_true(isnan(cell.decay_per_layer) && isnan(cell.decay_standard_error));
  free(result.cells);
  return cell; /* with what it owns, to be freed */
}

static void test_verdicts(void **state) {
  (void)state;
  struct gradient_cell cell = verdict_of("glorot_uniform", "sigmoid", 6, VERDICT_VANISHING);
  gradient_cell_free(&cell);
  cell = verdict_of("he_normal", "relu", 6, VERDICT_STABLE);
  gradient_cell_free(&cell);
  cell = verdict_of("normal(0,1)", "relu", 6, VERDICT_EXPLODING);
  gradient_cell_free(&cell);
  cell = verdict_of("he_normal", "relu", 1, VERDICT_STABLE);
  gradient_cell_free(&cell);

  /* Forward: lengths grow by 22 a layer. */
  cell = verdict_of("normal(0,4)", "relu", 40, VERDICT_OVERFLOW);
  const size_t k = cell.verdict_layer;
  assert_in_range(k, 25, 32); /* 22^28 is 10^38 */
  assert_true(isfinite(cell.layers[k - 2].z_rms) && cell.layers[k - 2].z_rms > 1e30);
  assert_true(!isfinite(cell.layers[k - 1].z_rms));
  assert_true(cell.layers[0].nonfinite > 0);
  assert_near("theory goes on", cell.theory.decay_per_layer, log(4 * sqrt(32)), 1e-6);
  gradient_cell_free(&cell);

  /* Backward: tanh holds the forward pass. */
  cell = verdict_of("normal(0,1)", "tanh", 200, VERDICT_OVERFLOW);
  assert_in_range(cell.verdict_layer, 2, 120); /* 3.4e38 after about 120 layers of factor 2 */
  assert_true(isfinite(cell.layers[cell.verdict_layer].delta_rms) && isfinite(cell.layers[cell.verdict_layer].dw_rms));
  assert_true(isfinite(cell.layers[0].z_rms));
  gradient_cell_free(&cell);

  /* The gradient leaves float's range, all of it. */
  cell = verdict_of("uniform(-0.01,0.01)", "sigmoid", 40, VERDICT_UNDERFLOW);
  assert_in_range(cell.verdict_layer, 8, 32);
  assert_true(cell.layers[cell.verdict_layer - 1].delta_rms == 0 && cell.layers[cell.verdict_layer - 1].zero == 1);
  assert_true(cell.layers[cell.verdict_layer].delta_rms > 0);
  assert_true(cell.layers[cell.verdict_layer].subnormal > 0);
  gradient_cell_free(&cell);

  /* Nothing gets through zeros at all. */
  cell = verdict_of("zeros", "tanh", 3, VERDICT_UNDERFLOW);
  assert_int_equal(cell.verdict_layer, 1);
  assert_true(isnan(cell.theory.decay_per_layer));
  gradient_cell_free(&cell);
}

/* Where several networks of a cell disagree, and where only the outputs overflow. */
static void test_tally(void **state) {
  (void)state;
  struct gradient_layer first[3], second[3], sums[3] = {0}, layers[3];
  struct layer_histograms first_histograms[3] = {0}, second_histograms[3] = {0}, histograms[3] = {0};
  for (size_t l = 0; l < 3; l++) {
    first[l] = (struct gradient_layer){.z_rms = 1,
                                       .z_kurtosis = 3,
                                       .h_mean = -1,
                                       .h_rms = 1,
                                       .delta_rms = exp(-1.0 * (double)(2 - l)),
                                       .dw_rms = 1,
                                       .gradient_to_weight = 0.5,
                                       .jacobian_mean = 1,
                                       .jacobian_largest = NAN,
                                       .zero = 0.25};
    second[l] = (struct gradient_layer){.z_rms = 4,
                                        .z_kurtosis = 5,
                                        .h_mean = 3,
                                        .h_rms = 4,
                                        .delta_rms = exp(-2.0 * (double)(2 - l)),
                                        .dw_rms = 4,
                                        .gradient_to_weight = 2,
                                        .jacobian_mean = 2,
                                        .jacobian_largest = 1,
                                        .dead = 1,
                                        .zero = 0.75,
                                        .saturated = 0.5};
    first_histograms[l].delta.counts[l] = 5;
    second_histograms[l].delta.counts[l] = 7, second_histograms[l].dw.counts[BINADE_COUNT - 1] = 1;
  }
  struct gradient_tally tally = {.sums = sums, .histograms = histograms};
  struct gradient_cell cell = {.depth = 3, .seeds = 2, .layers = layers};
  gradient_tally_add(&tally, &(struct gradient_sample){first, first_histograms, true, 0, 0, 1, 1}, 3);
  gradient_tally_finish(&tally, &cell);
  assert_near("decay", cell.decay_per_layer, -1, 1e-12);
  assert_true(isnan(cell.decay_standard_error));
  assert_int_equal(cell.verdict, VERDICT_STABLE); /* e^-2 is above 1/10 */
  gradient_tally_add(&tally, &(struct gradient_sample){second, second_histograms, true, 0, 0, 3, 3}, 3);
  gradient_tally_finish(&tally, &cell);
  assert_near("decay", cell.decay_per_layer, -1.5, 1e-12);
  assert_near("standard error", cell.decay_standard_error, 0.5, 1e-9); /* (stddev 1/sqrt 2) / sqrt 2 */
  assert_near("rms", layers[0].z_rms, 2, 1e-12);
  assert_near("zero", layers[0].zero, 0.5, 1e-12);
  assert_near("saturated", layers[0].saturated, 0.25, 1e-12);
  assert_near("dead", layers[0].dead, 0.5, 1e-12);
  assert_near("mean", layers[0].h_mean, 1, 1e-12);
  assert_near("kurtosis", layers[0].z_kurtosis, 4, 1e-12);
  assert_near("ratio", layers[0].gradient_to_weight, 1, 1e-12);
  assert_near("Jacobian", layers[0].jacobian_mean, 1.5, 1e-12);
  assert_true(isnan(layers[0].jacobian_largest));
  assert_true(histograms[2].delta.counts[2] == 12 && histograms[2].delta.counts[1] == 0);
  assert_int_equal(histograms[1].dw.counts[BINADE_COUNT - 1], 1);
  assert_near("input", tally.input_square, 4, 1e-12);
  assert_int_equal(cell.verdict, VERDICT_VANISHING); /* e^-3 is not */

  struct gradient_tally copy = tally;
  gradient_tally_add(&copy, &(struct gradient_sample){second, second_histograms, false, 0, 0, 3, 3}, 3);
  gradient_tally_finish(&copy, &cell);
  assert_int_equal(cell.verdict, VERDICT_OVERFLOW);
  assert_int_equal(cell.verdict_layer, 4); /* the output layer */
  second[1].dw_rms = NAN;
  copy = tally;
  gradient_tally_add(&copy, &(struct gradient_sample){second, second_histograms, true, 0, 0, 3, 3}, 3);
  gradient_tally_finish(&copy, &cell);
  assert_int_equal(cell.verdict, VERDICT_OVERFLOW);
  assert_int_equal(cell.verdict_layer, 2);
  second[2].h_rms = NAN;
  gradient_tally_add(&copy, &(struct gradient_sample){second, second_histograms, true, 0, 0, 3, 3}, 3);
  gradient_tally_finish(&copy, &cell);
  assert_int_equal(cell.verdict_layer, 3); /* what failed in the forward pass comes first */
}

/* ---- what a run asks for ---------------------------------------------------------------------------------------- */

static void test_filter_and_plan(void **state) {
  (void)state;
  const struct grid grid = {{"glorot_uniform", "normal(0,1)"}, {"relu", "tanh"}, {2, 20}, 8, 2, 1, .threads = 2,
                            .filter = "^gradients/.*/tanh/2/"};
  struct plan plan = {0};
  struct result result;
  struct error error;
  assert_true(run_grid(&grid, &plan, &result, &error));
  assert_int_equal(result.cell_count, 0);
  assert_int_equal(plan.count, 2);
  assert_string_equal(plan.names[0], "gradients/glorot_uniform/tanh/2/width:8");
  assert_string_equal(plan.names[1], "gradients/normal(0,1)/tanh/2/width:8");
  assert_true(plan.seconds > 0);
  free(plan.names);
  result = measured(&grid);
  assert_int_equal(result.cell_count, 2);
  assert_string_equal(result.cells[1].initializer, "normal(0,1)");
  assert_int_equal(result.cells[1].depth, 2);
  result_free(&result);
}

static void test_absurd_size(void **state) {
  (void)state;
  const struct grid grid = {{"he_normal"}, {"relu"}, {1000}, 1u << 20, 64, 1, .threads = 2};
  struct plan plan = {0};
  struct result result;
  struct error error = {""};
  assert_false(run_grid(&grid, &plan, &result, &error));
  assert_non_null(strstr(error.text, "bytes"));
  assert_false(run_grid(&grid, NULL, &result, &error));
  assert_int_equal(result.cell_count, 0);
  free(plan.names);
}

/* Twelve images of 2 x 3 pixels. */
static void write_images(const char *directory) {
  char path[128];
  uint8_t images[16 + 12 * 6] = {0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 3},
                           labels[8 + 12] = {0, 0, 8, 1, 0, 0, 0, 12};
  for (size_t i = 16; i < sizeof images; i++) images[i] = (uint8_t)(i * 77);
  for (size_t i = 8; i < sizeof labels; i++) labels[i] = (uint8_t)(i % 10);
  snprintf(path, sizeof path, "%s/train-images-idx3-ubyte.gz", directory);
  gzFile file = gzopen(path, "wb");
  gzwrite(file, images, sizeof images);
  gzclose(file);
  snprintf(path, sizeof path, "%s/train-labels-idx1-ubyte.gz", directory);
  file = gzopen(path, "wb");
  gzwrite(file, labels, sizeof labels);
  gzclose(file);
}

/* The first network of a grid on images, step by step. Returns the RMS of its last hidden gradient. */
static double last_gradient(const struct grid *grid, const struct network_shape *shape, const float *x,
                            const int32_t *labels) {
  const struct activation_choice function = activation(grid->activations[0]);
  const struct initializer_choice init = initializer(grid->inits[0]);
  struct network network;
  struct error error;
  if (!network_create(&network, shape, table, &function, 1, &error)) fail_msg("%s", error.text);
  const struct network_layer *outputs = &network.layers[shape->depth];
  network_initialize(&network, &init, 0, test_seed());
  network_forward(&network, x);
  for (size_t i = 0; i < shape->batch; i++) {
    double sum = 0;
    for (size_t j = 0; j < 10; j++) sum += exp(outputs->z[i * 10 + j]);
    for (size_t j = 0; j < 10; j++) {
      const double share = exp(outputs->z[i * 10 + j]) / sum - ((int32_t)j == labels[i]);
      outputs->delta[i * 10 + j] = (float)(share / (double)shape->batch);
    }
  }
  network_backward(&network, x);
  const double rms = moments(outputs[-1].delta, shape->batch * shape->width).rms;
  network_destroy(&network);
  return rms;
}

static void check_images(struct grid *grid) {
  const struct network_shape shape = {.inputs = 6, .width = 32, .depth = 4, .outputs = 10, .batch = 4};
  const struct activation_choice function = activation("tanh");
  const struct initializer_choice init = initializer("he_normal");
  struct dataset images;
  struct error error;
  float x[12 * 6];
  int32_t labels[12];
  if (!dataset_load(&images, NULL, 0, &error)) fail_msg("%s", error.text);
  dataset_batch(&images, 0, 12, x, labels);
  dataset_free(&images);

  /* Three batches of four: each image once. */
  struct result result = measured(grid);
  assert_int_equal(result.cell_count, 1);
  assert_string_equal(result.cells[0].data, "fashion-mnist");
  const double input_rms = moments(x, 12 * 6).rms,
               theory = theory_decay(&init, &function, &shape, 0, input_rms * input_rms);
  assert_near("theory", result.cells[0].theory.decay_per_layer, theory, 1e-9);
  assert_near("decay", result.cells[0].decay_per_layer, theory, 0.3);
  result_free(&result);

  grid->seeds = 1;
  result = measured(grid);
  const double rms = last_gradient(grid, &shape, x, labels);
  assert_near("gradient of the cross-entropy", result.cells[0].layers[3].delta_rms, rms, 1e-5 * rms);
  result_free(&result);
}

static void test_images(void **state) {
  (void)state;
  char directory[] = "/tmp/depthmark-gradients-XXXXXX", path[128];
  struct plan plan = {0};
  struct result result;
  struct error error = {""};
  struct grid grid = {{"he_normal"}, {"tanh"}, {4}, 32, 4, 3, .threads = 2, .images = true};
  setenv(DATASET_VARIABLE, "/nonexistent", 1);
  assert_false(run_grid(&grid, &plan, &result, &error));
  assert_non_null(strstr(error.text, "/nonexistent/train-images-idx3-ubyte.gz"));
  assert_false(run_grid(&grid, NULL, &result, &error));

  assert_non_null(mkdtemp(directory));
  write_images(directory);
  setenv(DATASET_VARIABLE, directory, 1);
  check_images(&grid);
  unsetenv(DATASET_VARIABLE);
  snprintf(path, sizeof path, "%s/train-images-idx3-ubyte.gz", directory);
  unlink(path);
  snprintf(path, sizeof path, "%s/train-labels-idx1-ubyte.gz", directory);
  unlink(path);
  rmdir(directory);
  free(plan.names);
}

/* Without weights only the biases are left. */
static void test_biases(void **state) {
  (void)state;
  struct result result = measured(&(struct grid){{"zeros"}, {"tanh"}, {2}, 64, 2, 4, .threads = 2, .bias_std = 0.5f});
  for (size_t l = 0; l < 2; l++)
    assert_near("bias", result.cells[0].layers[l].z_rms, 0.5, 4 * 0.5 / sqrt(2 * 64 * 4.0));
  result_free(&result);
}

static void *interrupt_soon(void *unused) {
  usleep(50000);
  interrupt_request();
  return unused;
}

/* The last test: nothing runs after an interrupt. The cell would take minutes. */
static void test_interrupt(void **state) {
  (void)state;
  const struct grid grid = {{"he_normal"}, {"relu"}, {2}, 32, 2, 10000000, .threads = 2};
  pthread_t thread;
  alarm(60);
  assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, NULL), 0);
  struct result result = measured(&grid);
  pthread_join(thread, NULL);
  alarm(0);
  assert_true(interrupted());
  assert_int_equal(result.cell_count, 0);
  result_free(&result);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  arch = arch_find(argv[1]);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layer),          cmocka_unit_test(test_dead_units),
      cmocka_unit_test(test_layer_jacobian), cmocka_unit_test(test_glorot_and_he),
      cmocka_unit_test(test_against_theory), cmocka_unit_test(test_tanh_critical),
      cmocka_unit_test(test_threads),        cmocka_unit_test(test_verdicts),
      cmocka_unit_test(test_tally),          cmocka_unit_test(test_filter_and_plan),
      cmocka_unit_test(test_absurd_size),    cmocka_unit_test(test_biases),
      cmocka_unit_test(test_images),         cmocka_unit_test(test_interrupt),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
