/* Dense layers: forward and both backward passes, at square, batched and odd shapes. */
#include <stdlib.h>
#include <string.h>

#include "harness/suite/cases.h"
#include "harness/suite/dense_bf16.h"

/* A shape's arrays, shared by the passes and archs. m = batch, n = out, k = in, as in kernels.def. */
struct arrays {
  struct shape shape;
  float *block;
  void *workspace;
  float *x, *w, *b, *z, *y, *dz, *dx, *dw, *db;
};

struct pass {
  dense_kernel *function;
  const struct arrays *arrays;
  map_kernel *activation;
  int threads;
};

static const struct shape shapes[] = {{256, 256, 256},  {512, 512, 512},   {1024, 1024, 1024},
                                      {32, 1024, 1024}, {128, 1024, 1024}, {31, 257, 129}};
static const struct shape quick_shapes[] = {{256, 256, 256}, {32, 1024, 1024}, {31, 257, 129}};
#define SHAPES_MOST (sizeof shapes / sizeof *shapes)

static void call(void *context, int thread, uint64_t calls) {
  const struct pass *pass = context;
  const struct arrays *a = pass->arrays;
  const struct dense layer = {.batch = a->shape.m,
                              .in = a->shape.k,
                              .out = a->shape.n,
                              .x = a->x,
                              .w = a->w,
                              .b = a->b,
                              .z = a->z,
                              .y = a->y,
                              .dz = a->dz,
                              .dx = a->dx,
                              .dw = a->dw,
                              .db = a->db,
                              .activation = pass->activation,
                              .workspace = a->workspace,
                              .threads = pass->threads};
  (void)thread;
  for (; calls > 0; calls--) {
    pass->function(&layer);
    measure_keep(a->block);
  }
}

static size_t workspace_bytes(const struct run *run, struct shape s, int threads) {
  enum arch archs[ARCH_COUNT];
  const size_t count = cases_archs(run, archs);
  size_t most = 64;
  for (size_t i = 0; i < count; i++) {
    const size_t bytes = arch_table(archs[i])->dense_workspace_bytes(s.m, s.k, s.n, threads);
    if (bytes > most) most = bytes;
  }
  return (most + 63) / 64 * 64;
}

static size_t aligned(size_t n) { return (n + 15) / 16 * 16; }

static bool arrays_open(const struct run *run, struct arrays *a, int threads, struct error *error) {
  const struct shape s = a->shape;
  const size_t sizes[] = {s.m * s.k, s.k * s.n, s.n, s.m * s.n, s.m * s.n, s.m * s.n, s.m * s.k, s.k * s.n, s.n};
  float **const arrays[] = {&a->x, &a->w, &a->b, &a->z, &a->y, &a->dz, &a->dx, &a->dw, &a->db};
  size_t total = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) total += aligned(sizes[i]);
  a->block = aligned_alloc(64, total * sizeof *a->block);
  a->workspace = aligned_alloc(64, workspace_bytes(run, s, threads));
  if (!a->block || !a->workspace) return error_set(error, "out of memory: %zu bytes for matrices", 4 * total);
  fill_normals(run, a->block, total, threads, 0);
  float *next = a->block;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    *arrays[i] = next;
    next += aligned(sizes[i]);
  }
  return true;
}

static void add_case(struct run *run, struct cases *cases, const struct arrays *arrays, const struct kernel *kernel,
                     enum arch arch) {
  const struct shape s = arrays->shape;
  char shape[40];
  snprintf(shape, sizeof shape, "%zux%zux%zu", s.m, s.n, s.k);
  const enum residence residence = residence_of(&run->result->machine, kernel->bytes(s), cases->threads);
  struct result_row row = cases_row(kernel->suite, kernel, arch, shape, s, cases->threads, residence);
  row.items = (double)s.m;
  struct bench_case *added = cases_add(run, cases, &row, kernel, false);
  struct pass *pass = added ? calloc(1, sizeof *pass) : NULL;
  if (!pass) return;
  *pass = (struct pass){(dense_kernel *)kernel_in_table(arch_table(arch), kernel), arrays,
                        arch_table(arch)->relu_forward, cases->threads};
  added->call = call;
  added->context = pass;
}

static bool run_threads(struct run *run, int threads, struct error *error) {
  const struct shape *const list = run->options->quick ? quick_shapes : shapes;
  const size_t shape_count = run->options->quick ? sizeof quick_shapes / sizeof *quick_shapes : SHAPES_MOST;
  struct arrays arrays[SHAPES_MOST] = {0};
  struct cases cases = {.threads = threads};
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  bool fine = true;
  if (!run->planning) run_pin(run, threads);
  for (size_t s = 0; s < shape_count; s++) {
    const size_t before = cases.count;
    arrays[s].shape = list[s];
    for (size_t k = 0; k < KERNEL_COUNT; k++)
      for (size_t a = 0; kernels[k].signature == SIGNATURE_dense && a < arch_count; a++)
        add_case(run, &cases, &arrays[s], &kernels[k], archs[a]);
    if (fine && cases.count > before) fine = arrays_open(run, &arrays[s], threads, error);
  }
  fine = fine && cases_run(run, &cases, error);
  for (size_t i = 0; i < cases.count; i++) free(cases.items[i].context);
  cases_free(&cases);
  for (size_t s = 0; s < shape_count; s++) {
    free(arrays[s].block);
    free(arrays[s].workspace);
  }
  return fine;
}

bool suite_dense(struct run *run, struct error *error) {
  for (size_t t = 0; t < run->options->thread_count; t++)
    if (!run_threads(run, run->options->threads[t], error)) return false;
  return dense_bf16_suite(run, error);
}
