/* The three passes of a dense layer, whoever's products a table has. Ours do all that struct dense asks for. What
 * another library's leave out is done by our own elementwise kernels around them, as its user would have to write. */
#ifndef DEPTHMARK_PASSES_H
#define DEPTHMARK_PASSES_H

#include <stdbool.h>

#include "kernels/kernels.h"

/* What a table's dense kernels do not do; zero: they do it all. */
struct left_out {
  bool activation; /* forward, and its derivative backward */
  bool bias;       /* only where the activation, which comes after it, is left out, too */
  bool db;
};

/* The layer's strides are 0. */
void pass_forward(const struct kernel_table *table, struct left_out left_out, const struct dense *layer);
void pass_backward_data(const struct kernel_table *table, struct left_out left_out, const struct dense *layer);
void pass_backward_weights(const struct kernel_table *table, struct left_out left_out, const struct dense *layer);

#endif
