/* What a recipe adds to struct network, on one ISA: against double precision; against a network of the same kernels
 * whose every step is written out; the same bits for any number of threads; numbers of its precision, scales of its
 * loss, flushed subnormal numbers, Jacobians. */
#include "harness/network_recipe.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "harness/flush.h"
#include "harness/jacobian.h"
#include "harness/layer_statistics.h"
#include "tests/double_network.h"
#include "tests/network_support.h"
#include "tests/support.h"

static const struct kernel_table *table;
static bool emulated; /* thirty times as slow: fewer recipes and functions */

/* Every recipe with numbers from 0 to RECIPES - 1; first those in single precision, without and with flushing. */
#define RECIPES (PRECISION_COUNT * 2 * NORMALIZATION_COUNT * 2)
#define FORMS (NORMALIZATION_COUNT * 2) /* of normalization and residual connections */

static struct recipe recipe_of(int i) {
  return (struct recipe){.normalization = i % NORMALIZATION_COUNT,
                         .residual = i / NORMALIZATION_COUNT % 2,
                         .flush = i / FORMS % 2,
                         .precision = i / FORMS / 2};
}

/* From one recipe to the next that is tried; it has no factor in common with their number. */
static int step(void) { return emulated ? 13 : 1; }

static const char *recipe_text(const struct recipe *recipe) {
  static char text[96];
  snprintf(text, sizeof text, "normalization %s%s, %s%s", normalization_names[recipe->normalization],
           recipe->residual ? ", residual" : "", precision_names[recipe->precision], recipe->flush ? ", flushed" : "");
  return text;
}

/* Weights of variance 1 / in, biases and, where there are any, gamma and beta that are not 1 and 0. */
static void initialize(struct network *network, uint64_t seed) {
  initialize_network(network, "lecun_normal", 0.1f, seed);
  for (size_t l = 0; l < network->shape.depth; l++) {
    const struct network_layer *layer = &network->layers[l];
    if (!layer->gamma) continue;
    const struct init gamma = {.seed = seed, .stream = (1u << 20) + l, .p = {0.5f, 1.5f, 0, 0, 0}};
    const struct init beta = {.seed = seed, .stream = (1u << 21) + l, .p = {-0.5f, 0.5f, 0, 0, 0}};
    table->init_uniform(layer->gamma, 0, layer->out, &gamma);
    table->init_uniform(layer->beta, 0, layer->out, &beta);
  }
  network_round_weights(network);
}

/* A shape with what its networks are run on. */
struct input {
  struct network_shape shape;
  uint64_t seed; /* of the weights */
  float *x, *delta;
};

/* delta_std: of the outputs' delta. */
static struct input input_of(const struct network_shape *shape, float delta_std) {
  return (struct input){*shape, 3, make_normals(table, shape->batch * shape->inputs, 5, 1),
                        make_normals(table, shape->batch * shape->outputs, 6, delta_std)};
}

static void input_free(struct input *input) { free(input->x), free(input->delta); }

static struct network run(struct input *input, struct recipe recipe, const char *activation, int threads,
                          struct left_out left_out) {
  input->shape.recipe = recipe;
  struct network network = make_network(table, &input->shape, activation, threads);
  network.left_out = left_out;
  initialize(&network, input->seed);
  run_network(&network, input->x, input->delta);
  return network;
}

/* What other libraries' passes leave to ours: nothing, bare products, products with biases. */
static const struct left_out nothing = {0};
static const struct left_out ways[] = {{0}, {.activation = true, .bias = true, .db = true}, {.activation = true}};
#define WAYS (sizeof ways / sizeof *ways)

/* ---- against double precision ----------------------------------------------------------------------------------- */

/* An activation, and how far from 0 its units must be, so that rounding takes none across a kink that is there. */
struct function {
  const char *name;
  double clearance;
};

