/* The description of this machine, and what follows from descriptions made up for the purpose: warnings, and what a
 * thread has of the caches. */
#include "harness/residence.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

static struct machine describe(void) {
  struct error error = {""};
  hwloc_topology_t topology;
  struct machine machine;
  const struct cpu_features cpu = cpu_detect();
  if (!machine_load_topology(&topology, &error)) fail_msg("%s", error.text);
  machine_describe(&machine, topology, &cpu);
  hwloc_topology_destroy(topology);
  return machine;
}

static void this_machine_is_described(void **state) {
  (void)state;
  const struct machine machine = describe();
  assert_true(machine.cpu[0] && machine.topology[0] && machine.kernel[0] && machine.compiler[0] && machine.host[0]);
  assert_true(machine.features[0] || !arch_table(ARCH_AVX2));
  assert_non_null(strchr(machine.flags, '-'));
  assert_true(machine.packages >= 1 && machine.cores >= 1 && machine.hardware_threads >= machine.cores);
  assert_true(machine.hardware_threads <= machine.online_threads);
  assert_true(machine.memory_bytes > 1 << 20);
  assert_true(strlen(machine.counters) > 0);
  assert_string_equal(machine.denormals, "gradual");
  assert_true(machine.steal_share >= 0 && machine.steal_share <= 1);
  assert_true(machine.steal_share_before >= 0 && machine.steal_share_before <= 1);
  for (const char *const *name = (const char *const[]){"hwloc ", "SLEEF ", "jansson ", "zlib ", "glibc ", NULL}; *name;
       name++)
    assert_non_null(strstr(machine.libraries, *name));
}

static void caches_grow_by_level(void **state) {
  (void)state;
  const struct machine machine = describe();
  for (size_t i = 0; i < machine.cache_count; i++) {
    const struct cache *cache = &machine.caches[i];
    assert_true(cache->count >= 1 && cache->count <= machine.hardware_threads);
    assert_true(cache->cores_sharing >= 1 && cache->cores_sharing <= machine.cores);
    assert_int_equal(machine_cache_bytes(&machine, cache->level), cache->bytes);
    if (i > 0) assert_true(cache->level > machine.caches[i - 1].level);
  }
  assert_int_equal(machine_cache_bytes(&machine, 9), 0);
}

/* Caches that cores share are shared by those that are busy; what the machine lacks is 0. */
static void threads_share_caches(void **state) {
  (void)state;
  const struct machine machine = {.caches = {{.level = 1, .bytes = 32768, .count = 8, .cores_sharing = 1},
                                             {.level = 2, .bytes = 1 << 20, .count = 4, .cores_sharing = 2},
                                             {.level = 3, .bytes = 24 << 20, .count = 1, .cores_sharing = 8}},
                                  .cache_count = 3};
  const struct caches alone = residence_caches(&machine, 1), three = residence_caches(&machine, 3);
  assert_true(alone.l1 == 32768 && alone.l2 == 1 << 20 && alone.l3 == 24 << 20);
  assert_true(three.l1 == 32768 && three.l2 == 1 << 19 && three.l3 == 8 << 20);
  const struct caches none = residence_caches(&(const struct machine){.cache_count = 0}, 4);
  assert_true(none.l1 == 0 && none.l2 == 0 && none.l3 == 0);
}

static void steal_is_a_share_since_the_first_call(void **state) {
  (void)state;
  machine_steal_share();
  usleep(50000);
  const double share = machine_steal_share();
  assert_true(share >= 0 && share <= 1);
}

#if defined(__x86_64__)
static void flush_to_zero_is_seen(void **state) {
  (void)state;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 1u << 15 | 1u << 6);
  const struct machine both = describe();
  _mm_setcsr(before | 1u << 15);
  const struct machine results = describe();
  _mm_setcsr(before);
  assert_string_equal(both.denormals, "flush to zero, read as zero");
  assert_string_equal(results.denormals, "flush to zero");
}
#endif

/* A machine with nothing to warn of, where this build itself gives no reason. */
static struct machine quiet(void) {
  return (struct machine){.governor = "performance",
                          .turbo = "off",
                          .denormals = "gradual",
                          .cores = 4,
                          .hardware_threads = 4,
                          .online_threads = 4};
}

static size_t own_warnings(void) {
  struct machine machine = quiet();
  machine_judge(&machine);
  return machine.warning_count;
}

static bool warns(struct machine *machine, const char *of) {
  machine_judge(machine);
  for (size_t i = 0; i < machine->warning_count; i++) {
    assert_true(strlen(machine->warnings[i]) < MACHINE_TEXT - 1); /* not cut */
    if (strstr(machine->warnings[i], of)) return machine->warning_count == own_warnings() + 1;
  }
  return false;
}

#define ASSERT_WARNS(of, ...)                                                                                          \
  do {                                                                                                                 \
    struct machine machine = quiet();                                                                                  \
    __VA_ARGS__;                                                                                                       \
    assert_true(warns(&machine, of));                                                                                  \
  } while (0)

static void each_trouble_has_its_warning(void **state) {
  (void)state;
  ASSERT_WARNS("governor is powersave", strcpy(machine.governor, "powersave"));
  ASSERT_WARNS("turbo is on", strcpy(machine.turbo, "on"));
  ASSERT_WARNS("SMT is on, 8 hardware threads on 4 cores", machine.hardware_threads = machine.online_threads = 8);
  ASSERT_WARNS("may use 4 of 16 hardware threads", machine.online_threads = 16);
  ASSERT_WARNS("1.5 CPUs' worth", machine.cpu_quota = 1.5);
  ASSERT_WARNS("load average is 0.7", machine.load = 0.7);
  ASSERT_WARNS("took 3.0 % of busy CPU time", machine.steal_share_before = 0.03);
  ASSERT_WARNS("virtual machine (KVM)", strcpy(machine.hypervisor, "KVM"));
  ASSERT_WARNS("denormals flush to zero", strcpy(machine.denormals, "flush to zero"));
  ASSERT_WARNS("qemu-aarch64 emulates", strcpy(machine.emulator, "qemu-aarch64"));
}

static void what_does_no_harm_has_none(void **state) {
  (void)state;
  struct machine machine = quiet();
  machine.load = 0.4;
  machine.steal_share_before = 0.005;
  machine.cpu_quota = 4;
  machine.governor[0] = machine.turbo[0] = '\0'; /* not said */
  machine_judge(&machine);
  assert_int_equal(machine.warning_count, own_warnings());
}

static void too_many_warnings_are_dropped(void **state) {
  (void)state;
  static struct machine machine;
  for (int i = 0; i < 2 * MACHINE_WARNINGS; i++) machine_warn(&machine, "%d %0300d", i, 0);
  assert_int_equal(machine.warning_count, MACHINE_WARNINGS);
  assert_int_equal(strlen(machine.warnings[MACHINE_WARNINGS - 1]), MACHINE_TEXT - 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(this_machine_is_described),
    cmocka_unit_test(caches_grow_by_level),
    cmocka_unit_test(threads_share_caches),
    cmocka_unit_test(steal_is_a_share_since_the_first_call),
#if defined(__x86_64__)
    cmocka_unit_test(flush_to_zero_is_seen),
#endif
    cmocka_unit_test(each_trouble_has_its_warning),
    cmocka_unit_test(what_does_no_harm_has_none),
    cmocka_unit_test(too_many_warnings_are_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
