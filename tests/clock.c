/* Time, the core's frequency, and hardware counters where there are any and where there are none. */
#include "harness/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "harness/warmup.h"
#include "tests/forbid.h"
#include "tests/support.h"

enum { RIGHT, WRONG, UNAVAILABLE }; /* what a check in a child finds */

static void time_goes_forward(void **state) {
  (void)state;
  const uint64_t start = clock_now(), cpu = clock_cpu();
  uint64_t last = start;
  for (int i = 0; i < 100000; i++) {
    const uint64_t now = clock_now();
    assert_true(now >= last);
    last = now;
  }
  assert_true(last > start);
  assert_true(clock_cpu() > cpu);
}

static void sleeping_takes_time_but_no_cpu_time(void **state) {
  (void)state;
  const uint64_t start = clock_now(), cpu = clock_cpu();
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  const uint64_t time = clock_now() - start;
  assert_in_range(time, 49000000, 5000000000);
  assert_true(clock_cpu() - cpu < time / 2);
}

static void frequency_is_that_of_a_core(void **state) {
  (void)state;
  const double hertz = clock_core_hertz();
  assert_true(hertz > 1e8 && hertz < 1e10);
}

/* Under an emulator a chain takes as long as its translation, so the figure only has to be finite there. */
static void frequency_repeats(void **state) {
  (void)state;
  double lowest = 1e12, highest = 0;
  for (int i = 0; i < 5; i++) {
    const double hertz = clock_core_hertz();
    if (hertz < lowest) lowest = hertz;
    if (hertz > highest) highest = hertz;
  }
  assert_true(highest < 2 * lowest);
}

static void counters_count_or_say_why_not(void **state) {
  (void)state;
  struct counters counters;
  char reason[256] = "";
  if (!counters_open(&counters, reason, sizeof reason)) {
    print_message("hardware counters: %s\n", reason);
    assert_true(strlen(reason) > 10);
    assert_int_equal(counters.cycles, -1);
    assert_int_equal(counters.instructions, -1);
    assert_int_equal(counters.cache_misses, -1);
    counters_close(&counters); /* of closed ones does nothing */
    return;
  }
  struct counter_values few, many;
  counters_start(&counters);
  for (volatile int i = 0; i < 10000; i++) {
  }
  counters_stop(&counters, &few);
  counters_start(&counters);
  for (volatile int i = 0; i < 1000000; i++) {
  }
  counters_stop(&counters, &many);
  assert_true(few.cycles > 0 && many.cycles > 10 * few.cycles);
  if (counters.instructions >= 0) assert_true(many.instructions > 1000000);
  counters_close(&counters);
  assert_int_equal(counters.cycles, -1);
}

/* ---- a kernel made up ------------------------------------------------------------------------------------------- */

/* Counters that advance by 1000, 2500 and 12 in a millisecond; the thing counted for is enabled, and runs `share` of
 * the time. An exception to "no globals": system calls have no context. */
static struct made_up {
  int opened, closed, controls;
  double share;
  bool misses; /* there is a counter of cache misses */
  bool deaf;   /* nothing ever counts */
  uint64_t reads;
} made_up;

static int open_made_up(struct perf_event_attr *attributes, int leader) {
  (void)attributes;
  int file;
#pragma omp critical(made_up)
  file = 100 + 3 * made_up.opened++;
  (void)leader;
  return file;
}

static void control_made_up(int file, unsigned long request) {
  (void)file, (void)request;
#pragma omp atomic
  made_up.controls++;
}

/* The order is that of counters.c: cycles, instructions and cache misses of each thread are opened in turn. */
static ssize_t read_made_up(int file, void *buffer, size_t size) {
  const uint64_t advance[] = {1000, 2500, 12}, which = (uint64_t)(file - 100) / 3 % 3;
  uint64_t turn;
#pragma omp critical(made_up)
  turn = made_up.reads++ / 3; /* three files in each turn */
  if (size != 3 * sizeof(uint64_t)) return -1;
  const uint64_t enabled = made_up.deaf ? 0 : turn * 1000000;
  const uint64_t now[] = {(uint64_t)((double)(turn * advance[which]) * made_up.share), enabled,
                          (uint64_t)((double)enabled * made_up.share)};
  memcpy(buffer, now, sizeof now);
  return sizeof now;
}

static void close_made_up(int file) {
  (void)file;
  made_up.closed++;
}

static const struct counter_calls made_up_calls = {open_made_up, control_made_up, read_made_up, close_made_up};

static void counts_are_differences_scaled_to_the_whole_time(void **state) {
  (void)state;
  const double shares[] = {1, 0.25}; /* alone, and with three others on the same counter */
  for (size_t i = 0; i < 2; i++) {
    struct counters counters;
    struct counter_values values;
    char reason[256] = "";
    made_up = (struct made_up){.share = shares[i]};
    assert_true(counters_open_with(&counters, &made_up_calls, reason, sizeof reason));
    assert_int_equal(made_up.opened, 3);
    for (int again = 0; again < 3; again++) { /* not the sum since it was opened */
      counters_start(&counters);
      counters_stop(&counters, &values);
      assert_int_equal(values.cycles, 1000);
      assert_int_equal(values.instructions, 2500);
      assert_true(values.cache_misses == 12 && values.has_cache_misses);
    }
    counters_close(&counters);
    assert_int_equal(made_up.closed, 3);
  }
}

