/* Numbers as TensorFlow and JAX make them: against what these have published, and against their formulas, written down
 * literally, operation by operation, on words of the references. Compiled without contraction. */
#include "tests/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/rng.h"
#include "kernels/reference/reference.h"

#define COUNT ((size_t)1 << 20)
#define TOLERANCE 1e-6 /* of normals, in standard deviations */

static const struct kernel_table *table;

static void fill(enum rng rng, fill_kernel *fill, uint64_t seed, uint64_t stream, struct parameters p, float *w,
                 size_t n) {
  const struct cpu_features cpu = cpu_detect();
  struct init init = rng_init(rng, table, &cpu);
  init.seed = seed, init.stream = stream, init.p = p, init.fan_in = init.fan_out = 1;
  fill(w, 0, n, &init);
}

/* ---- published -------------------------------------------------------------------------------------------------- */

static void expect_close(const float *w, const float *published, size_t n, float tolerance) {
  for (size_t i = 0; i < n; i++)
    if (!(fabsf(w[i] - published[i]) <= tolerance))
      fail_msg("element %zu: %.9g, published %.9g", i, (double)w[i], (double)published[i]);
}

/* jax.random.uniform and normal of key(0) and key(42), as published with jax_threefry_partitionable. */
static void test_jax(void **state) {
  (void)state;
  const struct parameters standard = {.b = 1};
  float w[3];
  fill(RNG_JAX, table->init_uniform, 0, 0, standard, w, 3);
  expect_close(w, (const float[]){0.947667f, 0.9785799f, 0.33229148f}, 3, 3e-8f); /* all printed digits */
  fill(RNG_JAX, table->init_normal, 0, 0, standard, w, 3);
  expect_close(w, (const float[]){1.6226422f, 2.0252647f, -0.43359444f}, 3, 1e-6f);
  fill(RNG_JAX, table->init_normal, 42, 0, standard, w, 1);
  expect_close(w, (const float[]){-0.028304616f}, 1, 1e-6f);
}

/* tf.random.stateless_normal((2, 3), seed=(1, 2)), as published in TensorFlow's documentation. */
static void test_tensorflow(void **state) {
  (void)state;
  const float published[6] = {0.5441101f, 0.20738031f, 0.07356433f, 0.04643455f, -1.30159f, -0.95385665f};
  float w[6];
  fill(RNG_TENSORFLOW, table->init_normal, 1, 2, (struct parameters){.b = 1}, w, 6);
  expect_close(w, published, 6, 1e-6f);
}

/* ---- uniforms, bit for bit -------------------------------------------------------------------------------------- */

static float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* tensorflow/core/lib/random/random_distributions.h, Uint32ToFloat: exponent 127 and the low 23 bits, less 1; then, as
 * stateless_random_uniform has it, times (maxval - minval), plus minval. */
static float tensorflow_fraction(uint32_t word) { return from_bits((uint32_t)127 << 23 | (word & 0x7fffffu)) - 1.0f; }
static float tensorflow_uniform(uint32_t word, float low, float high) {
  return tensorflow_fraction(word) * (high - low) + low;
}

/* jax/_src/random.py, _uniform: the high 23 bits. */
static float jax_uniform(uint32_t word, float low, float high) {
  const float fraction = from_bits(word >> 9 | 0x3f800000u) - 1.0f;
  return fmaxf(low, fraction * (high - low) + low);
}

