/* What memory of one NUMA node gives to the cores of another. */
#ifndef DEPTHMARK_NUMA_H
#define DEPTHMARK_NUMA_H

#include "harness/suite.h"

/* On machines of several nodes, or where it is filtered for, adds to the result the limits node_read and node_latency
 * for each node with cores, "node A" as their cores, and each node with memory. Named limits/numa for --list and
 * --filter. */
bool numa_suite(struct run *run, struct error *error);

/* Bytes a second that all cores of one node read from another, and seconds that one of them waits for a random line of
 * it in huge pages where the system gives them. bytes: to be read, far more than caches hold. */
struct numa_figures {
  int threads;
  double read, latency;
};
bool numa_measure(hwloc_topology_t topology, const struct kernel_table *table, hwloc_obj_t from, hwloc_obj_t to,
                  size_t bytes, struct numa_figures *figures, struct error *error);

#endif
