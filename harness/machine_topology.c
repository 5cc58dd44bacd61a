/* What this process may use of the machine: cores, kinds of core, caches. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/machine.h"

#define MEGA 1e6
#define ALIKE 1.15 /* frequencies and capacities that differ by less are those of favoured cores of one kind */

bool machine_load_topology(hwloc_topology_t *topology, struct error *error) {
  if (hwloc_topology_init(topology) != 0) return error_set(error, "hwloc cannot start: %s", strerror(errno));
  bool loaded = hwloc_topology_load(*topology) == 0;
  if (!loaded) error_set(error, "hwloc cannot read this machine's topology: %s", strerror(errno));
  /* hwloc leaves out what the control group forbids; the affinity mask is ours to heed. A mask that cannot be read, or
   * a topology from HWLOC_XMLFILE that the mask does not fit, restricts nothing. */
  hwloc_bitmap_t allowed = hwloc_bitmap_alloc();
  if (loaded && allowed && hwloc_topology_is_thissystem(*topology) &&
      hwloc_get_cpubind(*topology, allowed, HWLOC_CPUBIND_THREAD) == 0 &&
      hwloc_bitmap_intersects(allowed, hwloc_topology_get_topology_cpuset(*topology)) &&
      hwloc_topology_restrict(*topology, allowed, 0) != 0)
    loaded = error_set(error, "hwloc cannot restrict the topology to this process's CPUs: %s", strerror(errno));
  hwloc_bitmap_free(allowed);
  if (!loaded) hwloc_topology_destroy(*topology);
  return loaded;
}

static int count_objects(hwloc_topology_t topology, hwloc_obj_type_t type) {
  const int count = hwloc_get_nbobjs_by_type(topology, type);
  return count > 0 ? count : 0;
}

/* Cores of the set; hardware threads where a virtual machine doesn't tell of cores. */
static int count_cores(hwloc_topology_t topology, hwloc_const_cpuset_t set) {
  const int cores = hwloc_get_nbobjs_inside_cpuset_by_type(topology, set, HWLOC_OBJ_CORE);
  return cores > 0 ? cores : hwloc_get_nbobjs_inside_cpuset_by_type(topology, set, HWLOC_OBJ_PU);
}

/* ---- kinds of core ---------------------------------------------------------------------------------------------- */

static const char *kind_info(const struct hwloc_info_s *infos, unsigned count, const char *name) {
  for (unsigned i = 0; i < count; i++)
    if (strcmp(infos[i].name, name) == 0) return infos[i].value;
  return NULL;
}

/* Part of row names and of --cores: letters, digits and hyphens only. */
static void clean_name(char *name) {
  for (; *name; name++)
    if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9')))
      *name = '-';
}

/* What hwloc says of its kind of that rank. */
struct raw_kind {
  struct core_kind kind;
  bool typed;      /* the maker has a name for it */
  double capacity; /* that Linux gives it; 0: not known */
};

/* Named by what the maker calls it, else by its capacity, else by its rank. */
static struct raw_kind read_kind(hwloc_topology_t topology, unsigned rank) {
  struct raw_kind raw = {.kind.ranks = 1u << rank};
  struct core_kind *kind = &raw.kind;
  struct hwloc_info_s *infos = NULL;
  unsigned count = 0;
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  if (set && hwloc_cpukinds_get_info(topology, rank, set, &kind->efficiency, &count, &infos, 0) == 0) {
    kind->cores = count_cores(topology, set);
    kind->hardware_threads = hwloc_bitmap_weight(set);
  }
  hwloc_bitmap_free(set);
  const char *type = kind_info(infos, count, "CoreType"), *capacity = kind_info(infos, count, "LinuxCapacity");
  const char *megahertz = kind_info(infos, count, "FrequencyMaxMHz");
  if (kind->efficiency < 0) kind->efficiency = 0; /* hwloc can't tell */
  kind->max_hertz = megahertz ? MEGA * atof(megahertz) : 0;
  raw.typed = type != NULL;
  raw.capacity = capacity ? atof(capacity) : 0;
  if (type)
    snprintf(kind->name, sizeof kind->name, "%.*s", CORE_KIND_NAME - 4, type);
  else if (capacity)
    snprintf(kind->name, sizeof kind->name, "capacity%.8s", capacity);
  else
    snprintf(kind->name, sizeof kind->name, "kind%u", rank);
  clean_name(kind->name);
  return raw;
}

