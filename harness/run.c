/* What the suites ask of the run as a whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/interrupt.h"
#include "harness/pin.h"
#include "harness/suite.h"
#include "harness/suite/ledger.h"

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

/* Whether the suite's rows depend on where threads sit. */
static bool has_scopes(enum suite_id suite) {
  return suite != SUITE_ACCURACY && suite != SUITE_GRADIENTS && suite != SUITE_LEARNING;
}

/* Such rows are measured in passes over the suite; others take their time in one piece. */
static bool run_part(struct run *run, enum suite_id suite, struct error *error) {
  if (run->planning || !has_scopes(suite)) return suites[suite](run, error);
  return ledger_run(run, suites[suite], error);
}

bool run_enter(struct run *run, size_t scope) {
  if (!run->scopes) return true;
  scope_enter(run->scopes, &run->scopes->items[scope], &run->result->machine);
  run->topology = run->scopes->items[scope].topology;
  return true;
}

/* Runs the suite in every scope, and goes back to the first one. */
static bool run_suite(struct run *run, enum suite_id suite, struct error *error) {
  const size_t count = run->scopes && has_scopes(suite) ? run->scopes->count : 1;
  bool fine = true;
  run->suite = suite;
  for (size_t s = 0; fine && s < count; s++) {
    fine = run_enter(run, s) && run_part(run, suite, error);
    if (suite == SUITE_LIMITS) fine = fine && limits_finish(run, error);
  }
  return run_enter(run, 0) && fine;
}

bool run_plan_all(struct run *run, struct error *error) {
  run->planning = true;
  for (size_t i = SUITE_LIMITS + 1; i < SUITE_COUNT; i++) {
    if (run->options->suites[i] && !run_suite(run, (enum suite_id)i, error)) return false;
  }
  /* Which limits are needed depends on the other rows; but they are measured first. */
  const size_t before = run->plan->count;
  if (!run_suite(run, SUITE_LIMITS, error)) return false;
  if (!move_to_front(run->plan, before)) return error_set(error, "out of memory");
  run->planning = false;
  return run->plan->count > 0 || run->resume || nothing_matches(run, error);
}

/* Shares beyond that are no rounding: limits and rows are measured at different moments of the run. */
#define SHARE_MOST 1.05

static void warn_of_shares(struct run *run) {
  size_t count = 0, all = 0;
  for (size_t i = 0; i < run->result->row_count; i++) {
    all += run->result->rows[i].limit[0] != '\0';
    count += run->result->rows[i].fraction_of_limit > SHARE_MOST;
  }
  if (count == 0) return;
  machine_warn(
      &run->result->machine,
      "%zu of %zu rows reach more than %.0f %% of a limit: the machine was slower while limits were measured, by "
      "other work or neighbours; run again when it is quiet",
      count, all, 100 * SHARE_MOST);
  if (run->progress) progress_clear(run->progress);
  fprintf(stderr, "bench: warning: %s\n", run->result->machine.warnings[run->result->machine.warning_count - 1]);
}

bool run_all(struct run *run, run_suite_done *done, void *context, struct error *error) {
  for (size_t i = 0; i < SUITE_COUNT && !interrupted(); i++) {
    if (!run->options->suites[i] && i != SUITE_LIMITS) continue;
    if (!run_suite(run, (enum suite_id)i, error)) return false;
    done(context, (enum suite_id)i);
  }
  const char *const warning = drift_warn(&run->drift, &run->result->machine);
  if (warning && run->progress) progress_clear(run->progress);
  if (warning) fprintf(stderr, "bench: warning: %s\n", warning);
  warn_of_shares(run);
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
