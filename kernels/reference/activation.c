/* Activations in double precision, in forms that keep the relative accuracy of their tails. Where a slope would
 * underflow even in double, it stays at about 1e-304 instead: positive, as in the mathematics, so that an infinite dy
 * times it is infinite. */
#include <math.h>

#include "kernels/reference/reference.h"

/* The references of an activation from its value and slope, functions of (double x, struct parameters p). */
#define ACTIVATION(name)                                                                                               \
  double reference_##name##_forward(double x, struct parameters p) { return name##_value(x, p); }                      \
  double reference_##name##_derivative(double x, struct parameters p) { return name##_slope(x, p); }                   \
  double reference_##name##_backward(double x, double dy, struct parameters p) { return dy * name##_slope(x, p); }     \
  double reference_##name##_bias(double x, struct parameters p) { return name##_value(x, p); }                         \
  void reference_##name##_both(double x, struct parameters p, double *value, double *slope) {                          \
    *value = name##_value(x, p), *slope = name##_slope(x, p);                                                          \
  }
/* The slope in terms of the output. */
#define FROM_OUTPUT(name)                                                                                              \
  double reference_##name##_from_output(double y, double dy, struct parameters p) {                                    \
    return dy * name##_output_slope(y, p);                                                                             \
  }
#define OUTPUT_SLOPE(name) static double name##_output_slope(double y, __attribute__((unused)) struct parameters p)
#define VALUE(name) static double name##_value(double x, __attribute__((unused)) struct parameters p)
#define SLOPE(name)                                                                                                    \
  static double name##_slope(__attribute__((unused)) double x, __attribute__((unused)) struct parameters p)

/* NaN is kept; fmax and fmin drop it. */
static double at_least(double low, double x) { return x < low ? low : x; }
static double at_most(double high, double x) { return x > high ? high : x; }

/* e^-|x|, not below 1e-304 */
static double decay(double x) { return exp(-at_most(700, fabs(x))); }

VALUE(linear) { return x; }
SLOPE(linear) { return isnan(x) ? x : 1; }
ACTIVATION(linear)

VALUE(relu) { return x <= 0 ? 0 : x; }
SLOPE(relu) { return isnan(x) ? x : x > 0; }
ACTIVATION(relu)
OUTPUT_SLOPE(relu) { return relu_slope(y, p); }
FROM_OUTPUT(relu)

VALUE(leaky_relu) { return x > 0 ? x : (double)p.a * x; }
SLOPE(leaky_relu) { return isnan(x) ? x : x > 0 ? 1 : (double)p.a; }
ACTIVATION(leaky_relu)
OUTPUT_SLOPE(leaky_relu) { return leaky_relu_slope(y, p); }
FROM_OUTPUT(leaky_relu)

VALUE(prelu) { return leaky_relu_value(x, p); }
SLOPE(prelu) { return leaky_relu_slope(x, p); }
ACTIVATION(prelu)
double reference_prelu_parameter_backward(double x, double dy, struct parameters p) {
  (void)p;
  return x <= 0 ? dy * x : 0;
}

VALUE(relu6) { return x <= 0 ? 0 : x >= (double)p.a ? (double)p.a : x; }
SLOPE(relu6) { return isnan(x) ? x : x > 0 && x < (double)p.a; }
ACTIVATION(relu6)

VALUE(hard_tanh) { return x < (double)p.a ? (double)p.a : x > (double)p.b ? (double)p.b : x; }
SLOPE(hard_tanh) { return isnan(x) ? x : x > (double)p.a && x < (double)p.b; }
ACTIVATION(hard_tanh)

VALUE(hard_sigmoid) {
  const double a = (double)p.a;
  return x <= -a ? 0 : x >= a ? 1 : x / (2 * a) + 0.5;
}
SLOPE(hard_sigmoid) {
  const double a = (double)p.a;
  return isnan(x) ? x : x > -a && x < a ? 1 / (2 * a) : 0;
}
ACTIVATION(hard_sigmoid)
VALUE(hard_sigmoid2) { return hard_sigmoid_value(x, p); }
SLOPE(hard_sigmoid2) { return hard_sigmoid_slope(x, p); }
ACTIVATION(hard_sigmoid2)

VALUE(hard_swish) { return x <= -(double)p.a ? -0.0 : x * hard_sigmoid_value(x, p); }
SLOPE(hard_swish) {
  const double a = (double)p.a;
  return x < -a ? 0 : x >= a ? 1 : x / a + 0.5;
}
ACTIVATION(hard_swish)

VALUE(tanh) { return tanh(x); }
SLOPE(tanh) {
  const double e = decay(2 * x);
  return 4 * e / ((1 + e) * (1 + e));
}
ACTIVATION(tanh)
OUTPUT_SLOPE(tanh) { return 1 - y * y; }
FROM_OUTPUT(tanh)

VALUE(sigmoid) {
  const double e = decay(x);
  return (x < 0 ? e : 1) / (1 + e);
}
SLOPE(sigmoid) {
  const double e = decay(x);
  return e / ((1 + e) * (1 + e));
}
ACTIVATION(sigmoid)
OUTPUT_SLOPE(sigmoid) { return y * (1 - y); }
FROM_OUTPUT(sigmoid)

