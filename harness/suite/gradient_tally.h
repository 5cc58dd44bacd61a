/* From what the networks of one cell show to its averages, decay and verdict.
 *
 * Verdicts, by the end-to-end ratio of the first hidden layer's gradient to the last's, rms(delta_1) / rms(delta_D),
 * geometric mean over seeds: below 1/10 vanishing, above 10 exploding, between them stable. Before that, if any network
 * of the cell
 *   holds a value that is not finite: overflow, at the first layer whose z or h is not (D + 1 is the output layer), or,
 *   where the forward pass is finite, at the layer nearest the output whose delta or dw is not;
 *   has a hidden layer whose h is exactly zero everywhere: underflow, at the first such layer; or, where the forward
 * pass goes through, one whose delta is: underflow, at the one nearest the output. */
#ifndef DEPTHMARK_GRADIENT_TALLY_H
#define DEPTHMARK_GRADIENT_TALLY_H

#include <stdbool.h>

#include "harness/result.h"

/* What one network showed. */
struct gradient_sample {
  struct gradient_layer *layers;       /* of the hidden layers */
  struct layer_histograms *histograms; /* likewise; not read where the tally has none */
  bool outputs_finite;
  double operations, seconds;          /* of the products of its passes; thread-seconds of the passes */
  double input_square, input_variance; /* of its input: mean square; variance over the batch, mean over the inputs */
};

/* Sums over networks, all 0 at first. */
struct gradient_tally {
  struct gradient_layer *sums;          /* depth; the caller's */
  struct layer_histograms *histograms;  /* depth: their counts, ready to become the cell's; NULL: none are wanted */
  double networks, decay, decay_square; /* of the decay per layer and its square */
  double input_square, input_variance;
  size_t forward_overflow, forward_underflow;              /* first layer seen, 1-based; 0: none */
  size_t backward_overflow, backward_underflow, subnormal; /* layer nearest the output seen; 0: none */
};

void gradient_tally_add(struct gradient_tally *tally, const struct gradient_sample *sample, size_t depth);

/* Fills in layers (already allocated), decay, standard error, shape and verdict. */
void gradient_tally_finish(const struct gradient_tally *tally, struct gradient_cell *cell);

#endif