static bool near(double a, double b) { return fmax(a, b) <= ALIKE * fmin(a, b); }

/* Whether two of hwloc's kinds are one to us: cores of one type that may run a little faster than others. Kinds of
 * which only the rank is known are not. */
static bool alike(const struct raw_kind *a, const struct raw_kind *b) {
  if (a->typed != b->typed || (a->typed && strcmp(a->kind.name, b->kind.name) != 0)) return false;
  const bool told = a->typed || a->capacity > 0 || a->kind.max_hertz > 0;
  return told && near(a->kind.max_hertz, b->kind.max_hertz) && near(a->capacity, b->capacity);
}

static int compare_kinds(const void *left, const void *right) {
  const struct core_kind *a = left, *b = right;
  if (a->efficiency != b->efficiency) return b->efficiency - a->efficiency;
  if (a->max_hertz != b->max_hertz) return a->max_hertz < b->max_hertz ? 1 : -1;
  return a->ranks < b->ranks ? 1 : -1;
}

/* A second kind of the same name becomes NAME-2. */
static void tell_apart(struct core_kind *kinds, size_t count) {
  for (size_t i = 0; i < count; i++) {
    int number = 1;
    for (size_t j = i + 1; j < count; j++)
      if (strcmp(kinds[j].name, kinds[i].name) == 0) {
        const size_t length = strlen(kinds[j].name);
        snprintf(kinds[j].name + length, sizeof kinds[j].name - length, "-%d", ++number);
      }
  }
}

/* One kind alone counts where its maker has a name for it: then there are others, which this process may not use. */
static void describe_kinds(struct machine *machine, hwloc_topology_t topology) {
  const int count = hwloc_cpukinds_get_nr(topology, 0);
  struct raw_kind found[CORE_KINDS_MOST];
  size_t kinds = 0;
  for (int i = 0; i < count && i < 32; i++) {
    const struct raw_kind raw = read_kind(topology, (unsigned)i);
    size_t same = 0;
    while (same < kinds && !alike(&found[same], &raw)) same++;
    if (raw.kind.hardware_threads == 0 || same == CORE_KINDS_MOST) continue;
    if (same == kinds) {
      found[kinds++] = raw;
      continue;
    }
    struct core_kind *into = &found[same].kind;
    into->cores += raw.kind.cores, into->hardware_threads += raw.kind.hardware_threads;
    into->ranks |= raw.kind.ranks;
    into->max_hertz = fmax(into->max_hertz, raw.kind.max_hertz);
    if (raw.kind.efficiency > into->efficiency) into->efficiency = raw.kind.efficiency;
  }
  if (kinds == 0 || (kinds == 1 && !found[0].typed)) return;
  for (size_t k = 0; k < kinds; k++) machine->kinds[k] = found[k].kind;
  machine->kind_count = kinds;
  qsort(machine->kinds, kinds, sizeof machine->kinds[0], compare_kinds);
  tell_apart(machine->kinds, kinds);
}

void machine_kind_set(const struct machine *machine, hwloc_topology_t topology, size_t kind, hwloc_bitmap_t set) {
  hwloc_bitmap_t one = hwloc_bitmap_alloc();
  hwloc_bitmap_zero(set);
  for (unsigned rank = 0; one && rank < 32; rank++)
    if (machine->kinds[kind].ranks >> rank & 1 &&
        hwloc_cpukinds_get_info(topology, rank, one, NULL, NULL, NULL, 0) == 0)
      hwloc_bitmap_or(set, set, one);
  hwloc_bitmap_free(one);
}

/* ---- caches ----------------------------------------------------------------------------------------------------- */

/* The caches of a type that cores of the set (NULL: all) have; level 0 where there are none. */
static struct cache read_caches(hwloc_topology_t topology, hwloc_obj_type_t type, int level, hwloc_const_cpuset_t set) {
  struct cache cache = {.level = 0};
  for (hwloc_obj_t object = NULL; (object = hwloc_get_next_obj_by_type(topology, type, object));) {
    if (object->attr->cache.size == 0 || (set && !hwloc_bitmap_intersects(object->cpuset, set))) continue;
    if (cache.count++ > 0) continue;
    const int sharing = hwloc_get_nbobjs_inside_cpuset_by_type(topology, object->cpuset, HWLOC_OBJ_CORE);
    cache.level = level;
    cache.bytes = object->attr->cache.size;
    cache.cores_sharing = sharing > 0 ? sharing : 1;
  }
  return cache;
}

