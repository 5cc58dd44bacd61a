/* Training: whole steps of a multilayer perceptron (forward, loss, backward, update), and the kernels that only
 * training needs. */
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "harness/network.h"
#include "harness/suite/cases.h"
#include "harness/suite/elementwise.h"

#define RATE 1e-4f /* small, so that a few thousand steps on one batch change little */
/* ---- a whole step ----------------------------------------------------------------------------------------------- */

/* Images of Fashion-MNIST's size go in, as many classes come out. */
#define INPUTS 784
#define CLASSES 10

static const struct { size_t depth, width, batch; } steps[] = {{4, 512, 128}, {20, 256, 64}, {8, 1024, 128}};
#define QUICK_STEPS 2

struct step {
  struct network network;
  float *x, *losses;
  int32_t *labels;
  struct network_times times;
};

static void call_step(void *context, int thread, uint64_t calls) {
  struct step *step = context;
  (void)thread;
  for (; calls > 0; calls--)
    network_step(&step->network, step->x, step->labels, step->losses, (struct momentum){.rate = RATE}, &step->times);
}

/* Three products a layer, but no gradient with respect to the input. */
static double step_flops(const struct network_shape *s) {
  const double in = (double)s->inputs, width = (double)s->width, hidden = (double)(s->depth - 1);
  const double out = (double)s->outputs, batch = (double)s->batch;
  return 2 * batch * (2 * in * width + 3 * hidden * width * width + 3 * width * out);
}

static bool open_step(const struct run *run, struct step *step, const struct network_shape *shape, enum arch arch,
                      int threads, struct error *error) {
  struct initializer_choice he;
  const struct activation_choice relu = {.forward = kernel_find("relu_forward"),
                                         .backward = kernel_find("relu_backward")};
  if (!choose_initializer("he_normal", &he, error)) return false;
  if (!network_create(&step->network, shape, arch_table(arch), &relu, threads, error)) return false;
  network_initialize(&step->network, &he, 0, run->options->seed);
  step->x = aligned_alloc(64, shape->batch * shape->inputs * sizeof *step->x);
  step->losses = aligned_alloc(64, (shape->batch * sizeof *step->losses + 63) / 64 * 64);
  step->labels = aligned_alloc(64, (shape->batch * sizeof *step->labels + 63) / 64 * 64);
  if (!step->x || !step->losses || !step->labels) return error_set(error, "out of memory: the input of a network");
  fill_normals(run, step->x, shape->batch * shape->inputs, threads, 1);
  for (size_t i = 0; i < shape->batch; i++) step->labels[i] = (int32_t)(i % CLASSES);
  return true;
}

static void close_step(struct step *step) {
  if (step->network.layers) network_destroy(&step->network);
  free(step->x);
  free(step->losses);
  free(step->labels);
  free(step);
}

static bool add_step(struct run *run, struct cases *cases, size_t index, enum arch arch, struct error *error) {
  const struct network_shape shape = {INPUTS,  steps[index].width, steps[index].depth,
                                      CLASSES, steps[index].batch, false};
  /* A row like that of a kernel limited by its products alone. */
  static const struct kernel like = {
      .name = "step", .suite = "training", .limit = "fma_peak", .signature = SIGNATURE_peak};
  struct result_row row = {.suite = "training", .kernel = "step", .provider = "depthmark", .threads = cases->threads};
  snprintf(row.shape, sizeof row.shape, "%zux%zux%zu", shape.depth, shape.width, shape.batch);
  snprintf(row.arch, sizeof row.arch, "%s", arch_name(arch));
  row.items = (double)shape.batch;
  row.flops = step_flops(&shape);
  cases_name(&row);
  struct bench_case *added = cases_add(run, cases, &row, &like, false);
  if (!added) return true;
  struct step *step = calloc(1, sizeof *step);
  if (!step) return error_set(error, "out of memory");
  added->call = call_step;
  added->context = step;
  return open_step(run, step, &shape, arch, cases->threads, error);
}

static bool run_steps(struct run *run, int threads, struct error *error) {
  struct cases cases = {.threads = threads};
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  bool fine = true;
  if (!run->planning) run_pin(run, threads);
  for (size_t i = 0; i < (run->options->quick ? QUICK_STEPS : sizeof steps / sizeof *steps); i++)
    for (size_t a = 0; fine && a < arch_count; a++) fine = add_step(run, &cases, i, archs[a], error);
  fine = fine && cases_run(run, &cases, error);
  for (size_t i = 0; i < cases.count; i++)
    if (cases.items[i].context) close_step(cases.items[i].context);
  cases_free(&cases);
  return fine;
}

