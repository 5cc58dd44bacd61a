/* Training: optimizers and clipping against double precision, the place of what is not finite, order and records, and
 * the classic facts in short. */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/interrupt.h"
#include "harness/suite.h"
#include "harness/trainer.h"
#include "tests/double_network.h"
#include "tests/choices.h"
#include "tests/support.h"

static const struct kernel_table *table; /* the best */
static enum arch arch;

static struct trainer trainer_of(struct network_shape shape, const char *function, struct training how, int threads) {
  const struct activation_choice choice = activation(function);
  struct trainer trainer;
  struct error error;
  if (!trainer_create(&trainer, shape, table, &choice, &how, threads, &error)) fail_msg("%s", error.text);
  return trainer;
}

/* ---- against double precision ----------------------------------------------------------------------------------- */

#define INPUTS 5
#define BATCH 6
#define CLASSES 4
static const struct network_shape tiny = {.inputs = INPUTS, .width = 7, .depth = 2, .outputs = CLASSES, .batch = BATCH};

/* A parameter array of the double network with the moments of its gradient. */
struct double_block {
  double *w, *dw, *first, *second;
  size_t n;
};

struct double_trainer {
  struct double_network network;
  struct double_block blocks[6];
  size_t count, step;
};

static struct double_trainer double_trainer_of(const struct trainer *trainer) {
  struct double_trainer d = {.network = double_network_copy(&trainer->network)};
  for (size_t l = 0; l <= tiny.depth; l++) {
    const struct double_layer *layer = &d.network.layers[l];
    const size_t n = layer->in * layer->out;
    d.blocks[d.count++] = (struct double_block){layer->w, layer->dw, calloc(n, 8), calloc(n, 8), n};
    d.blocks[d.count++] =
        (struct double_block){layer->b, layer->db, calloc(layer->out, 8), calloc(layer->out, 8), layer->out};
  }
  return d;
}

static void double_trainer_destroy(struct double_trainer *d) {
  for (size_t i = 0; i < d->count; i++) free(d->blocks[i].first), free(d->blocks[i].second);
  double_network_destroy(&d->network);
}

static double double_norm(const struct double_trainer *d) {
  double sum = 0;
  for (size_t i = 0; i < d->count; i++)
    for (size_t j = 0; j < d->blocks[i].n; j++) sum += d->blocks[i].dw[j] * d->blocks[i].dw[j];
  return sqrt(sum);
}

static double double_loss(struct double_trainer *d, const double *x, const int32_t *labels) {
  double loss = 0;
  double_network_forward(&d->network, x);
  const struct double_layer *out = &d->network.layers[tiny.depth];
  for (size_t i = 0; i < BATCH; i++) {
    double sum = 0;
    for (size_t c = 0; c < CLASSES; c++) sum += exp(out->z[i * CLASSES + c]);
    for (size_t c = 0; c < CLASSES; c++)
      out->delta[i * CLASSES + c] = (exp(out->z[i * CLASSES + c]) / sum - (c == (size_t)labels[i])) / BATCH;
    loss += (log(sum) - out->z[i * CLASSES + (size_t)labels[i]]) / BATCH;
  }
  return loss;
}

/* Returns whether a gradient was changed. */
static bool double_clip(const struct double_trainer *d, const struct training *how) {
  bool changed = false;
  for (size_t i = 0; how->clip_value > 0 && i < d->count; i++)
    for (size_t j = 0; j < d->blocks[i].n; j++) {
      const double clipped = fmax(-how->clip_value, fmin(how->clip_value, d->blocks[i].dw[j]));
      changed |= clipped != d->blocks[i].dw[j];
      d->blocks[i].dw[j] = clipped;
    }
  const double norm = double_norm(d);
  if (!(how->clip_norm > 0 && norm > how->clip_norm)) return changed;
  for (size_t i = 0; i < d->count; i++)
    for (size_t j = 0; j < d->blocks[i].n; j++) d->blocks[i].dw[j] *= how->clip_norm / norm;
  return true;
}

static void double_update(const struct double_block *b, const struct training *how, size_t step) {
  const double rate = (double)how->rate;
  for (size_t j = 0; j < b->n; j++) {
    const double g = b->dw[j];
    switch (how->optimizer) {
    case OPTIMIZER_SGD: b->w[j] -= rate * g; break;
    case OPTIMIZER_MOMENTUM:
      b->first[j] = (double)how->momentum * b->first[j] + g;
      b->w[j] -= rate * b->first[j];
      break;
    default: /* Adam with the constants of Kingma and Ba */
      b->first[j] = 0.9 * b->first[j] + 0.1 * g;
      b->second[j] = 0.999 * b->second[j] + 0.001 * g * g;
      b->w[j] -= rate * (b->first[j] / (1 - pow(0.9, (double)step))) /
                 (sqrt(b->second[j] / (1 - pow(0.999, (double)step))) + 1e-8);
    }
  }
}

