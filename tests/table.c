/* Tables: aligned, at most 80 columns wide, markdown and CSV that parse. */
#include "harness/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static void add_row(struct result *result, const char *suite, const char *kernel, const char *shape, const char *arch,
                    int threads, const char *provider) {
  struct result_row row = {.threads = threads,
                           .residence = "memory",
                           .time = {.samples = 9, .median = 123456, .low = 123000, .high = 125000},
                           .items = strcmp(suite, "training") == 0 ? 128 : 1e6,
                           .flops = 3e6,
                           .bytes = 12e6,
                           .limit = "multiply_peak",
                           .fraction_of_limit = 0.876,
                           .times_scalar = 12.34};
  strcpy(row.suite, suite);
  strcpy(row.kernel, kernel);
  strcpy(row.shape, shape);
  strcpy(row.arch, arch);
  strcpy(row.provider, provider);
  if (strncmp(kernel, "step", 4) == 0) row.phases = (struct result_phases){0.328, 0.0004, 0.3, 0.3216, 0.05};
  snprintf(row.name, sizeof row.name, "%s/%s/%s/arch:%s/threads:%d", suite, kernel, shape, arch, threads);
  result_add_row(result, &row);
}

static void add_cell(struct result *result, enum verdict verdict, size_t layer, double decay) {
  struct gradient_cell cell = {.initializer = "normal(0,1)",
                               .activation = "leaky_relu(0.2)",
                               .data = "fashion-mnist",
                               .arch = "avx512",
                               .depth = 1000,
                               .width = 256,
                               .batch = 64,
                               .seeds = 5,
                               .weight_scale = 1,
                               .loss_scale = 1,
                               .decay_per_layer = decay,
                               .decay_standard_error = 0.0123,
                               .theory.decay_per_layer = NAN,
                               .verdict = verdict,
                               .verdict_layer = layer};
  cell.layers = calloc(cell.depth, sizeof *cell.layers);
  cell.layers[0].delta_rms = 1.25e-30;
  result_add_cell(result, &cell);
}

static void add_accuracy(struct result *result, const char *kernel, const char *arch, const char *provider,
                         struct result_accuracy accuracy) {
  strcpy(accuracy.suite, "accuracy");
  strcpy(accuracy.kernel, kernel);
  strcpy(accuracy.arch, arch);
  strcpy(accuracy.provider, provider);
  accuracy.samples = 1064952;
  snprintf(accuracy.name, sizeof accuracy.name, "accuracy/%s/arch:%s", kernel, arch);
  result_add_accuracy(result, &accuracy);
}

#define NEVER .subnormal_below = NAN, .zero_below = NAN, .subnormal_above = NAN, .zero_above = NAN
#define NO_ROOT .root = NAN, .absolute_max = NAN, .absolute_max_at = NAN

static void add_accuracies(struct result *result) {
  const struct result_accuracy exact = {.ulp_max_at = NAN, NO_ROOT, NEVER};
  const struct result_accuracy slope = {.ulp_max = 3.517,
                                        .ulp_max_at = -1.771,
                                        .ulp_mean = 0.0712,
                                        NO_ROOT,
                                        .subnormal_below = -44.36142,
                                        .zero_below = -52.67891,
                                        .subnormal_above = 44.36142,
                                        .zero_above = 52.67891};
  struct result_accuracy lost = slope, bad = exact, rooted = slope;
  lost.ulp_max = 7.8e37, lost.ulp_max_at = -1.234567e-38, lost.ulp_mean = 1.5e36;
  lost.subnormal_below = -87.33655, lost.zero_below = -103.9721, lost.subnormal_above = lost.zero_above = 17.32868;
  bad.ulp_max = bad.ulp_mean = INFINITY, bad.ulp_max_at = 3.4e38, bad.zero_above = 20;
  rooted.ulp_max = 3.98765, rooted.root = -0.75179152, rooted.absolute_max = 2e-8, rooted.absolute_max_at = -0.75;
  rooted.subnormal_below = -13.33655, rooted.zero_below = -14.53965, rooted.subnormal_above = rooted.zero_above = NAN;
  add_accuracy(result, "tanh_forward", "avx512", "depthmark", exact);
  add_accuracy(result, "tanh_forward", "avx512", "random123", bad);
  add_accuracy(result, "tanh_derivative", "avx512", "depthmark", slope);
  add_accuracy(result, "tanh_from_output", "avx512", "depthmark", lost);
  add_accuracy(result, "tanh_from_output", "avx2", "random123", lost);
  add_accuracy(result, "hard_sigmoid2_forward", "avx512", "depthmark", exact);
  add_accuracy(result, "gelu_tanh_derivative", "avx512", "depthmark", rooted);
}

