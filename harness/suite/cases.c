#include "harness/suite/cases.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "harness/interrupt.h"
#include "harness/peers/peers.h"
#include "harness/suite/ledger.h"
#include "harness/warmup.h"

/* Scalar rows that only serve comparison get this share of the time of others. */
#define SUPPORT_SHARE 0.2
#define SUPPORT_LEAST_SAMPLES 2
/* They are left out where one call would take them longer than this. */
#define SUPPORT_CALL_SECONDS 0.25

/* On a machine that is so busy that measuring takes this many times what was planned, fewer samples must do. */
#define LATE 1.2

/* ---- which rows ------------------------------------------------------------------------------------------------- */

bool cases_arch_selected(const struct run *run, enum arch arch) {
  for (size_t i = 0; i < run->options->arch_count; i++)
    if (run->options->archs[i] == arch) return true;
  return false;
}

size_t cases_archs(const struct run *run, enum arch archs[ARCH_COUNT]) {
  size_t count = 0;
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
    if (arch == ARCH_SCALAR || cases_arch_selected(run, arch)) archs[count++] = arch;
  return count;
}

bool cases_can_run(const struct run *run, enum arch arch, const struct kernel *kernel) {
  return !kernel_obstacle(arch_table(arch), kernel, run->cpu);
}

bool cases_is_cold(const struct result_row *row) { return strcmp(row->cache, cache_names[CACHE_COLD]) == 0; }

void cases_name(struct result_row *row) {
  const bool own = strcmp(row->provider, OWN_PROVIDER) == 0;
  char smt[16] = "";
  if (row->smt > 1) snprintf(smt, sizeof smt, "/smt:%d", row->smt);
  snprintf(row->name, sizeof row->name, "%s/%s/%s/arch:%s/threads:%d%s%s%s%s%s%s", row->suite, row->kernel, row->shape,
           row->arch, row->threads, row->cores[0] ? "/cores:" : "", row->cores, smt,
           cases_is_cold(row) ? "/cache:cold" : "", own ? "" : "/provider:", own ? "" : row->provider);
}

struct result_row cases_bare_row(const char *suite, enum arch arch, int threads) {
  struct result_row row = {.threads = threads, .smt = 1, .cycles = NAN, .instructions = NAN, .cache_misses = NAN};
  snprintf(row.suite, sizeof row.suite, "%s", suite);
  snprintf(row.arch, sizeof row.arch, "%s", arch_name(arch));
  snprintf(row.cache, sizeof row.cache, "%s", cache_names[CACHE_HOT]);
  return row;
}

struct result_row cases_row(const char *suite, const struct kernel *kernel, enum arch arch, const char *shape_text,
                            struct shape shape, int threads, enum residence residence) {
  struct result_row row = cases_bare_row(suite, arch, threads);
  snprintf(row.provider, sizeof row.provider, "%s", kernel_provider(kernel, row.kernel, sizeof row.kernel));
  snprintf(row.shape, sizeof row.shape, "%s", shape_text);
  snprintf(row.residence, sizeof row.residence, "%s", residence_names[residence]);
  row.flops = kernel->operations(shape, arch_table(arch)->lanes);
  row.bytes = kernel->bytes(shape);
  cases_name(&row);
  return row;
}

/* Whether the user asked for the row, or for the same one of another arch. */
static bool asked_for(const struct run *run, const struct result_row *row, bool any_arch) {
  if (!any_arch) return run_wants(run, row->name);
  struct result_row sibling = *row;
  for (size_t i = 0; i < run->options->arch_count; i++) {
    snprintf(sibling.arch, sizeof sibling.arch, "%s", arch_name(run->options->archs[i]));
    cases_name(&sibling);
    if (run_wants(run, sibling.name)) return true;
  }
  return false;
}

static void *grown(void *array, size_t count, size_t size) {
  void *larger = realloc(array, count * size);
  if (larger) return larger;
  fputs("bench: out of memory\n", stderr);
  abort();
}

