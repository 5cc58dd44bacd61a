/* A network in double precision, made of the references: the truth for struct network. */
#ifndef DEPTHMARK_TESTS_DOUBLE_NETWORK_H
#define DEPTHMARK_TESTS_DOUBLE_NETWORK_H

#include "harness/network.h"
#include "kernels/reference/reference.h"

struct double_layer {
  size_t in, out;
  double *w, *b, *z, *h, *delta, *dw, *db; /* as in struct network_layer */
};

struct double_network {
  struct network_shape shape;
  struct activation_choice activation;
  struct double_layer *layers;
};

/* Weights and biases 0. */
struct double_network double_network_create(const struct network_shape *shape,
                                            const struct activation_choice *activation);
/* The network's weights and biases. */
struct double_network double_network_copy(const struct network *network);
void double_network_destroy(struct double_network *network);

/* As network_forward and network_backward. */
void double_network_forward(struct double_network *network, const double *x);
void double_network_backward(struct double_network *network, const double *x);

#endif
