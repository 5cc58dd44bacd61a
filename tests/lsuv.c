/* LSUV on one ISA: unit variance in every layer, orthogonal weights, the same for any number of threads; batches that
 * no scale can bring there are refused. */
#include "harness/lsuv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "harness/layer_statistics.h"
#include "tests/support.h"

static const struct kernel_table *table;

static struct network make(const struct network_shape *shape, const char *activation, int threads) {
  struct activation_choice choice;
  struct network network;
  struct error error;
  if (!choose_activation(activation, &choice, &error)) fail_msg("%s", error.text);
  if (!network_create(&network, shape, table, &choice, threads, &error)) fail_msg("%s", error.text);
  return network;
}

static float *normals(size_t n, float stddev) {
  float *values = malloc(n * sizeof *values);
  table->init_normal(values, 0, n, &(struct init){.seed = test_seed(), .stream = 1u << 30, .p = {.b = stddev}});
  return values;
}

static void initialize(struct network *network, const float *x, uint64_t seed) {
  struct error error;
  if (!network_initialize_lsuv(network, x, seed, &error)) fail_msg("%s", error.text);
}

/* W^T W, or W W^T, is a multiple of the unit matrix. */
static void check_orthogonal(const struct network_layer *layer) {
  const bool tall = layer->in >= layer->out;
  const size_t m = tall ? layer->in : layer->out, n = tall ? layer->out : layer->in;
  const size_t row = tall ? layer->out : 1, column = tall ? 1 : layer->out;
  double square = 0;
  for (size_t i = 0; i < m; i++) square += (double)layer->w[i * row] * (double)layer->w[i * row];
  for (size_t j = 0; j < n; j++)
    for (size_t k = 0; k <= j; k++) {
      double product = 0;
      for (size_t i = 0; i < m; i++)
        product += (double)layer->w[i * row + j * column] * (double)layer->w[i * row + k * column];
      if (!(fabs(product - (j == k ? square : 0)) <= 4e-6 * square))
        fail_msg("columns %zu and %zu of a layer: %g, not %g", j, k, product, j == k ? square : 0);
    }
}

static void check(const struct network_shape *shape, const char *activation, float stddev) {
  struct network network = make(shape, activation, 2);
  float *x = normals(shape->batch * shape->inputs, stddev);
  initialize(&network, x, test_seed());
  for (size_t l = 0; l <= shape->depth; l++) {
    const struct network_layer *layer = &network.layers[l];
    const size_t n = shape->batch * layer->out;
    float *z = malloc(n * sizeof *z);
    memcpy(z, layer->z, n * sizeof *z);
    network_forward(&network, x);
    assert_memory_equal(z, layer->z, n * sizeof *z);
    free(z);
    const double spread = moments(layer->z, n).stddev;
    if (!(fabs(spread * spread - 1) < LSUV_TOLERANCE))
      fail_msg("%s, %s, layer %zu: variance %g", table->name, activation, l, spread * spread);
    check_orthogonal(layer);
    for (size_t i = 0; i < layer->out; i++) assert_true(layer->b[i] == 0);
  }
  free(x);
  network_destroy(&network);
}

static void test_unit_variance(void **state) {
  (void)state;
  const struct network_shape deep = {.inputs = 70, .width = 40, .depth = 20, .outputs = 10, .batch = 32};
  const struct network_shape odd = {.inputs = 3, .width = 77, .depth = 2, .outputs = 5, .batch = 9};
  const char *const activations[] = {"linear", "relu", "tanh", "sigmoid", "selu", "gelu"};
  for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
    check(&deep, activations[i], 1);
    check(&odd, activations[i], 1);
  }
  check(&deep, "relu", 1e-6f);
  check(&deep, "relu", 1e6f);
}

static void test_same_bits(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 300, .width = 280, .depth = 2, .outputs = 10, .batch = 30};
  float *x = normals(shape.batch * shape.inputs, 1);
  struct network alone = make(&shape, "relu", 1);
  initialize(&alone, x, 5);
  for (int threads = 2; threads <= 3; threads++) {
    struct network team = make(&shape, "relu", threads);
    initialize(&team, x, 5);
    for (size_t l = 0; l <= shape.depth; l++)
      assert_memory_equal(team.layers[l].w, alone.layers[l].w,
                          alone.layers[l].in * alone.layers[l].out * sizeof(float));
    initialize(&team, x, 6);
    assert_memory_not_equal(team.layers[0].w, alone.layers[0].w, 300 * 280 * sizeof(float));
    network_destroy(&team);
  }
  network_destroy(&alone);
  free(x);
}

static void expect_refusal(struct network *network, const float *x, uint64_t seed, const char *part) {
  struct error error = {""};
  assert_false(network_initialize_lsuv(network, x, seed, &error));
  if (!strstr(error.text, part)) fail_msg("'%s' does not say '%s'", error.text, part);
}

static void test_refusals(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 4, .width = 4, .depth = 2, .outputs = 2, .batch = 3};
  struct network network = make(&shape, "relu", 1);
  float x[12] = {0};
  expect_refusal(&network, x, 1, "layer 1's pre-activations are all the same");
  x[5] = NAN;
  expect_refusal(&network, x, 1, "layer 1's pre-activations are not finite");
  x[5] = 1e-45f; /* divided by its deviation, a weight is out of range */
  expect_refusal(&network, x, 1, "layer 1's pre-activations");
  network_destroy(&network);

  /* One unit: under a negative weight relu lets nothing through, and the next layer sees zeros. */
  const struct network_shape thin = {.inputs = 1, .width = 1, .depth = 2, .outputs = 1, .batch = 2};
  const float positive[2] = {1, 2};
  network = make(&thin, "relu", 1);
  int refused = 0;
  for (uint64_t seed = 0; seed < 20; seed++) {
    struct error error;
    if (network_initialize_lsuv(&network, positive, seed, &error)) continue;
    refused++;
    assert_true(network.layers[0].w[0] < 0 || network.layers[1].w[0] < 0);
    expect_refusal(&network, positive, seed, network.layers[0].w[0] < 0 ? "layer 2" : "layer 3");
  }
  assert_true(refused > 0 && refused < 20);
  network_destroy(&network);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unit_variance),
      cmocka_unit_test(test_same_bits),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