/* Elementwise kernels write one float an element. */
static struct traffic traffic_of(enum signature signature, double bytes, double elements) {
  const double written = sizeof(float) * elements;
  switch (signature) {
  case SIGNATURE_words:
  case SIGNATURE_fill:
  case SIGNATURE_map:
  case SIGNATURE_loss:
  case SIGNATURE_norm:
  case SIGNATURE_bias:
  case SIGNATURE_rows:
  case SIGNATURE_rows_backward:
  case SIGNATURE_backward: return (struct traffic){bytes - written, written, false};
  case SIGNATURE_update: return (struct traffic){bytes - written, written, true};
  case SIGNATURE_momentum: return (struct traffic){bytes - 2 * written, 2 * written, true};
  case SIGNATURE_adam: return (struct traffic){bytes - 3 * written, 3 * written, true};
  case SIGNATURE_both: return (struct traffic){bytes - 2 * written, 2 * written, false};
  case SIGNATURE_round:
  case SIGNATURE_widen: return (struct traffic){bytes / 2, bytes / 2, false}; /* as if both sides were as wide */
  case SIGNATURE_parameter:
  case SIGNATURE_dense_bf16: return (struct traffic){bytes, 0, false};
  default: return (struct traffic){0};
  }
}

/* Floating-point operations a second of one lane of one thread, about: for plans, before anything is measured. */
#define LANE_RATE 8e9

/* Warming caches takes about as long as half of the samples; finding the number of calls comes once. Long calls are
 * made as often as samples are needed, and once before. */
static double planned_seconds(const struct result_row *row, double seconds, size_t samples) {
  const enum arch arch = arch_find(row->arch);
  const struct kernel_table *const table = arch < ARCH_COUNT ? arch_table(arch) : NULL;
  const double lanes = table ? table->lanes : 1;
  const double calls = ((double)samples + 1) * row->flops / (LANE_RATE * lanes * row->threads);
  return fmax(1.5 * seconds, calls) + 0.008;
}

/* A call is at least as long as its operations at the peak rate. */
static bool too_slow(const struct run *run, const struct result_row *row, const struct kernel *kernel) {
  const double rate = cases_limit(run->result, kernel->limit, NULL, row->arch, row->threads);
  return rate > 0 && row->flops / rate > SUPPORT_CALL_SECONDS;
}

/* The row where measuring goes on. */
static struct result_row in_scope(const struct run *run, const struct result_row *row) {
  const struct machine *machine = &run->result->machine;
  struct result_row here = *row;
  snprintf(here.cores, sizeof here.cores, "%s", machine->scope.cores);
  here.smt = machine_smt(machine, row->threads);
  cases_name(&here);
  return here;
}

/* The demand number i of the kernel of that name, or NULL. */
static const struct demand *demand(const char *kernel, size_t i) {
  for (size_t d = 0; kernel && d < kernel_demand_count; d++)
    if (strcmp(kernels[kernel_demands[d].kernel].name, kernel) == 0 && i-- == 0) return &kernel_demands[d];
  return NULL;
}

static void plan_limit(struct run *run, const char *limit) {
  const struct kernel *const kernel = kernel_find(limit);
  if (kernel) run->plan->peaks[kernel - kernels] = true;
}

/* Notes which compute limits the kernel will be held against. */
static void plan_limits(struct run *run, const struct kernel *kernel) {
  const struct demand *more;
  plan_limit(run, kernel->limit);
  for (size_t i = 0; (more = demand(kernel->name, i)); i++) plan_limit(run, more->limit);
}

static struct result_row in_state(const struct result_row *row, enum cache_state state) {
  struct result_row other = *row;
  snprintf(other.cache, sizeof other.cache, "%s", cache_names[state]);
  cases_name(&other);
  return other;
}

