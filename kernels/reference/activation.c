/* Activations in double precision, in forms that keep the relative accuracy of their tails. Where a slope would
 * underflow even in double, it stays at about 1e-304 instead: positive, as in the mathematics, so that an infinite dy
 * times it is infinite. */
#include <math.h>

#include "kernels/reference/reference.h"

/* The three references of an activation from its value and slope, functions of (double x, struct parameters p). */
#define ACTIVATION(name)                                                                                               \
  double reference_##name##_forward(double x, struct parameters p) { return name##_value(x, p); }                      \
  double reference_##name##_derivative(double x, struct parameters p) { return name##_slope(x, p); }                   \
  double reference_##name##_backward(double x, double dy, struct parameters p) { return dy * name##_slope(x, p); }
#define VALUE(name) static double name##_value(double x, __attribute__((unused)) struct parameters p)
#define SLOPE(name)                                                                                                    \
  static double name##_slope(__attribute__((unused)) double x, __attribute__((unused)) struct parameters p)

/* NaN is kept; fmax and fmin drop it. */
static double at_least(double low, double x) { return x < low ? low : x; }
static double at_most(double high, double x) { return x > high ? high : x; }

/* e^-|x|, not below 1e-304 */
static double decay(double x) { return exp(-at_most(700, fabs(x))); }

VALUE(linear) { return x; }
SLOPE(linear) { return 1; }
ACTIVATION(linear)

VALUE(relu) { return x <= 0 ? 0 : x; }
SLOPE(relu) { return isnan(x) ? x : x > 0; }
ACTIVATION(relu)

VALUE(leaky_relu) { return x > 0 ? x : (double)p.a * x; }
SLOPE(leaky_relu) { return isnan(x) ? x : x > 0 ? 1 : (double)p.a; }
ACTIVATION(leaky_relu)

VALUE(tanh) { return tanh(x); }
SLOPE(tanh) {
  const double e = decay(2 * x);
  return 4 * e / ((1 + e) * (1 + e));
}
ACTIVATION(tanh)

VALUE(sigmoid) {
  const double e = decay(x);
  return (x < 0 ? e : 1) / (1 + e);
}
SLOPE(sigmoid) {
  const double e = decay(x);
  return e / ((1 + e) * (1 + e));
}
ACTIVATION(sigmoid)

VALUE(softsign) { return isinf(x) ? copysign(1, x) : x / (1 + fabs(x)); }
SLOPE(softsign) { return 1 / ((1 + fabs(x)) * (1 + fabs(x))); }
ACTIVATION(softsign)

VALUE(softplus) { return (x > 0 ? x : 0) + log1p(decay(x)); }
SLOPE(softplus) { return sigmoid_value(x, p); }
ACTIVATION(softplus)

VALUE(elu) { return x >= 0 ? x : (double)p.a * expm1(x); }
SLOPE(elu) { return x > 0 ? 1 : (double)p.a * decay(x); }
ACTIVATION(elu)

#define SELU_ALPHA 1.6732632423543772848170429916717
#define SELU_SCALE 1.0507009873554804934193349852946
VALUE(selu) { return SELU_SCALE * (x >= 0 ? x : SELU_ALPHA * expm1(x)); }
SLOPE(selu) { return SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * decay(x)); }
ACTIVATION(selu)

#define SQRT_HALF 0.70710678118654752440
/* Phi(x) from -37 on, where it is 1e-299. */
static double normal_distribution(double x) { return erfc(-at_least(-37, x) * SQRT_HALF) / 2; }
static double normal_density(double x) {
  const double u = at_most(37, fabs(x));
  return 0.39894228040143267794 * exp(-u * u / 2);
}
VALUE(gelu) { return at_least(-37, x) * normal_distribution(x); }
SLOPE(gelu) {
  const double y = at_least(-37, at_most(37, x)); /* 1 beyond */
  return normal_distribution(y) + y * normal_density(y);
}
ACTIVATION(gelu)

VALUE(silu) { return at_least(-700, x) * sigmoid_value(x, p); }
SLOPE(silu) {
  const double y = at_least(-700, at_most(700, x)); /* 1 beyond */
  return sigmoid_value(y, p) * (1 + y * sigmoid_value(-y, p));
}
ACTIVATION(silu)

/* The kernels that call SLEEF compute the same functions. */
#define SLEEF(name)                                                                                                    \
  double reference_##name##_forward_sleef(double x, struct parameters p) { return name##_value(x, p); }
SLEEF(tanh)
SLEEF(sigmoid)
SLEEF(softplus)
SLEEF(elu)
SLEEF(gelu)
SLEEF(silu)
