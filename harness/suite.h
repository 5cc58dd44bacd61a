/* What every benchmark suite is given, the suites themselves, and what they share. */
#ifndef DEPTHMARK_SUITE_H
#define DEPTHMARK_SUITE_H

#include <hwloc.h>
#include <regex.h>

#include "harness/drift.h"
#include "harness/journal.h"
#include "harness/options.h"
#include "harness/progress.h"
#include "harness/residence.h"
#include "harness/result.h"
#include "harness/resume.h"
#include "harness/scope.h"

/* What a run would do, found out before anything is measured. */
struct plan {
  char (*names)[ROW_NAME]; /* of the rows, accuracies and gradient cells asked for */
  size_t count;
  double seconds;               /* estimated, of all suites */
  bool rows;                    /* there are rows that will be held against limits ... */
  bool limits[RESIDENCE_COUNT]; /* ... of memory in these places */
  bool peaks[KERNEL_COUNT];     /* ... and those that these kernels measure */
};

struct run {
  const struct options *options;
  enum suite_id suite; /* the one that runs now */
  const struct cpu_features *cpu;
  const struct scopes *scopes; /* where rows are measured; NULL: on the whole topology, as options say */
  hwloc_topology_t topology;   /* of the scope */
  struct result *result;       /* rows, limits and cells are appended here; machine describes this machine */
  struct plan *plan;
  bool planning;               /* note in the plan what would be done, and do nothing */
  const regex_t *filter;       /* NULL keeps all */
  const struct resume *resume; /* cells that need not be measured; NULL: none */
  struct journal *journal;     /* where cells go as they are done; NULL: nowhere */
  struct progress *progress;   /* of the whole run, in seconds as the plan estimates them; NULL shows none */
  struct ledger *ledger;       /* of the rows of a suite that is measured in passes */
  double spare;                /* seconds that rows of earlier suites might have had and did not need */
  double warm_ns;              /* measure_settings.warm_ns; 0: not known yet */
  struct drift drift;          /* of the core's clock */
};

/* Each runs its part for the selected archs and thread counts, stops early when interrupted() and leaves in the
 * result what was finished. Failure means set-up: error says what is wrong. While planning it allocates nothing. */
typedef bool suite_function(struct run *run, struct error *error);
suite_function suite_limits, suite_init, suite_activation, suite_accuracy, suite_dense, suite_training, suite_gradients,
    suite_learning;

/* What follows the rows of the limits suite: notes the limits that they show, and measures those that are no rows. */
bool limits_finish(struct run *run, struct error *error);

/* Finds out what all suites would do. Fails when a suite cannot be set up, or when --filter matches nothing. */
bool run_plan_all(struct run *run, struct error *error);

/* Runs the suites in order until interrupted; after each, done is told. */
typedef void run_suite_done(void *context, enum suite_id suite);
bool run_all(struct run *run, run_suite_done *done, void *context, struct error *error);

/* Makes the rows that follow those of the scope of that number. Returns true. */
bool run_enter(struct run *run, size_t scope);

/* Whether --filter keeps the row or cell of that name. */
bool run_wants(const struct run *run, const char *name);

/* Notes in the plan a row or cell that was asked for, or only the time of something that goes with it (name NULL). */
void run_plan(struct run *run, const char *name, double seconds);

/* Reports progress: that many of the planned seconds are done, `what` comes next. */
void run_progress(struct run *run, double seconds, const char *what);

/* Makes the next parallel regions of that many threads run where --pin says. OpenMP may replace the threads of a pool
 * that grows or shrinks, so that this is needed whenever the number changes. */
void run_pin(struct run *run, int threads);

/* The best of the archs that were asked for, for what runs once: all give the same gradients to rounding. */
const struct kernel_table *run_best_table(const struct run *run);

/* Warns, on stderr and in the result, that the cell or run of that name cannot be measured. */
void run_leave_out(struct run *run, const char *name, const struct error *why);

/* The largest of --threads, which suites use that do not compare numbers of threads. */
int run_most_threads(const struct run *run);

#endif
