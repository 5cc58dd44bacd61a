#include "harness/network.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/network_recipe.h"
#include "harness/shares.h"

#define ALIGNMENT 64
#define HUGE_PAGE ((size_t)2 << 20)

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* Hands out consecutive aligned pieces of a block, or only counts their bytes when base is NULL. */
struct pieces {
  char *base;
  size_t bytes; /* SIZE_MAX once it has overflowed */
};

static void *take(struct pieces *pieces, size_t rows, size_t columns, size_t size) {
  size_t bytes, end;
  if (pieces->bytes == SIZE_MAX) return NULL;
  if (__builtin_mul_overflow(rows, columns, &bytes) || __builtin_mul_overflow(bytes, size, &bytes) ||
      __builtin_add_overflow(bytes, ALIGNMENT - 1, &bytes) ||
      __builtin_add_overflow(pieces->bytes, bytes / ALIGNMENT * ALIGNMENT, &end)) {
    pieces->bytes = SIZE_MAX;
    return NULL;
  }
  void *piece = pieces->base ? pieces->base + pieces->bytes : NULL;
  pieces->bytes = end;
  return piece;
}

static float *take_floats(struct pieces *pieces, size_t rows, size_t columns) {
  return take(pieces, rows, columns, sizeof(float));
}

static size_t layer_inputs(const struct network_shape *shape, size_t l) { return l ? shape->width : shape->inputs; }
static size_t layer_outputs(const struct network_shape *shape, size_t l) {
  return l < shape->depth ? shape->width : shape->outputs;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* What a lean network's layers with an even or odd number share. */
struct shared {
  float *delta[2], *dw, *db;
};

static void take_shared(struct pieces *pieces, const struct network_shape *shape, struct shared *shared) {
  const size_t out = larger(shape->width, shape->outputs);
  const size_t in = shape->depth > 1 ? larger(shape->inputs, shape->width) : shape->inputs;
  for (int i = 0; i < 2; i++) shared->delta[i] = take_floats(pieces, shape->batch, out);
  /* Hidden layers have in x width weights at most, the output layer width x outputs. */
  shared->dw = take_floats(pieces, shape->width, larger(in, shape->outputs));
  shared->db = take_floats(pieces, 1, out);
}

static void take_normalization(struct pieces *pieces, const struct network_shape *shape, struct network_layer *layer) {
  const size_t groups = shape->recipe.normalization == NORMALIZATION_BATCH ? layer->out : shape->batch;
  layer->n = take_floats(pieces, shape->batch, layer->out);
  layer->gamma = take_floats(pieces, 1, layer->out);
  layer->beta = take_floats(pieces, 1, layer->out);
  layer->dgamma = take_floats(pieces, 1, layer->out);
  layer->dbeta = take_floats(pieces, 1, layer->out);
  layer->mean = take_floats(pieces, 1, groups);
  layer->inverse = take_floats(pieces, 1, groups);
}

static void take_layer(struct pieces *pieces, const struct network_shape *shape, size_t l, const struct shared *shared,
                       struct network_layer *layer) {
  const size_t in = layer_inputs(shape, l), out = layer_outputs(shape, l), batch = shape->batch;
  layer->in = in, layer->out = out;
  layer->w = take_floats(pieces, in, out);
  layer->b = take_floats(pieces, 1, out);
  layer->z = take_floats(pieces, batch, out);
  layer->h = l < shape->depth && !shape->lean ? take_floats(pieces, batch, out) : layer->z;
  layer->delta = shape->lean ? shared->delta[l % 2] : take_floats(pieces, batch, out);
  layer->dw = shape->lean ? shared->dw : take_floats(pieces, in, out);
  layer->db = shape->lean ? shared->db : take_floats(pieces, 1, out);
  layer->vw = shape->momentum ? take_floats(pieces, in, out) : NULL;
  layer->vb = shape->momentum ? take_floats(pieces, 1, out) : NULL;
  layer->n = layer->z;
  layer->gamma = layer->beta = layer->dgamma = layer->dbeta = layer->mean = layer->inverse = NULL;
  if (shape->recipe.normalization && l < shape->depth) take_normalization(pieces, shape, layer);
}

static void take_gradients(struct pieces *pieces, const struct network_shape *shape, float *dh[2]) {
  for (int i = 0; i < 2; i++) dh[i] = shape->recipe.residual ? take_floats(pieces, shape->batch, shape->width) : NULL;
}

/* The workspace that the largest of the three kinds of layer needs. */
static size_t workspace_bytes(const struct network_shape *shape, const struct kernel_table *table, int threads) {
  const size_t kinds[] = {0, shape->depth > 1 ? 1 : 0, shape->depth};
  size_t largest = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const size_t l = kinds[i];
    const size_t in = layer_inputs(shape, l), out = layer_outputs(shape, l);
    const size_t passes = table->dense_workspace_bytes(shape->batch, in, out, threads);
    const size_t weights = table->matrix_workspace_bytes(in, out, threads);
    largest = larger(largest, larger(passes, weights));
  }
  return largest;
}

