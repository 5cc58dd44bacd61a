/* What every benchmark suite is given, and the suites themselves. */
#ifndef DEPTHMARK_SUITE_H
#define DEPTHMARK_SUITE_H

#include <hwloc.h>

#include "harness/options.h"
#include "harness/result.h"

struct run {
  const struct options *options;
  hwloc_topology_t topology;
  struct result *result; /* rows, limits and cells are appended here; machine describes this machine */
};

/* Each runs its part for the selected archs and thread counts, stops early when interrupted() and leaves in the
 * result what was finished. Failure means set-up: error says what is wrong. */
typedef bool suite_function(struct run *run, struct error *error);
suite_function suite_limits, suite_kernels, suite_gradients;

#endif
