/* Whether two results may be compared: one fact changed at a time, and what that makes of the comparison. */
#include "harness/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

#define SET(member, text) snprintf(member, sizeof member, "%s", text)

/* A machine with all facts known, of the size that a result has. */
static void make_up(struct result *result) {
  struct machine *m = &result->machine;
  result_init(result);
  SET(result->commit, "0123456789ab");
  SET(result->version, "1.2.3");
  SET(m->cpu, "Example CPU 9000");
  SET(m->vendor, "Example");
  SET(m->family, "6"), SET(m->model, "85"), SET(m->stepping, "7"), SET(m->microcode, "0x1");
  SET(m->features, "sse2 avx2 fma");
  SET(m->kernel, "Linux 6.1.0 x86_64");
  SET(m->governor, "performance"), SET(m->turbo, "off"), SET(m->denormals, "gradual");
  SET(m->smt, "on"), SET(m->numa_balancing, "off"), SET(m->huge_pages, "madvise");
  SET(m->compiler, "gcc 12.2.0"), SET(m->flags, "Release: -O3");
  SET(m->libraries, "hwloc 2.9.0, SLEEF 3.5.1, zlib 1.2.13");
  SET(m->host, "somewhere");
  SET(m->pinning, "core 0, core 1");
  m->packages = m->numa_nodes = 1, m->cores = m->hardware_threads = 8;
  m->online_cores = m->online_threads = 8;
  m->memory_bytes = (size_t)16 << 30, m->core_hertz = 3e9, m->load = 0.1;
  m->caches[0] = (struct cache){.level = 1, .bytes = 32768, .count = 8, .cores_sharing = 1};
  m->caches[1] = (struct cache){.level = 2, .bytes = 1 << 20, .count = 8, .cores_sharing = 1};
  m->cache_count = 2;
}

static struct result a, b; /* large */
static struct differences found;

static int set_up(void **state) {
  (void)state;
  make_up(&a);
  make_up(&b);
  return 0;
}

static int clear_up(void **state) {
  (void)state;
  result_free(&a);
  result_free(&b);
  return 0;
}

/* Compares, and demands exactly one difference, of that class and text. */
static void assert_only(enum difference_class class, const char *expected) {
  char text[1024];
  fingerprint_compare(&a, &b, &found);
  assert_int_equal(found.count, 1);
  difference_text(&found.items[0], "a", "b", text, sizeof text);
  assert_string_equal(text, expected);
  for (enum difference_class c = 0; c < DIFFERENCE_CLASSES; c++)
    assert_int_equal(differences_have(&found, c), c == class);
}

#define ASSERT_ONLY(class, expected, ...)                                                                              \
  do {                                                                                                                 \
    make_up(&b);                                                                                                       \
    struct machine *const m = &b.machine;                                                                              \
    (void)m;                                                                                                           \
    __VA_ARGS__;                                                                                                       \
    assert_only(class, expected);                                                                                      \
  } while (0)

static void the_same_machine_on_another_day_is_the_same(void **state) {
  (void)state;
  SET(b.machine.host, "elsewhere");
  SET(b.date, "2031-01-01");
  b.machine.load = 0.4;
  b.machine.core_hertz *= 1.03;
  b.machine.memory_bytes -= 1 << 20;
  b.machine.steal_share = 0.005;
  SET(b.machine.pinning, "core 0");
  fingerprint_compare(&a, &b, &found);
  assert_int_equal(found.count, 0);
}

