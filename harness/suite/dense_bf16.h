/* Benchmark rows of dense layers of bf16, and of the conversions between float and bf16. */
#ifndef DEPTHMARK_SUITE_DENSE_BF16_H
#define DEPTHMARK_SUITE_DENSE_BF16_H

#include "harness/suite.h"

/* Their rows for every selected arch and number of threads, if the suite or rows were asked for. */
bool dense_bf16_suite(struct run *run, struct error *error);

#endif
