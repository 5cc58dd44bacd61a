/* The machine's own limits, which every other row is held against. Runs first, also when not asked for: then only what
 * the other rows need is measured. */
#include <stdio.h>
#include <string.h>

#include "harness/interrupt.h"
#include "harness/suite/clocks.h"
#include "harness/suite/core_pairs.h"
#include "harness/suite/elementwise.h"
#include "harness/suite/latency.h"
#include "harness/suite/numa.h"

/* Whether a row before has said so already: those of further sizes say nothing new. */
static bool is_known(const struct result *result, const struct result_limit *limit) {
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *known = &result->limits[i];
    if (strcmp(known->name, limit->name) == 0 && strcmp(known->residence, limit->residence) == 0 &&
        strcmp(known->arch, limit->arch) == 0 && strcmp(known->cores, limit->cores) == 0 &&
        known->threads == limit->threads && known->smt == limit->smt)
      return true;
  }
  return false;
}

/* Operations of a chain, each waiting for the one before, take a latency each. What interferes can only make that
 * longer. */
static void set_value(struct result_limit *limit, const struct result_row *row) {
  const double amount = row->flops > 0 ? row->flops : row->bytes;
  snprintf(limit->unit, sizeof limit->unit, "%s", row->flops > 0 ? "operations/s" : amount > 0 ? "bytes/s" : "s");
  limit->value = amount > 0 ? amount / row->time.median * 1e9 : row->time.p10 * 1e-9 / row->items * row->threads;
}

/* A rate is what the machine sustains, so it is the median like any other figure. */
static void note_limit(struct result *result, const struct result_row *row) {
  struct result_limit limit = {.threads = row->threads, .smt = row->smt, .node = -1};
  strcpy(limit.residence, row->residence);
  strcpy(limit.arch, row->arch);
  memcpy(limit.name, row->kernel, sizeof limit.name - 1);
  strcpy(limit.cores, row->cores);
  set_value(&limit, row);
  if (!is_known(result, &limit)) result_add_limit(result, &limit);
}

bool suite_limits(struct run *run, struct error *error) {
  static const enum residence all[] = {RESIDENCE_L1, RESIDENCE_L2, RESIDENCE_L3, RESIDENCE_MEMORY};
  return elementwise_suite(run, suite_names[SUITE_LIMITS], all, sizeof all / sizeof *all, error) &&
         latency_suite(run, error);
}

bool limits_finish(struct run *run, struct error *error) {
  for (size_t i = 0; i < run->result->row_count; i++)
    if (strcmp(run->result->rows[i].suite, suite_names[SUITE_LIMITS]) == 0)
      note_limit(run->result, &run->result->rows[i]);
  /* A core's clock and its way to memory are its own, however many threads sit on it. */
  if (run->result->machine.scope.smt > 1 || interrupted()) return true;
  return core_pairs_suite(run, error) && numa_suite(run, error) && clocks_suite(run, error);
}
