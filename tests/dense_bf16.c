/* The bf16 of one arch: conversions on every upper half of a float; the three dense passes, portable and by dot
 * products, against double precision within the bound of kernels.def, at every edge of a tile and beyond every block,
 * between guard pages, with special values, strides and packed weights, for any number of threads. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

#define SMALL 40 /* beyond the largest tile in each dimension */
#define SMALL_SAMPLE 1500
#define CANARY 256        /* bytes beside an output that are looked at; further away are guard pages or nothing */
#define LARGEST (1 << 19) /* elements of a matrix in these tests */

static const struct kernel_table *table;

/* ---- conversions ------------------------------------------------------------------------------------------------- */

/* Quicker than the references, for whole matrices. */
static uint16_t upper_half(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)(bits >> 16);
}
static double widened(uint16_t x) { return (double)float_of((uint32_t)x << 16); }

static bool bf16_is_nan(uint16_t x) { return (x & 0x7fff) > 0x7f80; }

/* NaN must stay NaN, quiet and of its sign; its payload is free. */
static void expect_rounded(float x, uint16_t value) {
  const uint16_t expected = reference_bf16_round(x);
  if (isnan(x) ? (value & 0xffc0) == expected : value == expected) return;
  fail_msg("%s: bf16_round(%a) is 0x%04x, expected 0x%04x", table->name, (double)x, value, expected);
}

/* Every upper half with lower halves on either side of ties. */
static void test_round(void **state) {
  (void)state;
  const uint32_t lower[] = {0, 1, 0x1234, 0x7fff, 0x8000, 0x8001, 0xffff};
  const size_t count = sizeof lower / sizeof *lower, n = count << 16;
  float *x = malloc(n * sizeof *x);
  uint16_t *y = malloc(n * sizeof *y);
  for (size_t i = 0; i < n; i++) x[i] = float_of((uint32_t)(i / count) << 16 | lower[i % count]);
  table->bf16_round(x, y, n);
  for (size_t i = 0; i < n; i++) expect_rounded(x[i], y[i]);
  free(x), free(y);
}

static void test_widen(void **state) {
  (void)state;
  static uint16_t x[1 << 16];
  static float y[1 << 16];
  for (size_t i = 0; i < 1 << 16; i++) x[i] = (uint16_t)i;
  table->bf16_widen(x, y, 1 << 16);
  for (size_t i = 0; i < 1 << 16; i++) {
    const double expected = reference_bf16_widen(x[i]);
    const bool same = isnan(expected) ? isnan(y[i]) && bf16_is_nan(x[i])
                                      : (double)y[i] == expected && !signbit(y[i]) == !signbit(expected);
    if (!same) fail_msg("%s: bf16_widen(0x%04x) is %a, expected %a", table->name, x[i], (double)y[i], expected);
    if (!bf16_is_nan(x[i])) assert_int_equal(reference_bf16_round(y[i]), x[i]);
  }
}

static void test_conversion_lengths(void **state) {
  (void)state;
  struct guarded floats = guarded_allocate((TEST_LONGEST + 64) * sizeof(float));
  struct guarded words = guarded_allocate((TEST_LONGEST + 64) * sizeof(uint16_t));
  uint64_t random = test_seed();
  for (size_t n = 0; n <= TEST_LONGEST; n = test_next_length(n, table->lanes))
    for (size_t shift = 0; shift <= table->lanes; shift++) {
      const bool at_end = shift == table->lanes;
      float *x = guarded_place(&floats, n, shift, at_end);
      uint16_t *y = (uint16_t *)(void *)(at_end ? words.end : words.begin);
      y = at_end ? y - n : y + shift;
      for (size_t i = 0; i < n; i++) x[i] = test_uniform(&random, -1, 1);
      guarded_reset(&words);
      table->bf16_round(x, y, n);
      for (size_t i = 0; i < n; i++) expect_rounded(x[i], y[i]);
      assert_true(guarded_untouched(&words, y, n * sizeof *y));
      guarded_reset(&floats);
      table->bf16_widen(y, x, n);
      for (size_t i = 0; i < n; i++) assert_true((double)x[i] == reference_bf16_widen(y[i]));
      assert_true(guarded_untouched(&floats, x, n * sizeof *x));
    }
  guarded_free(&floats), guarded_free(&words);
}

