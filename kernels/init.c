/* Weight initializers: every weight a pure function of (seed, stream, index). */
#include <assert.h>
#include <math.h>

#include "kernels/normal.h"
#include "kernels/rng.h"

/* ---- ranges ----------------------------------------------------------------------------------------------------- */

/* Weights made at a time: words stay in the first-level cache between generator and transform, and what a call of the
 * generator costs is spread thin. A multiple of RNG_STEP. */
#define FILL_CHUNK 1024

/* Turns n words, n a multiple of RNG_STEP that starts at one, into as many weights; a and b are the distribution's. */
typedef void transform(const uint32_t *words, float *w, size_t n, float a, float b);

/* Weights [first, first + n) of a tensor whose weight i comes from word i (and maybe others of its step): whole steps
 * go straight to w, the ragged ends through a buffer. */
VEC_INLINE void fill_range(float *w, uint64_t first, size_t n, const struct init *init, transform *make, float a,
                           float b) {
  words_kernel *generator = init->generator ? init->generator : philox4x32_10;
  _Alignas(64) uint32_t words[FILL_CHUNK];
  while (n > 0) {
    const size_t skip = (size_t)(first % RNG_STEP), most = FILL_CHUNK - skip, take = n < most ? n : most;
    const size_t whole = (skip + take + RNG_STEP - 1) / RNG_STEP * RNG_STEP;
    generator(words, (first - skip) / 4, whole, init->seed, init->stream);
    if (skip == 0 && whole == take) {
      make(words, w, whole, a, b);
    } else {
      _Alignas(64) float ragged[FILL_CHUNK];
      make(words, ragged, whole, a, b);
      memcpy(w, ragged + skip, take * sizeof *w);
    }
    w += take, first += take, n -= take;
  }
}

/* ---- constant --------------------------------------------------------------------------------------------------- */

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
 * the word and one of the sum, and is symmetric about the centre. Rounding can reach either end a or b, not pass it. */
VEC_INLINE void uniform(const uint32_t *words, float *w, size_t n, float a, float b) {
  const vf low = vf_set(a), high = vf_set(b);
  const vf centre = vf_set((float)(((double)a + b) / 2)), scale = vf_set((float)(((double)b - a) / 2 * 0x1p-31));
  for (size_t i = 0; i < n; i += VEC_LANES) {
    const vf v = vf_fma(vi_to_vf(vi_load(words + i)), scale, centre);
    vf_store(w + i, vf_max(vf_min(v, high), low));
  }
}

static void init_uniform(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->p.a <= init->p.b);
  fill_range(w, first, n, init, uniform, init->p.a, init->p.b);
}

/* Glorot and Bengio 2010, equation 16: variance 2 / (fan_in + fan_out). */
static void init_glorot_uniform(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0 && init->fan_out > 0);
  const float limit = (float)sqrt(6.0 / ((double)init->fan_in + (double)init->fan_out));
  fill_range(w, first, n, init, uniform, -limit, limit);
}

/* He et al. 2015, equation 10: variance 2 / fan_in. */
static void init_he_uniform(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0);
  const float limit = (float)sqrt(6.0 / (double)init->fan_in);
  fill_range(w, first, n, init, uniform, -limit, limit);
}

/* ---- normal ----------------------------------------------------------------------------------------------------- */

/* Elements j and j + RNG_STEP / 2 of a step share its words j and j + RNG_STEP / 2: radius and angle. */
VEC_INLINE void normal(const uint32_t *words, float *w, size_t n, float mean, float stddev) {
  const vf m = vf_set(mean), s = vf_set(stddev);
  for (size_t step = 0; step < n; step += RNG_STEP)
    for (size_t i = step; i < step + RNG_STEP / 2; i += VEC_LANES) {
      vf cosine, sine;
      box_muller(vi_load(words + i), vi_load(words + RNG_STEP / 2 + i), &cosine, &sine);
      vf_store(w + i, vf_fma(cosine, s, m));
      vf_store(w + RNG_STEP / 2 + i, vf_fma(sine, s, m));
    }
}

static void init_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->p.b >= 0);
  fill_range(w, first, n, init, normal, init->p.a, init->p.b);
}

/* A normal truncated at two of its standard deviations, stddev of the parent. */
VEC_INLINE void truncated(const uint32_t *words, float *w, size_t n, float mean, float stddev) {
  (void)mean; /* zero in all that use it */
  const vf scale = vf_set(stddev * 0x1p-31f);
  for (size_t i = 0; i < n; i += VEC_LANES) vf_store(w + i, truncated_normal(vi_load(words + i), scale));
}

/* The standard deviation of a standard normal conditioned on |z| <= 2: Keras divides by it, so that the truncated
 * weights have the variance that is asked for. */
#define TRUNCATED_STDDEV 0.87962566103423978

/* As Keras has them, truncated at two standard deviations: Glorot and Bengio 2010, equation 12, and He et al. 2015,
 * equation 10. */
static void init_glorot_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0 && init->fan_out > 0);
  const double variance = 2.0 / ((double)init->fan_in + (double)init->fan_out);
  fill_range(w, first, n, init, truncated, 0, (float)(sqrt(variance) / TRUNCATED_STDDEV));
}

static void init_he_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0);
  const double variance = 2.0 / (double)init->fan_in;
  fill_range(w, first, n, init, truncated, 0, (float)(sqrt(variance) / TRUNCATED_STDDEV));
}
