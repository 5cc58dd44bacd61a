/* Random words and weight initializers: every element a pure function of (seed, stream, index). */
#include <assert.h>
#include <math.h>

#include "kernels/rng.h"

/* Runs make(out, step, context) for whole steps of RNG_STEP elements and copies the ragged ends out of a buffer, so that
 * a range may start and end anywhere. */
#define FOR_RANGE(out, first, n, make_step)                                                                            \
  do {                                                                                                                 \
    uint64_t index = (first);                                                                                          \
    size_t done = 0;                                                                                                   \
    while (done < (n)) {                                                                                               \
      const size_t skip = (size_t)(index % RNG_STEP);                                                                  \
      const uint64_t block = (index - skip) / 4;                                                                       \
      if (skip == 0 && (n) - done >= RNG_STEP) {                                                                       \
        make_step((out) + done);                                                                                       \
        done += RNG_STEP, index += RNG_STEP;                                                                           \
      } else {                                                                                                         \
        _Alignas(64) __typeof__(*(out)) ragged[RNG_STEP];                                                              \
        const size_t left = (n) - done, take = left < RNG_STEP - skip ? left : RNG_STEP - skip;                        \
        make_step(ragged);                                                                                             \
        memcpy((out) + done, ragged + skip, take * sizeof *(out));                                                     \
        done += take, index += take;                                                                                   \
      }                                                                                                                \
    }                                                                                                                  \
  } while (0)

static void philox4x32_10(uint32_t *words, uint64_t first, size_t n, uint64_t seed, uint64_t stream) {
  const struct philox_key key = philox_key(seed, stream);
#define STEP(out) philox_step(out, block, &key)
  FOR_RANGE(words, first, n, STEP);
#undef STEP
}

static void init_constant(float *w, uint64_t first, size_t n, const struct init *init) {
  (void)first;
  const vf value = vf_set(init->p.a);
  size_t i = 0;
  for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(w + i, value);
  vf_store_n(w + i, value, n - i);
}

static void init_zeros(float *w, uint64_t first, size_t n, const struct init *init) {
  (void)init;
  init_constant(w, first, n, &(struct init){.p = {0, 0}});
}

/* ---- uniform ---------------------------------------------------------------------------------------------------- */

/* A word as a signed integer is uniform on [-2^31, 2^31): w = centre + word * (half width / 2^31) has one rounding of the
 * word and one of the sum, and is symmetric about the centre. Rounding can reach either end, not pass it. */
VEC_INLINE void uniform_step(float *w, uint64_t block, const struct philox_key *key, float a, float b) {
  _Alignas(64) uint32_t words[RNG_STEP];
  philox_step(words, block, key);
  const vf low = vf_set(a), high = vf_set(b);
  const vf centre = vf_set((float)(((double)a + b) / 2)), scale = vf_set((float)(((double)b - a) / 2 * 0x1p-31));
  for (size_t i = 0; i < RNG_STEP; i += VEC_LANES) {
    const vf v = vf_fma(vi_to_vf(vi_load(words + i)), scale, centre);
    vf_store(w + i, vf_max(vf_min(v, high), low));
  }
}

static void uniform_range(float *w, uint64_t first, size_t n, const struct init *init, float a, float b) {
  const struct philox_key key = philox_key(init->seed, init->stream);
#define STEP(out) uniform_step(out, block, &key, a, b)
  FOR_RANGE(w, first, n, STEP);
#undef STEP
}

static void init_uniform(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->p.a <= init->p.b);
  uniform_range(w, first, n, init, init->p.a, init->p.b);
}

/* Glorot and Bengio 2010, equation 16: variance 2 / (fan_in + fan_out). */
static void init_glorot_uniform(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0 && init->fan_out > 0);
  const float limit = (float)sqrt(6.0 / ((double)init->fan_in + (double)init->fan_out));
  uniform_range(w, first, n, init, -limit, limit);
}

/* He et al. 2015, equation 10: variance 2 / fan_in. */
static void init_he_uniform(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0);
  const float limit = (float)sqrt(6.0 / (double)init->fan_in);
  uniform_range(w, first, n, init, -limit, limit);
}