static void add_learning(struct result *result, const char *fact, const char *initializer, const char *activation,
                         size_t seed, struct learning_fault fault) {
  struct learning_run run = {.depth = 30,
                             .width = 100,
                             .batch = 32,
                             .images = 60000,
                             .held_out = 1000,
                             .seed = seed,
                             .rate = 0.005,
                             .clip_norm = fact[0] ? 1 : 0,
                             .epochs = 100,
                             .steps = 2000,
                             .verdict = fault.quantity ? LEARNING_DIVERGES : LEARNING_LEARNS,
                             .fault = fault};
  snprintf(run.name, sizeof run.name, "learning/%s/%s/30/momentum/rate:0.005/seed:%zu", initializer, activation, seed);
  strcpy(run.fact, fact);
  strcpy(run.initializer, initializer);
  strcpy(run.activation, activation);
  strcpy(run.optimizer, "momentum");
  strcpy(run.data, "fashion-mnist");
  strcpy(run.arch, "avx512");
  run.history = calloc(1, sizeof *run.history), run.history_count = fault.quantity ? 0 : 1;
  run.history[0] = (struct learning_epoch){0.125, 0.95, 0.25, 0.9346, 7};
  run.records = calloc(2, sizeof *run.records), run.record_count = 2;
  run.layers = calloc(2 * 31, sizeof *run.layers);
  for (size_t i = 0; i < 2; i++) {
    run.records[i] = (struct learning_record){1 + i, fault.quantity ? 1.25e27 : 2.34, 3, run.layers + 31 * i};
    run.records[i].layers[0].delta_rms = fault.quantity && i ? NAN : 3e-5;
    run.records[i].layers[29].delta_rms = 1;
  }
  result_add_learning(result, &run);
}

static void learning_is_told_by_facts_or_initializers(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  add_learning(&result, "It is known that he learns and others do not, which is what these two runs here show.",
               "he_normal", "relu", 1, (struct learning_fault){0});
  add_learning(&result, "", "glorot_uniform", "leaky_relu(0.2)", 1, (struct learning_fault){0});
  add_learning(&result, "It is known that he learns and others do not, which is what these two runs here show.",
               "normal(0,1)", "relu", 1, (struct learning_fault){FAULT_Z, 2, 31});
  add_learning(&result, "", "glorot_uniform", "tanh", 12, (struct learning_fault){FAULT_LOSS, 2, 0});
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_LEARNING));
  const char *tables = strstr(text, "\nfact ");
  assert_non_null(
      strstr(text, "\nlearning: width 100, batch 32, fashion-mnist, avx512\n100 epochs of 60000 examples."));
  assert_non_null(tables);
  assert_string_equal(tables, "\n"
                              "fact       It is known that he learns and others do not, which is what these two\n"
                              "           runs here show.\n"
                              "run                    optimizer              loss   to right ratio    to verdict\n"
                              "he_normal/relu/30 #1   momentum 0.005 clip 1  2.34 0.12 93.5% 3e-05 3e-05 learns\n"
                              "normal(0,1)/relu/30 #1 momentum 0.005 clip 1 1e+27    -     - 3e-05     - diverges\n"
                              "normal(0,1)/relu/30 #1: z of the output layer not finite from step 2 on\n"
                              "\n"
                              "glorot_uniform\n"
                              "run                   optimizer       loss   to right ratio    to verdict\n"
                              "leaky_relu(0.2)/30 #1 momentum 0.005  2.34 0.12 93.5% 3e-05 3e-05 learns\n"
                              "tanh/30 #12           momentum 0.005 1e+27    -     - 3e-05     - diverges\n"
                              "tanh/30 #12: loss not finite from step 2 on\n");
  free(text);
  PRINTED(text, table_suite(out, (struct style){.markdown = true}, &result, SUITE_LEARNING));
  assert_non_null(strstr(text, "\n- fact: It is known"));
  assert_non_null(strstr(text, "\n### glorot_uniform\n\n| run | optimizer |"));
  assert_non_null(strstr(text, "| tanh/30 #12 | momentum 0.005 | 1e+27 | - |"));
  free(text);
  result_free(&result);
}

static struct result example(void) {
  struct result result;
  result_init(&result);
  for (int threads = 1; threads <= 64; threads *= 8)
    for (int a = 0; a < 3; a++) {
      const char *arch = (const char *[]){"scalar", "avx2", "avx512"}[a];
      add_row(&result, "limits", "memory_write_stream", "1000000", arch, threads, "depthmark");
      add_row(&result, "activation", "softplus_derivative", "8388608", arch, threads, "sleef");
      add_row(&result, "activation", "softplus_derivative", "8388608", arch, threads, "depthmark");
      add_row(&result, "init", "init_truncated_normal", "8388608", arch, threads, "depthmark");
      add_row(&result, "dense", "dense_backward_weights", "1024x1024x1024", arch, threads, "depthmark");
      add_row(&result, "training", "step_momentum", "8x1024x128", arch, threads, "depthmark");
      add_row(&result, "training", "softmax_cross_entropy", "8192x1000", arch, threads, "depthmark");
    }
  add_accuracies(&result);
  add_cell(&result, VERDICT_OVERFLOW, 1000, NAN);
  add_cell(&result, VERDICT_VANISHING, 0, -1.9569);
  add_learning(&result, "", "variance_scaling(2,fan_in,uniform)", "leaky_relu(0.2)", 12,
               (struct learning_fault){FAULT_DELTA, 12345, 30});
  add_learning(&result, "A fact that takes more than one line to tell, as most that are worth it do.", "he_normal",
               "relu", 1, (struct learning_fault){0});
  return result;
}