static void other_hardware_is_another_machine(void **state) {
  (void)state;
  const enum difference_class class = DIFFERENT_MACHINE;
  ASSERT_ONLY(class, "CPU: a: Example CPU 9000, b: Example CPU 9001", SET(m->cpu, "Example CPU 9001"));
  ASSERT_ONLY(class, "vendor: a: Example, b: Other", SET(m->vendor, "Other"));
  ASSERT_ONLY(class, "family: a: 6, b: 25", SET(m->family, "25"));
  ASSERT_ONLY(class, "model: a: 85, b: 86", SET(m->model, "86"));
  ASSERT_ONLY(class, "stepping: a: 7, b: 8", SET(m->stepping, "8"));
  ASSERT_ONLY(class, "cores: a: 8, b: 16", m->online_cores = 16);
  ASSERT_ONLY(class, "memory modules: a: DDR4, b: DDR5", SET(a.machine.memory, "DDR4"), SET(m->memory, "DDR5"));
  ASSERT_ONLY(class, "kinds of core: a: none, b: big", SET(m->kinds[0].name, "big"), m->kind_count = 1);
  ASSERT_ONLY(class, "caches: a: L1 32 KiB, L2 1024 KiB, b: L1 32 KiB, L2 2048 KiB", m->caches[1].bytes = 2 << 20);
  ASSERT_ONLY(class, "caches: a: L1 32 KiB, L2 1024 KiB, b: L1 32 KiB", m->cache_count = 1);
  ASSERT_ONLY(class, "hypervisor: a: none, b: KVM", SET(m->hypervisor, "KVM"));
  ASSERT_ONLY(class, "emulator: a: none, b: qemu-x86_64", SET(m->emulator, "qemu-x86_64"));
  ASSERT_ONLY(class, "features: a: sse2 avx2 fma, b: sse2", SET(m->features, "sse2"));
}

static void another_state_is_other_conditions(void **state) {
  (void)state;
  const enum difference_class class = DIFFERENT_CONDITIONS;
  ASSERT_ONLY(class, "hardware threads: a: 8, b: 16", m->online_threads = 16);
  ASSERT_ONLY(class, "SMT: a: on, b: off", SET(m->smt, "off"));
  ASSERT_ONLY(class, "mitigations: a: not known, b: mds: Vulnerable", SET(m->mitigations, "mds: Vulnerable"));
  ASSERT_ONLY(class, "NUMA balancing: a: off, b: on", SET(m->numa_balancing, "on"));
  ASSERT_ONLY(class, "huge pages: a: madvise, b: never", SET(m->huge_pages, "never"));
  ASSERT_ONLY(class, "usable cores: a: 8, b: 4", m->cores = 4);
  ASSERT_ONLY(class, "usable hardware threads: a: 8, b: 4", m->hardware_threads = 4);
  ASSERT_ONLY(class, "CPU quota: a: none, b: 1.5 CPUs", m->cpu_quota = 1.5);
  ASSERT_ONLY(class, "governor: a: performance, b: powersave", SET(m->governor, "powersave"));
  ASSERT_ONLY(class, "governor: a: performance, b: not known", SET(m->governor, ""));
  ASSERT_ONLY(class, "turbo: a: off, b: on", SET(m->turbo, "on"));
  ASSERT_ONLY(class, "clock: a: 3 GHz, b: 2.4 GHz", m->core_hertz = 2.4e9);
  ASSERT_ONLY(class, "memory: a: 16 GiB, b: 4 GiB", m->memory_bytes = (size_t)4 << 30);
  ASSERT_ONLY(class, "microcode: a: 0x1, b: 0x2", SET(m->microcode, "0x2"));
  ASSERT_ONLY(class, "kernel: a: Linux 6.1.0 x86_64, b: Linux 6.2.0 x86_64", SET(m->kernel, "Linux 6.2.0 x86_64"));
  ASSERT_ONLY(class, "denormals: a: gradual, b: flush to zero", SET(m->denormals, "flush to zero"));
  ASSERT_ONLY(class, "load average: a: 0.10, b: 2.00", m->load = 2);
  ASSERT_ONLY(class, "taken by the hypervisor: a: 0.0 %, b: 4.0 %", m->steal_share = 0.04);
}

static void another_place_is_other_conditions(void **state) {
  (void)state;
  const enum difference_class class = DIFFERENT_CONDITIONS;
  ASSERT_ONLY(class, "pinned to: a: core 0, core 1, b: none", SET(m->pinning, "none"));
  ASSERT_ONLY(class, "pinned to: a: core 0, core 1, b: core 2, core 3", SET(m->pinning, "core 2, core 3"));
  ASSERT_ONLY(class, "pinned to: a: core 0, core 1, b: core 0, core 12", SET(m->pinning, "core 0, core 12"));
  make_up(&b);
  SET(b.machine.pinning, "core 0, core 1, core 2, core 3, ...");
  fingerprint_compare(&a, &b, &found);
  assert_int_equal(found.count, 0);
}

