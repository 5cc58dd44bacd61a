/* A multilayer perceptron built on a kernel table: D hidden layers of one width and one activation, with what its
 * recipe adds to them, and a linear layer to the outputs. All state is allocated once; the same seed gives the same
 * bits on any thread count. */
#ifndef DEPTHMARK_NETWORK_H
#define DEPTHMARK_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/error.h"
#include "harness/options.h"
#include "harness/passes.h"
#include "harness/recipe.h"

struct network_shape {
  size_t inputs, width, depth, outputs, batch; /* depth hidden layers, then the output layer */
  struct recipe recipe;
  bool momentum; /* parameters have velocities */
  bool lean; /* nothing is kept that a step of training does not need again: all layers share dw and db, every other one
                delta, and z is h. The activation's backward kernel must be one from the output, the recipe empty. */
};

/* h = f(n), n = z normalized or z itself, and with residual connections the h of the layer before added to it. */
struct network_layer {
  size_t in, out;
  float *w, *b;   /* in x out, out */
  float *z, *h;   /* batch x out: pre-activations, activations (h == z in the output layer, and where lean) */
  float *delta;   /* batch x out: gradient with respect to z */
  float *dw, *db; /* gradients with respect to w and b */
  float *vw, *vb; /* velocities of w and b; NULL without momentum */
  float *n;       /* batch x out: what the activation is applied to; z where nothing is normalized */
  float *gamma, *beta, *dgamma, *dbeta; /* out: of the normalization; NULL without, and in the output layer */
  float *mean, *inverse;                /* of each unit's or sample's z: its mean, 1 / its standard deviation */
};

struct network {
  struct network_shape shape;
  const struct kernel_table *table;
  struct activation_choice activation;
  struct left_out left_out; /* by the table's dense kernels, where they are another library's; nothing at first */
  struct init rng;          /* rng_init(): the generator and convention of the weights; zero: philox4x32-10 */
  int threads;
  struct caches caches; /* of one thread, for the products; zero, as at first: not known. No result depends on it */
  struct network_layer *layers; /* depth + 1 */
  float *dh[2]; /* batch x width: gradients with respect to h, of layers with an even and an odd number; only where
                   residual connections hand them on */
  void *workspace;
  void *block; /* the one allocation that holds all of it */
};

/* Added to the variance that a normalization divides by, as frameworks do. */
#define NETWORK_EPSILON 1e-5f

/* Whether two networks need the same memory and do the same with it, whatever the activation. */
bool network_shape_same(const struct network_shape *a, const struct network_shape *b);

/* Bytes that network_create would allocate; SIZE_MAX when that overflows. Every size of the shape is at least 1. */
size_t network_bytes(const struct network_shape *shape, const struct kernel_table *table, int threads);

/* Bytes that can be allocated without driving the system out of memory. */
size_t network_available_bytes(void);

/* Whether the system has that many bytes available; error names the bytes needed and available. */
bool network_check_memory(const struct network_shape *shape, const struct kernel_table *table, int threads,
                          struct error *error);

/* Refuses a network that needs more bytes than the system has available; error names both. Nothing is allocated then.
 */
bool network_create(struct network *network, const struct network_shape *shape, const struct kernel_table *table,
                    const struct activation_choice *activation, int threads, struct error *error);
void network_destroy(struct network *network);

/* Whether the initializer makes sense for every layer of a network of that shape. */
bool network_check_initializer(const struct network_shape *shape, const struct initializer_choice *initializer,
                               struct error *error);

/* The initializer must make sense for the network's shape, and not depend on data.
 * Layer l's weights from stream 2 l of seed, its biases (normal with bias_std, or zeros) from stream 2 l + 1, counted
 * from 0 at the first hidden layer. Velocities begin at zero. */
void network_initialize(struct network *network, const struct initializer_choice *initializer, float bias_std,
                        uint64_t seed);

/* Multiplies all weights, of layer l or of all layers. */
void network_scale_layer(struct network *network, size_t l, float factor);
void network_scale_weights(struct network *network, float factor);

/* Rounds weights and biases to the recipe's precision, as the passes do with what they leave: h, delta, dw and db. */
void network_round_weights(struct network *network);

/* x: batch x inputs. Leaves z and h of every layer, or of layer l alone, from those of the layer before it. */
void network_forward(struct network *network, const float *x);
void network_forward_layer(struct network *network, size_t l, const float *x);

/* From the output layer's delta, already set by the caller's loss, back to dw, db and delta of every layer, dgamma and
 * dbeta. With a precision, the output layer's delta is rounded, too. */
void network_backward(struct network *network, const float *x);

/* All that the passes of layer l's product read and write; for struct recipe's part of the network. */
struct dense network_dense(const struct network *network, size_t l, const float *x);

/* Nanoseconds of a step's parts, the work around the products of a pass included. */
struct network_times {
  uint64_t forward, loss, backward_data, backward_weights, update;
};

/* A whole step of training: forward, softmax cross-entropy with labels, backward, and the update of each layer as soon
 * as its gradients are there: by SGD at how.rate, or with momentum where the shape has it. Leaves the batch's losses,
 * and in *times what it took. The clock is read three times a layer. */
void network_step(struct network *network, const float *x, const int32_t *labels, float *losses, struct momentum how,
                  struct network_times *times);

#endif
