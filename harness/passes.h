/* The three passes of a dense layer, whoever's products a table has. Ours do all that struct dense asks for. Another
 * library's are bare products; bias, activation, its derivative and the sums of db are then passes of our own
 * elementwise kernels around them, as its user would have to write. */
#ifndef DEPTHMARK_PASSES_H
#define DEPTHMARK_PASSES_H

#include <stdbool.h>

#include "kernels/kernels.h"

/* bare: the table's dense kernels are bare products. The layer's strides are 0. */
void pass_forward(const struct kernel_table *table, bool bare, const struct dense *layer);
void pass_backward_data(const struct kernel_table *table, bool bare, const struct dense *layer);
void pass_backward_weights(const struct kernel_table *table, bool bare, const struct dense *layer);

#endif