static void assert_narrow(const char *text) {
  for (const char *line = text; *line;) {
    const size_t length = strcspn(line, "\n");
    if (length > 80) fail_msg("%zu columns: %.*s", length, (int)length, line);
    if (length > 0 && line[length - 1] == ' ') fail_msg("trailing space: %.*s", (int)length, line);
    line += length + (line[length] == '\n');
  }
}

static void nothing_is_wider_than_80_columns(void **state) {
  (void)state;
  struct result result = example();
  struct machine *m = &result.machine;
  strcpy(m->cpu, "A CPU with a long name"), strcpy(m->vendor, "vendor"), strcpy(m->microcode, "0x1");
  strcpy(m->compiler, "cc"), strcpy(m->libraries, "library 1");
  strcpy(m->requested, "all"), strcpy(m->selected, "avx2"), strcpy(m->supported, "avx2"), strcpy(m->reason, "asked");
  strcpy(m->topology, "1 package, 1 NUMA node, 2 cores, 2 hardware threads");
  memset(m->features, 'x', 200);
  for (int i = 5; i < 200; i += 7) m->features[i] = ' ';
  for (enum suite_id suite = 0; suite < SUITE_COUNT; suite++) {
    char *text;
    PRINTED(text, table_suite(out, plain, &result, suite));
    assert_narrow(text);
    assert_true(strlen(text) > 0);
    free(text);
  }
  char *text;
  PRINTED(text, table_machine(out, plain, m); table_summary(out, plain, &result));
  assert_narrow(text);
  free(text);
  result_free(&result);
}

static void columns_are_aligned(void **state) {
  (void)state;
  struct grid grid = {.headers = {"<name", "n", "<end"}, .columns = 3};
  struct grid_row *row = grid_add(&grid);
  grid_cell(row, 0, "a"), grid_cell(row, 1, "%d", 1000), grid_cell(row, 2, "x");
  row = grid_add(&grid);
  grid_cell(row, 0, "longer"), grid_cell(row, 1, "%d", 7), grid_cell(row, 2, "yy");
  char *text;
  PRINTED(text, grid_print(&grid, out, plain));
  assert_string_equal(text, "name      n end\n"
                            "a      1000 x\n"
                            "longer    7 yy\n");
  free(text);
  PRINTED(text, grid_print(&grid, out, (struct style){.markdown = true}));
  assert_string_equal(text, "| name | n | end |\n| --- | ---: | --- |\n| a | 1000 | x |\n| longer | 7 | yy |\n\n");
  free(text);
  grid_free(&grid);
}

static size_t count(const char *text, const char *what) {
  size_t n = 0;
  for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what)) n++;
  return n;
}

/* A row of ours that takes `times` as long as the best peer's, and that peer's. */
static void add_pair(struct result *result, const char *suite, const char *kernel, const char *shape, const char *arch,
                     double times, const char *peer) {
  add_row(result, suite, kernel, shape, arch, 2, "depthmark");
  struct result_row *own = &result->rows[result->row_count - 1];
  own->times_best_peer = times;
  strcpy(own->best_peer, peer);
  add_row(result, suite, kernel, shape, arch, 2, peer);
  result->rows[result->row_count - 1].time.median *= times;
}

