#include "harness/suite/matrix.h"

#include <stdlib.h>
#include <string.h>

#include "harness/evict.h"
#include "harness/peers/openblas.h"
#include "harness/suite/cases.h"

/* m = rows, n = columns, as in kernels.def. A block's worth, square layers, and the first layer of an image. */
static const struct shape shapes[] = {{64, 64, 1}, {256, 256, 1}, {512, 512, 1}, {1024, 1024, 1}, {784, 256, 1}};
static const struct shape quick_shapes[] = {{256, 256, 1}};
#define SHAPES_MOST (sizeof shapes / sizeof *shapes)

/* What a shape's rows share. */
struct memory {
  struct shape shape;
  float *w;
  void *workspace;
  size_t bytes, workspace_bytes;
};

struct making {
  matrix_kernel *function; /* ours; NULL: OpenBLAS with the normals of table */
  const struct kernel_table *table;
  const struct memory *memory;
  struct init init;
  int threads;
};

static void call(void *context, int thread, uint64_t calls) {
  const struct making *making = context;
  const struct memory *memory = making->memory;
  (void)thread;
  const size_t rows = memory->shape.m, columns = memory->shape.n;
  for (; calls > 0; calls--) {
    if (making->function)
      making->function(memory->w, rows, columns, &making->init, making->threads, memory->workspace);
    else
      openblas_orthogonal(making->table, memory->w, rows, columns, &making->init, making->threads, memory->workspace);
    measure_keep(memory->w);
  }
}

static void drop(const void *context) {
  const struct memory *memory = ((const struct making *)context)->memory;
  evict(memory->w, memory->bytes);
  evict(memory->workspace, memory->workspace_bytes);
}

static size_t workspace_bytes(const struct run *run, struct shape s, int threads) {
  enum arch archs[ARCH_COUNT];
  const size_t count = cases_archs(run, archs);
  size_t most = run->options->peers ? openblas_workspace_bytes(s.m, s.n) : 0;
  for (size_t i = 0; i < count; i++) {
    const size_t bytes = arch_table(archs[i])->matrix_workspace_bytes(s.m, s.n, threads);
    if (bytes > most) most = bytes;
  }
  return (most + 63) / 64 * 64;
}

static bool memory_open(const struct run *run, struct memory *memory, int threads, struct error *error) {
  const struct shape s = memory->shape;
  memory->bytes = (s.m * s.n * sizeof(float) + 63) / 64 * 64;
  memory->workspace_bytes = workspace_bytes(run, s, threads);
  memory->w = aligned_alloc(64, memory->bytes);
  memory->workspace = aligned_alloc(64, memory->workspace_bytes);
  if (!memory->w || !memory->workspace) return error_set(error, "out of memory: %zu bytes for a matrix", memory->bytes);
  return true;
}

/* Adds our kernel's case, or OpenBLAS's for the same work. */
static void add_case(struct run *run, struct cases *cases, const struct memory *memory, const struct kernel *kernel,
                     enum arch arch, bool peer) {
  const struct shape s = memory->shape;
  char shape[40];
  snprintf(shape, sizeof shape, "%zux%zu", s.m, s.n);
  const enum residence residence = residence_of(&run->result->machine, kernel->bytes(s), cases->threads);
  struct result_row row = cases_row(kernel->suite, kernel, arch, shape, s, cases->threads, residence);
  row.items = (double)s.m * (double)s.n;
  if (peer) strcpy(row.provider, "openblas");
  struct bench_case *added = cases_add(run, cases, &row, kernel, false);
  struct making *making = added ? calloc(1, sizeof *making) : NULL;
  if (!making) return;
  *making = (struct making){
      .function = peer ? NULL : (matrix_kernel *)kernel_in_table(arch_table(arch), kernel),
      .table = arch_table(arch),
      .memory = memory,
      .init = {.seed = run->options->seed, .p = kernel->defaults, .fan_in = s.m, .fan_out = s.n},
      .threads = cases->threads,
  };
  added->call = call;
  added->evict = drop;
  added->context = making;
}

static bool run_threads(struct run *run, int threads, struct error *error) {
  const struct shape *const list = run->options->quick ? quick_shapes : shapes;
  const size_t shape_count = run->options->quick ? sizeof quick_shapes / sizeof *quick_shapes : SHAPES_MOST;
  struct memory memory[SHAPES_MOST] = {0};
  struct cases cases = {.threads = threads};
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  bool fine = true;
  if (!run->planning) run_pin(run, threads);
  for (size_t s = 0; s < shape_count; s++) {
    const size_t before = cases.count;
    memory[s].shape = list[s];
    for (size_t k = 0; k < KERNEL_COUNT; k++)
      for (size_t a = 0; kernels[k].signature == SIGNATURE_matrix && a < arch_count; a++) {
        add_case(run, &cases, &memory[s], &kernels[k], archs[a], false);
        if (run->options->peers && k == KERNEL_init_orthogonal && archs[a] != ARCH_SCALAR && openblas_load())
          add_case(run, &cases, &memory[s], &kernels[k], archs[a], true);
      }
    if (fine && cases.count > before) fine = memory_open(run, &memory[s], threads, error);
  }
  fine = fine && cases_run(run, &cases, error);
  for (size_t i = 0; i < cases.count; i++) free(cases.items[i].context);
  cases_free(&cases);
  for (size_t s = 0; s < shape_count; s++) {
    free(memory[s].w);
    free(memory[s].workspace);
  }
  return fine;
}

bool matrix_suite(struct run *run, struct error *error) {
  for (size_t t = 0; t < run->options->thread_count; t++)
    if (!run_threads(run, run->options->threads[t], error)) return false;
  return true;
}
