/* The three dense passes of one arch: against double precision within the bound of kernels.def, at every edge of a tile
 * and beyond every block, between guard pages, with special values; and the same bits for any number of threads,
 * strides, cache sizes, packed weights and fused activations. */
#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"

#define SMALL 40 /* beyond the largest tile in each dimension */
/* An emulator takes a minute and more for all small shapes, 3 s for so many. */
#define EMULATED_SAMPLE 3000
#define EMULATED_VARIANTS 2
#define VARIANTS 6        /* of each shape that is run again and again */
#define CANARY 256        /* bytes beside an array that are looked at; further away are guard pages or nothing */
#define LARGEST (1 << 19) /* floats of a matrix in these tests, from its first to its last */
#define WORKSPACE_LARGEST ((size_t)64 << 20)

static const struct kernel_table *table;

/* Inputs, then outputs. */
enum array { X, W, B, DZ, XZ, Z, Y, DX, DW, DB, ARRAYS };
static const char *const array_names[ARRAYS] = {"x", "w", "b", "dz", "x_z", "z", "y", "dx", "dw", "db"};

struct shape3 {
  size_t batch, in, out;
};

/* How a layer is laid out and run. Nothing here but the bias, the scale and what is fused changes a result. */
struct how {
  int threads;
  float scale;                         /* inputs are in [-scale, scale) */
  size_t x_beyond, w_beyond, z_beyond; /* what the strides have beyond the widths; 0: the stride is not given */
  bool no_bias, no_sums, packed;
  struct caches caches;
  map_kernel *activation;    /* fused ... */
  backward_kernel *backward; /* ... or NULL */
  struct parameters p;
  bool in_place; /* y is z */
};
static const struct how plain = {.threads = 1, .scale = 1};

/* One layer in guarded memory, reused from shape to shape, and the truth in double precision. */
static struct guarded memory[ARRAYS], workspace_memory, packed_memory;
static struct matrix {
  float *data;
  size_t rows, columns, stride;
} matrices[ARRAYS];
static double *exact[ARRAYS], *terms[ARRAYS]; /* without anything between rows */
static struct dense layer;

static int setup_memory(void **state) {
  (void)state;
  for (int a = 0; a < ARRAYS; a++) {
    memory[a] = guarded_allocate(LARGEST * sizeof(float));
    exact[a] = malloc(LARGEST * sizeof(double)), terms[a] = malloc(LARGEST * sizeof(double));
  }
  workspace_memory = guarded_allocate(WORKSPACE_LARGEST);
  packed_memory = guarded_allocate(2 * LARGEST * sizeof(float));
  return 0;
}

static int free_memory(void **state) {
  (void)state;
  for (int a = 0; a < ARRAYS; a++) guarded_free(&memory[a]), free(exact[a]), free(terms[a]);
  guarded_free(&workspace_memory), guarded_free(&packed_memory);
  return 0;
}

/* ---- laying out ------------------------------------------------------------------------------------------------- */

static size_t elements(enum array a) { return matrices[a].rows * matrices[a].columns; }
static size_t row_bytes(enum array a) { return matrices[a].columns * sizeof(float); }
static float *row_of(enum array a, size_t row) { return matrices[a].data + row * matrices[a].stride; }

static size_t span_bytes(enum array a) {
  const struct matrix *m = &matrices[a];
  return m->rows && m->columns ? ((m->rows - 1) * m->stride + m->columns) * sizeof(float) : 0;
}

/* The bytes that belong to an array: those beside it included. */
static void surroundings(enum array a, char **begin, char **end) {
  char *const data = (char *)matrices[a].data, *const beyond = data + span_bytes(a);
  *begin = data - memory[a].begin < CANARY ? memory[a].begin : data - CANARY;
  *end = memory[a].end - beyond < CANARY ? memory[a].end : beyond + CANARY;
}

/* Half of the arrays end at a guard page; the others begin at one, or anywhere in a line of the cache. place: random
 * bits. */
static void place(enum array a, unsigned bits) {
  const size_t bytes = span_bytes(a);
  assert_true(bytes <= LARGEST * sizeof(float));
  char *const at = bits & 1 ? memory[a].end - bytes : memory[a].begin + (bits & 2 ? bits >> 2 & 15 : 0) * sizeof(float);
  matrices[a].data = (float *)(void *)at;
}

