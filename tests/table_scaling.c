/* Tables of sweeps, of scaling, and of kinds of core. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"
#include "tests/support.h"

/* What print(out) prints, to be freed. */
#define PRINTED(text, ...)                                                                                             \
  do {                                                                                                                 \
    size_t size_;                                                                                                      \
    FILE *out = open_memstream(&(text), &size_);                                                                       \
    __VA_ARGS__;                                                                                                       \
    fclose(out);                                                                                                       \
  } while (0)

static const struct style plain = {0};

/* A row of so many items in nanoseconds, 8 bytes an item. */
static struct result_row *add(struct result *result, const char *suite, const char *kernel, const char *shape,
                              const char *residence, int threads, double items, double ns) {
  struct result_row row = {.threads = threads, .smt = 1, .items = items, .bytes = 8 * items, .flops = 2 * items};
  row.time.samples = 9, row.time.median = row.time.low = row.time.high = ns;
  snprintf(row.suite, sizeof row.suite, "%s", suite);
  snprintf(row.kernel, sizeof row.kernel, "%s", kernel);
  snprintf(row.shape, sizeof row.shape, "%s", shape);
  snprintf(row.residence, sizeof row.residence, "%s", residence);
  strcpy(row.arch, "avx2"), strcpy(row.provider, "depthmark"), strcpy(row.cache, "hot");
  return result_add_row(result, &row);
}

static void add_sweep(struct result *result, const char *suite, const char *kernel, int threads) {
  for (int i = 0; i < 12; i++) {
    char shape[32];
    const double items = (double)(1024 << i);
    snprintf(shape, sizeof shape, "%.0f", items);
    add(result, suite, kernel, shape,
        i < 3   ? "L1"
        : i < 8 ? "L2"
                : "memory",
        threads, items, items * (i < 8 ? 0.25 : 1));
  }
}

static void a_sweep_has_a_line_for_each_size(void **state) {
  (void)state;
  struct result result;
  char *text;
  result_init(&result);
  add_sweep(&result, "activation", "tanh_forward", 1);
  add(&result, "activation", "relu_forward", "65536", "L2", 1, 65536, 1e4);
  PRINTED(text, table_suite(out, plain, &result, SUITE_ACTIVATION));
  assert_string_equal(text, "\n"
                            "activation tanh_forward by size, 1 thread: GB/s; bars: avx2\n"
                            "in        size a thread avx2 \n"
                            "L1        1024  8.0 KiB 32.0 ########################\n"
                            "          2048 16.0 KiB 32.0 ########################\n"
                            "          4096 32.0 KiB 32.0 ########################\n"
                            "L2        8192 64.0 KiB 32.0 ########################\n"
                            "         16384  128 KiB 32.0 ########################\n"
                            "         32768  256 KiB 32.0 ########################\n"
                            "         65536  512 KiB 32.0 ########################\n"
                            "        131072  1.0 MiB 32.0 ########################\n"
                            "memory  262144  2.0 MiB  8.0 ######\n"
                            "        524288  4.0 MiB  8.0 ######\n"
                            "       1048576  8.0 MiB  8.0 ######\n"
                            "       2097152 16.0 MiB  8.0 ######\n"
                            "\n"
                            "activation, data in L2, 1 thread\n"
                            "kernel       arch  size ns/element GB/s of limit x scalar   +-\n"
                            "relu_forward avx2 65536      0.153 52.4                   0.0%\n");
  free(text);
  result_free(&result);
}

/* Limits stay in their table; a window of memory is no size. */
static void limits_of_a_sweep_are_those_of_each_place(void **state) {
  (void)state;
  struct result result;
  char *text;
  result_init(&result);
  add(&result, "limits", "memory_read", "2000", "L1", 1, 2000, 100);     /* 160 GB/s */
  add(&result, "limits", "memory_read", "9999", "memory", 1, 9999, 999); /* 80.1 GB/s: walks on */
  add_sweep(&result, "limits", "memory_read", 1);
  PRINTED(text, table_suite(out, plain, &result, SUITE_LIMITS));
  assert_non_null(strstr(text, "limits memory_read by size"));
  assert_null(strstr(text, "   9999 "));
  const char *const limits = strstr(text, "limits of this machine");
  assert_non_null(limits);
  assert_non_null(strstr(limits, "160.0"));
  assert_non_null(strstr(limits, "80.1"));
  free(text);
  result_free(&result);
}