static double ratio_of(const double *after, const double *before, size_t n) {
  double change = 0, size = 0;
  for (size_t i = 0; i < n; i++)
    change += (after[i] - before[i]) * (after[i] - before[i]), size += before[i] * before[i];
  return sqrt(change / size);
}

static void assert_close(const char *what, double value, double truth, double tolerance) {
  if (!(fabs(value - truth) <= tolerance)) fail_msg("%s: %.9g, not %.9g +- %g", what, value, truth, tolerance);
}

static void check_weights(const struct trainer *trainer, const struct double_trainer *d) {
  for (size_t i = 0; i < d->count; i++)
    for (size_t j = 0; j < d->blocks[i].n; j++)
      assert_close("a weight", (double)trainer->blocks[i].w[j], d->blocks[i].w[j], 2e-5);
}

static void check_step(struct trainer *trainer, struct double_trainer *d, uint64_t *random) {
  float x[BATCH * INPUTS], losses[BATCH];
  double exact[BATCH * INPUTS], before[49];
  int32_t labels[BATCH];
  struct learning_layer layers[3];
  for (size_t i = 0; i < BATCH * INPUTS; i++) exact[i] = (double)(x[i] = test_uniform(random, -2, 2));
  for (size_t i = 0; i < BATCH; i++) labels[i] = (int32_t)(test_random(random) % CLASSES);
  const struct trainer_step step = trainer_step(trainer, x, labels, losses, layers);
  const double loss = double_loss(d, exact, labels);
  double_network_backward(&d->network, exact);
  const double norm = double_norm(d);
  assert_int_equal(step.fault.quantity, FAULT_NONE);
  assert_close("loss", step.loss, loss, 1e-5);
  assert_close("norm", step.gradient_norm, norm, 1e-5);
  size_t correct = 0;
  for (size_t i = 0; i < BATCH; i++) {
    const double *z = &d->network.layers[2].z[i * CLASSES];
    bool best = true;
    for (size_t c = 0; c < CLASSES; c++) best = best && z[c] <= z[labels[i]];
    correct += best;
  }
  assert_int_equal(step.correct, correct);
  double dw_norm[3], delta[3];
  for (size_t l = 0; l < 3; l++) {
    const struct double_layer *layer = &d->network.layers[l];
    const size_t n = layer->in * layer->out, m = BATCH * layer->out;
    dw_norm[l] = delta[l] = 0;
    for (size_t j = 0; j < n; j++) dw_norm[l] += layer->dw[j] * layer->dw[j];
    for (size_t j = 0; j < m; j++) delta[l] += layer->delta[j] * layer->delta[j];
    assert_close("dw norm", layers[l].dw_norm, sqrt(dw_norm[l]), 1e-5);
    assert_close("dw rms", layers[l].dw_rms, sqrt(dw_norm[l] / (double)n), 1e-5);
    assert_close("delta", layers[l].delta_rms, sqrt(delta[l] / (double)m), 1e-5);
  }
  assert_int_equal(step.clipped, double_clip(d, &trainer->how));
  d->step++;
  for (size_t i = 0; i < d->count; i++) {
    memcpy(before, d->blocks[i].w, d->blocks[i].n * sizeof *before);
    double_update(&d->blocks[i], &trainer->how, d->step);
    if (i % 2 == 0)
      assert_close("update ratio", layers[i / 2].update_ratio, ratio_of(d->blocks[i].w, before, d->blocks[i].n), 2e-5);
  }
  check_weights(trainer, d);
}

static void check_training(struct training how) {
  const struct initializer_choice init = initializer("glorot_uniform");
  struct trainer trainer = trainer_of(tiny, "tanh", how, 1);
  uint64_t random = test_seed();
  network_initialize(&trainer.network, &init, 0.3f, random);
  for (int start = 0; start < 2; start++) { /* a fresh start forgets steps and moments */
    trainer_begin(&trainer);
    struct double_trainer d = double_trainer_of(&trainer);
    for (int step = 0; step < 8; step++) check_step(&trainer, &d, &random);
    double_trainer_destroy(&d);
  }
  trainer_destroy(&trainer);
}

static void optimizers_do_what_double_precision_does(void **state) {
  (void)state;
  static const float rates[OPTIMIZER_COUNT] = {0.3f, 0.1f, 0.01f};
  for (enum optimizer_id optimizer = 0; optimizer < OPTIMIZER_COUNT; optimizer++)
    for (int clip = 0; clip < 4; clip++)
      check_training((struct training){.optimizer = optimizer,
                                       .rate = rates[optimizer],
                                       .momentum = 0.8f,
                                       .clip_value = clip & 1 ? 0.06 : 0,
                                       .clip_norm = clip & 2 ? 0.4 : 0});
}

