/* One network of a cell: built, run forward and backward on its input, and described.
 *
 * The loss. On normal data: a random linear functional of the outputs, so that the output layer's delta is N(0, 1) /
 * batch whatever the weights. On labelled data: the cross-entropy of its ten classes. */
#ifndef DEPTHMARK_GRADIENT_TRIAL_H
#define DEPTHMARK_GRADIENT_TRIAL_H

#include "harness/dataset.h"
#include "harness/network.h"
#include "harness/suite/gradient_grid.h"
#include "harness/suite/gradient_tally.h"

/* What all networks of a run share. */
struct gradient_laboratory {
  const struct options *options;
  const struct kernel_table *table;
  struct init rng;      /* of the weights */
  struct caches caches; /* of one thread */
  struct dataset images;
};

/* A network with what it is run on and what it showed; zero at first. */
struct gradient_trial {
  const struct gradient_setting *setting;
  struct network network;
  float *x;        /* batch x inputs */
  int32_t *labels; /* batch */
  float *losses;   /* batch */
  float saturated_slope;
  struct gradient_sample sample;
};

struct network_shape gradient_shape(const struct gradient_laboratory *laboratory, const struct gradient_cell *cell);

/* Bytes that such a network needs with its input and what is noted of its layers. */
double gradient_trial_bytes(const struct gradient_laboratory *laboratory, const struct gradient_cell *cell,
                            int threads);

/* Makes room for networks of the setting, to be run on that many threads; what fits is kept. */
bool gradient_trial_prepare(struct gradient_trial *trial, const struct gradient_laboratory *laboratory,
                            const struct gradient_setting *setting, int threads, struct error *error);
void gradient_trial_destroy(struct gradient_trial *trial);

/* Runs the setting's k-th network and leaves in trial->sample what it shows, the same bits on any number of threads.
 * Every k has its own input: of images, those that follow the last's. False where its weights cannot be made. */
bool gradient_trial_run(struct gradient_trial *trial, const struct gradient_laboratory *laboratory, size_t k,
                        struct error *error);

#endif
