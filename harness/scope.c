#include "harness/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/pin.h"

/* ---- which cores ------------------------------------------------------------------------------------------------ */

/* Adds a copy; aborts when memory is out. */
static struct scope *add(struct scopes *scopes, const struct scope *scope) {
  scopes->items = realloc(scopes->items, (scopes->count + 1) * sizeof *scopes->items);
  if (!scopes->items) abort();
  scopes->items[scopes->count] = *scope;
  return &scopes->items[scopes->count++];
}

static bool out_of_memory(struct error *error) { return error_set(error, "out of memory"); }

/* Leaves of the set's cores those with that many hardware threads, and of them the first that many. */
static void keep_siblings(hwloc_topology_t topology, hwloc_bitmap_t set, int smt) {
  for (hwloc_obj_t core = NULL; (core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core));) {
    const bool enough = hwloc_get_nbobjs_inside_cpuset_by_type(topology, core->cpuset, HWLOC_OBJ_PU) >= smt;
    int kept = 0;
    unsigned pu;
    hwloc_bitmap_foreach_begin(pu, core->cpuset) {
      if (!enough || kept == smt)
        hwloc_bitmap_clr(set, pu);
      else
        kept++;
    }
    hwloc_bitmap_foreach_end();
  }
}

/* The hardware threads that the scope's threads may sit on; NULL when memory is out. */
static hwloc_bitmap_t places_of(const struct scope *scope, hwloc_topology_t topology, const struct machine *machine) {
  hwloc_bitmap_t set = hwloc_bitmap_dup(hwloc_topology_get_topology_cpuset(topology));
  if (set && scope->cores[0] && strcmp(scope->cores, SCOPE_MIXED) != 0)
    machine_kind_set(machine, topology, scope->kind, set);
  if (set && scope->smt > 1) keep_siblings(topology, set, scope->smt);
  return set;
}

/* Gives the scope the part of the topology that is its own. */
static bool restrict_to(struct scope *scope, hwloc_topology_t topology, hwloc_const_bitmap_t places,
                        struct error *error) {
  scope->topology = topology;
  if (hwloc_bitmap_isequal(places, hwloc_topology_get_topology_cpuset(topology))) return true;
  if (hwloc_topology_dup(&scope->topology, topology) != 0) return out_of_memory(error);
  scope->owned = true;
  return hwloc_topology_restrict(scope->topology, places, 0) == 0 ||
         error_set(error, "hwloc cannot restrict the topology to some of its cores: %s", strerror(errno));
}

/* The kinds that --cores asks for, as indices of machine->kinds; kind_count stands for mixed ones. */
static bool choose_kinds(const struct options *options, const struct machine *machine, size_t *kinds, size_t *count,
                         struct error *error) {
  const char *names[CORE_KINDS_MOST + 3] = {"all", "best", SCOPE_MIXED};
  *count = 0;
  for (size_t k = 0; k < machine->kind_count; k++) names[3 + k] = machine->kinds[k].name;
  if (!options->cores[0]) { /* threads that move about sit on any kind */
    kinds[(*count)++] = options->pin == PIN_NONE && machine->kind_count > 1 ? machine->kind_count : 0;
    return true;
  }
  struct list list;
  if (!parse_list(options->cores, "--cores", &list, error)) return false;
  bool wanted[CORE_KINDS_MOST + 1] = {false};
  for (size_t i = 0; i < list.count; i++) {
    int index;
    if (!parse_name(list.items[i], "--cores", names, 3 + machine->kind_count, &index, error)) return false;
    if (index == 0)
      for (size_t k = 0; k < machine->kind_count; k++) wanted[k] = true;
    else
      wanted[index == 1 ? 0 : index == 2 ? machine->kind_count : (size_t)index - 3] = true;
  }
  for (size_t k = 0; k <= machine->kind_count; k++)
    if (wanted[k]) kinds[(*count)++] = k;
  if (*count == 0) kinds[(*count)++] = 0; /* all of one kind */
  return true;
}

