/* struct network on one ISA: its initialization, its passes against double precision, its memory. */
#include "harness/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "tests/double_network.h"
#include "tests/network_support.h"
#include "tests/support.h"

static const struct kernel_table *table;

/* ---- initialization --------------------------------------------------------------------------------------------- */

static void test_streams(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 130, .width = 97, .depth = 3, .outputs = 10, .batch = 2};
  struct network network = make_network(table, &shape, "tanh", 3);
  initialize_network(&network, "glorot_uniform", 0.5f, 77);
  for (size_t l = 0; l <= shape.depth; l++) {
    const struct network_layer *layer = &network.layers[l];
    const size_t n = layer->in * layer->out;
    assert_int_equal(layer->in, l == 0 ? 130 : 97);
    assert_int_equal(layer->out, l == 3 ? 10 : 97);
    float *expected = malloc(n * sizeof *expected);
    struct init init = {.seed = 77, .stream = 2 * l, .fan_in = layer->in, .fan_out = layer->out};
    table->init_glorot_uniform(expected, 0, n, &init);
    assert_same(layer->w, expected, n, "weights");
    init = (struct init){.seed = 77, .stream = 2 * l + 1, .p = {.b = 0.5f}};
    table->init_normal(expected, 0, layer->out, &init);
    assert_same(layer->b, expected, layer->out, "biases");
    free(expected);
  }
  initialize_network(&network, "uniform_fan_in", 0, 77);
  for (size_t l = 0; l <= shape.depth; l++) {
    const struct network_layer *layer = &network.layers[l];
    const double limit = 1 / sqrt((double)layer->in);
    double square = 0, largest = 0;
    for (size_t i = 0; i < layer->in * layer->out; i++) {
      square += (double)layer->w[i] * layer->w[i];
      largest = fmax(largest, fabs(layer->w[i]));
    }
    const double n = (double)(layer->in * layer->out), variance = square / n * 3 / (limit * limit);
    assert_true(largest <= (float)limit && largest > 0.98 * limit);
    assert_true(fabs(variance - 1) < 4 * sqrt(0.8 / n));
    for (size_t i = 0; i < layer->out; i++) assert_true(layer->b[i] == 0);
  }
  network_destroy(&network);
}

/* Weights that are made as a whole. */
static void test_orthogonal(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 130, .width = 97, .depth = 2, .outputs = 10, .batch = 2};
  struct network network = make_network(table, &shape, "tanh", 3);
  initialize_network(&network, "orthogonal(0.5)", 0, 77);
  for (size_t l = 0; l <= shape.depth; l++) {
    const struct network_layer *layer = &network.layers[l];
    const size_t n = layer->in * layer->out, bytes = table->matrix_workspace_bytes(layer->in, layer->out, 1);
    float *expected = malloc(n * sizeof *expected);
    void *workspace = aligned_alloc(64, bytes + 64 - bytes % 64);
    const struct init init = {
        .seed = 77, .stream = 2 * l, .p = {.a = 0.5f}, .fan_in = layer->in, .fan_out = layer->out};
    table->init_orthogonal(expected, layer->in, layer->out, &init, 1, workspace);
    assert_same(layer->w, expected, n, "weights");
    free(workspace), free(expected);
  }
  network_destroy(&network);
}

/* He et al. 2015, section 2.2: with 3 x 3 filters of 64 to 512 channels the standard deviations are 0.059 to 0.021. */
static void test_he_table(void **state) {
  (void)state;
  static const struct {
    size_t channels;
    double stddev;
  } rows[] = {{64, 0.059}, {128, 0.042}, {256, 0.029}, {512, 0.021}};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    const struct network_shape shape = {
        .inputs = 9 * rows[r].channels, .width = rows[r].channels, .depth = 1, .outputs = 1, .batch = 1};
    struct network network = make_network(table, &shape, "relu", 2);
    initialize_network(&network, "he_normal", 0, test_seed());
    const size_t n = shape.inputs * shape.width;
    double square = 0;
    for (size_t i = 0; i < n; i++) square += (double)network.layers[0].w[i] * network.layers[0].w[i];
    const double measured = sqrt(square / (double)n), exact = sqrt(2.0 / (double)shape.inputs);
    const double error = 4 * exact / sqrt(2.0 * (double)n);
    printf("fan-in 9 x %zu: standard deviation %.5f, He's table %.3f\n", rows[r].channels, measured, rows[r].stddev);
    if (!(fabs(measured - exact) <= error)) fail_msg("%g, not %g +- %g", measured, exact, error);
    if (!(fabs(measured - rows[r].stddev) <= 0.0005 + error)) fail_msg("%g, not %g", measured, rows[r].stddev);
    network_destroy(&network);
  }
}

