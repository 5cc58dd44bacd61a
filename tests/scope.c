/* Kinds of core, hardware threads and numbers of threads, on machines made up for the purpose: what is measured where.
 */
#include "harness/scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/pin.h"
#include "harness/residence.h"
#include "tests/support.h"
#include "tests/topologies.h"

/* A machine, what is asked of it, and what that came to. */
static struct options options; /* large */
static struct machine machine;
static hwloc_topology_t topology;
static struct scopes scopes;

static void take_machine(hwloc_topology_t made_up) {
  topology = made_up;
  memset(&machine, 0, sizeof machine);
  machine_describe_topology(&machine, topology);
  machine.online_threads = machine.hardware_threads; /* not this one's */
  options = (struct options){.smt = {1}, .smt_count = 1};
}

static void open_scopes(void) {
  struct error error;
  if (!scopes_open(&scopes, &options, topology, &machine, &error)) fail_msg("%s", error.text);
}

static void refuse_scopes(const char *word) {
  struct error error = {""};
  assert_false(scopes_open(&scopes, &options, topology, &machine, &error));
  if (!strstr(error.text, word)) fail_msg("\"%s\" does not say \"%s\"", error.text, word);
}

static int clear_up(void **state) {
  (void)state;
  scopes_close(&scopes);
  hwloc_topology_destroy(topology);
  return 0;
}

