/* Benchmark rows of whole training steps. */
#ifndef DEPTHMARK_SUITE_STEP_H
#define DEPTHMARK_SUITE_STEP_H

#include "harness/suite.h"

/* The rows of all steps, for every selected arch and number of threads, and with --peers those of other libraries'
 * products. */
bool step_suite(struct run *run, struct error *error);

#endif
