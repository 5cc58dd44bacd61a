/* The character sheet's figures: plausible on this machine, complete on machines made up by hwloc, cheap in an ordinary
 * run. Timings under an emulator say nothing and are skipped there. */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/pin.h"
#include "harness/suite/clocks.h"
#include "harness/suite/core_pairs.h"
#include "harness/suite/latency.h"
#include "harness/suite/ledger.h"
#include "harness/suite/numa.h"
#include "tests/support.h"

static bool emulated(void) { return getenv("DEPTHMARK_EMULATED") != NULL; }

static void skip_emulated(void) {
  if (!emulated()) return;
  puts("skipped: an emulator's times are not the machine's");
  skip();
}

/* Instrumented code is not the kernels' either. */
static void skip_instrumented(void) {
#ifdef __SANITIZE_ADDRESS__
  puts("skipped: instrumented kernels are no measure of the machine");
  skip();
#endif
}

/* What a suite needs to run with these arguments; on this machine, or on the one described. */
struct stage {
  struct options options;
  struct cpu_features cpu;
  hwloc_topology_t topology;
  struct result result;
  struct plan plan;
  struct run run;
};

static struct stage *open_stage(const char *machine, const char *const *arguments) {
  struct stage *s = calloc(1, sizeof *s);
  char copies[8][64], *argv[9] = {NULL};
  int argc = 0;
  struct error error;
  assert_non_null(s);
  for (; *arguments; argc++) argv[argc] = strcpy(copies[argc], *arguments++);
  s->cpu = cpu_detect();
  if (options_parse(argc, argv, &s->cpu, &s->options, &error) != OPTIONS_RUN) fail_msg("%s", error.text);
  if (machine) {
    assert_int_equal(hwloc_topology_init(&s->topology), 0);
    assert_int_equal(hwloc_topology_set_synthetic(s->topology, machine), 0);
    assert_int_equal(hwloc_topology_load(s->topology), 0);
  } else if (!machine_load_topology(&s->topology, &error)) {
    fail_msg("%s", error.text);
  }
  result_init(&s->result);
  machine_describe(&s->result.machine, s->topology, &s->cpu);
  s->result.machine.memory_bytes = (size_t)1 << 30; /* memory's part of it is 64 MiB: quick */
  if (s->options.thread_count == 0) s->options.threads[s->options.thread_count++] = 1;
  s->run = (struct run){.options = &s->options,
                        .suite = SUITE_LIMITS,
                        .cpu = &s->cpu,
                        .topology = s->topology,
                        .result = &s->result,
                        .plan = &s->plan};
  return s;
}

/* The test's thread is free again, or the next topology would be what it was bound to. */
static void close_stage(struct stage *s) {
  if (hwloc_topology_is_thissystem(s->topology))
    hwloc_set_cpubind(s->topology, hwloc_topology_get_allowed_cpuset(s->topology), HWLOC_CPUBIND_THREAD);
  hwloc_topology_destroy(s->topology);
  free(s->plan.names);
  result_free(&s->result);
  drift_free(&s->run.drift);
  free(s);
}

/* ---- caches and memory ------------------------------------------------------------------------------------------ */

/* Nanoseconds a line in the fastest sample: what interferes only adds to it. */
static double line_ns(const struct result *result, const char *residence) {
  for (size_t i = 0; i < result->row_count; i++)
    if (strcmp(result->rows[i].residence, residence) == 0 && strcmp(result->rows[i].kernel, "memory_latency") == 0)
      return result->rows[i].time.minimum / result->rows[i].items;
  return 0;
}

/* Whether latencies rise from L1 to memory, each in the bounds of what there is. */
static bool look(double ns[RESIDENCE_COUNT]) {
  struct stage *s = open_stage(
      NULL, (const char *[]){"bench", "--suite=limits", "--arch=scalar", "--threads=1", "--min-time=0.02", NULL});
  struct error error;
  bool rising = true;
  double last = 0;
  if (!ledger_run(&s->run, latency_suite, &error)) fail_msg("%s", error.text);
  for (enum residence r = 0; r < RESIDENCE_COUNT; r++) {
    ns[r] = line_ns(&s->result, residence_names[r]);
    if (residence_bytes(&s->result.machine, r, 1) == 0) continue;
    printf("%s: %.2f ns\n", residence_names[r], ns[r]);
    assert_true(ns[r] > 0.2 && ns[r] < 5000); /* no core has a load in less than 2 cycles of 10 GHz */
    rising &= ns[r] > 0.8 * last;
    last = ns[r];
  }
  close_stage(s);
  return rising;
}