/* Data in memory is cold in any case, and limits are the hot ones. */
static bool state_wanted(const struct run *run, const struct result_row *row, enum cache_state state, bool needed) {
  const bool in_memory = strcmp(row->residence, residence_names[RESIDENCE_MEMORY]) == 0;
  if (run->suite == SUITE_LIMITS) return state == CACHE_HOT;
  if (state == CACHE_COLD && in_memory) return false;
  return run->options->caches[state] || (state == CACHE_HOT && needed);
}

static size_t least_samples(const struct run *run, bool selected) {
  if (!selected) return SUPPORT_LEAST_SAMPLES;
  return run->options->repetitions > MEASURE_LEAST_SAMPLES ? run->options->repetitions : MEASURE_LEAST_SAMPLES;
}

static void plan_row(struct run *run, const struct result_row *row, const struct kernel *kernel, bool support,
                     double seconds, size_t samples) {
  const enum residence residence = cases_is_cold(row) ? RESIDENCE_MEMORY : residence_find(row->residence);
  run_plan(run, support ? NULL : row->name, planned_seconds(row, seconds, samples));
  if (!support && row->bytes > 0 && residence < RESIDENCE_COUNT) run->plan->limits[residence] = true;
  run->plan->rows |= !support;
  plan_limits(run, kernel);
}

struct bench_case *cases_add(struct run *run, struct cases *cases, const struct result_row *given,
                             const struct kernel *kernel, bool needed) {
  const struct result_row here = in_scope(run, given), *const row = &here;
  const bool selected = cases_arch_selected(run, arch_find(row->arch));
  const double seconds = run->options->min_time * (selected ? 1 : SUPPORT_SHARE);
  const size_t samples = least_samples(run, selected);
  bool wanted[CACHE_STATES] = {0}, support[CACHE_STATES] = {0};
  for (enum cache_state state = 0; state < CACHE_STATES; state++) {
    const struct result_row other = in_state(row, state);
    if (!state_wanted(run, row, state, needed)) continue;
    const bool asked = run->options->suites[run->suite] && asked_for(run, &other, !selected);
    if (!asked && !(needed && state == CACHE_HOT)) continue;
    if (!selected && too_slow(run, row, kernel)) continue;
    support[state] = !asked || !selected;
    wanted[state] = run->planning || ledger_lacks(run->ledger, &other);
    if (run->planning) plan_row(run, &other, kernel, support[state], seconds, samples);
  }
  if (run->planning || (!wanted[CACHE_HOT] && !wanted[CACHE_COLD])) return NULL;
  const size_t i = cases->count++;
  cases->items = grown(cases->items, cases->count, sizeof *cases->items);
  cases->wanted = grown(cases->wanted, cases->count, sizeof *cases->wanted);
  cases->traffic = grown(cases->traffic, cases->count, sizeof *cases->traffic);
  cases->compute_limit = grown(cases->compute_limit, cases->count, sizeof *cases->compute_limit);
  cases->kernels = grown(cases->kernels, cases->count, sizeof *cases->kernels);
  cases->items[i] = (struct bench_case){.row = *row, .hot = true, .seconds = seconds, .least = samples};
  cases->wanted[i] = (struct wanted){wanted[CACHE_HOT], wanted[CACHE_COLD], support[CACHE_HOT], support[CACHE_COLD]};
  cases->traffic[i] = traffic_of(kernel->signature, row->bytes, row->items);
  cases->compute_limit[i] = kernel->limit;
  cases->kernels[i] = kernel->name;
  return &cases->items[i];
}

void cases_free(struct cases *cases) {
  free(cases->items);
  free(cases->wanted);
  free(cases->traffic);
  free(cases->compute_limit);
  free(cases->kernels);
  *cases = (struct cases){0};
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

double cases_limit(const struct result *result, const char *name, const char *residence, const char *arch,
                   int threads) {
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *limit = &result->limits[i];
    if (limit->threads == threads && strcmp(limit->name, name) == 0 && strcmp(limit->arch, arch) == 0 &&
        strcmp(limit->residence, residence ? residence : "") == 0 &&
        strcmp(limit->cores, result->machine.scope.cores) == 0 && limit->smt == machine_smt(&result->machine, threads))
      return limit->value;
  }
  return 0;
}

