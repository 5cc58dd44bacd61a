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

/* The hardware threads, by the operating system's numbers, on which thread 0, 1, ... of the policy are to sit: distinct
 * cores first, the most powerful kind of core first where a machine has several, else in topology order; for
 * PIN_SIBLINGS all hardware threads of a core together. Writes at most limit of them and returns how many. */
int pin_places(hwloc_topology_t topology, enum pin_policy policy, unsigned *places, int limit);

/* Binds the first `threads` OpenMP threads, one each to the cores or hardware threads in topology order (distinct cores
 * first), and says where in text: "core 0, core 1"; PIN_NONE binds nothing and says "none". To be called again when the
 * number of threads changes, because OpenMP runtimes then end and start threads. More threads than places, or a binding
 * that the system refuses, is an error with its reason. */
bool pin_threads(hwloc_topology_t topology, enum pin_policy policy, int threads, char *text, size_t size,
                 struct error *error);

/* Binds the calling thread alone to the hardware thread of that number; whether it is there now. */
bool pin_here(hwloc_topology_t topology, unsigned place);

#endif
