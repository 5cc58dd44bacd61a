#include "harness/suite/examples.h"

#include <assert.h>

#define SYNTHETIC_MOST 60000

static size_t synthetic_count(size_t limit) { return limit < SYNTHETIC_MOST ? limit : SYNTHETIC_MOST; }

bool examples_check(struct examples from, struct error *error) {
  assert(from.data != INPUT_NORMAL);
  return from.data != INPUT_FASHION_MNIST || dataset_check(NULL, error);
}

bool examples_load(struct dataset *dataset, struct examples from, size_t limit, struct error *error) {
  assert(from.data != INPUT_NORMAL);
  if (from.data == INPUT_FASHION_MNIST) return dataset_load(dataset, NULL, limit, error);
  return dataset_synthetic(dataset, from.table, from.seed, 0, synthetic_count(limit), error);
}

bool examples_load_held_out(struct dataset *dataset, struct examples from, size_t used, size_t limit,
                            struct error *error) {
  assert(from.data != INPUT_NORMAL);
  if (from.data == INPUT_FASHION_MNIST) return dataset_load_held_out(dataset, NULL, used, limit, error);
  return dataset_synthetic(dataset, from.table, from.seed, DATASET_SYNTHETIC_HELD_OUT, synthetic_count(limit), error);
}
