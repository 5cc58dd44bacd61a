/* Where threads sit: OpenMP threads bound to cores or hardware threads through hwloc. */
#ifndef DEPTHMARK_PIN_H
#define DEPTHMARK_PIN_H

#include <hwloc.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/error.h"
#include "harness/options.h"

/* How many threads the policy offers: cores, hardware threads, or for PIN_NONE hardware threads; never more than this
 * process may use. */
int pin_capacity(hwloc_topology_t topology, enum pin_policy policy);

/* Binds the first `threads` OpenMP threads, one each to the cores or hardware threads in topology order (distinct cores
 * first), and says where in text: "core 0, core 1". A binding that the system refuses is an error with its reason. */
bool pin_threads(hwloc_topology_t topology, enum pin_policy policy, int threads, char *text, size_t size,
                 struct error *error);

#endif
