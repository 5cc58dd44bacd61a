#include "tests/network_support.h"

#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "tests/support.h"

struct network make_network(const struct kernel_table *table, const struct network_shape *shape, const char *activation,
                            int threads) {
  struct activation_choice choice;
  struct network network;
  struct error error;
  if (!choose_activation(activation, &choice, &error)) fail_msg("%s", error.text);
  if (!network_create(&network, shape, table, &choice, threads, &error)) fail_msg("%s", error.text);
  return network;
}

void initialize_network(struct network *network, const char *initializer, float bias_std, uint64_t seed) {
  struct initializer_choice choice;
  struct error error;
  if (!choose_initializer(initializer, &choice, &error)) fail_msg("%s", error.text);
  network_initialize(network, &choice, bias_std, seed);
}

void run_network(struct network *network, const float *x, const float *delta) {
  const struct network_layer *outputs = &network->layers[network->shape.depth];
  network_forward(network, x);
  memcpy(outputs->delta, delta, network->shape.batch * outputs->out * sizeof *delta);
  network_backward(network, x);
}

float *make_normals(const struct kernel_table *table, size_t n, uint64_t seed, float stddev) {
  float *values = malloc(n * sizeof *values);
  table->init_normal(values, 0, n, &(struct init){.seed = seed, .stream = 1u << 30, .p = {.b = stddev}});
  return values;
}

void assert_same(const float *a, const float *b, size_t n, const char *what) {
  if (memcmp(a, b, n * sizeof *a) != 0) fail_msg("%s differ", what);
}

void assert_same_networks(const struct network *one, const struct network *other) {
  const size_t batch = one->shape.batch;
  for (size_t l = 0; l <= one->shape.depth; l++) {
    const struct network_layer *a = &one->layers[l], *b = &other->layers[l];
    assert_same(a->w, b->w, a->in * a->out, "weights");
    assert_same(a->b, b->b, a->out, "biases");
    assert_same(a->z, b->z, batch * a->out, "pre-activations");
    assert_same(a->n, b->n, batch * a->out, "normalized pre-activations");
    assert_same(a->h, b->h, batch * a->out, "activations");
    assert_same(a->delta, b->delta, batch * a->out, "gradients");
    assert_same(a->dw, b->dw, a->in * a->out, "weight gradients");
    assert_same(a->db, b->db, a->out, "bias gradients");
    assert_int_equal(a->vw != NULL, b->vw != NULL);
    if (a->vw) assert_same(a->vw, b->vw, a->in * a->out, "velocities");
    if (a->vb) assert_same(a->vb, b->vb, a->out, "velocities of biases");
    assert_int_equal(a->gamma != NULL, b->gamma != NULL);
    if (!a->gamma) continue;
    const size_t groups = one->shape.recipe.normalization == NORMALIZATION_BATCH ? a->out : batch;
    assert_same(a->gamma, b->gamma, a->out, "gamma");
    assert_same(a->beta, b->beta, a->out, "beta");
    assert_same(a->dgamma, b->dgamma, a->out, "gamma's gradients");
    assert_same(a->dbeta, b->dbeta, a->out, "beta's gradients");
    assert_same(a->mean, b->mean, groups, "means");
    assert_same(a->inverse, b->inverse, groups, "deviations");
  }
}
