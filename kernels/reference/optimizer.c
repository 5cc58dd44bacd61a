#include <math.h>

#include "kernels/reference/reference.h"

double reference_sgd_update(double w, double dw, double rate) { return w - rate * dw; }

/* v and w at once, by the definition's own lines. */
void reference_momentum_update(double *w, double *v, double dw, struct momentum how) {
  const double gradient = dw + (double)how.decay * *w, velocity = (double)how.momentum * *v + gradient;
  *v = velocity;
  *w -= (double)how.rate * (how.nesterov ? gradient + (double)how.momentum * velocity : velocity);
}

double reference_scale(double x, struct parameters p) { return (double)p.a * x; }

void reference_adam_update(double *w, double *m, double *v, double dw, struct adam how) {
  const double gradient = dw + (double)how.decay * *w, step = (double)how.step;
  *m = how.beta1 * *m + (1 - how.beta1) * gradient;
  *v = how.beta2 * *v + (1 - how.beta2) * gradient * gradient;
  const double corrected_m = *m / (1 - pow(how.beta1, step)), corrected_v = *v / (1 - pow(how.beta2, step));
  *w -= (double)how.rate * corrected_m / (sqrt(corrected_v) + (double)how.epsilon);
}
