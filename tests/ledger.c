/* Passes over a suite: every row gets its floor, spread over them, and rows that are too loose what is left. */
#include "harness/suite/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/interrupt.h"
#include "harness/stats.h"
#include "tests/support.h"

#define ROWS 3 /* steady, noisy, and one of scalar code that others are held against */

struct spin {
  double ns;
  uint64_t random; /* 0: every call takes ns; else up to twice as long from one pass to another */
  double factor;
  uint64_t calls, evicted;
};

static struct spin spins[ROWS];
static int runs_of_suite, stop_after; /* calls of the suite; 0: none stops it */

static void spin(void *context, int thread, uint64_t calls) {
  struct spin *s = context;
  const uint64_t start = clock_now();
  (void)thread;
  s->calls += calls;
  while ((double)(clock_now() - start) < s->ns * s->factor * (double)calls) {
  }
}

static void drop(const void *context) { ((struct spin *)context)->evicted++; }

static bool suite(struct run *run, struct error *error) {
  static const char *const archs[ROWS] = {"avx2", "avx512", "scalar"};
  const struct kernel *const kernel = &kernels[KERNEL_relu_forward];
  struct cases cases = {.threads = 1};
  runs_of_suite++;
  for (int i = 0; i < ROWS; i++) {
    struct result_row row = cases_bare_row("activation", ARCH_SCALAR, 1);
    snprintf(row.kernel, sizeof row.kernel, "relu_forward");
    snprintf(row.provider, sizeof row.provider, "depthmark");
    snprintf(row.shape, sizeof row.shape, "64");
    snprintf(row.arch, sizeof row.arch, "%s", archs[i]);
    snprintf(row.residence, sizeof row.residence, "L1");
    row.items = 64, row.flops = 64, row.bytes = 512;
    cases_name(&row);
    struct bench_case *added = cases_add(run, &cases, &row, kernel, false);
    if (!added) continue;
    if (spins[i].random) spins[i].factor = 1 + (double)(test_random(&spins[i].random) >> 11) * 0x1p-53;
    added->call = spin;
    added->context = &spins[i];
    added->evict = drop;
  }
  const bool fine = cases_run(run, &cases, error);
  cases_free(&cases);
  if (stop_after && runs_of_suite == stop_after) interrupt_request();
  return fine;
}

struct fixture {
  struct options options;
  struct cpu_features cpu;
  struct result result;
  struct plan plan;
  struct run run;
};

static void set_up(struct fixture *f) {
  memset(f, 0, sizeof *f);
  result_init(&f->result);
  f->options = (struct options){.archs = {ARCH_AVX2, ARCH_AVX512},
                                .arch_count = 2,
                                .pin = PIN_NONE,
                                .min_time = 0.012,
                                .interval = 2,
                                .caches = {[CACHE_HOT] = true}};
  f->options.suites[SUITE_ACTIVATION] = true;
  f->run = (struct run){.options = &f->options,
                        .suite = SUITE_ACTIVATION,
                        .cpu = &f->cpu,
                        .result = &f->result,
                        .plan = &f->plan,
                        .warm_ns = 1};
  for (int i = 0; i < ROWS; i++) spins[i] = (struct spin){.ns = 20e3, .factor = 1};
  runs_of_suite = stop_after = 0;
}

static void tear_down(struct fixture *f) {
  drift_free(&f->run.drift);
  result_free(&f->result);
}

static bool measure_all(struct fixture *f) {
  struct error error;
  return ledger_run(&f->run, suite, &error);
}

static const struct result_row *row_of(const struct fixture *f, const char *arch, const char *cache) {
  for (size_t i = 0; i < f->result.row_count; i++)
    if (strcmp(f->result.rows[i].arch, arch) == 0 && strcmp(f->result.rows[i].cache, cache) == 0)
      return &f->result.rows[i];
  fail_msg("no %s row of %s", cache, arch);
  return NULL;
}

