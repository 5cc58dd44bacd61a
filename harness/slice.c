#include "harness/slice.h"

#include <math.h>
#include <omp.h>

#include "harness/clock.h"
#include "harness/stats.h"

#define SAMPLE_NS 150e3
#define CALIBRATION_NS 50e3 /* a first measurement at least this long tells how long a call takes */
#define CALIBRATION_RUNS 3  /* of which the fastest counts: an interruption must not make samples too short */
#define SLOW_CALL_NS 3e6    /* so long that warming an L2 cache of 1 MiB first would change less than 1 % */
#define OVERHEAD_RUNS 31
#define COLD_SAMPLES 64 /* in one turn, at most */

/* Nanoseconds that `calls` calls take. A parallel region is timed as a whole. */
static double run(const struct bench_case *c, uint64_t calls) {
  const uint64_t start = clock_now();
  if (c->team && c->row.threads > 1) {
#pragma omp parallel num_threads(c->row.threads)
    c->call(c->context, omp_get_thread_num(), calls);
  } else {
    c->call(c->context, 0, calls);
  }
  return (double)(clock_now() - start);
}

/* What a sample of no calls takes: the clock, and starting a team. */
static double overhead_of(const struct bench_case *c) {
  double ns[OVERHEAD_RUNS];
  for (int i = 0; i < OVERHEAD_RUNS; i++) ns[i] = run(c, 0);
  return statistics_of(ns, OVERHEAD_RUNS).median;
}

/* The first call, which meets cold code and data, only decides whether to go on. */
static uint64_t calls_in_a_sample(const struct bench_case *c) {
  uint64_t calls = 1;
  double ns = run(c, calls);
  if (ns < SLOW_CALL_NS) {
    ns = run(c, calls);
    while (ns < CALIBRATION_NS) {
      calls *= ns < CALIBRATION_NS / 16 ? 8 : 2;
      ns = run(c, calls);
    }
    for (int i = 1; i < CALIBRATION_RUNS && ns < SAMPLE_NS * 10; i++) ns = fmin(ns, run(c, calls));
  }
  const double wanted = round(SAMPLE_NS * (double)calls / ns);
  return wanted > 1 ? (uint64_t)wanted : 1;
}

/* Nanoseconds of a call, 0 before the first sample. */
static double call_ns(const struct bench_case *c) {
  const struct series *series = c->series;
  return series->count ? series->wall[series->count - 1] : 0;
}

void slice_prepare(struct slicing *slicing, const struct bench_case *c) {
  (void)slicing;
  if (c->series->calls == 0) {
    c->series->calls = c->cold ? 1 : calls_in_a_sample(c);
    if (!c->cold) return;
    run(c, 1);
    c->series->overhead = overhead_of(c);
  } else if (call_ns(c) < SLOW_CALL_NS) {
    run(c, 1);
  }
}

static void warm_up(const struct slicing *slicing, const struct bench_case *c) {
  const double ns = call_ns(c) > 0 ? call_ns(c) : SAMPLE_NS / (double)c->series->calls;
  if (ns >= SLOW_CALL_NS) return;
  const double calls = ceil(fmax(slicing->settings->warm_ns, MEASURE_WARM_NS) / ns);
  run(c, calls > 1 ? (uint64_t)calls : 1);
}

/* Counters run beside every sample: starting them takes about a microsecond, before and after the time is taken. */
static bool take(struct slicing *slicing, const struct bench_case *c, double overhead) {
  struct series *const series = c->series;
  struct counter_values counted = {0};
  const uint64_t cpu = clock_cpu();
  counter_team_start(&slicing->counters);
  const double ns = run(c, series->calls) - overhead;
  counter_team_stop(&slicing->counters, &counted);
  if (counted.cycles) {
    series->counted.cycles += counted.cycles;
    series->counted.instructions += counted.instructions;
    series->counted.cache_misses += counted.cache_misses;
    series->counted.has_cache_misses |= counted.has_cache_misses;
    series->counted_calls += (double)series->calls * c->row.threads;
  }
  return series_add(series, fmax(ns, 1), (double)(clock_cpu() - cpu), series->calls);
}

static bool drop_data(struct slicing *slicing, const struct bench_case *c) {
  if (c->evict && evict(slicing, 1)) {
    c->evict(c->context);
    evict_wait();
    return true;
  }
  return evict_everything(&slicing->evictor, slicing->settings->cache_bytes);
}

bool slice_take(struct slicing *slicing, const struct bench_case *c) {
  if (!c->cold) {
    if (c->hot) warm_up(slicing, c);
    return take(slicing, c, 0);
  }
  const uint64_t start = clock_now();
  const double before = c->series->spent;
  double elapsed = 0;
  for (int i = 0; i < COLD_SAMPLES && elapsed < SAMPLE_NS; i++) {
    if (!drop_data(slicing, c) || !take(slicing, c, c->series->overhead)) return false;
    elapsed = (double)(clock_now() - start);
  }
  c->series->spent = before + elapsed; /* dropping data takes time, too */
  return true;
}
