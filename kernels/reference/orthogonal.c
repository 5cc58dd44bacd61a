#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernels/reference/reference.h"

/* x becomes x - 2 v (v.x) / (v.v), elements stride apart, for the n elements of v. */
static void reflect(const double *v, double v_v, double *x, size_t stride, size_t n) {
  double v_x = 0;
  for (size_t i = 0; i < n; i++) v_x += v[i] * x[i * stride];
  for (size_t i = 0; i < n; i++) x[i * stride] -= 2 * v_x / v_v * v[i];
}

/* The product of the reflections of normal vectors, one by one: the last acts on two columns of the unit matrix at
 * most, the first on all. */
void reference_init_orthogonal(double *w, size_t rows, size_t columns, const struct init *init) {
  const bool tall = rows >= columns; /* w is m x n, or else its transpose */
  const size_t m = tall ? rows : columns, n = tall ? columns : rows;
  const size_t row = tall ? columns : 1, column = tall ? 1 : columns;
  struct init normal = *init;
  normal.p = (struct parameters){.b = 1};
  double *v = malloc((m + 1) * sizeof *v);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) w[i * row + j * column] = 0;
  for (size_t j = n; j-- > 0;) {
    const size_t length = m - j;
    double sum = 0;
    for (size_t i = 0; i < length; i++) {
      v[i] = reference_init_normal(j * m + j + i, &normal, reference_philox4x32_10);
      sum += v[i] * v[i];
    }
    const double sign = signbit(v[0]) ? -1 : 1, norm = sqrt(sum);
    v[0] += sign * norm;
    w[j * row + j * column] = -sign * (double)init->p.a;
    for (size_t k = j; k < n; k++) reflect(v, 2 * norm * fabs(v[0]), w + j * row + k * column, row, length);
  }
  free(v);
}
