/* How gradients decay with depth: for each cell of the grid, networks are built, run forward and backward on input, and
 * every hidden layer is described; the theory is set beside it. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/interrupt.h"
#include "harness/residence.h"
#include "harness/suite.h"
#include "harness/suite/examples.h"
#include "harness/suite/gradient_cost.h"
#include "harness/suite/gradient_theory.h"
#include "harness/suite/gradient_trial.h"

/* Operations below which a layer's product is over before other threads have come to share it. */
#define SHARED_PRODUCT 1.6e7

/* The cells of a run, and those that wait for their networks. */
struct laboratory {
  struct run *run;
  struct gradient_laboratory common;
  struct gradient_grid grid;
  int threads; /* to use */
};

/* Seconds that the plan has for the setting, on all threads. */
static double planned_seconds(const struct laboratory *laboratory, const struct gradient_setting *setting) {
  const double lanes = (double)laboratory->common.table->lanes;
  return gradient_seconds(setting, laboratory->run->options, lanes) / laboratory->threads;
}

/* ---- one cell --------------------------------------------------------------------------------------------------- */

/* Once: what is not in the journal is in the result all the same, if the run comes to its end. */
static void warn_of_journal(struct run *run) {
  const char *why = strerror(errno);
  machine_warn(&run->result->machine, "%s cannot be written: %s", run->journal->path, why);
  if (run->progress) progress_clear(run->progress);
  fprintf(stderr, "bench: warning: %s cannot be written: %s\n", run->journal->path, why);
  journal_close(run->journal, false);
}

/* A cell whose networks are all done. */
struct finished {
  const struct gradient_setting *setting; /* NULL: none */
  struct gradient_cell cell;
  double input_square, input_variance;
};

static struct finished finish_cell(const struct gradient_setting *setting, struct gradient_tally *tally) {
  struct finished finished = {setting, setting->cell, tally->input_square / tally->networks,
                              tally->input_variance / tally->networks};
  finished.cell.layers = calloc(finished.cell.depth, sizeof *finished.cell.layers);
  if (!finished.cell.layers) abort();
  gradient_tally_finish(tally, &finished.cell);
  finished.cell.histograms = tally->histograms;
  tally->histograms = NULL; /* the cell's now */
  return finished;
}

/* Sets the theory beside it and books it; in any order, while others go on. */
static void add_cell(const struct laboratory *laboratory, struct finished *finished) {
  struct run *run = laboratory->run;
  const struct network_shape shape = gradient_shape(&laboratory->common, &finished->cell);
  gradient_theory(&finished->cell, finished->setting, &shape, finished->input_square, finished->input_variance);
#pragma omp critical
  {
    if (run->journal && !journal_add(run->journal, &finished->cell)) warn_of_journal(run);
    interrupted(); /* asked for its other meaning: does not return while last words are read from the result */
    result_add_cell(run->result, &finished->cell);
  }
}

/* The cell whose networks are done just now: they come in the order of cells and seeds. */
struct current {
  const struct gradient_setting *setting;
  struct gradient_tally tally;
  bool failed;        /* the cell */
  bool stopped;       /* all: interrupted, or out of memory */
  struct error error; /* of the latter */
  bool broken;
};

static void free_tally(struct gradient_tally *tally) {
  free(tally->sums);
  free(tally->histograms);
}

static bool begin_cell(struct current *current, const struct gradient_setting *setting, bool histograms,
                       struct error *error) {
  struct gradient_tally *tally = &current->tally;
  const size_t depth = setting->cell.depth;
  free_tally(tally);
  *tally = (struct gradient_tally){.sums = calloc(depth, sizeof *tally->sums)};
  if (histograms) tally->histograms = calloc(depth, sizeof *tally->histograms);
  current->setting = setting;
  current->failed = false;
  return (tally->sums && (tally->histograms || !histograms)) ||
         error_set(error, "out of memory: the statistics of %zu layers", depth);
}

/* What became of a network. */
enum outcome { OUTCOME_DONE, OUTCOME_FAILED, OUTCOME_NO_MEMORY, OUTCOME_INTERRUPTED };

