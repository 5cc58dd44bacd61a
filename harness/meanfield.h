/* Mean-field theory of signal propagation in wide random networks (Poole et al. 2016, arXiv:1606.05340; Schoenholz et
 * al. 2017, arXiv:1611.01232). A layer is z = W h + b, h = f(z), weights of variance sigma_w^2 / fan_in, biases of
 * variance sigma_b^2. */
#ifndef DEPTHMARK_MEANFIELD_H
#define DEPTHMARK_MEANFIELD_H

/* f or f' in double precision. */
typedef double meanfield_function(double x, void *context);

struct meanfield {
  meanfield_function *f, *slope;
  void *context;
  double weight_variance, bias_variance; /* sigma_w^2, sigma_b^2 */
};

/* ---- one input -------------------------------------------------------------------------------------------------- */

/* Out there every activation is a straight line on either side of 0, or flat: the theory is evaluated inside. */
#define MEANFIELD_LARGEST_LENGTH 1e100
#define MEANFIELD_SMALLEST_LENGTH 1e-100

/* E[g(sqrt(q) x)] and E[g(sqrt(q) x)^2] for x ~ N(0, 1), by adaptive quadrature to about 1e-9 relative for smooth or
 * kinked g and any q from 0 to 1e100 and beyond. NAN for q negative, NAN or infinite. */
double meanfield_mean(meanfield_function *g, void *context, double q);
double meanfield_square(meanfield_function *g, void *context, double q);

/* What a layer does to units u = sqrt(q) x, to about 1e-10 relative. For q = 0 the slopes are those of the limit. */
struct meanfield_moments {
  double mean, square, variance; /* E f(u), E f(u)^2, their difference without cancellation */
  double slope_square;           /* E f'(u)^2 */
  double growth;                 /* d/dq E f(u)^2 = E[f(u) f'(u) x] / sqrt(q) */
};

struct meanfield_moments meanfield_moments(const struct meanfield *theory, double q);

/* How f(u) and slopes go with the length of u = sqrt(q) x, to about 1e-10 relative: u (1 + e) changes f(u) by e u
 * f'(u).
 */
struct meanfield_stretch {
  double mean, square;              /* E[u f'(u)], E[(u f'(u))^2] */
  double slope_value, slope_square; /* E[f'(u)^2 f(u)], E[f'(u)^2 f(u)^2] */
};

struct meanfield_stretch meanfield_stretch(const struct meanfield *theory, double q);

/* How batches of B samples, each unit's normalized over them, change the moments of f(u), u = sqrt(q) x: what is to be
 * added, to first order in 1 / B, times B. A unit's x then lie on a sphere of B - 1 dimensions, as they do where
 * samples are alike in all but their noise (Yang et al. 2019, arXiv:1902.08129): they are correlated by -1 / (B - 1),
 * and their fourth cumulant is -6 / B instead of 0. `variance` is that over the batch. */
struct meanfield_batch_change {
  double mean, square, variance;
  /* Relative: of E f'(u)^2 / s as a factor of squared gradients. Their part along the mean and along x is taken away,
   * and the mean of 1 / s is more than 1 / the mean of s. `last` for gradients that differ from sample to sample
   * without adding up to 0, as they come from the loss; those from another such layer do add up to 0. */
  double gradient, last;
};

struct meanfield_batch_change meanfield_batch_change(const struct meanfield *theory, double q);

/* One step of the length map: sigma_w^2 E[f(sqrt(q) x)^2] + sigma_b^2. */
double meanfield_length(const struct meanfield *theory, double q);

/* The fixed point of the length map reached from q, to about 1e-12; 0 or INFINITY when it shrinks or grows without
 * bound. */
double meanfield_fixed_point(const struct meanfield *theory, double q);

/* chi(q) = sigma_w^2 E[f'(sqrt(q) x)^2]: the factor by which one layer multiplies the mean squared gradient. */
double meanfield_chi(const struct meanfield *theory, double q);

/* The derivative of the length map at q. */
double meanfield_chi_length(const struct meanfield *theory, double q);

/* ---- two inputs ------------------------------------------------------------------------------------------------- */

/* One step of the correlation map, for pre-activations u, v of variances q_u, q_v and correlation c: the covariance
 * sigma_w^2 E[f(u) f(v)] + sigma_b^2 of the next ones, and chi_c = sigma_w^2 E[f'(u) f'(v)], by which a small change of
 * the covariance is multiplied. To about 1e-9 of the roots of E f(u)^2 E f(v)^2 and E f'(u)^2 E f'(v)^2. NAN for c
 * outside [-1, 1] and lengths that meanfield_mean() has no answer for. */
struct meanfield_pair {
  double covariance, chi;
};

struct meanfield_pair meanfield_pair(const struct meanfield *theory, double q_u, double q_v, double c);

/* Where correlations go, from any but -1, in a network whose lengths rest at q, and chi_c there. At most one such point
 * is below 1, since the map is a power series with positive coefficients: none when chi(q) <= 1. Where lengths shrink
 * or grow without bound (q is 0 or INFINITY), correlations are those of the limit, relative to the lengths; NAN where
 * they stay what they are. */
struct meanfield_rest {
  double correlation, chi;
};

struct meanfield_rest meanfield_rest(const struct meanfield *theory, double q);

/* ---- criticality ------------------------------------------------------------------------------------------------ */

/* Layers over which deviations shrink by e: -1 / ln|chi|; INFINITY where they do not shrink. */
double meanfield_depth_scale(double chi);

enum meanfield_critical_kind {
  MEANFIELD_CRITICAL_NONE,  /* no sigma_w^2 gives chi = 1 at an attracting fixed point */
  MEANFIELD_CRITICAL_POINT, /* one does, at that length */
  MEANFIELD_CRITICAL_LINE,  /* one does, and every length is a fixed point (ReLU without biases) */
};

struct meanfield_critical {
  enum meanfield_critical_kind kind;
  double weight_variance; /* sigma_w^2; NAN for none */
  double q;               /* NAN unless it is a point */
};

/* The weights for which chi = 1 at the fixed point, given the theory's biases; its own sigma_w^2 is not looked at. Of
 * several the one with the shortest length. */
struct meanfield_critical meanfield_critical(const struct meanfield *theory);

#endif
