/* What cells of the gradient grid cost: time and memory, before they are run. */
#ifndef DEPTHMARK_GRADIENT_COST_H
#define DEPTHMARK_GRADIENT_COST_H

#include "harness/suite/gradient_grid.h"

/* Seconds that the cell's networks take one thread with vectors of that many lanes, to a factor of 2 or so. */
double gradient_seconds(const struct gradient_setting *setting, const struct options *options, double lanes);

/* Bytes that the cell takes once it is finished, until the result is written: its layers' figures and their JSON. */
double gradient_cell_bytes(const struct gradient_cell *cell, const struct options *options);

#endif
