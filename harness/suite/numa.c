#include "harness/suite/numa.h"

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/chase.h"
#include "harness/clock.h"
#include "harness/interrupt.h"
#include "harness/pin.h"
#include "harness/stats.h"
#include "harness/suite/cases.h"

#define SAMPLES 9
#define STEPS 20000
#define PAIR_SECONDS 0.3 /* planned */

/* The first hardware threads of the node's cores; returns how many. */
static int places_of(hwloc_topology_t topology, hwloc_obj_t node, unsigned *places, int limit) {
  int count = 0;
  for (hwloc_obj_t pu = NULL;
       (pu = hwloc_get_next_obj_inside_cpuset_by_type(topology, node->cpuset, HWLOC_OBJ_PU, pu));) {
    const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    const bool first = !core || hwloc_bitmap_first(core->cpuset) == (int)pu->os_index;
    if (first && count < limit) places[count++] = pu->os_index;
  }
  return count;
}

/* Reads the whole, each thread its part; best of the samples in bytes a second: what interferes makes it slower. */
static double read_rate(const struct kernel_table *table, const float *memory, size_t n, int threads) {
  double best = 0;
  for (int s = 0; s < SAMPLES && !interrupted(); s++) {
    const uint64_t start = clock_now();
#pragma omp parallel num_threads(threads)
    {
      const size_t part = n / (size_t)threads;
      float sum;
      table->memory_read(&sum, memory + part * (size_t)omp_get_thread_num(), part);
      measure_keep(&sum);
    }
    const double rate =
        (double)(n / (size_t)threads * (size_t)threads) * sizeof *memory * 1e9 / (double)(clock_now() - start);
    if (rate > best) best = rate;
  }
  return best;
}

static double chase_seconds(void *memory, size_t bytes, const struct kernel_table *table) {
  double samples[SAMPLES];
  if (!chase_build(memory, bytes, table->philox4x32_10, 1)) return 0;
  void *node = chase_follow(memory, STEPS);
  for (int s = 0; s < SAMPLES; s++) {
    const uint64_t start = clock_now();
    node = chase_follow(node, STEPS);
    samples[s] = (double)(clock_now() - start) / STEPS;
  }
  measure_keep(node);
  return statistics_of(samples, SAMPLES).p10 * 1e-9;
}

/* The threads sit on the node `from` already. */
static bool measure_memory(const struct kernel_table *table, char *memory, size_t bytes, struct numa_figures *figures) {
  (void)madvise(memory, bytes, MADV_HUGEPAGE);
  memset(memory, 0x3f, bytes); /* floats of 0.75 */
  figures->read = read_rate(table, (const float *)(const void *)memory, bytes / sizeof(float), figures->threads);
  figures->latency = chase_seconds(memory, bytes, table);
  return figures->read > 0 && figures->latency > 0;
}

bool numa_measure(hwloc_topology_t topology, const struct kernel_table *table, hwloc_obj_t from, hwloc_obj_t to,
                  size_t bytes, struct numa_figures *figures, struct error *error) {
  const int most = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
  const int flags = HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_STRICT;
  unsigned *const places = calloc((size_t)most + 1, sizeof *places);
  char *const memory = hwloc_alloc_membind(topology, bytes, to->nodeset, HWLOC_MEMBIND_BIND, flags);
  const int threads = places ? places_of(topology, from, places, most) : 0;
  bool bound = true, fine = false;
  *figures = (struct numa_figures){.threads = threads};
  if (!memory) {
    error_set(error, "%zu bytes cannot be bound to NUMA node %u: %s", bytes, to->os_index, strerror(errno));
  } else if (threads == 0) {
    error_set(error, "NUMA node %u has no cores that this process may use", from->os_index);
  } else {
#pragma omp parallel num_threads(threads) reduction(&& : bound)
    bound = pin_here(topology, places[omp_get_thread_num()]);
    if (!bound)
      error_set(error, "threads cannot be bound to NUMA node %u", from->os_index);
    else
      fine = measure_memory(table, memory, bytes, figures) || error_set(error, "out of memory or interrupted");
  }
  if (memory) hwloc_free(topology, memory, bytes);
  free(places);
  return fine;
}

static void note(struct run *run, hwloc_obj_t from, hwloc_obj_t to, const struct numa_figures *figures) {
  struct result_limit limit = {.name = "node_read", .threads = figures->threads, .node = (int)to->os_index};
  snprintf(limit.residence, sizeof limit.residence, "%s", residence_names[RESIDENCE_MEMORY]);
  snprintf(limit.arch, sizeof limit.arch, "%s", run_best_table(run)->name);
  snprintf(limit.cores, sizeof limit.cores, "node %u", from->os_index);
  snprintf(limit.unit, sizeof limit.unit, "bytes/s");
  limit.value = figures->read;
  result_add_limit(run->result, &limit);
  snprintf(limit.name, sizeof limit.name, "node_latency");
  snprintf(limit.unit, sizeof limit.unit, "s");
  limit.threads = 1;
  limit.value = figures->latency;
  result_add_limit(run->result, &limit);
}

bool numa_suite(struct run *run, struct error *error) {
  static const char name[] = "limits/numa";
  const int nodes = hwloc_get_nbobjs_by_type(run->topology, HWLOC_OBJ_NUMANODE);
  if (!run->options->suites[SUITE_LIMITS] || run->options->pin == PIN_NONE) return true;
  if (!options_want_all(run->options) || (nodes < 2 && !run->filter) || !run_wants(run, name)) return true;
  if (run->planning) {
    run_plan(run, name, nodes * nodes * PAIR_SECONDS);
    return true;
  }
  const size_t bytes = residence_bytes(&run->result->machine, RESIDENCE_MEMORY, 1);
  hwloc_obj_t from = NULL, to;
  while ((from = hwloc_get_next_obj_by_type(run->topology, HWLOC_OBJ_NUMANODE, from))) {
    for (to = NULL; (to = hwloc_get_next_obj_by_type(run->topology, HWLOC_OBJ_NUMANODE, to)) && !interrupted();) {
      struct numa_figures figures;
      struct error why;
      if (hwloc_bitmap_iszero(from->cpuset)) continue; /* memory alone */
      if (numa_measure(run->topology, run_best_table(run), from, to, bytes, &figures, &why))
        note(run, from, to, &figures);
      else if (!interrupted())
        run_leave_out(run, name, &why);
      run_progress(run, PAIR_SECONDS, name);
    }
  }
  (void)error;
  return true;
}