static struct scope describe(const struct options *options, const struct machine *machine, size_t kind, int smt) {
  struct scope scope = {.smt = smt, .pin = options->pin};
  const bool mixed = machine->kind_count > 0 && kind == machine->kind_count;
  if (options->smt_given) scope.pin = smt > 1 ? PIN_SIBLINGS : PIN_CORES;
  scope.kind = mixed ? machine->kind_count - 1 : kind;
  if (machine->kind_count)
    snprintf(scope.cores, sizeof scope.cores, "%s", mixed ? SCOPE_MIXED : machine->kinds[scope.kind].name);
  return scope;
}

/* Adds the scope unless its cores haven't got as many hardware threads: of several kinds some may have them. */
static bool add_scope(struct scopes *scopes, const struct scope *scope, hwloc_topology_t topology, bool several,
                      struct machine *machine, struct error *error) {
  hwloc_bitmap_t places = places_of(scope, topology, machine);
  if (!places) return out_of_memory(error);
  bool fine = true;
  if (!hwloc_bitmap_iszero(places))
    fine = restrict_to(add(scopes, scope), topology, places, error);
  else if (several)
    machine_warn(machine, "%s cores haven't got %d hardware threads each: --smt=%d leaves them out", scope->cores,
                 scope->smt, scope->smt);
  else
    fine = error_set(error, "--smt=%d: none of the%s%s cores that this process may use has %d hardware threads",
                     scope->smt, scope->cores[0] ? " " : "", scope->cores, scope->smt);
  hwloc_bitmap_free(places);
  return fine;
}

static bool add_scopes(struct scopes *scopes, const struct options *options, hwloc_topology_t topology,
                       struct machine *machine, struct error *error) {
  size_t kinds[CORE_KINDS_MOST + 1], count;
  if (!choose_kinds(options, machine, kinds, &count, error)) return false;
  for (size_t k = 0; k < count; k++)
    for (size_t s = 0; s < options->smt_count; s++) {
      const struct scope scope = describe(options, machine, kinds[k], options->smt[s]);
      if (!add_scope(scopes, &scope, topology, count > 1, machine, error)) return false;
    }
  return scopes->count > 0 || error_set(error,
                                        "--smt=%d: none of the cores that this process may use has so many "
                                        "hardware threads",
                                        options->smt[0]);
}

/* ---- how many threads ------------------------------------------------------------------------------------------- */

/* The most threads that make sense without being asked for: one a place, but no more than the quota pays for. */
static int sensible_most(const struct scope *scope, const struct machine *machine) {
  const int places = pin_capacity(scope->topology, scope->pin);
  if (machine->cpu_quota <= 0 || machine->cpu_quota >= places) return places;
  const int paid = (int)machine->cpu_quota / scope->smt * scope->smt;
  return paid > scope->smt ? paid : scope->smt;
}

static bool add_threads(struct scope *scope, int threads, struct error *error) {
  if (scope->thread_count == THREADS_LIMIT)
    return error_set(error, "--threads: at most %d numbers of threads", THREADS_LIMIT);
  scope->threads[scope->thread_count++] = threads;
  return true;
}

static bool refuse(const struct scope *scope, const struct machine *machine, int threads, int most,
                   struct error *error) {
  static const char *const places[] = {"cores", "hardware threads", "hardware threads", "hardware threads"};
  if (scope->smt > 1)
    return error_set(error, "--threads=%d: this process may use %d cores with %d hardware threads each", threads,
                     most / scope->smt, scope->smt);
  if (machine->kind_count > 1 && strcmp(scope->cores, SCOPE_MIXED) != 0)
    return error_set(error,
                     "--threads=%d: this process may use %d %s of kind %s; --cores=" SCOPE_MIXED
                     " lets a team span kinds, --cores=all measures each",
                     threads, most, places[scope->pin], scope->cores);
  return error_set(error, "--threads=%d: this process may use %d %s; --pin=none allows more threads", threads, most,
                   places[scope->pin]);
}

