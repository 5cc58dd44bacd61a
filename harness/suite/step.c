/* Whole steps of a multilayer perceptron: forward, loss, backward, update. */
#include "harness/suite/step.h"

#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "harness/evict.h"
#include "harness/network.h"
#include "harness/peers/kernels.h"
#include "harness/peers/peers.h"
#include "harness/suite/cases.h"

/* Images of Fashion-MNIST's size go in, as many classes come out. */
#define INPUTS 784
#define CLASSES 10
/* Small, so that a few thousand steps on one batch change little: momentum makes ten times the step of the rate. */
#define RATE 1e-4f
#define MOMENTUM 0.9f
#define PEERS_MOST 16

/* Depth x width x batch. The common ones, and those for who asks for the suite, for rows or for peers. */
struct point {
  size_t depth, width, batch;
};
static const struct point points[] = {{4, 512, 128}, {20, 256, 64}, {8, 1024, 128}};
static const struct point all_points[] = {{3, 128, 32}, {4, 512, 128}, {20, 256, 64}, {50, 256, 64}, {8, 1024, 128}};
#define QUICK_POINTS 2

/* How parameters are updated. */
static const struct optimizer {
  const char *name; /* of the rows */
  struct momentum how;
  bool momentum;
} optimizers[] = {
    {"step", {.rate = RATE}, false},
    {"step_momentum", {.rate = (1 - MOMENTUM) * RATE, .momentum = MOMENTUM}, true},
};

/* What all rows of a point learn. */
struct batch {
  float *x;
  int32_t *labels;
};

struct step {
  const struct optimizer *optimizer;
  const struct batch *batch;
  struct kernel_table table; /* that of an arch, or with a peer's products */
  struct network network;
  float *losses;
  struct network_times least; /* of each part in any step: an interruption would stand in one part alone */
};

/* ---- one step --------------------------------------------------------------------------------------------------- */

static void keep_least(uint64_t *least, uint64_t ns) {
  if (*least == 0 || ns < *least) *least = ns;
}

static void call(void *context, int thread, uint64_t calls) {
  struct step *step = context;
  struct network_times *const least = &step->least;
  (void)thread;
  for (; calls > 0; calls--) {
    struct network_times times;
    network_step(&step->network, step->batch->x, step->batch->labels, step->losses, step->optimizer->how, &times);
    keep_least(&least->forward, times.forward);
    keep_least(&least->loss, times.loss);
    keep_least(&least->backward_data, times.backward_data);
    keep_least(&least->backward_weights, times.backward_weights);
    keep_least(&least->update, times.update);
  }
}

static void drop(const void *context) {
  const struct step *step = context;
  const struct network *network = &step->network;
  evict(network->block, network_bytes(&network->shape, network->table, network->threads));
  evict(step->batch->x, network->shape.batch * INPUTS * sizeof(float));
  evict(step->batch->labels, network->shape.batch * sizeof *step->batch->labels);
  evict(step->losses, network->shape.batch * sizeof *step->losses);
}

static void report(const void *context, struct result_row *row) {
  const struct network_times *t = &((const struct step *)context)->least;
  const double all = (double)(t->forward + t->loss + t->backward_data + t->backward_weights + t->update);
  row->phases = (struct result_phases){.forward = (double)t->forward / all,
                                       .loss = (double)t->loss / all,
                                       .backward_data = (double)t->backward_data / all,
                                       .backward_weights = (double)t->backward_weights / all,
                                       .update = (double)t->update / all};
}

/* Three products a layer, but no gradient with respect to the input. */
static double step_flops(const struct network_shape *s) {
  const double in = (double)s->inputs, width = (double)s->width, hidden = (double)(s->depth - 1);
  const double out = (double)s->outputs, batch = (double)s->batch;
  return 2 * batch * (2 * in * width + 3 * hidden * width * width + 3 * width * out);
}

static double kernel_bytes(int kernel, size_t m, size_t n, size_t k) {
  return kernels[kernel].bytes((struct shape){m, n, k});
}

/* Of all its kernels, each as if it were alone. */
static double step_bytes(const struct network_shape *s) {
  const int update = s->momentum ? KERNEL_momentum_update : KERNEL_sgd_update;
  const struct {
    size_t in, out, count;
  } layers[] = {{s->inputs, s->width, 1}, {s->width, s->width, s->depth - 1}, {s->width, s->outputs, 1}};
  double bytes = kernel_bytes(KERNEL_softmax_cross_entropy, s->batch, s->outputs, 1);
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
    const size_t in = layers[i].in, out = layers[i].out;
    double layer = kernel_bytes(KERNEL_dense_forward, s->batch, out, in);
    layer += kernel_bytes(KERNEL_dense_backward_weights, s->batch, out, in);
    if (i > 0) layer += kernel_bytes(KERNEL_dense_backward_data, s->batch, out, in);
    layer += kernel_bytes(update, 1, in * out + out, 1);
    bytes += (double)layers[i].count * layer;
  }
  return bytes;
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

/* Losses and labels of a batch, in whole cache lines. */
static void *allocate_lines(size_t count, size_t size) { return aligned_alloc(64, (count * size + 63) / 64 * 64); }

static bool open_batch(const struct run *run, struct batch *batch, size_t samples, int threads, struct error *error) {
  batch->x = allocate_lines(samples * INPUTS, sizeof *batch->x);
  batch->labels = allocate_lines(samples, sizeof *batch->labels);
  if (!batch->x || !batch->labels) return error_set(error, "out of memory: the input of a network");
  fill_normals(run, batch->x, samples * INPUTS, threads, 1);
  for (size_t i = 0; i < samples; i++) batch->labels[i] = (int32_t)(i % CLASSES);
  return true;
}