/* Numbers, an eighth of them 0, between NaN. */
static void fill_input(enum array a, float scale, uint64_t *random) {
  char *begin, *end;
  surroundings(a, &begin, &end);
  memset(begin, 0xff, (size_t)(end - begin));
  for (size_t i = 0; i < matrices[a].rows; i++) {
    float *row = row_of(a, i);
    for (size_t j = 0; j < matrices[a].columns; j++)
      row[j] = test_random(random) % 8 ? scale * test_uniform(random, -1, 1) : 0.0f;
  }
}

/* NaN between canaries. */
static void fill_output(enum array a) {
  char *begin, *end;
  surroundings(a, &begin, &end);
  memset(begin, 0x5a, (size_t)(end - begin));
  for (size_t i = 0; i < matrices[a].rows; i++) memset(row_of(a, i), 0xff, row_bytes(a));
}

/* The last bytes of a buffer, with NaN in them and canaries before. */
static void *lay_out_scratch(const struct guarded *buffer, size_t bytes) {
  assert_int_equal(bytes % 64, 0);
  assert_true(bytes + CANARY <= (size_t)(buffer->end - buffer->begin));
  char *const at = buffer->end - bytes;
  memset(at - CANARY, 0x5a, CANARY);
  memset(at, 0xff, bytes);
  return at;
}

/* Lays the layer out and fills it; the inputs depend on the shape, the scale and *random alone. */
static void lay_out(struct shape3 s, const struct how *how, uint64_t *random) {
  const size_t x_stride = s.in + how->x_beyond, w_stride = s.out + how->w_beyond, z_stride = s.out + how->z_beyond;
  const struct matrix x = {NULL, s.batch, s.in, x_stride}, w = {NULL, s.in, s.out, w_stride};
  const struct matrix z = {NULL, s.batch, s.out, z_stride}, b = {NULL, 1, s.out, s.out};
  const struct matrix all[ARRAYS] = {
      [X] = x, [W] = w, [B] = b, [DZ] = z, [XZ] = x, [Z] = z, [Y] = z, [DX] = x, [DW] = w, [DB] = b};
  const uint64_t places = test_random(random);
  for (int a = 0; a < ARRAYS; a++) {
    matrices[a] = all[a];
    place(a, (unsigned)(places >> 6 * a & 63));
    if (a < Z)
      fill_input(a, how->scale, random);
    else
      fill_output(a);
  }
  layer = (struct dense){
      .batch = s.batch,
      .in = s.in,
      .out = s.out,
      .x_stride = how->x_beyond ? x_stride : 0,
      .w_stride = how->w_beyond ? w_stride : 0,
      .z_stride = how->z_beyond ? z_stride : 0,
      .x = matrices[X].data,
      .w = matrices[W].data,
      .b = how->no_bias ? NULL : matrices[B].data,
      .z = matrices[Z].data,
      .y = how->in_place ? matrices[Z].data : matrices[Y].data,
      .dz = matrices[DZ].data,
      .dx = matrices[DX].data,
      .dw = matrices[DW].data,
      .db = how->no_sums ? NULL : matrices[DB].data,
      .activation = how->activation,
      .backward = how->backward,
      .x_z = how->backward ? matrices[XZ].data : NULL,
      .p = how->p,
      .workspace = lay_out_scratch(&workspace_memory, table->dense_workspace_bytes(s.batch, s.in, s.out, how->threads)),
      .caches = how->caches,
      .threads = how->threads,
  };
  if (!how->packed) return;
  float *const packed = lay_out_scratch(&packed_memory, table->dense_packed_bytes(s.in, s.out));
  table->dense_pack(&layer, packed);
  layer.packed_w = packed;
}

/* ---- running and checking --------------------------------------------------------------------------------------- */

/* Fails, saying which layer it was. */
__attribute__((format(printf, 1, 2))) static void fail_layer(const char *format, ...) {
  char what[300];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  fail_msg("%s: %s; batch %zu, in %zu, out %zu, strides %zu %zu %zu, %d threads, caches %zu %zu %zu%s%s%s%s%s",
           table->name, what, layer.batch, layer.in, layer.out, layer.x_stride, layer.w_stride, layer.z_stride,
           layer.threads, layer.caches.l1, layer.caches.l2, layer.caches.l3, layer.b ? "" : ", no bias",
           layer.db ? "" : ", no db", layer.packed_w ? ", packed" : "", layer.activation ? ", activation" : "",
           layer.backward ? ", derivative" : "");
}

