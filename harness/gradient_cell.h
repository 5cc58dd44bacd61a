/* What identifies a cell of the gradient grid. */
#ifndef DEPTHMARK_GRADIENT_CELL_H
#define DEPTHMARK_GRADIENT_CELL_H

#include "harness/result.h"

#define USUAL_WIDTH 256 /* what names leave unsaid */

/* As --filter and --list know it: "gradients/<initializer>/<activation>/<depth>", and behind it what is not as usual,
 * of
 * "/width:N/scale:X/bias:X/batch_norm/layer_norm/residual/bf16/fp16/ftz/loss_scale:X". */
void gradient_cell_name(char *name, size_t size, const struct gradient_cell *cell);

/* Only what is not as usual, for a person: "width 512, batch norm, residual"; "" where all is. */
void gradient_cell_changes(char *text, size_t size, const struct gradient_cell *cell);

/* 0 for two cells of the same networks, whatever these showed; else which comes first in some order of all cells. */
int gradient_cell_order(const struct gradient_cell *a, const struct gradient_cell *b);

#endif