static void assert_threads(size_t scope, const int *expected, size_t count) {
  assert_int_equal(scopes.items[scope].thread_count, count);
  for (size_t i = 0; i < count; i++) assert_int_equal(scopes.items[scope].threads[i], expected[i]);
}
#define ASSERT_THREADS(scope, ...)                                                                                     \
  assert_threads(scope, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

/* Where the threads of a team of the scope sit. */
static void assert_places(size_t scope, const unsigned *expected, int count) {
  unsigned places[64];
  assert_true(pin_places(scopes.items[scope].topology, scopes.items[scope].pin, places, 64) >= count);
  for (int i = 0; i < count; i++) assert_int_equal(places[i], expected[i]);
}
#define ASSERT_PLACES(scope, ...)                                                                                      \
  assert_places(scope, (const unsigned[]){__VA_ARGS__}, (int)(sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(int)))

static bool warned(const char *of) {
  for (size_t i = 0; i < machine.warning_count; i++)
    if (strstr(machine.warnings[i], of)) return true;
  return false;
}

/* ---- threads ---------------------------------------------------------------------------------------------------- */

static void one_and_all_cores_by_default(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 core:4 pu:2"));
  open_scopes();
  assert_int_equal(scopes.count, 1);
  ASSERT_THREADS(0, 1, 4);
  assert_string_equal(scopes.items[0].cores, "");
  assert_int_equal(machine.warning_count, 0);
}

static void a_single_core_has_one(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 core:1 pu:1"));
  open_scopes();
  ASSERT_THREADS(0, 1);
}

static void all_is_every_number(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 core:5 pu:2"));
  options.threads_all = true;
  open_scopes();
  ASSERT_THREADS(0, 1, 2, 3, 4, 5);
}

static void a_list_is_taken_as_it_is(void **state) {
  (void)state;
  take_machine(synthetic_topology("numa:2 core:2 pu:1")); /* two nodes of two cores */
  options.threads[0] = 3, options.threads[1] = 1, options.thread_count = 2;
  open_scopes();
  ASSERT_THREADS(0, 3, 1);
  ASSERT_PLACES(0, 0, 1, 2, 3);
}

static void too_many_are_refused(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 core:4 pu:2"));
  options.threads[0] = 5, options.thread_count = 1;
  refuse_scopes("--threads=5: this process may use 4 cores; --pin=none allows more threads");
}

static void a_quota_pays_for_fewer(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 core:8 pu:1"));
  machine.cpu_quota = 2.5;
  open_scopes();
  ASSERT_THREADS(0, 1, 2);
  scopes_close(&scopes);
  machine.cpu_quota = 0.5;
  open_scopes();
  ASSERT_THREADS(0, 1);
  scopes_close(&scopes);
  machine.cpu_quota = 100;
  open_scopes();
  ASSERT_THREADS(0, 1, 8);
  assert_int_equal(machine.warning_count, 0);
  scopes_close(&scopes);
  machine.cpu_quota = 2.5; /* who asks for more gets it, and is told */
  options.threads[0] = 4, options.thread_count = 1;
  open_scopes();
  ASSERT_THREADS(0, 4);
  assert_true(warned("4 threads share a quota of 2.5 CPUs"));
}

/* ---- hardware threads of a core --------------------------------------------------------------------------------- */

static void siblings_are_measured_together(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 l2:4(size=1048576) l1d:1(size=32768) core:1 pu:2"));
  options.smt[1] = 2, options.smt_count = 2, options.smt_given = true;
  open_scopes();
  assert_int_equal(scopes.count, 2);
  ASSERT_THREADS(0, 1, 4);
  ASSERT_PLACES(0, 0, 2, 4, 6);
  ASSERT_THREADS(1, 2, 8);
  ASSERT_PLACES(1, 0, 1, 2, 3, 4, 5, 6, 7);
  assert_int_equal(scopes.items[1].smt, 2);
  scope_enter(&scopes, &scopes.items[0], &machine);
  assert_int_equal(machine_smt(&machine, 4), 1);
  assert_int_equal(residence_bytes(&machine, RESIDENCE_L1, 4), 16384);
  scope_enter(&scopes, &scopes.items[1], &machine);
  assert_true(options.pin == PIN_SIBLINGS && options.thread_count == 2 && options.threads[1] == 8);
  assert_int_equal(machine_smt(&machine, 8), 2);
  assert_int_equal(residence_bytes(&machine, RESIDENCE_L1, 8), 8192);
}

static void threads_count_cores(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 core:4 pu:4"));
  options.smt[0] = 2, options.smt_given = true;
  options.threads[0] = 3, options.thread_count = 1;
  open_scopes();
  ASSERT_THREADS(0, 6);
  ASSERT_PLACES(0, 0, 1, 4, 5, 8, 9);
  scopes_close(&scopes);
  options.threads[0] = 5;
  refuse_scopes("may use 4 cores with 2 hardware threads each");
}

static void cores_without_siblings_are_refused(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 core:4 pu:1"));
  options.smt[0] = 2, options.smt_given = true;
  refuse_scopes("--smt=2: none of the cores");
}

static void pinned_to_hardware_threads_they_share_cores(void **state) {
  (void)state;
  take_machine(synthetic_topology("package:1 core:4 pu:2"));
  options.pin = PIN_THREADS;
  open_scopes();
  ASSERT_THREADS(0, 1, 8);
  scope_enter(&scopes, &scopes.items[0], &machine);
  assert_int_equal(machine_smt(&machine, 4), 1);
  assert_int_equal(machine_smt(&machine, 5), 2);
  assert_int_equal(machine_smt(&machine, 8), 2);
}

/* ---- kinds of core ---------------------------------------------------------------------------------------------- */

static void kinds_are_told_apart(void **state) {
  (void)state;
  take_machine(hybrid_topology());
  assert_int_equal(machine.kind_count, 2);
  const struct core_kind *p = &machine.kinds[0], *e = &machine.kinds[1];
  assert_string_equal(p->name, "IntelCore");
  assert_string_equal(e->name, "IntelAtom");
  assert_true(p->cores == 8 && p->hardware_threads == 16 && e->cores == 16 && e->hardware_threads == 16);
  assert_true(p->efficiency > e->efficiency && p->max_hertz == 5.5e9 && e->max_hertz == 4.3e9);
  assert_string_equal(machine.topology,
                      "1 package, 1 NUMA node, 24 cores, 32 hardware threads (8 IntelCore + 16 IntelAtom)");
}

static void kinds_have_their_own_caches(void **state) {
  (void)state;
  take_machine(hybrid_topology());
  assert_int_equal(machine.cache_count, 5);
  assert_string_equal(machine.caches[4].cores, ""); /* L3 */
  machine.scope.kind = 0;
  assert_true(machine_cache_bytes(&machine, 1) == 48 << 10 && machine_cache_bytes(&machine, 2) == 2 << 20);
  assert_int_equal(machine_cache(&machine, 2)->count, 8);
  machine.scope.kind = 1;
  assert_true(machine_cache_bytes(&machine, 1) == 32 << 10 && machine_cache_bytes(&machine, 2) == 4 << 20);
  assert_true(machine_cache(&machine, 2)->count == 4 && machine_cache(&machine, 2)->cores_sharing == 4);
  assert_int_equal(residence_bytes(&machine, RESIDENCE_L2, 2), 1 << 20); /* half of a half */
  assert_int_equal(machine_cache_bytes(&machine, 3), 36 << 20);
}

static void the_powerful_kind_is_measured_by_default(void **state) {
  (void)state;
  take_machine(hybrid_topology());
  open_scopes();
  assert_int_equal(scopes.count, 1);
  assert_string_equal(scopes.items[0].cores, "IntelCore");
  ASSERT_THREADS(0, 1, 8);
  ASSERT_PLACES(0, 0, 2, 4, 6, 8, 10, 12, 14);
  scopes_close(&scopes);
  options.threads[0] = 9, options.thread_count = 1;
  refuse_scopes("--threads=9: this process may use 8 cores of kind IntelCore; --cores=mixed");
}

static void each_kind_is_measured_by_itself(void **state) {
  (void)state;
  take_machine(hybrid_topology());
  strcpy(options.cores, "all");
  open_scopes();
  assert_int_equal(scopes.count, 2);
  ASSERT_THREADS(0, 1, 8);
  ASSERT_THREADS(1, 1, 16);
  ASSERT_PLACES(1, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
  scope_enter(&scopes, &scopes.items[1], &machine);
  assert_string_equal(machine.scope.cores, "IntelAtom");
  assert_int_equal(machine_cache_bytes(&machine, 1), 32 << 10);
  scope_enter(&scopes, &scopes.items[0], &machine);
  assert_int_equal(machine_cache_bytes(&machine, 1), 48 << 10);
  assert_int_equal(machine.warning_count, 0);
}

static void a_kind_is_chosen_by_name(void **state) {
  (void)state;
  take_machine(hybrid_topology());
  strcpy(options.cores, "IntelAtom");
  open_scopes();
  assert_int_equal(scopes.count, 1);
  assert_string_equal(scopes.items[0].cores, "IntelAtom");
  ASSERT_PLACES(0, 16, 17);
  scopes_close(&scopes);
  strcpy(options.cores, "IntelAton");
  refuse_scopes("did you mean IntelAtom");
}

/* What one kind hasn't got is left out where another has it. */
static void kinds_need_not_have_all(void **state) {
  (void)state;
  take_machine(hybrid_topology());
  strcpy(options.cores, "all");
  options.threads[0] = 12, options.thread_count = 1;
  options.smt[1] = 2, options.smt_count = 2, options.smt_given = true;
  open_scopes();
  assert_int_equal(scopes.count, 3); /* IntelAtom has no siblings */
  assert_true(warned("IntelAtom cores haven't got 2 hardware threads each"));
  assert_true(warned("12 threads on IntelCore cores are left out: this process may use 8"));
  assert_int_equal(scopes.items[0].thread_count, 0);
  ASSERT_THREADS(2, 12);
  scopes_close(&scopes);
  options.threads[0] = 17;
  refuse_scopes("--threads=17");
}

static void mixing_is_warned_of(void **state) {
  (void)state;
  take_machine(hybrid_topology());
  strcpy(options.cores, "mixed");
  open_scopes();
  ASSERT_THREADS(0, 1, 24);
  ASSERT_PLACES(0, 0, 2, 4, 6, 8, 10, 12, 14, 16, 17);
  assert_string_equal(scopes.items[0].cores, "mixed");
  assert_true(warned("teams of more than 8 threads span kinds of core"));
  scope_enter(&scopes, &scopes.items[0], &machine);
  assert_int_equal(machine_cache_bytes(&machine, 1), 32 << 10); /* what all have */
}

static void threads_that_move_are_mixed(void **state) {
  (void)state;
  take_machine(hybrid_topology());
  options.pin = PIN_NONE;
  open_scopes();
  assert_string_equal(scopes.items[0].cores, "mixed");
  assert_true(warned("not pinned and move between kinds of core"));
}

/* The control group or the affinity mask leaves some cores of each kind. */
static void of_restricted_kinds_the_rest_is_measured(void **state) {
  (void)state;
  hwloc_topology_t hybrid = hybrid_topology();
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  hwloc_bitmap_set_range(set, 12, 17);
  assert_int_equal(hwloc_topology_restrict(hybrid, set, 0), 0);
  hwloc_bitmap_free(set);
  take_machine(hybrid);
  assert_true(machine.cores == 4 && machine.hardware_threads == 6);
  strcpy(options.cores, "all");
  open_scopes();
  ASSERT_THREADS(0, 1, 2);
  ASSERT_PLACES(0, 12, 14);
  ASSERT_PLACES(1, 16, 17);
}

/* Where only economical cores are left, their name says so. */
static void one_kind_left_keeps_its_name(void **state) {
  (void)state;
  hwloc_topology_t hybrid = hybrid_topology();
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  hwloc_bitmap_set_range(set, 16, 31);
  assert_int_equal(hwloc_topology_restrict(hybrid, set, 0), 0);
  hwloc_bitmap_free(set);
  take_machine(hybrid);
  open_scopes();
  assert_int_equal(machine.kind_count, 1);
  assert_string_equal(scopes.items[0].cores, "IntelAtom");
  ASSERT_THREADS(0, 1, 16);
}

/* Cores that may run a little faster than others are no kind of their own. */
static void favoured_cores_are_alike(void **state) {
  (void)state;
  hwloc_topology_t favoured = synthetic_topology("package:1 core:4 pu:1");
  register_kind(favoured, 0, 0, 1, NULL, "5200");
  register_kind(favoured, 1, 3, 0, NULL, "5000");
  take_machine(favoured);
  assert_int_equal(machine.kind_count, 0);
  strcpy(options.cores, "all"); /* all of one kind */
  open_scopes();
  assert_int_equal(scopes.count, 1);
  ASSERT_THREADS(0, 1, 4);
  assert_string_equal(scopes.items[0].cores, "");
}

/* Two kinds that the maker calls alike, and kinds of which only the rank is known. */
static void kinds_without_names_get_some(void **state) {
  (void)state;
  hwloc_topology_t three = synthetic_topology("package:1 core:6 pu:1");
  register_kind(three, 0, 1, 2, "IntelCore", "5000");
  register_kind(three, 2, 3, 1, "IntelAtom", "4000");
  register_kind(three, 4, 5, 0, "IntelAtom", "2500");
  take_machine(three);
  assert_int_equal(machine.kind_count, 3);
  assert_string_equal(machine.kinds[1].name, "IntelAtom");
  assert_string_equal(machine.kinds[2].name, "IntelAtom-2");
  hwloc_topology_destroy(topology);
  hwloc_topology_t two = synthetic_topology("package:1 core:4 pu:1");
  register_kind(two, 0, 1, 0, NULL, NULL);
  register_kind(two, 2, 3, 7, NULL, NULL);
  take_machine(two);
  assert_int_equal(machine.kind_count, 2);
  assert_string_equal(machine.kinds[0].name, "kind1");
  open_scopes();
  ASSERT_PLACES(0, 2, 3);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, clear_up)
  const struct CMUnitTest tests[] = {
      TEST(one_and_all_cores_by_default),
      TEST(a_single_core_has_one),
      TEST(all_is_every_number),
      TEST(a_list_is_taken_as_it_is),
      TEST(too_many_are_refused),
      TEST(a_quota_pays_for_fewer),
      TEST(siblings_are_measured_together),
      TEST(threads_count_cores),
      TEST(cores_without_siblings_are_refused),
      TEST(pinned_to_hardware_threads_they_share_cores),
      TEST(kinds_are_told_apart),
      TEST(kinds_have_their_own_caches),
      TEST(the_powerful_kind_is_measured_by_default),
      TEST(each_kind_is_measured_by_itself),
      TEST(a_kind_is_chosen_by_name),
      TEST(kinds_need_not_have_all),
      TEST(mixing_is_warned_of),
      TEST(threads_that_move_are_mixed),
      TEST(of_restricted_kinds_the_rest_is_measured),
      TEST(one_kind_left_keeps_its_name),
      TEST(favoured_cores_are_alike),
      TEST(kinds_without_names_get_some),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