static void expect_canaries(const char *begin, const char *end, const char *where, const char *name) {
  for (const char *p = begin; p < end; p++)
    if (*p != 0x5a) fail_layer("written %s %s", where, name);
}

/* Nothing is written beside or between what the passes are to write. */
static void check_beside(void) {
  for (int a = Z; a < ARRAYS; a++) {
    char *begin, *end;
    surroundings(a, &begin, &end);
    expect_canaries(begin, (char *)matrices[a].data, "before", array_names[a]);
    expect_canaries((char *)matrices[a].data + span_bytes(a), end, "behind", array_names[a]);
    for (size_t i = 0; matrices[a].columns && i + 1 < matrices[a].rows; i++)
      expect_canaries((char *)(row_of(a, i) + matrices[a].columns), (char *)row_of(a, i + 1), "between rows of",
                      array_names[a]);
  }
  expect_canaries((char *)layer.workspace - CANARY, layer.workspace, "before", "the workspace");
  if (layer.packed_w)
    expect_canaries((const char *)layer.packed_w - CANARY, (const char *)layer.packed_w, "before", "packed weights");
}

/* The forward pass has no weights but packed ones, if there are any. */
static void run_passes(void) {
  struct dense forward = layer;
  if (layer.packed_w) forward.w = NULL;
  table->dense_forward(&forward);
  table->dense_backward_data(&layer);
  table->dense_backward_weights(&layer);
  check_beside();
}

static void reference_passes(void) {
  for (int a = X; a < Z; a++)
    for (size_t i = 0, at = 0; i < matrices[a].rows; i++)
      for (size_t j = 0; j < matrices[a].columns; j++) exact[a][at++] = (double)row_of(a, i)[j];
  const struct dense_double l = {.batch = layer.batch,
                                 .in = layer.in,
                                 .out = layer.out,
                                 .x = exact[X],
                                 .w = exact[W],
                                 .b = layer.b ? exact[B] : NULL,
                                 .z = exact[Z],
                                 .dz = exact[DZ],
                                 .dx = exact[DX],
                                 .dw = exact[DW],
                                 .db = exact[DB],
                                 .z_terms = terms[Z],
                                 .dx_terms = terms[DX],
                                 .dw_terms = terms[DW],
                                 .db_terms = terms[DB]};
  reference_dense_forward(&l);
  reference_dense_backward_data(&l);
  reference_dense_backward_weights(&l);
}

/* The largest share of the bound that was used, for the record. */
static double worst;

static void check_array(enum array a, const struct kernel *kernel, size_t inner) {
  const double c = kernel->bound.ulp;
  assert_int_equal(kernel->bound.kind, BOUND_GAMMA);
  for (size_t i = 0, at = 0; i < matrices[a].rows; i++)
    for (size_t j = 0; j < matrices[a].columns; j++, at++) {
      const double value = (double)row_of(a, i)[j], expected = exact[a][at];
      double allowed = 0;
      if (isfinite(expected)) {
        /* The last summand: results below the smallest normal are rounded to its units. */
        allowed = c * ((double)inner + c) * 0x1p-24 * terms[a][at] + ((double)inner + c) * 0x1p-149;
        worst = fmax(worst, fabs(value - expected) / allowed);
      }
      if (isfinite(expected) ? !(fabs(value - expected) <= allowed)
          : isnan(expected)  ? !isnan(value)
                             : value != expected)
        fail_layer("%s[%zu][%zu] is %.9g, expected %.17g +- %.3g", array_names[a], i, j, value, expected, allowed);
    }
}

static void check_passes(void) {
  run_passes();
  reference_passes();
  check_array(Z, &kernels[KERNEL_dense_forward], layer.in);
  check_array(DX, &kernels[KERNEL_dense_backward_data], layer.out);
  check_array(DW, &kernels[KERNEL_dense_backward_weights], layer.batch);
  check_array(DB, &kernels[KERNEL_dense_backward_weights], layer.batch);
}

static void check_shape(struct shape3 s, int threads, float scale, uint64_t *random) {
  struct how how = plain;
  how.threads = threads, how.scale = scale;
  lay_out(s, &how, random);
  check_passes();
}