static bool machine_is_busy(void) {
  double load = 0;
  return getloadavg(&load, 1) == 1 && load > omp_get_num_procs();
}

/* Others that use the machine may leave nothing of a shared cache to this process, so that it is as slow as memory. */
static void latency_grows_from_level_to_level(void **state) {
  (void)state;
  skip_emulated();
  double ns[RESIDENCE_COUNT];
  bool rising = false;
  for (int attempt = 0; attempt < 4 && !rising; attempt++) rising = look(ns);
  assert_true(ns[RESIDENCE_MEMORY] > 4 * ns[RESIDENCE_L1]);
  if (!rising && machine_is_busy()) {
    puts("skipped: others are using the machine, and its caches");
    skip();
  }
  assert_true(rising);
}

/* ---- what cores can do ------------------------------------------------------------------------------------------ */

/* Cycles of a step, by the fastest of several runs. */
static double step_cycles(peak_kernel *kernel) {
  const size_t steps = 12000;
  double best = INFINITY;
  for (int i = 0; i < 50; i++) {
    float sink;
    const uint64_t start = clock_now();
    kernel(steps, &sink);
    best = fmin(best, (double)(clock_now() - start));
  }
  return best * 1e-9 * clock_core_hertz() / (double)steps;
}

/* Latencies of 1 to 40 cycles, as all processors of the last twenty years have them; a chain alone is no faster than
 * twelve together, which are at most four units' work. Frequencies may change between two measurements. */
static void arithmetic_takes_plausible_time(void **state) {
  (void)state;
  skip_emulated();
  skip_instrumented();
  const struct cpu_features cpu = cpu_detect();
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
    const struct kernel_table *table = arch_obstacle(arch, &cpu) ? NULL : arch_table(arch);
    if (!table) continue;
    const double add = step_cycles(table->add_latency), multiply = step_cycles(table->multiply_latency);
    const double fma = step_cycles(table->fma_latency), divide = step_cycles(table->divide_latency);
    const double fmas = step_cycles(table->fma_peak), quotients = step_cycles(table->divide_peak);
    const double roots = step_cycles(table->sqrt_peak), integers = step_cycles(table->integer_peak);
    printf("%s: add %.2f, multiply %.2f, fma %.2f, divide %.2f; fmas %.2f, quotients %.2f, roots %.2f\n", table->name,
           add, multiply, fma, divide, fmas, quotients, roots);
    assert_true(add > 0.8 && add < 20 && multiply > 0.8 && multiply < 20 && fma > 1.5 && fma < 40);
    assert_true(divide > 4 && divide < 200 && divide > 1.2 * multiply);
    assert_true(fmas > 0.1 && fmas < 0.9 * fma);
    assert_true(quotients > 0.4 && quotients < 1.3 * divide && quotients > fmas);
    assert_true(roots > 0.4 && roots < 200);
    assert_true(integers > 0.2 && integers < 4);
  }
}

/* A processor with these instructions does a round of AES for a few cycles at most. */
static void rounds_of_aes_are_fast(void **state) {
  (void)state;
  skip_emulated();
  skip_instrumented();
  const struct cpu_features cpu = cpu_detect();
  int looked_at = 0;
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
    if (arch_obstacle(arch, &cpu)) continue;
    for (int k = KERNEL_aes_peak; k <= KERNEL_vaes_peak; k++) {
      if (kernel_obstacle(arch_table(arch), &kernels[k], &cpu)) continue;
      const double cycles = step_cycles((peak_kernel *)kernel_in_table(arch_table(arch), &kernels[k]));
      printf("%s on %s: %.2f cycles\n", kernels[k].name, arch_name(arch), cycles);
      assert_true(cycles > 0.1 && cycles < 10);
      looked_at++;
    }
  }
  if (looked_at) return;
  puts("skipped: this CPU has no instructions for AES");
  skip();
}

