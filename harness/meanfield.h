/* Mean-field theory of signal propagation in wide random networks (Poole et al. 2016, arXiv:1606.05340; Schoenholz et
 * al. 2017, arXiv:1611.01232). A layer is z = W h + b, h = f(z), weights of variance sigma_w^2 / fan_in, biases of
 * variance sigma_b^2. */
#ifndef DEPTHMARK_MEANFIELD_H
#define DEPTHMARK_MEANFIELD_H

#include <stdbool.h>

/* f or f' in double precision. */
typedef double meanfield_function(double x, void *context);

struct meanfield {
  meanfield_function *f, *slope;
  void *context;
  double weight_variance, bias_variance; /* sigma_w^2, sigma_b^2 */
};

/* E[g(sqrt(q) x)] and E[g(sqrt(q) x)^2] for x ~ N(0, 1), by adaptive quadrature to about 1e-9 relative for smooth or
 * kinked g and any q from 0 to 1e100 and beyond. NAN for q negative, NAN or infinite. */
double meanfield_mean(meanfield_function *g, void *context, double q);
double meanfield_square(meanfield_function *g, void *context, double q);

/* One step of the length map: sigma_w^2 E[f(sqrt(q) x)^2] + sigma_b^2. */
double meanfield_length(const struct meanfield *theory, double q);

/* The fixed point of the length map reached from q, to about 1e-12; 0 or INFINITY when it shrinks or grows without
 * bound. */
double meanfield_fixed_point(const struct meanfield *theory, double q);

/* chi(q) = sigma_w^2 E[f'(sqrt(q) x)^2]: the factor by which one layer multiplies the mean squared gradient. */
double meanfield_chi(const struct meanfield *theory, double q);

/* Predicted decay per layer, (ln rms of the first hidden layer's gradient - ln rms of the last's) / (depth - 1), for a
 * network of equally wide layers whose first pre-activations have variance q: half the mean of ln chi over the layers
 * before the last. Stays finite where lengths leave the range of numbers. NAN for depth 1. */
double meanfield_decay(const struct meanfield *theory, double q, int depth);

#endif
