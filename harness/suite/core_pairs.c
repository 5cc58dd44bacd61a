#include "harness/suite/core_pairs.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/clock.h"
#include "harness/interrupt.h"
#include "harness/pin.h"
#include "harness/stats.h"
#include "harness/suite/cases.h"

#define ROUND_TRIPS 1000
#define SAMPLES 9
#define PATIENCE_NS 100000000u /* of a sample: then the other thread does not run */
#define GLANCES 65536          /* at the line between two looks at the clock */
#define PAIR_SECONDS 0.005     /* planned */
#define ALL_PAIRS_CORES 16
#define FEW_PAIRS 8

/* The line that goes to and fro: odd when it is the second thread's turn. */
struct ball {
  _Alignas(128) atomic_uint turn;
  _Alignas(128) atomic_bool given_up;
};

/* Waits until the line says `turn`. */
static bool await(struct ball *ball, unsigned turn) {
  uint64_t since = 0;
  for (unsigned glance = 1;; glance++) {
    if (atomic_load_explicit(&ball->turn, memory_order_acquire) == turn) return true;
    if (glance % GLANCES) continue;
    if (atomic_load(&ball->given_up)) return false;
    if (!since) since = clock_now();
    if (clock_now() - since < PATIENCE_NS) continue;
    atomic_store(&ball->given_up, true);
    return false;
  }
}

/* One sample in nanoseconds one way, 0 when given up. */
static double play_first(struct ball *ball, unsigned *turn) {
  const uint64_t start = clock_now();
  for (int i = 0; i < ROUND_TRIPS; i++) {
    atomic_store_explicit(&ball->turn, ++*turn, memory_order_release);
    if (!await(ball, ++*turn)) return 0;
  }
  return (double)(clock_now() - start) / (2 * ROUND_TRIPS);
}

static void play_second(struct ball *ball) {
  for (unsigned turn = 1; turn < 2 * ROUND_TRIPS * (SAMPLES + 1); turn += 2) {
    if (!await(ball, turn)) return;
    atomic_store_explicit(&ball->turn, turn + 1, memory_order_release);
  }
}

double core_pairs_seconds(hwloc_topology_t topology, unsigned from, unsigned to) {
  struct ball ball = {0};
  double samples[SAMPLES + 1] = {0};
  bool bound = true;
  int team = 1;
#pragma omp parallel num_threads(2) reduction(&& : bound)
  {
    const int thread = omp_get_thread_num();
    bound = pin_here(topology, thread ? to : from);
#pragma omp barrier
#pragma omp single
    team = omp_get_num_threads();
    if (team == 2 && thread == 1) play_second(&ball);
    unsigned turn = 0;
    for (int i = 0; team == 2 && thread == 0 && i <= SAMPLES; i++)
      if ((samples[i] = play_first(&ball, &turn)) == 0) break;
  }
  if (!bound || team != 2 || atomic_load(&ball.given_up)) return 0;
  return statistics_of(samples + 1, SAMPLES).median * 1e-9; /* without the first, for which threads woke up */
}

static void note(struct run *run, unsigned from, unsigned to) {
  struct result_limit limit = {.name = "core_to_core", .threads = 2, .node = -1, .unit = "s"};
  limit.value = core_pairs_seconds(run->topology, from, to);
  snprintf(limit.cores, sizeof limit.cores, "%u-%u", from, to);
  if (limit.value > 0) result_add_limit(run->result, &limit);
}

bool core_pairs_suite(struct run *run, struct error *error) {
  static const char name[] = "limits/core_to_core";
  const bool few = !options_want_all(run->options);
  const int count = pin_capacity(run->topology, run->options->pin);
  const int first = count <= ALL_PAIRS_CORES ? count : 1; /* of the pairs' first cores */
  if (!run->options->suites[SUITE_LIMITS] || run->options->pin == PIN_NONE || count < 2 || !run_wants(run, name))
    return true;
  int pairs = 0;
  for (int i = 0; i < first; i++) pairs += count - 1 - i;
  if (few && pairs > FEW_PAIRS) pairs = FEW_PAIRS;
  if (run->planning) {
    run_plan(run, name, pairs * PAIR_SECONDS);
    return true;
  }
  unsigned *const places = calloc((size_t)count, sizeof *places);
  if (!places) return error_set(error, "out of memory");
  pin_places(run->topology, run->options->pin, places, count);
  for (int i = 0, done = 0; i < first; i++)
    for (int j = i + 1; j < count && done < pairs && !interrupted(); j++, done++) {
      note(run, places[i], places[j]);
      run_progress(run, PAIR_SECONDS, name);
    }
  free(places);
  return true;
}