/* Whether the tests run under an emulator, which takes many times as long. */
static bool emulated(void) { return getenv("DEPTHMARK_EMULATED"); }

/* ---- against the truth ------------------------------------------------------------------------------------------ */

static void test_small(void **state) {
  (void)state;
  uint64_t random = test_seed();
  if (emulated()) { /* every size in every dimension, beside random ones in the others */
    for (size_t i = 0; i < EMULATED_SAMPLE; i++) {
      size_t sizes[3];
      for (int d = 0; d < 3; d++) sizes[d] = test_random(&random) % (SMALL + 1);
      sizes[i % 3] = i / 3 % (SMALL + 1);
      check_shape((struct shape3){sizes[0], sizes[1], sizes[2]}, 1 + (int)(i % 3), 1, &random);
    }
    return;
  }
  for (size_t i = 0; i <= SMALL; i++)
    for (size_t j = 0; j <= SMALL; j++)
      for (size_t k = 0; k <= SMALL; k++) check_shape((struct shape3){i, j, k}, 1 + (int)((i + j + k) % 3), 1, &random);
}

/* Odd sizes beyond the blocks of every ISA: 512 terms, 20 strips of 14 rows, 4096 terms of a turned product. */
static const struct shape3 large[] = {
    {31, 257, 129}, {197, 401, 35}, {33, 771, 97},   {385, 33, 40},  {3, 5, 3079},    {3, 3079, 7},    {3079, 4, 3},
    {1, 1, 3500},   {1, 3500, 1},   {3500, 1, 1},    {1, 500, 500},  {131, 127, 133}, {225, 520, 777}, {17, 500, 129},
    {1000, 250, 2}, {2, 250, 1000}, {300, 260, 280}, {700, 100, 70}, {400, 130, 100}, {30, 20, 4200},
};
#define LARGE_COUNT (sizeof large / sizeof *large)

static void test_large(void **state) {
  (void)state;
  uint64_t random = test_seed();
  for (size_t i = 0; i < LARGE_COUNT; i++) check_shape(large[i], 1, 1, &random);
  print_message("%s: at most %.2f of the error bound used\n", table->name, worst);
}

/* Results far below the smallest normal number, and far above 1. */
static void test_scales(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const float scales[] = {0x1p-72f, 0x1p-66f, 0x1p-30f, 0x1p50f};
  for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
    for (size_t j = 0; j < 20; j++) {
      const struct shape3 s = {1 + test_random(&random) % 40, 1 + test_random(&random) % 40,
                               1 + test_random(&random) % 40};
      check_shape(s, 1, scales[i], &random);
    }
}

/* NaN and infinities reach exactly those results that depend on them. */
static void test_special(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const float specials[] = {NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < 300; i++) {
    const struct shape3 s = {1 + test_random(&random) % 40, 1 + test_random(&random) % 40,
                             1 + test_random(&random) % 40};
    lay_out(s, &plain, &random);
    for (int a = X; a < Z; a++)
      if (test_random(&random) % 2)
        row_of(a, test_random(&random) % matrices[a].rows)[test_random(&random) % matrices[a].columns] =
            specials[test_random(&random) % 3];
    check_passes();
  }
}

/* The order of evaluation is the same on every ISA, so those with FMA agree bit by bit: this is the FNV-1a digest of
 * their results. No blocking changes it. */
#define DIGEST 0x358d474ead6a5385u

static void test_same_everywhere(void **state) {
  (void)state;
#ifndef __FP_FAST_FMAF
  if (table == arch_table(ARCH_SCALAR)) skip(); /* it rounds products before it adds */
#endif
  uint64_t random = 1, hash = 0xcbf29ce484222325u;
  struct how how = plain;
  how.threads = 2;
  lay_out((struct shape3){390, 771, 97}, &how, &random);
  run_passes();
  for (int a = Z; a < ARRAYS; a++)
    for (size_t i = 0; a != Y && i < elements(a); i++) {
      uint32_t bits;
      memcpy(&bits, &matrices[a].data[i], sizeof bits);
      hash = (hash ^ bits) * 0x100000001b3u;
    }
  if (hash != DIGEST) fail_msg("%s: the digest is 0x%016llx", table->name, (unsigned long long)hash);
}

