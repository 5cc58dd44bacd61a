/* What the suites ask of the run as a whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/interrupt.h"
#include "harness/pin.h"
#include "harness/suite.h"

static suite_function *const suites[SUITE_COUNT] = {
    [SUITE_LIMITS] = suite_limits,       [SUITE_INIT] = suite_init,         [SUITE_ACTIVATION] = suite_activation,
    [SUITE_ACCURACY] = suite_accuracy,   [SUITE_DENSE] = suite_dense,       [SUITE_TRAINING] = suite_training,
    [SUITE_GRADIENTS] = suite_gradients, [SUITE_LEARNING] = suite_learning,
};

static bool nothing_matches(const struct run *run, struct error *error) {
  return error_set(error, "--filter=%s matches no row; leave it out and add --list to see the names",
                   run->options->filter);
}

/* Moves the names noted since the first `before` to the front. */
static bool move_to_front(struct plan *plan, size_t before) {
  const size_t size = sizeof *plan->names, late = plan->count - before;
  if (before == 0 || late == 0) return true;
  void *names = malloc(late * size);
  if (!names) return false;
  memcpy(names, plan->names + before, late * size);
  memmove(plan->names + late, plan->names, before * size);
  memcpy(plan->names, names, late * size);
  free(names);
  return true;
}

bool run_plan_all(struct run *run, struct error *error) {
  run->planning = true;
  for (size_t i = SUITE_LIMITS + 1; i < SUITE_COUNT; i++) {
    run->suite = (enum suite_id)i;
    if (run->options->suites[i] && !suites[i](run, error)) return false;
  }
  /* Which limits are needed depends on the other rows; but they are measured first. */
  const size_t before = run->plan->count;
  run->suite = SUITE_LIMITS;
  if (!suite_limits(run, error)) return false;
  if (!move_to_front(run->plan, before)) return error_set(error, "out of memory");
  run->planning = false;
  return run->plan->count > 0 || run->resume || nothing_matches(run, error);
}

bool run_all(struct run *run, run_suite_done *done, void *context, struct error *error) {
  for (size_t i = 0; i < SUITE_COUNT && !interrupted(); i++) {
    run->suite = (enum suite_id)i;
    if (!run->options->suites[i] && i != SUITE_LIMITS) continue;
    if (!suites[i](run, error)) return false;
    done(context, run->suite);
  }
  return true;
}

bool run_wants(const struct run *run, const char *name) {
  return !run->filter || (regexec(run->filter, name, 0, NULL, 0) == 0) != run->options->filter_negated;
}

void run_plan(struct run *run, const char *name, double seconds) {
  struct plan *plan = run->plan;
  plan->seconds += seconds;
  if (!name) return;
  if ((plan->count & (plan->count - 1)) == 0) { /* room for twice as many */
    plan->names = realloc(plan->names, (plan->count ? 2 * plan->count : 1) * sizeof *plan->names);
    if (!plan->names) abort();
  }
  snprintf(plan->names[plan->count++], sizeof *plan->names, "%s", name);
}

void run_progress(struct run *run, double seconds, const char *what) {
  if (run->progress) progress_step(run->progress, seconds, what);
}

void run_pin(struct run *run, int threads) {
  struct machine *machine = &run->result->machine;
  char places[sizeof machine->pinning];
  struct error error;
  if (pin_threads(run->topology, run->options->pin, threads, places, sizeof places, &error)) return;
  snprintf(machine->pinning, sizeof machine->pinning, "none: %.240s", error.text);
}

const struct kernel_table *run_best_table(const struct run *run) {
  const struct options *options = run->options;
  enum arch best = options->archs[0];
  for (size_t i = 1; i < options->arch_count; i++)
    if (options->archs[i] > best) best = options->archs[i];
  return arch_table(best);
}

void run_leave_out(struct run *run, const char *name, const struct error *why) {
  machine_warn(&run->result->machine, "%s is left out: %.160s", name, why->text);
  if (run->progress) progress_clear(run->progress);
  fprintf(stderr, "bench: warning: %s is left out: %s\n", name, why->text);
}

int run_most_threads(const struct run *run) {
  int most = 0;
  for (size_t i = 0; i < run->options->thread_count; i++)
    if (run->options->threads[i] > most) most = run->options->threads[i];
  return most > 0 ? most : pin_capacity(run->topology, run->options->pin);
}
