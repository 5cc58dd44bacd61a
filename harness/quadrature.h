/* Integrals against the density of the normal distribution, by adaptive Gauss-Kronrod rules. Several functions of the
 * same x are integrated together, so that what they share is computed once. */
#ifndef DEPTHMARK_QUADRATURE_H
#define DEPTHMARK_QUADRATURE_H

#define QUADRATURE_FUNCTIONS 6
#define QUADRATURE_ENDS 512

/* Values of all functions at x. */
typedef void quadrature_integrand(double x, double *values, void *context);

struct quadrature {
  quadrature_integrand *integrand;
  void *context;
  int functions;    /* at most QUADRATURE_FUNCTIONS */
  double tolerance; /* relative to E|f|, for each function */
  /* Absolute errors that are small enough whatever E|f| is: not below those that the values themselves may have. */
  double negligible[QUADRATURE_FUNCTIONS];
};

/* Where panels begin and end, ascending. They are halved as needed; what is narrower than a tenth of the panel that it
 * lies in might be overlooked, and a kink inside a panel costs dozens of halvings: such places want ends of their own.
 */
struct quadrature_ends {
  double at[QUADRATURE_ENDS];
  int count;
};

/* Ends that suit the density alone. */
void quadrature_ends_begin(struct quadrature_ends *ends);

/* One more; what lies beyond the density's reach, and more than fit, is left out. */
void quadrature_ends_add(struct quadrature_ends *ends, double x);

/* expectations[i] = E[f_i(x)], x ~ N(0, 1). */
void quadrature_normal(const struct quadrature *quadrature, const struct quadrature_ends *ends, double *expectations);

#endif