static void products_say_where_they_lead(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  add_pair(&result, "dense", "dense_forward", "7x13x5", "avx512", 2, "onednn-ip");
  add_pair(&result, "dense", "dense_backward_weights", "1024x1024x1024", "avx512", 0.5, "openblas-zen");
  add_pair(&result, "dense", "dense_backward_data", "256x4096x1024", "avx512", 1, "blis");
  add_pair(&result, "training", "step", "50x256x64", "avx512", 1.25, "openblas-zen");
  add_pair(&result, "activation", "tanh_forward", "65536", "avx512", 1.25, "openblas-zen");
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_DENSE));
  assert_narrow(text);
  assert_non_null(strstr(text, "pass             arch     batchxoutxin GFLOP/s of limit x best   +-\n"
                               "forward          avx512         7x13x5    24.3  88% mul  2.00  0.8%\n"
                               "  onednn-ip      avx512         7x13x5    12.2  88% mul        0.4%\n"
                               "backward_weights avx512 1024x1024x1024    24.3  88% mul  0.50< 0.8%\n"));
  assert_non_null(strstr(text, "\narch      rows lead x best worst against      at\n"
                               "avx512 x2    3    2   1.00  0.50 openblas-zen backward_weights 1024x1024x1024\n"));
  assert_non_null(strstr(text, "\nwhere dense is behind, furthest first\n"
                               "arch      x best against      at\n"
                               "avx512 x2  0.500 openblas-zen backward_weights 1024x1024x1024\n"));
  assert_non_null(strstr(text, "held against Eigen alone"));
  free(text);
  PRINTED(text, table_suite(out, plain, &result, SUITE_TRAINING));
  assert_narrow(text);
  assert_non_null(strstr(text, "step           arch   depthxwidthxbatch GFLOP/s samples/s of limit x best   +-\n"
                               "step           avx512         50x256x64    24.3   1036807  88% mul  1.25  0.8%\n"
                               "  openblas-zen avx512         50x256x64    19.4    829445  88% mul        0.6%\n"));
  assert_non_null(strstr(text, "where the time of a step goes, in %, 2 threads\n"
                               "step arch   depthxwidthxbatch forward loss   dX dW, db update\n"
                               "step avx512         50x256x64    32.8  0.0 30.0   32.2    5.0\n"));
  assert_non_null(strstr(text, "\navx512 x2    1    1   1.25  1.25 openblas-zen step 50x256x64\n"));
  assert_non_null(strstr(text, "\ntraining is behind nowhere\n"));
  free(text);
  PRINTED(text, table_suite(out, plain, &result, SUITE_ACTIVATION));
  assert_null(strstr(text, "x best"));
  free(text);
  PRINTED(text, table_summary(out, plain, &result));
  assert_narrow(text);
  assert_non_null(strstr(text, "dense_backward_weights openblas-zen avx512       2    1   0.50\n"));
  free(text);
  result_free(&result);
}

/* The rows of `bench --suite=dense --peers --arch=all` that are widest. */
static void add_layers(struct result *result) {
  static const char *const kernels[] = {"dense_forward",
                                        "dense_forward[packed]",
                                        "dense_forward[relu]",
                                        "dense_backward_data[relu]",
                                        "dense_backward_weights",
                                        "dense_bf16_forward",
                                        "dense_bf16_forward_dot[packed]",
                                        "dense_bf16_backward_data_dot",
                                        "dense_bf16_backward_weights_dot"};
  for (int a = 0; a < 3; a++)
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
      const bool bf16 = strstr(kernels[k], "bf16");
      add_row(result, "dense", kernels[k], "1024x1024x1024", (const char *[]){"scalar", "avx2", "avx512"}[a], 64,
              "depthmark");
      struct result_row *row = &result->rows[result->row_count - 1];
      strcpy(row->limit, bf16 ? "bf16_peak" : "memory_write");
      row->fraction_of_limit = bf16 ? 1 : 0.99;
      row->flops = 12345.6 * row->time.median, row->bytes = (bf16 ? 1e4 : 999.9) * row->time.median;
      row->times_scalar = 999;
      row->time.low = 0;
    }
  add_row(result, "dense", "bf16_round", "65536", "avx512", 64, "depthmark");
  strcpy(result->rows[result->row_count - 1].residence, "L2");
  result->rows[result->row_count - 1].flops = 0;
  result->rows[result->row_count - 1].fraction_of_limit = 0.01;
}

static void layers_fit(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  add_layers(&result);
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_DENSE); table_summary(out, plain, &result));
  assert_narrow(text);
  assert_non_null(strstr(text, "\nbf16 dense, 64 threads\npass "));
  assert_non_null(strstr(text, "\nbackward_weights_dot avx2 "));
  assert_non_null(strstr(text, "\nforward_dot[packed]  avx2 "));
  assert_non_null(strstr(text, "\nforward[packed]     avx2 "));
  free(text);
  add_pair(&result, "dense", "dense_backward_weights", "2048x2048x2048", "avx512", 0.5, "xnnpack-packed");
  add_pair(&result, "dense", "dense_bf16_backward_weights_dot", "2048x2048x2048", "avx512", 0.5, "xnnpack-packed");
  for (size_t i = 0; i < result.row_count; i++) result.rows[i].threads = 64;
  PRINTED(text, table_suite(out, plain, &result, SUITE_DENSE); table_summary(out, plain, &result));
  assert_narrow(text);
  assert_non_null(strstr(text, "  xnnpack-packed "));
  free(text);
  result_free(&result);
}