/* ---- layers ------------------------------------------------------------------------------------------------------ */

/* The passes under test: portable, or by dot products, which have subnormal numbers for zero. */
struct passes {
  const struct kernel *forward, *data, *weights;
  bool flushes;
};
static const struct passes portable = {&kernels[KERNEL_dense_bf16_forward], &kernels[KERNEL_dense_bf16_backward_data],
                                       &kernels[KERNEL_dense_bf16_backward_weights], false};
static const struct passes dot = {&kernels[KERNEL_dense_bf16_forward_dot],
                                  &kernels[KERNEL_dense_bf16_backward_data_dot],
                                  &kernels[KERNEL_dense_bf16_backward_weights_dot], true};

static bool can_run(const struct passes *p) {
  const struct cpu_features cpu = cpu_detect();
  const char *obstacle = kernel_obstacle(table, p->forward, &cpu);
  if (obstacle) printf("skipped: %s on %s: %s\n", p->forward->name, table->name, obstacle);
  return !obstacle;
}

/* The passes that a test is given. */
static const struct passes *passes_of(void **state) {
  const struct passes *p = *state;
  if (!can_run(p)) skip();
  return p;
}

enum array { X, W, DZ, B, Z, DX, DW, DB, Y, ARRAYS }; /* inputs first; X, W, DZ and Y are bf16 */
static const char *const array_names[ARRAYS] = {"x", "w", "dz", "b", "z", "dx", "dw", "db", "y"};

static bool is_bf16(int a) { return a <= DZ || a == Y; }
static size_t size_of(int a) { return is_bf16(a) ? sizeof(uint16_t) : sizeof(float); }

struct shape3 {
  size_t batch, in, out;
};

/* One layer in guarded memory, reused from shape to shape, and the truth in double precision. */
static struct guarded memory[ARRAYS], workspace_memory, packed_memory;
static char *data[ARRAYS];
static size_t lengths[ARRAYS];
static double *exact[ARRAYS], *terms[ARRAYS];
static struct dense_bf16 layer;

static float *floats_of(enum array a) { return (float *)(void *)data[a]; }
static uint16_t *words_of(enum array a) { return (uint16_t *)(void *)data[a]; }

static int setup_memory(void **state) {
  (void)state;
  for (int a = 0; a < ARRAYS; a++) {
    memory[a] = guarded_allocate(LARGEST * size_of(a));
    exact[a] = malloc(LARGEST * sizeof(double)), terms[a] = malloc(LARGEST * sizeof(double));
  }
  workspace_memory = guarded_allocate(64 << 20);
  packed_memory = guarded_allocate(8 << 20);
  return 0;
}

static int free_memory(void **state) {
  (void)state;
  for (int a = 0; a < ARRAYS; a++) guarded_free(&memory[a]), free(exact[a]), free(terms[a]);
  guarded_free(&workspace_memory), guarded_free(&packed_memory);
  return 0;
}

/* Lays the layer out, each array against the guard page before or behind it, and fills the inputs with numbers in
 * [-scale, scale), an eighth of them 0; outputs, workspace and packed weights hold NaN. */
