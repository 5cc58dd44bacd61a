/* The generators that --rng names, on one ISA: the fastest kernel that the CPU can run, and networks made with it. */
#include "harness/rng.h"

#include <string.h>

#include "harness/choices.h"
#include "harness/network.h"
#include "tests/support.h"

#define WORDS 1003

static const struct kernel_table *table;

static const char *const portable[RNG_COUNT] = {
    [RNG_PHILOX4X32_10] = "philox4x32_10",     [RNG_PHILOX4X32_7] = "philox4x32_7",
    [RNG_THREEFRY2X32_20] = "threefry2x32_20", [RNG_ARS4X32_7] = "ars4x32_7",
    [RNG_TENSORFLOW] = "tensorflow_words",     [RNG_JAX] = "jax_words",
};

static void test_words(void **state) {
  (void)state;
  const struct cpu_features cpu = cpu_detect();
  for (enum rng rng = 0; rng < RNG_COUNT; rng++) {
    uint32_t expected[WORDS], words[WORDS];
    ((words_kernel *)kernel_in_table(table, kernel_find(portable[rng])))(expected, 5, WORDS, 6, 7);
    rng_init(rng, table, &cpu).generator(words, 5, WORDS, 6, 7);
    assert_memory_equal(words, expected, sizeof words);
    assert_null(kernel_obstacle(table, rng_kernel(rng, table, &cpu), &cpu));
  }
  assert_int_equal(rng_init(RNG_JAX, table, &cpu).convention, CONVENTION_JAX);
  assert_int_equal(rng_init(RNG_TENSORFLOW, table, &cpu).convention, CONVENTION_TENSORFLOW);
  assert_int_equal(rng_init(RNG_ARS4X32_7, table, &cpu).convention, CONVENTION_OWN);
}

/* Bodies that need AES instructions are taken where there are such, the widest first, and nowhere else. */
static void test_choice(void **state) {
  (void)state;
  static const char *const names[] = {"ars4x32_7_vaes", "ars4x32_7_aes", "ars4x32_7"};
  struct cpu_features cpu = cpu_detect();
  for (int i = 0; i < 3; i++) {
    int best = i;
    while (best < 2 && kernel_obstacle(table, kernel_find(names[best]), &cpu)) best++;
    assert_string_equal(rng_kernel(RNG_ARS4X32_7, table, &cpu)->name, names[best]);
    cpu.vaes = false;
    if (i == 1) cpu.aes = cpu.asimd_aes = false;
  }
}

static void test_network(void **state) {
  (void)state;
  const struct network_shape shape = {.inputs = 30, .width = 20, .depth = 2, .outputs = 3, .batch = 1};
  const struct cpu_features cpu = cpu_detect();
  struct activation_choice tanh_choice;
  struct initializer_choice normal;
  struct network network;
  struct error error;
  assert_true(choose_activation("tanh", &tanh_choice, &error) && choose_initializer("normal(0,1)", &normal, &error));
  assert_true(network_create(&network, &shape, table, &tanh_choice, 2, &error));
  for (enum rng rng = 0; rng < RNG_COUNT; rng++) {
    network.rng = rng_init(rng, table, &cpu);
    network_initialize(&network, &normal, 0.5f, 9);
    for (size_t l = 0; l <= shape.depth; l++) {
      const struct network_layer *layer = &network.layers[l];
      float expected[600];
      struct init init = network.rng;
      init.seed = 9, init.stream = 2 * l, init.p.b = 1;
      table->init_normal(expected, 0, layer->in * layer->out, &init);
      assert_memory_equal(layer->w, expected, layer->in * layer->out * sizeof *expected);
      init.stream = 2 * l + 1, init.p.b = 0.5f;
      table->init_normal(expected, 0, layer->out, &init);
      assert_memory_equal(layer->b, expected, layer->out * sizeof *expected);
    }
  }
  network_destroy(&network);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_choice),
      cmocka_unit_test(test_network),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