/* ---- the loss --------------------------------------------------------------------------------------------------- */

/* Each thread has a batch of its own. */
#define LOSS_BATCH 128
static const size_t loss_classes[] = {10, 1000};

struct loss {
  loss_kernel *function;
  size_t classes;
  float *logits, *dlogits, *losses; /* threads times a batch */
  int32_t *labels;                  /* of one batch */
};

static void call_loss(void *context, int thread, uint64_t calls) {
  const struct loss *loss = context;
  const size_t at = (size_t)thread * LOSS_BATCH;
  for (; calls > 0; calls--) {
    loss->function(loss->logits + at * loss->classes, loss->labels, LOSS_BATCH, loss->classes,
                   loss->dlogits + at * loss->classes, loss->losses + at);
    measure_keep(loss->dlogits);
  }
}

static bool open_loss(const struct run *run, struct loss *loss, int threads, struct error *error) {
  const size_t batch = LOSS_BATCH * (size_t)threads, n = batch * loss->classes;
  loss->logits = aligned_alloc(64, n * sizeof *loss->logits);
  loss->dlogits = aligned_alloc(64, n * sizeof *loss->dlogits);
  loss->losses = aligned_alloc(64, batch * sizeof *loss->losses);
  loss->labels = aligned_alloc(64, LOSS_BATCH * sizeof *loss->labels);
  if (!loss->logits || !loss->dlogits || !loss->losses || !loss->labels)
    return error_set(error, "out of memory: logits of a loss");
  fill_normals(run, loss->logits, n, threads, 2);
  fill_normals(run, loss->dlogits, n, threads, 3);
  for (size_t i = 0; i < LOSS_BATCH; i++) loss->labels[i] = (int32_t)(i % loss->classes);
  return true;
}

static void close_loss(struct loss *loss) {
  free(loss->logits);
  free(loss->dlogits);
  free(loss->losses);
  free(loss->labels);
  free(loss);
}

static bool add_loss(struct run *run, struct cases *cases, const struct kernel *kernel, size_t classes, enum arch arch,
                     struct error *error) {
  const size_t batch = LOSS_BATCH * (size_t)cases->threads;
  const struct shape s = {batch, classes, 1};
  char shape[40];
  snprintf(shape, sizeof shape, "%zux%zu", batch, classes);
  const enum residence residence = residence_of(&run->result->machine, kernel->bytes(s), cases->threads);
  struct result_row row = cases_row(kernel->suite, kernel, arch, shape, s, cases->threads, residence);
  row.items = (double)(batch * classes);
  struct bench_case *added = cases_add(run, cases, &row, kernel, false);
  if (!added) return true;
  struct loss *loss = calloc(1, sizeof *loss);
  if (!loss) return error_set(error, "out of memory");
  loss->function = (loss_kernel *)kernel_in_table(arch_table(arch), kernel);
  loss->classes = classes;
  added->call = call_loss;
  added->context = loss;
  added->team = true;
  return open_loss(run, loss, cases->threads, error);
}

static bool run_losses(struct run *run, int threads, struct error *error) {
  struct cases cases = {.threads = threads};
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  bool fine = true;
  if (!run->planning) run_pin(run, threads);
  for (size_t k = 0; k < KERNEL_COUNT; k++)
    for (size_t c = 0; kernels[k].signature == SIGNATURE_loss && c < sizeof loss_classes / sizeof *loss_classes; c++)
      for (size_t a = 0; fine && a < arch_count; a++)
        fine = add_loss(run, &cases, &kernels[k], loss_classes[c], archs[a], error);
  fine = fine && cases_run(run, &cases, error);
  for (size_t i = 0; i < cases.count; i++)
    if (cases.items[i].context) close_loss(cases.items[i].context);
  cases_free(&cases);
  return fine;
}

bool suite_training(struct run *run, struct error *error) {
  const enum residence *residences;
  const size_t count = elementwise_residences(run, &residences);
  for (size_t t = 0; t < run->options->thread_count; t++)
    if (!run_steps(run, run->options->threads[t], error) || !run_losses(run, run->options->threads[t], error))
      return false;
  return elementwise_suite(run, suite_names[SUITE_TRAINING], residences, count, error);
}