bool network_shape_same(const struct network_shape *a, const struct network_shape *b) {
  const struct recipe *r = &a->recipe, *s = &b->recipe;
  return a->inputs == b->inputs && a->width == b->width && a->depth == b->depth && a->outputs == b->outputs &&
         a->batch == b->batch && a->momentum == b->momentum && a->lean == b->lean &&
         r->normalization == s->normalization && r->residual == s->residual && r->precision == s->precision &&
         r->flush == s->flush;
}

size_t network_bytes(const struct network_shape *shape, const struct kernel_table *table, int threads) {
  struct pieces first = {NULL, 0}, hidden = {NULL, 0}, last = {NULL, 0}, pieces = {NULL, 0};
  struct network_layer layer;
  struct shared shared = {0};
  float *dh[2];
  if (shape->lean) take_shared(&pieces, shape, &shared);
  take_gradients(&pieces, shape, dh);
  take_layer(&first, shape, 0, &shared, &layer);
  if (shape->depth > 1) take_layer(&hidden, shape, 1, &shared, &layer);
  take_layer(&last, shape, shape->depth, &shared, &layer);
  if (shape->depth == SIZE_MAX) return SIZE_MAX;
  take(&pieces, shape->depth + 1, sizeof layer, 1);
  take(&pieces, workspace_bytes(shape, table, threads), 1, 1);
  /* Layers of one kind are alike: a depth of 2^60 is counted as quickly as one of 5. */
  take(&pieces, first.bytes, 1, 1);
  take(&pieces, hidden.bytes, shape->depth - 1, 1);
  take(&pieces, last.bytes, 1, 1);
  return pieces.bytes;
}