/* ---- the same bits, however it is done -------------------------------------------------------------------------- */

/* What a stride has beyond a width: nothing, a little, or what makes it a multiple of 4096 bytes or of a line, where
 * the rows fit. */
static size_t random_beyond(size_t rows, size_t width, uint64_t *random) {
  const size_t few = 1 + test_random(random) % 9, kind = test_random(random) % 4, period = kind == 2 ? 1024 : 16;
  const size_t beyond = kind == 0 ? 0 : kind == 1 ? few : period - width % period;
  return rows * (width + beyond) <= LARGEST ? beyond : 0;
}

static struct how random_how(struct shape3 s, uint64_t *random) {
  static const struct caches caches[] = {
      {0, 0, 0}, {1024, 4096, 0}, {4096, 16384, 65536}, {SIZE_MAX, SIZE_MAX, SIZE_MAX}, {1, 1, 1}, {32768, 1 << 18, 0}};
  static const int threads[] = {1, 2, 3, 4, 7};
  return (struct how){.threads = threads[test_random(random) % (sizeof threads / sizeof *threads)],
                      .scale = 1,
                      .x_beyond = random_beyond(s.batch, s.in, random),
                      .w_beyond = random_beyond(s.in, s.out, random),
                      .z_beyond = random_beyond(s.batch, s.out, random),
                      .no_sums = test_random(random) % 4 == 0,
                      .packed = test_random(random) % 2,
                      .caches = caches[test_random(random) % (sizeof caches / sizeof *caches)],
                      .in_place = test_random(random) % 4 == 0};
}

/* What the plain passes left, without anything between rows. */
static float *copy_of(enum array a) {
  float *copy = malloc(elements(a) * sizeof *copy + 1);
  for (size_t i = 0; i < matrices[a].rows; i++) memcpy(copy + i * matrices[a].columns, row_of(a, i), row_bytes(a));
  return copy;
}

static void expect_same_bits(enum array a, const float *expected) {
  for (size_t i = 0; i < matrices[a].rows; i++, expected += matrices[a].columns)
    if (memcmp(row_of(a, i), expected, row_bytes(a)) != 0) fail_layer("%s[%zu] differs", array_names[a], i);
}

/* Runs the layer plainly, and then in random ways; all must give the same bits. A fused activation or derivative, which
 * half of them have, gives those of its kernel after the bare pass. */
static void check_variants(struct shape3 s, map_kernel *activation, backward_kernel *backward, struct parameters p,
                           uint64_t *random) {
  const uint64_t seed = test_random(random);
  const bool no_bias = test_random(random) % 4 == 0;
  uint64_t values = seed;
  struct how how = plain;
  how.no_bias = no_bias;
  lay_out(s, &how, &values);
  run_passes();
  float *bare[ARRAYS], *const y = copy_of(Z), *const dx = copy_of(DX), *const x_z = copy_of(XZ);
  for (int a = Z; a < ARRAYS; a++) bare[a] = copy_of(a);
  if (activation) activation(y, y, elements(Y), p);
  if (backward) backward(x_z, dx, dx, elements(DX), p);
  for (int v = 0; v < (emulated() ? EMULATED_VARIANTS : VARIANTS); v++) {
    how = random_how(s, random);
    how.no_bias = no_bias, how.p = p;
    how.activation = test_random(random) % 2 ? activation : NULL;
    how.backward = test_random(random) % 2 ? backward : NULL;
    values = seed;
    lay_out(s, &how, &values);
    run_passes();
    const bool in_place = how.activation && how.in_place;
    expect_same_bits(Z, in_place ? y : bare[Z]);
    expect_same_bits(Y, how.activation && !in_place ? y : bare[Y]);
    expect_same_bits(DX, how.backward ? dx : bare[DX]);
    expect_same_bits(DW, bare[DW]);
    if (!how.no_sums) expect_same_bits(DB, bare[DB]);
  }
  for (int a = Z; a < ARRAYS; a++) free(bare[a]);
  free(y), free(dx), free(x_z);
}

/* Most layers are small, some have many rows, columns or terms; small caches cut them into many blocks. */
static struct shape3 random_shape(uint64_t *random) {
  size_t sizes[3];
  do
    for (int d = 0; d < 3; d++) {
      const size_t most[] = {SMALL, SMALL, 160, 600};
      sizes[d] = test_random(random) % (most[test_random(random) % 4] + 1);
    }
  while (sizes[0] * sizes[1] * sizes[2] > (size_t)3 << 20);
  return (struct shape3){sizes[0], sizes[1], sizes[2]};
}

