/* Machines made up by hwloc. */
#ifndef DEPTHMARK_TESTS_TOPOLOGIES_H
#define DEPTHMARK_TESTS_TOPOLOGIES_H

#include <hwloc.h>

/* A topology from hwloc's synthetic description: "package:1 core:4 pu:2". */
hwloc_topology_t synthetic_topology(const char *description);

/* Registers hardware threads first to last as a kind of core of that efficiency, with that CoreType and highest
 * frequency unless they are NULL. */
void register_kind(hwloc_topology_t topology, unsigned first, unsigned last, int efficiency, const char *type,
                   const char *megahertz);

/* Eight powerful cores of two hardware threads and sixteen economical ones, four to an L2: CPUs 0 to 15 and 16 to 31.
 * Made from an XML text, because no synthetic description has cores that differ. */
hwloc_topology_t hybrid_topology(void);

#endif
