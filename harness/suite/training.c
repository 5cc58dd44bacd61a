/* Training: whole steps of a multilayer perceptron, and the kernels that only training needs. */
#include <stdlib.h>
#include <string.h>

#include "harness/evict.h"
#include "harness/suite/cases.h"
#include "harness/suite/elementwise.h"
#include "harness/suite/norm.h"
#include "harness/suite/step.h"

/* ---- the loss --------------------------------------------------------------------------------------------------- */

/* Each thread has a batch of its own. */
#define LOSS_BATCH 128
static const size_t loss_classes[] = {10, 1000};

struct loss {
  loss_kernel *function;
  size_t classes;
  float *logits, *dlogits, *losses; /* threads times a batch */
  int32_t *labels;                  /* of one batch */
  size_t samples;                   /* all threads' */
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

static void drop_loss(const void *context) {
  const struct loss *loss = context;
  const size_t bytes = loss->samples * loss->classes * sizeof(float);
  evict(loss->logits, bytes);
  evict(loss->dlogits, bytes);
  evict(loss->losses, loss->samples * sizeof *loss->losses);
  evict(loss->labels, LOSS_BATCH * sizeof *loss->labels);
}

static bool open_loss(const struct run *run, struct loss *loss, int threads, struct error *error) {
  const size_t batch = LOSS_BATCH * (size_t)threads, n = batch * loss->classes;
  loss->samples = batch;
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
  added->evict = drop_loss;
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
  if (options_want_sizes(run->options))
    return elementwise_suite(run, suite_names[SUITE_TRAINING], residences, count, error);
  if (!step_suite(run, error)) return false;
  for (size_t t = 0; t < run->options->thread_count; t++)
    if (!run_losses(run, run->options->threads[t], error)) return false;
  if (!norm_suite(run, error)) return false;
  return elementwise_suite(run, suite_names[SUITE_TRAINING], residences, count, error);
}
