/* Takes data out of every cache, for measuring calls that find theirs in memory. */
#ifndef DEPTHMARK_EVICT_H
#define DEPTHMARK_EVICT_H

#include <stdbool.h>
#include <stddef.h>

/* Writes back and drops the cache lines of [data, data + bytes), from the caches of all cores: clflushopt or clflush on
 * x86-64, dc civac on arm64. Returns false, and does nothing, on processors where a program cannot ask for that. It is
 * only done with after evict_wait(). */
bool evict(const void *data, size_t bytes);
void evict_wait(void);

/* A buffer that is larger than the last cache: reading it through drops what was there. It allocates on first use, as
 * large as cache_bytes and as many again; false: memory is out. */
struct evictor {
  char *block;
  size_t bytes;
};
bool evict_everything(struct evictor *evictor, size_t cache_bytes);
void evict_free(struct evictor *evictor);

#endif
