/* How long a core waits for a line from each cache and from memory. */
#ifndef DEPTHMARK_LATENCY_H
#define DEPTHMARK_LATENCY_H

#include "harness/suite.h"

/* Rows of the limits suite: memory_latency for each cache level and memory, in huge pages where the system gives them,
 * and memory_latency_small_pages in usual ones. An item is a line. */
bool latency_suite(struct run *run, struct error *error);

#endif
