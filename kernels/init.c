/* Random words and weight initializers: every element a pure function of (seed, stream, index). */
#include <assert.h>
#include <math.h>

#include "kernels/normal.h"
#include "kernels/rng.h"

/* Runs make_step(destination), which fills RNG_STEP elements from `block` on, for each whole step of a range, and
 * copies the ragged ends out of a buffer, so that the range may start and end anywhere. */
#define FOR_RANGE(out, first, n, make_step)                                                                            \
  do {                                                                                                                 \
    uint64_t index = (first);                                                                                          \
    size_t done = 0;                                                                                                   \
    while (done < (n)) {                                                                                               \
      const size_t skip = (size_t)(index % RNG_STEP);                                                                  \
      const uint64_t block = (index - skip) / 4;                                                                       \
      if (skip == 0 && (n)-done >= RNG_STEP) {                                                                         \
        make_step((out) + done);                                                                                       \
        done += RNG_STEP, index += RNG_STEP;                                                                           \
      } else {                                                                                                         \
        _Alignas(64) __typeof__(*(out)) ragged[RNG_STEP];                                                              \
        const size_t left = (n)-done, take = left < RNG_STEP - skip ? left : RNG_STEP - skip;                          \
        make_step(ragged);                                                                                             \
        memcpy((out) + done, ragged + skip, take * sizeof *(out));                                                     \
        done += take, index += take;                                                                                   \
      }                                                                                                                \
    }                                                                                                                  \
  } while (0)

static void philox4x32_10(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream) {
  const struct philox_key key = philox_key(seed, stream);
  size_t i = 0;
  for (; i + RNG_STEP <= n; i += RNG_STEP) philox_step(words + i, block + i / 4, &key);
  if (i < n) {
    _Alignas(64) uint32_t rest[RNG_STEP];
    philox_step(rest, block + i / 4, &key);
    memcpy(words + i, rest, (n - i) * sizeof *words);
  }
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

/* A word as a signed integer is uniform on [-2^31, 2^31): w = centre + word * (half width / 2^31) has one rounding of
 * the word and one of the sum, and is symmetric about the centre. Rounding can reach either end, not pass it. */
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

/* ---- normal ----------------------------------------------------------------------------------------------------- */

/* Elements j and j + RNG_STEP / 2 of a step share its words j and j + RNG_STEP / 2: radius and angle. */
VEC_INLINE void normal_step(float *w, uint64_t block, const struct philox_key *key, float mean, float stddev) {
  _Alignas(64) uint32_t words[RNG_STEP];
  philox_step(words, block, key);
  const vf m = vf_set(mean), s = vf_set(stddev);
  for (size_t i = 0; i < RNG_STEP / 2; i += VEC_LANES) {
    vf cosine, sine;
    box_muller(vi_load(words + i), vi_load(words + RNG_STEP / 2 + i), &cosine, &sine);
    vf_store(w + i, vf_fma(cosine, s, m));
    vf_store(w + RNG_STEP / 2 + i, vf_fma(sine, s, m));
  }
}

static void init_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->p.b >= 0);
  const struct philox_key key = philox_key(init->seed, init->stream);
#define STEP(out) normal_step(out, block, &key, init->p.a, init->p.b)
  FOR_RANGE(w, first, n, STEP);
#undef STEP
}

/* The standard deviation of a standard normal conditioned on |z| <= 2: Keras divides by it, so that the truncated
 * weights have the variance that is asked for. */
#define TRUNCATED_STDDEV 0.87962566103423978

VEC_INLINE void truncated_step(float *w, uint64_t block, const struct philox_key *key, float stddev) {
  _Alignas(64) uint32_t words[RNG_STEP];
  philox_step(words, block, key);
  for (size_t i = 0; i < RNG_STEP; i += VEC_LANES)
    vf_store(w + i, truncated_normal(vi_load(words + i), vf_set(stddev * 0x1p-31f)));
}

static void truncated_range(float *w, uint64_t first, size_t n, const struct init *init, double variance) {
  const struct philox_key key = philox_key(init->seed, init->stream);
  const float stddev = (float)(sqrt(variance) / TRUNCATED_STDDEV);
#define STEP(out) truncated_step(out, block, &key, stddev)
  FOR_RANGE(w, first, n, STEP);
#undef STEP
}

/* As Keras has them, truncated at two standard deviations: Glorot and Bengio 2010, equation 12, and He et al. 2015,
 * equation 10. */
static void init_glorot_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0 && init->fan_out > 0);
  truncated_range(w, first, n, init, 2.0 / ((double)init->fan_in + (double)init->fan_out));
}

static void init_he_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0);
  truncated_range(w, first, n, init, 2.0 / (double)init->fan_in);
}
