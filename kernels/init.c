/* Weight initializers: every weight a pure function of (seed, stream, index). */
#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "kernels/normal.h"
#include "kernels/rng.h"

/* ---- ranges ----------------------------------------------------------------------------------------------------- */

/* Weights made at a time where the generator is called: words stay in the first-level cache between generator and
 * transform, and what the call costs is spread thin. A multiple of RNG_STEP. */
#define FILL_CHUNK 1024

/* Turns n words, n a multiple of RNG_STEP that starts at one, into as many weights. c holds the distribution's
 * constants, in an order of the transform's own. */
typedef void transform(const uint32_t *words, float *w, size_t n, const float *c);

/* Weights [first, first + n) of a tensor whose weight i comes from word i (and maybe others of its step), `chunk` at a
 * time through make_words(words, block, count): whole steps go straight to w, the ragged ends through a buffer. */
#define FILL_LOOP(chunk, make_words, make)                                                                             \
  while (n > 0) {                                                                                                      \
    _Alignas(64) uint32_t words[chunk];                                                                                \
    const size_t skip = (size_t)(first % RNG_STEP), most = (chunk)-skip, take = n < most ? n : most;                   \
    const size_t whole = (skip + take + RNG_STEP - 1) / RNG_STEP * RNG_STEP;                                           \
    make_words(words, (first - skip) / 4, whole);                                                                      \
    if (skip == 0 && whole == take) {                                                                                  \
      make(words, w, whole, c);                                                                                        \
    } else {                                                                                                           \
      _Alignas(64) float ragged[chunk];                                                                                \
      make(words, ragged, whole, c);                                                                                   \
      memcpy(w, ragged + skip, take * sizeof *w);                                                                      \
    }                                                                                                                  \
    w += take, first += take, n -= take;                                                                               \
  }

#define CALL_GENERATOR(words, block, n) generator(words, block, n, init->seed, init->stream)
#define PHILOX_WORDS(words, block, n) philox_step(words, block, &key, 10)

/* fill_<make>(w, first, n, init, c) fills a range with the transform `make`. The generator is called, unless generator
 * and transform are both so short that it pays to inline one into the other, a step at a time, so that one's loads and
 * stores overlap with the other's arithmetic: for uniforms 10 % with Philox and ARS. For normals, which keep many
 * constants in registers, it costs 10 %. */
#define FILL_CALLED(name, make)                                                                                        \
  static void name(float *w, uint64_t first, size_t n, const struct init *init, const float *c) {                      \
    words_kernel *generator = init->generator ? init->generator : philox4x32_10;                                       \
    FILL_LOOP(FILL_CHUNK, CALL_GENERATOR, make)                                                                        \
  }
#define FILL_PHILOX(make)                                                                                              \
  static void fill_##make##_philox(float *w, uint64_t first, size_t n, const struct init *init, const float *c) {      \
    const struct philox_key key = philox_key(init->seed, init->stream);                                                \
    FILL_LOOP(RNG_STEP, PHILOX_WORDS, make)                                                                            \
  }

#if VEC_LANES >= 8

#define ARS_WORDS(words, block, n)                                                                                     \
  for (size_t done = 0; done < RNG_STEP; done += VEC_LANES * ARS_CHAINS)                                               \
  ars_step_vaes((words) + done, (block) + done / 4, &key)
#define FILL_ARS(make)                                                                                                 \
  __attribute__((target("vaes"))) static void fill_##make##_ars(float *w, uint64_t first, size_t n,                    \
                                                                const struct init *init, const float *c) {             \
    const struct ars_key key = ars_key(init->seed, init->stream);                                                      \
    FILL_LOOP(RNG_STEP, ARS_WORDS, make)                                                                               \
  }
#define IS_INLINED_ARS(generator) ((generator) == ars4x32_7_vaes)

#else /* no instructions that make ARS as fast as a transform */

#define FILL_ARS(make)
#define fill_uniform_ars fill_uniform_called
#define fill_uniform_centred_ars fill_uniform_centred_called
#define IS_INLINED_ARS(generator) 0

#endif

