/* Layer-sequential unit variance: D. Mishkin and J. Matas, "All you need is a good init", ICLR 2016 (arXiv:1511.06422).
 * Weights start orthogonal; then, layer by layer from the input, they are divided by the standard deviation of the
 * layer's pre-activations on a batch until that is 1. */
#ifndef DEPTHMARK_LSUV_H
#define DEPTHMARK_LSUV_H

#include "harness/network.h"

#define LSUV_TOLERANCE 0.1 /* of the variance; the paper's */
#define LSUV_ITERATIONS 10 /* at most, in each layer; the paper's */

/* Sets the weights of every layer from the batch x (batch x inputs), its biases to zero. The orthogonal matrices come
 * from the streams that network_initialize takes. The same bits for any number of threads. Leaves z and h of x in every
 * layer.
 *
 * Fails where a layer's pre-activations are all the same or not finite, or do not get near variance 1: error says in
 * which layer. The weights are of no use then. */
bool network_initialize_lsuv(struct network *network, const float *x, uint64_t seed, struct error *error);

#endif