static void another_program_is_another_build(void **state) {
  (void)state;
  const enum difference_class class = DIFFERENT_BUILD;
  ASSERT_ONLY(class, "commit: a: 0123456789ab, b: 0123456789ab-dirty", SET(b.commit, "0123456789ab-dirty"));
  ASSERT_ONLY(class, "version: a: 1.2.3, b: 1.2.4", SET(b.version, "1.2.4"));
  ASSERT_ONLY(class, "compiler: a: gcc 12.2.0, b: clang 19.1.7", SET(m->compiler, "clang 19.1.7"));
  ASSERT_ONLY(class, "flags: a: Release: -O3, b: Debug: -g", SET(m->flags, "Debug: -g"));
  ASSERT_ONLY(class, "SLEEF: a: 3.5.1, b: 3.6", SET(m->libraries, "hwloc 2.9.0, SLEEF 3.6, zlib 1.2.13"));
  ASSERT_ONLY(class, "zlib: a: 1.2.13, b: not known", SET(m->libraries, "hwloc 2.9.0, SLEEF 3.5.1"));
  ASSERT_ONLY(class, "new: a: not known, b: 1", SET(m->libraries, "hwloc 2.9.0, SLEEF 3.5.1, zlib 1.2.13, new 1"));
}

static void classes_come_in_order(void **state) {
  (void)state;
  SET(b.machine.flags, "Debug");
  SET(b.machine.turbo, "on");
  SET(b.machine.cpu, "Other");
  fingerprint_compare(&a, &b, &found);
  assert_int_equal(found.count, 3);
  for (enum difference_class c = 0; c < DIFFERENCE_CLASSES; c++) assert_int_equal(found.items[c].class, c);
}

/* Texts from a file are as long as their members hold, in one line. */
static void long_texts_are_cut(void **state) {
  (void)state;
  char text[64];
  memset(b.machine.cpu, 'x', sizeof b.machine.cpu - 1);
  memset(b.machine.libraries, 'y', sizeof b.machine.libraries - 1);
  fingerprint_compare(&a, &b, &found);
  assert_true(differences_have(&found, DIFFERENT_MACHINE) && differences_have(&found, DIFFERENT_BUILD));
  for (size_t i = 0; i < found.count; i++) {
    difference_text(&found.items[i], "a", "b", text, sizeof text);
    assert_true(strlen(text) < sizeof text);
  }
}

static bool same_id(void) {
  char left[FINGERPRINT_ID], right[FINGERPRINT_ID];
  fingerprint_id(&a.machine, left);
  fingerprint_id(&b.machine, right);
  assert_int_equal(strlen(left), FINGERPRINT_ID - 1);
  assert_int_equal(strspn(left, "0123456789abcdef"), FINGERPRINT_ID - 1);
  return strcmp(left, right) == 0;
}

static void an_id_names_the_machine(void **state) {
  (void)state;
  struct machine *m = &b.machine;
  m->load = 5, m->core_hertz = 1e9, m->cores = 1, m->hardware_threads = 1, m->caches[0].count = 1, m->cpu_quota = 1;
  SET(m->host, "elsewhere"), SET(m->governor, "powersave"), SET(m->kernel, "Linux 7"), SET(m->compiler, "clang");
  assert_true(same_id());
  m->online_threads = 16; /* SMT on or off */
  assert_true(same_id());
  m->online_cores = 4;
  assert_false(same_id());
  make_up(&b);
  SET(m->hypervisor, "KVM");
  assert_false(same_id());
  make_up(&b);
  m->caches[1].bytes *= 2;
  assert_false(same_id());
  make_up(&b);
  SET(m->family, "68"), SET(m->model, "5"); /* the same letters */
  assert_false(same_id());
}

/* Names of files made from it stay. */
static void an_id_is_for_ever(void **state) {
  (void)state;
  char text[FINGERPRINT_ID];
  fingerprint_id(&a.machine, text);
  assert_string_equal(text, "01f5db3eeb6b");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, clear_up)
  const struct CMUnitTest tests[] = {
      TEST(the_same_machine_on_another_day_is_the_same),
      TEST(other_hardware_is_another_machine),
      TEST(another_state_is_other_conditions),
      TEST(another_place_is_other_conditions),
      TEST(another_program_is_another_build),
      TEST(classes_come_in_order),
      TEST(long_texts_are_cut),
      TEST(an_id_names_the_machine),
      TEST(an_id_is_for_ever),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
