/* Other libraries' kernels on one ISA: they do the work that their rows stand for, fills on the words that ours would
 * use, activations on normal numbers. */
#include "harness/peers/kernels.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reference/reference.h"
#include "tests/support.h"

#define COUNT 100003
#define GUARD 77
#define PADDING 16 /* XNNPACK reads up to 16 bytes beyond the end, as its manual says */

/* More than an adapter keeps primitives for, none of them whole vectors; the first again. */
static const size_t lengths[] = {COUNT, 1, 7, 1003, 63, 257, COUNT, 0};

static const struct kernel_table *table;
static float w[COUNT + 1], x[COUNT + PADDING], dy[COUNT + PADDING];
static uint32_t words[COUNT + 1];

/* The very words of our generator, which differ in every bit between seeds, streams and blocks. */
static void expect_uniform(const struct peer_kernel *peer, const struct init *init, uint64_t first) {
  const double width = (double)init->p.b - (double)init->p.a;
  init->generator(words, first / 4, COUNT, init->seed, init->stream);
  for (size_t i = 0; i < COUNT; i++)
    if (!(fabs(w[i] - (init->p.a + width * (words[i] + 0.5) / 0x1p32)) <= width * 0x1p-22))
      fail_msg("%s: seed %" PRIx64 ", stream %" PRIx64 ", element %" PRIu64 " + %zu is %g", peer->provider, init->seed,
               init->stream, first, i, (double)w[i]);
}

static void expect_normal(const struct peer_kernel *peer, const struct init *init) {
  double sum = 0, square = 0, fourth = 0;
  for (size_t i = 0; i < COUNT; i++) {
    const double z = (w[i] - init->p.a) / init->p.b;
    sum += z, square += z * z, fourth += z * z * z * z;
  }
  printf("%s: mean %.4f, variance %.4f, fourth moment %.3f\n", peer->provider, sum / COUNT, square / COUNT,
         fourth / COUNT);
  assert_true(fabs(sum / COUNT) <= 4 / sqrt(COUNT));
  assert_true(fabs(square / COUNT - 1) <= 4 * sqrt(2.0 / COUNT));
  assert_true(fabs(fourth / COUNT - 3) <= 4 * sqrt(96.0 / COUNT));
}

static void expect_fill(const struct peer_kernel *peer, const struct cpu_features *cpu) {
  const struct {
    uint64_t seed, stream, first;
  } places[] = {{5, 0, 0},
                {0, 0, 4},
                {1ull << 32, 1, 1ull << 20},
                {0x123456789abcdef0u, 1ull << 32, 1ull << 40},
                {UINT64_MAX, UINT64_MAX, 4004}};
  for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
    struct init init = rng_init(peer->rng, table, cpu);
    init.seed = places[k].seed, init.stream = places[k].stream, init.fan_in = init.fan_out = 1;
    init.p = (struct parameters){.a = -2, .b = 3};
    ((fill_kernel *)peer->function)(w, places[k].first, COUNT, &init);
    assert_true(w[COUNT] == GUARD);
    switch (peer->kernel) {
    case KERNEL_init_uniform: expect_uniform(peer, &init, places[k].first); break;
    case KERNEL_init_normal: expect_normal(peer, &init); break;
    case KERNEL_init_zeros:
      for (size_t i = 0; i < COUNT; i++) assert_true(w[i] == 0);
      break;
    default: fail_msg("%s is not tested", kernels[peer->kernel].name);
    }
  }
}

/* Other libraries give a few units in the last place of 1, some less; a wrong formula is off by much more. */
#define TOLERANCE 2e-5

static void expect_activation(const struct peer_kernel *peer, size_t n) {
  const struct kernel *kernel = &kernels[peer->kernel];
  const struct parameters p = kernel->defaults;
  const bool backward = kernel->signature == SIGNATURE_backward;
  kernel_function *const reference = reference_functions[peer->kernel];
  double worst = 0;
  for (size_t i = 0; i <= n; i++) w[i] = GUARD;
  if (backward)
    ((backward_kernel *)peer->function)(x, dy, w, n, p);
  else
    ((map_kernel *)peer->function)(x, w, n, p);
  for (size_t i = 0; i < n; i++) {
    const double expected =
        backward ? ((backward_reference *)reference)(x[i], dy[i], p) : ((map_reference *)reference)(x[i], p);
    const double error = fabs(w[i] - expected) / (1 + fabs(expected));
    if (!(error <= TOLERANCE))
      fail_msg("%s %s, %zu elements: f(%.9g), gradient %.9g, is %.9g instead of %.9g", peer->provider, kernel->name, n,
               (double)x[i], (double)dy[i], (double)w[i], expected);
    worst = fmax(worst, error);
  }
  assert_true(w[n] == GUARD);
  printf("  %zu elements: off by %.1g at most\n", n, worst);
}

/* ---- dense layers ----------------------------------------------------------------------------------------------- */