static void close_batch(struct batch *batch) {
  free(batch->x);
  free(batch->labels);
}

static bool open_step(const struct run *run, struct step *step, const struct network_shape *shape,
                      struct left_out left_out, int threads, struct error *error) {
  struct initializer_choice he;
  const struct activation_choice relu = {.forward = kernel_find("relu_forward"),
                                         .backward = kernel_find("relu_from_output")};
  if (!choose_initializer("he_normal", &he, error)) return false;
  if (!network_create(&step->network, shape, &step->table, &relu, threads, error)) return false;
  step->network.left_out = left_out;
  step->network.caches = residence_caches(&run->result->machine, threads);
  network_initialize(&step->network, &he, 0, run->options->seed);
  step->losses = allocate_lines(shape->batch, sizeof *step->losses);
  return step->losses || error_set(error, "out of memory: the losses of a network");
}

static void close_step(struct step *step) {
  if (step->network.layers) network_destroy(&step->network);
  free(step->losses);
  free(step);
}

/* ---- the cases -------------------------------------------------------------------------------------------------- */

/* provider: whose products the table has. left_out: what these do not do. */
static bool add_step(struct run *run, struct cases *cases, const struct batch *batch, const struct point *point,
                     const struct optimizer *optimizer, const struct kernel_table *table, const char *provider,
                     struct left_out left_out, struct error *error) {
  /* A row like that of a kernel limited by its products alone. */
  static const struct kernel like = {.suite = "training", .limit = "fma_peak", .signature = SIGNATURE_peak};
  const struct network_shape shape = {.inputs = INPUTS,
                                      .width = point->width,
                                      .depth = point->depth,
                                      .outputs = CLASSES,
                                      .batch = point->batch,
                                      .momentum = optimizer->momentum,
                                      .lean = true};
  struct result_row row = cases_bare_row(suite_names[SUITE_TRAINING], arch_find(table->name), cases->threads);
  snprintf(row.kernel, sizeof row.kernel, "%s", optimizer->name);
  snprintf(row.provider, sizeof row.provider, "%s", provider);
  snprintf(row.shape, sizeof row.shape, "%zux%zux%zu", shape.depth, shape.width, shape.batch);
  row.items = (double)shape.batch;
  row.flops = step_flops(&shape);
  row.bytes = step_bytes(&shape);
  cases_name(&row);
  struct bench_case *added = cases_add(run, cases, &row, &like, false);
  if (!added) return true;
  struct step *step = calloc(1, sizeof *step);
  if (!step) return error_set(error, "out of memory");
  step->optimizer = optimizer, step->batch = batch, step->table = *table;
  added->call = call;
  added->evict = drop;
  added->context = step;
  added->report = report;
  return open_step(run, step, &shape, left_out, cases->threads, error);
}

/* Plain SGD as other libraries' users do it, too. */
static bool add_peers(struct run *run, struct cases *cases, const struct batch *batch, const struct point *point,
                      enum arch arch, struct error *error) {
  const char *providers[PEERS_MOST];
  const size_t found = dense_peers(arch, run->cpu, cases->threads, providers, PEERS_MOST);
  const size_t count = found < PEERS_MOST ? found : PEERS_MOST;
  for (size_t i = 0; i < count; i++) {
    struct kernel_table table;
    struct left_out left_out;
    if (dense_peer_table(&table, &left_out, arch, run->cpu, cases->threads, providers[i]) &&
        !add_step(run, cases, batch, point, &optimizers[0], &table, providers[i], left_out, error))
      return false;
  }
  return true;
}

static bool add_cases(struct run *run, struct cases *cases, const struct batch *batch, const struct point *point,
                      struct error *error) {
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  const struct left_out all_done = {0};
  const size_t optimizer_count = options_want_all(run->options) ? sizeof optimizers / sizeof *optimizers : 1;
  for (size_t a = 0; a < arch_count; a++) {
    for (size_t o = 0; o < optimizer_count; o++) {
      if (!add_step(run, cases, batch, point, &optimizers[o], arch_table(archs[a]), OWN_PROVIDER, all_done, error))
        return false;
      if (o == 0 && run->options->peers && !add_peers(run, cases, batch, point, archs[a], error)) return false;
    }
  }
  return true;
}

/* All rows of one point take turns. */
static bool run_point(struct run *run, const struct point *point, int threads, struct error *error) {
  struct batch batch = {0};
  struct cases cases = {.threads = threads};
  if (!run->planning) run_pin(run, threads);
  const bool fine =
      add_cases(run, &cases, &batch, point, error) &&
      (cases.count == 0 || (open_batch(run, &batch, point->batch, threads, error) && cases_run(run, &cases, error)));
  for (size_t i = 0; i < cases.count; i++)
    if (cases.items[i].context) close_step(cases.items[i].context);
  cases_free(&cases);
  close_batch(&batch);
  return fine;
}

bool step_suite(struct run *run, struct error *error) {
  const bool all = options_want_all(run->options);
  const struct point *const list = all ? all_points : points;
  const size_t most = all ? sizeof all_points / sizeof *all_points : sizeof points / sizeof *points;
  const size_t count = run->options->quick ? QUICK_POINTS : most;
  for (size_t t = 0; t < run->options->thread_count; t++)
    for (size_t i = 0; i < count; i++)
      if (!run_point(run, &list[i], run->options->threads[t], error)) return false;
  return true;
}