static void lay_out(struct shape3 s, int threads, float scale, uint64_t *random) {
  const size_t counts[ARRAYS] = {s.batch * s.in, s.in * s.out, s.batch * s.out, s.out,          s.batch * s.out,
                                 s.batch * s.in, s.in * s.out, s.out,           s.batch * s.out};
  const uint64_t places = test_random(random);
  for (int a = 0; a < ARRAYS; a++) {
    const size_t bytes = counts[a] * size_of(a);
    assert_true(counts[a] <= LARGEST);
    lengths[a] = counts[a];
    data[a] = places >> a & 1 ? memory[a].begin : memory[a].end - bytes;
    if (a < Z) {
      for (size_t i = 0; i < counts[a]; i++) {
        const float value = test_random(random) % 8 ? scale * test_uniform(random, -1, 1) : 0.0f;
        if (is_bf16(a))
          words_of(a)[i] = upper_half(value);
        else
          floats_of(a)[i] = value;
      }
    } else {
      memset(data[a], 0xff, bytes);
      memset(data[a] == memory[a].begin ? data[a] + bytes : data[a] - CANARY, 0x5a, CANARY);
    }
  }
  static const struct caches caches[] = {{0, 0, 0}, {1024, 4096, 16384}, {1, 1, 1}, {SIZE_MAX, SIZE_MAX, SIZE_MAX}};
  const size_t bytes = table->dense_bf16_workspace_bytes(s.batch, s.in, s.out, threads);
  const size_t packed_bytes = table->dense_bf16_packed_bytes(s.in, s.out);
  assert_true(bytes <= 64 << 20 && bytes % 64 == 0);
  assert_true(packed_bytes <= 8 << 20 && packed_bytes % 64 == 0);
  memset(workspace_memory.end - bytes, 0xff, bytes);
  memset(packed_memory.end - packed_bytes, 0xff, packed_bytes);
  layer = (struct dense_bf16){.batch = s.batch,
                              .in = s.in,
                              .out = s.out,
                              .x = words_of(X),
                              .w = words_of(W),
                              .b = floats_of(B),
                              .z = floats_of(Z),
                              .y = words_of(Y),
                              .dz = words_of(DZ),
                              .dx = floats_of(DX),
                              .dw = floats_of(DW),
                              .db = floats_of(DB),
                              .workspace = workspace_memory.end - bytes,
                              .caches = caches[test_random(random) % (sizeof caches / sizeof *caches)],
                              .threads = threads};
}

static void run_pass(const struct kernel *kernel) { ((dense_bf16_kernel *)kernel_in_table(table, kernel))(&layer); }

static void run_passes(const struct passes *p) { run_pass(p->forward), run_pass(p->data), run_pass(p->weights); }

static void pack_weights(void) {
  char *packed = packed_memory.end - table->dense_bf16_packed_bytes(layer.in, layer.out);
  table->dense_bf16_pack(&layer, packed);
  layer.packed_w = packed;
}

static void reference_passes(const struct passes *p) {
  for (int a = X; a < Z; a++)
    for (size_t i = 0; i < lengths[a]; i++)
      exact[a][i] = is_bf16(a) ? widened(words_of(a)[i]) : (double)floats_of(a)[i];
  struct dense_double l = {.batch = layer.batch,
                           .in = layer.in,
                           .out = layer.out,
                           .x = exact[X],
                           .w = exact[W],
                           .b = exact[B],
                           .z = exact[Z],
                           .dz = exact[DZ],
                           .dx = exact[DX],
                           .dw = exact[DW],
                           .db = exact[DB],
                           .z_terms = terms[Z],
                           .dx_terms = terms[DX],
                           .dw_terms = terms[DW],
                           .db_terms = terms[DB]};
  ((dense_bf16_reference *)reference_functions[p->weights - kernels])(&l);
  if (p->flushes) { /* operands of products, not the summands of db */
    for (int a = X; a <= DZ; a++)
      for (size_t i = 0; i < lengths[a]; i++)
        if (fabs(exact[a][i]) < 0x1p-126) exact[a][i] = 0;
    l.db = exact[Y], l.db_terms = terms[Y];
    ((dense_bf16_reference *)reference_functions[p->weights - kernels])(&l);
  }
  ((dense_bf16_reference *)reference_functions[p->forward - kernels])(&l);
  ((dense_bf16_reference *)reference_functions[p->data - kernels])(&l);
}