#define FILL(make)                                                                                                     \
  FILL_CALLED(fill_##make##_called, make)                                                                              \
  FILL_PHILOX(make)                                                                                                    \
  FILL_ARS(make)                                                                                                       \
  static void fill_##make(float *w, uint64_t first, size_t n, const struct init *init, const float *c) {               \
    if (!init->generator || init->generator == philox4x32_10)                                                          \
      fill_##make##_philox(w, first, n, init, c);                                                                      \
    else if (IS_INLINED_ARS(init->generator))                                                                          \
      fill_##make##_ars(w, first, n, init, c);                                                                         \
    else                                                                                                               \
      fill_##make##_called(w, first, n, init, c);                                                                      \
  }

#define FILL_BY_CALL(make) FILL_CALLED(fill_##make, make)

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
  init_constant(w, first, n, &(struct init){.p = {0}});
}

/* ---- uniform ---------------------------------------------------------------------------------------------------- */

/* A word as a signed integer is uniform on [-2^31, 2^31): w = centre + word * (half width / 2^31) has one rounding of
 * the word and one of the sum, and is symmetric about the centre. Rounding can reach either end a or b, not pass it. */
VEC_INLINE void uniform(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf low = vf_set(c[0]), high = vf_set(c[1]), centre = vf_set(c[2]), scale = vf_set(c[3]);
  for (size_t i = 0; i < n; i += VEC_LANES) {
    const vf v = vf_fma(vi_to_vf(vi_load(words + i)), scale, centre);
    vf_store(w + i, vf_max(vf_min(v, high), low));
  }
}

/* The same about zero, where rounding can't pass an end: half width / 2^31 is exact, unless it is subnormal. */
VEC_INLINE void uniform_centred(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf scale = vf_set(c[3]);
  for (size_t i = 0; i < n; i += VEC_LANES) vf_store(w + i, vf_mul(vi_to_vf(vi_load(words + i)), scale));
}

/* [0, 1) as a fraction of 23 bits: the significand of a number in [1, 2), less one. */
VEC_INLINE vf fraction(vi bits) { return vf_sub(vi_as_vf(vi_or(bits, vi_set(0x3f800000))), vf_set(1.0f)); }
VEC_INLINE vf fraction_tensorflow(vi word) { return fraction(vi_and(word, vi_set(0x7fffff))); }
VEC_INLINE vf fraction_jax(vi word) { return fraction(vi_shr(word, 9)); }

VEC_INLINE void uniform_tensorflow(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf low = vf_set(c[0]), width = vf_set(c[1] - c[0]);
  for (size_t i = 0; i < n; i += VEC_LANES)
    vf_store(w + i, vf_add(vf_mul(fraction_tensorflow(vi_load(words + i)), width), low));
}

VEC_INLINE void uniform_jax(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf low = vf_set(c[0]), width = vf_set(c[1] - c[0]);
  for (size_t i = 0; i < n; i += VEC_LANES)
    vf_store(w + i, vf_max(vf_add(vf_mul(fraction_jax(vi_load(words + i)), width), low), low));
}

FILL(uniform)
FILL(uniform_centred)
FILL_BY_CALL(uniform_tensorflow)
FILL_BY_CALL(uniform_jax)

/* In our own convention. */
static void uniform_own(float *w, uint64_t first, size_t n, const struct init *init, float a, float b) {
  const float c[4] = {a, b, (float)(((double)a + b) / 2), (float)(((double)b - a) / 2 * 0x1p-31)};
  if (a == -b && fabsf(c[3]) >= 0x1p-126f)
    fill_uniform_centred(w, first, n, init, c);
  else
    fill_uniform(w, first, n, init, c);
}