/* ---- passes ----------------------------------------------------------------------------------------------------- */

/* What other libraries' passes leave to ours: nothing, bare products, products with biases. */
static const struct {
  const char *name;
  struct left_out left_out;
} ways[] = {{"", {0}},
            {" around bare products", {.activation = true, .bias = true, .db = true}},
            {" around products with biases", {.activation = true}}};
#define WAYS (sizeof ways / sizeof *ways)

/* Weights of variance 1 / n, with which none of these networks is chaotic. */
static void test_against_double(void **state) {
  (void)state;
  static const struct {
    const char *activation;
    double tolerance;
  } rows[] = {{"linear", 1e-5},   {"tanh", 1e-5},       {"sigmoid", 1e-5}, {"softsign", 1e-5},
              {"softplus", 1e-5}, {"elu", 1e-5},        {"gelu", 1e-5},    {"silu", 1e-5},
              {"relu", 1e-2},     {"leaky_relu", 1e-2}, {"selu", 1e-2}};
  const struct network_shape shape = {.inputs = 40, .width = 64, .depth = 12, .outputs = 10, .batch = 9};
  const size_t outputs = shape.batch * shape.outputs;
  float *x = make_normals(table, shape.batch * shape.inputs, 5, 1), *delta = make_normals(table, outputs, 6, 1.0f / 9);
  double *x_double = test_doubles(x, shape.batch * shape.inputs), *delta_double = test_doubles(delta, outputs);
  for (size_t r = 0; r < WAYS * sizeof rows / sizeof *rows; r++) {
    const char *const activation = rows[r / WAYS].activation;
    const double tolerance = rows[r / WAYS].tolerance;
    struct network network = make_network(table, &shape, activation, 2);
    network.left_out = ways[r % WAYS].left_out;
    initialize_network(&network, "normal(0,0.125)", 0.1f, 3);
    run_network(&network, x, delta);
    struct double_network truth = double_network_copy(&network);
    double_network_forward(&truth, x_double);
    memcpy(truth.layers[shape.depth].delta, delta_double, outputs * sizeof *delta_double);
    double_network_backward(&truth, x_double);
    const double worst = double_network_distance(&network, &truth);
    printf("%s%s: %.2g of %g\n", activation, ways[r % WAYS].name, worst, tolerance);
    if (!(worst <= tolerance)) fail_msg("%s: %g apart", activation, worst);
    double_network_destroy(&truth);
    network_destroy(&network);
  }
  free(x), free(delta), free(x_double), free(delta_double);
}

/* Five weights of 0.1 between a gradient of 0.03 and the first of five neurons in a row. */
static void test_chain(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 1, .width = 1, .depth = 5, .outputs = 1, .batch = 1};
  struct network network = make_network(table, &shape, "linear", 1);
  const float x = 1;
  initialize_network(&network, "constant(0.1)", 0, 1);
  network_forward(&network, &x);
  network.layers[5].delta[0] = 0.03f;
  network_backward(&network, &x);
  const double first = network.layers[0].delta[0], y = network.layers[5].z[0];
  if (!(fabs(first / 3e-7 - 1) < 1e-6)) fail_msg("%.9g, not 3e-7", first);
  if (!(fabs(y / 1e-6 - 1) < 1e-6)) fail_msg("%.9g, not 1e-6", y);
  network_destroy(&network);
}

/* Large enough that every pass is split. */
static const struct network_shape split_shape = {
    .inputs = 150, .width = 137, .depth = 4, .outputs = 10, .batch = 71, .momentum = true};
static const struct momentum split_rate = {.rate = 0.01f, .momentum = 0.9f, .decay = 1e-3f, .nesterov = 1};

static int32_t *split_labels(void) {
  static int32_t labels[71];
  for (int32_t i = 0; i < 71; i++) labels[i] = i * 7 % 10;
  return labels;
}

static struct network run_split(int threads, struct left_out left_out, const float *x) {
  struct network network = make_network(table, &split_shape, "gelu", threads);
  struct network_times times;
  float losses[71];
  network.left_out = left_out;
  initialize_network(&network, "he_normal", 0.1f, 12);
  for (int step = 0; step < 2; step++) network_step(&network, x, split_labels(), losses, split_rate, &times);
  return network;
}

