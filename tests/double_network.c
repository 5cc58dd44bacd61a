#include "tests/double_network.h"

#include <stdlib.h>

static double *zeros(size_t n) { return calloc(n, sizeof(double)); }

struct double_network double_network_create(const struct network_shape *shape,
                                            const struct activation_choice *activation) {
  struct double_network network = {*shape, *activation, calloc(shape->depth + 1, sizeof *network.layers)};
  for (size_t l = 0; l <= shape->depth; l++) {
    const size_t in = l ? shape->width : shape->inputs, out = l < shape->depth ? shape->width : shape->outputs;
    struct double_layer *layer = &network.layers[l];
    *layer = (struct double_layer){.in = in, .out = out};
    layer->w = zeros(in * out), layer->dw = zeros(in * out);
    layer->b = zeros(out), layer->db = zeros(out);
    layer->z = zeros(shape->batch * out), layer->delta = zeros(shape->batch * out);
    layer->h = l < shape->depth ? zeros(shape->batch * out) : layer->z;
  }
  return network;
}

struct double_network double_network_copy(const struct network *network) {
  struct double_network copy = double_network_create(&network->shape, &network->activation);
  for (size_t l = 0; l <= copy.shape.depth; l++) {
    const struct network_layer *from = &network->layers[l];
    struct double_layer *to = &copy.layers[l];
    for (size_t i = 0; i < to->in * to->out; i++) to->w[i] = from->w[i];
    for (size_t i = 0; i < to->out; i++) to->b[i] = from->b[i];
  }
  return copy;
}

void double_network_destroy(struct double_network *network) {
  for (size_t l = 0; l <= network->shape.depth; l++) {
    struct double_layer *layer = &network->layers[l];
    if (layer->h != layer->z) free(layer->h);
    free(layer->w), free(layer->b), free(layer->z), free(layer->delta), free(layer->dw), free(layer->db);
  }
  free(network->layers);
}

static struct dense_double dense_of(const struct double_network *network, size_t l, const double *x) {
  const struct double_layer *layer = &network->layers[l];
  return (struct dense_double){.batch = network->shape.batch,
                               .in = layer->in,
                               .out = layer->out,
                               .x = l ? layer[-1].h : x,
                               .w = layer->w,
                               .b = layer->b,
                               .z = layer->z,
                               .y = layer->h,
                               .dz = layer->delta,
                               .dx = l ? layer[-1].delta : NULL,
                               .dw = layer->dw,
                               .db = layer->db};
}

void double_network_forward(struct double_network *network, const double *x) {
  map_reference *const forward = (map_reference *)reference_functions[network->activation.forward - kernels];
  for (size_t l = 0; l <= network->shape.depth; l++) {
    struct dense_double dense = dense_of(network, l, x);
    dense.activation = l < network->shape.depth ? forward : NULL;
    dense.p = network->activation.p;
    reference_dense_forward(&dense);
  }
}

void double_network_backward(struct double_network *network, const double *x) {
  backward_reference *const backward =
      (backward_reference *)reference_functions[network->activation.backward - kernels];
  for (size_t l = network->shape.depth + 1; l-- > 0;) {
    const struct dense_double dense = dense_of(network, l, x);
    reference_dense_backward_weights(&dense);
    if (l == 0) break;
    reference_dense_backward_data(&dense);
    struct double_layer *below = &network->layers[l - 1];
    for (size_t i = 0; i < dense.batch * dense.in; i++)
      below->delta[i] = backward(below->z[i], below->delta[i], network->activation.p);
  }
}
