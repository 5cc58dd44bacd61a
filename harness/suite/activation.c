/* Activations, their derivatives and backward passes. */
#include "harness/suite/elementwise.h"

bool suite_activation(struct run *run, struct error *error) {
  const enum residence *residences;
  const size_t count = elementwise_residences(run, &residences);
  return elementwise_suite(run, suite_names[SUITE_ACTIVATION], residences, count, error);
}
