/* Training of a network on a data set, step by step, with what is worth knowing about each step. The same bits for any
 * number of threads. */
#ifndef DEPTHMARK_TRAINER_H
#define DEPTHMARK_TRAINER_H

#include "harness/dataset.h"
#include "harness/network.h"
#include "harness/optimizer.h"
#include "harness/result.h"

struct training {
  enum optimizer_id optimizer;
  float rate;
  float momentum;    /* OPTIMIZER_MOMENTUM only */
  double clip_value; /* every gradient is brought into [-clip_value, clip_value] first; 0: none is */
  double clip_norm;  /* if the norm of all gradients exceeds it, all are scaled to it (Pascanu, Mikolov and Bengio 2013,
                        arXiv:1211.5063); 0: none are */
};

/* An array of the network's parameters, and all that its update needs. */
struct parameters_block {
  float *w, *dw, *first, *second; /* moments of the gradient; NULL where the optimizer has none */
  size_t n;
  size_t layer;                /* 1-based */
  enum fault_quantity w_name;  /* which parameter it is, */
  enum fault_quantity dw_name; /* and its gradient */
};

struct trainer {
  struct network network; /* without velocities: moments are the trainer's */
  struct training how;
  size_t step;                     /* done so far */
  struct parameters_block *blocks; /* from the input to the output */
  size_t block_count;
  float *moments;       /* of all blocks */
  float *before;        /* room for the largest layer's weights before an update */
  double *sums;         /* one a block */
  uint64_t products_ns; /* spent in forward and backward passes since trainer_create */
};

/* The shape's momentum is not looked at. */
bool trainer_create(struct trainer *trainer, struct network_shape shape, const struct kernel_table *table,
                    const struct activation_choice *activation, const struct training *how, int threads,
                    struct error *error);
void trainer_destroy(struct trainer *trainer);

/* Makes a fresh start from weights that the network has got: no steps, no moments. */
void trainer_begin(struct trainer *trainer);

/* What one step showed. */
struct trainer_step {
  double loss;          /* mean of the batch, before the update */
  size_t correct;       /* of the batch's examples */
  double gradient_norm; /* of all parameters, before clipping */
  bool clipped;
  struct learning_fault fault; /* quantity FAULT_NONE: all is finite */
};

/* One step on a batch: forward, softmax cross-entropy, backward, clipping, update. Once something is not finite the
 * step ends there and says where it began: of a step's quantities the first in the order in which they are made.
 * layers: NULL, or room for what each layer shows, depth + 1 of them. losses: room for batch floats. */
struct trainer_step trainer_step(struct trainer *trainer, const float *x, const int32_t *labels, float *losses,
                                 struct learning_layer *layers);

/* The same of the last step, which ended with that fault: what it came to make. */
void trainer_describe(const struct trainer *trainer, struct learning_fault fault, struct learning_layer *layers);

/* Mean loss and share of correct answers on a data set, without learning from it. x, labels, losses: room for a batch.
 */
struct trainer_score {
  double loss, accuracy;
};
struct trainer_score trainer_evaluate(struct trainer *trainer, const struct dataset *dataset, float *x, int32_t *labels,
                                      float *losses);

/* The order in which an epoch, from 0, takes count examples: a pure function of seed and epoch. */
void trainer_order(const struct kernel_table *table, uint64_t seed, size_t epoch, uint32_t *order, size_t count);

/* Which steps of so many are recorded, in ascending order into steps[0 .. LEARNING_RECORDS_MOST): the first and the
 * last, and between them at first at growing, then at even distances. Returns how many; total is
 * from 1 to 10^12. */
size_t trainer_recorded_steps(size_t total, size_t *steps);

#endif
