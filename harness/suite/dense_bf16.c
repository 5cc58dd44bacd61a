#include "harness/suite/dense_bf16.h"

#include <stdlib.h>
#include <string.h>

#include "harness/evict.h"
#include "harness/suite/cases.h"
#include "harness/suite/elementwise.h"
#include "harness/suite/layers.h"

/* m = batch, n = out, k = in, as in kernels.def. */
static const struct shape shapes[] = {{256, 256, 256}, {1024, 1024, 1024}, {128, 1024, 1024}};
static const struct shape quick_shapes[] = {{256, 256, 256}};
#define SHAPES_MOST (sizeof shapes / sizeof *shapes)

/* A shape's arrays, shared by the passes and archs. */
struct arrays {
  struct shape shape;
  float *floats;   /* b, z, dx, dw, db */
  uint16_t *words; /* x, w, y, dz */
  void *workspace, *packed[ARCH_COUNT];
  size_t float_bytes, word_bytes, workspace_bytes;
  struct dense_bf16 layer;
};

struct pass {
  dense_bf16_kernel *function;
  const struct arrays *arrays;
  void *const *packed_w; /* NULL: the weights are packed in each call */
  size_t packed_bytes;
};

static void call(void *context, int thread, uint64_t calls) {
  const struct pass *pass = context;
  struct dense_bf16 layer = pass->arrays->layer;
  if (pass->packed_w) layer.packed_w = *pass->packed_w;
  (void)thread;
  for (; calls > 0; calls--) {
    pass->function(&layer);
    measure_keep(layer.z);
  }
}

static void drop(const void *context) {
  const struct pass *pass = context;
  const struct arrays *a = pass->arrays;
  evict(a->floats, a->float_bytes);
  evict(a->words, a->word_bytes);
  evict(a->workspace, a->workspace_bytes);
  if (pass->packed_w) evict(*pass->packed_w, pass->packed_bytes);
}

static size_t aligned(size_t n) { return (n + 63) / 64 * 64; }

static layers_bytes workspace_bytes(const struct kernel_table *table) { return table->dense_bf16_workspace_bytes; }

static bool arrays_open(const struct run *run, struct arrays *a, int threads, struct error *error) {
  const struct shape s = a->shape;
  const size_t xs = aligned(s.m * s.k), ws = aligned(s.k * s.n), zs = aligned(s.m * s.n), bs = aligned(s.n);
  const size_t floats = 2 * bs + zs + xs + ws, words = xs + ws + 2 * zs;
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  a->float_bytes = floats * sizeof *a->floats, a->word_bytes = words * sizeof *a->words;
  a->workspace_bytes = layers_workspace_bytes(run, s, threads, workspace_bytes);
  a->floats = aligned_alloc(64, a->float_bytes);
  a->words = aligned_alloc(64, a->word_bytes);
  a->workspace = aligned_alloc(64, a->workspace_bytes);
  bool fine = a->floats && a->words && a->workspace;
  for (size_t i = 0; i < arch_count && fine; i++)
    fine = (a->packed[archs[i]] = aligned_alloc(64, arch_table(archs[i])->dense_bf16_packed_bytes(s.k, s.n)));
  if (!fine) return error_set(error, "out of memory: %zu bytes for matrices", 4 * floats + 2 * words);
  const size_t longest = xs > zs ? xs > ws ? xs : ws : zs > ws ? zs : ws;
  float *normals = a->floats;
  fill_normals(run, a->floats, floats, threads, 0);
  for (size_t at = 0; at < words; at += longest)
    arch_table(ARCH_SCALAR)->bf16_round(normals, a->words + at, words - at < longest ? words - at : longest);
  a->layer = (struct dense_bf16){.batch = s.m,
                                 .in = s.k,
                                 .out = s.n,
                                 .b = a->floats,
                                 .db = a->floats + bs,
                                 .z = a->floats + 2 * bs,
                                 .dx = a->floats + 2 * bs + zs,
                                 .dw = a->floats + 2 * bs + zs + xs,
                                 .x = a->words,
                                 .w = a->words + xs,
                                 .y = a->words + xs + ws,
                                 .dz = a->words + xs + ws + zs,
                                 .workspace = a->workspace,
                                 .caches = residence_caches(&run->result->machine, threads),
                                 .threads = threads};
  for (size_t i = 0; i < arch_count; i++) arch_table(archs[i])->dense_bf16_pack(&a->layer, a->packed[archs[i]]);
  return true;
}