static void counters_that_stand_still_are_refused(void **state) {
  (void)state;
  struct counters counters;
  char reason[256] = "";
  made_up = (struct made_up){.share = 1, .deaf = true};
  assert_false(counters_open_with(&counters, &made_up_calls, reason, sizeof reason));
  assert_non_null(strstr(reason, "do not count"));
  assert_int_equal(made_up.closed, 3);
}

static void a_team_counts_what_all_its_threads_do(void **state) {
  (void)state;
  struct counter_team team;
  char reason[256] = "";
  made_up = (struct made_up){.share = 1};
  assert_true(counter_team_open(&team, 2, &made_up_calls, reason, sizeof reason));
  assert_int_equal(made_up.opened, 6);
  struct counter_values sum;
  counter_team_start(&team);
  counter_team_stop(&team, &sum);
  assert_true(sum.cycles > 0);
  made_up.deaf = true; /* no thread had a turn: the sum would be too small */
  counter_team_start(&team);
  counter_team_stop(&team, &sum);
  assert_int_equal(sum.cycles, 0);
  counter_team_close(&team);
  assert_int_equal(made_up.closed, 6);
  counter_team_close(&team); /* of a closed one does nothing */
  counter_team_stop(&team, &sum);
  assert_int_equal(sum.cycles, 0);
}

/* ---- the way to full speed -------------------------------------------------------------------------------------- */

static void warming_up_ends_where_the_pace_stays(void **state) {
  (void)state;
  double ns[100];
  for (size_t i = 0; i < 100; i++)
    ns[i] = i < 12 ? 400 : i == 60 ? 5000 : 100; /* a quarter of the throughput at first */
  assert_float_equal(warmup_end(ns, 100), 4800, 1e-9);
  for (size_t i = 0; i < 12; i++) ns[i] = 101;
  assert_float_equal(warmup_end(ns, 100), 0, 1e-9);
  ns[3] = 400; /* a halt while the voltage rises */
  assert_float_equal(warmup_end(ns, 100), 3 * 101 + 400, 1e-9);
}

static void warming_up_takes_less_than_it_may(void **state) {
  (void)state;
  const double ns = warmup_ns(arch_table(ARCH_SCALAR)->fma_peak);
  assert_true(ns >= 0);
  if (!getenv("DEPTHMARK_EMULATED")) assert_true(ns <= 2 * WARMUP_MOST_NS);
}

static void a_glance_sees_the_clock(void **state) {
  (void)state;
  double highest = 0;
  for (int i = 0; i < 50; i++) { /* an interruption makes it slower, never faster */
    const double hertz = clock_glance_hertz();
    if (hertz > highest) highest = hertz;
  }
  const double hertz = clock_core_hertz();
  assert_true(highest > 0.5 * hertz && highest < 1.5 * hertz);
}

static int refused(int error, const char *expected) {
  struct counters counters;
  char reason[256] = "";
  if (!forbid_system_call(SYS_perf_event_open, error)) return UNAVAILABLE;
  if (counters_open(&counters, reason, sizeof reason) || counters.cycles != -1) return WRONG;
  return strstr(reason, expected) ? RIGHT : WRONG;
}

static int without_counters(void) { return refused(ENOENT, "no hardware counters"); }
static int without_the_call(void) { return refused(ENOSYS, "no perf_event_open"); }
static int with_another_error(void) { return refused(EMFILE, strerror(EMFILE)); }
static int without_permission(void) {
  /* Which of the two reasons depends on this machine's setting. */
  int level = 0;
  FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "r");
  if (file) {
    if (fscanf(file, "%d", &level) != 1) level = 0;
    fclose(file);
  }
  return refused(EACCES, level > 2 ? "perf_event_paranoid" : "forbidden here");
}

static void reasons_for_having_no_counters(void **state) {
  (void)state;
  int (*const checks[])(void) = {without_counters, without_the_call, with_another_error, without_permission};
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    const int outcome = in_child(checks[i]);
    if (outcome == UNAVAILABLE) skip();
    assert_int_equal(outcome, RIGHT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(time_goes_forward),
      cmocka_unit_test(sleeping_takes_time_but_no_cpu_time),
      cmocka_unit_test(frequency_is_that_of_a_core),
      cmocka_unit_test(frequency_repeats),
      cmocka_unit_test(a_glance_sees_the_clock),
      cmocka_unit_test(warming_up_ends_where_the_pace_stays),
      cmocka_unit_test(warming_up_takes_less_than_it_may),
      cmocka_unit_test(counts_are_differences_scaled_to_the_whole_time),
      cmocka_unit_test(counters_that_stand_still_are_refused),
      cmocka_unit_test(a_team_counts_what_all_its_threads_do),
      cmocka_unit_test(counters_count_or_say_why_not),
      cmocka_unit_test(reasons_for_having_no_counters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
