#include "harness/passes.h"

#include <assert.h>
#include <string.h>

#include "harness/shares.h"

/* z += b and y = activation(z), both or either, for n elements from `first` on: row by row, so that the second finds
 * what the first left in the nearest cache. */
static void finish_forward(const struct kernel_table *table, const float *b, map_kernel *activation,
                           const struct dense *l, size_t first, size_t n) {
  for (size_t at = first; at < first + n;) {
    const size_t column = at % l->out, left = first + n - at;
    const size_t length = left < l->out - column ? left : l->out - column;
    if (b) table->linear_bias(l->z + at, b + column, l->z + at, 1, length, l->p);
    if (activation) activation(l->z + at, l->y + at, length, l->p);
    at += length;
  }
}

void pass_forward(const struct kernel_table *table, struct left_out left_out, const struct dense *l) {
  assert(left_out.activation || !left_out.bias);
  struct dense product = *l;
  if (left_out.bias) product.b = NULL;
  if (left_out.activation) product.activation = NULL;
  table->dense_forward(&product);
  const float *const b = left_out.bias ? l->b : NULL;
  map_kernel *const activation = left_out.activation ? l->activation : NULL;
  if (!b && !activation) return;
  const size_t n = l->batch * l->out;
  FOR_SHARES(n, shares_team(n, l->threads), finish_forward(table, b, activation, l, r.first, r.n));
}

void pass_backward_data(const struct kernel_table *table, struct left_out left_out, const struct dense *l) {
  struct dense product = *l;
  if (left_out.activation) product.backward = NULL;
  table->dense_backward_data(&product);
  if (!left_out.activation || !l->backward) return;
  const size_t n = l->batch * l->in;
  FOR_SHARES(n, shares_team(n, l->threads), l->backward(l->x_z + r.first, l->dx + r.first, l->dx + r.first, r.n, l->p));
}

/* db of n columns from `first` on. An update by a rate of -1 adds. */
static void sum_columns(const struct kernel_table *table, const struct dense *l, size_t first, size_t n) {
  memset(l->db + first, 0, n * sizeof *l->db);
  for (size_t row = 0; row < l->batch; row++) table->sgd_update(l->db + first, l->dz + row * l->out + first, n, -1);
}

void pass_backward_weights(const struct kernel_table *table, struct left_out left_out, const struct dense *l) {
  struct dense product = *l;
  if (left_out.db) product.db = NULL;
  table->dense_backward_weights(&product);
  if (!left_out.db || !l->db) return;
  FOR_SHARES(l->out, shares_team(l->batch * l->out, l->threads), sum_columns(table, l, r.first, r.n));
}