static void uniform_range(float *w, uint64_t first, size_t n, const struct init *init, float a, float b) {
  const float c[2] = {a, b};
  switch (init->convention) {
  case CONVENTION_TENSORFLOW: fill_uniform_tensorflow(w, first, n, init, c); break;
  case CONVENTION_JAX: fill_uniform_jax(w, first, n, init, c); break;
  default: uniform_own(w, first, n, init, a, b);
  }
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
VEC_INLINE void normal(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf mean = vf_set(c[0]), stddev = vf_set(c[1]);
  for (size_t step = 0; step < n; step += RNG_STEP)
    for (size_t i = step; i < step + RNG_STEP / 2; i += VEC_LANES) {
      vf cosine, sine;
      box_muller(vi_load(words + i), vi_load(words + RNG_STEP / 2 + i), &cosine, &sine);
      vf_store(w + i, vf_fma(cosine, stddev, mean));
      vf_store(w + RNG_STEP / 2 + i, vf_fma(sine, stddev, mean));
    }
}

/* TensorFlow rounds the angle of a fraction u of a turn to a float before it takes sine and cosine. By how much that
 * turns it on: 2 pi in two parts gives 2 pi u as product + lost, and what is rounded is their sum. */
VEC_INLINE vf angle_rounding(vf u) {
  const vf two_pi = vf_set(6.2831854820251465f), rest = vf_set(-1.7484555314695172e-7f);
  const vf product = vf_mul(u, two_pi), lost = vf_fma(u, rest, vf_mul_low(u, two_pi, product));
  return vf_sub(vf_sub(vf_add(product, lost), product), lost);
}

/* Of each pair of words the first gives the radius, never below 1e-7, the second the angle, as a fraction of a turn:
 * its low 23 bits are the upper ones of a signed integer that counts half turns. Sine first. */
VEC_INLINE void normal_tensorflow(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf mean = vf_set(c[0]), stddev = vf_set(c[1]);
  for (size_t i = 0; i < n; i += 2 * VEC_LANES) {
    vi radius_word, angle_word;
    vi_load2(words + i, &radius_word, &angle_word);
    const vf u = vf_max(fraction_tensorflow(radius_word), vf_set(1e-7f));
    const vf turn = angle_rounding(fraction_tensorflow(angle_word));
    vf cosine, sine;
    circle(vf_sqrt(minus_two_log(u)), vi_shl(angle_word, 9), &cosine, &sine);
    const vf first = vf_fma(turn, cosine, sine), second = vf_fnma(turn, sine, cosine);
    vi_store2((int32_t *)(void *)(w + i), vf_as_vi(vf_add(vf_mul(first, stddev), mean)),
              vf_as_vi(vf_add(vf_mul(second, stddev), mean)));
  }
}

/* sqrt 2 erfinv(u), u = 2 fraction + nextafter(-1, 0) as JAX's rounding has it, in (-1, 1). */
VEC_INLINE void normal_jax(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf mean = vf_set(c[0]), stddev = vf_set(c[1]), low = vf_set(-0x1.fffffep-1f);
  for (size_t i = 0; i < n; i += VEC_LANES) {
    const vf u = vf_max(vf_add(vf_mul(fraction_jax(vi_load(words + i)), vf_set(2.0f)), low), low);
    const vf z = inverse_normal(u, vf_sub(vf_set(1.0f), vf_abs(u)));
    vf_store(w + i, vf_add(vf_mul(z, stddev), mean));
  }
}

FILL_BY_CALL(normal)
FILL_BY_CALL(normal_tensorflow)
FILL_BY_CALL(normal_jax)

static void init_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->p.b >= 0);
  const float c[2] = {init->p.a, init->p.b};
  switch (init->convention) {
  case CONVENTION_TENSORFLOW: fill_normal_tensorflow(w, first, n, init, c); break;
  case CONVENTION_JAX: fill_normal_jax(w, first, n, init, c); break;
  default: fill_normal(w, first, n, init, c);
  }
}

/* ---- truncated normal: by inversion in every convention, one word a weight --------------------------------------- */

/* At two standard deviations. */
VEC_INLINE void truncated(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf mean = vf_set(c[0]), scale = vf_set(c[1] * 0x1p-31f);
  for (size_t i = 0; i < n; i += VEC_LANES) vf_store(w + i, vf_add(truncated_normal(vi_load(words + i), scale), mean));
}

FILL_BY_CALL(truncated)

/* As Keras has it: two standard deviations of a normal that is not rescaled. */
static void init_truncated_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->p.b >= 0);
  fill_truncated(w, first, n, init, (const float[]){init->p.a, init->p.b});
}

/* The standard deviation of a standard normal conditioned on |z| <= 2: Keras divides by it, so that the truncated
 * weights have the variance that is asked for. */
