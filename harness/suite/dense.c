/* Dense layers: forward and both backward passes, at square, batched, odd and tiny shapes, of one sample, and beside
 * other libraries. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/evict.h"
#include "harness/peers/kernels.h"
#include "harness/sizes.h"
#include "harness/suite/cases.h"
#include "harness/suite/dense_bf16.h"
#include "harness/suite/layers.h"

/* A shape's arrays, shared by the passes, archs and peers. m = batch, n = out, k = in, as in kernels.def. */
struct arrays {
  struct shape shape;
  float *block;
  void *workspace;
  size_t block_bytes, workspace_bytes;
  float *packed_w[ARCH_COUNT]; /* made for the archs that are asked for packed weights; else NULL */
  float *x, *w, *b, *z, *y, *dz, *dx, *dw, *db;
};

/* What a pass does besides its product and the bias. */
enum extra { EXTRA_NONE, EXTRA_PACKED, EXTRA_RELU };

struct pass {
  dense_kernel *function;
  const struct arrays *arrays;
  const struct kernel_table *table;
  float *const *packed_w;    /* NULL: w is read */
  map_kernel *activation;    /* or NULL */
  backward_kernel *backward; /* or NULL */
  struct caches caches;
  int threads;
};

/* The common ones, and those for who asks for the suite, for rows or for peers: the table is long. */
static const struct shape shapes[] = {{256, 256, 256},  {512, 512, 512},   {1024, 1024, 1024},
                                      {32, 1024, 1024}, {128, 1024, 1024}, {31, 257, 129}};
static const struct shape quick_shapes[] = {{256, 256, 256}, {32, 1024, 1024}, {31, 257, 129}};
static const struct shape all_shapes[] = {{64, 64, 64},       {256, 256, 256},  {512, 512, 512},  {1024, 1024, 1024},
                                          {2048, 2048, 2048}, {32, 1024, 1024}, {64, 1024, 1024}, {128, 1024, 1024},
                                          {256, 4096, 1024},  {31, 257, 129},   {7, 13, 5},       {1, 4096, 4096}};

/* Those of networks, at which weights packed before, activations and derivatives are measured, too. */
static const struct shape network_shapes[] = {{64, 1024, 1024}, {128, 1024, 1024}, {256, 256, 256}};

static bool is_network_shape(struct shape s) {
  for (size_t i = 0; i < sizeof network_shapes / sizeof *network_shapes; i++)
    if (s.m == network_shapes[i].m && s.n == network_shapes[i].n && s.k == network_shapes[i].k) return true;
  return false;
}

static const struct shape *shown_shapes(const struct options *options, size_t *count) {
  if (options->quick) {
    *count = sizeof quick_shapes / sizeof *quick_shapes;
    return quick_shapes;
  }
  const bool all = options_want_all(options);
  *count = all ? sizeof all_shapes / sizeof *all_shapes : sizeof shapes / sizeof *shapes;
  return all ? all_shapes : shapes;
}

static struct dense layer_of(const struct pass *pass) {
  const struct arrays *a = pass->arrays;
  return (struct dense){.batch = a->shape.m,
                        .in = a->shape.k,
                        .out = a->shape.n,
                        .x = a->x,
                        .w = a->w,
                        .packed_w = pass->packed_w ? *pass->packed_w : NULL,
                        .b = a->b,
                        .z = a->z,
                        .y = a->y,
                        .dz = a->dz,
                        .dx = a->dx,
                        .dw = a->dw,
                        .db = a->db,
                        .activation = pass->activation,
                        .backward = pass->backward,
                        .x_z = a->x, /* any numbers of both signs */
                        .workspace = a->workspace,
                        .caches = pass->caches,
                        .threads = pass->threads};
}

/* The smallest product takes about as long as making a struct dense: it is made once a sample. */
static void call(void *context, int thread, uint64_t calls) {
  const struct pass *pass = context;
  const struct dense layer = layer_of(pass);
  dense_kernel *const function = pass->function;
  (void)thread;
  for (; calls > 0; calls--) {
    function(&layer);
    measure_keep(layer.x);
  }
}

static void drop(const void *context) {
  const struct pass *pass = context;
  const struct arrays *a = pass->arrays;
  evict(a->block, a->block_bytes);
  evict(a->workspace, a->workspace_bytes);
  if (pass->packed_w) evict(*pass->packed_w, pass->table->dense_packed_bytes(a->shape.k, a->shape.n));
}

static layers_bytes workspace_bytes(const struct kernel_table *table) { return table->dense_workspace_bytes; }

