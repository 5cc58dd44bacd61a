#include "harness/suite/elementwise.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/choices.h"
#include "harness/evict.h"
#include "harness/peers/kernels.h"
#include "harness/sizes.h"

/* Columns of kernels that work on rows. */
#define COLUMNS ((size_t)256)
/* Elements of one call on data in memory: long enough that starting costs nothing, short enough for short samples. No
 * power of two, so that no row in a cache has the same shape; whole rows. */
#define WINDOW (3906 * COLUMNS)
#define SMALLEST COLUMNS
#define PEAK_STEPS 24576
/* Arrays start at different offsets from a page, so that none evicts another from a set of the cache. */
#define STAGGER (9 * 64 / sizeof(float))
#define HUGE_PAGE ((size_t)2 << 20)
/* fan_in and fan_out of initializers; any would do. */
#define FAN 1024
#define RATE 1e-6f
#define MOMENTUM 0.9f
/* Far from the beginning, whose corrections are large. */
#define ADAM_STEP 1000

/* ---- one call --------------------------------------------------------------------------------------------------- */

struct elementwise {
  const struct kernel *kernel;
  kernel_function *function;
  struct arena *arena;
  size_t n; /* elements a thread works on in one call */
  bool walks;
  bool streams; /* what is written is not met again before several caches' worth of others */
  struct init init;
};

static void call_once(const struct elementwise *e, const float *x, const float *dy, float *y, float *slope,
                      float *squares, size_t first) {
  struct parameters p = e->kernel->defaults;
  const struct momentum momentum = {.rate = RATE, .momentum = MOMENTUM};
  const struct adam adam = {.rate = RATE, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8f, .step = ADAM_STEP};
  const size_t rows = e->n / COLUMNS;
  p.streamed = e->streams;
  switch (e->kernel->signature) {
  case SIGNATURE_bias: ((bias_kernel *)e->function)(x, e->arena->x, y, rows, COLUMNS, p); break;
  case SIGNATURE_both: ((both_kernel *)e->function)(x, y, slope, e->n, p); break;
  case SIGNATURE_parameter: ((parameter_kernel *)e->function)(x, dy, y, e->n, p); break;
  case SIGNATURE_rows: ((rows_kernel *)e->function)(x, y, rows, COLUMNS); break;
  case SIGNATURE_rows_backward: ((rows_backward_kernel *)e->function)(x, dy, y, rows, COLUMNS); break;
  case SIGNATURE_map: ((map_kernel *)e->function)(x, y, e->n, p); break;
  case SIGNATURE_backward: ((backward_kernel *)e->function)(x, dy, y, e->n, p); break;
  case SIGNATURE_words: ((words_kernel *)e->function)((uint32_t *)y, first / 4, e->n, e->init.seed, 0); break;
  case SIGNATURE_fill: ((fill_kernel *)e->function)(y, first, e->n, &e->init); break;
  case SIGNATURE_round: ((round_kernel *)e->function)(x, (uint16_t *)y, e->n); break;
  case SIGNATURE_widen: ((widen_kernel *)e->function)((const uint16_t *)x, y, e->n); break;
  case SIGNATURE_update: ((update_kernel *)e->function)(y, x, e->n, RATE); break;
  case SIGNATURE_momentum: ((momentum_kernel *)e->function)(y, slope, x, e->n, momentum); break;
  case SIGNATURE_adam: ((adam_kernel *)e->function)(y, slope, squares, x, e->n, adam); break;
  case SIGNATURE_peak: ((peak_kernel *)e->function)(e->n, y); break;
  case SIGNATURE_traffic: ((traffic_kernel *)e->function)(y, x, e->n); break;
  default: break;
  }
}

