/* Sampling: every case gets its samples and its turn, times are right, and an interruption ends it. */
#include "harness/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/evict.h"
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
  /* Samples of fast calls last about 0.15 ms. */
  const double sample_ns = (double)cases[0].row.iterations / (double)cases[0].row.time.samples * ns[0];
  assert_true(sample_ns > 50e3 && sample_ns < 300e3);
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

/* Batches add up, a case that has enough is left alone, and the number of calls is found once. */
static void batches_add_up(void **state) {
  (void)state;
  struct bench_case cases[CASES];
  struct spin spins[CASES];
  struct heard heard = {.cases = cases};
  const double ns[CASES] = {10e3, 10e3, 10e3};
  const struct measure_settings settings = {.progress = listen, .context = &heard};
  set_up(cases, spins, ns, 1);
  cases[0].hot = true;
  for (int batch = 1; batch <= 4; batch++) {
    for (int i = 0; i < CASES; i++) cases[i].seconds = i == 1 ? 0.002 : 0.002 * batch;
    /* One more at least, however long others were interrupted for. */
    for (int i = 0; i < CASES; i++) cases[i].least = i == 1 ? 1 : series[i].count + 1;
    const uint64_t calls = series[0].calls;
    assert_true(measure(cases, CASES, &settings));
    assert_true(batch == 1 || series[0].calls == calls);
  }
  assert_int_equal(series[0].batches, 4);
  assert_int_equal(series[1].batches, 1);
  assert_int_equal(series[0].ends[3], series[0].count);
  assert_int_equal(cases[0].row.time.samples, series[0].count);
  assert_int_equal(cases[0].row.iterations, series[0].count * series[0].calls);
  assert_true(series[0].spent >= 0.008e9);
  for (int b = 0; b < 4; b++) assert_true(series[0].hertz[b] > 1e8 && series[0].hertz[b] < 1e10);
  assert_true(cases[0].row.core_hertz > 1e8 && cases[0].row.core_hertz < 1e10);
  assert_true(isnan(cases[0].row.cycles) && isnan(cases[0].row.cache_misses));
  series_repeat(&series[0], 4, &cases[0].row);
  assert_int_equal(cases[0].row.repetition_count, 4);
  uint64_t iterations = 0;
  for (int i = 0; i < 4; i++) {
    const struct result_repetition *part = &cases[0].row.repetitions[i];
    iterations += part->iterations;
    assert_true(part->real >= cases[0].row.time.minimum && part->real <= cases[0].row.time.maximum);
  }
  assert_int_equal(iterations, cases[0].row.iterations);
  series_repeat(&series[0], 0, &cases[0].row);
  assert_int_equal(cases[0].row.repetition_count, 0);
  /* Before each sample of the hot case, untimed calls of warm_ns; before each batch, one. */
  const double untimed = (double)spins[0].calls - (double)cases[0].row.iterations;
  assert_true(untimed >= (double)series[0].count * MEASURE_WARM_NS / 10e3);
}

/* What a cold case's data does before each call. */
struct drawer {
  uint64_t evicted, called, unevicted; /* the last: calls without it */
  bool out;
};

static void evict_drawer(const void *context) {
  struct drawer *drawer = (struct drawer *)context; /* the test's own, and not const */
  drawer->evicted++;
  drawer->out = true;
}

static void open_drawer(void *context, int thread, uint64_t calls) {
  struct drawer *drawer = context;
  (void)thread;
  const uint64_t start = clock_now();
  for (; calls > 0; calls--) {
    drawer->unevicted += !drawer->out;
    drawer->called++;
    drawer->out = false;
    while (clock_now() - start < 5000) {
    }
  }
}

