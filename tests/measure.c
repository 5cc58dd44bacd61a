/* Sampling: every case gets its samples and its turn, times are right, and an interruption ends it. */
#include "harness/measure.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/interrupt.h"
#include "tests/support.h"

#define CASES 3

struct spin {
  double ns;             /* that one call takes */
  uint64_t calls;        /* in all */
  uint64_t threads;      /* bit of each that called */
  int neighbours[CASES]; /* how often the last other case to run was that one */
  int index;
};

static int latest = -1;

static void spin(void *context, int thread, uint64_t calls) {
  struct spin *s = context;
  const uint64_t start = clock_now();
  if (thread == 0) {
    if (latest >= 0 && latest != s->index) s->neighbours[latest]++;
    latest = s->index;
    s->calls += calls;
  }
  __atomic_fetch_or(&s->threads, (uint64_t)1 << thread, __ATOMIC_RELAXED);
  while ((double)(clock_now() - start) < s->ns * (double)calls) {
  }
}

struct heard {
  double shares[CASES];
  const struct bench_case *cases;
  int stop_after; /* reports; 0: never */
};

static void listen(void *context, const struct bench_case *c, double share) {
  struct heard *heard = context;
  heard->shares[c - heard->cases] += share;
  if (heard->stop_after && --heard->stop_after == 0) interrupt_request();
}

static struct series series[CASES]; /* of the cases that were set up last */

static void release(void) {
  for (int i = 0; i < CASES; i++) series_free(&series[i]);
}

static void set_up(struct bench_case *cases, struct spin *spins, const double *ns, int threads) {
  release();
  for (int i = 0; i < CASES; i++) {
    spins[i] = (struct spin){.ns = ns[i], .index = i};
    cases[i] = (struct bench_case){.call = spin,
                                   .context = &spins[i],
                                   .team = threads > 1,
                                   .series = &series[i],
                                   .seconds = 0.02,
                                   .least = MEASURE_LEAST_SAMPLES};
    cases[i].row.threads = threads;
  }
}

static void times_are_right_and_turns_are_shuffled(void **state) {
  (void)state;
  struct bench_case cases[CASES];
  struct spin spins[CASES];
  struct heard heard = {.cases = cases};
  const double ns[CASES] = {2e3, 30e3, 2e6};
  const struct measure_settings settings = {.seed = 1, .progress = listen, .context = &heard};
  set_up(cases, spins, ns, 1);
  assert_true(measure(cases, CASES, &settings));
  for (int i = 0; i < CASES; i++) {
    const struct result_row *row = &cases[i].row;
    assert_true(row->time.samples >= MEASURE_LEAST_SAMPLES);
    /* A busy machine makes samples longer, never shorter; a spin may overrun by the time of a clock reading. */
    assert_true(row->time.minimum >= ns[i] * 0.999 && row->time.minimum <= ns[i] * 1.2 + 200);
    assert_true(row->time.low <= row->time.median && row->time.median <= row->time.high);
    assert_true(row->iterations >= row->time.samples && row->iterations < spins[i].calls);
    assert_float_equal(heard.shares[i], 1, 1e-9);
    if (i < 2) assert_true(spins[i].neighbours[(i + 1) % CASES] > 0 && spins[i].neighbours[(i + 2) % CASES] > 0);
  }
  /* Samples of fast calls last about a third of a millisecond. */
  const double sample_ns = (double)cases[0].row.iterations / (double)cases[0].row.time.samples * ns[0];
  assert_true(sample_ns > 100e3 && sample_ns < 600e3);
}

static void every_thread_of_a_team_calls(void **state) {
  (void)state;
  struct bench_case cases[CASES];
  struct spin spins[CASES];
  struct heard heard = {.cases = cases};
  const double ns[CASES] = {1e3, 1e3, 1e3};
  const struct measure_settings settings = {.progress = listen, .context = &heard};
  set_up(cases, spins, ns, 3);
  for (int i = 0; i < CASES; i++) cases[i].seconds = 0.001;
  assert_true(measure(cases, CASES, &settings));
  for (int i = 0; i < CASES; i++) assert_int_equal(spins[i].threads, 7);
}

static void patience_ends(void **state) {
  (void)state;
  struct bench_case cases[CASES];
  struct spin spins[CASES];
  struct heard heard = {.cases = cases};
  const double ns[CASES] = {60e6, 1e3, 1e3};
  const struct measure_settings settings = {.seconds_most = 1e-9, .progress = listen, .context = &heard};
  set_up(cases, spins, ns, 1);
  cases[0].seconds = 0.001; /* a call takes sixty times that */
  cases[0].least = 2;
  cases[1].seconds = 1000; /* but the machine is late */
  assert_true(measure(cases, 2, &settings));
  assert_int_equal(cases[0].row.time.samples, 2);
  assert_int_equal(cases[1].row.time.samples, MEASURE_LEAST_SAMPLES);
}

/* The last: nothing is measured any more after it. */
static void an_interruption_keeps_what_there_is(void **state) {
  (void)state;
  struct bench_case cases[CASES];
  struct spin spins[CASES];
  struct heard heard = {.cases = cases, .stop_after = CASES + 20};
  const double ns[CASES] = {1e3, 1e3, 1e3};
  const struct measure_settings settings = {.progress = listen, .context = &heard};
  set_up(cases, spins, ns, 1);
  for (int i = 0; i < CASES; i++) cases[i].seconds = 1000;
  assert_true(measure(cases, CASES, &settings));
  for (int i = 0; i < CASES; i++) assert_in_range(cases[i].row.time.samples, 5, 7);
  set_up(cases, spins, ns, 1);
  assert_true(measure(cases, CASES, &settings));
  for (int i = 0; i < CASES; i++) assert_int_equal(cases[i].row.time.samples, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_are_right_and_turns_are_shuffled),
      cmocka_unit_test(every_thread_of_a_team_calls),
      cmocka_unit_test(patience_ends),
      cmocka_unit_test(an_interruption_keeps_what_there_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
