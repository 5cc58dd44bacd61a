/* Softmax over one row. */
#include <math.h>

#include "kernels/reference/reference.h"

static double largest_of(const double *x, size_t n) {
  double largest = -INFINITY;
  for (size_t i = 0; i < n; i++) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

void reference_softmax_forward(const double *x, double *y, size_t n) {
  const double largest = largest_of(x, n);
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += exp(x[i] - largest);
  for (size_t i = 0; i < n; i++) y[i] = exp(x[i] - largest) / sum;
}

/* A largest element is left out of the sum, or a result near 0 would be rounded away against its 1. */
void reference_log_softmax_forward(const double *x, double *y, size_t n) {
  const double largest = largest_of(x, n);
  double others = 0;
  int left_out = 0;
  for (size_t i = 0; i < n; i++)
    if (x[i] == largest && !left_out)
      left_out = 1;
    else
      others += exp(x[i] - largest);
  for (size_t i = 0; i < n; i++) y[i] = x[i] - largest - log1p(others);
}

void reference_softmax_backward(const double *y, const double *dy, double *dx, double *terms, size_t n) {
  double sum = 0, absolute = 0;
  for (size_t i = 0; i < n; i++) sum += y[i] * dy[i], absolute += fabs(y[i] * dy[i]);
  for (size_t i = 0; i < n; i++) dx[i] = y[i] * (dy[i] - sum), terms[i] = fabs(y[i]) * (fabs(dy[i]) + absolute);
}

void reference_log_softmax_backward(const double *y, const double *dy, double *dx, double *terms, size_t n) {
  double sum = 0, absolute = 0;
  for (size_t i = 0; i < n; i++) sum += dy[i], absolute += fabs(dy[i]);
  for (size_t i = 0; i < n; i++) dx[i] = dy[i] - exp(y[i]) * sum, terms[i] = fabs(dy[i]) + exp(y[i]) * absolute;
}

void reference_softmax_forward_sleef(const double *x, double *y, size_t n) { reference_softmax_forward(x, y, n); }
void reference_log_softmax_forward_sleef(const double *x, double *y, size_t n) {
  reference_log_softmax_forward(x, y, n);
}
