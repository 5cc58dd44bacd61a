/* How one layer stretches small changes of its input: the singular values of its Jacobian J = dh / dx for one sample,
 * x the activations of the layer before it.
 *
 * J = diag(slope) diag(factor) N W^T + I. W^T: the weights. N: layer normalization, its statistics seen as functions of
 * the pre-activations; without it the identity. factor: what else a pre-activation is multiplied by. I: the residual
 * connection. */
#ifndef DEPTHMARK_JACOBIAN_H
#define DEPTHMARK_JACOBIAN_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/error.h"

struct jacobian {
  size_t in, out;     /* each at least 1 */
  const float *w;     /* in x out */
  const float *slope; /* out: f' at what the activation is given */
  /* out, or NULL for 1: gamma / sigma of batch normalization with its statistics held fixed, gamma of layer
   * normalization. */
  const float *factor;
  /* Layer normalization: the out normalized pre-activations, before gamma and beta, or NULL for none; what they were
   * divided by. N = (I - 1 1^T / out - n n^T / out) / sigma. */
  const float *normalized;
  double sigma;
  bool residual; /* only where in = out */
};

/* Up to so many values, min(in, out), all are computed. Each is right to about 1e-15 of the largest one, by
 * bidiagonalization, which does not square the matrix: values below that are lost, those above have what digits are
 * left. Beyond, the largest alone, to 1e-4. */
#define JACOBIAN_EXACT 512

/* All min(in, out) singular values, largest first; NAN where an entry of J is not finite. min(in, out) is at most
 * JACOBIAN_EXACT. False when memory is out. */
bool jacobian_singular_values(const struct jacobian *jacobian, double *values, struct error *error);

/* Mean and root mean square of the min(in, out) singular values. mean and smallest are NAN beyond JACOBIAN_EXACT; all
 * are where an entry of J is not finite. */
struct jacobian_summary {
  double rms, mean, largest, smallest;
};
bool jacobian_summarize(const struct jacobian *jacobian, struct jacobian_summary *summary, struct error *error);

/* The largest singular value to 1e-4, as it is computed beyond JACOBIAN_EXACT; of any size. */
bool jacobian_largest(const struct jacobian *jacobian, double *largest, struct error *error);

#endif
