/* What is known of gradients in deep networks, measured by the suite on one ISA: published numbers and closed forms. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/choices.h"
#include "harness/flush.h"
#include "harness/jacobian.h"
#include "harness/layer_statistics.h"
#include "harness/suite.h"
#include "tests/network_support.h"
#include "tests/support.h"

static const struct kernel_table *table;
static enum arch arch;
static bool emulated; /* thirty times as slow: smaller networks */

static void assert_near(const char *what, double value, double truth, double tolerance) {
  printf("%s: %.6g, to be %.6g +- %.2g\n", what, value, truth, tolerance);
  if (!(fabs(value - truth) <= tolerance)) fail_msg("%s: %.9g, not %.9g +- %g", what, value, truth, tolerance);
}

/* A cell to be measured; scale: of the loss, 0 for 1. */
struct question {
  const char *initializer, *activation;
  size_t depth, width, batch, seeds;
  struct recipe recipe;
  double scale, bias_std;
  int threads; /* 0 for 1 */
};

/* Its layers are to be freed. */
static struct gradient_cell measure(const struct question *q) {
  struct options options = {.archs = {arch},
                            .arch_count = 1,
                            .threads = {q->threads ? q->threads : 1},
                            .thread_count = 1,
                            .pin = PIN_NONE,
                            .seed = test_seed(),
                            .init_count = 1,
                            .activation_count = 1,
                            .depths = {q->depth},
                            .depth_count = 1,
                            .widths = {q->width},
                            .width_count = 1,
                            .weight_scales = {1},
                            .weight_scale_count = 1,
                            .bias_stds = {q->bias_std},
                            .bias_std_count = 1,
                            .normalizations = {q->recipe.normalization},
                            .normalization_count = 1,
                            .residuals = {q->recipe.residual},
                            .residual_count = 1,
                            .precisions = {q->recipe.precision},
                            .precision_count = 1,
                            .loss_scales = {q->scale > 0 ? q->scale : 1},
                            .loss_scale_count = 1,
                            .flushes = {q->recipe.flush},
                            .flush_count = 1,
                            .batch = q->batch,
                            .seeds = q->seeds,
                            .data = INPUT_NORMAL,
                            .budget = 1e9,
                            .shard = 1,
                            .shards = 1};
  struct result result;
  struct run run = {.options = &options, .result = &result};
  struct error error;
  if (!choose_initializer(q->initializer, &options.inits[0], &error)) fail_msg("%s", error.text);
  if (!choose_activation(q->activation, &options.activations[0], &error)) fail_msg("%s", error.text);
  result_init(&result);
  if (!suite_gradients(&run, &error)) fail_msg("%s", error.text);
  assert_int_equal(result.cell_count, 1);
  const struct gradient_cell cell = result.cells[0];
  result.cell_count = 0;
  result_free(&result);
  return cell;
}

static void forget(struct gradient_cell *cell) {
  free(cell->layers), free(cell->layers_theory), free(cell->histograms);
}

/* What a network of finite width and depth allows: three standard errors, and the bias of the width. */
static double tolerance_of(const struct question *q) {
  const double n = (double)q->width;
  return 3 * sqrt(5 / (n * (double)q->depth)) / 2 / sqrt((double)q->seeds) + 5 / (2 * n);
}

/* ---- decay ------------------------------------------------------------------------------------------------------ */

/* He et al. 2015: with ReLU, Glorot's weights take 1/sqrt 2 of the gradient in every layer, He's nothing. */
static void test_he(void **state) {
  (void)state;
  struct question q = {"glorot_normal", "relu", 50, emulated ? 128 : 256, 16, 4, {0}, 0, 0, 0};
  struct gradient_cell glorot = measure(&q);
  q.initializer = "he_normal";
  struct gradient_cell he = measure(&q);
  assert_near("decay of glorot_normal", glorot.decay_per_layer, -log(2) / 2, tolerance_of(&q));
  assert_near("decay of he_normal", he.decay_per_layer, 0, tolerance_of(&q));
  assert_near("their difference", he.decay_per_layer - glorot.decay_per_layer, log(2) / 2, 1e-4);
  forget(&glorot), forget(&he);
}

/* ReLU after batch normalization: the larger the batch, the nearer the squared gradient comes to growing by pi / (pi -
 * 1) in every layer (Yang et al. 2019, arXiv:1902.08129), whatever the weights' scale. The first layer, whose input has
 * mean 0, is different. */