/* The truth of the network that run() leaves, at the first seed whose weights keep that distance. */
static struct double_network truth_of(struct input *input, struct recipe recipe, const struct function *function) {
  const struct network_shape *shape = &input->shape;
  const size_t outputs = shape->batch * shape->outputs;
  double *x = test_doubles(input->x, shape->batch * shape->inputs), *delta = test_doubles(input->delta, outputs);
  struct double_network truth;
  for (input->seed = 3;; input->seed++) {
    struct network network = run(input, recipe, function->name, 2, nothing);
    truth = double_network_copy(&network);
    network_destroy(&network);
    double_network_forward(&truth, x);
    double nearest = INFINITY;
    for (size_t l = 0; l < shape->depth; l++)
      for (size_t i = 0; i < shape->batch * shape->width; i++) nearest = fmin(nearest, fabs(truth.layers[l].n[i]));
    if (nearest >= function->clearance) break;
    double_network_destroy(&truth);
  }
  memcpy(truth.layers[shape->depth].delta, delta, outputs * sizeof *delta);
  double_network_backward(&truth, x);
  free(x), free(delta);
  return truth;
}

/* The worst of all ways. */
static double distance_from_double(struct input *input, struct recipe recipe, const struct function *function) {
  struct double_network truth = truth_of(input, recipe, function);
  double worst = 0;
  for (size_t w = 0; w < WAYS; w++) {
    struct network network = run(input, recipe, function->name, 2, ways[w]);
    const double distance = double_network_distance(&network, &truth);
    if (!(distance <= worst)) worst = distance;
    network_destroy(&network);
  }
  double_network_destroy(&truth);
  return worst;
}

#define TOLERANCE 1e-5 /* 5e-6 is the worst seen: batches bend where their units nearly agree */

static void test_against_double(void **state) {
  (void)state;
  static const struct function functions[] = {{"linear", 0},   {"tanh", 0},    {"gelu", 0},
                                              {"softplus", 0}, {"relu", 1e-5}, {"selu", 1e-5}};
  struct input input =
      input_of(&(struct network_shape){.inputs = 40, .width = 64, .depth = 10, .outputs = 10, .batch = 13}, 1.0f / 13);
  for (size_t f = 0; f < sizeof functions / sizeof *functions; f += emulated ? 4 : 1)
    for (int form = 0; form < FORMS; form++) {
      const struct recipe recipe = recipe_of(form);
      const double worst = distance_from_double(&input, recipe, &functions[f]);
      printf("%s, %s: %.2g of %g\n", functions[f].name, recipe_text(&recipe), worst, TOLERANCE);
      if (!(worst <= TOLERANCE)) fail_msg("%s: %g apart", functions[f].name, worst);
    }
  input_free(&input);
}

/* ---- against every step written out ----------------------------------------------------------------------------- */

/* Rounded one by one, by the references. */
static void round_slowly(const struct recipe *recipe, float *x, size_t n) {
  map_reference *const round = recipe->precision == PRECISION_BF16 ? reference_round_to_bf16 : reference_round_to_fp16;
  const struct parameters p = {.a = recipe->flush ? 1 : 0};
  for (size_t i = 0; recipe->precision && i < n; i++) x[i] = (float)round((double)x[i], p);
}

static void add_slowly(float *y, const float *x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += x[i];
}

/* A network that leaves the passes of struct network alone, and only uses its memory. */
struct slow {
  struct network network;
  void *workspace;
  float *dh, *next_dh; /* batch x width: of this layer, and of the one behind it */
};

static struct dense slow_dense(const struct slow *slow, size_t l, const float *x) {
  const struct network_layer *layer = &slow->network.layers[l];
  return (struct dense){.batch = slow->network.shape.batch,
                        .in = layer->in,
                        .out = layer->out,
                        .x = l ? layer[-1].h : x,
                        .w = layer->w,
                        .b = layer->b,
                        .z = layer->z,
                        .dz = layer->delta,
                        .dx = l ? slow->dh : NULL,
                        .dw = layer->dw,
                        .db = layer->db,
                        .workspace = slow->workspace,
                        .threads = 1};
}

