#include "kernels/reference/reference.h"

double reference_sgd_update(double w, double dw, double rate) { return w - rate * dw; }

/* v and w at once, by the definition's own lines. */
void reference_momentum_update(double *w, double *v, double dw, struct momentum how) {
  const double gradient = dw + (double)how.decay * *w, velocity = (double)how.momentum * *v + gradient;
  *v = velocity;
  *w -= (double)how.rate * (how.nesterov ? gradient + (double)how.momentum * velocity : velocity);
}