static void test_batch_norm_explodes(void **state) {
  (void)state;
  static const char *const initializers[] = {"he_normal", "glorot_uniform"};
  const double pi = acos(-1.0), limit = log(pi / (pi - 1)) / 2;
  struct question q = {.activation = "relu",
                       .depth = emulated ? 6 : 12,
                       .width = emulated ? 64 : 256,
                       .batch = 512,
                       .seeds = emulated ? 2 : 4,
                       .recipe = {.normalization = NORMALIZATION_BATCH}};
  for (int i = 0; i < 2; i++) {
    q.initializer = initializers[i];
    struct gradient_cell cell = measure(&q);
    const double change = cell.layers[1].delta_rms / cell.layers[q.depth - 1].delta_rms;
    assert_near("decay with batch normalization", log(change) / (double)(q.depth - 2), limit, tolerance_of(&q));
    assert_near("of the whole network", cell.decay_per_layer, cell.theory.decay_per_layer, tolerance_of(&q));
    forget(&cell);
  }
}

/* Klambauer et al. 2017, arXiv:1706.02515: SELU's units stay at mean 0 and variance 1. */
static void test_selu(void **state) {
  (void)state;
  const struct question q = {"lecun_normal", "selu", 20, emulated ? 128 : 512, 64, 4, {0}, 0, 0, 0};
  struct gradient_cell cell = measure(&q);
  const struct gradient_layer *last = &cell.layers[q.depth - 1];
  assert_near("mean of h", last->h_mean, 0, 0.05);
  assert_near("variance of h", last->h_stddev * last->h_stddev, 1, 0.1);
  forget(&cell);
}

/* ---- Glorot and Bengio 2010, figures 6 to 8 --------------------------------------------------------------------- */

/* From the last hidden layer to the first. */
static double change_of_delta(const struct gradient_cell *cell) {
  return cell->layers[0].delta_rms / cell->layers[cell->depth - 1].delta_rms;
}

/* The largest of the layers' to the smallest. */
static double spread_of_dw(const struct gradient_cell *cell) {
  double least = INFINITY, most = 0;
  for (size_t l = 0; l < cell->depth; l++) {
    least = fmin(least, cell->layers[l].dw_rms);
    most = fmax(most, cell->layers[l].dw_rms);
  }
  return most / least;
}

static void test_glorot_figures(void **state) {
  (void)state;
  struct question q = {"uniform_fan_in", "tanh", 5, emulated ? 300 : 1000, 64, 1, {0}, 0, 0, 0};
  struct gradient_cell standard = measure(&q);
  q.initializer = "glorot_uniform";
  struct gradient_cell normalized = measure(&q);
  for (size_t l = 0; l < q.depth; l++)
    printf("layer %zu: h %.3f and %.3f, delta %.2e and %.2e, dw %.2e and %.2e\n", l + 1, standard.layers[l].h_rms,
           normalized.layers[l].h_rms, standard.layers[l].delta_rms, normalized.layers[l].delta_rms,
           standard.layers[l].dw_rms, normalized.layers[l].dw_rms);
  /* Figure 7: 1/sqrt 3 a layer, and tanh's slope where units are not small. */
  assert_true(change_of_delta(&standard) < pow(3, -2) * 1.05);
  assert_true(change_of_delta(&standard) > pow(3, -2) / 2);
  assert_true(change_of_delta(&normalized) > 1.0 / 3 && change_of_delta(&normalized) < 1);
  /* Figure 6: so do activations on their way forward. */
  assert_true(standard.layers[4].h_rms / standard.layers[0].h_rms < pow(3, -2) * 1.3);
  assert_true(normalized.layers[4].h_rms / normalized.layers[0].h_rms > 0.5);
  /* Figure 8: what the one loses forward, the other loses backward. */
  assert_true(spread_of_dw(&standard) < 2);
  assert_true(spread_of_dw(&normalized) < 2);
  forget(&standard), forget(&normalized);
}

/* ---- orthogonal weights ----------------------------------------------------------------------------------------- */

/* Saxe, McClelland and Ganguli 2014, arXiv:1312.6120: in a linear network every singular value is 1, of each layer's
 * Jacobian and of all layers together. */