/* Books the k-th network of its cell; with the last one, the cell is finished. */
static void finish_network(struct laboratory *laboratory, struct current *current, const struct gradient_trial *trial,
                           const struct gradient_setting *setting, size_t k, enum outcome outcome,
                           const struct error *error, struct finished *finished) {
  struct run *run = laboratory->run;
  const size_t seeds = setting->cell.seeds;
  if (current->stopped) return;
  if (outcome == OUTCOME_INTERRUPTED) {
    current->stopped = true;
    return;
  }
  if (outcome == OUTCOME_DONE && setting != current->setting &&
      !begin_cell(current, setting, run->options->histograms, &current->error))
    current->stopped = current->broken = true;
  if (outcome == OUTCOME_NO_MEMORY) current->stopped = current->broken = true, current->error = *error;
  if (current->stopped) return;
  if (outcome == OUTCOME_FAILED && !(setting == current->setting && current->failed)) {
    run_leave_out(run, setting->name, error);
    current->setting = setting;
    current->failed = true;
  }
  run_progress(run, planned_seconds(laboratory, setting) / (double)seeds, setting->name);
  if (current->failed) return;
  gradient_tally_add(&current->tally, &trial->sample, setting->cell.depth);
  run->result->network_operations += trial->sample.operations;
  run->result->network_seconds += trial->sample.seconds;
  if (k + 1 == seeds) *finished = finish_cell(setting, &current->tally);
}

/* ---- many networks ---------------------------------------------------------------------------------------------- */

static enum outcome run_network(const struct laboratory *laboratory, struct gradient_trial *trial,
                                const struct gradient_setting *setting, size_t k, int threads, struct error *error) {
  if (interrupted()) return OUTCOME_INTERRUPTED;
  if (!gradient_trial_prepare(trial, &laboratory->common, setting, threads, error)) return OUTCOME_NO_MEMORY;
  return gradient_trial_run(trial, &laboratory->common, k, error) ? OUTCOME_DONE : OUTCOME_FAILED;
}

/* Networks that threads take turns at, and the one whose turn it is to be booked. */
struct queue {
  const struct gradient_setting *const *settings;
  size_t seeds, count; /* networks */
  atomic_size_t next, turn;
};

/* Networks are booked in order, so that sums are the same bits for any number of threads. Those that run side by side
 * are alike, the longest first: hardly anybody waits. */
static void wait_for_turn(const struct queue *queue, size_t i) {
  const struct timespec moment = {0, 20000};
  while (atomic_load(&queue->turn) != i) nanosleep(&moment, NULL);
}

static void work(struct laboratory *laboratory, struct queue *queue, struct current *current, int threads) {
  struct gradient_trial trial = {0};
  bool stopped = false;
  for (size_t i; !stopped && (i = atomic_fetch_add(&queue->next, 1)) < queue->count;) {
    struct error why;
    const struct gradient_setting *setting = queue->settings[i / queue->seeds];
    const enum outcome outcome = run_network(laboratory, &trial, setting, i % queue->seeds, threads, &why);
    wait_for_turn(queue, i);
    struct finished finished = {0};
    finish_network(laboratory, current, &trial, setting, i % queue->seeds, outcome, &why, &finished);
    stopped = current->stopped;
    atomic_store(&queue->turn, i + 1);
    if (finished.setting) add_cell(laboratory, &finished);
  }
  gradient_trial_destroy(&trial);
}

/* Runs all networks of the settings, `side_by_side` at a time with `threads` threads each. */
static bool run_networks(struct laboratory *laboratory, const struct gradient_setting *const *settings, size_t count,
                         int side_by_side, int threads, struct error *error) {
  const size_t seeds = laboratory->run->options->seeds;
  struct queue queue = {.settings = settings, .seeds = seeds, .count = count * seeds};
  struct current current = {0};
  if (count == 0) return true;
  run_pin(laboratory->run, side_by_side > 1 ? side_by_side : threads);
#pragma omp parallel num_threads(side_by_side) if (side_by_side > 1)
  work(laboratory, &queue, &current, threads);
  free_tally(&current.tally);
  return !current.broken || error_set(error, "%s", current.error.text);
}

/* Whether the setting's networks are run side by side, one for each thread, because all of them fit in half of the
 * memory; of larger ones each shares its products out among the threads. */
static bool is_small(const struct laboratory *laboratory, const struct gradient_setting *setting, double memory) {
  return gradient_trial_bytes(&laboratory->common, &setting->cell, 1) <= memory / 2 / laboratory->threads;
}

static double product_operations(const struct gradient_cell *cell) {
  return 2 * (double)cell->batch * (double)cell->width * (double)cell->width;
}