static void call(void *context, int thread, uint64_t calls) {
  const struct elementwise *e = context;
  const struct arena *arena = e->arena;
  const size_t begin = (size_t)thread * arena->part;
  size_t at = e->walks ? arena->places[thread].next : 0;
  for (; calls > 0; calls--) {
    float *const y = arena->y + begin + at;
    call_once(e, arena->x + begin + at, arena->dy + begin + at, y, arena->slope + begin + at,
              arena->squares + begin + at, begin + at);
    measure_keep(y);
    if (e->walks) at = at + 2 * e->n <= arena->windows_end ? at + e->n : 0;
  }
  if (e->walks) arena->places[thread].next = at;
}

/* ---- arrays ----------------------------------------------------------------------------------------------------- */

static int arrays_used(enum signature signature) {
  switch (signature) {
  case SIGNATURE_adam: return 5;
  case SIGNATURE_both:
  case SIGNATURE_momentum: return 4;
  case SIGNATURE_parameter:
  case SIGNATURE_rows_backward:
  case SIGNATURE_backward: return 3;
  case SIGNATURE_bias:
  case SIGNATURE_rows:
  case SIGNATURE_map:
  case SIGNATURE_round:
  case SIGNATURE_widen:
  case SIGNATURE_update:
  case SIGNATURE_traffic: return 2;
  default: return 1;
  }
}

/* What a call of any thread touches of the arrays that its kernel has. */
static void drop(const void *context) {
  const struct elementwise *e = context;
  const struct arena *arena = e->arena;
  const float *const arrays[] = {arena->y, arena->x, arena->dy, arena->slope, arena->squares};
  for (int a = 0; a < arrays_used(e->kernel->signature); a++)
    for (int thread = 0; thread < arena->threads; thread++)
      evict(arrays[a] + (size_t)thread * arena->part, e->n * sizeof(float));
}

static bool is_elementwise(enum signature signature) {
  return signature != SIGNATURE_dense && signature != SIGNATURE_dense_bf16 && signature != SIGNATURE_loss &&
         signature != SIGNATURE_matrix && signature != SIGNATURE_norm;
}