#define TRUNCATED_STDDEV 0.87962566103423978

/* As Keras has them, truncated at two standard deviations: Glorot and Bengio 2010, equation 12, and He et al. 2015,
 * equation 10. */
static void init_glorot_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0 && init->fan_out > 0);
  const double variance = 2.0 / ((double)init->fan_in + (double)init->fan_out);
  fill_truncated(w, first, n, init, (const float[]){0, (float)(sqrt(variance) / TRUNCATED_STDDEV)});
}

static void init_he_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0);
  const double variance = 2.0 / (double)init->fan_in;
  fill_truncated(w, first, n, init, (const float[]){0, (float)(sqrt(variance) / TRUNCATED_STDDEV)});
}

/* On any interval: u = erf(z / sqrt 2) goes from its value at one end to that at the other in 2^32 steps of `half`,
 * half of the distance as a multiple of 2^-31, and word w stands for the middle of step w. 1 - |u|, which decides how
 * far out a tail z is, is the smaller of 1 - u and 1 + u. The one that belongs to the nearer end is counted from there,
 * since the number of steps to it, unlike w, is a float of full precision where it is small; the other does not cancel.
 */
VEC_INLINE void truncated_between(const uint32_t *words, float *w, size_t n, const float *c) {
  const vf low = vf_set(c[0]), high = vf_set(c[1]), mean = vf_set(c[2]), stddev = vf_set(c[3]);
  const vf centre = vf_set(c[4]), half = vf_set(c[5]), above = vf_set(c[6]), below = vf_set(c[7]);
  const vf upper_edge = vf_set(c[8]), lower_edge = vf_set(c[9]);
  for (size_t i = 0; i < n; i += VEC_LANES) {
    const vi word = vi_load(words + i), steps = vi_xor(vi_xor(word, vi_sar(word, 31)), vi_set(INT32_MAX));
    const vm is_lower = vi_lt(word, vi_set(0));
    const vf v = vi_to_vf(word), about_u = vf_fma(v, half, centre);
    const vf near = vf_fma(vi_to_vf(steps), half, vf_select(is_lower, lower_edge, upper_edge));
    const vf far = vf_fma(vf_abs(v), half, vf_select(is_lower, above, below));
    const vf q = vf_max(vf_min(near, far), vf_set(0x1p-36f));
    const vf outer_u = vf_copysign(vf_sub(vf_set(1.0f), q), about_u); /* rounded less often */
    const vf u = vf_select(vf_lt(q, vf_set(0.5f)), outer_u, about_u);
    vf_store(w + i, vf_max(vf_min(vf_fma(inverse_normal(u, q), stddev, mean), high), low));
  }
}

FILL_BY_CALL(truncated_between)

/* Within so many standard deviations of the mean a normal's density is level to 2^-25, and its mass, a difference of
 * values of erf, would be lost where it gets narrower still. */
#define LEVEL 0x1p-12

/* PyTorch's trunc_normal_: mean a, standard deviation b, truncated to [c, d]. */
static void init_trunc_normal(float *w, uint64_t first, size_t n, const struct init *init) {
  const double mean = init->p.a, stddev = init->p.b, low = init->p.c, high = init->p.d;
  assert(stddev > 0 && low <= high);
  if (fmax(fabs(low - mean), fabs(high - mean)) <= LEVEL * stddev) {
    uniform_own(w, first, n, init, init->p.c, init->p.d);
    return;
  }
  const double root = sqrt(2.0) * stddev, from = (low - mean) / root, to = (high - mean) / root;
  const double width = from > 0 ? erfc(from) - erfc(to) : erfc(-to) - erfc(-from);
  const double half = fabs(width) / 2 * 0x1p-31;
  /* 1 - u and 1 + u in the middle and, half a step inside, at the ends: erf's complements do not cancel. */
  const double above = (erfc(from) + erfc(to)) / 2, below = (erfc(-from) + erfc(-to)) / 2;
  const double upper_edge = erfc(to) + half / 2, lower_edge = erfc(-from) + half / 2;
  const double centre = from == -to ? half / 2 : 1 - above + half / 2;
  const float c[10] = {init->p.c,   init->p.d,    init->p.a,    init->p.b,         (float)centre,
                       (float)half, (float)above, (float)below, (float)upper_edge, (float)lower_edge};
  fill_truncated_between(w, first, n, init, c);
}