/* Takes the cells that an earlier run has out of the grid and into the result, or only out of it.
 * Returns how many of them are of this grid. */
static size_t take_finished(struct laboratory *laboratory, bool into_result) {
  struct gradient_grid *grid = &laboratory->grid;
  size_t left = 0, known = 0;
  for (size_t i = 0; laboratory->run->resume && i < grid->count; i++) {
    struct gradient_cell *found = resume_find(laboratory->run->resume, &grid->items[i].cell);
    known += found != NULL;
    if (found && laboratory->run->options->histograms && !found->histograms) found = NULL;
    if (!found) grid->items[left++] = grid->items[i];
    if (!found || !into_result) continue;
    found->index = grid->items[i].cell.index;
    interrupted(); /* as in add_cell() */
    result_add_cell(laboratory->run->result, found);
    gradient_cell_forget(found); /* the result's now */
  }
  if (laboratory->run->resume) grid->count = left;
  return known;
}

static bool run_grid(struct laboratory *laboratory, struct error *error) {
  struct result *result = laboratory->run->result;
  take_finished(laboratory, true);
  const struct gradient_setting **settings = gradient_grid_longest_first(&laboratory->grid);
  const struct gradient_setting **small = malloc((laboratory->grid.count + 1) * sizeof *small);
  const double memory = (double)network_available_bytes();
  size_t large_count = 0, small_count = 0;
  if (!settings || !small) {
    free(settings);
    free(small);
    return error_set(error, "out of memory: a grid of %zu cells", laboratory->grid.count);
  }
  for (size_t i = 0; i < laboratory->grid.count; i++)
    if (is_small(laboratory, settings[i], memory))
      small[small_count++] = settings[i];
    else
      settings[large_count++] = settings[i];
  const size_t networks = small_count * laboratory->run->options->seeds, all = (size_t)laboratory->threads;
  /* With fewer networks than threads, these share out products that are worth it. */
  const bool share = networks < all && small_count > 0 && product_operations(&small[0]->cell) > SHARED_PRODUCT;
  const int side_by_side = share ? 1 : (int)(networks < all ? networks : all);
  const int threads = share ? laboratory->threads : 1;
  const bool fine = run_networks(laboratory, settings, large_count, 1, laboratory->threads, error) &&
                    run_networks(laboratory, small, small_count, side_by_side, threads, error);
  result_sort_cells(result);
  free(settings);
  free(small);
  return fine;
}

/* ---- the plan --------------------------------------------------------------------------------------------------- */

/* What a grid needs. */
struct cost {
  size_t cells;
  double seconds, network_bytes /* of what runs at a time */, result_bytes;
};

/* Numbers with units that a person can grasp. */
static void say_bytes(char text[16], double bytes) {
  const double unit = bytes < 1e6 ? 1e3 : bytes < 1e9 ? 1e6 : bytes < 1e12 ? 1e9 : 1e12;
  snprintf(text, 16, "%.*f %s", bytes / unit < 10, bytes / unit,
           bytes < 1e6    ? "kB"
           : bytes < 1e9  ? "MB"
           : bytes < 1e12 ? "GB"
                          : "TB");
}

static void say_seconds(char text[16], double seconds) {
  const double unit = seconds < 100 ? 1 : seconds < 6000 ? 60 : 3600;
  snprintf(text, 16, "%.*f %s", seconds / unit < 10, seconds / unit,
           seconds < 100    ? "s"
           : seconds < 6000 ? "min"
                            : "h");
}

/* A single network that does not fit. */
static bool check_network(const struct laboratory *laboratory, const struct gradient_setting *setting, double memory,
                          struct error *error) {
  const struct network_shape shape = gradient_shape(&laboratory->common, &setting->cell);
  const double bytes = gradient_trial_bytes(&laboratory->common, &setting->cell, laboratory->threads);
  char needed[16], available[16];
  if (bytes <= memory) return true;
  if (!network_check_memory(&shape, laboratory->common.table, laboratory->threads, error)) return false;
  say_bytes(needed, bytes);
  say_bytes(available, memory);
  return error_set(error,
                   "a network of depth %zu and width %zu needs %s with what is noted of its layers, %s are available; "
                   "choose smaller --depths or --widths, or leave --histograms out",
                   shape.depth, shape.width, needed, available);
}