static void test_threads(void **state) {
  (void)state;
  float *x = make_normals(table, split_shape.batch * split_shape.inputs, 5, 1);
  for (size_t w = 0; w < WAYS; w++) {
    struct network one = run_split(1, ways[w].left_out, x);
    for (int threads = 2; threads <= 3; threads++) {
      struct network other = run_split(threads, ways[w].left_out, x);
      assert_same_networks(&one, &other);
      network_destroy(&other);
    }
    network_destroy(&one);
  }
  free(x);
}

/* ---- training --------------------------------------------------------------------------------------------------- */

/* What a step is made of, one part after the other over the whole network. */
static void step_apart(struct network *network, const float *x, const int32_t *labels, float *losses,
                       struct momentum how) {
  const struct network_shape *shape = &network->shape;
  const struct network_layer *outputs = &network->layers[shape->depth];
  network_forward(network, x);
  table->softmax_cross_entropy(outputs->z, labels, shape->batch, shape->outputs, outputs->delta, losses);
  network_backward(network, x);
  for (size_t l = 0; l <= shape->depth; l++) {
    const struct network_layer *layer = &network->layers[l];
    const size_t n = layer->in * layer->out;
    if (shape->momentum) {
      table->momentum_update(layer->w, layer->vw, layer->dw, n, how);
      table->momentum_update(layer->b, layer->vb, layer->db, layer->out, how);
    } else {
      table->sgd_update(layer->w, layer->dw, n, how.rate);
      table->sgd_update(layer->b, layer->db, layer->out, how.rate);
    }
  }
}

/* What is left of a network that keeps only what it needs. */
static void assert_same_training(const struct network *one, const struct network *other) {
  for (size_t l = 0; l <= one->shape.depth; l++) {
    const struct network_layer *a = &one->layers[l], *b = &other->layers[l];
    assert_same(a->w, b->w, a->in * a->out, "weights");
    assert_same(a->b, b->b, a->out, "biases");
    assert_same(a->h, b->h, one->shape.batch * a->out, "activations");
    if (one->shape.momentum) assert_same(a->vw, b->vw, a->in * a->out, "velocities");
    if (one->shape.momentum) assert_same(a->vb, b->vb, a->out, "velocities of biases");
  }
}

/* The layers' shapes make the shared arrays' sizes: each kind is the largest once. */
static void test_step(void **state) {
  (void)state;
  static const struct network_shape shapes[] = {{.inputs = 150, .width = 137, .depth = 4, .outputs = 10, .batch = 71},
                                                {.inputs = 9, .width = 40, .depth = 3, .outputs = 10, .batch = 71},
                                                {.inputs = 9, .width = 20, .depth = 1, .outputs = 10, .batch = 71},
                                                {.inputs = 9, .width = 20, .depth = 2, .outputs = 30, .batch = 71}};
  const struct activation_choice relu = {.forward = kernel_find("relu_forward"),
                                         .backward = kernel_find("relu_from_output")};
  struct error error;
  float losses[71], expected[71];
  for (size_t kind = 0; kind < 4 * sizeof shapes / sizeof *shapes; kind++) {
    struct network_shape shape = shapes[kind / 4];
    struct network_times times;
    struct network whole, apart;
    float *x = make_normals(table, shape.batch * shape.inputs, 5, 1);
    shape.momentum = kind % 2;
    apart = make_network(table, &shape, "relu", 1);
    shape.lean = kind / 2 % 2;
    if (!network_create(&whole, &shape, table, &relu, 2, &error)) fail_msg("%s", error.text);
    initialize_network(&whole, "he_normal", 0.1f, 12), initialize_network(&apart, "he_normal", 0.1f, 12);
    for (int step = 0; step < 3; step++) {
      network_step(&whole, x, split_labels(), losses, split_rate, &times);
      step_apart(&apart, x, split_labels(), expected, split_rate);
      assert_same(losses, expected, shape.batch, "losses");
      assert_same_training(&whole, &apart);
      if (!shape.lean) assert_same_networks(&whole, &apart);
    }
    assert_true(times.loss > 0 && times.update > 0);
    assert_true(times.forward > 0 && times.backward_data > 0 && times.backward_weights > 0);
    network_destroy(&whole), network_destroy(&apart);
    free(x);
  }
}

