/* Rows of a suite while they are measured: in passes, each of which opens the suite's arrays anew and takes a batch of
 * samples of every row. So the samples of a row are spread over the whole suite, and its data lies elsewhere in each
 * batch: what differs from run to run differs from batch to batch, and the interval made of them holds for other runs,
 * too. Passes that follow are for the rows whose intervals are too wide still. */
#ifndef DEPTHMARK_LEDGER_H
#define DEPTHMARK_LEDGER_H

#include "harness/suite/cases.h"

struct ledger_entry {
  size_t row; /* its place in the result, once it has a sample; else SIZE_MAX */
  char name[ROW_NAME], residence[8];
  struct series series;
  struct traffic traffic;
  const char *compute_limit, *kernel; /* as in struct cases */
  double seconds, least;              /* of samples that are planned in all, and that the floor asks for */
  double planned;                     /* seconds that all of that takes, calls between samples included */
  double target;                      /* seconds of samples that the series is to have after this pass */
  size_t samples, target_samples;     /* least number of them in all, and after this pass */
  bool support, cold;
};

struct ledger {
  struct ledger_entry **entries;
  size_t count;
  size_t pass, passes;  /* the one that runs, from 0; for all rows */
  bool more;            /* the passes for all rows are over */
  double pool;          /* seconds that rows may have beyond the floor */
  double planned, told; /* seconds of progress: of all entries, and reported */
};

/* The entry of the row, or NULL; ledger_add makes one for this pass on. */
struct ledger_entry *ledger_find(const struct ledger *ledger, const struct result_row *row);
struct ledger_entry *ledger_add(struct run *run, const struct result_row *row, double seconds, size_t samples);

/* Whether the row is to be measured in this pass. */
bool ledger_lacks(const struct ledger *ledger, const struct result_row *row);

/* The share of a row's planned seconds that one of the passes for all rows takes. */
double ledger_pass_share(const struct ledger *ledger, const struct ledger_entry *entry);

/* Runs a suite that measures rows in passes, until its rows are as tight as --interval asks for or time is up, and
 * works out their limits and ratios. */
bool ledger_run(struct run *run, suite_function *suite, struct error *error);

#endif
