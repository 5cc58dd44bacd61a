#include <math.h>

#include "kernels/reference/reference.h"

/* c[i, j] = start[j] + sum over p of a(i, p) b(p, j), and the same with absolute values into terms; a and b by their
 * row and column strides. The sums of a row grow together, term by term, so that rows of b are read in their order. */
static void product(size_t rows, size_t columns, size_t inner, const double *a, size_t a_row, size_t a_column,
                    const double *b, size_t b_row, size_t b_column, const double *start, double *c, double *terms) {
  for (size_t i = 0; i < rows; i++, c += columns) {
    for (size_t j = 0; j < columns; j++) c[j] = start ? start[j] : 0;
    for (size_t p = 0; p < inner; p++) {
      const double element = a[i * a_row + p * a_column];
      for (size_t j = 0; j < columns; j++) c[j] += element * b[p * b_row + j * b_column];
    }
    if (!terms) continue;
    for (size_t j = 0; j < columns; j++) terms[j] = start ? fabs(start[j]) : 0;
    for (size_t p = 0; p < inner; p++) {
      const double element = a[i * a_row + p * a_column];
      for (size_t j = 0; j < columns; j++) terms[j] += fabs(element * b[p * b_row + j * b_column]);
    }
    terms += columns;
  }
}

void reference_dense_forward(const struct dense_double *l) {
  product(l->batch, l->out, l->in, l->x, l->in, 1, l->w, l->out, 1, l->b, l->z, l->z_terms);
  if (l->activation)
    for (size_t i = 0; i < l->batch * l->out; i++) l->y[i] = l->activation(l->z[i], l->p);
}

void reference_dense_backward_data(const struct dense_double *l) {
  product(l->batch, l->in, l->out, l->dz, l->out, 1, l->w, 1, l->out, NULL, l->dx, l->dx_terms);
}

void reference_dense_backward_weights(const struct dense_double *l) {
  const double one = 1;
  product(l->in, l->out, l->batch, l->x, 1, l->in, l->dz, l->out, 1, NULL, l->dw, l->dw_terms);
  product(1, l->out, l->batch, &one, 0, 0, l->dz, l->out, 1, NULL, l->db, l->db_terms);
}
