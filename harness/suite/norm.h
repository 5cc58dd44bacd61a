/* Benchmarks of normalizations, part of the training suite. */
#ifndef DEPTHMARK_NORM_SUITE_H
#define DEPTHMARK_NORM_SUITE_H

#include "harness/suite.h"

bool norm_suite(struct run *run, struct error *error);

#endif