/* ---- structured: rows fan_in, columns fan_out -------------------------------------------------------------------- */

/* a on the diagonal of fan_in x fan_out, zero elsewhere. */
static void init_identity(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->fan_in > 0 && init->fan_out > 0);
  const uint64_t columns = init->fan_out, step = columns + 1;
  const uint64_t rows = init->fan_in < columns ? init->fan_in : columns; /* that have a diagonal element */
  init_zeros(w, first, n, init);
  for (uint64_t row = (first + step - 1) / step; row < rows && row * step - first < n; row++)
    w[row * step - first] = init->p.a;
}

/* The word that decides a weight's rank in its row: from a stream of its own, so that it says nothing of the weight. */
#define SPARSE_STREAM (1ull << 63)

/* One row's words for the selection, a chunk at a time: words[i] is of column column + i, for i < n. */
struct sparse_row {
  uint64_t start, column, n;
  _Alignas(64) uint32_t buffer[FILL_CHUNK];
  const uint32_t *words;
};

/* Goes on to the row's next chunk; false at its end. */
static bool sparse_next(struct sparse_row *row, uint64_t columns, const struct init *init) {
  words_kernel *generator = init->generator ? init->generator : philox4x32_10;
  row->column += row->n;
  const uint64_t index = row->start + row->column, skip = index % 4, left = columns - row->column;
  row->n = left < FILL_CHUNK - skip ? left : FILL_CHUNK - skip;
  row->words = row->buffer + skip;
  if (row->n) generator(row->buffer, index / 4, (size_t)(skip + row->n), init->seed, init->stream ^ SPARSE_STREAM);
  return row->n > 0;
}

/* Finds which words of a row rank among the first `zeros`: those below *threshold, and of those equal to it the first
 * *ties. A radix selection, eight bits a pass, that makes the words anew in each pass and so needs no memory. */
static void sparse_threshold(uint64_t start, uint64_t columns, uint64_t zeros, const struct init *init,
                             uint32_t *threshold, uint64_t *ties) {
  uint32_t prefix = 0;
  uint64_t rank = zeros;
  for (int shift = 24; shift >= 0; shift -= 8) {
    uint64_t count[256] = {0};
    struct sparse_row row = {.start = start};
    while (sparse_next(&row, columns, init))
      for (uint64_t i = 0; i < row.n; i++)
        if (shift == 24 || row.words[i] >> (shift + 8) == prefix) count[row.words[i] >> shift & 0xff]++;
    uint32_t digit = 0;
    while (digit < 255 && count[digit] < rank) rank -= count[digit++];
    prefix = prefix << 8 | digit;
  }
  *threshold = prefix;
  *ties = rank;
}

/* PyTorch's sparse_: normal with mean 0 and standard deviation b, and in every row (one input's weights; PyTorch stores
 * the transpose and says column) ceil(a columns) of them, chosen at random, zero. */
static void init_sparse(float *w, uint64_t first, size_t n, const struct init *init) {
  assert(init->p.a >= 0 && init->p.a <= 1 && init->p.b >= 0 && init->fan_out > 0);
  const uint64_t columns = init->fan_out, zeros = (uint64_t)ceil((double)init->p.a * (double)columns);
  struct init values = *init;
  values.p = (struct parameters){.b = init->p.b};
  init_normal(w, first, n, &values);
  if (zeros == 0 || n == 0) return;
  for (uint64_t start = first / columns * columns; start < first + n; start += columns) {
    uint32_t threshold;
    uint64_t ties;
    sparse_threshold(start, columns, zeros, init, &threshold, &ties);
    struct sparse_row row = {.start = start};
    while (sparse_next(&row, columns, init))
      for (uint64_t i = 0; i < row.n; i++) {
        const bool tie = row.words[i] == threshold && ties > 0, zero = row.words[i] < threshold || tie;
        const uint64_t index = start + row.column + i;
        ties -= tie;
        if (zero && index >= first && index < first + n) w[index - first] = 0;
      }
  }
}