static void slow_normalization(const struct slow *slow, size_t l, bool forward) {
  const struct network_layer *layer = &slow->network.layers[l];
  const struct norm norm = {.rows = slow->network.shape.batch,
                            .columns = layer->out,
                            .z = layer->z,
                            .gamma = layer->gamma,
                            .beta = layer->beta,
                            .n = layer->n,
                            .mean = layer->mean,
                            .inverse = layer->inverse,
                            .dn = layer->delta,
                            .dz = layer->delta,
                            .dgamma = layer->dgamma,
                            .dbeta = layer->dbeta,
                            .epsilon = NETWORK_EPSILON,
                            .threads = 1};
  switch (slow->network.shape.recipe.normalization) {
  case NORMALIZATION_BATCH: (forward ? table->batch_norm_forward : table->batch_norm_backward)(&norm); break;
  case NORMALIZATION_LAYER: (forward ? table->layer_norm_forward : table->layer_norm_backward)(&norm); break;
  default: break;
  }
}

static void slow_forward(struct slow *slow, const float *x) {
  const struct network *network = &slow->network;
  const struct recipe *recipe = &network->shape.recipe;
  map_kernel *const forward = (map_kernel *)kernel_in_table(table, network->activation.forward);
  for (size_t l = 0; l <= network->shape.depth; l++) {
    const struct network_layer *layer = &network->layers[l];
    const size_t n = network->shape.batch * layer->out;
    const struct dense dense = slow_dense(slow, l, x);
    table->dense_forward(&dense);
    if (l < network->shape.depth) {
      slow_normalization(slow, l, true);
      forward(layer->n, layer->h, n, network->activation.p);
      if (recipe->residual && l > 0) add_slowly(layer->h, layer[-1].h, n);
    }
    round_slowly(recipe, layer->h, n);
  }
}

/* From the gradient with respect to hidden layer l's h, as the product behind it left it in dh. */
static void slow_backward_layer(struct slow *slow, size_t l) {
  const struct network *network = &slow->network;
  const struct recipe *recipe = &network->shape.recipe;
  backward_kernel *const backward = (backward_kernel *)kernel_in_table(table, network->activation.backward);
  const struct network_layer *layer = &network->layers[l];
  const size_t n = network->shape.batch * layer->out;
  if (recipe->residual) {
    if (l + 1 < network->shape.depth) add_slowly(slow->dh, slow->next_dh, n);
    round_slowly(recipe, slow->dh, n);
  }
  backward(layer->n, slow->dh, layer->delta, n, network->activation.p);
  slow_normalization(slow, l, false);
  round_slowly(recipe, layer->delta, n);
}

static void slow_backward(struct slow *slow, const float *x) {
  const struct network *network = &slow->network;
  const struct recipe *recipe = &network->shape.recipe;
  for (size_t l = network->shape.depth + 1; l-- > 0;) {
    const struct network_layer *layer = &network->layers[l];
    const struct dense dense = slow_dense(slow, l, x);
    if (l == network->shape.depth) round_slowly(recipe, layer->delta, dense.batch * dense.out);
    table->dense_backward_weights(&dense);
    round_slowly(recipe, layer->dw, dense.in * dense.out);
    round_slowly(recipe, layer->db, dense.out);
    if (l == 0) break;
    table->dense_backward_data(&dense);
    slow_backward_layer(slow, l - 1);
    float *const dh = slow->dh;
    slow->dh = slow->next_dh, slow->next_dh = dh;
  }
}

static struct slow run_slowly(const struct input *input, const char *activation) {
  const struct network_shape *shape = &input->shape;
  struct slow slow = {.network = make_network(table, shape, activation, 1)};
  size_t bytes = 0;
  for (size_t l = 0; l <= shape->depth; l++) {
    const struct network_layer *layer = &slow.network.layers[l];
    const size_t needed = table->dense_workspace_bytes(shape->batch, layer->in, layer->out, 1);
    bytes = needed > bytes ? needed : bytes;
  }
  slow.workspace = aligned_alloc(64, (bytes + 64) / 64 * 64);
  slow.dh = calloc(shape->batch * shape->width, sizeof *slow.dh);
  slow.next_dh = calloc(shape->batch * shape->width, sizeof *slow.next_dh);
  initialize(&slow.network, input->seed);
  slow_forward(&slow, input->x);
  const struct network_layer *outputs = &slow.network.layers[shape->depth];
  memcpy(outputs->delta, input->delta, shape->batch * shape->outputs * sizeof *input->delta);
  slow_backward(&slow, input->x);
  return slow;
}