/* A limit that may bind, and the nanoseconds it asks for; 0 when not known. */
struct bound_time {
  const char *limit;
  double ns;
};

static struct bound_time time_at(const struct result *result, const struct result_row *row, const char *limit,
                                 double bytes) {
  const char *const residence = cases_is_cold(row) ? residence_names[RESIDENCE_MEMORY] : row->residence;
  const double rate = cases_limit(result, limit, residence, row->arch, row->threads);
  return (struct bound_time){limit, rate > 0 ? bytes / rate * 1e9 : 0};
}

/* Streaming stores where they are faster. */
static struct bound_time sooner(struct bound_time a, struct bound_time b) { return b.ns > 0 && b.ns < a.ns ? b : a; }

static struct bound_time later(struct bound_time a, struct bound_time b) { return b.ns > a.ns ? b : a; }

/* What is written where it was read has each line fetched once and written back once, which is what memory_write's
 * stores do to a line by themselves; only what is read besides goes by the read limit. */
static struct bound_time in_place_time(const struct result *result, const struct result_row *row,
                                       struct traffic traffic) {
  struct bound_time time = time_at(result, row, "memory_write", traffic.written);
  if (time.ns > 0) time.ns += time_at(result, row, "memory_read", traffic.read - traffic.written).ns;
  return time;
}

/* The shortest time in which that traffic can pass. What is written passes like a copy of as much, with ordinary or
 * streaming stores; what is written beyond as much as was read, by the write limit. What is read beyond goes by the
 * read limit: beside the copy in L1, where loads and stores have ports of their own, after it elsewhere, where they
 * share one path. Except in place: there an ordinary copy's fetching of lines to be written is the reading. It fetches
 * two lines for each that it writes, more than some in-place traffic; but scalar code is bound by instructions, not by
 * lines, and there the copy asks for less time. */
static struct bound_time memory_time(const struct result *result, const struct result_row *row,
                                     struct traffic traffic) {
  const double copied = fmin(traffic.read, traffic.written);
  const double read = traffic.read - copied, written = traffic.written - copied;
  const struct bound_time all_read = time_at(result, row, "memory_read", traffic.read);
  const struct bound_time all_written = sooner(time_at(result, row, "memory_write", traffic.written),
                                               time_at(result, row, "memory_write_stream", traffic.written));
  if (traffic.written <= 0) return traffic.read > 0 ? all_read : (struct bound_time){"", 0};
  if (traffic.read <= 0) return all_written;
  struct bound_time plain = time_at(result, row, "memory_copy", 2 * copied);
  struct bound_time stream = time_at(result, row, "memory_copy_stream", 2 * copied);
  if (!cases_is_cold(row) && strcmp(row->residence, residence_names[RESIDENCE_L1]) == 0)
    return later(later(sooner(plain, stream), all_read), all_written);
  const double more = time_at(result, row, "memory_read", read).ns;
  plain.ns += time_at(result, row, "memory_write", written).ns;
  stream.ns += more + time_at(result, row, "memory_write_stream", written).ns;
  if (traffic.in_place) return sooner(sooner(plain, in_place_time(result, row, traffic)), stream);
  plain.ns += more;
  return sooner(plain, stream);
}

/* That many operations of a compute limit. */
static struct bound_time compute_time(const struct result *result, const struct result_row *row, const char *limit,
                                      double operations) {
  const double rate = cases_limit(result, limit, NULL, row->arch, row->threads);
  return (struct bound_time){limit, rate > 0 ? operations / rate * 1e9 : 0};
}