/* Skips a test, by name. */
static void skip_where_emulated(const char *why) {
  if (!getenv("DEPTHMARK_EMULATED")) return;
  printf("skipped: %s\n", why);
  skip();
}
#define SLOW_THREADS "threads that come and go take minutes under an emulator; tests/network.c has some"

/* Arrays large enough to be shared out, and odd. */
static void threads_do_not_show(void **state) {
  (void)state;
  skip_where_emulated(SLOW_THREADS);
  const struct network_shape shape = {.inputs = 131, .width = 157, .depth = 3, .outputs = 10, .batch = 17};
  const struct initializer_choice init = initializer("he_normal");
  static float x[17 * 131];
  uint64_t random = test_seed();
  int32_t labels[17];
  float losses[17];
  for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = test_uniform(&random, -2, 2);
  for (size_t i = 0; i < 17; i++) labels[i] = (int32_t)(i % 10);
  for (enum optimizer_id optimizer = 0; optimizer < OPTIMIZER_COUNT; optimizer++) {
    const struct training how = {
        .optimizer = optimizer, .rate = 0.01f, .momentum = 0.9f, .clip_value = 0.1, .clip_norm = 1};
    struct trainer one = trainer_of(shape, "relu", how, 1), three = trainer_of(shape, "relu", how, 3);
    network_initialize(&one.network, &init, 0, 5);
    network_initialize(&three.network, &init, 0, 5);
    for (int i = 0; i < 4; i++) {
      struct learning_layer layers[2][4];
      const struct trainer_step a = trainer_step(&one, x, labels, losses, layers[0]);
      const struct trainer_step b = trainer_step(&three, x, labels, losses, layers[1]);
      assert_true(a.loss == b.loss && a.gradient_norm == b.gradient_norm && a.clipped == b.clipped);
      assert_memory_equal(layers[0], layers[1], sizeof layers[0]);
    }
    for (size_t i = 0; i < one.block_count; i++)
      assert_memory_equal(one.blocks[i].w, three.blocks[i].w, one.blocks[i].n * sizeof(float));
    trainer_destroy(&one);
    trainer_destroy(&three);
  }
}

/* ---- what is not finite ----------------------------------------------------------------------------------------- */

/* Three hidden layers of two units, all parameters zero, two examples of class 0. */
/* Scale and shift take part in a step like any weight. */
static void normalizations_learn(void **state) {
  (void)state;
  for (enum normalization kind = NORMALIZATION_BATCH; kind < NORMALIZATION_COUNT; kind++) {
    struct network_shape shape = tiny;
    shape.recipe = (struct recipe){.normalization = kind, .residual = true};
    const struct training how = {.optimizer = OPTIMIZER_SGD, .rate = 0.25f};
    const struct initializer_choice init = initializer("he_normal");
    struct trainer trainer = trainer_of(shape, "tanh", how, 1);
    float x[BATCH * INPUTS], losses[BATCH], before[2][16];
    int32_t labels[BATCH];
    uint64_t random = test_seed();
    network_initialize(&trainer.network, &init, 0, random);
    for (size_t i = 0; i < BATCH * INPUTS; i++) x[i] = test_uniform(&random, -2, 2);
    for (size_t i = 0; i < BATCH; i++) labels[i] = (int32_t)(i % CLASSES);
    assert_int_equal(trainer.block_count, 2 * 3 + 2 * 2);
    trainer_step(&trainer, x, labels, losses, NULL); /* leaves nothing at its first value */
    const struct network_layer *layer = &trainer.network.layers[1];
    memcpy(before[0], layer->gamma, layer->out * sizeof(float));
    memcpy(before[1], layer->beta, layer->out * sizeof(float));
    const struct trainer_step step = trainer_step(&trainer, x, labels, losses, NULL);
    assert_int_equal(step.fault.quantity, FAULT_NONE);
    for (size_t i = 0; i < layer->out; i++) {
      assert_true(layer->dgamma[i] != 0 && layer->dbeta[i] != 0);
      assert_true(layer->gamma[i] == fmaf(-how.rate, layer->dgamma[i], before[0][i]));
      assert_true(layer->beta[i] == fmaf(-how.rate, layer->dbeta[i], before[1][i]));
    }
    layer->gamma[2] = NAN;
    const struct trainer_step bad = trainer_step(&trainer, x, labels, losses, NULL);
    assert_true(bad.fault.quantity == FAULT_GAMMA && bad.fault.layer == 2);
    trainer_destroy(&trainer);
  }
}