static void every_row_is_spread_over_the_passes(void **state) {
  (void)state;
  struct fixture f;
  set_up(&f);
  f.options.interval = 100; /* wide enough for any */
  assert_true(measure_all(&f));
  assert_int_equal(runs_of_suite, STATISTICS_BATCHES);
  assert_int_equal(f.result.row_count, ROWS);
  const struct result_row *const steady = row_of(&f, "avx2", "hot"), *const scalar = row_of(&f, "scalar", "hot");
  assert_true(steady->time.samples >= STATISTICS_BATCHES);
  assert_true(scalar->support && scalar->time.samples >= 2 && scalar->time.samples < steady->time.samples);
  assert_float_equal(steady->times_scalar, scalar->time.median / steady->time.median, 1e-9);
  assert_true(f.run.spare > 0); /* what the rows did not need */
  tear_down(&f);
}

static void loose_rows_get_what_is_left(void **state) {
  (void)state;
  struct fixture f;
  set_up(&f);
  spins[1].random = 7;
  f.options.interval = 5;
  f.run.spare = 10; /* of earlier suites: a busy machine must not end it */
  assert_true(measure_all(&f));
  const struct result_row *const steady = row_of(&f, "avx2", "hot"), *const noisy = row_of(&f, "avx512", "hot");
  assert_true(runs_of_suite > STATISTICS_BATCHES);
  assert_true(noisy->iterations > steady->iterations);
  tear_down(&f);
}

static void max_time_and_min_time_bind(void **state) {
  (void)state;
  struct fixture f;
  set_up(&f);
  spins[1].random = 7;
  f.options.interval = 0.5;
  f.options.max_time = 0.06;
  assert_true(measure_all(&f));
  const struct result_row *noisy = row_of(&f, "avx512", "hot");
  /* Samples count as if they were as long as the shortest; what interrupts them counts, too. */
  assert_true((double)noisy->iterations * noisy->time.mean > 0.055e9);
  assert_true((double)noisy->iterations * noisy->time.minimum < 0.08e9);
  tear_down(&f);
  set_up(&f);
  spins[1].random = 7;
  f.options.interval = 0.5;
  f.options.min_time_given = true;
  assert_true(measure_all(&f));
  assert_int_equal(runs_of_suite, STATISTICS_BATCHES);
  noisy = row_of(&f, "avx512", "hot");
  assert_true((double)noisy->iterations * noisy->time.mean >= 0.012e9);
  tear_down(&f);
}

static void hot_and_cold_are_rows_of_their_own(void **state) {
  (void)state;
  struct fixture f;
  set_up(&f);
  f.options.interval = 100;
  f.options.caches[CACHE_COLD] = true;
  assert_true(measure_all(&f));
  assert_int_equal(f.result.row_count, 2 * ROWS);
  const struct result_row *const cold = row_of(&f, "avx2", "cold");
  assert_string_equal(cold->name, "activation/relu_forward/64/arch:avx2/threads:1/cache:cold");
  assert_int_equal(cold->iterations, cold->time.samples);
  assert_true(cold->times_scalar > 0);
  tear_down(&f);
  set_up(&f);
  f.options.caches[CACHE_HOT] = false, f.options.caches[CACHE_COLD] = true;
  assert_true(measure_all(&f));
  assert_int_equal(f.result.row_count, ROWS);
  tear_down(&f);
}

/* The last: nothing is measured any more after it. */
static void an_interruption_keeps_the_passes_before_it(void **state) {
  (void)state;
  struct fixture f;
  set_up(&f);
  stop_after = 3;
  assert_true(measure_all(&f));
  assert_int_equal(runs_of_suite, 3);
  assert_int_equal(f.result.row_count, ROWS);
  const struct result_row *const row = row_of(&f, "avx2", "hot");
  assert_true(row->time.samples > 0 && row->time.low <= row->time.median && row->times_scalar > 0);
  tear_down(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_is_spread_over_the_passes),
      cmocka_unit_test(loose_rows_get_what_is_left),
      cmocka_unit_test(max_time_and_min_time_bind),
      cmocka_unit_test(hot_and_cold_are_rows_of_their_own),
      cmocka_unit_test(an_interruption_keeps_the_passes_before_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
