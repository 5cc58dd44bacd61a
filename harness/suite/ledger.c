#include "harness/suite/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/interrupt.h"
#include "harness/stats.h"

#define PASSES STATISTICS_BATCHES /* for all rows */
#define QUICK_PASSES 6
#define LEAST_PASSES 6  /* where the machine is so busy that they take longer than planned */
#define MORE_PASSES 8   /* at most, for those that need it */
#define FLOOR_SHARE 0.6 /* of the planned time, that every row gets; the rest goes to those that need it */

struct ledger_entry *ledger_find(const struct ledger *ledger, const struct result_row *row) {
  for (size_t i = 0; i < ledger->count; i++) {
    struct ledger_entry *const entry = ledger->entries[i];
    if (strcmp(entry->name, row->name) == 0 && strcmp(entry->residence, row->residence) == 0) return entry;
  }
  return NULL;
}

/* ---- what is asked for ------------------------------------------------------------------------------------------ */

/* What every row gets: with --min-time that, but never more than --max-time. */
static double floor_of(const struct options *options, double seconds) {
  const double least = options->min_time_given ? seconds : FLOOR_SHARE * seconds;
  return options->max_time > 0 ? fmin(least, options->max_time) : least;
}

/* What it adds to the time that rows may have beyond that: --min-time alone adds nothing, --interval as much again. */
static double more_of(const struct options *options, double seconds, double least) {
  if (options->min_time_given) return options->interval_given ? seconds : 0;
  return fmax(seconds - least, 0);
}

/* What the passes up to this one are to bring. */
static void set_target(const struct ledger *ledger, struct ledger_entry *entry) {
  entry->target = entry->least * (double)(ledger->pass + 1) / (double)ledger->passes;
  entry->target_samples = (entry->samples * (ledger->pass + 1) + ledger->passes - 1) / ledger->passes;
}

struct ledger_entry *ledger_add(struct run *run, const struct result_row *row, double seconds, size_t samples) {
  struct ledger *const ledger = run->ledger;
  struct ledger_entry *const entry = calloc(1, sizeof *entry);
  struct ledger_entry **const entries = realloc(ledger->entries, (ledger->count + 1) * sizeof(struct ledger_entry *));
  if (!entry || !entries) {
    fputs("bench: out of memory\n", stderr);
    abort();
  }
  *entry = (struct ledger_entry){.row = SIZE_MAX,
                                 .seconds = seconds,
                                 .least = floor_of(run->options, seconds),
                                 .samples = samples,
                                 .support = row->support,
                                 .cold = cases_is_cold(row)};
  memcpy(entry->name, row->name, sizeof entry->name);
  memcpy(entry->residence, row->residence, sizeof entry->residence);
  set_target(ledger, entry);
  ledger->entries = entries;
  ledger->entries[ledger->count++] = entry;
  if (!entry->support) ledger->pool += more_of(run->options, seconds, entry->least);
  return entry;
}

static bool lacks(const struct ledger_entry *entry) {
  struct series series = entry->series;
  const struct bench_case c = {
      .series = &series, .cold = entry->cold, .seconds = entry->target, .least = entry->target_samples};
  return measure_lacks(&c, false);
}

bool ledger_lacks(const struct ledger *ledger, const struct result_row *row) {
  const struct ledger_entry *const entry = ledger_find(ledger, row);
  return entry ? lacks(entry) : !ledger->more;
}

double ledger_pass_share(const struct ledger *ledger, const struct ledger_entry *entry) {
  return (entry->seconds > 0 ? entry->least / entry->seconds : 1) / (double)ledger->passes;
}

/* ---- rows that need more ---------------------------------------------------------------------------------------- */

/* How far the row's interval reaches, in shares of --interval. */
static double looseness(const struct run *run, const struct ledger_entry *entry) {
  if (entry->support || entry->row == SIZE_MAX) return 0;
  const struct statistics *time = &run->result->rows[entry->row].time;
  return 50 * (time->high - time->low) / time->median / run->options->interval;
}