static void slow_free(struct slow *slow) {
  network_destroy(&slow->network);
  free(slow->workspace), free(slow->dh), free(slow->next_dh);
}

/* Large enough that every pass is split. */
static const struct network_shape split_shape = {.inputs = 150, .width = 137, .depth = 3, .outputs = 10, .batch = 71};
/* So small that many gradients are subnormal in half precision, and some in the output layer already. */
#define SMALL_DELTA 3e-5f

static void test_against_slow(void **state) {
  (void)state;
  static const char *const activations[] = {"relu", "gelu"};
  struct input input = input_of(&split_shape, SMALL_DELTA);
  for (int i = 0; i < RECIPES; i += step())
    for (size_t a = 0; a < sizeof activations / sizeof *activations; a++) {
      struct network network = run(&input, recipe_of(i), activations[a], 1, nothing);
      struct slow slow = run_slowly(&input, activations[a]);
      assert_same_networks(&network, &slow.network);
      network_destroy(&network), slow_free(&slow);
    }
  input_free(&input);
}

static void test_threads(void **state) {
  (void)state;
  struct input input = input_of(&split_shape, SMALL_DELTA);
  for (int i = 0; i < RECIPES; i += step()) {
    const struct left_out way = ways[(i + i / NORMALIZATION_COUNT) % (int)WAYS];
    struct network one = run(&input, recipe_of(i), "gelu", 1, way);
    for (int threads = emulated ? 3 : 2; threads <= 3; threads++) {
      struct network other = run(&input, recipe_of(i), "gelu", threads, way);
      assert_same_networks(&one, &other);
      network_destroy(&other);
    }
    network_destroy(&one);
  }
  input_free(&input);
}

/* ---- precision -------------------------------------------------------------------------------------------------- */

/* Whether all are numbers of the precision, and in how many the precision's smallest normal number is not reached. */
static size_t check_format(const struct recipe *recipe, const float *x, size_t n, const char *what) {
  const double least = recipe->precision == PRECISION_FP16 ? 0x1p-14 : (double)FLT_MIN;
  size_t subnormal = 0;
  for (size_t i = 0; i < n; i++) {
    float rounded = x[i];
    round_slowly(&(struct recipe){.precision = recipe->precision}, &rounded, 1);
    if (memcmp(&rounded, &x[i], sizeof rounded) != 0)
      fail_msg("%s: %s has %a", recipe_text(recipe), what, (double)x[i]);
    subnormal += x[i] != 0 && fabs((double)x[i]) < least;
  }
  if (recipe->flush && subnormal) fail_msg("%s: %s has subnormal numbers", recipe_text(recipe), what);
  return subnormal;
}

static void test_formats(void **state) {
  (void)state;
  struct input input = input_of(&split_shape, SMALL_DELTA);
  for (int i = 0; i < RECIPES; i += step()) {
    const struct recipe recipe = recipe_of(i);
    size_t subnormal = 0;
    if (!recipe.precision) continue;
    struct network network = run(&input, recipe, "tanh", 1, nothing);
    for (size_t l = 0; l <= split_shape.depth; l++) {
      const struct network_layer *layer = &network.layers[l];
      const size_t weights = layer->in * layer->out, values = split_shape.batch * layer->out;
      check_format(&recipe, layer->w, weights, "w");
      check_format(&recipe, layer->b, layer->out, "b");
      check_format(&recipe, layer->h, values, "h");
      check_format(&recipe, layer->db, layer->out, "db");
      subnormal += check_format(&recipe, layer->dw, weights, "dw");
      subnormal += check_format(&recipe, layer->delta, values, "delta");
    }
    if (recipe.precision == PRECISION_FP16 && !recipe.flush) assert_true(subnormal > 1000);
    network_destroy(&network);
  }
  input_free(&input);
}

