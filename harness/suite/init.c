/* Random words and weight initializers. */
#include "harness/suite/elementwise.h"
#include "harness/suite/matrix.h"

bool suite_init(struct run *run, struct error *error) {
  const enum residence *residences;
  const size_t count = elementwise_residences(run, &residences);
  return elementwise_suite(run, suite_names[SUITE_INIT], residences, count, error) &&
         (options_want_sizes(run->options) || matrix_suite(run, error));
}