static struct trainer blank(const char *function, float rate) {
  const struct network_shape shape = {.inputs = 2, .width = 2, .depth = 3, .outputs = 2, .batch = 2};
  struct trainer trainer = trainer_of(shape, function, (struct training){.optimizer = OPTIMIZER_SGD, .rate = rate}, 1);
  const struct initializer_choice zeros = initializer("zeros");
  network_initialize(&trainer.network, &zeros, 0, 1);
  return trainer;
}

static void fill(float *w, float value) {
  for (size_t i = 0; i < 4; i++) w[i] = value;
}

/* delta of the outputs is (-1/4, 1/4) for each example: rows of w that differ in sign do not cancel it. */
static void fill_alternating(float *w, float value) {
  for (size_t i = 0; i < 4; i++) w[i] = i % 2 ? value : -value;
}

static void assert_fault(struct trainer *trainer, float input, enum fault_quantity quantity, size_t step,
                         size_t layer) {
  const float x[4] = {input, input, input, input};
  const int32_t labels[2] = {0, 0};
  float losses[2];
  struct learning_layer layers[4];
  const struct trainer_step done = trainer_step(trainer, x, labels, losses, layers);
  if (done.fault.quantity != quantity || done.fault.step != step || done.fault.layer != layer)
    fail_msg("\"%s\" in step %zu, layer %zu instead of \"%s\" in step %zu, layer %zu", fault_names[done.fault.quantity],
             done.fault.step, done.fault.layer, fault_names[quantity], step, layer);
  trainer_destroy(trainer);
}

static void faults_have_their_place(void **state) {
  (void)state;
  struct trainer t = blank("linear", 1);
  assert_fault(&t, 1, FAULT_NONE, 0, 0);
  t = blank("linear", 1);
  t.network.layers[1].w[2] = NAN; /* NaN in z and everything behind it as well */
  assert_fault(&t, 1, FAULT_W, 0, 2);
  t = blank("linear", 1);
  t.network.layers[2].b[1] = INFINITY;
  assert_fault(&t, 1, FAULT_B, 0, 3);
  t = blank("linear", 1); /* an input: not the network's fault, but z of layer 1 is where it shows */
  assert_fault(&t, NAN, FAULT_Z, 1, 1);
  t = blank("linear", 1);
  fill(t.network.layers[0].w, 1);
  fill(t.network.layers[1].w, 3e38f);
  fill(t.network.layers[2].w, 1);
  fill(t.network.layers[3].w, 1);
  assert_fault(&t, 1, FAULT_Z, 1, 2);
  t = blank("exponential", 1); /* e^100 */
  t.network.layers[1].b[0] = 100;
  fill(t.network.layers[2].w, 1);
  fill(t.network.layers[3].w, 1);
  assert_fault(&t, 1, FAULT_H, 1, 2);
  t = blank("linear", 1);
  t.network.layers[3].b[0] = -3e38f, t.network.layers[3].b[1] = 3e38f;
  assert_fault(&t, 1, FAULT_LOSS, 1, 0);
  t = blank("linear", 1);
  fill_alternating(t.network.layers[3].w, 1); /* delta 1/2 in layer 3 */
  fill(t.network.layers[2].w, 1e38f);
  fill(t.network.layers[1].w, 1e38f); /* 1e38 in layer 2, 2e38 in its db, 2e76 in layer 1 */
  assert_fault(&t, 1, FAULT_DELTA, 1, 1);
  t = blank("linear", 1);
  fill_alternating(t.network.layers[3].w, 1);
  fill(t.network.layers[2].w, 1e15f);
  fill(t.network.layers[1].w, 1e15f);
  assert_fault(&t, 1e15f, FAULT_DW, 1, 1); /* 1e30 and 1e15 */
  t = blank("linear", 1);
  fill_alternating(t.network.layers[3].w, 1);
  fill(t.network.layers[2].w, 3e38f); /* 3e38 in layer 2, for each of two examples; no h, no dw */
  assert_fault(&t, 0, FAULT_DB, 1, 2);
  t = blank("linear", 1e30f);
  fill_alternating(t.network.layers[3].w, 1);
  fill(t.network.layers[2].w, 1e10f);
  assert_fault(&t, 1, FAULT_B, 1, 2); /* nothing arrives at w: h is 0 */
  t = blank("linear", 1e30f);
  fill_alternating(t.network.layers[3].w, 1);
  fill(t.network.layers[2].w, 1e5f);
  fill(t.network.layers[1].w, 1e5f);
  assert_fault(&t, 1, FAULT_W, 1, 1);
}