/* A few dozen steps learn a batch by heart. */
static void test_learns(void **state) {
  (void)state;
  struct network_shape shape = {.inputs = 30, .width = 40, .depth = 3, .outputs = 10, .batch = 20};
  float *x = make_normals(table, shape.batch * shape.inputs, 5, 1), losses[20];
  for (int momentum = 0; momentum < 2; momentum++) {
    struct network_times times;
    double first = 0, last = 0;
    shape.momentum = momentum;
    struct network network = make_network(table, &shape, "relu", 1);
    initialize_network(&network, "he_normal", 0, 3);
    for (int step = 0; step < 200; step++) {
      const struct momentum how = {.rate = momentum ? 0.02f : 0.1f, .momentum = 0.9f};
      network_step(&network, x, split_labels(), losses, how, &times);
      last = 0;
      for (size_t i = 0; i < shape.batch; i++) last += losses[i] / (double)shape.batch;
      if (step == 0) first = last;
    }
    printf("mean loss %.3g, after 200 steps%s %.3g\n", first, momentum ? " with momentum" : "", last);
    if (!(first > 1 && last < 0.05)) fail_msg("the loss fell from %g to %g", first, last);
    network_destroy(&network);
  }
  free(x);
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static void test_layout(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 3, .width = 5, .depth = 2, .outputs = 1, .batch = 7, .momentum = true};
  struct network network = make_network(table, &shape, "tanh", 1);
  const char *block = network.block, *end = block + network_bytes(&shape, table, 1);
  for (size_t l = 0; l <= shape.depth; l++) {
    const struct network_layer *layer = &network.layers[l];
    const struct {
      float *data;
      size_t n;
    } arrays[] = {{layer->w, layer->in * layer->out},
                  {layer->b, layer->out},
                  {layer->z, 7 * layer->out},
                  {layer->h, 7 * layer->out},
                  {layer->delta, 7 * layer->out},
                  {layer->dw, layer->in * layer->out},
                  {layer->db, layer->out},
                  {layer->vw, layer->in * layer->out},
                  {layer->vb, layer->out}};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
      assert_int_equal((uintptr_t)arrays[i].data % 64, 0);
      assert_true((char *)arrays[i].data >= block && (char *)(arrays[i].data + arrays[i].n) <= end);
      for (size_t j = 0; j < arrays[i].n; j++) arrays[i].data[j] = (float)(l * 10 + i); /* none may overlap */
    }
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
      for (size_t j = 0; j < arrays[i].n; j++)
        assert_true(arrays[i].data[j] == (float)(l * 10 + i) || arrays[i].data == layer->h ||
                    arrays[i].data == layer->z);
  }
  assert_ptr_equal(network.layers[2].h, network.layers[2].z);
  network_destroy(&network);
}

static void assert_refused(struct network_shape shape, const char *says) {
  struct activation_choice choice;
  struct network network;
  struct error error = {""};
  assert_true(choose_activation("tanh", &choice, &error));
  assert_false(network_create(&network, &shape, table, &choice, 1, &error));
  if (!strstr(error.text, says)) fail_msg("\"%s\" does not say \"%s\"", error.text, says);
  assert_null(network.block);
}

static void test_refusals(void **state) {
  (void)state;
  const struct network_shape large = {.inputs = 10, .width = 1u << 20, .depth = 1000, .outputs = 10, .batch = 64};
  char bytes[32];
  snprintf(bytes, sizeof bytes, "%zu bytes", network_bytes(&large, table, 1));
  assert_true(network_bytes(&large, table, 1) > (size_t)8000000000000000);
  assert_refused(large, bytes);
  struct error error = {""};
  assert_false(network_check_memory(&large, table, 1, &error));
  assert_non_null(strstr(error.text, bytes));
  struct network_shape shape = large;
  shape.width = (size_t)1 << 40;
  assert_true(network_bytes(&shape, table, 1) == SIZE_MAX);
  assert_refused(shape, "2^64");
  shape = large, shape.depth = SIZE_MAX;
  assert_refused(shape, "2^64");
  shape = large, shape.depth = SIZE_MAX / 8;
  assert_refused(shape, "2^64");
  shape = large, shape.batch = SIZE_MAX / 4;
  assert_refused(shape, "2^64");
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_streams),        cmocka_unit_test(test_orthogonal), cmocka_unit_test(test_he_table),
      cmocka_unit_test(test_against_double), cmocka_unit_test(test_chain),      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_step),           cmocka_unit_test(test_learns),     cmocka_unit_test(test_layout),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
