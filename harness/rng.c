#include "harness/rng.h"

#include <assert.h>

const char *const rng_names[RNG_COUNT] = {
    [RNG_PHILOX4X32_10] = "philox4x32-10",     [RNG_PHILOX4X32_7] = "philox4x32-7",
    [RNG_THREEFRY2X32_20] = "threefry2x32-20", [RNG_ARS4X32_7] = "ars4x32-7",
    [RNG_TENSORFLOW] = "tensorflow",           [RNG_JAX] = "jax",
};

/* Kernels that give the same words, the fastest first. kernels[count - 1] runs everywhere. */
static const struct {
  int kernels[3], count;
  enum convention convention;
} rngs[RNG_COUNT] = {
    [RNG_PHILOX4X32_10] = {{KERNEL_philox4x32_10}, 1, CONVENTION_OWN},
    [RNG_PHILOX4X32_7] = {{KERNEL_philox4x32_7}, 1, CONVENTION_OWN},
    [RNG_THREEFRY2X32_20] = {{KERNEL_threefry2x32_20}, 1, CONVENTION_OWN},
    [RNG_ARS4X32_7] = {{KERNEL_ars4x32_7_vaes, KERNEL_ars4x32_7_aes, KERNEL_ars4x32_7}, 3, CONVENTION_OWN},
    [RNG_TENSORFLOW] = {{KERNEL_tensorflow_words}, 1, CONVENTION_TENSORFLOW},
    [RNG_JAX] = {{KERNEL_jax_words}, 1, CONVENTION_JAX},
};

uint64_t rng_seed(uint64_t seed, size_t k) { return seed + k * 0x9e3779b97f4a7c15u; }

const struct kernel *rng_kernel(enum rng rng, const struct kernel_table *table, const struct cpu_features *cpu) {
  assert(rng < RNG_COUNT);
  int i = 0;
  while (i < rngs[rng].count - 1 && kernel_obstacle(table, &kernels[rngs[rng].kernels[i]], cpu)) i++;
  return &kernels[rngs[rng].kernels[i]];
}

struct init rng_init(enum rng rng, const struct kernel_table *table, const struct cpu_features *cpu) {
  return (struct init){.generator = (words_kernel *)kernel_in_table(table, rng_kernel(rng, table, cpu)),
                       .convention = rngs[rng].convention};
}
