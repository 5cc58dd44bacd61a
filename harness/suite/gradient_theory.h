/* What mean-field theory says of a measured cell. */
#ifndef DEPTHMARK_GRADIENT_THEORY_H
#define DEPTHMARK_GRADIENT_THEORY_H

#include "harness/network.h"
#include "harness/suite/gradient_grid.h"

/* Fills in the cell's theory, from its networks' shape and input as struct gradient_sample has it. */
void gradient_theory(struct gradient_cell *cell, const struct gradient_setting *setting,
                     const struct network_shape *shape, double input_square, double input_variance);

#endif
