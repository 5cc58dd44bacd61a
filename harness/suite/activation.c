/* Activations, their derivatives and backward passes: in L2, where they are bound by computing as in L1, and in memory.
 */
#include "harness/suite/elementwise.h"

bool suite_activation(struct run *run, struct error *error) {
  static const enum residence residences[] = {RESIDENCE_L2, RESIDENCE_MEMORY};
  return elementwise_suite(run, suite_names[SUITE_ACTIVATION], residences, run->options->quick ? 1 : 2, error);
}