/* ---- the clock -------------------------------------------------------------------------------------------------- */

static void clock_under_load_is_that_of_a_core(void **state) {
  (void)state;
  skip_emulated();
  const struct cpu_features cpu = cpu_detect();
  const double alone = clock_core_hertz();
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
    for (int threads = 1; threads <= 2 && !arch_obstacle(arch, &cpu); threads++) {
      struct result_clock clock;
      assert_true(clocks_measure(arch_table(arch), threads, 0.02, &clock));
      printf("%s x%d: %.2f GHz, %.2f to %.2f\n", clock.arch, threads, clock.hertz * 1e-9, clock.low * 1e-9,
             clock.high * 1e-9);
      assert_int_equal(clock.threads, threads);
      assert_string_equal(clock.arch, arch_name(arch));
      assert_true(clock.low <= clock.hertz && clock.hertz <= clock.high);
      assert_true(clock.high > 0.3 * alone && clock.hertz < 1.5 * alone);
    }
}

/* ---- cores and nodes -------------------------------------------------------------------------------------------- */

#define CORE_PAIR_TRIALS 20

static void a_line_goes_between_cores(void **state) {
  (void)state;
  skip_emulated();
  struct stage *s = open_stage(NULL, (const char *[]){"bench", "--suite=limits", NULL});
  unsigned places[2];
  const int count = pin_places(s->topology, PIN_CORES, places, 2);
  double seconds = 0, nowhere = 0;
  for (int i = 0; count == 2 && seconds == 0 && i < CORE_PAIR_TRIALS; i++)
    seconds = core_pairs_seconds(s->topology, places[0], places[1]);
  if (count == 2) nowhere = core_pairs_seconds(s->topology, places[0], 100000);
  close_stage(s);
  assert_true(nowhere == 0);
  if (seconds > 0) {
    printf("core to core: %.1f ns\n", seconds * 1e9);
    assert_true(seconds > 1e-9 && seconds < 1e-2);
    return;
  }
  puts(count == 2 ? "skipped: other processes do not leave two cores alone for a moment"
                  : "skipped: this process may use one core only");
  skip();
}

static size_t planned(struct stage *s, suite_function *suite) {
  struct error error;
  s->run.planning = true;
  assert_true(suite(&s->run, &error));
  s->run.planning = false;
  return s->plan.count;
}

/* How many pairs that are: the plan has their time alone. */
static void pairs_are_few_unless_asked_for(void **state) {
  (void)state;
  static const struct {
    const char *machine, *suite;
    double pairs;
  } cases[] = {
      {"core:4 pu:2", "--suite=limits", 6},   {"core:16 pu:1", "--suite=limits", 120},
      {"core:17 pu:1", "--suite=limits", 16}, {"core:16 pu:1", "--pin=cores", 8},
      {"core:3 pu:1", "--pin=cores", 3},      {"core:1 pu:2", "--suite=limits", 0},
      {"core:4 pu:1", "--pin=none", 0},       {"core:4 pu:1", "--suite=init", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct stage *s = open_stage(cases[i].machine, (const char *[]){"bench", cases[i].suite, NULL});
    assert_int_equal(planned(s, core_pairs_suite), cases[i].pairs > 0);
    assert_float_equal(s->plan.seconds / 0.005, cases[i].pairs, 0.01);
    close_stage(s);
  }
}

static const struct result_limit *node_limit(const struct result *result, const char *name, const char *cores,
                                             int node) {
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *limit = &result->limits[i];
    if (strcmp(limit->name, name) == 0 && strcmp(limit->cores, cores) == 0 && limit->node == node) return limit;
  }
  return NULL;
}