enum { X, W, DZ, RESULT, OURS, TERMS, ARRAYS };
static float *matrices[ARRAYS];
#define MATRIX (300 * 300) /* floats, at least those of any below */

/* Ours is held against double precision elsewhere: two results that are within the bound of a dot product are no
 * further from each other than twice that. The sums of |products| are ours, from the magnitudes. A peer is given bias
 * and db in any case, and ours where it says that it has them. */
static void expect_product(const struct peer_kernel *peer, size_t batch, size_t out, size_t in, size_t gap,
                           int threads) {
  dense_kernel *const own = (dense_kernel *)kernel_in_table(table, &kernels[peer->kernel]);
  const size_t bytes = table->dense_workspace_bytes(batch, in, out, threads);
  struct dense l = {.batch = batch,
                    .in = in,
                    .out = out,
                    .x_stride = gap ? in + gap : 0,
                    .w_stride = gap ? out + gap : 0,
                    .z_stride = gap ? out + gap : 0,
                    .x = matrices[X],
                    .w = matrices[W],
                    .dz = matrices[DZ],
                    .workspace = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64),
                    .threads = threads};
  float db[2][300];
  for (size_t j = 0; j < out; j++) db[0][j] = db[1][j] = GUARD;
  if (peer->takes && !peer->takes(&l)) {
    printf("  %zux%zux%zu on %d threads is not taken\n", batch, out, in, threads);
    free(l.workspace);
    return;
  }
  const bool forward = peer->kernel == KERNEL_dense_forward, data = peer->kernel == KERNEL_dense_backward_data;
  const size_t rows = forward || data ? batch : in, columns = data ? in : out;
  const size_t terms = forward ? in : data ? out : batch;
  assert_true((rows + gap) * (columns + gap) <= MATRIX);
  for (int a = RESULT; a < ARRAYS; a++)
    for (size_t i = 0; i < MATRIX; i++) matrices[a][i] = GUARD;
  l.z = l.dx = l.dw = matrices[RESULT], l.b = matrices[DZ], l.db = db[1];
  ((dense_kernel *)peer->function)(&l);
  l.z = l.dx = l.dw = matrices[OURS], l.db = peer->with_bias ? db[0] : NULL;
  if (!peer->with_bias) l.b = NULL;
  own(&l);
  for (size_t j = 0; j < out; j++)
    assert_true(fabs((double)db[0][j] - (double)db[1][j]) <= 1e-5 * sqrt((double)batch) * 4);
  for (int a = X; a <= DZ; a++)
    for (size_t i = 0; i < MATRIX; i++) matrices[a][i] = fabsf(matrices[a][i]);
  l.z = l.dx = l.dw = matrices[TERMS];
  own(&l);
  double worst = 0;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns + gap; j++) {
      const size_t at = i * (columns + gap) + j;
      const double result = matrices[RESULT][at], ours = matrices[OURS][at];
      const double allowed = j < columns ? 2 * ((double)terms + 2) * 0x1p-24 * matrices[TERMS][at] : 0;
      if (!(fabs(result - ours) <= allowed))
        fail_msg("%s %s of %zux%zux%zu on %d threads: [%zu][%zu] is %.9g, ours %.9g", peer->provider,
                 kernels[peer->kernel].name, batch, out, in, threads, i, j, result, ours);
      if (allowed > 0) worst = fmax(worst, fabs(result - ours) / allowed);
    }
  for (size_t i = rows * (columns + gap); i < MATRIX; i++) assert_true(matrices[RESULT][i] == GUARD);
  printf("  %zux%zux%zu on %d threads: %.2f of the bound\n", batch, out, in, threads, worst);
  free(l.workspace);
}

static void fill_matrices(void) {
  for (int a = X; a <= DZ; a++) {
    const struct init normal = {.seed = test_seed(), .stream = (uint64_t)a, .p = {.b = 1}};
    table->init_normal(matrices[a], 0, MATRIX, &normal);
  }
}

static const size_t layers[][4] = {/* batch, out, in, floats between rows */
                                   {1, 1, 1, 0},     {7, 13, 5, 0},  {64, 64, 64, 0},    {31, 257, 129, 0},
                                   {1, 200, 250, 0}, {17, 33, 9, 3}, {129, 100, 131, 5}, {7, 13, 5, 0}};

static void expect_dense(const struct peer_kernel *peer) {
  for (int threads = 1; threads <= 2; threads++)
    for (size_t k = 0; k < sizeof layers / sizeof *layers; k++) {
      fill_matrices();
      expect_product(peer, layers[k][0], layers[k][1], layers[k][2], layers[k][3], threads);
    }
}

