/* Time, the core's frequency, and hardware counters where there are any and where there are none. */
#include "harness/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

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
      cmocka_unit_test(counters_count_or_say_why_not),
      cmocka_unit_test(reasons_for_having_no_counters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