/* Weights that are infinite after a step are found in that step, though tanh hides them from the loss. */
static void infinite_weights_are_found_at_once(void **state) {
  (void)state;
  struct trainer t = blank("tanh", 1e38f);
  const float x[4] = {100, 100, 100, 100};
  const int32_t labels[2] = {0, 0};
  float losses[2];
  fill_alternating(t.network.layers[3].w, 1);
  fill(t.network.layers[2].w, 1);
  fill(t.network.layers[1].w, 1);
  const struct trainer_step done = trainer_step(&t, x, labels, losses, NULL);
  assert_true(isfinite(done.loss) && isfinite(done.gradient_norm));
  assert_int_equal(done.fault.quantity, FAULT_W);
  assert_true(done.fault.step == 1 && done.fault.layer == 1);
  trainer_destroy(&t);
}

/* The square of a gradient of 1e25 is infinite: Adam would not move again, and never say so. */
static void infinite_squares_are_found(void **state) {
  (void)state;
  struct trainer t = trainer_of((struct network_shape){.inputs = 2, .width = 2, .depth = 3, .outputs = 2, .batch = 2},
                                "linear", (struct training){.optimizer = OPTIMIZER_ADAM, .rate = 0.1f}, 1);
  const struct initializer_choice zeros = initializer("zeros");
  network_initialize(&t.network, &zeros, 0, 1);
  fill_alternating(t.network.layers[3].w, 1);
  fill(t.network.layers[2].w, 1e25f);
  assert_fault(&t, 0, FAULT_V, 1, 2);
}

/* ---- order and records ------------------------------------------------------------------------------------------ */

static void orders_are_permutations_of_their_own(void **state) {
  (void)state;
  enum { MOST = 1001 };
  uint32_t order[MOST], again[MOST], other[MOST];
  for (size_t n = 1; n <= MOST; n += 1 + n / 2) {
    bool seen[MOST] = {false};
    trainer_order(table, 7, 3, order, n);
    trainer_order(table, 7, 3, again, n);
    assert_memory_equal(order, again, n * sizeof *order);
    for (size_t i = 0; i < n; i++) {
      assert_true(order[i] < n && !seen[order[i]]);
      seen[order[i]] = true;
    }
    trainer_order(arch_table(ARCH_SCALAR), 7, 3, other, n);
    assert_memory_equal(order, other, n * sizeof *order);
    if (n < 10) continue;
    trainer_order(table, 7, 4, other, n);
    assert_memory_not_equal(order, other, n * sizeof *order);
    trainer_order(table, 8, 3, other, n);
    assert_memory_not_equal(order, other, n * sizeof *order);
  }
  /* Each place is as likely: the mean place of example 0 over many epochs. */
  double sum = 0;
  for (size_t epoch = 0; epoch < 1000; epoch++) {
    trainer_order(table, 1, epoch, order, 101);
    for (size_t i = 0; i < 101; i++)
      if (order[i] == 0) sum += (double)i;
  }
  assert_close("mean place", sum / 1000, 50, 4 * 29.2 / sqrt(1000));
}

static void records_begin_close_and_end_with_the_last(void **state) {
  (void)state;
  static const size_t totals[] = {1, 2, 3, 10, 63, 64, 65, 100, 1240, 100000, 1000000000, 1000000000000};
  for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
    size_t steps[LEARNING_RECORDS_MOST];
    const size_t total = totals[i], count = trainer_recorded_steps(total, steps);
    assert_true(count >= 1 && count <= LEARNING_RECORDS_MOST);
    assert_true(steps[0] == 1 && steps[count - 1] == total);
    if (total < 10) assert_true(count >= (total + 1) / 2);
    if (total > 1000) assert_true(count > 40 && steps[1] == 2 && steps[2] == 4);
    for (size_t k = 1; k < count; k++) assert_true(steps[k] > steps[k - 1]);
    for (size_t k = 2; k + 1 < count; k++) assert_true(steps[k] - steps[k - 1] >= steps[k - 1] - steps[k - 2]);
  }
}

/* ---- the suite -------------------------------------------------------------------------------------------------- */

static bool run_suite(const struct options *options, struct plan *plan, struct result *result, struct error *error) {
  regex_t filter;
  struct run run = {.options = options, .result = result, .plan = plan, .planning = plan != NULL};
  result_init(result);
  if (options->filter[0]) {
    assert_int_equal(regcomp(&filter, options->filter, REG_EXTENDED | REG_NOSUB), 0);
    run.filter = &filter;
  }
  const bool ok = suite_learning(&run, error);
  if (options->filter[0]) regfree(&filter);
  return ok;
}