/* A whole layer: what a peer's passes leave out is added, and nothing is added twice. */
static void expect_layer(const struct kernel_table *peer, struct left_out left_out, const char *provider) {
  enum { BATCH = 33, IN = 70, OUT = 45 };
  static const struct left_out nothing;
  static float results[2][2 * BATCH * OUT + BATCH * IN + IN * OUT + OUT];
  const size_t bytes = table->dense_workspace_bytes(BATCH, IN, OUT, 1);
  struct dense l = {.batch = BATCH,
                    .in = IN,
                    .out = OUT,
                    .x = matrices[X],
                    .w = matrices[W],
                    .b = matrices[DZ] + BATCH * OUT,
                    .dz = matrices[DZ],
                    .activation = table->tanh_forward,
                    .backward = table->tanh_backward,
                    .x_z = matrices[X],
                    .workspace = aligned_alloc(64, bytes + 64),
                    .threads = 1};
  for (int i = 0; i < 2; i++) {
    l.z = results[i], l.y = l.z + BATCH * OUT, l.dx = l.y + BATCH * OUT;
    l.dw = l.dx + BATCH * IN, l.db = l.dw + IN * OUT;
    pass_forward(i ? peer : table, i ? left_out : nothing, &l);
    pass_backward_data(i ? peer : table, i ? left_out : nothing, &l);
    pass_backward_weights(i ? peer : table, i ? left_out : nothing, &l);
  }
  for (size_t i = 0; i < sizeof results[0] / sizeof *results[0]; i++)
    if (!(fabs((double)results[0][i] - (double)results[1][i]) <= 1e-4))
      fail_msg("a layer around %s: [%zu] is %.9g, ours %.9g", provider, i, (double)results[1][i],
               (double)results[0][i]);
  free(l.workspace);
}

static void test_layers(void **state) {
  (void)state;
  const struct cpu_features cpu = cpu_detect();
  const char *providers[16];
  const size_t count = dense_peers(arch_find(table->name), &cpu, 1, providers, 16);
  fill_matrices();
  for (size_t i = 0; i < count && i < 16; i++) {
    struct kernel_table peer;
    struct left_out left_out;
    assert_true(dense_peer_table(&peer, &left_out, arch_find(table->name), &cpu, 1, providers[i]));
    printf("%s%s\n", providers[i], left_out.bias ? "" : ", with biases");
    expect_layer(&peer, left_out, providers[i]);
  }
}

static int threads_alive(void) {
  DIR *tasks = opendir("/proc/self/task");
  int count = 0;
  assert_non_null(tasks);
  for (const struct dirent *entry; (entry = readdir(tasks));) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

/* All on this thread, whatever OpenMP would give. */
static void test_values(void **state) {
  (void)state;
  const struct cpu_features cpu = cpu_detect();
  const struct peer_kernel *peer;
  const struct init normal = {.seed = test_seed(), .p = {.b = 1}},
                    other = {.seed = test_seed(), .stream = 1, .p = {.b = 1}};
  table->init_normal(x, 0, COUNT, &normal);
  table->init_normal(dy, 0, COUNT, &other);
#pragma omp parallel num_threads(2)
  assert_true(omp_get_num_threads() <= 2);
  const int alive = threads_alive();
  omp_set_num_threads(4);
  for (int k = 0; k < KERNEL_COUNT; k++)
    for (size_t i = 0; (peer = peer_kernel(k, arch_find(table->name), &cpu, i)); i++) {
      printf("%s %s[%s]\n", peer->provider, kernels[peer->kernel].name, rng_names[peer->rng]);
      w[COUNT] = GUARD;
      switch (kernels[peer->kernel].signature) {
      case SIGNATURE_fill: expect_fill(peer, &cpu); break;
      case SIGNATURE_map:
      case SIGNATURE_backward:
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) expect_activation(peer, lengths[k]);
        break;
      case SIGNATURE_dense: expect_dense(peer); break;
      default: fail_msg("%s is not tested", kernels[peer->kernel].name);
      }
      assert_int_equal(threads_alive(), alive);
    }
}

/* Without the instructions, what needs them is not offered. */
static void test_features(void **state) {
  (void)state;
  struct cpu_features cpu = cpu_detect();
  const struct peer_kernel *peer;
  cpu.aes = cpu.vaes = cpu.asimd_aes = false;
  for (int k = 0; k < KERNEL_COUNT; k++)
    for (size_t i = 0; (peer = peer_kernel(k, arch_find(table->name), &cpu, i)); i++) assert_null(peer->feature);
}

int main(int argc, char **argv) {
  table = test_table(argc, argv);
  if (!peer_kernels_built()) {
    puts("this build has no peers");
    return EXIT_SKIPPED;
  }
  for (int a = 0; a < ARRAYS; a++) matrices[a] = malloc(MATRIX * sizeof(float));
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_layers),
                                     cmocka_unit_test(test_features)};
  const int failed = cmocka_run_group_tests_name(table->name, tests, NULL, NULL);
  for (int a = 0; a < ARRAYS; a++) free(matrices[a]);
  return failed ? 1 : 0;
}
