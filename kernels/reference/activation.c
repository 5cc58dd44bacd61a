#include <math.h>

#include "kernels/reference/reference.h"

/* The three references of an activation from its value and slope, functions of (double x, struct parameters p). */
#define ACTIVATION(name)                                                                                               \
  double reference_##name##_forward(double x, struct parameters p) { return name##_value(x, p); }                      \
  double reference_##name##_derivative(double x, struct parameters p) { return name##_slope(x, p); }                   \
  double reference_##name##_backward(double x, double dy, struct parameters p) { return dy * name##_slope(x, p); }

static double linear_value(double x, struct parameters p) {
  (void)p;
  return x;
}
static double linear_slope(double x, struct parameters p) {
  (void)x, (void)p;
  return 1;
}
ACTIVATION(linear)

static double relu_value(double x, struct parameters p) {
  (void)p;
  return x <= 0 ? 0 : x;
}
static double relu_slope(double x, struct parameters p) {
  (void)p;
  return isnan(x) ? x : x > 0;
}
ACTIVATION(relu)