/* Conversions of arrays do not stand among the products, nor count with them. */
static void arrays_are_no_products(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  add_layers(&result);
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_DENSE));
  const char *arrays = strstr(text, "\ndense arrays, data in L2, 64 threads\n");
  assert_non_null(arrays);
  assert_non_null(strstr(arrays, "bf16_round avx512 65536      0.123 97.2   1% mul     12.3 0.8%\n"));
  assert_int_equal(count(text, "bf16_round"), 1);
  assert_null(strstr(text, " 0.0 "));
  free(text);
  PRINTED(text, table_summary(out, plain, &result));
  assert_int_equal(count(text, "1% bf16_round"), 1);
  assert_non_null(strstr(text, "\ndense arrays avx512      64    1 "));
  assert_non_null(strstr(text, "\ndense        avx512      64    5 "));
  assert_non_null(strstr(text, "\nbf16 dense   avx512      64    4 "));
  free(text);
  result_free(&result);
}

/* The furthest behind of each arch and number of threads come first, and there are not too many. */
static void the_furthest_behind_are_listed(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  strcpy(result.machine.supported, "scalar,avx2,avx512");
  for (int i = 0; i < 15; i++) {
    char shape[24];
    snprintf(shape, sizeof shape, "%dx13x5", i + 1);
    add_pair(&result, "dense", "dense_forward", shape, "avx512", 0.6 + 0.03 * i, "blis");
  }
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_DENSE));
  const char *list = strstr(text, "\nwhere dense is behind");
  assert_non_null(list);
  assert_non_null(
      strstr(list, "at\navx512 x2  0.600 blis    forward 1x13x5\navx512 x2  0.630 blis    forward 2x13x5\n"));
  assert_non_null(strstr(list, "avx512 x2  0.930 blis    forward 12x13x5\navx512 x2                and 2 more\n"));
  assert_null(strstr(list, "13x13x5"));
  assert_null(strstr(text, "Eigen alone"));
  free(text);
  add_pair(&result, "dense", "dense_forward", "7x13x5", "avx2", 0.25, "eigen");
  PRINTED(text, table_suite(out, plain, &result, SUITE_DENSE));
  assert_non_null(strstr(text, "avx2 x2    0.250 eigen   forward 7x13x5\n"));
  assert_non_null(strstr(text, "Eigen alone"));
  free(text);
  result_free(&result);
}

/* A peer whose like we do not have stands under the kernel's name. */
static void a_lone_peer_has_its_kernel_above(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  add_row(&result, "dense", "dense_forward[packed]", "7x13x5", "avx512", 2, "xnnpack-packed");
  add_row(&result, "dense", "dense_forward[packed]", "7x13x5", "avx512", 2, "other");
  add_row(&result, "dense", "dense_forward", "7x13x5", "avx512", 2, "depthmark");
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_DENSE));
  assert_non_null(strstr(text, "\nforward[packed]\n  xnnpack-packed avx512 "));
  assert_int_equal(count(text, "forward[packed]"), 1);
  assert_non_null(strstr(text, "\n  other          avx512 "));
  assert_non_null(strstr(text, "\nforward          avx512 "));
  free(text);
  result_free(&result);
}

static void add_limit(struct result *result, const char *name, const char *residence, const char *arch, int threads,
                      double value) {
  struct result_limit limit = {.threads = threads, .node = -1, .value = value};
  strcpy(limit.name, name);
  strcpy(limit.residence, residence);
  strcpy(limit.arch, arch);
  result_add_limit(result, &limit);
}

static void add_between(struct result *result, const char *name, const char *cores, int node, double value) {
  struct result_limit limit = {.threads = 2, .node = node, .value = value};
  strcpy(limit.name, name);
  strcpy(limit.cores, cores);
  result_add_limit(result, &limit);
}

/* A machine at 4 GHz scalar and 3 GHz AVX-512, on one thread and on 128. */
static struct result sheet(void) {
  struct result result;
  result_init(&result);
  result.machine.core_hertz = 5e9;
  result.machine.memory_bytes = (size_t)3 << 39;
  result.machine.cache_count = 2;
  result.machine.caches[0] = (struct cache){.level = 1, .bytes = 32 << 10, .count = 128, .cores_sharing = 1};
  result.machine.caches[1] = (struct cache){.level = 2, .bytes = 1 << 20, .count = 128, .cores_sharing = 1};
  add_limit(&result, "fma_peak", "", "scalar", 1, 8e9), add_limit(&result, "fma_peak", "", "avx512", 1, 192e9);
  add_limit(&result, "divide_peak", "", "scalar", 1, 1.32e9), add_limit(&result, "vaes_peak", "", "avx512", 1, 12e9);
  add_limit(&result, "memory_read", "L1", "avx512", 1, 384e9);
  add_limit(&result, "memory_write", "L1", "avx512", 1, 96e9);
  add_limit(&result, "memory_write_stream", "L1", "avx512", 1, 192e9);
  add_limit(&result, "memory_read", "memory", "avx512", 1, 20.4e9);
  add_limit(&result, "memory_read", "L1", "avx512", 128, 38400e9);
  add_limit(&result, "memory_latency", "L1", "avx512", 1, 1.25e-9);
  add_limit(&result, "memory_latency", "memory", "avx512", 1, 1234.56e-9);
  add_limit(&result, "memory_latency_small_pages", "memory", "avx512", 1, 2345.6e-9);
  add_limit(&result, "fma_latency", "", "avx512", 1, 4.0 / 3e9);
  result_add_clock(&result, &(struct result_clock){"scalar", 1, 4e9, 3.9e9, 4.1e9, ""});
  result_add_clock(&result, &(struct result_clock){"avx512", 1, 3e9, 2.5e9, 3.05e9, ""});
  result_add_clock(&result, &(struct result_clock){"avx512", 128, 2e9, 1.5e9, 2.5e9, ""});
  return result;
}