size_t network_available_bytes(void) {
  FILE *file = fopen("/proc/meminfo", "r");
  if (file) {
    char line[128];
    size_t kilobytes;
    while (fgets(line, sizeof line, file))
      if (sscanf(line, "MemAvailable: %zu kB", &kilobytes) == 1) {
        fclose(file);
        return kilobytes * 1024;
      }
    fclose(file);
  }
  return (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
}

bool network_check_memory(const struct network_shape *shape, const struct kernel_table *table, int threads,
                          struct error *error) {
  const size_t bytes = network_bytes(shape, table, threads), available = network_available_bytes();
  if (bytes == SIZE_MAX)
    return error_set(error,
                     "a network of depth %zu, width %zu and batch %zu needs more bytes than can be counted (2^64); "
                     "choose smaller --widths, --batch or --depths",
                     shape->depth, shape->width, shape->batch);
  if (bytes > available)
    return error_set(error,
                     "a network of depth %zu, width %zu and batch %zu needs %zu bytes, %zu are available; "
                     "choose smaller --widths, --batch or --depths",
                     shape->depth, shape->width, shape->batch, bytes, available);
  return true;
}

/* Whether the slope is made from the activation's output. */
static bool from_output(const struct activation_choice *activation) {
  return strstr(activation->backward->name, "_from_output");
}

/* In huge pages where the system gives them: a deep network's layers are walked through again and again. */
static void *allocate(size_t bytes) {
  void *block;
  if (posix_memalign(&block, bytes < HUGE_PAGE ? ALIGNMENT : HUGE_PAGE, bytes) != 0) return NULL;
  if (bytes >= HUGE_PAGE) (void)madvise(block, bytes, MADV_HUGEPAGE);
  return block;
}

bool network_create(struct network *network, const struct network_shape *shape, const struct kernel_table *table,
                    const struct activation_choice *activation, int threads, struct error *error) {
  assert(shape->inputs && shape->width && shape->depth && shape->outputs && shape->batch && threads > 0);
  assert(!shape->lean || (from_output(activation) && recipe_is_empty(&shape->recipe)));
  assert(!from_output(activation) || !recipe_after_product(&shape->recipe)); /* slopes are made from n */
  *network = (struct network){.shape = *shape, .table = table, .activation = *activation, .threads = threads};
  if (!network_check_memory(shape, table, threads, error)) return false;
  const size_t bytes = network_bytes(shape, table, threads);
  network->block = allocate(bytes);
  if (!network->block)
    return error_set(error, "out of memory: a network of depth %zu, width %zu and batch %zu needs %zu bytes",
                     shape->depth, shape->width, shape->batch, bytes);
  struct pieces pieces = {network->block, 0};
  struct shared shared = {0};
  network->layers = take(&pieces, shape->depth + 1, sizeof *network->layers, 1);
  network->workspace = take(&pieces, workspace_bytes(shape, table, threads), 1, 1);
  if (shape->lean) take_shared(&pieces, shape, &shared);
  take_gradients(&pieces, shape, network->dh);
  for (size_t l = 0; l <= shape->depth; l++) take_layer(&pieces, shape, l, &shared, &network->layers[l]);
  assert(pieces.bytes == bytes);
  return true;
}

void network_destroy(struct network *network) {
  free(network->block);
  *network = (struct network){0};
}

/* ---- elementwise passes ----------------------------------------------------------------------------------------- */

static void fill(const struct network *network, fill_kernel *kernel, float *w, size_t n, const struct init *init) {
  FOR_SHARES(n, shares_team(n, network->threads), kernel(w + r.first, r.first, r.n, init));
}

bool network_check_initializer(const struct network_shape *shape, const struct initializer_choice *initializer,
                               struct error *error) {
  const size_t kinds[] = {0, shape->depth > 1 ? 1 : 0, shape->depth};
  struct initializer_fill how;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!initializer_resolve(initializer, layer_inputs(shape, kinds[i]), layer_outputs(shape, kinds[i]), &how, error))
      return false;
  return true;
}

void network_initialize(struct network *network, const struct initializer_choice *initializer, float bias_std,
                        uint64_t seed) {
  for (size_t l = 0; l <= network->shape.depth; l++) {
    struct network_layer *layer = &network->layers[l];
    struct initializer_fill how;
    struct error error;
    const bool resolved = initializer_resolve(initializer, layer->in, layer->out, &how, &error);
    assert(resolved);
    (void)resolved;
    struct init init = network->rng;
    init.seed = seed, init.stream = 2 * l, init.p = how.p;
    init.fan_in = layer->in, init.fan_out = layer->out;
    kernel_function *const weights = kernel_in_table(network->table, how.kernel);
    if (how.kernel->signature == SIGNATURE_matrix)
      ((matrix_kernel *)weights)(layer->w, layer->in, layer->out, &init, network->threads, network->workspace);
    else
      fill(network, (fill_kernel *)weights, layer->w, layer->in * layer->out, &init);
    init.stream = 2 * l + 1, init.p = (struct parameters){.b = bias_std}, init.fan_in = 1;
    fill(network, bias_std > 0 ? network->table->init_normal : network->table->init_zeros, layer->b, layer->out, &init);
    if (layer->gamma) {
      fill(network, network->table->init_zeros, layer->beta, layer->out, &init);
      init.p.a = 1;
      fill(network, network->table->init_constant, layer->gamma, layer->out, &init);
    }
    if (!layer->vw) continue;
    fill(network, network->table->init_zeros, layer->vw, layer->in * layer->out, &init);
    fill(network, network->table->init_zeros, layer->vb, layer->out, &init);
  }
}

/* ---- passes ----------------------------------------------------------------------------------------------------- */

