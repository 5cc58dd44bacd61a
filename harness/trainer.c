#include "harness/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/shares.h"

/* Adam's, of its paper: Kingma and Ba 2015, arXiv:1412.6980. */
#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8f
/* A stream of a seed that no layer's weights come from. */
#define ORDER_STREAM (UINT64_MAX - 2)

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static void add_block(struct trainer *trainer, size_t l, float *w, float *dw, size_t n, enum fault_quantity w_name,
                      enum fault_quantity dw_name) {
  trainer->blocks[trainer->block_count++] =
      (struct parameters_block){.w = w, .dw = dw, .n = n, .layer = l + 1, .w_name = w_name, .dw_name = dw_name};
}

static void list_blocks(struct trainer *trainer) {
  for (size_t l = 0; l <= trainer->network.shape.depth; l++) {
    const struct network_layer *layer = &trainer->network.layers[l];
    add_block(trainer, l, layer->w, layer->dw, layer->in * layer->out, FAULT_W, FAULT_DW);
    add_block(trainer, l, layer->b, layer->db, layer->out, FAULT_B, FAULT_DB);
    if (!layer->gamma) continue;
    add_block(trainer, l, layer->gamma, layer->dgamma, layer->out, FAULT_GAMMA, FAULT_DGAMMA);
    add_block(trainer, l, layer->beta, layer->dbeta, layer->out, FAULT_BETA, FAULT_DBETA);
  }
}

/* Hands out the moments that the optimizer has. */
static void share_moments(struct trainer *trainer, bool second) {
  float *moments = trainer->moments;
  for (size_t i = 0; i < trainer->block_count; i++) {
    struct parameters_block *block = &trainer->blocks[i];
    block->first = moments;
    moments += block->n;
    if (!second) continue;
    block->second = moments;
    moments += block->n;
  }
}

/* Memory for what an update needs beside the network. */
static bool take_moments(struct trainer *trainer) {
  const size_t moments = trainer->how.optimizer == OPTIMIZER_SGD ? 0 : trainer->how.optimizer == OPTIMIZER_ADAM ? 2 : 1;
  size_t most = 0, all = 0;
  for (size_t i = 0; i < trainer->block_count; i++) {
    all += trainer->blocks[i].n;
    if (trainer->blocks[i].n > most) most = trainer->blocks[i].n;
  }
  trainer->before = malloc(most * sizeof *trainer->before);
  trainer->sums = malloc(trainer->block_count * sizeof *trainer->sums);
  if (moments > 0) trainer->moments = malloc(moments * all * sizeof *trainer->moments);
  if (trainer->moments) share_moments(trainer, moments == 2);
  return trainer->before && trainer->sums && (trainer->moments || moments == 0);
}

bool trainer_create(struct trainer *trainer, struct network_shape shape, const struct kernel_table *table,
                    const struct activation_choice *activation, const struct training *how, int threads,
                    struct error *error) {
  *trainer = (struct trainer){.how = *how};
  shape.momentum = false;
  if (!network_create(&trainer->network, &shape, table, activation, threads, error)) return false;
  trainer->blocks = malloc(4 * (shape.depth + 1) * sizeof *trainer->blocks);
  if (trainer->blocks) list_blocks(trainer);
  if (trainer->blocks && take_moments(trainer)) {
    trainer_begin(trainer);
    return true;
  }
  trainer_destroy(trainer);
  return error_set(error, "out of memory: training a network of depth %zu and width %zu; choose a smaller --width",
                   shape.depth, shape.width);
}

void trainer_destroy(struct trainer *trainer) {
  network_destroy(&trainer->network);
  free(trainer->blocks);
  free(trainer->moments);
  free(trainer->before);
  free(trainer->sums);
  *trainer = (struct trainer){0};
}

void trainer_begin(struct trainer *trainer) {
  trainer->step = 0;
  for (size_t i = 0; i < trainer->block_count; i++) {
    const struct parameters_block *block = &trainer->blocks[i];
    if (block->first) memset(block->first, 0, block->n * sizeof *block->first);
    if (block->second) memset(block->second, 0, block->n * sizeof *block->second);
  }
}

/* ---- sums ------------------------------------------------------------------------------------------------------- */

