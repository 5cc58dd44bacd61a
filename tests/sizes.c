/* Sizes, threads and places as the command line has them, and the sizes that a sweep comes to. */
#include "harness/sizes.h"

#include <string.h>

#include "harness/residence.h"
#include "tests/command_line.h"
#include "tests/support.h"

static struct machine made_up(size_t l1, size_t l2, size_t l3, int sharing) {
  struct machine machine = {.memory_bytes = (size_t)64 << 30};
  const size_t bytes[] = {l1, l2, l3};
  for (int l = 0; l < 3; l++)
    if (bytes[l])
      machine.caches[machine.cache_count++] =
          (struct cache){.level = l + 1, .bytes = bytes[l], .count = 1, .cores_sharing = l == 2 ? sharing : 1};
  return machine;
}

/* How many sizes are in each place, and that what a sweep promises is true. */
static void assert_sweep(const struct machine *machine, int threads) {
  const struct options options = {.sweep = true};
  size_t list[SIZES_MOST], in[RESIDENCE_COUNT] = {0};
  const size_t count = sizes_list(&options, machine, threads, list);
  const struct caches caches = residence_caches(machine, threads);
  const size_t levels[] = {caches.l1, caches.l2, caches.l3};
  assert_true(count >= 3 && count < SIZES_MOST);
  for (size_t i = 0; i < count; i++) {
    in[residence_of(machine, (double)list[i] * threads, threads)]++;
    if (i > 0 && (list[i] <= list[i - 1] || (double)list[i] > 1.01 * SIZES_GAP * (double)list[i - 1]))
      fail_msg("%zu after %zu", list[i], list[i - 1]);
  }
  assert_true(list[0] <= levels[0] / 4);
  size_t largest = 0;
  for (enum residence r = 0; r < RESIDENCE_MEMORY; r++) {
    if (levels[r] <= largest) {
      assert_int_equal(in[r], 0); /* no more than the level before: nothing lies there */
      continue;
    }
    if (in[r] < 3) fail_msg("%zu sizes in %s", in[r], residence_names[r]);
    largest = levels[r];
    bool inside = false, outside = false; /* close to the edge */
    for (size_t i = 0; i < count; i++) {
      inside |= list[i] <= levels[r] && (double)list[i] >= 0.89 * (double)levels[r];
      outside |= list[i] > levels[r] && (double)list[i] <= 1.21 * (double)levels[r];
    }
    assert_true(inside && outside);
  }
  assert_true(in[RESIDENCE_MEMORY] >= 3);
}

static void sweeps_show_every_level(void **state) {
  (void)state;
  const struct machine zen = made_up(32 << 10, 1 << 20, 32 << 20, 8);
  const struct machine golden_cove = made_up(48 << 10, 2 << 20, 30 << 20, 12);
  const struct machine skylake = made_up(32 << 10, 256 << 10, 8 << 20, 4);
  const struct machine neoverse = made_up(64 << 10, 1 << 20, 0, 1);
  const struct machine small = made_up(16 << 10, 0, 0, 1);
  for (int threads = 1; threads <= 12; threads++) {
    assert_sweep(&zen, threads);
    assert_sweep(&golden_cove, threads);
    assert_sweep(&skylake, threads);
    assert_sweep(&neoverse, threads);
    assert_sweep(&small, threads);
  }
}

/* Threads whose part of L3 is no larger than their L2 have no data there. */
static void shared_levels_may_vanish(void **state) {
  (void)state;
  const struct machine machine = made_up(32 << 10, 1 << 20, 16 << 20, 32);
  assert_sweep(&machine, 32);
}

static void unknown_caches_are_swept_blindly(void **state) {
  (void)state;
  const struct machine machine = {.memory_bytes = (size_t)4 << 30};
  const struct options options = {.sweep = true};
  size_t list[SIZES_MOST];
  const size_t count = sizes_list(&options, &machine, 1, list);
  assert_true(count > 10 && list[0] == 4096 && list[count - 1] == (size_t)64 << 20);
}

static void lists_are_sorted_and_unique(void **state) {
  (void)state;
  const struct machine machine = made_up(32 << 10, 1 << 20, 32 << 20, 8);
  const struct options o = ACCEPTED("--sizes=1.5M,L1/2,16K,L3*2,48k,memory,L2,100");
  const size_t expected[] = {100, 16 << 10, 48 << 10, 1 << 20, 3 << 19, 64 << 20, 128 << 20};
  size_t list[SIZES_MOST];
  assert_int_equal(sizes_list(&o, &machine, 1, list), 7);
  assert_memory_equal(list, expected, sizeof expected);
  assert_int_equal(sizes_list(&o, &machine, 8, list), 7); /* a thread's part of what is shared */
  assert_int_equal(list[5], 8 << 20);
  const struct machine without = made_up(32 << 10, 0, 0, 1);
  assert_int_equal(sizes_list(&o, &without, 1, list), 5);
}

static void sizes_on_the_command_line(void **state) {
  (void)state;
  assert_true(ACCEPTED("--sizes=sweep").sweep && !ACCEPTED("--sizes=4K").sweep);
  assert_true(!ACCEPTED("--quick").sweep && !options_want_sizes(&(struct options){0}));
  const struct options o = ACCEPTED("--sizes=4K");
  assert_true(options_want_sizes(&o) && o.size_count == 1 && o.sizes[0].many == 4096);
  assert_false(o.suites[SUITE_GRADIENTS]);
  assert_true(o.suites[SUITE_DENSE] && ACCEPTED("--sizes=4K", "--suite=gradients").suites[SUITE_GRADIENTS]);
  for (const char *const *bad =
           (const char *const[]){"--sizes=4Q", "--sizes=L4", "--sizes=L2/0", "--sizes=L2+1", "--sizes=0", "--sizes=-4K",
                                 "--sizes=4KK", "--sizes=nan", "--sizes=L2/", "--sizes=1e30", "--sizes=swep", NULL};
       *bad; bad++)
    REFUSED("--sizes", "sweep, bytes such as 48K", *bad);
}

static void places_on_the_command_line(void **state) {
  (void)state;
  const struct options o = ACCEPTED("--threads=all", "--smt=1,2,1", "--cores=all");
  assert_true(o.threads_all && o.thread_count == 0);
  assert_true(o.smt_given && o.smt_count == 2 && o.smt[0] == 1 && o.smt[1] == 2);
  assert_string_equal(o.cores, "all");
  const struct options plain = ACCEPTED("--threads=all", "--threads=3");
  assert_true(!plain.threads_all && plain.thread_count == 1 && !plain.smt_given && plain.smt_count == 1);
  assert_int_equal(plain.smt[0], 1);
  REFUSED("--threads", "all", "--threads=al");
  REFUSED("--threads", "all", "--threads=1,all");
  REFUSED("--smt", "at most 8", "--smt=9");
  REFUSED("--smt", "at least 1", "--smt=0");
  REFUSED("--smt", "--pin", "--smt=2", "--pin=threads");
  REFUSED("--cores", "--pin=none", "--cores=all", "--pin=none");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sweeps_show_every_level),          cmocka_unit_test(shared_levels_may_vanish),
      cmocka_unit_test(unknown_caches_are_swept_blindly), cmocka_unit_test(lists_are_sorted_and_unique),
      cmocka_unit_test(sizes_on_the_command_line),        cmocka_unit_test(places_on_the_command_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
