/* A random cycle through memory, one cache line a node: what a core waits for when it follows it is the latency of
 * wherever the lines are, because neither prefetchers nor the core itself know the next node before. */
#ifndef DEPTHMARK_CHASE_H
#define DEPTHMARK_CHASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* Bytes from one node to the next in memory: a cache line, at least 64. */
size_t chase_line(void);

/* Links the `bytes` of memory, aligned to a line, to one cycle through all their lines, whose order is a pure function
 * of seed (Sattolo 1986). At least two lines, fewer than 2^32. Returns false when memory for the order is out. */
bool chase_build(void *memory, size_t bytes, words_kernel *words, uint64_t seed);

/* The node that many steps behind `node`. */
void *chase_follow(void *node, uint64_t steps);

#endif