/* Double precision holds the squares of all floats; LANES sums side by side keep additions from waiting for each other.
 */
#define LANES 8
static double sum_of_squares(const float *x, size_t n) {
  double sums[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++) sums[j] += (double)x[i + j] * (double)x[i + j];
  for (size_t j = 0; i < n; i++, j++) sums[j] += (double)x[i] * (double)x[i];
  for (size_t j = 0; j < LANES; j++) sum += sums[j];
  return sum;
}

static double rms(const float *x, size_t n) { return sqrt(sum_of_squares(x, n) / (double)n); }

/* The norm of all gradients. One thread a block, so that sums have the same order however many threads there are. */
static double gradient_norm(const struct trainer *trainer) {
  const int threads = trainer->network.threads;
  double sum = 0;
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
  for (size_t i = 0; i < trainer->block_count; i++)
    trainer->sums[i] = sum_of_squares(trainer->blocks[i].dw, trainer->blocks[i].n);
  for (size_t i = 0; i < trainer->block_count; i++) sum += trainer->sums[i];
  return sqrt(sum);
}

/* ---- what is not finite ----------------------------------------------------------------------------------------- */

/* Exponents of all ones are infinities and NaN. Bits are compared since that needs no branch and no conversion. */
static bool all_finite(const float *x, size_t n) {
  uint32_t most = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    bits &= 0x7f800000u;
    most = bits > most ? bits : most;
  }
  return most != 0x7f800000u;
}

static bool parameters_fault(const struct trainer *trainer, size_t step, struct learning_fault *fault) {
  for (size_t i = 0; i < trainer->block_count; i++) {
    const struct parameters_block *block = &trainer->blocks[i];
    const bool second = !block->second || all_finite(block->second, block->n);
    if (second && all_finite(block->w, block->n)) continue;
    *fault = (struct learning_fault){second ? block->w_name : FAULT_V, step, block->layer};
    return true;
  }
  return false;
}

static bool forward_fault(const struct network *network, size_t step, struct learning_fault *fault) {
  const size_t batch = network->shape.batch;
  for (size_t l = 0; l <= network->shape.depth; l++) {
    const struct network_layer *layer = &network->layers[l];
    *fault = (struct learning_fault){FAULT_Z, step, l + 1};
    if (!all_finite(layer->z, batch * layer->out)) return true;
    fault->quantity = FAULT_N;
    if (!all_finite(layer->n, batch * layer->out)) return true;
    fault->quantity = FAULT_H;
    if (!all_finite(layer->h, batch * layer->out)) return true;
  }
  return false;
}

static bool backward_fault(const struct trainer *trainer, size_t step, struct learning_fault *fault) {
  const struct network *network = &trainer->network;
  size_t end = trainer->block_count;
  for (size_t l = network->shape.depth + 1; l-- > 0;) {
    const struct network_layer *layer = &network->layers[l];
    *fault = (struct learning_fault){FAULT_DELTA, step, l + 1};
    if (!all_finite(layer->delta, network->shape.batch * layer->out)) return true;
    size_t i = end;
    while (i > 0 && trainer->blocks[i - 1].layer == l + 1) i--;
    for (size_t b = i; b < end; b++) {
      fault->quantity = trainer->blocks[b].dw_name;
      if (!all_finite(trainer->blocks[b].dw, trainer->blocks[b].n)) return true;
    }
    end = i;
  }
  return false;
}

/* The first of what the step under way has made that is not finite, once its loss (backward: its gradient) is not.
 * Weights are looked at after every update, so that only those that the training began with can be to blame. */
static struct learning_fault find_fault(const struct trainer *trainer, size_t step, bool backward) {
  struct learning_fault fault;
  if (parameters_fault(trainer, step - 1, &fault) || forward_fault(&trainer->network, step, &fault) ||
      (backward && backward_fault(trainer, step, &fault)))
    return fault;
  return (struct learning_fault){FAULT_LOSS, step, 0};
}

/* ---- a step ----------------------------------------------------------------------------------------------------- */

static double mean(const float *x, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i];
  return sum / (double)n;
}