static void add_cache(struct machine *machine, const struct cache *cache, const char *cores) {
  if (cache->level == 0 || machine->cache_count == sizeof machine->caches / sizeof machine->caches[0]) return;
  struct cache *added = &machine->caches[machine->cache_count++];
  *added = *cache;
  snprintf(added->cores, sizeof added->cores, "%s", cores);
}

/* One entry for each level, or for each kind of core where they have different caches. */
static void describe_level(struct machine *machine, hwloc_topology_t topology, hwloc_obj_type_t type, int level) {
  struct cache of_kind[CORE_KINDS_MOST];
  bool same = true;
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  for (size_t k = 0; set && k < machine->kind_count; k++) {
    machine_kind_set(machine, topology, k, set);
    of_kind[k] = read_caches(topology, type, level, set);
    same = same && of_kind[k].bytes == of_kind[0].bytes && of_kind[k].cores_sharing == of_kind[0].cores_sharing;
  }
  hwloc_bitmap_free(set);
  const struct cache all = read_caches(topology, type, level, NULL);
  if (same) add_cache(machine, &all, "");
  for (size_t k = 0; !same && k < machine->kind_count; k++) add_cache(machine, &of_kind[k], machine->kinds[k].name);
}

static void describe_caches(struct machine *machine, hwloc_topology_t topology) {
  static const hwloc_obj_type_t levels[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE,
                                            HWLOC_OBJ_L5CACHE};
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) describe_level(machine, topology, levels[i], (int)i + 1);
}

const struct cache *machine_cache(const struct machine *machine, int level) {
  const char *cores = machine->kind_count ? machine->kinds[machine->scope.kind].name : "";
  for (size_t i = 0; i < machine->cache_count; i++) {
    const struct cache *cache = &machine->caches[i];
    if (cache->level == level && (!cache->cores[0] || strcmp(cache->cores, cores) == 0)) return cache;
  }
  return NULL;
}

size_t machine_cache_bytes(const struct machine *machine, int level) {
  const struct cache *cache = machine_cache(machine, level);
  return cache ? cache->bytes : 0;
}

int machine_smt(const struct machine *machine, int threads) {
  const struct core_scope *scope = &machine->scope;
  if (scope->shared_beyond && threads > scope->shared_beyond)
    return (threads + scope->shared_beyond - 1) / scope->shared_beyond;
  return scope->smt > 1 ? scope->smt : 1;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static void append_count(char *text, size_t size, int count, const char *one, const char *many) {
  const size_t used = strlen(text);
  snprintf(text + used, size - used, "%s%d %s", used ? ", " : "", count, count == 1 ? one : many);
}

void machine_describe_topology(struct machine *machine, hwloc_topology_t topology) {
  machine->hardware_threads = count_objects(topology, HWLOC_OBJ_PU);
  machine->cores = count_objects(topology, HWLOC_OBJ_CORE);
  if (machine->cores == 0) machine->cores = machine->hardware_threads;
  machine->packages = count_objects(topology, HWLOC_OBJ_PACKAGE);
  if (machine->packages == 0) machine->packages = 1;
  machine->numa_nodes = count_objects(topology, HWLOC_OBJ_NUMANODE);
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  machine->online_threads = online > 0 ? (int)online : machine->hardware_threads;
  machine->online_cores = machine->online_threads;
  describe_kinds(machine, topology);

  char *text = machine->topology;
  const size_t size = sizeof machine->topology;
  append_count(text, size, machine->packages, "package", "packages");
  append_count(text, size, machine->numa_nodes, "NUMA node", "NUMA nodes");
  append_count(text, size, machine->cores, "core", "cores");
  append_count(text, size, machine->hardware_threads, "hardware thread", "hardware threads");
  for (size_t k = 0; k < machine->kind_count; k++) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%d %s", k ? " + " : " (", machine->kinds[k].cores, machine->kinds[k].name);
  }
  if (machine->kind_count) snprintf(text + strlen(text), size - strlen(text), ")");
  describe_caches(machine, topology);
  machine->memory_bytes = hwloc_get_root_obj(topology)->total_memory;
}
