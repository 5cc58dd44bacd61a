/* Where data lives while it is worked on: a cache level, or memory. */
#ifndef DEPTHMARK_RESIDENCE_H
#define DEPTHMARK_RESIDENCE_H

#include <stddef.h>

#include "harness/machine.h"

enum residence { RESIDENCE_L1, RESIDENCE_L2, RESIDENCE_L3, RESIDENCE_MEMORY, RESIDENCE_COUNT };
extern const char *const residence_names[RESIDENCE_COUNT]; /* "L1", "L2", "L3", "memory" */

/* The residence of that name, or RESIDENCE_COUNT. */
enum residence residence_find(const char *name);

/* Bytes that one of `threads` threads may work on so that they stay there: half of the cache, of a shared one half of
 * the thread's part. For memory: several times the last cache, capped by what the machine has. 0 when the machine has
 * no such cache. */
size_t residence_bytes(const struct machine *machine, enum residence residence, int threads);

/* The caches that one of `threads` threads has for itself, a shared one in part: what dense layers are blocked for. */
struct caches residence_caches(const struct machine *machine, int threads);

/* The smallest level that holds `bytes` spread over `threads` threads. */
enum residence residence_of(const struct machine *machine, double bytes, int threads);

#endif