static void the_sheet_counts_cycles_of_each_load(void **state) {
  (void)state;
  struct result result = sheet();
  add_between(&result, "core_to_core", "0-1", -1, 45.4e-9);
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_LIMITS));
  assert_narrow(text);
  assert_string_equal(text, "\n"
                            "a core: what it does in a cycle, and how long a result takes\n"
                            "per core and cycle        scalar avx512\n"
                            "float operations (fma)       2.0   64.0\n"
                            "float quotients             0.33\n"
                            "AES rounds, whole vectors           4.0\n"
                            "bytes read from L1                128.0\n"
                            "bytes written to L1                32.0\n"
                            "cycles to a float fma               4.0\n"
                            "\n"
                            "caches and memory, avx512, 1 thread; B/cycle: of each core\n"
                            "data in    size     ns cycles read GB/s write copy read B/cycle write copy\n"
                            "L1       32 KiB    1.2      4     384.0 192.0             128.0  64.0\n"
                            "memory  1.5 TiB 1234.6   3704      20.4                     6.8\n"
                            "Latencies are those of random lines in huge pages. In pages of the usual size,\n"
                            "whose addresses the TLBs cannot hold, a line of memory takes 2346 ns instead of\n"
                            "1235.\n"
                            "\n"
                            "caches and memory, avx512, 128 threads; B/cycle: of each core\n"
                            "data in   size ns cycles read GB/s write copy read B/cycle write copy\n"
                            "L1      32 KiB             38400.0                   150.0\n"
                            "A line takes 45 ns from core to core (0-1).\n"
                            "\n"
                            "the clock while all threads do nothing but float operations\n"
                            "fma of threads  GHz  p10  p90 beside scalar\n"
                            "scalar       1 4.00 3.90 4.10\n"
                            "avx512       1 3.00 2.50 3.05 -25.0%\n"
                            "avx512     128 2.00 1.50 2.50\n");
  free(text);
  PRINTED(text, table_suite(out, (struct style){.markdown = true}, &result, SUITE_LIMITS));
  assert_non_null(strstr(text, "| float operations (fma) | 2.0 | 64.0 |\n"));
  assert_non_null(strstr(text, "| avx512 | 1 | 3.00 | 2.50 | 3.05 | -25.0% |\n"));
  free(text);
  result_free(&result);
}

static void nodes_stand_in_a_matrix(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  for (int from = 0; from < 9; from++)
    for (int to = 0; to < 9; to++) {
      char cores[24];
      snprintf(cores, sizeof cores, "node %d", from);
      add_between(&result, "node_read", cores, to, 1e9 * (10 * from + to));
      add_between(&result, "node_latency", cores, to, 1e-9 * (100 + 10 * from + to));
    }
  add_between(&result, "core_to_core", "0-1", -1, 45e-9);
  add_between(&result, "core_to_core", "0-64", -1, 150e-9);
  add_between(&result, "core_to_core", "0-2", -1, 44e-9);
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_LIMITS));
  assert_narrow(text);
  assert_non_null(strstr(text, "A line takes 44 ns (0-2) to 150 ns (0-64) from core to core, of 3 pairs.\n"));
  assert_non_null(strstr(text, "cores of      node 0's node 1's node 2's node 3's node 4's node 5's node 6's\n"
                               "node 0   GB/s      0.0      1.0"));
  assert_non_null(strstr(text, "\nnode 8   ns      180.0    181.0"));
  assert_non_null(strstr(text, "cores of      node 7's node 8's\nnode 0   GB/s      7.0      8.0\n"));
  free(text);
  result_free(&result);
}