VALUE(softsign) { return isinf(x) ? copysign(1, x) : x / (1 + fabs(x)); }
SLOPE(softsign) { return 1 / ((1 + fabs(x)) * (1 + fabs(x))); }
ACTIVATION(softsign)

static double softplus(double x) { return (x > 0 ? x : 0) + log1p(decay(x)); }
VALUE(softplus) { return (double)p.a * x > (double)p.b ? x : softplus((double)p.a * x) / (double)p.a; }
SLOPE(softplus) { return (double)p.a * x > (double)p.b ? 1 : sigmoid_value((double)p.a * x, p); }
ACTIVATION(softplus)

VALUE(log_sigmoid) { return -softplus(-x); }
SLOPE(log_sigmoid) { return sigmoid_value(-x, p); }
ACTIVATION(log_sigmoid)

/* Not below 1e-304. */
VALUE(exponential) { return exp(at_least(-700, x)); }
SLOPE(exponential) { return exponential_value(at_most(700, x), p); } /* nor above 1e304 */
ACTIVATION(exponential)
OUTPUT_SLOPE(exponential) { return y; }
FROM_OUTPUT(exponential)

VALUE(elu) { return x >= 0 ? x : (double)p.a * expm1(x); }
SLOPE(elu) { return x > 0 ? 1 : (double)p.a * decay(x); }
ACTIVATION(elu)
OUTPUT_SLOPE(elu) { return y > 0 ? 1 : y + (double)p.a; }
FROM_OUTPUT(elu)

VALUE(celu) { return x >= 0 ? x : (double)p.a * expm1(x / (double)p.a); }
SLOPE(celu) { return x > 0 ? 1 : decay(x / (double)p.a); }
ACTIVATION(celu)
OUTPUT_SLOPE(celu) { return y > 0 ? 1 : y / (double)p.a + 1; }
FROM_OUTPUT(celu)

#define SELU_ALPHA 1.6732632423543772848170429916717
#define SELU_SCALE 1.0507009873554804934193349852946
VALUE(selu) { return SELU_SCALE * (x >= 0 ? x : SELU_ALPHA * expm1(x)); }
SLOPE(selu) { return SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * decay(x)); }
ACTIVATION(selu)
OUTPUT_SLOPE(selu) { return y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA; }
FROM_OUTPUT(selu)

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

/* x s(v) and its slope, where v(x) has the slope dv. */
static double gated_value(double x, double v) {
  return v < -700 ? -1e-304 : x * sigmoid_value(v, (struct parameters){0});
}
static double gated_slope(double x, double v, double dv) {
  const double w = at_least(-700, at_most(700, v)), s = sigmoid_value(w, (struct parameters){0}),
               t = sigmoid_value(-w, (struct parameters){0});
  return v > 700 ? 1 : s * (1 + x * dv * t);
}

VALUE(gelu_tanh) {
  const double v = 2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
  return isnan(x) ? x : gated_value(x, v);
}
SLOPE(gelu_tanh) {
  const double y = at_least(-60, at_most(60, x)), c = 2 * sqrt(2 / M_PI); /* 0 and 1 beyond */
  return gated_slope(y, c * (y + 0.044715 * y * y * y), c * (1 + 0.134145 * y * y));
}
ACTIVATION(gelu_tanh)

VALUE(silu) { return isnan(x) ? x : gated_value(x, (double)p.a * x); }
SLOPE(silu) {
  const double y = at_least(-700, at_most(700, (double)p.a * x));
  return gated_slope(y, y, 1);
}
ACTIVATION(silu)

/* tanh(ln(1 + e^x)) = w / (w + 2), w = e (e + 2), e = e^x; 1 from x = 40 on. */
static double mish_tanh(double x) {
  const double e = exp(at_least(-700, at_most(40, x))), w = e * (e + 2);
  return w / (w + 2);
}
VALUE(mish) { return isnan(x) ? x : at_least(-700, x) * mish_tanh(x); }
SLOPE(mish) {
  const double y = at_least(-700, at_most(40, x)), e = exp(y), w = e * (e + 2);
  return e * ((e + 2) * (w + 2) + 4 * y * (1 + e)) / ((w + 2) * (w + 2));
}
ACTIVATION(mish)

/* The kernels that call SLEEF compute the same functions. */
#define SLEEF(name)                                                                                                    \
  double reference_##name##_forward_sleef(double x, struct parameters p) { return name##_value(x, p); }                \
  double reference_##name##_derivative_sleef(double x, struct parameters p) { return name##_slope(x, p); }             \
  double reference_##name##_backward_sleef(double x, double dy, struct parameters p) { return dy * name##_slope(x, p); }
SLEEF(tanh)
SLEEF(sigmoid)
SLEEF(softplus)
SLEEF(log_sigmoid)
SLEEF(exponential)
SLEEF(elu)
SLEEF(celu)
SLEEF(selu)
SLEEF(gelu)
SLEEF(gelu_tanh)
SLEEF(silu)
SLEEF(mish)