static void fail_at(enum array a, size_t i, double value, double expected, double allowed) {
  fail_msg("%s %s[%zu] of batch %zu, in %zu, out %zu, %d threads: %.9g, expected %.17g +- %.3g", table->name,
           array_names[a], i, layer.batch, layer.in, layer.out, layer.threads, value, expected, allowed);
}

static void check_beside(enum array a) {
  const size_t bytes = lengths[a] * size_of(a);
  const char *beside = data[a] == memory[a].begin ? data[a] + bytes : data[a] - CANARY;
  for (int i = 0; i < CANARY; i++)
    if (beside[i] != 0x5a) fail_msg("%s: written beside %s", table->name, array_names[a]);
}

/* The largest share of the bound that was used, for the record. */
static double worst;

static void check_array(enum array a, const struct kernel *kernel, size_t inner, bool flushes) {
  const double c = kernel->bound.ulp;
  assert_int_equal(kernel->bound.kind, BOUND_GAMMA);
  for (size_t i = 0; i < lengths[a]; i++) {
    const double value = (double)floats_of(a)[i], expected = exact[a][i];
    if (isfinite(expected)) {
      /* The last summand: results below the smallest normal are rounded to its units, or flushed. */
      const double allowed =
          c * ((double)inner + c) * 0x1p-24 * terms[a][i] + ((double)inner + c) * (flushes ? 0x1p-126 : 0x1p-149);
      if (!(fabs(value - expected) <= allowed)) fail_at(a, i, value, expected, allowed);
      worst = fmax(worst, fabs(value - expected) / allowed);
    } else if (isnan(expected) ? !isnan(value) : value != expected)
      fail_at(a, i, value, expected, 0);
  }
  check_beside(a);
}

/* y is those values rounded, by the kernel that has a test of its own. */
static void expect_y(const float *values) {
  uint16_t *y = malloc(lengths[Y] * sizeof *y + 1);
  table->bf16_round(values, y, lengths[Y]);
  if (memcmp(y, data[Y], lengths[Y] * sizeof *y) != 0)
    fail_msg("%s: y of batch %zu, in %zu, out %zu is not what was computed, rounded", table->name, layer.batch,
             layer.in, layer.out);
  check_beside(Y);
  free(y);
}

static void check_passes(const struct passes *p) {
  reference_passes(p);
  check_array(Z, p->forward, layer.in, p->flushes);
  check_array(DX, p->data, layer.out, p->flushes);
  check_array(DW, p->weights, layer.batch, p->flushes);
  check_array(DB, p->weights, layer.batch, false);
  expect_y(floats_of(Z));
}

static void check_shape(const struct passes *p, struct shape3 s, int threads, float scale, uint64_t *random) {
  lay_out(s, threads, scale, random);
  if (test_random(random) % 2) pack_weights();
  run_passes(p);
  check_passes(p);
}

static struct shape3 random_shape(uint64_t *random) {
  return (struct shape3){1 + test_random(random) % SMALL, 1 + test_random(random) % SMALL,
                         1 + test_random(random) % SMALL};
}

static void test_small(void **state) {
  const struct passes *p = passes_of(state);
  uint64_t random = test_seed();
  for (size_t i = 0; i < SMALL_SAMPLE; i++) {
    /* Every size in every dimension, beside random ones in the others. */
    size_t sizes[3];
    for (int d = 0; d < 3; d++) sizes[d] = test_random(&random) % (SMALL + 1);
    sizes[i % 3] = i / 3 % (SMALL + 1);
    check_shape(p, (struct shape3){sizes[0], sizes[1], sizes[2]}, 1 + (int)(i % 3), 1, &random);
  }
}

