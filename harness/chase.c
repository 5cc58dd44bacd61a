#include "harness/chase.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

size_t chase_line(void) {
  const long line = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);
  return line > 64 && line <= 4096 && (line & (line - 1)) == 0 ? (size_t)line : 64;
}

#define BLOCK 4096 /* words at a time */

/* next[i] = the node behind node i. */
static void link_randomly(uint32_t *next, size_t n, words_kernel *words, uint64_t seed) {
  uint32_t block[BLOCK];
  for (size_t i = 0; i < n; i++) next[i] = (uint32_t)i;
  for (size_t i = n - 1, used = 0; i > 0; i--, used++) {
    if (used % BLOCK == 0) words(block, used / 4, BLOCK, seed, 0);
    const size_t j = (size_t)((uint64_t)block[used % BLOCK] * i >> 32);
    const uint32_t other = next[i];
    next[i] = next[j];
    next[j] = other;
  }
}

bool chase_build(void *memory, size_t bytes, words_kernel *words, uint64_t seed) {
  const size_t line = chase_line(), n = bytes / line;
  assert(n >= 2 && n <= UINT32_MAX && (uintptr_t)memory % line == 0);
  uint32_t *const next = malloc(n * sizeof *next);
  if (!next) return false;
  link_randomly(next, n, words, seed);
  for (size_t i = 0; i < n; i++) *(void **)(void *)((char *)memory + i * line) = (char *)memory + next[i] * line;
  free(next);
  return true;
}

void *chase_follow(void *node, uint64_t steps) {
  for (; steps >= 8; steps -= 8)
    for (int i = 0; i < 8; i++) node = *(void *volatile *)node;
  for (; steps > 0; steps--) node = *(void *volatile *)node;
  return node;
}
