/* Where threads sit: on machines made up by hwloc, and on this one. */
#define _GNU_SOURCE // sched_getaffinity
#include "harness/pin.h"

#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "harness/machine.h"
#include "tests/forbid.h"
#include "tests/support.h"

enum { RIGHT, WRONG, UNAVAILABLE }; /* what a check in a child finds */

static hwloc_topology_t made_up(const char *description) {
  hwloc_topology_t topology;
  assert_int_equal(hwloc_topology_init(&topology), 0);
  assert_int_equal(hwloc_topology_set_synthetic(topology, description), 0);
  assert_int_equal(hwloc_topology_load(topology), 0);
  return topology;
}

static void assert_places(hwloc_topology_t topology, enum pin_policy policy, const unsigned *expected, int count) {
  unsigned places[16];
  assert_int_equal(pin_capacity(topology, policy), count);
  assert_int_equal(pin_places(topology, policy, places, 16), count);
  assert_memory_equal(places, expected, (size_t)count * sizeof *expected);
}

static void siblings_come_after_all_cores(void **state) {
  (void)state;
  /* Two packages of two cores of two hardware threads, numbered as they come. */
  hwloc_topology_t topology = made_up("package:2 core:2 pu:2");
  assert_places(topology, PIN_CORES, (const unsigned[]){0, 2, 4, 6}, 4);
  assert_places(topology, PIN_THREADS, (const unsigned[]){0, 2, 4, 6, 1, 3, 5, 7}, 8);
  assert_int_equal(pin_capacity(topology, PIN_NONE), 8);
  hwloc_topology_destroy(topology);
}

static void numbering_of_the_system_is_heeded(void **state) {
  (void)state;
  /* As Linux numbers many x86 machines: first all cores, then all siblings. */
  hwloc_topology_t topology = made_up("core:4 pu:2(indexes=0,4,1,5,2,6,3,7)");
  assert_places(topology, PIN_CORES, (const unsigned[]){0, 1, 2, 3}, 4);
  assert_places(topology, PIN_THREADS, (const unsigned[]){0, 1, 2, 3, 4, 5, 6, 7}, 8);
  hwloc_topology_destroy(topology);
}

static void powerful_cores_come_first(void **state) {
  (void)state;
  hwloc_topology_t topology = made_up("core:4 pu:1");
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  hwloc_bitmap_set_range(set, 0, 1);
  assert_int_equal(hwloc_cpukinds_register(topology, set, 0, 0, NULL, 0), 0); /* economical */
  hwloc_bitmap_zero(set);
  hwloc_bitmap_set_range(set, 2, 3);
  assert_int_equal(hwloc_cpukinds_register(topology, set, 10, 0, NULL, 0), 0); /* powerful */
  hwloc_bitmap_free(set);
  assert_places(topology, PIN_CORES, (const unsigned[]){2, 3, 0, 1}, 4);
  hwloc_topology_destroy(topology);
}

static void machines_without_cores_have_threads(void **state) {
  (void)state;
  hwloc_topology_t topology = made_up("pu:3");
  assert_places(topology, PIN_CORES, (const unsigned[]){0, 1, 2}, 3);
  hwloc_topology_destroy(topology);
}

static void too_many_threads_are_refused(void **state) {
  (void)state;
  hwloc_topology_t topology = made_up("core:2 pu:2");
  char text[64];
  struct error error = {""};
  assert_false(pin_threads(topology, PIN_CORES, 3, text, sizeof text, &error));
  assert_non_null(strstr(error.text, "cannot pin 3 threads"));
  assert_non_null(strstr(error.text, "--pin=none"));
  assert_false(pin_threads(topology, PIN_THREADS, 5, text, sizeof text, &error));
  assert_false(pin_threads(topology, PIN_CORES, 0, text, sizeof text, &error));
  hwloc_topology_destroy(topology);
}

static void long_lists_are_cut(void **state) {
  (void)state;
  hwloc_topology_t topology;
  struct error error = {""};
  assert_true(machine_load_topology(&topology, &error));
  const int threads = pin_capacity(topology, PIN_THREADS);
  for (size_t size = 1; size < 48; size++) {
    char text[48];
    memset(text, '#', sizeof text);
    assert_true(pin_threads(topology, PIN_THREADS, threads, text, size, &error));
    assert_true(strlen(text) < size);
  }
  hwloc_topology_destroy(topology);
}

