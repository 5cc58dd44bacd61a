/* Mean-field theory of the networks that the command line describes, with activations from the double-precision
 * references. */
#ifndef DEPTHMARK_THEORY_H
#define DEPTHMARK_THEORY_H

#include "harness/meanfield_signal.h"
#include "harness/network.h"

/* f and f' of a struct activation_choice, the context. */
meanfield_function theory_value, theory_slope;

/* The largest |f'|. */
double theory_largest_slope(const struct activation_choice *activation);

/* A network and its input, as far as theory looks at them. */
struct theory_network {
  const struct initializer_choice *initializer;
  const struct activation_choice *activation;
  const struct network_shape *shape;
  double bias_std;     /* of normal biases */
  double weight_scale; /* a factor on the weights of all layers */
  enum normalization normalization;
  bool residual;
  double epsilon;        /* of the normalization */
  double input_square;   /* mean square of the inputs */
  double input_variance; /* over the batch, mean over the inputs; looked at for batch normalization only */
};

/* Whether there is a theory: it assumes random weights of mean 0. Where it says no, the functions below give NAN. */
bool theory_applies(const struct theory_network *network);

/* meanfield_signal() of the network. layers: one for each hidden layer. */
double theory_signal(const struct theory_network *network, struct meanfield_layer *layers);

/* meanfield_signal() of a network of that shape on inputs of that mean square, biases normal, without normalization and
 * residual connections: the decay alone. */
double theory_decay(const struct initializer_choice *initializer, const struct activation_choice *activation,
                    const struct network_shape *shape, double bias_std, double input_square);

/* What decides the fate of such a network when it is deep, without normalization and residual connections. */
struct theory_facts {
  double weight_variance, bias_variance;        /* sigma_w^2, sigma_b^2 */
  double length, chi, length_scale;             /* q* (0, INFINITY: shrinks, grows without bound), chi there, xi_q */
  double correlation, chi_c, correlation_scale; /* c* and chi_c there, as meanfield_rest() has them, xi_c */
  struct meanfield_critical critical;
};

struct theory_facts theory_facts(const struct theory_network *network);

#endif
