/* Other libraries' kernels on one ISA: they do the work that their rows stand for, fills on the words that ours would
 * use. */
#include "harness/peers/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

#define COUNT 100003

static const struct kernel_table *table;
static float w[COUNT + 1];
static uint32_t words[COUNT + 1];

static void expect_uniform(const struct peer_kernel *peer, const struct init *init) {
  const double width = (double)init->p.b - (double)init->p.a;
  init->generator(words, 0, COUNT, init->seed, init->stream);
  for (size_t i = 0; i < COUNT; i++)
    if (!(fabs(w[i] - (init->p.a + width * (words[i] + 0.5) / 0x1p32)) <= width * 0x1p-22))
      fail_msg("%s: element %zu is %g", peer->provider, i, (double)w[i]);
}

static void expect_normal(const struct peer_kernel *peer, const struct init *init) {
  double sum = 0, square = 0, fourth = 0;
  for (size_t i = 0; i < COUNT; i++) {
    const double z = (w[i] - init->p.a) / init->p.b;
    sum += z, square += z * z, fourth += z * z * z * z;
  }
  printf("%s: mean %.4f, variance %.4f, fourth moment %.3f\n", peer->provider, sum / COUNT, square / COUNT,
         fourth / COUNT);
  assert_true(fabs(sum / COUNT) <= 4 / sqrt(COUNT));
  assert_true(fabs(square / COUNT - 1) <= 4 * sqrt(2.0 / COUNT));
  assert_true(fabs(fourth / COUNT - 3) <= 4 * sqrt(96.0 / COUNT));
}

static void test_fills(void **state) {
  (void)state;
  const struct cpu_features cpu = cpu_detect();
  const struct peer_kernel *peer;
  for (size_t i = 0; (peer = peer_kernel(arch_find(table->name), &cpu, i)); i++) {
    struct init init = rng_init(peer->rng, table, &cpu);
    init.seed = 5, init.fan_in = init.fan_out = 1;
    init.p = (struct parameters){.a = -2, .b = 3};
    w[COUNT] = 77;
    printf("%s %s[%s]\n", peer->provider, kernels[peer->kernel].name, rng_names[peer->rng]);
    ((fill_kernel *)peer->function)(w, 0, COUNT, &init);
    assert_true(w[COUNT] == 77);
    switch (peer->kernel) {
    case KERNEL_init_uniform: expect_uniform(peer, &init); break;
    case KERNEL_init_normal: expect_normal(peer, &init); break;
    case KERNEL_init_zeros:
      for (size_t k = 0; k < COUNT; k++) assert_true(w[k] == 0);
      break;
    default: fail_msg("%s is not tested", kernels[peer->kernel].name);
    }
  }
}

/* Without the instructions, what needs them is not offered. */
static void test_features(void **state) {
  (void)state;
  struct cpu_features cpu = cpu_detect();
  const struct peer_kernel *peer;
  cpu.aes = cpu.vaes = cpu.asimd_aes = false;
  for (size_t i = 0; (peer = peer_kernel(arch_find(table->name), &cpu, i)); i++) assert_null(peer->feature);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  if (!peer_kernels_built()) {
    puts("this build has no peers");
    return EXIT_SKIPPED;
  }
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_fills), cmocka_unit_test(test_features)};
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
