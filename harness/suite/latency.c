#include "harness/suite/latency.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/chase.h"
#include "harness/interrupt.h"
#include "harness/peers/peers.h"
#include "harness/suite/cases.h"

#define MEMORY_STEPS 4096 /* of one call; of a cache's chain the call before a sample meets all */
#define HUGE_PAGE ((size_t)2 << 20)
/* Written between the making of the chains and their following, as a multiple of the last cache, so that none of the
 * lines meant to be in memory is left in it. */
#define FLUSHES 2

/* One chain for each thread, in its own part of the block. */
struct chains {
  char *block, *base;  /* as mapped, and aligned to a huge page */
  size_t mapped, part; /* bytes, and those of a thread's part: whole pages */
  size_t bytes;        /* of a thread's chain, at the part's beginning */
  size_t steps;        /* of one call */
  int threads;
  struct at {
    _Alignas(64) void *node; /* where the thread goes on */
  } * at;
};

static void call(void *context, int thread, uint64_t calls) {
  struct chains *chains = context;
  chains->at[thread].node = chase_follow(chains->at[thread].node, calls * chains->steps);
}

/* ---- chains in memory ------------------------------------------------------------------------------------------- */

static bool chains_map(struct chains *chains, size_t bytes, int threads, bool huge) {
  const size_t part = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  *chains = (struct chains){.mapped = (size_t)threads * part + HUGE_PAGE, .part = part, .threads = threads};
  chains->bytes = bytes / chase_line() * chase_line();
  chains->at = aligned_alloc(64, (size_t)threads * sizeof *chains->at);
  chains->block = mmap(NULL, chains->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (chains->block == MAP_FAILED) chains->block = NULL;
  if (!chains->block || !chains->at) return false;
  chains->base = (char *)(((uintptr_t)chains->block + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
  (void)madvise(chains->base, chains->mapped - HUGE_PAGE, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  return true;
}

static void chains_close(struct chains *chains) {
  if (chains->block) munmap(chains->block, chains->mapped);
  free(chains->at);
  free(chains);
}

/* Each thread makes its own chain, so that its memory is near it. */
static bool chains_build(const struct run *run, struct chains *chains) {
  words_kernel *const words = run_best_table(run)->philox4x32_10;
  bool built = true;
#pragma omp parallel num_threads(chains->threads) reduction(&& : built)
  {
    const int t = omp_get_thread_num();
    chains->at[t].node = chains->base + (size_t)t * chains->part;
    built = chase_build(chains->at[t].node, chains->bytes, words, run->options->seed + (uint64_t)t);
  }
  return built;
}

/* ---- the cases -------------------------------------------------------------------------------------------------- */

/* The lines of a cache's chain are met once, so that they are there. */
static void warm(const struct chains *chains) {
#pragma omp parallel num_threads(chains->threads)
  {
    struct at *const at = &chains->at[omp_get_thread_num()];
    at->node = chase_follow(at->node, chains->bytes / chase_line());
  }
}

static bool flush(const struct run *run, int threads) {
  const size_t bytes = FLUSHES * residence_bytes(&run->result->machine, RESIDENCE_MEMORY, threads) / 4;
  bool fine = true;
#pragma omp parallel num_threads(threads) reduction(&& : fine)
  {
    char *const block = malloc(bytes);
    fine = block != NULL;
    if (block) memset(block, 1, bytes);
    measure_keep(block);
    free(block);
  }
  return fine;
}

/* Making a chain, first touch and all, in seconds. */
static double planned_seconds(size_t bytes) { return (double)bytes * 1e-9; }

/* Of a shared cache no more than is needed to be out of the one before: neighbours would drive it out. */
#define TIMES_L2 4
static size_t chain_bytes(const struct machine *machine, enum residence residence, int threads) {
  const size_t bytes = residence_bytes(machine, residence, threads), l2 = machine_cache_bytes(machine, 2);
  return residence == RESIDENCE_L3 && l2 > 0 && TIMES_L2 * l2 < bytes ? TIMES_L2 * l2 : bytes;
}

static bool add_case(struct run *run, struct cases *cases, enum residence residence, bool huge, struct error *error) {
  /* A row like that of a kernel that no limit applies to. */
  static const struct kernel like = {.suite = "limits", .limit = "", .signature = SIGNATURE_peak};
  const size_t bytes = chain_bytes(&run->result->machine, residence, cases->threads), line = chase_line();
  const enum arch arch = arch_find(run_best_table(run)->name);
  struct result_row row = cases_bare_row(suite_names[SUITE_LIMITS], arch, cases->threads);
  if (bytes < 2 * line) return true;
  snprintf(row.kernel, sizeof row.kernel, "memory_latency%s", huge ? "" : "_small_pages");
  snprintf(row.provider, sizeof row.provider, "%s", OWN_PROVIDER);
  snprintf(row.residence, sizeof row.residence, "%s", residence_names[residence]);
  snprintf(row.shape, sizeof row.shape, "%zu", bytes / line * (size_t)cases->threads);
  const size_t steps = residence == RESIDENCE_MEMORY ? MEMORY_STEPS : bytes / line;
  row.items = (double)steps * cases->threads;
  cases_name(&row);
  const size_t planned = run->plan->count;
  struct bench_case *const added = cases_add(run, cases, &row, &like, false);
  if (run->planning && run->plan->count > planned) run_plan(run, NULL, planned_seconds(bytes));
  if (!added) return true;
  struct chains *const chains = calloc(1, sizeof *chains);
  if (!chains) return error_set(error, "out of memory");
  added->call = call;
  added->context = chains;
  added->team = true;
  added->hot = residence != RESIDENCE_MEMORY;
  if (chains_map(chains, bytes, cases->threads, huge) && chains_build(run, chains)) {
    chains->steps = steps;
    run_progress(run, planned_seconds(bytes), row.name);
    return true;
  }
  return error_set(error, "out of memory: %zu bytes for chains of lines", chains->mapped);
}

/* Whether the system gives huge pages to those who ask for them. */
static bool has_huge_pages(void) {
  char text[64] = "";
  FILE *const file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
  if (!file) return false;
  const bool read = fgets(text, sizeof text, file) != NULL;
  fclose(file);
  return read && !strstr(text, "[never]");
}

/* The largest first, so that what was made last is in the caches. */
static bool add_cases(struct run *run, struct cases *cases, struct error *error) {
  const bool small = options_want_all(run->options) && has_huge_pages();
  for (enum residence r = RESIDENCE_COUNT; r-- > 0 && !interrupted();) {
    if (small && r >= RESIDENCE_L3 && !add_case(run, cases, r, false, error)) return false;
    if (!add_case(run, cases, r, true, error)) return false;
  }
  return true;
}

bool latency_suite(struct run *run, struct error *error) {
  bool fine = true;
  const size_t most = options_want_all(run->options) ? run->options->thread_count : 1;
  for (size_t t = 0; fine && t < most && !interrupted(); t++) {
    struct cases cases = {.threads = run->options->threads[t]};
    if (!run->planning) run_pin(run, cases.threads);
    fine = add_cases(run, &cases, error);
    if (fine && cases.count && !flush(run, cases.threads)) fine = error_set(error, "out of memory");
    for (size_t i = 0; fine && i < cases.count; i++)
      if (cases.items[i].hot) warm(cases.items[i].context);
    fine = fine && cases_run(run, &cases, error);
    for (size_t i = 0; i < cases.count; i++)
      if (cases.items[i].context) chains_close(cases.items[i].context);
    cases_free(&cases);
  }
  return fine;
}