/* Names the limit that binds the row and the share of it that was reached. */
static void hold_against_limits(const struct result *result, struct result_row *row, struct traffic traffic,
                                const char *compute_limit, const char *kernel) {
  const struct demand *more;
  struct bound_time most =
      later(memory_time(result, row, traffic), compute_time(result, row, compute_limit, row->flops));
  for (size_t i = 0; (more = demand(kernel, i)); i++)
    most = later(most, compute_time(result, row, more->limit, more->operations * row->items));
  if (most.ns <= 0) return;
  snprintf(row->limit, sizeof row->limit, "%s", most.limit);
  row->fraction_of_limit = most.ns / row->time.median;
}

/* Threads share a row's items evenly. */
static void count_cycles(const struct run *run, struct result_row *row) {
  if (row->core_hertz <= 0) row->core_hertz = run->result->machine.core_hertz;
  const double cycles = row->cycles > 0 ? row->cycles : row->time.median * 1e-9 * row->core_hertz;
  if (row->items > 0) row->cycles_per_item = cycles * row->threads / row->items;
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* The row that an entry has in the result; NULL: not one sample was taken. */
static struct result_row *row_of(const struct run *run, size_t entry) {
  const size_t row = run->ledger->entries[entry]->row;
  return row == SIZE_MAX ? NULL : &run->result->rows[row];
}

static bool is_own(const struct result_row *row) { return strcmp(row->provider, OWN_PROVIDER) == 0; }

/* Whether two rows were measured under the same conditions. */
static bool same_conditions(const struct result_row *a, const struct result_row *b) {
  return a->threads == b->threads && a->smt == b->smt && strcmp(a->cache, b->cache) == 0 &&
         strcmp(a->cores, b->cores) == 0 && strcmp(a->residence, b->residence) == 0;
}

/* Peaks do more operations a call on wider vectors; other kernels do the same work on all archs. */
static double times_faster(const struct result_row *row, const struct result_row *scalar) {
  const double work = scalar->flops > 0 ? row->flops / scalar->flops : 1;
  return work * scalar->time.median / row->time.median;
}

/* Holds the row against our own scalar row of the same work, and ours against the fastest of the peers'. */
static void hold_against_others(const struct run *run, struct result_row *row) {
  for (size_t i = 0; i < run->ledger->count; i++) {
    const struct result_row *other = row_of(run, i);
    if (!other || strcmp(other->kernel, row->kernel) != 0 || strcmp(other->shape, row->shape) != 0 ||
        !same_conditions(other, row))
      continue;
    if (is_own(other) && strcmp(other->arch, arch_name(ARCH_SCALAR)) == 0) row->times_scalar = times_faster(row, other);
    if (!is_own(row) || is_own(other) || strcmp(other->arch, row->arch) != 0 || strcmp(other->rng, row->rng) != 0)
      continue;
    const double times = other->time.median / row->time.median;
    if (row->best_peer[0] && times >= row->times_best_peer) continue;
    snprintf(row->best_peer, sizeof row->best_peer, "%s", other->provider);
    row->times_best_peer = times;
  }
}

void cases_conclude(struct run *run) {
  for (size_t i = 0; i < run->ledger->count; i++) {
    const struct ledger_entry *const entry = run->ledger->entries[i];
    struct result_row *const row = row_of(run, i);
    if (!row) continue;
    count_cycles(run, row);
    hold_against_limits(run->result, row, entry->traffic, entry->compute_limit, entry->kernel);
    hold_against_others(run, row);
    drift_note(&run->drift, row->arch, row->threads, &entry->series);
  }
}

static void show_progress(void *context, const struct bench_case *c, double share) {
  struct run *const run = context;
  const double seconds = run->ledger->more ? 0 : share * c->share * c->whole_seconds;
  run->ledger->told += seconds;
  run_progress(run, seconds, c->row.name);
}

/* What is measured of a case in one state of the caches. */
static void prepare(struct run *run, const struct cases *cases, size_t i, enum cache_state state,
                    struct bench_case *item) {
  *item = cases->items[i];
  item->row = in_state(&item->row, state);
  item->row.support = state == CACHE_COLD ? cases->wanted[i].cold_support : cases->wanted[i].hot_support;
  item->cold = state == CACHE_COLD;
  struct ledger_entry *entry = ledger_find(run->ledger, &item->row);
  if (!entry) {
    entry = ledger_add(run, &item->row, item->seconds, item->least);
    entry->traffic = cases->traffic[i];
    entry->compute_limit = cases->compute_limit[i];
    entry->kernel = cases->kernels[i];
    entry->planned = planned_seconds(&item->row, item->seconds, item->least);
    run->ledger->planned += entry->planned;
  }
  item->whole_seconds = entry->planned;
  item->share = ledger_pass_share(run->ledger, entry);
  item->series = &entry->series;
  item->seconds = entry->target;
  item->least = entry->target_samples;
}

static void keep_row(struct run *run, const struct bench_case *item) {
  struct ledger_entry *const entry = ledger_find(run->ledger, &item->row);
  struct result_row row = item->row;
  if (row.time.samples == 0) return;
  if (item->report) item->report(item->context, &row);
  series_repeat(&entry->series, run->options->repetitions, &row);
  if (entry->row == SIZE_MAX) {
    entry->row = run->result->row_count;
    result_add_row(run->result, &row);
  } else {
    run->result->rows[entry->row] = row;
  }
}

bool cases_run(struct run *run, struct cases *cases, struct error *error) {
  if (cases->count == 0 || interrupted()) return true;
  run_pin(run, cases->threads);
  const struct machine *const machine = &run->result->machine;
  if (run->warm_ns <= 0) run->warm_ns = fmax(warmup_ns(run_best_table(run)->fma_peak), MEASURE_WARM_NS);
  struct measure_settings settings = {.seed = run->options->seed + run->ledger->pass,
                                      .progress = show_progress,
                                      .context = run,
                                      .warm_ns = run->warm_ns,
                                      .count = strcmp(machine->counters, MACHINE_COUNTERS_AVAILABLE) == 0};
  for (size_t i = 0; i < machine->cache_count; i++)
    if (machine->caches[i].bytes > settings.cache_bytes) settings.cache_bytes = machine->caches[i].bytes;
  struct bench_case *const items = grown(NULL, CACHE_STATES * cases->count, sizeof *items);
  size_t count = 0;
  for (size_t i = 0; i < cases->count; i++) {
    if (cases->wanted[i].hot) prepare(run, cases, i, CACHE_HOT, &items[count++]);
    if (cases->wanted[i].cold) prepare(run, cases, i, CACHE_COLD, &items[count++]);
  }
  for (size_t i = 0; i < count && !run->options->min_time_given && !run->ledger->more; i++)
    settings.seconds_most += LATE * items[i].share * items[i].whole_seconds;
  const bool fine = measure(items, count, &settings);
  interrupted(); /* announces that the result is about to change */
  for (size_t i = 0; i < count && fine; i++) keep_row(run, &items[i]);
  free(items);
  return fine || error_set(error, "out of memory while measuring");
}

/* ---- data ------------------------------------------------------------------------------------------------------- */

#define FILL_BLOCK 65536

void fill_normals(const struct run *run, float *values, size_t n, int threads, uint64_t stream) {
  static _Alignas(64) float block[FILL_BLOCK];
  const struct init standard = {.seed = run->options->seed, .stream = stream, .p = {.b = 1}, .fan_in = 1, .fan_out = 1};
  arch_table(run->options->archs[run->options->arch_count - 1])->init_normal(block, 0, FILL_BLOCK, &standard);
#pragma omp parallel num_threads(threads)
  {
    const size_t t = (size_t)omp_get_thread_num(), all = (size_t)threads;
    const size_t end = n / all * (t + 1) + (t + 1 == all ? n % all : 0);
    for (size_t i = n / all * t; i < end; i += FILL_BLOCK)
      memcpy(values + i, block, (end - i < FILL_BLOCK ? end - i : FILL_BLOCK) * sizeof *values);
  }
}