static size_t aligned(size_t n) { return (n + 15) / 16 * 16; }

static bool arrays_open(const struct run *run, struct arrays *a, int threads, struct error *error) {
  const struct shape s = a->shape;
  const size_t sizes[] = {s.m * s.k, s.k * s.n, s.n, s.m * s.n, s.m * s.n, s.m * s.n, s.m * s.k, s.k * s.n, s.n};
  float **const arrays[] = {&a->x, &a->w, &a->b, &a->z, &a->y, &a->dz, &a->dx, &a->dw, &a->db};
  size_t total = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) total += aligned(sizes[i]);
  a->block_bytes = total * sizeof *a->block;
  a->workspace_bytes = layers_workspace_bytes(run, s, threads, workspace_bytes);
  a->block = aligned_alloc(64, a->block_bytes);
  a->workspace = aligned_alloc(64, a->workspace_bytes);
  if (!a->block || !a->workspace) return error_set(error, "out of memory: %zu bytes for matrices", 4 * total);
  fill_normals(run, a->block, total, threads, 0);
  float *next = a->block;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    *arrays[i] = next;
    next += aligned(sizes[i]);
  }
  return true;
}

/* Makes the packed weights that the cases read. */
static bool arrays_pack(struct arrays *a, const struct cases *cases, struct error *error) {
  for (size_t i = 0; i < cases->count; i++) {
    const struct pass *pass = cases->items[i].context;
    if (!pass->packed_w) continue;
    const size_t bytes = pass->table->dense_packed_bytes(a->shape.k, a->shape.n);
    float *const packed = aligned_alloc(64, bytes);
    a->packed_w[pass->packed_w - a->packed_w] = packed;
    if (!packed) return error_set(error, "out of memory: %zu bytes for packed weights", bytes);
    const struct dense layer = {.in = a->shape.k, .out = a->shape.n, .w = a->w};
    pass->table->dense_pack(&layer, packed);
  }
  return true;
}

static void arrays_close(struct arrays *a) {
  free(a->block);
  free(a->workspace);
  for (size_t i = 0; i < ARCH_COUNT; i++) free(a->packed_w[i]);
}

/* Of what a pass reads and what it writes the larger part is what memory limits: one is many times the other wherever
 * memory is the limit at all. */
static struct traffic traffic_of(const struct kernel *kernel, struct shape s) {
  const double x = 4.0 * (double)(s.m * s.k), w = 4.0 * (double)(s.k * s.n), z = 4.0 * (double)(s.m * s.n);
  double written = z;
  if (kernel == &kernels[KERNEL_dense_backward_data]) written = x;
  if (kernel == &kernels[KERNEL_dense_backward_weights]) written = w;
  const double read = x + w + z - written;
  return read > written ? (struct traffic){read, 0, false} : (struct traffic){0, written, false};
}

/* Marks the row as that of a pass that does more, and counts the bytes of it. */
static void add_extra(struct result_row *row, const struct kernel *kernel, struct shape s, enum extra extra) {
  static const char *const names[] = {[EXTRA_PACKED] = "[packed]", [EXTRA_RELU] = "[relu]"};
  const size_t length = strlen(row->kernel);
  snprintf(row->kernel + length, sizeof row->kernel - length, "%s", names[extra]);
  /* y is written, or x_z is read. */
  if (extra == EXTRA_RELU) row->bytes += 4.0 * (double)(s.m * (kernel == &kernels[KERNEL_dense_forward] ? s.n : s.k));
}

/* Peers that leave packing out of the time stand beside ours that do so. */
static bool leaves_packing_out(const struct peer_kernel *peer) {
  static const char mark[] = "-packed";
  const size_t length = strlen(peer->provider), marked = sizeof mark - 1;
  return length > marked && strcmp(peer->provider + length - marked, mark) == 0;
}