/* The output layer's delta is nobody's product: flushing takes its subnormal numbers, and nothing else. */
static void test_flushed_precision(void **state) {
  (void)state;
  struct input input = input_of(&split_shape, SMALL_DELTA);
  const size_t n = split_shape.batch * split_shape.outputs;
  size_t flushed = 0;
  struct network kept = run(&input, (struct recipe){.precision = PRECISION_FP16}, "tanh", 2, nothing);
  struct network gone = run(&input, (struct recipe){.precision = PRECISION_FP16, .flush = true}, "tanh", 2, nothing);
  for (size_t i = 0; i < n; i++) {
    const float a = kept.layers[split_shape.depth].delta[i], b = gone.layers[split_shape.depth].delta[i];
    const bool subnormal = fabsf(a) < 0x1p-14f;
    assert_true(subnormal ? b == 0 : b == a);
    flushed += subnormal && a != 0;
  }
  assert_in_range(flushed, 1, n - 1);
  network_destroy(&kept), network_destroy(&gone);
  input_free(&input);
}

/* ---- the scale of the loss -------------------------------------------------------------------------------------- */

static void assert_scaled(const float *a, const float *b, size_t n, float scale, const char *what) {
  for (size_t i = 0; i < n; i++)
    if (!(a[i] * scale == b[i])) fail_msg("%s[%zu] is %a, not %a times %a", what, i, b[i], scale, a[i]);
}

/* Gradients are linear in the outputs' delta: a power of two, where nothing overflows or is subnormal, changes their
 * exponents alone. */
static void test_loss_scale(void **state) {
  (void)state;
  static const float scales[] = {1024, 0x1p-30f};
  struct input input = input_of(&split_shape, 1);
  const size_t batch = split_shape.batch;
  for (int form = 0; form < FORMS; form++) {
    struct network network = run(&input, recipe_of(form), "gelu", 2, nothing);
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
      struct input scaled = input_of(&split_shape, 1);
      for (size_t i = 0; i < batch * split_shape.outputs; i++) scaled.delta[i] *= scales[s];
      struct network other = run(&scaled, recipe_of(form), "gelu", 2, nothing);
      for (size_t l = 0; l <= split_shape.depth; l++) {
        const struct network_layer *a = &network.layers[l], *b = &other.layers[l];
        assert_same(a->h, b->h, batch * a->out, "activations");
        assert_scaled(a->delta, b->delta, batch * a->out, scales[s], "delta");
        assert_scaled(a->dw, b->dw, a->in * a->out, scales[s], "dw");
        assert_scaled(a->db, b->db, a->out, scales[s], "db");
        if (!a->gamma) continue;
        assert_scaled(a->dgamma, b->dgamma, a->out, scales[s], "dgamma");
        assert_scaled(a->dbeta, b->dbeta, a->out, scales[s], "dbeta");
      }
      network_destroy(&other);
      input_free(&scaled);
    }
    network_destroy(&network);
  }
  input_free(&input);
}

/* ---- flushed subnormal numbers ---------------------------------------------------------------------------------- */

/* Whether the calling thread's arithmetic takes subnormal operands and results for zero; fails where it is one of the
 * two. */
static bool flushes(void) {
  volatile float normal = FLT_MIN, subnormal = FLT_MIN / 2, half = 0.5f, large = 0x1p30f;
  volatile float result = normal * half, product = subnormal * large;
  /* Not by comparisons of floats, which compilers move to where the mode is another. */
  const bool results = bits_of(result) == 0, operands = bits_of(product) == 0;
  if (results != operands)
    fail_msg("results %s flushed, operands %s", results ? "are" : "aren't", operands ? "are" : "aren't");
  return results;
}

static int flushing_threads(int threads) {
  int count = 0;
#pragma omp parallel num_threads(threads) reduction(+ : count)
  count += flushes();
  return count;
}

static void test_flush(void **state) {
  (void)state;
  for (int threads = 1; threads <= 3; threads++) {
    assert_int_equal(flushing_threads(threads), 0);
    flush_subnormals(true, threads);
    assert_int_equal(flushing_threads(threads), threads);
    flush_subnormals(false, threads);
    assert_int_equal(flushing_threads(threads), 0);
  }
  /* Of networks that run side by side, one each thread, only those that are asked to. */
  int right = 1;
#pragma omp parallel num_threads(3) reduction(&& : right)
  for (int i = 0; i < 3; i++) {
    flush_subnormals(i == 1, 1);
    right = right && flushes() == (i == 1);
    flush_subnormals(false, 1);
    right = right && !flushes();
  }
  assert_true(right);
  assert_int_equal(flushing_threads(3), 0);
}