static void support_rows_are_left_out(void **state) {
  (void)state;
  struct result result = example();
  for (size_t i = 0; i < result.row_count; i++) result.rows[i].support = strcmp(result.rows[i].arch, "scalar") == 0;
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_INIT); table_suite(out, plain, &result, SUITE_LIMITS));
  assert_int_equal(count(text, "scalar "), 3); /* "x scalar" in three headings */
  assert_int_equal(count(text, "truncated_normal avx2 "), 3);
  free(text);
  PRINTED(text, table_csv(out, &result));
  assert_null(strstr(text, ",scalar,"));
  free(text);
  result_free(&result);
}

static void a_peer_follows_our_row(void **state) {
  (void)state;
  struct result result = example();
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_ACTIVATION));
  const char *ours = strstr(text, "softplus_derivative ");
  assert_non_null(ours);
  const char *next = strchr(ours, '\n') + 1;
  assert_memory_equal(next, "  sleef ", strlen("  sleef "));
  free(text);
  result_free(&result);
}

/* Fields of one CSV line; commas in quotes belong to the field. */
static size_t fields(const char *line, size_t length) {
  size_t n = 1;
  bool quoted = false;
  for (size_t i = 0; i < length; i++) {
    quoted ^= line[i] == '"';
    n += line[i] == ',' && !quoted;
  }
  return n;
}

static void csv_is_one_table(void **state) {
  (void)state;
  struct result result = example();
  char *text;
  PRINTED(text, table_csv(out, &result));
  const size_t columns = fields(text, strcspn(text, "\n"));
  size_t lines = 0;
  for (const char *line = text; *line; lines++) {
    const size_t length = strcspn(line, "\n");
    if (fields(line, length) != columns) fail_msg("%zu fields: %.*s", fields(line, length), (int)length, line);
    line += length + 1;
  }
  assert_int_equal(lines, 1 + result.row_count + result.accuracy_count + result.cell_count + result.learning_count);
  assert_non_null(strstr(text, "\"gradients/normal(0,1)/leaky_relu(0.2)/1000\",gradients,"));
  assert_null(strstr(text, "nan"));
  assert_null(strstr(text, "inf"));
  free(text);
  result_free(&result);
}

/* Readers know columns by their names. */
static void csv_names_columns_once(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  char *text, *names[100];
  size_t count = 0;
  PRINTED(text, table_csv(out, &result));
  char *rest = text;
  for (char *name; (name = strsep(&rest, ",\n")) && *name && count < 100;) {
    for (size_t i = 0; i < count; i++) assert_string_not_equal(names[i], name);
    names[count++] = name;
  }
  assert_in_range(count, 60, 99);
  free(text);
}

/* The field of that column in the line that begins with start. */
static const char *csv_field(const char *text, const char *start, const char *column) {
  static char field[256];
  const char *name = text, *value = strstr(text, start);
  assert_non_null(value);
  while (strncmp(name, column, strlen(column)) != 0 || !strchr(",\n", name[strlen(column)])) {
    name += strcspn(name, ",\n");
    if (*name != ',') fail_msg("there is no column %s", column);
    name++, value += strcspn(value, ",\n") + 1;
  }
  snprintf(field, sizeof field, "%.*s", (int)strcspn(value, ",\n"), value);
  return field;
}

static void csv_has_accuracies(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  add_row(&result, "activation", "gelu_tanh_derivative", "1000", "avx512", 1, "depthmark");
  add_row(&result, "activation", "gelu_tanh_derivative", "1001", "avx512", 1, "other");
  add_accuracies(&result);
  char *text;
  PRINTED(text, table_csv(out, &result));
  assert_string_equal(csv_field(text, "activation/gelu_tanh_derivative/1000", "ulp_max"), "3.98765");
  assert_string_equal(csv_field(text, "activation/gelu_tanh_derivative/1000", "ulp_max_at"), "");
  assert_string_equal(csv_field(text, "activation/gelu_tanh_derivative/1001", "ulp_max"), "");
  const char *const line = "accuracy/gelu_tanh_derivative/";
  assert_string_equal(csv_field(text, line, "suite"), "accuracy");
  assert_string_equal(csv_field(text, line, "arch"), "avx512");
  assert_string_equal(csv_field(text, line, "provider"), "depthmark");
  assert_string_equal(csv_field(text, line, "samples"), "1064952");
  assert_string_equal(csv_field(text, line, "ulp_max"), "3.98765");
  assert_string_equal(csv_field(text, line, "ulp_max_at"), "-1.771");
  assert_string_equal(csv_field(text, line, "root"), "-0.75179152");
  assert_string_equal(csv_field(text, line, "zero_below"), "-14.53965");
  assert_string_equal(csv_field(text, line, "zero_above"), "");
  free(text);
  result_free(&result);
}

