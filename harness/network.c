#include "harness/network.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ALIGNMENT 64
/* Elements below which an elementwise pass is not worth waking threads for. */
#define PARALLEL_LENGTH 8192

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

static void take_layer(struct pieces *pieces, const struct network_shape *shape, size_t l,
                       struct network_layer *layer) {
  const size_t in = layer_inputs(shape, l), out = layer_outputs(shape, l), batch = shape->batch;
  layer->in = in, layer->out = out;
  layer->w = take_floats(pieces, in, out);
  layer->b = take_floats(pieces, 1, out);
  layer->z = take_floats(pieces, batch, out);
  layer->h = l < shape->depth ? take_floats(pieces, batch, out) : layer->z;
  layer->delta = take_floats(pieces, batch, out);
  layer->dw = take_floats(pieces, in, out);
  layer->db = take_floats(pieces, 1, out);
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
    if (passes > largest) largest = passes;
    if (weights > largest) largest = weights;
  }
  return largest;
}

size_t network_bytes(const struct network_shape *shape, const struct kernel_table *table, int threads) {
  struct pieces first = {NULL, 0}, hidden = {NULL, 0}, last = {NULL, 0}, pieces = {NULL, 0};
  struct network_layer layer;
  take_layer(&first, shape, 0, &layer);
  if (shape->depth > 1) take_layer(&hidden, shape, 1, &layer);
  take_layer(&last, shape, shape->depth, &layer);
  if (shape->depth == SIZE_MAX) return SIZE_MAX;
  take(&pieces, shape->depth + 1, sizeof layer, 1);
  take(&pieces, workspace_bytes(shape, table, threads), 1, 1);
  /* Layers of one kind are alike: a depth of 2^60 is counted as quickly as one of 5. */
  take(&pieces, first.bytes, 1, 1);
  take(&pieces, hidden.bytes, shape->depth - 1, 1);
  take(&pieces, last.bytes, 1, 1);
  return pieces.bytes;
}

/* Bytes that can be allocated without driving the system out of memory. */
static size_t available_bytes(void) {
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
  const size_t bytes = network_bytes(shape, table, threads), available = available_bytes();
  if (bytes == SIZE_MAX)
    return error_set(error,
                     "a network of depth %zu, width %zu and batch %zu needs more bytes than can be counted (2^64); "
                     "choose a smaller --width, --batch or --depths",
                     shape->depth, shape->width, shape->batch);
  if (bytes > available)
    return error_set(error,
                     "a network of depth %zu, width %zu and batch %zu needs %zu bytes, %zu are available; "
                     "choose a smaller --width, --batch or --depths",
                     shape->depth, shape->width, shape->batch, bytes, available);
  return true;
}

bool network_create(struct network *network, const struct network_shape *shape, const struct kernel_table *table,
                    const struct activation_choice *activation, int threads, struct error *error) {
  assert(shape->inputs && shape->width && shape->depth && shape->outputs && shape->batch && threads > 0);
  *network = (struct network){.shape = *shape, .table = table, .activation = *activation, .threads = threads};
  if (!network_check_memory(shape, table, threads, error)) return false;
  const size_t bytes = network_bytes(shape, table, threads);
  network->block = aligned_alloc(ALIGNMENT, bytes);
  if (!network->block)
    return error_set(error, "out of memory: a network of depth %zu, width %zu and batch %zu needs %zu bytes",
                     shape->depth, shape->width, shape->batch, bytes);
  struct pieces pieces = {network->block, 0};
  network->layers = take(&pieces, shape->depth + 1, sizeof *network->layers, 1);
  network->workspace = take(&pieces, workspace_bytes(shape, table, threads), 1, 1);
  for (size_t l = 0; l <= shape->depth; l++) take_layer(&pieces, shape, l, &network->layers[l]);
  assert(pieces.bytes == bytes);
  return true;
}

void network_destroy(struct network *network) {
  free(network->block);
  *network = (struct network){0};
}

/* ---- elementwise passes ----------------------------------------------------------------------------------------- */

/* Thread t's share of n elements, in whole cache lines. */
struct range {
  size_t first, n;
};
static struct range share(size_t n, int t, int threads) {
  const size_t line = ALIGNMENT / sizeof(float), lines = (n + line - 1) / line;
  const size_t begin = lines * (size_t)t / (size_t)threads * line;
  const size_t end = lines * (size_t)(t + 1) / (size_t)threads * line;
  return (struct range){begin, (end < n ? end : n) - begin};
}

/* Runs `call` with the threads' shares of n elements in the variable `r`. Every kernel used here makes each element
 * from its index alone, so the split does not show in the result. */
#define FOR_SHARES(elements, team, call)                                                                               \
  do {                                                                                                                 \
    const size_t length = (elements);                                                                                  \
    const int parts = length < PARALLEL_LENGTH ? 1 : (team);                                                           \
    _Pragma("omp parallel for num_threads(parts) schedule(static, 1) if (parts > 1)") /* one part a thread */          \
        for (int part = 0; part < parts; part++) {                                                                     \
      const struct range r = share(length, part, parts);                                                               \
      if (r.n > 0) call;                                                                                               \
    }                                                                                                                  \
  } while (0)

static void fill(const struct network *network, fill_kernel *kernel, float *w, size_t n, const struct init *init) {
  FOR_SHARES(n, network->threads, kernel(w + r.first, r.first, r.n, init));
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
  }
}

/* ---- passes ----------------------------------------------------------------------------------------------------- */

/* All that the three passes of layer l read and write. x is the network's input. */
static struct dense dense_layer(const struct network *network, size_t l, const float *x) {
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
      /* The gradient with respect to x, times f'(z) of the layer before: that layer's delta. */
      .backward = l ? (backward_kernel *)kernel_in_table(network->table, activation->backward) : NULL,
      .x_z = l ? layer[-1].z : NULL,
      .p = activation->p,
      .workspace = network->workspace,
      .threads = network->threads,
  };
}

void network_forward_layer(struct network *network, size_t l, const float *x) {
  const struct dense dense = dense_layer(network, l, x);
  network->table->dense_forward(&dense);
}

void network_forward(struct network *network, const float *x) {
  for (size_t l = 0; l <= network->shape.depth; l++) network_forward_layer(network, l, x);
}

void network_backward(struct network *network, const float *x) {
  for (size_t l = network->shape.depth + 1; l-- > 0;) {
    const struct dense dense = dense_layer(network, l, x);
    network->table->dense_backward_weights(&dense);
    if (l > 0) network->table->dense_backward_data(&dense);
  }
}

void network_update(struct network *network, float rate) {
  update_kernel *const update = network->table->sgd_update;
  for (size_t l = 0; l <= network->shape.depth; l++) {
    const struct network_layer *layer = &network->layers[l];
    FOR_SHARES(layer->in * layer->out, network->threads, update(layer->w + r.first, layer->dw + r.first, r.n, rate));
    update(layer->b, layer->db, layer->out, rate);
  }
}
