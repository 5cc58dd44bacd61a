/* A network in double precision, made of the references: the truth for struct network, but for its precision and
 * flushed numbers. */
#ifndef DEPTHMARK_TESTS_DOUBLE_NETWORK_H
#define DEPTHMARK_TESTS_DOUBLE_NETWORK_H

#include "harness/network.h"
#include "kernels/reference/reference.h"

struct double_layer {
  size_t in, out;
  double *w, *b, *z, *n, *h, *delta, *dw, *db; /* as in struct network_layer */
  double *gamma, *beta, *dgamma, *dbeta, *mean, *inverse;
  double *db_terms, *dgamma_terms, *dbeta_terms; /* sums of absolute terms */
  double *dh;                                    /* batch x out: gradient with respect to h; NULL in the output layer */
};

struct double_network {
  struct network_shape shape;
  struct activation_choice activation;
  struct double_layer *layers;
};

/* Weights, biases and beta 0, gamma 1. */
struct double_network double_network_create(const struct network_shape *shape,
                                            const struct activation_choice *activation);
/* The network's parameters. */
struct double_network double_network_copy(const struct network *network);
void double_network_destroy(struct double_network *network);

/* As network_forward, network_forward_layer and network_backward. */
void double_network_forward(struct double_network *network, const double *x);
void double_network_forward_layer(struct double_network *network, size_t l, const double *x);
void double_network_backward(struct double_network *network, const double *x);

/* The largest ||a - b|| / ||b|| of all arrays that passes leave, a of the network, b of the truth; NAN where there is
 * one. Sums over the batch, which may be 0, are held against those of their absolute terms. */
double double_network_distance(const struct network *network, const struct double_network *truth);

#endif
