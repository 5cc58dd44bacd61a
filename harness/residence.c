#include "harness/residence.h"

#include <string.h>

#define MIB ((size_t)1 << 20)
/* Walking through four times the cache evicts every line before it is met again, also where replacement is not LRU. */
#define MEMORY_FACTOR 4
#define MEMORY_LEAST (64 * MIB)
#define MEMORY_MOST (1024 * MIB)
#define MEMORY_SHARE 16 /* of the machine's memory, at most one part in this many */

const char *const residence_names[RESIDENCE_COUNT] = {"L1", "L2", "L3", "memory"};

enum residence residence_find(const char *name) {
  for (enum residence r = 0; r < RESIDENCE_COUNT; r++)
    if (strcmp(name, residence_names[r]) == 0) return r;
  return RESIDENCE_COUNT;
}

/* What one thread has of the caches of a level when that many threads are busy, on distinct cores
 * or on several hardware threads of each, as its scope says. */
static size_t cache_share(const struct machine *machine, int level, int threads) {
  const struct cache *cache = machine_cache(machine, level);
  if (!cache) return 0;
  const int most = cache->cores_sharing * machine_smt(machine, threads);
  const int sharing = most < threads ? most : threads;
  return cache->bytes / (size_t)(sharing > 1 ? sharing : 1);
}

size_t residence_bytes(const struct machine *machine, enum residence residence, int threads) {
  if (residence != RESIDENCE_MEMORY) return cache_share(machine, (int)residence + 1, threads) / 2;
  size_t last = 0;
  for (int level = 1; level <= 3; level++) {
    const size_t share = cache_share(machine, level, threads);
    if (share > last) last = share; /* of a shared level it may be less than of the one before */
  }
  size_t bytes = MEMORY_FACTOR * last * (size_t)threads, most = MEMORY_MOST;
  if (machine->memory_bytes && machine->memory_bytes / MEMORY_SHARE < most) most = machine->memory_bytes / MEMORY_SHARE;
  if (bytes < MEMORY_LEAST) bytes = MEMORY_LEAST;
  return (bytes < most ? bytes : most) / (size_t)threads;
}

struct caches residence_caches(const struct machine *machine, int threads) {
  return (struct caches){.l1 = cache_share(machine, 1, threads),
                         .l2 = cache_share(machine, 2, threads),
                         .l3 = cache_share(machine, 3, threads)};
}

enum residence residence_of(const struct machine *machine, double bytes, int threads) {
  for (enum residence r = RESIDENCE_L1; r < RESIDENCE_MEMORY; r++)
    if (bytes <= (double)cache_share(machine, (int)r + 1, threads) * threads) return r;
  return RESIDENCE_MEMORY;
}
