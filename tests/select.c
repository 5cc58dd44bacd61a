/* The choice of a kernel table, on CPUs made up for the purpose. */
#include "tests/support.h"

#include <string.h>

#if defined(__x86_64__)

static struct cpu_features with_avx2(void) {
  return (struct cpu_features){.avx = true, .avx2 = true, .fma = true, .bmi2 = true, .osxsave = true, .xcr0 = 0x7};
}

static struct cpu_features with_avx512(void) {
  struct cpu_features cpu = with_avx2();
  cpu.avx512f = cpu.avx512bw = cpu.avx512dq = cpu.avx512vl = cpu.avx512cd = true;
  cpu.xcr0 = 0xe7;
  return cpu;
}

static void every_needed_feature_is_asked_for(void **state) {
  (void)state;
  const struct {
    size_t offset;
    const char *obstacle;
  } needs[] = {
      {offsetof(struct cpu_features, avx512f), "this CPU lacks AVX-512F"},
      {offsetof(struct cpu_features, avx512bw), "this CPU lacks AVX-512BW"},
      {offsetof(struct cpu_features, avx512dq), "this CPU lacks AVX-512DQ"},
      {offsetof(struct cpu_features, avx512vl), "this CPU lacks AVX-512VL"},
      {offsetof(struct cpu_features, avx512cd), "this CPU lacks AVX-512CD"},
      {offsetof(struct cpu_features, avx2), "this CPU lacks AVX2"},
      {offsetof(struct cpu_features, fma), "this CPU lacks FMA"},
      {offsetof(struct cpu_features, bmi2), "this CPU lacks BMI2"},
  };
  struct cpu_features cpu = with_avx512();
  assert_null(arch_obstacle(ARCH_AVX512, &cpu));
  assert_int_equal(arch_best(&cpu), ARCH_AVX512);
  for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
    cpu = with_avx512();
    *(bool *)((char *)&cpu + needs[i].offset) = false;
    assert_string_equal(arch_obstacle(ARCH_AVX512, &cpu), needs[i].obstacle);
    const bool avx512_only = needs[i].offset >= offsetof(struct cpu_features, avx512f);
    assert_int_equal(arch_best(&cpu), avx512_only ? ARCH_AVX2 : ARCH_SCALAR);
  }
}

static void the_operating_system_must_save_the_registers(void **state) {
  (void)state;
  struct cpu_features cpu = with_avx512();
  cpu.osxsave = false; /* a set xcr0 must then not be believed */
  assert_non_null(strstr(arch_obstacle(ARCH_AVX512, &cpu), "does not save"));
  assert_non_null(strstr(arch_obstacle(ARCH_AVX2, &cpu), "does not save"));
  assert_int_equal(arch_best(&cpu), ARCH_SCALAR);
  /* Each piece of the AVX-512 state alone missing: opmask, upper halves of ZMM0-15, ZMM16-31. */
  for (unsigned bit = 5; bit <= 7; bit++) {
    cpu = with_avx512();
    cpu.xcr0 &= ~(1ul << bit);
    assert_non_null(arch_obstacle(ARCH_AVX512, &cpu));
    assert_int_equal(arch_best(&cpu), ARCH_AVX2);
  }
  /* SSE or YMM state missing. */
  for (unsigned bit = 1; bit <= 2; bit++) {
    cpu = with_avx512();
    cpu.xcr0 &= ~(1ul << bit);
    assert_int_equal(arch_best(&cpu), ARCH_SCALAR);
  }
}

static void avx_alone_is_scalar(void **state) {
  (void)state;
  const struct cpu_features cpu = {.sse4_2 = true, .avx = true, .osxsave = true, .xcr0 = 0x7};
  assert_int_equal(arch_best(&cpu), ARCH_SCALAR);
  assert_string_equal(arch_obstacle(ARCH_AVX2, &cpu), "this CPU lacks AVX2");
}

static void other_families_are_refused(void **state) {
  (void)state;
  const struct cpu_features cpu = {.asimd = true};
  assert_non_null(strstr(arch_obstacle(ARCH_NEON, &cpu), "another processor family"));
  assert_null(arch_table(ARCH_NEON));
}

#else

static void other_families_are_refused(void **state) {
  (void)state;
  struct cpu_features cpu = {.avx2 = true, .fma = true, .bmi2 = true, .osxsave = true, .xcr0 = 0xe7};
  assert_non_null(strstr(arch_obstacle(ARCH_AVX2, &cpu), "another processor family"));
  assert_null(arch_table(ARCH_AVX512));
#if defined(__aarch64__)
  assert_string_equal(arch_obstacle(ARCH_NEON, &cpu), "this CPU lacks Advanced SIMD");
  assert_int_equal(arch_best(&cpu), ARCH_SCALAR);
  cpu.asimd = true;
  assert_int_equal(arch_best(&cpu), ARCH_NEON);
#endif
}

#endif

static void scalar_runs_anywhere(void **state) {
  (void)state;
  const struct cpu_features nothing = {0};
  assert_null(arch_obstacle(ARCH_SCALAR, &nothing));
  assert_int_equal(arch_best(&nothing), ARCH_SCALAR);
}

static void names_and_tables_agree(void **state) {
  (void)state;
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
    assert_int_equal(arch_find(arch_name(arch)), arch);
    if (arch_table(arch)) assert_string_equal(arch_table(arch)->name, arch_name(arch));
  }
  assert_int_equal(arch_find("avx"), ARCH_COUNT);
  assert_int_equal(arch_find(""), ARCH_COUNT);
  assert_int_equal(arch_find("AVX2"), ARCH_COUNT);
}

static void the_best_of_this_cpu_runs_here(void **state) {
  (void)state;
  const struct cpu_features cpu = cpu_detect();
  const struct kernel_table *table = arch_table(arch_best(&cpu));
  float y[3] = {0};
  table->relu_forward((const float[]){-1, 0, 2}, y, 3, (struct parameters){0});
  assert_true(y[0] == 0 && y[1] == 0 && y[2] == 2);
}

static void features_are_listed_within_the_buffer(void **state) {
  (void)state;
  struct cpu_features cpu;
  memset(&cpu, 1, sizeof cpu); /* every flag */
  char text[256], small[8];
  assert_non_null(strstr(cpu_feature_text(&cpu, text, sizeof text), "avx512f"));
  assert_true(strlen(cpu_feature_text(&cpu, small, sizeof small)) < sizeof small);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
    cmocka_unit_test(every_needed_feature_is_asked_for),
    cmocka_unit_test(the_operating_system_must_save_the_registers),
    cmocka_unit_test(avx_alone_is_scalar),
#endif
    cmocka_unit_test(other_families_are_refused),
    cmocka_unit_test(scalar_runs_anywhere),
    cmocka_unit_test(names_and_tables_agree),
    cmocka_unit_test(the_best_of_this_cpu_runs_here),
    cmocka_unit_test(features_are_listed_within_the_buffer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