static struct options small(int threads) {
  struct options options = {.archs = {arch},
                            .arch_count = 1,
                            .pin = PIN_NONE,
                            .seed = test_seed(),
                            .threads = {threads},
                            .thread_count = 1,
                            .images = 1000,
                            .epochs = 8,
                            .momentum = 0.9f,
                            .budget = 1e9,
                            .normalization_count = 1,
                            .residual_count = 1,
                            .weight_scales = {1},
                            .loss_scales = {1}};
  return options;
}

static struct result learned(const struct options *options) {
  struct result result;
  struct error error;
  if (!run_suite(options, NULL, &result, &error)) fail_msg("%s", error.text);
  return result;
}

static const struct learning_run *run_of(const struct result *result, const char *start) {
  for (size_t i = 0; i < result->learning_count; i++)
    if (strncmp(result->learning[i].name, start, strlen(start)) == 0) return &result->learning[i];
  fail_msg("there is no run %s", start);
  return NULL;
}

static double last_accuracy(const struct learning_run *run) {
  return run->history[run->history_count - 1].held_out_accuracy;
}

/* Of 30 layers of ReLU with Glorot's weights, which learn nothing as they are. */
static void normalization_and_shortcuts_help(void **state) {
  (void)state;
  skip_where_emulated("networks learn too slowly under an emulator");
  struct options options = small(2);
  strcpy(options.filter, "glorot_uniform/relu/30/(layer_norm|residual)");
  struct result result = learned(&options);
  assert_int_equal(result.learning_count, 2);
  assert_int_equal(run_of(&result, "learning/glorot_uniform/relu/30/layer_norm/sgd")->verdict, LEARNING_LEARNS);
  const struct learning_run *both = run_of(&result, "learning/glorot_uniform/relu/30/layer_norm/residual/sgd");
  assert_int_equal(both->verdict, LEARNING_LEARNS);
  assert_true(both->recipe.normalization == NORMALIZATION_LAYER && both->recipe.residual);
  result_free(&result);
}

static void the_classic_facts_hold(void **state) {
  (void)state;
  skip_where_emulated("networks learn too slowly under an emulator");
  struct options options = small(2);
  strcpy(options.filter, "relu/30/sgd/rate:0.005/|sigmoid|/(uniform_fan_in|glorot_uniform)/tanh|normal\\(0,1\\)");
  struct result result = learned(&options);
  assert_int_equal(result.learning_count, 8);
  for (size_t i = 0; i < result.learning_count; i++) assert_true(strlen(result.learning[i].fact) > 20);
  static const struct {
    const char *start;
    enum learning_verdict verdict;
  } expected[] = {
      {"learning/he_normal/relu/30/", LEARNING_LEARNS},
      {"learning/glorot_uniform/relu/30/", LEARNING_AT_CHANCE},
      {"learning/glorot_uniform/sigmoid/2/", LEARNING_LEARNS},
      {"learning/glorot_uniform/sigmoid/5/", LEARNING_AT_CHANCE},
      {"learning/glorot_uniform/tanh/20/", LEARNING_LEARNS},
      {"learning/uniform_fan_in/tanh/20/", LEARNING_AT_CHANCE},
      {"learning/normal(0,1)/relu/30/", LEARNING_DIVERGES},
      {"learning/normal(0,1)/tanh/20/", LEARNING_UNSTABLE},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    const struct learning_run *run = run_of(&result, expected[i].start);
    if (run->verdict != expected[i].verdict)
      fail_msg("%s: %s, loss %g, %g right", run->name, learning_verdict_names[run->verdict],
               run->history[run->history_count - 1].loss, last_accuracy(run));
  }
  /* Glorot with ReLU: 1/sqrt 2 a layer, 4e-5 over 29. normal(0,1) with tanh: e^1.08 or so. */
  const struct learning_layer *layers = run_of(&result, "learning/glorot_uniform/relu/30/")->records[0].layers;
  assert_close("ln ratio", log(layers[0].delta_rms / layers[29].delta_rms), -29 * log(2) / 2, 2.5);
  layers = run_of(&result, "learning/normal(0,1)/tanh/20/")->records[0].layers;
  assert_true(layers[0].delta_rms > 1e4 * layers[19].delta_rms);
  const struct learning_run *overflow = run_of(&result, "learning/normal(0,1)/relu/30/");
  assert_int_equal(overflow->fault.quantity, FAULT_Z);
  assert_true(overflow->fault.step == 2 && overflow->steps == 2 && overflow->record_count == 2);
  assert_true(overflow->fault.layer >= 1 && overflow->history_count == 0 && isnan(overflow->records[1].loss));
  result_free(&result);
}

