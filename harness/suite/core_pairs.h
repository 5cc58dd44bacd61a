/* How long a cache line takes from one core to another. */
#ifndef DEPTHMARK_CORE_PAIRS_H
#define DEPTHMARK_CORE_PAIRS_H

#include "harness/suite.h"

/* Adds limits named core_to_core to the result, one for each pair of the cores that --pin offers, all pairs of up to
 * 16 cores, of more those with the first core; unless asked for the suite, no more than 8 pairs. Their cores are
 * "A-B", the system's numbers of the hardware threads. Named limits/core_to_core for --list and --filter. */
bool core_pairs_suite(struct run *run, struct error *error);

/* Seconds that a line takes one way between two hardware threads, a median; 0 where threads cannot be bound there or
 * the other one does not answer within a tenth of a second. Leaves the team of two threads where they were bound. */
double core_pairs_seconds(hwloc_topology_t topology, unsigned from, unsigned to);

#endif