struct dense network_dense(const struct network *network, size_t l, const float *x) {
  const struct network_layer *layer = &network->layers[l];
  const struct activation_choice *activation = &network->activation;
  const bool hidden = l < network->shape.depth;
  return (struct dense){
      .batch = network->shape.batch,
      .in = layer->in,
      .out = layer->out,
      .x = l ? layer[-1].h : x,
      .w = layer->w,
      .b = layer->b,
      .z = layer->z,
      .y = layer->h,
      .dz = layer->delta,
      .dx = l ? layer[-1].delta : NULL,
      .dw = layer->dw,
      .db = layer->db,
      .activation = hidden ? (map_kernel *)kernel_in_table(network->table, activation->forward) : NULL,
      /* The gradient with respect to x, times f'(n) of the layer before: that layer's delta, if nothing is normalized.
       */
      .backward = l ? (backward_kernel *)kernel_in_table(network->table, activation->backward) : NULL,
      .x_z = l == 0                    ? NULL
             : from_output(activation) ? layer[-1].h
                                       : layer[-1].n,
      .p = activation->p,
      .workspace = network->workspace,
      .caches = network->caches,
      .threads = network->threads,
  };
}

void network_forward_layer(struct network *network, size_t l, const float *x) {
  struct dense dense = network_dense(network, l, x);
  if (recipe_after_product(&network->shape.recipe) && l < network->shape.depth) dense.activation = NULL, dense.y = NULL;
  pass_forward(network->table, network->left_out, &dense);
  recipe_forward(network, l);
}

void network_forward(struct network *network, const float *x) {
  for (size_t l = 0; l <= network->shape.depth; l++) network_forward_layer(network, l, x);
}

void network_backward(struct network *network, const float *x) {
  recipe_loss(network);
  for (size_t l = network->shape.depth + 1; l-- > 0;) {
    struct dense dense = network_dense(network, l, x);
    pass_backward_weights(network->table, network->left_out, &dense);
    recipe_weights(network, l);
    if (l == 0) break;
    if (network->shape.recipe.residual) dense.backward = NULL, dense.dx = network->dh[(l - 1) % 2];
    pass_backward_data(network->table, network->left_out, &dense);
    recipe_backward(network, l - 1);
  }
}

/* ---- weights as a whole ----------------------------------------------------------------------------------------- */

void network_scale_layer(struct network *network, size_t l, float factor) {
  const struct network_layer *layer = &network->layers[l];
  const size_t n = layer->in * layer->out;
  FOR_SHARES(n, shares_team(n, network->threads),
             network->table->scale(layer->w + r.first, layer->w + r.first, r.n, (struct parameters){.a = factor}));
}

void network_scale_weights(struct network *network, float factor) {
  for (size_t l = 0; factor != 1 && l <= network->shape.depth; l++) network_scale_layer(network, l, factor);
}

/* ---- training --------------------------------------------------------------------------------------------------- */

/* The parameters w[0..n) with their gradient and, where there is momentum, their velocity. */
static void update(const struct network *network, float *w, float *v, const float *dw, size_t n, struct momentum how) {
  const struct kernel_table *table = network->table;
  const int team = shares_team(n, network->threads);
  if (v)
    FOR_SHARES(n, team, table->momentum_update(w + r.first, v + r.first, dw + r.first, r.n, how));
  else
    FOR_SHARES(n, team, table->sgd_update(w + r.first, dw + r.first, r.n, how.rate));
}

/* Books the time since *since. */
static void lap(uint64_t *since, uint64_t *sum) {
  const uint64_t now = clock_now();
  *sum += now - *since;
  *since = now;
}

void network_step(struct network *network, const float *x, const int32_t *labels, float *losses, struct momentum how,
                  struct network_times *times) {
  const struct network_shape *shape = &network->shape;
  const struct network_layer *outputs = &network->layers[shape->depth];
  uint64_t since = clock_now();
  *times = (struct network_times){0};
  network_forward(network, x);
  lap(&since, &times->forward);
  network->table->softmax_cross_entropy(outputs->z, labels, shape->batch, shape->outputs, outputs->delta, losses);
  lap(&since, &times->loss);
  for (size_t l = shape->depth + 1; l-- > 0;) {
    const struct network_layer *layer = &network->layers[l];
    const struct dense dense = network_dense(network, l, x);
    if (l > 0) {
      pass_backward_data(network->table, network->left_out, &dense);
      lap(&since, &times->backward_data);
    }
    pass_backward_weights(network->table, network->left_out, &dense);
    lap(&since, &times->backward_weights);
    /* The layer's weights are not read again, and its gradients are still in cache. */
    update(network, layer->w, layer->vw, layer->dw, layer->in * layer->out, how);
    update(network, layer->b, layer->vb, layer->db, layer->out, how);
    lap(&since, &times->update);
  }
}