/* As many sizes as are usual make no sweep. */
static void usual_sizes_are_no_sweep(void **state) {
  (void)state;
  struct result result;
  char *text;
  result_init(&result);
  add(&result, "activation", "relu_forward", "1024", "L1", 1, 1024, 100);
  add(&result, "activation", "relu_forward", "65536", "L2", 1, 65536, 1e4);
  const char *const squares[] = {"64x64x64", "256x256x256", "512x512x512", "1024x1024x1024", "2048x2048x2048"};
  for (int i = 0; i < 5; i++) add(&result, "dense", "dense_forward", squares[i], "L2", 1, 64, 1e4 * (i + 1));
  PRINTED(text, table_suite(out, plain, &result, SUITE_ACTIVATION); table_suite(out, plain, &result, SUITE_DENSE));
  assert_null(strstr(text, "by size"));
  free(text);
  result_free(&result);
}

static void scaling_is_strong_or_weak(void **state) {
  (void)state;
  struct result result;
  char *text;
  result_init(&result);
  for (int threads = 1; threads <= 4; threads *= 2) {
    /* A layer that two threads do in 5/8 of the time, four in 1/2. */
    add(&result, "dense", "dense_forward", "64x64x64", "L1", threads, 64,
        threads == 1   ? 800
        : threads == 2 ? 500
                       : 400);
    /* Arrays in memory that take twice as long for each doubling: no gain. */
    char shape[16];
    snprintf(shape, sizeof shape, "%d", 1000 * threads);
    add(&result, "activation", "relu_forward", shape, "memory", threads, 1000 * threads, 1e3 * threads);
  }
  PRINTED(text, table_summary(out, plain, &result));
  assert_non_null(strstr(text, "\n"
                               "strong scaling: speed of threads that share a layer or step / of one\n"
                               "suite arch    speed-up of ideal least at\n"
                               "dense avx2 x2     1.60      80%  1.60 forward 64x64x64\n"
                               "dense avx2 x4     2.00      50%  2.00 forward 64x64x64\n"
                               "\n"
                               "weak scaling: speed of threads that have data of their own / of one\n"
                               "suite      data   arch    speed-up of ideal least at\n"
                               "activation memory avx2 x2     1.00      50%  1.00 relu_forward\n"
                               "activation memory avx2 x4     1.00      25%  1.00 relu_forward\n"));
  free(text);
  result_free(&result);
}

static void siblings_are_held_against_one_on_each_core(void **state) {
  (void)state;
  struct result result;
  char *text;
  result_init(&result);
  add(&result, "activation", "relu_forward", "2000", "L1", 2, 2000, 100);
  add(&result, "activation", "relu_forward", "2000", "L1", 4, 2000, 80)->smt = 2; /* half as much each: 1.25 */
  add(&result, "activation", "tanh_forward", "2000", "L1", 2, 2000, 100);
  add(&result, "activation", "tanh_forward", "2000", "L1", 4, 2000, 125)->smt = 2; /* 0.8 */
  PRINTED(text, table_summary(out, plain, &result));
  assert_non_null(strstr(text, "\n"
                               "2 threads on each core: their speed / that of one on each\n"
                               "suite      data arch    gain most least at\n"
                               "activation L1   avx2 x2 1.00 1.25  0.80 tanh_forward\n"));
  assert_non_null(strstr(text, "summary of our own kernels: geometric means, 2 threads on each core\n"));
  assert_null(strstr(text, "scaling"));
  free(text);
  result_free(&result);
}

/* Kinds of core never stand in one table. */
static void kinds_have_tables_of_their_own(void **state) {
  (void)state;
  struct result result;
  char *text;
  result_init(&result);
  for (int kind = 0; kind < 2; kind++)
    for (int threads = 1; threads <= 2; threads++) {
      struct result_row *row =
          add(&result, "dense", "dense_forward", "64x64x64", "L1", threads, 64, (kind ? 3000 : 1000) / threads);
      strcpy(row->cores, kind ? "IntelAtom" : "IntelCore");
    }
  PRINTED(text, table_suite(out, plain, &result, SUITE_DENSE); table_summary(out, plain, &result));
  for (const char *const *heading =
           (const char *const[]){"dense, 1 thread on IntelCore cores\n", "dense, 2 threads on IntelCore cores\n",
                                 "dense, 1 thread on IntelAtom cores\n", "dense, 2 threads on IntelAtom cores\n",
                                 "geometric means, IntelCore cores\n", "geometric means, IntelAtom cores\n",
                                 "/ of one, IntelCore cores\n", "/ of one, IntelAtom cores\n", NULL};
       *heading; heading++)
    if (!strstr(text, *heading)) fail_msg("no \"%s\" in %s", *heading, text);
  assert_non_null(strstr(text, "dense avx2 x2     2.00     100%  2.00 forward 64x64x64\n"));
  free(text);
  result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sweep_has_a_line_for_each_size),
      cmocka_unit_test(limits_of_a_sweep_are_those_of_each_place),
      cmocka_unit_test(usual_sizes_are_no_sweep),
      cmocka_unit_test(scaling_is_strong_or_weak),
      cmocka_unit_test(siblings_are_held_against_one_on_each_core),
      cmocka_unit_test(kinds_have_tables_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