/* The numbers of threads asked for, that many for each core's hardware thread. Those that a kind of core hasn't got are
 * left out if another has them. */
static bool add_listed(struct scope *scope, const struct options *options, bool several, struct machine *machine,
                       struct error *error) {
  const int most = pin_capacity(scope->topology, scope->pin);
  for (size_t i = 0; i < options->thread_count; i++) {
    const int threads = options->threads[i] * scope->smt;
    if (threads > most && scope->pin != PIN_NONE) {
      if (!several) return refuse(scope, machine, options->threads[i], most, error);
      machine_warn(machine, "%d threads on %s cores are left out: this process may use %d", threads, scope->cores,
                   most);
      continue;
    }
    if (threads > most)
      machine_warn(machine, "%d threads share %d hardware threads: their figures say little", threads, most);
    else if (machine->cpu_quota > 0 && threads > machine->cpu_quota)
      machine_warn(machine, "%d threads share a quota of %.2g CPUs' worth of time: their figures say little", threads,
                   machine->cpu_quota);
    if (!add_threads(scope, threads, error)) return false;
  }
  return true;
}

static bool choose_threads(struct scope *scope, const struct options *options, bool several, struct machine *machine,
                           struct error *error) {
  const int most = sensible_most(scope, machine), step = scope->smt;
  if (options->threads_all) {
    for (int threads = step; threads <= most; threads += step)
      if (!add_threads(scope, threads, error)) return false;
    return true;
  }
  if (options->thread_count) return add_listed(scope, options, several, machine, error);
  return add_threads(scope, step, error) && (most <= step || add_threads(scope, most, error));
}

/* Threads of one team that sit on different kinds wait for the slowest. */
static void warn_of_mixing(const struct scope *scope, struct machine *machine) {
  if (strcmp(scope->cores, SCOPE_MIXED) != 0) return;
  if (scope->pin == PIN_NONE)
    machine_warn(machine, "threads are not pinned and move between kinds of core: their figures say little");
  for (size_t i = 0; i < scope->thread_count; i++)
    if (scope->pin != PIN_NONE && scope->threads[i] > machine->kinds[0].cores) {
      machine_warn(machine, "teams of more than %d threads span kinds of core: fast cores wait for slow ones",
                   machine->kinds[0].cores);
      return;
    }
}

/* ---- for others ------------------------------------------------------------------------------------------------- */

bool scopes_open(struct scopes *scopes, struct options *options, hwloc_topology_t topology, struct machine *machine,
                 struct error *error) {
  *scopes = (struct scopes){.options = options};
  if (!add_scopes(scopes, options, topology, machine, error)) return false;
  size_t threads = 0;
  for (size_t i = 0; i < scopes->count; i++) {
    struct scope *scope = &scopes->items[i];
    if (!choose_threads(scope, options, scopes->count > 1, machine, error)) return false;
    warn_of_mixing(scope, machine);
    threads += scope->thread_count;
  }
  const struct scope *last = &scopes->items[scopes->count - 1];
  if (threads == 0) return refuse(last, machine, options->threads[0], pin_capacity(last->topology, last->pin), error);
  return true;
}

void scopes_close(struct scopes *scopes) {
  for (size_t i = 0; i < scopes->count; i++)
    if (scopes->items[i].owned) hwloc_topology_destroy(scopes->items[i].topology);
  free(scopes->items);
  *scopes = (struct scopes){0};
}

void scope_enter(const struct scopes *scopes, const struct scope *scope, struct machine *machine) {
  struct options *options = scopes->options;
  options->pin = scope->pin;
  memcpy(options->threads, scope->threads, scope->thread_count * sizeof *scope->threads);
  options->thread_count = scope->thread_count;
  machine->scope = (struct core_scope){.kind = scope->kind, .smt = scope->smt};
  if (scope->pin == PIN_THREADS) machine->scope.shared_beyond = pin_capacity(scope->topology, PIN_CORES);
  snprintf(machine->scope.cores, sizeof machine->scope.cores, "%s", scope->cores);
}