/* Huge pages, where the system gives them, lay arrays out alike in every run. */
static bool arena_open(struct run *run, struct arena *arena, int threads, struct error *error) {
  const size_t length = (size_t)threads * arena->part, stride = length + STAGGER;
  arena->threads = threads;
  arena->bytes = (size_t)arena->arrays * stride * sizeof(float) + HUGE_PAGE;
  arena->places = aligned_alloc(64, (size_t)threads * sizeof *arena->places);
  arena->block = mmap(NULL, arena->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (arena->block == MAP_FAILED) arena->block = NULL;
  if (!arena->block || !arena->places) return error_set(error, "out of memory: %zu bytes for arrays", arena->bytes);
  float *const base = (float *)(((uintptr_t)arena->block + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
  (void)madvise(base, arena->bytes - HUGE_PAGE, MADV_HUGEPAGE);
  memset(arena->places, 0, (size_t)threads * sizeof *arena->places);
  arena->y = base;
  arena->x = arena->arrays > 1 ? base + stride : base;
  arena->dy = arena->arrays > 2 ? base + 2 * stride : base;
  arena->slope = arena->arrays > 3 ? base + 3 * stride : base;
  arena->squares = arena->arrays > 4 ? base + 4 * stride : base;
  run_pin(run, threads);
  for (int i = 0; i < arena->arrays; i++) fill_normals(run, base + (size_t)i * stride, length, threads, (uint64_t)i);
  for (size_t i = 0; arena->arrays > 4 && i < length; i++) arena->squares[i] *= arena->squares[i];
  return true;
}

static void arena_close(struct arena *arena) {
  if (arena->block) munmap(arena->block, arena->bytes);
  free(arena->places);
}

/* ---- the cases -------------------------------------------------------------------------------------------------- */

/* How a case uses its arrays. */
struct work {
  enum residence residence;
  size_t n;   /* elements that a thread works on in one call */
  bool walks; /* through several caches' worth of windows; else it works on the same elements in every call */
  bool sized; /* by --sizes */
};

static size_t power_of_two_below(size_t n) {
  size_t power = 1;
  while (power <= n / 2) power *= 2;
  return power;
}

/* Elements for one thread: a power of two whose footprint is at most the residence's, and half of it at least. */
static size_t elements_for(const struct run *run, const struct kernel *kernel, enum residence residence, int threads) {
  if (kernel->signature == SIGNATURE_peak) return PEAK_STEPS;
  if (residence == RESIDENCE_MEMORY) return WINDOW;
  const double bytes = kernel->bytes((struct shape){1, 1, 1});
  const size_t n =
      power_of_two_below((size_t)((double)residence_bytes(&run->result->machine, residence, threads) / bytes));
  return n < SMALLEST ? SMALLEST : n;
}

static struct work work_in(const struct run *run, const struct kernel *kernel, enum residence residence, int threads) {
  return (struct work){.residence = residence,
                       .n = elements_for(run, kernel, residence, threads),
                       .walks = residence == RESIDENCE_MEMORY && kernel->signature != SIGNATURE_peak};
}

/* Room in the arena for the case. Each array alone is as large as several caches. */
static void arena_reserve(const struct run *run, struct arena *arena, const struct elementwise *e, int threads) {
  size_t part = e->n;
  if (e->walks) {
    const size_t windows = residence_bytes(&run->result->machine, RESIDENCE_MEMORY, threads) / sizeof(float) / e->n;
    part = windows > 2 ? windows * e->n : 2 * e->n;
    arena->windows_end = part;
  }
  if (part > arena->part) arena->part = part;
  const int arrays = arrays_used(e->kernel->signature);
  if (arrays > arena->arrays) arena->arrays = arrays;
}

/* Whether rows are held against this one, which is of no size that --sizes asks for. */
static bool kernel_needs_limit_row(const struct run *run, const struct kernel *kernel, enum arch arch,
                                   struct work work) {
  if (run->suite != SUITE_LIMITS || !run->plan->rows || work.sized) return false;
  if (kernel->signature == SIGNATURE_peak) return run->plan->peaks[kernel - kernels];
  return cases_arch_selected(run, arch) && run->plan->limits[work.residence];
}

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* How long a core waits for a result does not depend on others: the first number of threads says it. */
static bool is_latency(const struct kernel *kernel) { return ends_with(kernel->name, "_latency"); }

/* Whether a kernel's work is counted in rows and columns. */
static bool has_rows(const struct kernel *kernel) {
  return kernel->signature == SIGNATURE_bias || kernel->signature == SIGNATURE_rows ||
         kernel->signature == SIGNATURE_rows_backward;
}

/* Activations' forward and backward passes are shown wherever the suite looks; SLEEF's in L2; what is beside them -
 * derivatives alone, fused passes, those from the output, rows - in L2 for who asks for the suite or for rows. So is
 * AES in software where the CPU has instructions for it. */
static bool is_shown(const struct run *run, const struct kernel *kernel, enum residence residence) {
  const bool asked = run->options->suites_given || run->options->filter[0];
  if (kernel == &kernels[KERNEL_ars4x32_7]) return asked || !cpu_has(run->cpu, "aes");
  if (run->suite != SUITE_ACTIVATION || ends_with(kernel->name, "_forward") || ends_with(kernel->name, "_backward"))
    return true;
  const bool sleef = ends_with(kernel->name, "_forward_sleef") || ends_with(kernel->name, "_backward_sleef");
  return residence == RESIDENCE_L2 && (sleef || asked);
}

/* Initializers that are a kernel under other names, for who asks for the suite or for rows. */
static bool names_are_shown(const struct run *run) {
  const struct options *options = run->options;
  return run->suite == SUITE_INIT && (options->filter[0] || (options->suites_given && !options->quick));
}

/* Initializers that draw numbers: the others have no operations. */
static bool is_random(const struct kernel *kernel) {
  return kernel->signature == SIGNATURE_fill && kernel->operations((struct shape){1, 1, 1}, 1) > 0;
}

/* Says that the row's numbers come from rng. Other generators than the default are part of the kernel's name; the
 * operations that it counts, Philox4x32-10's, become theirs, held against their limit. */
static void name_generator(struct result_row *row, struct kernel *kernel, enum rng rng, const struct kernel *words) {
  const struct shape one = {1, 1, 1};
  const struct kernel *counted = &kernels[KERNEL_philox4x32_10];
  const size_t length = strlen(row->kernel);
  snprintf(row->rng, sizeof row->rng, "%s", rng_names[rng]);
  if (rng == RNG_PHILOX4X32_10) return;
  snprintf(row->kernel + length, sizeof row->kernel - length, "[%s]", rng_names[rng]);
  row->flops *= words->operations(one, 1) / counted->operations(one, 1);
  kernel->limit = words->limit;
}

/* What a case measures. */
struct subject {
  const struct kernel *kernel;
  const char *name; /* that stands for the kernel with other parameters; NULL: the kernel's */
  struct parameters p;
  enum rng rng;
  const struct peer_kernel *peer; /* does the kernel's work; NULL: ours does */
};

static void add_case(struct run *run, struct cases *cases, struct arena *arena, const struct subject *subject,
                     enum arch arch, struct work work) {
  const struct kernel *kernel = subject->kernel;
  const struct peer_kernel *peer = subject->peer;
  const size_t n = work.n, all = n * (size_t)cases->threads;
  const struct shape size = has_rows(kernel) ? (struct shape){all / COLUMNS, COLUMNS, 1} : (struct shape){1, all, 1};
  char shape[48];
  if (has_rows(kernel))
    snprintf(shape, sizeof shape, "%zux%zu", size.m, size.n);
  else
    snprintf(shape, sizeof shape, "%zu", size.n);
  struct result_row row = cases_row(kernel->suite, kernel, arch, shape, size, cases->threads, work.residence);
  if (kernel->signature == SIGNATURE_peak) row.residence[0] = '\0';
  row.items = (double)all;
  if (subject->name) snprintf(row.kernel, sizeof row.kernel, "%s", subject->name);
  if (peer) snprintf(row.provider, sizeof row.provider, "%s", peer->provider);
  struct kernel held = *kernel;
  if (is_random(kernel))
    name_generator(&row, &held, subject->rng, rng_kernel(subject->rng, arch_table(arch), run->cpu));
  cases_name(&row);
  struct bench_case *added = cases_add(run, cases, &row, &held, kernel_needs_limit_row(run, kernel, arch, work));
  struct elementwise *e = added ? calloc(1, sizeof *e) : NULL;
  if (!e) return;
  *e = (struct elementwise){.kernel = kernel,
                            .function = peer ? peer->function : kernel_in_table(arch_table(arch), kernel),
                            .arena = arena,
                            .n = n,
                            .walks = work.walks,
                            .streams = work.residence == RESIDENCE_MEMORY && kernel->signature != SIGNATURE_peak,
                            .init = rng_init(subject->rng, arch_table(arch), run->cpu)};
  e->init.seed = run->options->seed, e->init.p = subject->p, e->init.fan_in = e->init.fan_out = FAN;
  added->call = call;
  added->context = e;
  added->evict = drop;
  added->team = true;
  added->hot = !e->walks;
  arena_reserve(run, arena, e, cases->threads);
}

/* Our case and, with --peers, those of others for the same work with the same generator. */
static void add_with_peers(struct run *run, struct cases *cases, struct arena *arena, const struct kernel *kernel,
                           enum arch arch, struct work work, enum rng rng) {
  struct subject subject = {.kernel = kernel, .p = kernel->defaults, .rng = rng};
  const struct peer_kernel *peer;
  add_case(run, cases, arena, &subject, arch, work);
  for (size_t i = 0; run->options->peers && (peer = peer_kernel((int)(kernel - kernels), arch, run->cpu, i)); i++) {
    subject.peer = peer;
    if (peer->rng == rng || !is_random(kernel)) add_case(run, cases, arena, &subject, arch, work);
  }
}

/* The generators that a kernel is shown with: that of the options, the fastest for the distributions that others are
 * made of, and where there is a peer to hold it against, Threefry. */
static size_t generators(const struct run *run, const struct kernel *kernel, enum rng list[RNG_COUNT]) {
  const bool uniform = kernel == &kernels[KERNEL_init_uniform], normal = kernel == &kernels[KERNEL_init_normal];
  size_t count = 0;
  list[count++] = run->options->rng;
  if ((uniform || normal) && run->options->rng != RNG_ARS4X32_7) list[count++] = RNG_ARS4X32_7;
  if (uniform && run->options->peers && run->options->rng != RNG_THREEFRY2X32_20) list[count++] = RNG_THREEFRY2X32_20;
  return count;
}

/* The kernel's cases for all archs and generators. */
static void add_kernel(struct run *run, struct cases *cases, struct arena *arena, const struct kernel *kernel,
                       struct work work) {
  enum arch archs[ARCH_COUNT];
  enum rng rngs[RNG_COUNT];
  const size_t arch_count = cases_archs(run, archs), rng_count = generators(run, kernel, rngs);
  for (size_t a = 0; a < arch_count; a++)
    if (cases_can_run(run, archs[a], kernel))
      for (size_t g = 0; g < rng_count; g++) add_with_peers(run, cases, arena, kernel, archs[a], work, rngs[g]);
}

static bool is_of(const struct kernel *kernel, const char *suite) {
  return strcmp(kernel->suite, suite) == 0 && is_elementwise(kernel->signature);
}

static void add_cases(struct run *run, struct cases *cases, struct arena *arena, const char *suite,
                      const enum residence *residences, size_t count) {
  for (const struct kernel *kernel = kernels; kernel < kernels + KERNEL_COUNT; kernel++) {
    if (!is_of(kernel, suite)) continue;
    const bool peak = kernel->signature == SIGNATURE_peak;
    if (is_latency(kernel) && cases->threads != run->options->threads[0]) continue;
    for (size_t r = 0; r < (peak ? 1 : count); r++) {
      if (!peak && residence_bytes(&run->result->machine, residences[r], cases->threads) == 0) continue;
      if (!is_shown(run, kernel, residences[r])) continue;
      add_kernel(run, cases, arena, kernel, work_in(run, kernel, residences[r], cases->threads));
    }
  }
}

/* ---- sizes that were asked for ---------------------------------------------------------------------------------- */

/* Bytes of arrays for each element: in place what is read and written is there once. */
static double footprint(const struct kernel *kernel) {
  const struct shape many = has_rows(kernel) ? (struct shape){COLUMNS, COLUMNS, 1} : (struct shape){1, COLUMNS, 1};
  switch (kernel->signature) {
  case SIGNATURE_update: return 2 * sizeof(float);
  case SIGNATURE_momentum: return 3 * sizeof(float);
  case SIGNATURE_adam: return 4 * sizeof(float);
  default: return kernel->bytes(many) / (double)(many.m * many.n);
  }
}

/* What is worth a sweep: who names rows gets them all. Of limits those that depend on where data lie. */
static bool is_swept(const struct run *run, const struct kernel *kernel) {
  if (run->suite == SUITE_LIMITS) return kernel->signature == SIGNATURE_traffic;
  return run->suite != SUITE_ACTIVATION || run->options->filter[0] || ends_with(kernel->name, "_forward") ||
         ends_with(kernel->name, "_backward");
}

/* Whether the limits suite has that many elements anyway. */
static bool is_usual(const struct run *run, const struct kernel *kernel, size_t n, int threads) {
  for (enum residence r = 0; run->suite == SUITE_LIMITS && r < RESIDENCE_COUNT; r++)
    if (residence_bytes(&run->result->machine, r, threads) && elements_for(run, kernel, r, threads) == n) return true;
  return false;
}

/* Whole rows of elements, whose footprint is at most the size. */
static void add_sized(struct run *run, struct cases *cases, struct arena *arena, const char *suite) {
  size_t sizes[SIZES_MOST];
  const struct machine *machine = &run->result->machine;
  const size_t count = sizes_list(run->options, machine, cases->threads, sizes);
  for (const struct kernel *kernel = kernels; kernel < kernels + KERNEL_COUNT; kernel++) {
    if (!is_of(kernel, suite) || !is_swept(run, kernel)) continue;
    size_t last = 0;
    for (size_t i = 0; i < count; i++) {
      size_t n = (size_t)((double)sizes[i] / footprint(kernel)) / COLUMNS * COLUMNS;
      if (n < SMALLEST) n = SMALLEST;
      if (n == last || is_usual(run, kernel, n, cases->threads)) continue;
      last = n;
      const double bytes = (double)n * footprint(kernel) * cases->threads;
      const struct work work = {.residence = residence_of(machine, bytes, cases->threads), .n = n, .sized = true};
      add_kernel(run, cases, arena, kernel, work);
    }
  }
}

/* ---- initializers that are a kernel with parameters of their own ---------------------------------------------------
 */

static bool is_kernel(const char *initializer) {
  char name[64];
  snprintf(name, sizeof name, "init_%s", initializer);
  return kernel_find(name);
}

/* Every other name of initializers.h for a layer of FAN x FAN, once: they cost what their kernel costs. Not lsuv, which
 * depends on data. */
static void add_named(struct run *run, struct cases *cases, struct arena *arena) {
  enum arch archs[ARCH_COUNT];
  const size_t arch_count = cases_archs(run, archs);
  for (size_t i = 0; i < initializer_count; i++) {
    struct initializer_choice choice;
    struct initializer_fill fill;
    struct error error;
    if (is_kernel(initializers[i].name) || !choose_initializer(initializers[i].name, &choice, &error) ||
        initializer_is_lsuv(&choice) || !initializer_resolve(&choice, FAN, FAN, &fill, &error))
      continue;
    const struct subject subject = {
        .kernel = fill.kernel, .name = initializers[i].name, .p = fill.p, .rng = run->options->rng};
    for (size_t a = 0; a < arch_count; a++)
      add_case(run, cases, arena, &subject, archs[a], work_in(run, fill.kernel, RESIDENCE_L2, cases->threads));
  }
}

/* ---- the suites ------------------------------------------------------------------------------------------------- */

bool elementwise_suite(struct run *run, const char *suite, const enum residence *residences, size_t count,
                       struct error *error) {
  const bool sized = options_want_sizes(run->options);
  bool fine = true;
  for (size_t t = 0; fine && t < run->options->thread_count; t++) {
    struct cases cases = {.threads = run->options->threads[t]};
    struct arena arena = {.arrays = 1};
    /* Cores have caches of their own and scale there by themselves: only the first number of threads is shown in all
     * places, further ones in the last, where cores compete. Limits are needed everywhere. */
    const size_t from = t > 0 && run->suite != SUITE_LIMITS ? count - 1 : 0;
    if (!sized || run->suite == SUITE_LIMITS) add_cases(run, &cases, &arena, suite, residences + from, count - from);
    if (sized) add_sized(run, &cases, &arena, suite);
    if (!sized && t == 0 && names_are_shown(run)) add_named(run, &cases, &arena);
    if (cases.count) fine = arena_open(run, &arena, cases.threads, error) && cases_run(run, &cases, error);
    arena_close(&arena);
    for (size_t i = 0; i < cases.count; i++) free(cases.items[i].context);
    cases_free(&cases);
  }
  return fine;
}

size_t elementwise_residences(const struct run *run, const enum residence **residences) {
  static const enum residence all[] = {RESIDENCE_L1, RESIDENCE_L2, RESIDENCE_MEMORY};
  *residences = run->options->quick ? all + 1 : all;
  return run->options->quick ? 1 : sizeof all / sizeof *all;
}
