/* Every initializer of kernels.def with every generator that --rng names, in its convention, against its reference:
 * lengths from 0 to beyond a generator's step, misalignments, ranges that start anywhere, nothing written outside, and
 * the same weights for any split. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/rng.h"
#include "kernels/reference/reference.h"

static const struct kernel_table *table;

struct fill_case {
  const struct kernel *kernel;
  enum rng rng;
  char name[64];
};

/* ---- words ------------------------------------------------------------------------------------------------------ */

static words_reference *const references[RNG_COUNT] = {
    [RNG_PHILOX4X32_10] = reference_philox4x32_10,     [RNG_PHILOX4X32_7] = reference_philox4x32_7,
    [RNG_THREEFRY2X32_20] = reference_threefry2x32_20, [RNG_ARS4X32_7] = reference_ars4x32_7,
    [RNG_TENSORFLOW] = reference_tensorflow_words,     [RNG_JAX] = reference_jax_words,
};

/* Words of the generator under test, by its reference. They are kept: some take microseconds to make, and sparse
 * weights ask for those of a row once per weight. */
#define KEPT 1024
static words_reference *source;
static struct kept {
  words_reference *source;
  uint64_t block, seed, stream;
  uint32_t words[4];
} all_kept[KEPT];

static uint32_t kept_word(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  struct kept *kept = &all_kept[(block + (stream >> 63) * KEPT / 2) % KEPT];
  if (kept->source != source || kept->block != block || kept->seed != seed || kept->stream != stream) {
    *kept = (struct kept){source, block, seed, stream, {0}};
    for (size_t k = 0; k < 4; k++) kept->words[k] = source(block, k, seed, stream);
  }
  return kept->words[i];
}

static uint32_t zero_word(uint64_t block, size_t i, uint64_t seed, uint64_t stream) {
  (void)block, (void)i, (void)seed, (void)stream;
  return 0;
}

/* ---- against the reference -------------------------------------------------------------------------------------- */

static void fail_at(const struct fill_case *c, const char *what, size_t n, size_t i, double value, double reference) {
  fail_msg("%s on %s: %s, length %zu, element %zu: %.9g, expected %.17g", c->name, table->name, what, n, i, value,
           reference);
}

/* What a number in (-1, 1) or [0, 1) is scaled and added to, which adds its own rounding: the mean or an end of the
 * interval, parameter a, and in other libraries' uniforms always the lower end, to which they give the word 0. */
static double origin(const struct kernel *kernel, const struct init *init) {
  fill_reference *reference = (fill_reference *)reference_functions[kernel - kernels];
  if (init->convention != CONVENTION_OWN && strstr(kernel->name, "uniform")) return reference(0, init, zero_word);
  return init->p.a;
}

/* Errors are counted in units of the larger of the value and its origin. */
static double fill_error(float value, double reference, double from) {
  int exponent;
  frexp(fmax(fabs(reference), fabs(from)), &exponent);
  return fabs((double)value - reference) / ldexp(1, exponent - 24 < -149 ? -149 : exponent - 24);
}

static void check_fill(const struct fill_case *c, const struct init *init, const float *w, uint64_t first, size_t n) {
  fill_reference *reference = (fill_reference *)reference_functions[c->kernel - kernels];
  const double from = origin(c->kernel, init);
  for (size_t i = 0; i < n; i++) {
    const double expected = reference(first + i, init, kept_word);
    const bool right = c->kernel->bound.kind == BOUND_EXACT ? within_bound(c->kernel, w[i], expected)
                                                            : fill_error(w[i], expected, from) <= c->kernel->bound.ulp;
    if (!right) fail_at(c, "wrong value", n, i, (double)w[i], expected);
  }
}

/* Every misalignment with the default generator, which is also what no generator means, one per length with others. */
static void test_values(const struct fill_case *c) {
  const struct cpu_features cpu = cpu_detect();
  const size_t shifts = table->lanes + 1;
  const uint64_t firsts[] = {0, 1, 63, 64, 127, 128, 1000003, (1ull << 34) + 5};
  struct guarded out = guarded_allocate((TEST_LONGEST + 64) * sizeof(float));
  uint64_t state = test_seed();
  for (size_t n = 0; n <= TEST_LONGEST; n = test_next_length(n, table->lanes))
    for (size_t shift = 0; shift < shifts; shift++) {
      if (c->rng != RNG_PHILOX4X32_10 && shift != n % shifts) continue;
      float *w = guarded_place(&out, n, shift, shift == table->lanes);
      const uint64_t first = firsts[(n + shift) % (sizeof firsts / sizeof *firsts)];
      struct init init = rng_init(c->rng, table, &cpu);
      if (c->rng == RNG_PHILOX4X32_10 && shift % 2) init.generator = NULL;
      init.seed = test_random(&state), init.stream = test_random(&state), init.p = c->kernel->defaults;
      init.fan_in = 1 + test_random(&state) % 64, init.fan_out = 1 + test_random(&state) % 64;
      guarded_reset(&out);
      ((fill_kernel *)kernel_in_table(table, c->kernel))(w, first, n, &init);
      check_fill(c, &init, w, first, n);
      if (!guarded_untouched(&out, w, n * sizeof *w)) fail_at(c, "wrote outside", n, 0, 0, 0);
    }
  guarded_free(&out);
}

/* ---- any split -------------------------------------------------------------------------------------------------- */

#define WHOLE 2000 /* beyond the words made at a time */

static void test_split(const struct fill_case *c) {
  const struct cpu_features cpu = cpu_detect();
  fill_kernel *fill = (fill_kernel *)kernel_in_table(table, c->kernel);
  struct init init = rng_init(c->rng, table, &cpu);
  init.seed = test_seed(), init.stream = 7, init.p = c->kernel->defaults, init.fan_in = 30, init.fan_out = 20;
  const uint64_t base = 12345;
  float whole[WHOLE], parts[WHOLE];
  fill(whole, base, WHOLE, &init);
  uint64_t state = test_seed();
  for (int round = 0; round < 50; round++) {
    for (size_t done = 0; done < WHOLE;) {
      size_t n = test_random(&state) % 300;
      if (n > WHOLE - done) n = WHOLE - done;
      fill(parts + done, base + done, n, &init);
      done += n;
    }
    if (memcmp(whole, parts, sizeof whole) != 0) fail_at(c, "depends on the split", WHOLE, 0, 0, 0);
  }
}

/* ----------------------------------------------------------------------------------------------------------------- */

static void test_fill(void **state) {
  const struct fill_case *c = *state;
  source = references[c->rng];
  test_values(c);
  test_split(c);
}

int main(int argc, char **argv) {
  static struct fill_case cases[KERNEL_COUNT * RNG_COUNT];
  static struct CMUnitTest tests[KERNEL_COUNT * RNG_COUNT];
  size_t count = 0;
  table = test_table(argc, argv);
  test_seed();
  for (size_t k = 0; k < KERNEL_COUNT; k++)
    for (enum rng rng = 0; kernels[k].signature == SIGNATURE_fill && rng < RNG_COUNT; rng++, count++) {
      cases[count] = (struct fill_case){.kernel = &kernels[k], .rng = rng};
      snprintf(cases[count].name, sizeof cases[count].name, "%s[%s]", kernels[k].name, rng_names[rng]);
      tests[count] = (struct CMUnitTest){cases[count].name, test_fill, NULL, NULL, &cases[count]};
    }
  return _cmocka_run_group_tests(table->name, tests, count, NULL, NULL) ? 1 : 0;
}