/* One path, on which each layer takes 2^10 from what comes through it, forward and backward. */
static void test_flushed_chain(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 1, .width = 1, .depth = 14, .outputs = 1, .batch = 1};
  const float one = 1;
  int kept = 0;
  struct network network = make_network(table, &shape, "linear", 1);
  initialize_network(&network, "constant(0.0009765625)", 0, 1);
  for (int flush = 0; flush < 2; flush++) {
    flush_subnormals(flush, 1);
    run_network(&network, &one, &one);
    flush_subnormals(false, 1);
    for (size_t l = 0; l < shape.depth; l++) {
      const float forward = ldexpf(1, -10 * ((int)l + 1)), backward = ldexpf(1, -10 * (14 - (int)l));
      assert_true(network.layers[l].h[0] == (flush && forward < FLT_MIN ? 0 : forward));
      assert_true(network.layers[l].delta[0] == (flush && backward < FLT_MIN ? 0 : backward));
      kept += backward < FLT_MIN && network.layers[l].delta[0] != 0;
    }
  }
  assert_int_equal(kept, 2); /* 2^-130 and 2^-140, when not flushed */
  network_destroy(&network);
}

/* How many are below that, but not 0. */
static size_t count_below(float least, const float *x, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += x[i] != 0 && fabsf(x[i]) < least;
  return count;
}

/* Of a network whose gradients leave float's range: none are subnormal, and its layers are the same until even some of
 * a sum's parts may be. */
static void test_flushed_network(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 32, .width = 32, .depth = 40, .outputs = 10, .batch = 300};
  struct input input = input_of(&shape, 1);
  for (int threads = 1; threads <= 3; threads += emulated ? 2 : 1) {
    struct network kept = make_network(table, &shape, "tanh", threads);
    struct network gone = make_network(table, &shape, "tanh", threads);
    initialize_network(&kept, "normal(0,0.02)", 0.5f, 3), initialize_network(&gone, "normal(0,0.02)", 0.5f, 3);
    run_network(&kept, input.x, input.delta);
    flush_subnormals(true, threads);
    run_network(&gone, input.x, input.delta);
    flush_subnormals(false, threads);
    size_t before = 0, subnormal = 0, small = 0;
    for (size_t l = shape.depth + 1; l-- > 0;) {
      const struct network_layer *a = &kept.layers[l], *b = &gone.layers[l];
      const size_t n = shape.batch * a->out;
      assert_same(a->h, b->h, n, "activations");
      subnormal += count_below(FLT_MIN, a->delta, n);
      assert_int_equal(count_below(FLT_MIN, b->delta, n), 0);
      assert_int_equal(count_below(FLT_MIN, b->dw, a->in * a->out), 0);
      assert_int_equal(count_below(FLT_MIN, b->db, a->out), 0);
      small += count_below(FLT_MIN * 0x1p24f, a->delta, n);
      if (small) continue;
      assert_same(a->delta, b->delta, n, "gradients");
      before++;
    }
    assert_true(before > 5 && subnormal > 1000);
    network_destroy(&kept), network_destroy(&gone);
  }
  assert_int_equal(flushing_threads(3), 0);
  input_free(&input);
}

/* ---- Jacobians -------------------------------------------------------------------------------------------------- */