/* hwloc pretends to bind on machines that it made up. */
static void every_node_meets_every_other(void **state) {
  (void)state;
  struct stage *s = open_stage("numa:2 core:2 pu:1", (const char *[]){"bench", "--suite=limits", NULL});
  struct error error;
  assert_int_equal(planned(s, numa_suite), 1);
  assert_string_equal(s->plan.names[0], "limits/numa");
  const size_t warnings = s->result.machine.warning_count;
  if (!numa_suite(&s->run, &error)) fail_msg("%s", error.text);
  assert_int_equal(s->result.limit_count, 8);
  assert_int_equal(s->result.machine.warning_count, warnings);
  for (int from = 0; from < 2; from++)
    for (int to = 0; to < 2; to++) {
      char cores[24];
      snprintf(cores, sizeof cores, "node %d", from);
      const struct result_limit *read = node_limit(&s->result, "node_read", cores, to);
      const struct result_limit *latency = node_limit(&s->result, "node_latency", cores, to);
      assert_non_null(read), assert_non_null(latency);
      assert_int_equal(read->threads, 2), assert_int_equal(latency->threads, 1);
      assert_string_equal(read->unit, "bytes/s"), assert_string_equal(latency->unit, "s");
      assert_string_equal(read->residence, "memory");
      assert_true(read->value > 1e6 && latency->value > 0);
    }
  close_stage(s);
}

static void one_node_is_not_compared_unless_filtered_for(void **state) {
  (void)state;
  struct stage *s = open_stage("numa:1 core:2 pu:1", (const char *[]){"bench", "--suite=limits", NULL});
  assert_int_equal(planned(s, numa_suite), 0);
  close_stage(s);
  s = open_stage("numa:2 core:2 pu:1", (const char *[]){"bench", "--arch=scalar", NULL});
  assert_int_equal(planned(s, numa_suite), 0); /* nor in an ordinary run */
  close_stage(s);
}

static void memory_of_this_machine_is_near(void **state) {
  (void)state;
  skip_emulated();
  struct stage *s = open_stage(NULL, (const char *[]){"bench", "--suite=limits", NULL});
  const hwloc_obj_t node = hwloc_get_obj_by_type(s->topology, HWLOC_OBJ_NUMANODE, 0);
  struct numa_figures figures;
  struct error error;
  if (!numa_measure(s->topology, arch_table(ARCH_SCALAR), node, node, (size_t)32 << 20, &figures, &error))
    fail_msg("%s", error.text);
  printf("%d threads read %.1f GB/s; %.1f ns\n", figures.threads, figures.read * 1e-9, figures.latency * 1e9);
  assert_true(figures.threads >= 1 && figures.read > 1e7 && figures.read < 1e13);
  assert_true(figures.latency > 1e-9 && figures.latency < 1e-4);
  close_stage(s);
}

/* ---- what it costs ---------------------------------------------------------------------------------------------- */

static double sheet_seconds(const char *option) {
  struct stage *s = open_stage("core:8 pu:1", (const char *[]){"bench", "--threads=1,8", option, NULL});
  struct error error;
  s->run.planning = true;
  assert_true(latency_suite(&s->run, &error) && core_pairs_suite(&s->run, &error) && numa_suite(&s->run, &error) &&
              clocks_suite(&s->run, &error));
  const double seconds = s->plan.seconds;
  close_stage(s);
  return seconds;
}

static void an_ordinary_run_has_time_for_it(void **state) {
  (void)state;
  const double ordinary = sheet_seconds("--seed=1"), quick = sheet_seconds("--quick");
  printf("%.2f s, quick %.2f s\n", ordinary, quick);
  assert_true(ordinary > 0 && ordinary < 2);
  assert_true(quick > 0 && quick < 0.5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_goes_between_cores),
      cmocka_unit_test(latency_grows_from_level_to_level),
      cmocka_unit_test(arithmetic_takes_plausible_time),
      cmocka_unit_test(rounds_of_aes_are_fast),
      cmocka_unit_test(clock_under_load_is_that_of_a_core),
      cmocka_unit_test(pairs_are_few_unless_asked_for),
      cmocka_unit_test(every_node_meets_every_other),
      cmocka_unit_test(one_node_is_not_compared_unless_filtered_for),
      cmocka_unit_test(memory_of_this_machine_is_near),
      cmocka_unit_test(an_ordinary_run_has_time_for_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
