#include "harness/sizes.h"

#include <math.h>
#include <stdlib.h>

#include "harness/residence.h"

/* Where a sweep looks at a level, as parts of its cache: inside, and just inside its edge. The first that lies beyond
 * the edge of the level before comes BEYOND it. */
static const double inside[] = {0.25, 0.5, 0.75, 0.9};
#define BEYOND 1.2
/* In a level hardly larger than the one before: exponents of their ratio. */
static const double between[] = {0.25, 0.5, 0.8};
static const double in_memory[] = {BEYOND, 1.7, 2.5, 4}; /* of the last cache */
/* Without any cache that is known of. */
#define BLIND_FIRST 4096
#define BLIND_LAST ((size_t)64 << 20)

/* Sizes as they come. */
struct sizes {
  double bytes[SIZES_MOST];
  size_t count;
};

static void add(struct sizes *sizes, double bytes) {
  if (sizes->count < SIZES_MOST) sizes->bytes[sizes->count++] = bytes;
}

/* Adds the size, and before it what fills the gap to the last one. */
static void add_after(struct sizes *sizes, double bytes) {
  const double last = sizes->count ? sizes->bytes[sizes->count - 1] : bytes;
  if (bytes <= last * 1.01 && sizes->count) return;
  const int steps = (int)ceil(log(bytes / last) / log(SIZES_GAP));
  for (int i = 1; i < steps; i++) add(sizes, last * pow(bytes / last, (double)i / steps));
  add(sizes, bytes);
}

/* The sizes between the caches of two levels, 0 before the first. */
static void add_level(struct sizes *sizes, double last, double cache) {
  const bool narrow = BEYOND * last > inside[2] * cache;
  for (size_t i = 0; narrow && i < sizeof between / sizeof *between; i++)
    add_after(sizes, last * pow(cache / last, between[i]));
  if (narrow) return;
  if (last > 0) add_after(sizes, BEYOND * last);
  for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
    if (inside[i] * cache > BEYOND * last) add_after(sizes, inside[i] * cache);
}

static void sweep(const struct machine *machine, int threads, struct sizes *sizes) {
  const struct caches caches = residence_caches(machine, threads);
  const double levels[] = {(double)caches.l1, (double)caches.l2, (double)caches.l3};
  const double most = (double)residence_bytes(machine, RESIDENCE_MEMORY, threads);
  double last = 0;
  for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
    if (levels[l] <= last) continue; /* none, or a thread's part is no larger than what is before it */
    add_level(sizes, last, levels[l]);
    last = levels[l];
  }
  for (size_t i = 0; last > 0 && i < sizeof in_memory / sizeof *in_memory; i++)
    if (i == 0 || in_memory[i] * last <= most) add_after(sizes, in_memory[i] * last);
  for (size_t bytes = BLIND_FIRST; last == 0 && bytes <= BLIND_LAST; bytes *= 2) add(sizes, (double)bytes);
}

static void add_choice(const struct machine *machine, int threads, const struct size_choice *choice,
                       struct sizes *sizes) {
  const struct caches caches = residence_caches(machine, threads);
  const size_t levels[] = {1, caches.l1, caches.l2, caches.l3, residence_bytes(machine, RESIDENCE_MEMORY, threads)};
  if (levels[choice->level] > 0) add(sizes, choice->many * (double)levels[choice->level]);
}

static int by_size(const void *a, const void *b) {
  const double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

size_t sizes_list(const struct options *options, const struct machine *machine, int threads, size_t list[SIZES_MOST]) {
  struct sizes sizes = {.count = 0};
  if (options->sweep) sweep(machine, threads, &sizes);
  for (size_t i = 0; i < options->size_count; i++) add_choice(machine, threads, &options->sizes[i], &sizes);
  qsort(sizes.bytes, sizes.count, sizeof *sizes.bytes, by_size);
  size_t count = 0;
  for (size_t i = 0; i < sizes.count; i++) {
    const size_t bytes = (size_t)sizes.bytes[i];
    if (bytes > 0 && (count == 0 || bytes > list[count - 1])) list[count++] = bytes;
  }
  return count;
}