static bool plan_cell(struct laboratory *laboratory, const struct gradient_setting *setting, double memory,
                      struct cost *cost, struct error *error) {
  const struct network_shape shape = gradient_shape(&laboratory->common, &setting->cell);
  if (!network_check_initializer(&shape, setting->initializer, error)) return false;
  if (!check_network(laboratory, setting, memory, error)) return false;
  const int side_by_side = is_small(laboratory, setting, memory) ? laboratory->threads : 1;
  const double bytes =
      side_by_side * gradient_trial_bytes(&laboratory->common, &setting->cell, laboratory->threads / side_by_side);
  const double seconds = planned_seconds(laboratory, setting);
  cost->cells++;
  cost->seconds += seconds;
  if (bytes > cost->network_bytes) cost->network_bytes = bytes;
  run_plan(laboratory->run, setting->name, seconds);
  return true;
}

/* What can't be done is refused; a grid that takes longer than --budget must be asked for twice. */
static bool check_cost(const struct options *options, const struct cost *cost, double memory, struct error *error) {
  char needed[16], available[16], time[16], allowed[16];
  say_bytes(needed, cost->network_bytes + cost->result_bytes);
  say_bytes(available, memory);
  say_seconds(time, cost->seconds);
  say_seconds(allowed, options->budget);
  if (cost->network_bytes + cost->result_bytes > memory)
    return error_set(error,
                     "networks and results of the grid would take about %s of memory, %s are available; split it with "
                     "--shard=K/N%s",
                     needed, available, options->histograms ? ", or leave --histograms out" : "");
  if (options->yes || options->list || cost->seconds <= options->budget) return true;
  return error_set(error,
                   "the grid has %zu cells of %zu networks, would take about %s and %s of memory; that is more time "
                   "than --budget allows, %s: add --yes to run it all the same, or split it with --shard=K/N",
                   cost->cells, options->seeds, time, needed, allowed);
}

static bool plan_grid(struct laboratory *laboratory, struct error *error) {
  const double memory = (double)network_available_bytes();
  const size_t count = laboratory->grid.count;
  struct cost cost = {0};
  for (size_t i = 0; i < count; i++)
    cost.result_bytes += gradient_cell_bytes(&laboratory->grid.items[i].cell, laboratory->run->options);
  const size_t known = take_finished(laboratory, false);
  if (laboratory->run->resume && known < laboratory->run->resume->count)
    return error_set(error,
                     "--resume: %s has %zu finished cells that are not of this grid, and they would be lost; give the "
                     "options that it was made with, or another --out",
                     laboratory->run->options->out, laboratory->run->resume->count - known);
  for (size_t i = 0; i < laboratory->grid.count; i++)
    if (!plan_cell(laboratory, &laboratory->grid.items[i], memory, &cost, error)) return false;
  return check_cost(laboratory->run->options, &cost, memory, error);
}

static struct examples examples_of(const struct gradient_laboratory *common) {
  return (struct examples){.data = common->options->data, .seed = common->options->seed, .table = common->table};
}

/* The images that all networks of a cell need. */
static bool load_images(struct gradient_laboratory *common, struct error *error) {
  size_t wanted;
  if (__builtin_mul_overflow(common->options->batch, common->options->seeds, &wanted)) wanted = SIZE_MAX;
  return examples_load(&common->images, examples_of(common), wanted, error);
}

static bool plan_or_run(struct laboratory *laboratory, struct error *error) {
  const struct run *run = laboratory->run;
  const bool images = run->options->data != INPUT_NORMAL;
  if (run->planning) {
    if (images && !run->options->list && !examples_check(examples_of(&laboratory->common), error)) return false;
    return plan_grid(laboratory, error);
  }
  if (images && !load_images(&laboratory->common, error)) return false;
  const bool fine = run_grid(laboratory, error);
  dataset_free(&laboratory->common.images);
  return fine;
}

bool suite_gradients(struct run *run, struct error *error) {
  const struct kernel_table *const table = run_best_table(run);
  struct laboratory laboratory = {.run = run, .threads = run_most_threads(run)};
  laboratory.common =
      (struct gradient_laboratory){.options = run->options,
                                   .table = table,
                                   .rng = rng_init(run->options->rng, table, run->cpu),
                                   .caches = residence_caches(&run->result->machine, laboratory.threads)};
  if (!gradient_grid_make(&laboratory.grid, run, table->name, error)) return false;
  const bool fine = plan_or_run(&laboratory, error);
  gradient_grid_free(&laboratory.grid);
  return fine;
}