/* Odd sizes beyond the blocks of every ISA: 1024 terms, 168 rows, 3072 columns. */
static const struct shape3 large[] = {
    {31, 257, 129}, {197, 401, 35}, {33, 1035, 97}, {1041, 33, 40}, {3, 5, 3079},
    {3, 3079, 7},   {3079, 4, 3},   {1, 1, 3500},   {1, 3500, 1},   {3500, 1, 1},
};
#define LARGE_COUNT (sizeof large / sizeof *large)

static void test_large(void **state) {
  const struct passes *p = passes_of(state);
  uint64_t random = test_seed();
  worst = 0;
  for (size_t i = 0; i < LARGE_COUNT; i++) check_shape(p, large[i], 1, 1, &random);
  print_message("%s: at most %.2f of the error bound used\n", table->name, worst);
}

/* Results far below the smallest normal number, subnormal operands, and results far above 1. */
static void test_scales(void **state) {
  const struct passes *p = passes_of(state);
  uint64_t random = test_seed();
  const float scales[] = {0x1p-128f, 0x1p-124f, 0x1p-72f, 0x1p-66f, 0x1p-63f, 0x1p-30f, 0x1p50f};
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
    for (size_t j = 0; j < 20; j++) check_shape(p, random_shape(&random), 1, scales[i], &random);
}

/* NaN and infinities reach exactly those results that depend on them. */
static void test_special(void **state) {
  const struct passes *p = passes_of(state);
  uint64_t random = test_seed();
  const uint16_t specials[] = {0x7fc0, 0xff81, 0x7f80, 0xff80};
  for (size_t i = 0; i < 300; i++) {
    lay_out(random_shape(&random), 1, 1, &random);
    for (int a = X; a <= DZ; a++)
      if (test_random(&random) % 2) words_of(a)[test_random(&random) % lengths[a]] = specials[test_random(&random) % 4];
    if (i % 2) pack_weights();
    run_passes(p);
    check_passes(p);
  }
}

/* What was computed in one way, to be compared bit by bit. */
static char *copies[ARRAYS];

static void keep_outputs(void) {
  for (int a = Z; a < ARRAYS; a++) {
    copies[a] = malloc(lengths[a] * size_of(a) + 1);
    memcpy(copies[a], data[a], lengths[a] * size_of(a));
  }
}

static void expect_same_bits(const char *what) {
  for (int a = Z; a < ARRAYS; a++)
    if (memcmp(data[a], copies[a], lengths[a] * size_of(a)) != 0)
      fail_msg("%s: %s of batch %zu, in %zu, out %zu differs %s", table->name, array_names[a], layer.batch, layer.in,
               layer.out, what);
}

static void drop_outputs(void) {
  for (int a = Z; a < ARRAYS; a++) free(copies[a]);
}

static const struct shape3 threaded[] = {
    {100, 100, 100}, {197, 401, 35}, {33, 1035, 97}, {17, 500, 129}, {1000, 250, 2}, {2, 250, 1000}, {5, 9, 3079},
};
#define THREADED_COUNT (sizeof threaded / sizeof *threaded)

/* Neither threads nor packed weights change a bit. */
static void test_threads(void **state) {
  const struct passes *p = passes_of(state);
  for (size_t i = 0; i < THREADED_COUNT; i++) {
    uint64_t random = test_seed();
    lay_out(threaded[i], 1, 1, &random);
    run_passes(p);
    keep_outputs();
    const int counts[] = {1, 2, 3, 7};
    for (size_t t = 0; t < sizeof counts / sizeof *counts; t++) {
      random = test_seed();
      lay_out(threaded[i], counts[t], 1, &random);
      if (t % 2 == 0) {
        pack_weights();
        layer.w = NULL; /* the forward pass does not look at it */
      }
      run_pass(p->forward);
      layer.w = words_of(W);
      run_pass(p->data), run_pass(p->weights);
      expect_same_bits("between thread counts or with packed weights");
    }
    drop_outputs();
  }
}

