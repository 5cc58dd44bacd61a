#include "harness/suite/clocks.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/interrupt.h"
#include "harness/stats.h"
#include "harness/suite/cases.h"

/* The load pauses for a chain of additions, whose time gives the frequency: shorter than the two thirds of a
 * millisecond for which Intel's processors keep the frequency of wide vectors after the last of them (Optimization
 * Reference Manual, "Skylake Server Power Management"). */
#define LOAD_STEPS 300000
#define SECONDS 0.1
#define QUICK_SECONDS 0.02
#define SETTLING 0.1 /* as a share of the time, before it */
#define SAMPLES_MOST 8192

static void load(const struct kernel_table *table) {
  float sink;
  table->fma_peak(LOAD_STEPS, &sink);
  measure_keep(&sink);
}

/* What the first thread does while the others only load their cores. */
static size_t watch(const struct kernel_table *table, double seconds, double *hertz) {
  const uint64_t begin = clock_now();
  const double settled = seconds * SETTLING * 1e9, end = settled + seconds * 1e9;
  size_t count = 0;
  while (!interrupted()) {
    load(table);
    const double elapsed = (double)(clock_now() - begin);
    if ((elapsed > end && count > 0) || count == SAMPLES_MOST) break;
    const double sample = clock_glance_hertz();
    if (elapsed > settled) hertz[count++] = sample;
  }
  return count;
}

bool clocks_measure(const struct kernel_table *table, int threads, double seconds, struct result_clock *clock) {
  double *const hertz = malloc(SAMPLES_MOST * sizeof *hertz);
  size_t count = 0;
  atomic_bool done = false;
  *clock = (struct result_clock){.threads = threads};
  snprintf(clock->arch, sizeof clock->arch, "%s", table->name);
  if (!hertz) return false;
#pragma omp parallel num_threads(threads)
  {
    if (omp_get_thread_num() == 0) {
      count = watch(table, seconds, hertz);
      atomic_store(&done, true);
    } else {
      while (!atomic_load_explicit(&done, memory_order_relaxed)) load(table);
    }
  }
  if (count) {
    const struct statistics s = statistics_of(hertz, count);
    clock->hertz = s.median, clock->low = s.p10, clock->high = s.p90;
  }
  free(hertz);
  return clock->hertz > 0;
}

/* Scalar code's is wanted beside any other's. */
static void one(struct run *run, enum arch arch, int threads) {
  const double seconds = run->options->quick ? QUICK_SECONDS : SECONDS, all = seconds * (1 + SETTLING);
  char name[ROW_NAME];
  const char *const cores = run->result->machine.scope.cores;
  snprintf(name, sizeof name, "%s/clock/arch:%s/threads:%d%s%s", suite_names[SUITE_LIMITS], arch_name(arch), threads,
           *cores ? "/cores:" : "", cores);
  if (!run_wants(run, name)) return;
  if (run->planning) {
    run_plan(run, cases_arch_selected(run, arch) ? name : NULL, all);
    return;
  }
  struct result_clock clock;
  if (clocks_measure(arch_table(arch), threads, seconds, &clock)) {
    snprintf(clock.cores, sizeof clock.cores, "%s", cores);
    result_add_clock(run->result, &clock);
  }
  run_progress(run, all, name);
}

bool clocks_suite(struct run *run, struct error *error) {
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  (void)error;
  if (!run->options->suites[SUITE_LIMITS]) return true;
  for (size_t t = 0; t < run->options->thread_count; t++) {
    if (!run->planning) run_pin(run, run->options->threads[t]);
    for (size_t a = 0; a < arch_count && !interrupted(); a++) one(run, archs[a], run->options->threads[t]);
  }
  return true;
}
