/* The examples that --data names, for the suites that run networks. */
#ifndef DEPTHMARK_SUITE_EXAMPLES_H
#define DEPTHMARK_SUITE_EXAMPLES_H

#include "harness/dataset.h"
#include "harness/options.h"

struct examples {
  enum network_input data;
  uint64_t seed; /* of the synthetic set */
  const struct kernel_table *table;
};

/* Whether they can be had, other than --data=normal; reads little. */
bool examples_check(struct examples from, struct error *error);

/* The first `limit` training examples, or fewer where the set has fewer: 60,000 of the synthetic one, too. */
bool examples_load(struct dataset *dataset, struct examples from, size_t limit, struct error *error);

/* As many others, that the first `used` training examples do not hold. */
bool examples_load_held_out(struct dataset *dataset, struct examples from, size_t used, size_t limit,
                            struct error *error);

#endif