/* Where nothing is subnormal, the order of evaluation makes every ISA agree bit by bit, dot products included: this is
 * the FNV-1a digest of their results. It changes with the depth of a block, which decides that order, and with nothing
 * else. */
#define DIGEST 0xc5bbdc770eeab99fu

static void test_same_everywhere(void **state) {
  const struct passes *p = passes_of(state);
  uint64_t random = 1, hash = 0xcbf29ce484222325u;
  lay_out((struct shape3){190, 1771, 97}, 2, 1, &random);
  run_passes(p);
  for (int a = Z; a < ARRAYS; a++)
    for (size_t i = 0; i < lengths[a] * size_of(a); i++) hash = (hash ^ (unsigned char)data[a][i]) * 0x100000001b3u;
  if (hash != DIGEST) fail_msg("%s: the digest is 0x%016llx", table->name, (unsigned long long)hash);
}

/* An activation inside the forward pass is the same as one after it. */
static void test_activation(void **state) {
  const struct passes *p = passes_of(state);
  const struct shape3 shapes[] = {{1, 1, 1}, {7, 5, 13}, {197, 401, 35}, {3, 1500, 3079}, {3, 5, 3079}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    if (shapes[i].in * shapes[i].out > LARGEST) continue;
    uint64_t random = test_seed();
    lay_out(shapes[i], 1 + (int)i % 3, 1, &random);
    layer.activation = table->tanh_forward;
    run_pass(p->forward);
    float *y = malloc(lengths[Z] * sizeof *y);
    table->tanh_forward(floats_of(Z), y, lengths[Z], layer.p);
    expect_y(y);
    free(y);
  }
}

/* Rows further apart than they are wide: the same bits as close together, and nothing in between is touched. */
#define GAP 3
static void test_strides(void **state) {
  const struct passes *p = passes_of(state);
  uint64_t random = test_seed();
  for (size_t i = 0; i < 100; i++) {
    const struct shape3 s = random_shape(&random);
    lay_out(s, 1, 1, &random);
    run_passes(p);
    keep_outputs();
    const size_t x_stride = s.in + GAP, w_stride = s.out + GAP, z_stride = s.out + 2 * GAP;
    const size_t rows[ARRAYS] = {s.batch, s.in, s.batch, 1, s.batch, s.batch, s.in, 1, s.batch};
    const size_t widths[ARRAYS] = {s.in, s.out, s.out, s.out, s.out, s.in, s.out, s.out, s.out};
    const size_t strides[ARRAYS] = {x_stride, w_stride, z_stride, s.out, z_stride, x_stride, w_stride, s.out, z_stride};
    char *wide[ARRAYS];
    for (int a = 0; a < ARRAYS; a++) {
      wide[a] = malloc(rows[a] * strides[a] * size_of(a));
      memset(wide[a], 0x5a, rows[a] * strides[a] * size_of(a));
      for (size_t r = 0; a < Z && r < rows[a]; r++)
        memcpy(wide[a] + r * strides[a] * size_of(a), data[a] + r * widths[a] * size_of(a), widths[a] * size_of(a));
    }
    layer.x_stride = x_stride, layer.w_stride = w_stride, layer.z_stride = z_stride;
    layer.x = (void *)wide[X], layer.w = (void *)wide[W], layer.dz = (void *)wide[DZ], layer.z = (void *)wide[Z];
    layer.y = (void *)wide[Y], layer.dx = (void *)wide[DX], layer.dw = (void *)wide[DW];
    if (i % 2) pack_weights();
    run_passes(p);
    for (int a = Z; a < ARRAYS; a++) {
      if (a == DB) continue;
      for (size_t r = 0; r < rows[a]; r++) {
        const char *row = wide[a] + r * strides[a] * size_of(a);
        assert_memory_equal(row, copies[a] + r * widths[a] * size_of(a), widths[a] * size_of(a));
        for (size_t b = widths[a] * size_of(a); b < strides[a] * size_of(a); b++) assert_int_equal(row[b], 0x5a);
      }
    }
    for (int a = 0; a < ARRAYS; a++) free(wide[a]);
    drop_outputs();
  }
}