/* What counts as spent, as measure_lacks() does. */
static double spent(const struct ledger_entry *entry) {
  return 1e-9 * (entry->cold ? entry->series.spent : (double)entry->series.count * entry->series.fastest);
}

/* Seconds that the row may still have, by --max-time or, without, eight times what was planned. */
static double room(const struct run *run, const struct ledger_entry *entry) {
  const double most = run->options->max_time > 0 ? run->options->max_time : 8 * entry->seconds;
  return most - fmax(1e-9 * entry->series.spent, spent(entry));
}

/* Gives rows that are too loose a share of what is left, the loosest first. Returns whether any got one. */
static bool grant(const struct run *run, struct ledger *ledger, size_t passes_left) {
  const bool endless = run->options->max_time > 0;
  size_t loose = 0, granted = 0;
  for (size_t i = 0; i < ledger->count; i++) {
    struct ledger_entry *const entry = ledger->entries[i];
    entry->target = 0, entry->target_samples = 0;
    loose += looseness(run, entry) > 1 && room(run, entry) > 0;
  }
  for (size_t left = loose; left > 0; left--) {
    struct ledger_entry *next = NULL;
    for (size_t i = 0; i < ledger->count; i++) {
      struct ledger_entry *const entry = ledger->entries[i];
      const double how = entry->target > 0 || room(run, entry) <= 0 ? 0 : looseness(run, entry);
      if (how > 1 && (!next || how > looseness(run, next))) next = entry;
    }
    if (!next) break;
    const double batch = fmax(next->least / (double)ledger->passes, 1e-9 * next->series.fastest);
    const double share = endless ? room(run, next) / (double)passes_left : ledger->pool / (double)(left * passes_left);
    const double seconds = fmin(room(run, next), fmax(batch, share));
    if (!endless && seconds > ledger->pool) break;
    next->target = spent(next) + seconds;
    ledger->pool -= seconds;
    granted++;
  }
  return granted > 0;
}

/* ---- the suite -------------------------------------------------------------------------------------------------- */

static void free_entries(struct ledger *ledger) {
  for (size_t i = 0; i < ledger->count; i++) {
    series_free(&ledger->entries[i]->series);
    free(ledger->entries[i]);
  }
  free(ledger->entries);
}

/* Whether passes for single rows are in time: the machine may be so busy that those for all took it all. */
static bool in_time(const struct run *run, const struct ledger *ledger, uint64_t started) {
  return run->options->max_time > 0 || (double)(clock_now() - started) * 1e-9 < ledger->planned + run->spare;
}

bool ledger_run(struct run *run, suite_function *suite, struct error *error) {
  struct ledger ledger = {.passes = run->options->quick ? QUICK_PASSES : PASSES, .pool = run->spare};
  const uint64_t started = clock_now();
  bool fine = true;
  run->ledger = &ledger;
  for (; fine && ledger.pass < ledger.passes && !interrupted(); ledger.pass++) {
    const bool late = ledger.pass >= LEAST_PASSES && !run->options->min_time_given && !in_time(run, &ledger, started);
    if (late) ledger.pass = ledger.passes - 1; /* and brings the samples that are missing, if any */
    for (size_t i = 0; i < ledger.count; i++) {
      set_target(&ledger, ledger.entries[i]);
      if (late) ledger.entries[i]->target = 0;
    }
    fine = suite(run, error);
  }
  ledger.more = true;
  for (size_t left = MORE_PASSES; fine && left > 0 && !interrupted(); left--) {
    if (!in_time(run, &ledger, started) || !grant(run, &ledger, left)) break;
    fine = suite(run, error);
  }
  if (fine) cases_conclude(run);
  run->spare = fmax(ledger.pool, 0);
  if (ledger.planned > ledger.told) run_progress(run, ledger.planned - ledger.told, "");
  free_entries(&ledger);
  run->ledger = NULL;
  return fine;
}