/* Layer l's h of one sample, x those of the layer before; batch normalization with the network's own statistics. */
static void map_sample(const struct network *network, size_t l, const double *x, double *h) {
  map_reference *const forward = (map_reference *)reference_functions[network->activation.forward - kernels];
  const struct network_layer *layer = &network->layers[l];
  const size_t out = layer->out;
  const double count = (double)out;
  double z[64], mean = 0, square = 0;
  for (size_t j = 0; j < out; j++) {
    z[j] = layer->b[j];
    for (size_t i = 0; i < layer->in; i++) z[j] += x[i] * layer->w[i * out + j];
    mean += z[j] / count;
  }
  for (size_t j = 0; j < out; j++) square += (z[j] - mean) * (z[j] - mean) / count;
  for (size_t j = 0; j < out; j++) {
    double n = z[j];
    switch (network->shape.recipe.normalization) {
    case NORMALIZATION_BATCH: n = (z[j] - layer->mean[j]) * layer->inverse[j] * layer->gamma[j] + layer->beta[j]; break;
    case NORMALIZATION_LAYER:
      n = (z[j] - mean) / sqrt(square + (double)NETWORK_EPSILON) * layer->gamma[j] + layer->beta[j];
      break;
    default: break;
    }
    h[j] = forward(n, network->activation.p);
    if (network->shape.recipe.residual && l > 0) h[j] += x[j];
  }
}

/* The singular values of that map's differences. */
static struct jacobian_summary by_differences(const struct network *network, size_t l, const float *input) {
  const struct network_layer *layer = &network->layers[l];
  const double step = 1e-5;
  double x[64], above[64], below[64];
  float matrix[64 * 64], ones[64];
  struct jacobian_summary summary;
  struct error error;
  for (size_t i = 0; i < layer->in; i++) x[i] = l ? layer[-1].h[i] : input[i];
  for (size_t j = 0; j < layer->out; j++) ones[j] = 1;
  for (size_t i = 0; i < layer->in; i++) {
    const double kept = x[i];
    x[i] = kept + step, map_sample(network, l, x, above);
    x[i] = kept - step, map_sample(network, l, x, below);
    x[i] = kept;
    for (size_t j = 0; j < layer->out; j++) matrix[i * layer->out + j] = (float)((above[j] - below[j]) / (2 * step));
  }
  const struct jacobian jacobian = {.in = layer->in, .out = layer->out, .w = matrix, .slope = ones};
  if (!jacobian_summarize(&jacobian, &summary, &error)) fail_msg("%s", error.text);
  return summary;
}

static void assert_near(const char *what, const struct recipe *recipe, size_t l, double value, double expected,
                        double tolerance) {
  if (!(fabs(value - expected) <= tolerance))
    fail_msg("%s, layer %zu: %s is %.9g, differences say %.9g", recipe_text(recipe), l, what, value, expected);
}

static void test_jacobians(void **state) {
  (void)state;
  static const char *const activations[] = {"tanh", "gelu"};
  struct input input =
      input_of(&(struct network_shape){.inputs = 17, .width = 24, .depth = 3, .outputs = 2, .batch = 7}, 1);
  for (int form = 0; form < FORMS; form++)
    for (size_t a = 0; a < sizeof activations / sizeof *activations; a++) {
      const struct recipe recipe = recipe_of(form);
      struct network network = run(&input, recipe, activations[a], 2, nothing);
      for (size_t l = 0; l < network.shape.depth; l++) {
        const struct jacobian_summary expected = by_differences(&network, l, input.x);
        const double tolerance = 2e-6 * expected.largest;
        struct gradient_layer layer;
        struct error error;
        if (!layer_jacobian(&network, l, &layer, &error)) fail_msg("%s", error.text);
        assert_near("rms", &recipe, l, layer.jacobian_rms, expected.rms, tolerance);
        assert_near("mean", &recipe, l, layer.jacobian_mean, expected.mean, tolerance);
        assert_near("largest", &recipe, l, layer.jacobian_largest, expected.largest, tolerance);
        assert_near("smallest", &recipe, l, layer.jacobian_smallest, expected.smallest, tolerance);
      }
      network_destroy(&network);
    }
  input_free(&input);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  emulated = getenv("DEPTHMARK_EMULATED");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_double),
      cmocka_unit_test(test_against_slow),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_formats),
      cmocka_unit_test(test_flushed_precision),
      cmocka_unit_test(test_loss_scale),
      cmocka_unit_test(test_flush),
      cmocka_unit_test(test_flushed_chain),
      cmocka_unit_test(test_flushed_network),
      cmocka_unit_test(test_jacobians),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
