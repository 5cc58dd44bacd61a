/* What does not depend on time, and should be the same wherever it is measured: accuracies, gradients, training. */
#ifndef DEPTHMARK_COMPARE_PAIRS_H
#define DEPTHMARK_COMPARE_PAIRS_H

#include "tools/compare/compare.h"

/* A kernel's errors in the base and in another subject. */
struct accuracy_pair {
  const struct result_accuracy *base, *other;
  bool same_samples; /* else the figures are of other floats */
  bool identical;    /* to the last bit */
};

/* The same networks in the files of the base and of another subject. */
struct cell_pair {
  const struct gradient_cell *base, *other;
  bool promised;         /* the same arch, seed and generator: all figures must be the same bits */
  bool identical;        /* they are, layers included */
  double difference;     /* of the decays, other - base; NAN where one is not finite */
  double standard_error; /* of that, if the networks were others; NAN: unknown */
  bool apart;            /* beyond 3 standard errors, or with another verdict */
};

/* The same training run in both. */
struct learning_pair {
  const struct learning_run *base, *other;
  bool promised, identical; /* as above */
  double loss_difference;   /* of the last epoch; NAN where one has none or is not finite */
  bool apart;               /* another verdict */
};

/* Pairs in the base's order, to be freed. None of cells and runs between parts of one file. */
struct accuracy_pair *accuracy_pairs(const struct comparison *c, size_t subject, size_t *count);
struct cell_pair *cell_pairs(const struct comparison *c, size_t subject, size_t *count);
struct learning_pair *learning_pairs(const struct comparison *c, size_t subject, size_t *count);

#endif
