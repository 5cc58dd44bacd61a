/* Threads to places, through hwloc. */
#include "harness/pin.h"

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang's OpenMP runtime would move threads itself and, where binding is forbidden, end the program. Told before its
 * first parallel region it does neither. gcc's runtime has no such function. */
extern void kmp_set_defaults(const char *setting) __attribute__((weak));

/* One hardware thread as a place to sit. */
struct place {
  int sibling; /* its number among the hardware threads of its core; 0 where these stay together */
  int kind;    /* hwloc's rank of its kind of core: a greater one is more powerful; 0 where all are alike */
  unsigned order, pu;
};

/* Cores before siblings, powerful kinds before economical ones, then topology order. */
static int compare_places(const void *a, const void *b) {
  const struct place *left = a, *right = b;
  if (left->sibling != right->sibling) return left->sibling - right->sibling;
  if (left->kind != right->kind) return right->kind - left->kind;
  return left->order < right->order ? -1 : left->order > right->order;
}

static hwloc_obj_t core_of(hwloc_topology_t topology, hwloc_obj_t pu) {
  hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
  return core ? core : pu; /* a virtual machine may not tell */
}

static int sibling_number(hwloc_topology_t topology, hwloc_obj_t pu) {
  const hwloc_obj_t core = core_of(topology, pu);
  int number = 0;
  for (hwloc_obj_t other = pu->prev_cousin; other && core_of(topology, other) == core; other = other->prev_cousin)
    number++;
  return number;
}

int pin_places(hwloc_topology_t topology, enum pin_policy policy, unsigned *places, int limit) {
  const int pus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
  struct place *all = calloc((size_t)(pus > 0 ? pus : 1), sizeof *all);
  if (!all) abort();
  int count = 0;
  for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu));) {
    const int kind = hwloc_cpukinds_get_by_cpuset(topology, pu->cpuset, 0);
    const int sibling = policy == PIN_SIBLINGS ? 0 : sibling_number(topology, pu);
    if (policy != PIN_CORES || sibling == 0)
      all[count++] = (struct place){sibling, kind > 0 ? kind : 0, pu->logical_index, pu->os_index};
  }
  qsort(all, (size_t)count, sizeof *all, compare_places);
  if (count > limit) count = limit;
  for (int i = 0; i < count; i++) places[i] = all[i].pu;
  free(all);
  return count;
}

int pin_capacity(hwloc_topology_t topology, enum pin_policy policy) {
  const int pus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU), limit = pus > 0 ? pus : 1;
  unsigned *places = calloc((size_t)limit, sizeof *places);
  if (!places) abort();
  const int count = pin_places(topology, policy, places, limit);
  free(places);
  return count > 0 ? count : 1;
}

/* "core 3", with the package where there are several and the hardware thread where cores are shared. */
static int place_text(hwloc_topology_t topology, enum pin_policy policy, unsigned place, char *text, size_t size) {
  const hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(topology, place), core = core_of(topology, pu);
  const hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, pu);
  int used = 0;
  if (package && hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE) > 1)
    used = snprintf(text, size, "package %u ", package->os_index);
  used += snprintf(text + used, size - (size_t)used, "core %u", core->os_index);
  if (policy != PIN_CORES && (size_t)used < size)
    used += snprintf(text + used, size - (size_t)used, " thread %d", sibling_number(topology, pu));
  return used;
}

static void describe_places(hwloc_topology_t topology, enum pin_policy policy, const unsigned *places, int count,
                            char *text, size_t size) {
  static const char more[] = ", ...";
  size_t used = 0;
  if (size) text[0] = '\0';
  for (int i = 0; i < count; i++) {
    char one[64];
    place_text(topology, policy, places[i], one, sizeof one);
    const size_t need = strlen(one) + (i ? 2 : 0), reserve = i + 1 < count ? sizeof more : 1;
    if (used + need + reserve > size) {
      if (used + sizeof more <= size) snprintf(text + used, size - used, "%s", more);
      return;
    }
    used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", one);
  }
}

/* Binds the calling thread; 0 or the reason. */
static int bind_here(hwloc_topology_t topology, unsigned place) {
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  if (!set) return ENOMEM;
  hwloc_bitmap_only(set, place);
  const int error = hwloc_set_cpubind(topology, set, HWLOC_CPUBIND_THREAD) == 0 ? 0 : errno ? errno : EIO;
  hwloc_bitmap_free(set);
  return error;
}

bool pin_here(hwloc_topology_t topology, unsigned place) { return bind_here(topology, place) == 0; }

bool pin_threads(hwloc_topology_t topology, enum pin_policy policy, int threads, char *text, size_t size,
                 struct error *error) {
  if (policy == PIN_NONE) {
    snprintf(text, size, "none");
    return true;
  }
  const int capacity = pin_capacity(topology, policy);
  if (threads < 1 || threads > capacity)
    return error_set(error, "cannot pin %d threads: the %s this process may use are %d; --pin=none leaves threads free",
                     threads, policy == PIN_CORES ? "cores" : "hardware threads", capacity);
  unsigned *places = calloc((size_t)capacity, sizeof *places);
  if (!places) return error_set(error, "out of memory");
  pin_places(topology, policy, places, capacity);
  if (kmp_set_defaults) kmp_set_defaults("KMP_AFFINITY=disabled");

  int failed = -1, reason = 0, team = 1;
#pragma omp parallel num_threads(threads)
  {
    const int thread = omp_get_thread_num(), outcome = bind_here(topology, places[thread]);
#pragma omp critical
    {
      team = omp_get_num_threads();
      if (outcome && failed < 0) {
        failed = thread;
        reason = outcome;
      }
    }
  }
  bool done = false;
  if (failed >= 0) {
    char where[64];
    place_text(topology, policy, places[failed], where, sizeof where);
    error_set(error, "cannot pin thread %d to %s: %s; --pin=none leaves threads free", failed, where, strerror(reason));
  } else if (team != threads) {
    error_set(error, "OpenMP gave %d threads instead of %d; unset OMP_THREAD_LIMIT and OMP_DYNAMIC", team, threads);
  } else {
    describe_places(topology, policy, places, threads, text, size);
    done = true;
  }
  free(places);
  return done;
}
