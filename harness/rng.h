/* The random generators that --rng names: which words kernel makes the words, and how they become numbers. */
#ifndef DEPTHMARK_RNG_NAMES_H
#define DEPTHMARK_RNG_NAMES_H

#include "kernels/select.h"

/* All but the last two count blocks of four words under our own seed and stream, and differ in the generator.
 * tensorflow and jax give the words and uniforms of these libraries, and their normals to 1e-6. */
enum rng {
  RNG_PHILOX4X32_10,
  RNG_PHILOX4X32_7,
  RNG_THREEFRY2X32_20,
  RNG_ARS4X32_7,
  RNG_TENSORFLOW,
  RNG_JAX,
  RNG_COUNT
};

/* The names that --rng takes. */
extern const char *const rng_names[RNG_COUNT];

/* The seed of the k-th of several networks, from 0; the first is the run's own. Runs with neighbouring seeds share
 * none.
 */
uint64_t rng_seed(uint64_t seed, size_t k);

/* The table's fastest words kernel for rng that this CPU can run. Every rng has one in every table. */
const struct kernel *rng_kernel(enum rng rng, const struct kernel_table *table, const struct cpu_features *cpu);

/* The members generator and convention of a struct init, all others zero. */
struct init rng_init(enum rng rng, const struct kernel_table *table, const struct cpu_features *cpu);

#endif