/* The checks below change this process's binding, so each has a process of its own. */

static bool bound_to(unsigned place) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1 && CPU_ISSET(place, &set);
}

static int threads_sit_apart(void) {
  hwloc_topology_t topology;
  struct error error;
  char text[256];
  unsigned places[1024];
  if (!machine_load_topology(&topology, &error)) return WRONG;
  const int most = pin_places(topology, PIN_CORES, places, 1024);
  for (int threads = 1; threads <= most; threads++) {
    if (!pin_threads(topology, PIN_CORES, threads, text, sizeof text, &error)) return WRONG;
    int right = 0;
#pragma omp parallel num_threads(threads) reduction(+ : right)
    right += bound_to(places[omp_get_thread_num()]);
    if (right != threads || strncmp(text, "core ", 5) != 0) return WRONG;
  }
  hwloc_topology_destroy(topology);
  return RIGHT;
}

static int the_affinity_mask_is_heeded(void) {
  cpu_set_t set, one;
  struct error error;
  char text[256];
  int last = -1;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return WRONG;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &set)) last = cpu;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) return WRONG;
  hwloc_topology_t topology;
  if (!machine_load_topology(&topology, &error)) return WRONG;
  const bool right = pin_capacity(topology, PIN_CORES) == 1 && pin_capacity(topology, PIN_THREADS) == 1 &&
                     pin_threads(topology, PIN_CORES, 1, text, sizeof text, &error) && bound_to((unsigned)last);
  hwloc_topology_destroy(topology);
  return right ? RIGHT : WRONG;
}

static int none_leaves_threads(void) {
  cpu_set_t before, after;
  struct error error;
  char text[256];
  hwloc_topology_t topology;
  if (!machine_load_topology(&topology, &error)) return WRONG;
  if (sched_getaffinity(0, sizeof before, &before) != 0) return WRONG;
  if (!pin_threads(topology, PIN_NONE, 4, text, sizeof text, &error)) return WRONG;
  if (sched_getaffinity(0, sizeof after, &after) != 0) return WRONG;
  hwloc_topology_destroy(topology);
  return CPU_EQUAL(&before, &after) && strcmp(text, "none") == 0 ? RIGHT : WRONG;
}

static int a_refusal_is_told(void) {
  struct error error = {""};
  char text[256];
  hwloc_topology_t topology;
  if (!machine_load_topology(&topology, &error)) return WRONG;
  if (!forbid_system_call(SYS_sched_setaffinity, EPERM)) return UNAVAILABLE;
  if (pin_threads(topology, PIN_CORES, 1, text, sizeof text, &error)) return WRONG;
  return strstr(error.text, "cannot pin thread 0 to core") && strstr(error.text, "--pin=none") ? RIGHT : WRONG;
}

static void run_check(int (*check)(void)) {
  const int outcome = in_child(check);
  if (outcome == UNAVAILABLE) skip();
  assert_int_equal(outcome, RIGHT);
}

static void test_threads_sit_apart(void **state) {
  (void)state;
  run_check(threads_sit_apart);
}
static void test_the_affinity_mask_is_heeded(void **state) {
  (void)state;
  run_check(the_affinity_mask_is_heeded);
}
static void test_none_leaves_threads(void **state) {
  (void)state;
  run_check(none_leaves_threads);
}
static void test_a_refusal_is_told(void **state) {
  (void)state;
  run_check(a_refusal_is_told);
}

int main(void) {
  /* The children first: a process that has used OpenMP must not fork and use it again. */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_threads_sit_apart),        cmocka_unit_test(test_the_affinity_mask_is_heeded),
      cmocka_unit_test(test_none_leaves_threads),      cmocka_unit_test(test_a_refusal_is_told),
      cmocka_unit_test(siblings_come_after_all_cores), cmocka_unit_test(numbering_of_the_system_is_heeded),
      cmocka_unit_test(powerful_cores_come_first),     cmocka_unit_test(machines_without_cores_have_threads),
      cmocka_unit_test(too_many_threads_are_refused),  cmocka_unit_test(long_lists_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