static void arrays_close(struct arrays *a) {
  free(a->floats);
  free(a->words);
  free(a->workspace);
  for (size_t i = 0; i < ARCH_COUNT; i++) free(a->packed[i]);
}

/* Adds the pass, or the forward pass with weights that were packed before. */
static void add_case(struct run *run, struct cases *cases, const struct arrays *arrays, const struct kernel *kernel,
                     enum arch arch, bool packed) {
  const struct shape s = arrays->shape;
  char shape[40];
  snprintf(shape, sizeof shape, "%zux%zux%zu", s.m, s.n, s.k);
  const enum residence residence = residence_of(&run->result->machine, kernel->bytes(s), cases->threads);
  struct result_row row = cases_row(kernel->suite, kernel, arch, shape, s, cases->threads, residence);
  row.items = (double)s.m;
  if (packed) {
    const size_t length = strlen(row.kernel);
    snprintf(row.kernel + length, sizeof row.kernel - length, "[packed]");
    cases_name(&row);
  }
  struct bench_case *added = cases_add(run, cases, &row, kernel, false);
  if (!added) return;
  const struct pass made = {(dense_bf16_kernel *)kernel_in_table(arch_table(arch), kernel), arrays,
                            packed ? &arrays->packed[arch] : NULL, arch_table(arch)->dense_bf16_packed_bytes(s.k, s.n)};
  added->call = call;
  added->evict = drop;
  added->context = layers_context(&made, sizeof made);
}

static void add_cases(struct run *run, struct cases *cases, const struct arrays *arrays) {
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  for (size_t k = 0; k < KERNEL_COUNT; k++)
    for (size_t a = 0; kernels[k].signature == SIGNATURE_dense_bf16 && a < arch_count; a++) {
      if (!cases_can_run(run, archs[a], &kernels[k])) continue;
      add_case(run, cases, arrays, &kernels[k], archs[a], false);
      if (k == KERNEL_dense_bf16_forward || k == KERNEL_dense_bf16_forward_dot)
        add_case(run, cases, arrays, &kernels[k], archs[a], true);
    }
}

static bool run_threads(struct run *run, int threads, struct error *error) {
  const struct shape *const list = run->options->quick ? quick_shapes : shapes;
  const size_t shape_count = run->options->quick ? sizeof quick_shapes / sizeof *quick_shapes : SHAPES_MOST;
  struct arrays arrays[SHAPES_MOST] = {0};
  struct cases cases = {.threads = threads};
  bool fine = true;
  if (!run->planning) run_pin(run, threads);
  for (size_t s = 0; s < shape_count; s++) {
    const size_t before = cases.count;
    arrays[s].shape = list[s];
    add_cases(run, &cases, &arrays[s]);
    if (fine && cases.count > before) fine = arrays_open(run, &arrays[s], threads, error);
  }
  fine = fine && cases_run(run, &cases, error);
  for (size_t i = 0; i < cases.count; i++) free(cases.items[i].context);
  cases_free(&cases);
  for (size_t s = 0; s < shape_count; s++) arrays_close(&arrays[s]);
  return fine;
}

bool dense_bf16_suite(struct run *run, struct error *error) {
  static const enum residence in_l2[] = {RESIDENCE_L2};
  if (!run->options->suites_given && !run->options->filter[0]) return true;
  if (!elementwise_suite(run, suite_names[SUITE_DENSE], in_l2, 1, error)) return false;
  for (size_t t = 0; t < run->options->thread_count; t++)
    if (!run_threads(run, run->options->threads[t], error)) return false;
  return true;
}