/* peer: whose pass it is; NULL: ours. */
static void add_case(struct run *run, struct cases *cases, const struct arrays *arrays, const struct kernel *kernel,
                     enum arch arch, const struct peer_kernel *peer, enum extra extra) {
  const struct shape s = arrays->shape;
  const struct kernel_table *const table = arch_table(arch);
  const struct pass made = {.function = (dense_kernel *)(peer ? peer->function : kernel_in_table(table, kernel)),
                            .arrays = arrays,
                            .table = table,
                            .packed_w = !peer && extra == EXTRA_PACKED ? &arrays->packed_w[arch] : NULL,
                            .activation = extra == EXTRA_RELU ? table->relu_forward : NULL,
                            .backward = extra == EXTRA_RELU ? table->relu_backward : NULL,
                            .caches = residence_caches(&run->result->machine, cases->threads),
                            .threads = cases->threads};
  const struct dense layer = layer_of(&made);
  if (peer && peer->takes && !peer->takes(&layer)) return;
  char shape[40];
  snprintf(shape, sizeof shape, "%zux%zux%zu", s.m, s.n, s.k);
  const enum residence residence = residence_of(&run->result->machine, kernel->bytes(s), cases->threads);
  struct result_row row = cases_row(kernel->suite, kernel, arch, shape, s, cases->threads, residence);
  row.items = (double)s.m;
  if (extra != EXTRA_NONE) add_extra(&row, kernel, s, extra);
  if (peer) snprintf(row.provider, sizeof row.provider, "%s", peer->provider);
  cases_name(&row);
  struct bench_case *added = cases_add(run, cases, &row, kernel, false);
  if (!added) return;
  cases->traffic[cases->count - 1] = traffic_of(kernel, s);
  added->call = call;
  added->evict = drop;
  added->context = layers_context(&made, sizeof made);
}

static void add_with_peers(struct run *run, struct cases *cases, const struct arrays *arrays,
                           const struct kernel *kernel, enum arch arch) {
  const struct peer_kernel *peer;
  add_case(run, cases, arrays, kernel, arch, NULL, EXTRA_NONE);
  for (size_t i = 0; run->options->peers && (peer = peer_kernel((int)(kernel - kernels), arch, run->cpu, i)); i++)
    add_case(run, cases, arrays, kernel, arch, peer, leaves_packing_out(peer) ? EXTRA_PACKED : EXTRA_NONE);
  if (!options_want_all(run->options) || !is_network_shape(arrays->shape)) return;
  const bool forward = kernel == &kernels[KERNEL_dense_forward];
  if (forward) add_case(run, cases, arrays, kernel, arch, NULL, EXTRA_PACKED);
  if (forward || kernel == &kernels[KERNEL_dense_backward_data])
    add_case(run, cases, arrays, kernel, arch, NULL, EXTRA_RELU);
}

/* All rows of one shape take turns: what is compared is measured within seconds, and no more memory is needed at once
 * than one shape has. */
static bool run_shape(struct run *run, struct shape shape, int threads, struct error *error) {
  struct arrays arrays = {.shape = shape};
  struct cases cases = {.threads = threads};
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  bool fine = true;
  for (size_t k = 0; k < KERNEL_COUNT; k++)
    for (size_t a = 0; kernels[k].signature == SIGNATURE_dense && a < arch_count; a++)
      add_with_peers(run, &cases, &arrays, &kernels[k], archs[a]);
  if (cases.count) {
    run_pin(run, threads);
    fine = arrays_open(run, &arrays, threads, error) && arrays_pack(&arrays, &cases, error) &&
           cases_run(run, &cases, error);
  }
  for (size_t i = 0; i < cases.count; i++) free(cases.items[i].context);
  cases_free(&cases);
  arrays_close(&arrays);
  return fine;
}

/* The largest square layer that --sizes makes: a call is not to take seconds. */
#define SQUARE_MOST ((size_t)2048)
#define SQUARE_STEP ((size_t)8)

/* Square layers whose three matrices have the sizes that were asked for, of all threads together. */
static size_t sized_shapes(const struct run *run, int threads, struct shape list[SIZES_MOST]) {
  size_t sizes[SIZES_MOST], count = 0;
  const size_t size_count = sizes_list(run->options, &run->result->machine, threads, sizes);
  for (size_t i = 0; i < size_count; i++) {
    const double side = sqrt((double)sizes[i] * threads / (3 * sizeof(float)));
    size_t n = side < (double)SQUARE_MOST ? (size_t)side / SQUARE_STEP * SQUARE_STEP : SQUARE_MOST;
    if (n < SQUARE_STEP) n = SQUARE_STEP;
    if (count == 0 || n > list[count - 1].m) list[count++] = (struct shape){n, n, n};
  }
  return count;
}

bool suite_dense(struct run *run, struct error *error) {
  const bool sized = options_want_sizes(run->options);
  for (size_t t = 0; t < run->options->thread_count; t++) {
    const int threads = run->options->threads[t];
    struct shape squares[SIZES_MOST];
    size_t count;
    const struct shape *list = shown_shapes(run->options, &count);
    if (sized) list = squares, count = sized_shapes(run, threads, squares);
    for (size_t s = 0; s < count; s++)
      if (!run_shape(run, list[s], threads, error)) return false;
  }
  return sized || dense_bf16_suite(run, error);
}