static void test_uniforms(void **state) {
  (void)state;
  const float ends[][2] = {{0, 1}, {-0.05f, 0.05f}, {0.1f, 0.7f}, {-3, 11}, {-7, -2.5f}, {1e6f, 1e6f + 1}};
  enum { LENGTH = 10007 };
  float w[LENGTH];
  for (uint64_t k = 0; k < sizeof ends / sizeof *ends; k++) {
    const struct parameters p = {.a = ends[k][0], .b = ends[k][1]};
    const uint64_t seed = 77 + (k << 40), stream = k * 5;
    for (int jax = 0; jax < 2; jax++) {
      fill(jax ? RNG_JAX : RNG_TENSORFLOW, table->init_uniform, seed, stream, p, w, LENGTH);
      for (size_t i = 0; i < LENGTH; i++) {
        const float expected =
            jax ? jax_uniform(reference_jax_words(i / 4, i % 4, seed, stream), p.a, p.b)
                : tensorflow_uniform(reference_tensorflow_words(i / 4, i % 4, seed, stream), p.a, p.b);
        if (memcmp(&w[i], &expected, sizeof expected) != 0)
          fail_msg("%s, uniform(%g,%g), element %zu: %.9g, expected %.9g", jax ? "jax" : "tensorflow", (double)p.a,
                   (double)p.b, i, (double)w[i], (double)expected);
      }
    }
  }
}

/* ---- normals ---------------------------------------------------------------------------------------------------- */

static const struct parameters normals[] = {{.b = 1}, {.a = 0.5f, .b = 0.25f}, {.a = -3, .b = 2}};

/* The mean's own rounding comes on top where it is large. */
static void expect_normal(const char *library, struct parameters p, size_t i, float value, double z) {
  const double expected = (double)p.a + (double)p.b * z;
  const double rounding = p.a != 0 ? 0x1p-24 * (fabs(expected) + fabs((double)p.b * z)) : 0;
  if (!(fabs((double)value - expected) <= TOLERANCE * (double)p.b + rounding))
    fail_msg("%s, normal(%g,%g), element %zu: %.9g, expected %.9g", library, (double)p.a, (double)p.b, i, (double)value,
             expected);
}

/* random_distributions.h, BoxMullerFloat, in float but for the product with pi; glibc's float functions round almost
 * always correctly. */
static void box_muller_float(uint32_t x0, uint32_t x1, float *f0, float *f1) {
  const float epsilon = 1.0e-7f;
  float u1 = tensorflow_fraction(x0);
  if (u1 < epsilon) u1 = epsilon;
  const float v1 = (float)(2.0 * M_PI * (double)tensorflow_fraction(x1));
  const float u2 = sqrtf(-2.0f * logf(u1));
  *f0 = sinf(v1), *f1 = cosf(v1);
  *f0 *= u2, *f1 *= u2;
}

static void test_tensorflow_normals(void **state) {
  (void)state;
  const size_t n = getenv("DEPTHMARK_EMULATED") ? COUNT / 16 : COUNT;
  float *w = malloc(n * sizeof *w);
  for (size_t k = 0; k < sizeof normals / sizeof *normals; k++) {
    fill(RNG_TENSORFLOW, table->init_normal, k, 9, normals[k], w, n);
    for (size_t i = 0; i < n; i += 2) {
      float z[2];
      box_muller_float(reference_tensorflow_words(i / 4, i % 4, k, 9),
                       reference_tensorflow_words(i / 4, i % 4 + 1, k, 9), &z[0], &z[1]);
      for (size_t j = 0; j < 2; j++) expect_normal("tensorflow", normals[k], i + j, w[i + j], (double)z[j]);
    }
  }
  free(w);
}

/* The exact inverse, of the uniforms that JAX takes: its own inverse in float loses bits far out. */
static void test_jax_normals(void **state) {
  (void)state;
  enum { LENGTH = 30011 };
  static float w[LENGTH];
  for (size_t k = 0; k < sizeof normals / sizeof *normals; k++) {
    const struct init standard = {.seed = k, .stream = 9, .p = {.b = 1}, .convention = CONVENTION_JAX};
    fill(RNG_JAX, table->init_normal, k, 9, normals[k], w, LENGTH);
    for (size_t i = 0; i < LENGTH; i++)
      expect_normal("jax", normals[k], i, w[i], reference_init_normal(i, &standard, reference_jax_words));
  }
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_jax),         cmocka_unit_test(test_tensorflow),
      cmocka_unit_test(test_uniforms),    cmocka_unit_test(test_tensorflow_normals),
      cmocka_unit_test(test_jax_normals),
  };
  return cmocka_run_group_tests_name(table->name, tests, NULL, NULL) ? 1 : 0;
}
