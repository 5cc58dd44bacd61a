/* The double-precision network that struct network is held against, itself held against finite differences. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "tests/double_network.h"
#include "tests/support.h"

#define STEP 1e-6
/* Of a derivative, relative to the largest of its array: the step's own error is about 1e-9. */
#define TOLERANCE 1e-6

static const struct network_shape shape = {.inputs = 5, .width = 6, .depth = 3, .outputs = 4, .batch = 3};

/* A loss of the outputs; also leaves its gradient in the output layer's delta. */
typedef double loss_function(struct double_network *network, const void *context);

static double linear_loss(struct double_network *network, const void *context) {
  const double *factors = context;
  struct double_layer *outputs = &network->layers[shape.depth];
  double sum = 0;
  for (size_t i = 0; i < shape.batch * shape.outputs; i++) {
    sum += factors[i] * outputs->z[i];
    outputs->delta[i] = factors[i];
  }
  return sum;
}

static double cross_entropy(struct double_network *network, const void *context) {
  struct double_layer *outputs = &network->layers[shape.depth];
  double losses[8], sum = 0;
  reference_softmax_cross_entropy(outputs->z, context, shape.batch, shape.outputs, outputs->delta, losses);
  for (size_t i = 0; i < shape.batch; i++) sum += losses[i];
  return sum / (double)shape.batch;
}

static double loss_at(struct double_network *network, const double *x, loss_function *loss, const void *context) {
  double_network_forward(network, x);
  return loss(network, context);
}

/* Holds gradient[0 .. n) against differences of the loss in values. */
static void check_array(struct double_network *network, const double *x, loss_function *loss, const void *context,
                        double *values, const double *gradient, size_t n, const char *what, size_t layer) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(gradient[i]));
  if (!(largest > 0)) fail_msg("%s of layer %zu are all zero", what, layer);
  for (size_t i = 0; i < n; i++) {
    const double value = values[i];
    values[i] = value + STEP;
    const double above = loss_at(network, x, loss, context);
    values[i] = value - STEP;
    const double below = loss_at(network, x, loss, context);
    values[i] = value;
    const double difference = (above - below) / (2 * STEP);
    if (!(fabs(difference - gradient[i]) <= TOLERANCE * largest))
      fail_msg("%s, %s[%zu] of layer %zu: %.12g, differences say %.12g", network->activation.text, what, i, layer,
               gradient[i], difference);
  }
}

static void check_network(const char *activation, loss_function *loss, const void *context) {
  struct activation_choice choice;
  struct error error;
  uint64_t state = test_seed();
  double x[64];
  if (!choose_activation(activation, &choice, &error)) fail_msg("%s", error.text);
  struct double_network network = double_network_create(&shape, &choice);
  const float most =
      strcmp(activation, "exponential") == 0 ? 0.1f : 1; /* exponentials of exponentials overflow doubles */
  for (size_t i = 0; i < shape.batch * shape.inputs; i++) x[i] = test_uniform(&state, -2, 2);
  for (size_t l = 0; l <= shape.depth; l++) {
    for (size_t i = 0; i < network.layers[l].in * network.layers[l].out; i++)
      network.layers[l].w[i] = test_uniform(&state, -most, most);
    for (size_t i = 0; i < network.layers[l].out; i++) network.layers[l].b[i] = test_uniform(&state, -most, most);
  }
  loss_at(&network, x, loss, context);
  double_network_backward(&network, x);
  for (size_t l = 0; l <= shape.depth; l++) {
    struct double_layer *layer = &network.layers[l];
    check_array(&network, x, loss, context, layer->w, layer->dw, layer->in * layer->out, "weights", l);
    check_array(&network, x, loss, context, layer->b, layer->db, layer->out, "biases", l);
  }
  double_network_destroy(&network);
}

/* Every activation that the command line can name. */
static void test_every_activation(void **state) {
  (void)state;
  double factors[64];
  uint64_t random = test_seed() + 1;
  int count = 0;
  for (size_t i = 0; i < shape.batch * shape.outputs; i++) factors[i] = test_uniform(&random, -1, 1);
  for (size_t k = 0; k < KERNEL_COUNT; k++) {
    char name[64];
    struct activation_choice choice;
    struct error error;
    const char *suffix = strstr(kernels[k].name, "_forward");
    if (kernels[k].signature != SIGNATURE_map || !suffix || suffix[strlen("_forward")] != '\0') continue;
    snprintf(name, sizeof name, "%.*s", (int)(suffix - kernels[k].name), kernels[k].name);
    if (!choose_activation(name, &choice, &error)) continue;
    check_network(name, linear_loss, factors);
    count++;
  }
  assert_true(count >= 11);
}

static void test_cross_entropy(void **state) {
  (void)state;
  const int32_t labels[] = {2, 0, 3};
  check_network("tanh", cross_entropy, labels);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_activation), cmocka_unit_test(test_cross_entropy)};
  return cmocka_run_group_tests_name("backpropagation", tests, NULL, NULL) ? 1 : 0;
}
