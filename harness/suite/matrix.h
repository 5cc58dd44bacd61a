/* Benchmark rows of kernels that make a weight matrix as a whole. */
#ifndef DEPTHMARK_SUITE_MATRIX_H
#define DEPTHMARK_SUITE_MATRIX_H

#include "harness/suite.h"

/* The rows of all matrix kernels, for every selected arch and number of threads. */
bool matrix_suite(struct run *run, struct error *error);

#endif