static void cold_samples_are_single_calls_on_dropped_data(void **state) {
  (void)state;
  struct bench_case c = {
      .call = open_drawer, .evict = evict_drawer, .cold = true, .series = &series[0], .seconds = 0.01, .least = 8};
  struct drawer drawer = {0};
  struct heard heard = {.cases = &c};
  const struct measure_settings settings = {.progress = listen, .context = &heard, .cache_bytes = 1 << 16};
  release();
  c.context = &drawer;
  c.row.threads = 1;
  assert_true(measure(&c, 1, &settings));
  assert_true(c.row.time.samples >= 8);
  assert_int_equal(c.row.iterations, c.row.time.samples);
  assert_true(drawer.unevicted <= 2); /* the first one, which is not timed */
  assert_true(drawer.evicted >= c.row.time.samples || !evict(&drawer, 1));
  assert_true(c.row.time.minimum > 4000 && c.row.time.minimum < 6000); /* less the clock */
  assert_float_equal(heard.shares[0], 1, 1e-9);
  release();
  c.evict = NULL; /* then a buffer is read through */
  assert_true(measure(&c, 1, &settings));
  assert_true(c.row.time.samples >= 8);
}

/* A read of four caches' worth of lines takes longer when they are not there. */
static void evicted_data_is_out_of_the_caches(void **state) {
  (void)state;
  enum { BYTES = 128 << 10, TRIES = 15 };
  if (getenv("DEPTHMARK_EMULATED")) skip(); /* there are no caches to see */
  char *const data = aligned_alloc(64, BYTES);
  uint64_t hot = UINT64_MAX, cold = UINT64_MAX, sum = 0;
  assert_non_null(data);
  memset(data, 1, BYTES);
  for (int i = 0; i < 2 * TRIES; i++) {
    if (i % 2 && !evict(data, BYTES)) skip();
    evict_wait();
    const uint64_t start = clock_now();
    for (size_t at = 0; at < BYTES; at += 64) sum += (uint64_t)data[(at * 37) % BYTES];
    measure_keep(&sum);
    const uint64_t time = clock_now() - start;
    if (i % 2 && time < cold) cold = time;
    if (i % 2 == 0 && i > 0 && time < hot) hot = time;
  }
  free(data);
  assert_true(cold > hot + hot / 2);
}

/* ---- counters, of a kernel made up ------------------------------------------------------------------------------ */

static uint64_t counter_reads;
static int open_counter(struct perf_event_attr *attributes, int leader) {
  (void)attributes, (void)leader;
  return 100;
}
static void control_counter(int file, unsigned long request) { (void)file, (void)request; }
static void close_counter(int file) { (void)file; }

/* Each start and each stop reads three; between the two 5000 pass. */
static ssize_t read_counter(int file, void *buffer, size_t size) {
  (void)file;
  const uint64_t at = counter_reads++ / 3 * 5000, now[] = {at, at, at};
  memcpy(buffer, now, size);
  return (ssize_t)size;
}

static void counts_are_of_one_call(void **state) {
  (void)state;
  struct bench_case cases[CASES];
  struct spin spins[CASES];
  struct heard heard = {.cases = cases};
  const double ns[CASES] = {1e6, 1e6, 1e6}; /* a sample is one call */
  const struct counter_calls calls = {open_counter, control_counter, read_counter, close_counter};
  const struct measure_settings settings = {
      .progress = listen, .context = &heard, .count = true, .counter_calls = &calls};
  set_up(cases, spins, ns, 1);
  assert_true(measure(cases, 1, &settings));
  assert_int_equal(series[0].calls, 1);
  assert_float_equal(cases[0].row.cycles, 5000, 1e-9);
  assert_float_equal(cases[0].row.instructions, 5000, 1e-9);
  assert_float_equal(cases[0].row.cache_misses, 5000, 1e-9);
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
  release();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_are_right_and_turns_are_shuffled),
      cmocka_unit_test(every_thread_of_a_team_calls),
      cmocka_unit_test(patience_ends),
      cmocka_unit_test(batches_add_up),
      cmocka_unit_test(cold_samples_are_single_calls_on_dropped_data),
      cmocka_unit_test(evicted_data_is_out_of_the_caches),
      cmocka_unit_test(counts_are_of_one_call),
      cmocka_unit_test(an_interruption_keeps_what_there_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
