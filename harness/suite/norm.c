#include "harness/suite/norm.h"

#include <stdlib.h>

#include "harness/evict.h"
#include "harness/suite/cases.h"

/* m = batch, n = units. */
static const struct shape shapes[] = {{64, 256, 1}, {128, 1024, 1}};
static const struct shape few_shapes[] = {{64, 256, 1}};
#define SHAPES_MOST (sizeof shapes / sizeof *shapes)

/* What a shape's rows share. Everything is written before it is read but z, dn, gamma, mean and inverse; the forward
 * passes write mean and inverse anew, as good as the ones before. */
struct memory {
  float *z, *dn, *out;
  float *parameters; /* gamma, beta, their gradients, mean and inverse, each as long as the longer side */
};

struct normalizing {
  norm_kernel *function;
  const struct memory *memory;
  struct shape shape;
  int threads;
};

static size_t longer_side(struct shape s) { return s.m > s.n ? s.m : s.n; }

static void call(void *context, int thread, uint64_t calls) {
  const struct normalizing *normalizing = context;
  const struct memory *m = normalizing->memory;
  const size_t side = longer_side(normalizing->shape);
  const struct norm norm = {.rows = normalizing->shape.m,
                            .columns = normalizing->shape.n,
                            .z = m->z,
                            .gamma = m->parameters,
                            .beta = m->parameters + side,
                            .n = m->out,
                            .mean = m->parameters + 2 * side,
                            .inverse = m->parameters + 3 * side,
                            .dn = m->dn,
                            .dz = m->out,
                            .dgamma = m->parameters + 4 * side,
                            .dbeta = m->parameters + 5 * side,
                            .epsilon = 1e-5f,
                            .threads = normalizing->threads};
  (void)thread;
  for (; calls > 0; calls--) {
    normalizing->function(&norm);
    measure_keep(m->out);
  }
}

static void drop(const void *context) {
  const struct normalizing *normalizing = context;
  const struct memory *m = normalizing->memory;
  const size_t bytes = normalizing->shape.m * normalizing->shape.n * sizeof(float);
  evict(m->z, bytes);
  evict(m->dn, bytes);
  evict(m->out, bytes);
  evict(m->parameters, 6 * longer_side(normalizing->shape) * sizeof(float));
}

static bool memory_open(const struct run *run, struct memory *memory, struct shape s, int threads,
                        struct error *error) {
  const size_t n = s.m * s.n, bytes = n * sizeof(float), parameters = 6 * longer_side(s);
  memory->z = aligned_alloc(64, bytes);
  memory->dn = aligned_alloc(64, bytes);
  memory->out = aligned_alloc(64, bytes);
  memory->parameters = aligned_alloc(64, parameters * sizeof(float));
  if (!memory->z || !memory->dn || !memory->out || !memory->parameters)
    return error_set(error, "out of memory: %zu bytes for a normalization", 3 * bytes);
  fill_normals(run, memory->z, n, threads, 1);
  fill_normals(run, memory->dn, n, threads, 2);
  fill_normals(run, memory->out, n, threads, 3);
  fill_normals(run, memory->parameters, parameters, threads, 4);
  return true;
}

static void memory_close(struct memory *memory) {
  free(memory->z);
  free(memory->dn);
  free(memory->out);
  free(memory->parameters);
}

static void add_case(struct run *run, struct cases *cases, const struct memory *memory, struct shape s,
                     const struct kernel *kernel, enum arch arch) {
  char shape[40];
  snprintf(shape, sizeof shape, "%zux%zu", s.m, s.n);
  const enum residence residence = residence_of(&run->result->machine, kernel->bytes(s), cases->threads);
  struct result_row row = cases_row(kernel->suite, kernel, arch, shape, s, cases->threads, residence);
  row.items = (double)s.m * (double)s.n;
  struct bench_case *added = cases_add(run, cases, &row, kernel, false);
  struct normalizing *normalizing = added ? calloc(1, sizeof *normalizing) : NULL;
  if (!normalizing) return;
  *normalizing = (struct normalizing){.function = (norm_kernel *)kernel_in_table(arch_table(arch), kernel),
                                      .memory = memory,
                                      .shape = s,
                                      .threads = cases->threads};
  added->call = call;
  added->evict = drop;
  added->context = normalizing;
}

static bool run_threads(struct run *run, int threads, struct error *error) {
  const bool all = options_want_all(run->options) && !run->options->quick;
  const struct shape *const list = all ? shapes : few_shapes;
  const size_t shape_count = all ? SHAPES_MOST : sizeof few_shapes / sizeof *few_shapes;
  struct memory memory[SHAPES_MOST] = {0};
  struct cases cases = {.threads = threads};
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  bool fine = true;
  if (!run->planning) run_pin(run, threads);
  for (size_t s = 0; s < shape_count; s++) {
    const size_t before = cases.count;
    for (size_t k = 0; k < KERNEL_COUNT; k++)
      for (size_t a = 0; kernels[k].signature == SIGNATURE_norm && a < arch_count; a++)
        add_case(run, &cases, &memory[s], list[s], &kernels[k], archs[a]);
    if (fine && cases.count > before) fine = memory_open(run, &memory[s], list[s], threads, error);
  }
  fine = fine && cases_run(run, &cases, error);
  for (size_t i = 0; i < cases.count; i++) free(cases.items[i].context);
  cases_free(&cases);
  for (size_t s = 0; s < shape_count; s++) memory_close(&memory[s]);
  return fine;
}

bool norm_suite(struct run *run, struct error *error) {
  for (size_t t = 0; t < run->options->thread_count; t++)
    if (!run_threads(run, run->options->threads[t], error)) return false;
  return true;
}