/* A linear network is stopped by clusters that one hidden layer of ReLU tells apart. */
static void no_linear_function_knows_the_classes(void **state) {
  (void)state;
  skip_where_emulated("networks learn too slowly under an emulator");
  struct options options = small(2);
  options.inits[0] = initializer("glorot_uniform"), options.init_count = 1, options.given.inits = true;
  options.activations[0] = activation("linear"), options.activations[1] = activation("relu");
  options.activation_count = 2, options.given.activations = true;
  options.depths[0] = 1, options.depth_count = 1, options.given.depths = true;
  options.rates[0] = 0.05f, options.rate_count = 1;
  struct result result = learned(&options);
  assert_int_equal(result.learning_count, 2);
  assert_true(last_accuracy(&result.learning[0]) < 0.75);
  assert_true(last_accuracy(&result.learning[1]) > 0.9);
  assert_string_equal(result.learning[0].fact, "");
  result_free(&result);
}

static struct options quick_grid(int threads) {
  struct options options = small(threads);
  options.inits[0] = initializer("he_normal"), options.init_count = 1, options.given.inits = true;
  options.activations[0] = activation("relu"), options.activation_count = 1, options.given.activations = true;
  options.depths[0] = 2, options.depth_count = 1, options.given.depths = true;
  options.widths[0] = 24, options.batch = 16, options.given.widths = options.given.batch = true;
  options.seeds = 3, options.given.seeds = true;
  options.epochs = 2, options.images = 100;
  return options;
}

static void assert_same_runs(const struct result *a, const struct result *b) {
  assert_int_equal(a->learning_count, b->learning_count);
  for (size_t i = 0; i < a->learning_count; i++) {
    const struct learning_run *x = &a->learning[i], *y = &b->learning[i];
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->record_count, y->record_count);
    assert_memory_equal(x->history, y->history, x->history_count * sizeof *x->history);
    assert_memory_equal(x->layers, y->layers, x->record_count * (x->depth + 1) * sizeof *x->layers);
  }
}

/* Three runs, one, two or three at a time. */
static void runs_do_not_depend_on_threads(void **state) {
  (void)state;
  skip_where_emulated(SLOW_THREADS);
  struct options options = quick_grid(1);
  for (size_t i = 0; i < OPTIMIZER_COUNT; i++) options.optimizers[options.optimizer_count++] = (enum optimizer_id)i;
  options.normalizations[1] = NORMALIZATION_BATCH, options.normalizations[2] = NORMALIZATION_LAYER;
  options.normalization_count = 3;
  options.residuals[1] = 1, options.residual_count = 2;
  options.seeds = 1;
  struct result one = learned(&options);
  assert_int_equal(one.learning_count, OPTIMIZER_COUNT * 6);
  for (int threads = 2; threads <= 4; threads += 2) {
    options.threads[0] = threads;
    struct result more = learned(&options);
    assert_same_runs(&one, &more);
    result_free(&more);
  }
  result_free(&one);
}

/* One run of layers so large that threads share them. */
static void shared_work_does_not_show(void **state) {
  (void)state;
  skip_where_emulated(SLOW_THREADS);
  struct options options = quick_grid(1);
  options.seeds = 1, options.epochs = 1, options.images = 64, options.batch = 32, options.widths[0] = 520;
  struct result one = learned(&options);
  options.threads[0] = 3;
  struct result three = learned(&options);
  assert_int_equal(one.learning_count, 1);
  assert_same_runs(&one, &three);
  result_free(&one), result_free(&three);
}

static void a_run_is_described(void **state) {
  (void)state;
  struct options options = quick_grid(2);
  options.optimizers[0] = OPTIMIZER_MOMENTUM, options.optimizer_count = 1;
  options.clip_norm = 0.5, options.descent_given = true;
  struct plan plan = {0};
  struct result result;
  struct error error;
  assert_true(run_suite(&options, &plan, &result, &error));
  assert_int_equal(result.learning_count, 0);
  assert_int_equal(plan.count, 3);
  assert_string_equal(plan.names[2], "learning/he_normal/relu/2/momentum/rate:0.001/clip-norm:0.5/seed:3");
  assert_true(plan.seconds > 0);
  free(plan.names);
  result = learned(&options);
  assert_int_equal(result.learning_count, 3);
  const struct learning_run *run = &result.learning[1];
  assert_string_equal(run->name, "learning/he_normal/relu/2/momentum/rate:0.001/clip-norm:0.5/seed:2");
  assert_string_equal(run->data, "synthetic");
  assert_true(run->seed == 2 && run->epochs == 2 && run->history_count == 2 && run->images == 100);
  assert_int_equal(run->steps, 2 * (100 / 16));
  assert_int_equal(run->records[run->record_count - 1].step, run->steps);
  assert_true(run->clipped > 0 && run->clipped <= 1 && run->held_out == 1000);
  assert_true(run->momentum > 0.89 && run->clip_norm == 0.5 && run->clip_value == 0);
  assert_true(run->products_share > 0 && run->products_share < 1 && run->seconds > 0);
  assert_true(run->records[0].loss != result.learning[0].records[0].loss); /* other weights */
  for (size_t i = 0; i < run->record_count; i++) {
    assert_true(run->records[i].gradient_norm > 0);
    for (size_t l = 0; l < 3; l++) assert_true(run->records[i].layers[l].update_ratio > 0);
  }
  result_free(&result);
}