/* How many of the first n rows have their largest output where the label is. */
static size_t count_correct(const struct network *network, const int32_t *labels, size_t n) {
  const size_t classes = network->shape.outputs;
  const float *z = network->layers[network->shape.depth].z;
  size_t correct = 0;
  for (size_t i = 0; i < n; i++, z += classes) {
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
      if (z[c] > z[best]) best = c;
    correct += best == (size_t)labels[i] && isfinite(z[best]);
  }
  return correct;
}

static void forward(struct trainer *trainer, const float *x, const int32_t *labels, float *losses) {
  struct network *network = &trainer->network;
  const struct network_layer *outputs = &network->layers[network->shape.depth];
  const uint64_t start = clock_now();
  network_forward(network, x);
  trainer->products_ns += clock_now() - start;
  network->table->softmax_cross_entropy(outputs->z, labels, network->shape.batch, network->shape.outputs,
                                        outputs->delta, losses);
}

/* Returns whether any gradient was changed. norm: of all of them. */
static bool clip(struct trainer *trainer, double norm) {
  const struct network *network = &trainer->network;
  const double before = norm;
  if (trainer->how.clip_value > 0) {
    const float most = (float)trainer->how.clip_value;
    const struct parameters limits = {.a = -most, .b = most};
    for (size_t i = 0; i < trainer->block_count; i++) {
      float *const dw = trainer->blocks[i].dw;
      const size_t n = trainer->blocks[i].n;
      FOR_SHARES(n, shares_team(n, network->threads),
                 network->table->hard_tanh_forward(dw + r.first, dw + r.first, r.n, limits));
    }
    norm = gradient_norm(trainer);
  }
  if (trainer->how.clip_norm > 0 && norm > trainer->how.clip_norm) {
    const struct parameters factor = {.a = (float)(trainer->how.clip_norm / norm)};
    for (size_t i = 0; i < trainer->block_count; i++) {
      float *const dw = trainer->blocks[i].dw;
      const size_t n = trainer->blocks[i].n;
      FOR_SHARES(n, shares_team(n, network->threads), network->table->scale(dw + r.first, dw + r.first, r.n, factor));
    }
    return true;
  }
  return norm < before;
}

static void update(const struct trainer *trainer, const struct parameters_block *block) {
  const struct kernel_table *table = trainer->network.table;
  const struct training *how = &trainer->how;
  const size_t n = block->n;
  const int team = shares_team(n, trainer->network.threads);
  float *const w = block->w, *const first = block->first;
  const float *const dw = block->dw;
  switch (how->optimizer) {
  case OPTIMIZER_SGD: FOR_SHARES(n, team, table->sgd_update(w + r.first, dw + r.first, r.n, how->rate)); break;
  case OPTIMIZER_MOMENTUM: {
    const struct momentum momentum = {.rate = how->rate, .momentum = how->momentum};
    FOR_SHARES(n, team, table->momentum_update(w + r.first, first + r.first, dw + r.first, r.n, momentum));
    break;
  }
  default: {
    float *const second = block->second;
    const struct adam adam = {
        .rate = how->rate, .beta1 = BETA1, .beta2 = BETA2, .epsilon = EPSILON, .step = trainer->step};
    FOR_SHARES(n, team, table->adam_update(w + r.first, first + r.first, second + r.first, dw + r.first, r.n, adam));
  }
  }
}

static double update_ratio(const struct trainer *trainer, const struct parameters_block *block) {
  float *const before = trainer->before;
  memcpy(before, block->w, block->n * sizeof *before);
  const double size = rms(before, block->n);
  update(trainer, block);
  for (size_t i = 0; i < block->n; i++) before[i] = block->w[i] - before[i];
  return size > 0 ? rms(before, block->n) / size : (double)NAN;
}

static void describe_gradients(const struct network *network, struct learning_layer *layers) {
  for (size_t l = 0; l <= network->shape.depth; l++) {
    const struct network_layer *layer = &network->layers[l];
    const size_t weights = layer->in * layer->out;
    const double norm = sqrt(sum_of_squares(layer->dw, weights));
    layers[l].dw_norm = norm;
    layers[l].dw_rms = norm / sqrt((double)weights);
    layers[l].delta_rms = rms(layer->delta, network->shape.batch * layer->out);
  }
}