static void test_variants(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const size_t count = emulated() ? 100 : 1000;
  for (size_t i = 0; i < count; i++)
    check_variants(random_shape(&random), table->relu_forward, table->tanh_backward, (struct parameters){0}, &random);
  for (size_t i = 0; i < LARGE_COUNT * (emulated() ? 1 : 3); i++)
    check_variants(large[i % LARGE_COUNT], table->relu_forward, table->tanh_backward, (struct parameters){0}, &random);
}

/* Every activation, and every derivative, fused. */
static void test_activations(void **state) {
  (void)state;
  uint64_t random = test_seed();
  const struct shape3 shapes[] = {{1, 1, 1}, {7, 5, 13}, {2, 80, 47}, {50, 60, 101}, {200, 65, 35}};
  size_t activations = 0, derivatives = 0;
  for (size_t i = 0; i < KERNEL_COUNT; i++) {
    const bool activation = kernels[i].signature == SIGNATURE_map && strstr(kernels[i].name, "_forward");
    const bool derivative = kernels[i].signature == SIGNATURE_backward;
    if (!activation && !derivative) continue;
    kernel_function *const function = kernel_in_table(table, &kernels[i]);
    activations += activation, derivatives += derivative;
    for (size_t j = 0; j < sizeof shapes / sizeof *shapes; j++)
      check_variants(shapes[j], activation ? (map_kernel *)function : NULL,
                     derivative ? (backward_kernel *)function : NULL, kernels[i].defaults, &random);
  }
  assert_true(activations > 0 && derivatives > 0);
}

/* ---- sizes ------------------------------------------------------------------------------------------------------ */

static void test_workspace(void **state) {
  (void)state;
  size_t (*const bytes)(size_t, size_t, size_t, int) = table->dense_workspace_bytes;
  const size_t half = (size_t)1 << (sizeof(size_t) * 4);
  assert_int_equal(bytes(half, half, 1, 1), SIZE_MAX);
  assert_int_equal(bytes(1, half, half, 1), SIZE_MAX);
  assert_int_equal(bytes(half, 1, half, 1), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX, 2, 1, 1), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX / 4 + 1, 1, 1, 1), SIZE_MAX);
  assert_int_equal(bytes(1, 1, SIZE_MAX / 2, 1), SIZE_MAX);
  /* Blocks are bounded, so that a large layer needs little. */
  assert_true(bytes(1 << 14, 1 << 14, 1 << 14, 1) < 64 << 20);
  assert_true(bytes(1 << 14, 1 << 14, 1 << 14, 64) < (size_t)64 * 5 << 20);
  assert_true(bytes(0, 0, 0, 1) > 0);
  assert_int_equal(bytes(40, 50, 60, 2) % 64, 0);
}

static void test_packed_bytes(void **state) {
  (void)state;
  size_t (*const bytes)(size_t, size_t) = table->dense_packed_bytes;
  const size_t half = (size_t)1 << (sizeof(size_t) * 4);
  assert_int_equal(bytes(half, half), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX, 1), SIZE_MAX);
  assert_int_equal(bytes(1, SIZE_MAX), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX / 4 + 1, 1), SIZE_MAX);
  assert_int_equal(bytes(1, SIZE_MAX / 4 - 1), SIZE_MAX);
  assert_int_equal(bytes(SIZE_MAX / 4 / 32, 64), SIZE_MAX);
  for (size_t in = 0; in < 70; in++)
    for (size_t out = 0; out < 70; out++) {
      assert_int_equal(bytes(in, out) % 64, 0);
      assert_true(bytes(in, out) >= in * out * sizeof(float));
    }
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small),       cmocka_unit_test(test_large),           cmocka_unit_test(test_scales),
      cmocka_unit_test(test_special),     cmocka_unit_test(test_same_everywhere), cmocka_unit_test(test_variants),
      cmocka_unit_test(test_activations), cmocka_unit_test(test_workspace),       cmocka_unit_test(test_packed_bytes),
  };
  return cmocka_run_group_tests_name(table->name, tests, setup_memory, free_memory) ? 1 : 0;
}