static void assert_refused(const struct options *options, const char *word) {
  struct plan plan = {0};
  struct result result;
  struct error error = {""};
  assert_false(run_suite(options, &plan, &result, &error));
  if (!strstr(error.text, word)) fail_msg("\"%s\" does not say \"%s\"", error.text, word);
  free(plan.names);
}

static void what_cannot_be_learned_is_refused(void **state) {
  (void)state;
  struct options options = quick_grid(1);
  options.data = INPUT_NORMAL, options.given.data = true;
  assert_refused(&options, "--data=synthetic");
  options = quick_grid(1);
  options.budget = 0;
  assert_refused(&options, "--yes");
  options = quick_grid(1);
  options.batch = 101;
  assert_refused(&options, "--batch=101");
  options = quick_grid(1);
  options.inits[0] = initializer("variance_scaling(1e-57,fan_in,normal)");
  assert_refused(&options, "underflow");
  options = quick_grid(1);
  options.precisions[0] = PRECISION_BF16;
  assert_refused(&options, "--precisions");
  options = quick_grid(1);
  options.widths[0] = (size_t)1 << 40;
  assert_refused(&options, "bytes");
}

/* lsuv cannot scale a layer of zeros: the run is left out, the others are not. */
static void what_cannot_begin_is_left_out(void **state) {
  (void)state;
  struct options options = quick_grid(1);
  options.inits[1] = initializer("lsuv"), options.init_count = 2;
  options.activations[0] = activation("hard_tanh(0,0)");
  options.seeds = 1;
  struct result result = learned(&options);
  assert_int_equal(result.learning_count, 1);
  assert_string_equal(result.learning[0].initializer, "he_normal");
  assert_int_equal(result.machine.warning_count, 1);
  assert_non_null(strstr(result.machine.warnings[0], "learning/lsuv/"));
  result_free(&result);
}

static void *interrupt_soon(void *unused) {
  usleep(getenv("DEPTHMARK_EMULATED") ? 8000000 : 300000); /* until the first run has diverged */
  interrupt_request();
  return unused;
}

/* The last test: nothing runs after an interrupt. The first run is short, the others would take hours. */
static void finished_runs_survive_an_interrupt(void **state) {
  (void)state;
  struct options options = quick_grid(2);
  pthread_t thread;
  options.seeds = 1, options.epochs = 1000000, options.images = 16;
  options.rates[0] = 0.01f, options.rates[1] = 1e12f, options.rate_count = 2; /* the second diverges at once */
  alarm(60);
  assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, NULL), 0);
  struct result result = learned(&options);
  pthread_join(thread, NULL);
  alarm(0);
  assert_true(interrupted());
  assert_int_equal(result.learning_count, 1);
  assert_int_equal(result.learning[0].verdict, LEARNING_DIVERGES);
  result_free(&result);
}

int main(void) {
  const struct cpu_features cpu = cpu_detect();
  arch = arch_best(&cpu);
  table = arch_table(arch);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(optimizers_do_what_double_precision_does),
      cmocka_unit_test(threads_do_not_show),
      cmocka_unit_test(faults_have_their_place),
      cmocka_unit_test(infinite_weights_are_found_at_once),
      cmocka_unit_test(infinite_squares_are_found),
      cmocka_unit_test(orders_are_permutations_of_their_own),
      cmocka_unit_test(records_begin_close_and_end_with_the_last),
      cmocka_unit_test(normalizations_learn),
      cmocka_unit_test(normalization_and_shortcuts_help),
      cmocka_unit_test(the_classic_facts_hold),
      cmocka_unit_test(no_linear_function_knows_the_classes),
      cmocka_unit_test(runs_do_not_depend_on_threads),
      cmocka_unit_test(shared_work_does_not_show),
      cmocka_unit_test(a_run_is_described),
      cmocka_unit_test(what_cannot_be_learned_is_refused),
      cmocka_unit_test(what_cannot_begin_is_left_out),
      cmocka_unit_test(finished_runs_survive_an_interrupt),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