static void csv_has_training_runs(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  add_learning(&result, "", "he_normal", "relu", 3, (struct learning_fault){0});
  add_learning(&result, "", "normal(0,1)", "relu", 1, (struct learning_fault){FAULT_DELTA, 2, 7});
  char *text;
  PRINTED(text, table_csv(out, &result));
  static const char *const expected[][2] = {
      {"suite", "learning"},
      {"initializer", "he_normal"},
      {"depth", "30"},
      {"seeds", "3"},
      {"data", "fashion-mnist"},
      {"verdict", "learns"},
      {"optimizer", "momentum"},
      {"rate", "0.005"},
      {"epochs", "1"},
      {"first_loss", "2.34"},
      {"loss", "0.125"},
      {"training_accuracy", "0.95"},
      {"held_out_loss", "0.25"},
      {"steps", "2000"},
      {"held_out_accuracy", "0.9346"},
      {"fault_quantity", ""},
      {"fault_layer", "0"},
      {"ulp_max", ""},
      {"decay_per_layer", ""},
      {"verdict_layer", ""},
      {"arch", "avx512"},
  };
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    assert_string_equal(csv_field(text, "learning/he_normal/", expected[i][0]), expected[i][1]);
  assert_non_null(strstr(text, ",delta,2,7,,\n"));
  free(text);
  result_free(&result);
}

static void accuracies_stand_below_their_activation(void **state) {
  (void)state;
  struct result result;
  result_init(&result);
  add_accuracies(&result);
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_ACCURACY));
  const char *tables = strstr(text, "\ntanh\n");
  assert_non_null(strstr(text, "\naccuracy on 1064952 floats"));
  assert_non_null(tables);
  assert_string_equal(tables, "\n"
                              "tanh\n"
                              "pass        arch   max ulp       at x    mean       subnormal            zero\n"
                              "forward     avx512    0.00          -    0.00               -               -\n"
                              "  random123 avx512     NaN    3.4e+38     NaN               -             +20\n"
                              "derivative  avx512    3.52     -1.771    0.07        +-44.361        +-52.679\n"
                              "from output avx512 7.8e+37 -1.235e-38 1.5e+36 -87.337 +17.329 -103.97 +17.329\n"
                              "from output\n"
                              "  random123 avx2   7.8e+37 -1.235e-38 1.5e+36 -87.337 +17.329 -103.97 +17.329\n"
                              "\n"
                              "hard_sigmoid2\n"
                              "pass    arch   max ulp at x mean subnormal zero\n"
                              "forward avx512    0.00    - 0.00         -    -\n"
                              "\n"
                              "gelu_tanh\n"
                              "pass       arch   max ulp   at x mean subnormal   zero near root\n"
                              "derivative avx512    3.99 -1.771 0.07   -13.337 -14.54   2.0e-08\n"
                              "near root: the largest absolute error within 0.25 of x = -0.7517915, where the\n"
                              "slope crosses zero and ulps are not counted; 2^-23 = 1.2e-07 is allowed.\n");
  free(text);
  PRINTED(text, table_suite(out, (struct style){.markdown = true}, &result, SUITE_ACCURACY));
  assert_non_null(strstr(text, "### tanh\n\n| pass | arch |"));
  assert_non_null(strstr(text, "| from output | avx512 | 7.8e+37 | -1.235e-38 |"));
  free(text);
  result_free(&result);
}

static void verdicts_name_the_layer(void **state) {
  (void)state;
  struct result result = example();
  char *text;
  PRINTED(text, table_suite(out, plain, &result, SUITE_GRADIENTS));
  assert_non_null(strstr(text, "overflow at 1000\n"));
  assert_non_null(strstr(text, "vanishing\n"));
  assert_null(strchr(text, '\033'));
  free(text);
  PRINTED(text, table_suite(out, (struct style){.color = true}, &result, SUITE_GRADIENTS));
  assert_non_null(strstr(text, "\033[31moverflow at 1000\033[0m\n"));
  free(text);
  result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_wider_than_80_columns),
      cmocka_unit_test(columns_are_aligned),
      cmocka_unit_test(the_sheet_counts_cycles_of_each_load),
      cmocka_unit_test(nodes_stand_in_a_matrix),
      cmocka_unit_test(support_rows_are_left_out),
      cmocka_unit_test(a_peer_follows_our_row),
      cmocka_unit_test(products_say_where_they_lead),
      cmocka_unit_test(layers_fit),
      cmocka_unit_test(arrays_are_no_products),
      cmocka_unit_test(the_furthest_behind_are_listed),
      cmocka_unit_test(a_lone_peer_has_its_kernel_above),
      cmocka_unit_test(csv_is_one_table),
      cmocka_unit_test(csv_names_columns_once),
      cmocka_unit_test(csv_has_accuracies),
      cmocka_unit_test(csv_has_training_runs),
      cmocka_unit_test(learning_is_told_by_facts_or_initializers),
      cmocka_unit_test(accuracies_stand_below_their_activation),
      cmocka_unit_test(verdicts_name_the_layer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