static void test_orthogonal(void **state) {
  (void)state;
  enum { WIDTH = 48, DEPTH = 30 };
  const struct network_shape shape = {.inputs = WIDTH, .width = WIDTH, .depth = DEPTH, .outputs = 1, .batch = 1};
  struct network network = make_network(table, &shape, "linear", 1);
  float *x = make_normals(table, WIDTH, 1, 1), ones[WIDTH], whole[WIDTH * WIDTH];
  double product[WIDTH * WIDTH] = {0}, next[WIDTH * WIDTH], values[WIDTH], off = 0;
  struct error error;
  initialize_network(&network, "orthogonal", 0, test_seed());
  network_forward(&network, x);
  for (size_t i = 0; i < WIDTH; i++) product[i * WIDTH + i] = ones[i] = 1;
  for (size_t l = 0; l < DEPTH; l++) {
    const float *w = network.layers[l].w;
    struct gradient_layer layer;
    if (!layer_jacobian(&network, l, &layer, &error)) fail_msg("%s", error.text);
    off = fmax(off, fmax(layer.jacobian_largest - 1, 1 - layer.jacobian_smallest));
    for (size_t i = 0; i < WIDTH; i++)
      for (size_t j = 0; j < WIDTH; j++) {
        next[i * WIDTH + j] = 0;
        for (size_t k = 0; k < WIDTH; k++) next[i * WIDTH + j] += product[i * WIDTH + k] * w[k * WIDTH + j];
      }
    for (size_t i = 0; i < (size_t)WIDTH * WIDTH; i++) product[i] = next[i];
  }
  assert_near("the worst layer's singular value", 1 + off, 1, 1e-6);
  for (size_t i = 0; i < (size_t)WIDTH * WIDTH; i++) whole[i] = (float)product[i];
  const struct jacobian jacobian = {.in = WIDTH, .out = WIDTH, .w = whole, .slope = ones};
  if (!jacobian_singular_values(&jacobian, values, &error)) fail_msg("%s", error.text);
  assert_near("the largest of all layers together", values[0], 1, 1e-5);
  assert_near("the smallest", values[WIDTH - 1], 1, 1e-5);
  network_destroy(&network);
  free(x);
}

/* ---- precision -------------------------------------------------------------------------------------------------- */

/* Biases hold the activations' size while the weights of glorot_uniform take 1/sqrt 2 of the gradient in each layer: of
 * what happens in reduced precision, only that to gradients is seen. */
static struct gradient_cell with_precision(enum precision precision, bool flush, size_t depth, double scale) {
  return measure(&(struct question){.initializer = "glorot_uniform",
                                    .activation = "relu",
                                    .depth = depth,
                                    .width = emulated ? 64 : 128,
                                    .batch = 16,
                                    .seeds = 1,
                                    .recipe = {.precision = precision, .flush = flush},
                                    .scale = scale,
                                    .bias_std = 1});
}

/* The hidden layer nearest the output whose gradients are all below `least`, where they are not cut off: the largest of
 * a layer is four times their rms or so. A scale keeps floats of a depth of 350 from it. */
static double layer_below(size_t depth, double least) {
  struct gradient_cell cell = with_precision(PRECISION_FLOAT32, false, depth, 0x1p80);
  size_t l = depth;
  while (l > 0 && !(4 * cell.layers[l - 1].delta_rms < least)) l--;
  assert_true(cell.underflow_layer == 0 && cell.subnormal_layer == 0);
  assert_near("decay per layer", cell.decay_per_layer, -log(2) / 2, 0.03);
  forget(&cell);
  return (double)l;
}
#define LAYERS_OFF 8 /* by which the largest gradient may be off: 16 times, or a sixteenth */

/* Half of the smallest numbers that half precision and bf16 have besides 0, and floats, are 2^-25, 2^-134 and 2^-150:
 * what is below becomes 0. */
static void test_underflow(void **state) {
  (void)state;
  enum { DEPTH = 100, DEEPER = 350 };
  struct gradient_cell half = with_precision(PRECISION_FP16, false, DEPTH, 1);
  struct gradient_cell bf16 = with_precision(PRECISION_BF16, false, DEPTH, 1);
  struct gradient_cell whole = with_precision(PRECISION_FLOAT32, false, DEPTH, 1);
  assert_int_equal(half.verdict, VERDICT_UNDERFLOW);
  assert_int_equal(bf16.verdict, VERDICT_VANISHING);
  assert_int_equal(whole.verdict, VERDICT_VANISHING);
  assert_true(bf16.underflow_layer == 0 && whole.underflow_layer == 0);
  assert_near("fp16 underflows at layer", (double)half.underflow_layer, layer_below(DEPTH, 0x1p-25), LAYERS_OFF);
  forget(&half), forget(&bf16), forget(&whole);
  if (emulated) return;
  bf16 = with_precision(PRECISION_BF16, false, DEEPER, 1), whole = with_precision(PRECISION_FLOAT32, false, DEEPER, 1);
  assert_near("bf16 underflows at layer", (double)bf16.underflow_layer, layer_below(DEEPER, 0x1p-134), LAYERS_OFF);
  assert_near("float32 underflows at layer", (double)whole.underflow_layer, layer_below(DEEPER, 0x1p-150), LAYERS_OFF);
  assert_true(bf16.underflow_layer > whole.underflow_layer);
  forget(&bf16), forget(&whole);
}