/* What is optional may be left out. */
static void test_optional(void **state) {
  const struct passes *p = passes_of(state);
  uint64_t random = test_seed();
  lay_out((struct shape3){20, 30, 40}, 1, 1, &random);
  memset(floats_of(B), 0, lengths[B] * sizeof(float));
  run_passes(p);
  keep_outputs();
  memset(floats_of(B), 0xff, lengths[B] * sizeof(float));
  layer.b = NULL, layer.y = NULL, layer.db = NULL;
  run_passes(p);
  expect_same_bits("without bias, y and db");
  drop_outputs();
}

/* Subnormal operands: the portable passes count them, dot products have them for zero. */
static void test_subnormal_operands(void **state) {
  const struct passes *p = passes_of(state);
  uint64_t random = test_seed();
  lay_out((struct shape3){1, 1, 1}, 1, 1, &random);
  words_of(X)[0] = 0x0040; /* 2^-127 */
  words_of(W)[0] = 0x7180; /* 2^100 */
  floats_of(B)[0] = 0.0f;
  run_pass(p->forward);
  assert_true(floats_of(Z)[0] == (p->flushes ? 0.0f : 0x1p-27f));
}

static void test_workspace(void **state) {
  (void)state;
  size_t (*const bytes)(size_t, size_t, size_t, int) = table->dense_bf16_workspace_bytes;
  const size_t half = (size_t)1 << (sizeof(size_t) * 4);
  assert_int_equal(bytes(half, half, 1, 1), SIZE_MAX);
  assert_int_equal(bytes(1, half, half, 1), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX, 2, 1, 1), SIZE_MAX);
  assert_true(bytes(1 << 14, 1 << 14, 1 << 14, 1) < 64 << 20);
  assert_true(bytes(0, 0, 0, 1) > 0);
  assert_int_equal(table->dense_bf16_packed_bytes(half, half), SIZE_MAX);
  assert_int_equal(table->dense_bf16_packed_bytes(SIZE_MAX, 1), SIZE_MAX);
  assert_int_equal(table->dense_bf16_packed_bytes(1, SIZE_MAX), SIZE_MAX);
  assert_true(table->dense_bf16_packed_bytes(100, 64) >= 100 * 64 * sizeof(uint16_t));
}

#define OF_PASSES(passes)                                                                                              \
  {"small, " #passes, test_small, NULL, NULL, (void *)(uintptr_t)&passes},                                             \
      {"large, " #passes, test_large, NULL, NULL, (void *)(uintptr_t)&passes},                                         \
      {"scales, " #passes, test_scales, NULL, NULL, (void *)(uintptr_t)&passes},                                       \
      {"special, " #passes, test_special, NULL, NULL, (void *)(uintptr_t)&passes},                                     \
      {"threads, " #passes, test_threads, NULL, NULL, (void *)(uintptr_t)&passes},                                     \
      {"same everywhere, " #passes, test_same_everywhere, NULL, NULL, (void *)(uintptr_t)&passes},                     \
      {"activation, " #passes, test_activation, NULL, NULL, (void *)(uintptr_t)&passes},                               \
      {"strides, " #passes, test_strides, NULL, NULL, (void *)(uintptr_t)&passes},                                     \
      {"optional, " #passes, test_optional, NULL, NULL, (void *)(uintptr_t)&passes}, {                                 \
    "subnormal operands, " #passes, test_subnormal_operands, NULL, NULL, (void *)(uintptr_t)&passes                    \
  }

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round),     cmocka_unit_test(test_widen), cmocka_unit_test(test_conversion_lengths),
      cmocka_unit_test(test_workspace), OF_PASSES(portable),          OF_PASSES(dot),
  };
  return cmocka_run_group_tests_name(table->name, tests, setup_memory, free_memory) ? 1 : 0;
}