static void describe_nothing(const struct network *network, struct learning_layer *layers) {
  for (size_t l = 0; l <= network->shape.depth; l++)
    layers[l] = (struct learning_layer){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
}

void trainer_describe(const struct trainer *trainer, struct learning_fault fault, struct learning_layer *layers) {
  const bool forward = fault.quantity >= FAULT_Z && fault.quantity <= FAULT_LOSS;
  describe_nothing(&trainer->network, layers);
  if (!forward && fault.step == trainer->step) describe_gradients(&trainer->network, layers);
}

struct trainer_step trainer_step(struct trainer *trainer, const float *x, const int32_t *labels, float *losses,
                                 struct learning_layer *layers) {
  struct network *network = &trainer->network;
  const size_t batch = network->shape.batch, step = ++trainer->step;
  struct trainer_step done = {.gradient_norm = (double)NAN};
  if (layers) describe_nothing(network, layers);
  forward(trainer, x, labels, losses);
  done.loss = mean(losses, batch);
  done.correct = count_correct(network, labels, batch);
  if (!isfinite(done.loss)) {
    done.fault = find_fault(trainer, step, false);
    return done;
  }
  const uint64_t start = clock_now();
  network_backward(network, x);
  trainer->products_ns += clock_now() - start;
  done.gradient_norm = gradient_norm(trainer);
  if (layers) describe_gradients(network, layers);
  if (!isfinite(done.gradient_norm)) {
    done.fault = find_fault(trainer, step, true);
    return done;
  }
  done.clipped = clip(trainer, done.gradient_norm);
  for (size_t i = 0; i < trainer->block_count; i++) {
    const struct parameters_block *block = &trainer->blocks[i];
    if (layers && block->w_name == FAULT_W)
      layers[block->layer - 1].update_ratio = update_ratio(trainer, block);
    else
      update(trainer, block);
  }
  if (!parameters_fault(trainer, step, &done.fault)) done.fault = (struct learning_fault){0};
  return done;
}

/* ---- around steps ----------------------------------------------------------------------------------------------- */

struct trainer_score trainer_evaluate(struct trainer *trainer, const struct dataset *dataset, float *x, int32_t *labels,
                                      float *losses) {
  const size_t batch = trainer->network.shape.batch;
  double loss = 0;
  size_t correct = 0;
  for (size_t first = 0; first < dataset->count; first += batch) {
    const size_t left = dataset->count - first, n = left < batch ? left : batch;
    dataset_batch(dataset, first, batch, x, labels);
    forward(trainer, x, labels, losses);
    loss += mean(losses, n) * (double)n;
    correct += count_correct(&trainer->network, labels, n);
  }
  return (struct trainer_score){loss / (double)dataset->count, (double)correct / (double)dataset->count};
}

void trainer_order(const struct kernel_table *table, uint64_t seed, size_t epoch, uint32_t *order, size_t count) {
  const uint64_t block = epoch * (((uint64_t)count + 3) / 4);
  uint32_t words[256];
  for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
  /* Fisher and Yates's shuffle. A word's product with a count is even enough while counts are far below 2^32. */
  for (size_t i = 0; i < count; i++) {
    if (i % 256 == 0) table->philox4x32_10(words, block + i / 4, 256, seed, ORDER_STREAM);
    const size_t j = i + (size_t)((uint64_t)words[i % 256] * (count - i) >> 32);
    const uint32_t taken = order[j];
    order[j] = order[i];
    order[i] = taken;
  }
}

/* The same for about so many steps at even distances. */
static size_t recorded_steps(size_t total, size_t even, size_t *steps) {
  const size_t farthest = (total + even - 1) / even;
  size_t count = 0;
  for (size_t step = 1; step < total; count++) {
    if (count < LEARNING_RECORDS_MOST) steps[count] = step;
    step += step < farthest ? step : farthest;
  }
  if (count < LEARNING_RECORDS_MOST) steps[count] = total;
  return count + 1;
}

size_t trainer_recorded_steps(size_t total, size_t *steps) {
  size_t even = LEARNING_RECORDS_MOST, count;
  while ((count = recorded_steps(total, even, steps)) > LEARNING_RECORDS_MOST) even--;
  return count;
}