/* Without biases activations lose as much on their way forward, and those go first, where no scale of the loss helps.
 */
static void test_activations_underflow(void **state) {
  (void)state;
  struct question q = {
      "glorot_uniform", "relu", 100, emulated ? 64 : 128, 16, 1, {.precision = PRECISION_FP16}, 1, 0, 0};
  struct gradient_cell cell = measure(&q);
  size_t gone = 0;
  while (gone < q.depth && cell.layers[gone].h_rms > 0) gone++;
  assert_near("activations underflow at layer", (double)gone + 1, log(4 / 0x1p-25) / (log(2) / 2), LAYERS_OFF);
  assert_int_equal(cell.verdict, VERDICT_UNDERFLOW);
  assert_int_equal(cell.underflow_layer, gone + 1);
  q.scale = 1024;
  struct gradient_cell scaled = measure(&q);
  assert_int_equal(scaled.underflow_layer, gone + 1);
  forget(&cell), forget(&scaled);
}

/* A loss of 1024 times the size comes ln 1024 / (ln 2 / 2) = 20 layers further. */
static void test_loss_scale(void **state) {
  (void)state;
  struct gradient_cell one = with_precision(PRECISION_FP16, false, 100, 1);
  struct gradient_cell scaled = with_precision(PRECISION_FP16, false, 100, 1024);
  assert_near("underflow is later by layers", (double)one.underflow_layer - (double)scaled.underflow_layer, 20, 4);
  forget(&one), forget(&scaled);
  /* What is reported is free of it. */
  one = with_precision(PRECISION_FLOAT32, false, 30, 1), scaled = with_precision(PRECISION_FLOAT32, false, 30, 1024);
  assert_true(one.decay_per_layer == scaled.decay_per_layer);
  for (size_t l = 0; l < 30; l++) {
    assert_true(one.layers[l].delta_rms == scaled.layers[l].delta_rms);
    assert_true(one.layers[l].dw_rms == scaled.layers[l].dw_rms);
  }
  forget(&one), forget(&scaled);
}

/* Without subnormal numbers gradients are gone at 2^-14 and 2^-126, and afterwards arithmetic has them again. */
static void test_flush(void **state) {
  (void)state;
  static const struct {
    enum precision precision;
    double least;
  } rows[] = {{PRECISION_FP16, 0x1p-14}, {PRECISION_BF16, 0x1p-126}, {PRECISION_FLOAT32, 0x1p-126}};
  const size_t depth = emulated ? 100 : 350, count = emulated ? 1 : sizeof rows / sizeof *rows;
  for (size_t r = 0; r < count; r++) {
    struct gradient_cell kept = with_precision(rows[r].precision, false, depth, 1);
    struct gradient_cell flushed = with_precision(rows[r].precision, true, depth, 1);
    assert_near("flushed at layer", (double)flushed.underflow_layer, layer_below(depth, rows[r].least), LAYERS_OFF);
    assert_true(flushed.underflow_layer > kept.underflow_layer && kept.subnormal_layer > 0);
    assert_int_equal(flushed.subnormal_layer, 0);
    forget(&kept), forget(&flushed);
  }
  struct gradient_cell shared =
      measure(&(struct question){"he_normal", "relu", 3, 128, 80, 1, {.flush = true}, .scale = 1, .threads = 2});
  forget(&shared);
  volatile float normal = FLT_MIN, half = 0.5f;
  int right = 1;
#pragma omp parallel num_threads(2) reduction(&& : right)
  right = right && normal * half != 0;
  assert_true(right);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  arch = arch_find(argv[1]);
  emulated = getenv("DEPTHMARK_EMULATED");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_he),
      cmocka_unit_test(test_batch_norm_explodes),
      cmocka_unit_test(test_selu),
      cmocka_unit_test(test_glorot_figures),
      cmocka_unit_test(test_orthogonal),
      cmocka_unit_test(test_underflow),
      cmocka_unit_test(test_activations_underflow),
      cmocka_unit_test(test_loss_scale),
      cmocka_unit_test(test_flush),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
