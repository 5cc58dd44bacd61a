/* Elementwise passes over long arrays, shared out among threads. */
#ifndef DEPTHMARK_SHARES_H
#define DEPTHMARK_SHARES_H

#include <stddef.h>

/* Elements below which an elementwise pass is not worth waking threads for. */
#define SHARES_LEAST 8192

/* How many of the threads an elementwise pass over so many elements wakes. */
static inline int shares_team(size_t elements, int threads) { return elements < SHARES_LEAST ? 1 : threads; }

/* Thread t's share of n elements, in whole cache lines. */
struct range {
  size_t first, n;
};
static inline struct range share(size_t n, int t, int threads) {
  const size_t line = 64 / sizeof(float), lines = (n + line - 1) / line;
  const size_t begin = lines * (size_t)t / (size_t)threads * line;
  const size_t end = lines * (size_t)(t + 1) / (size_t)threads * line;
  return (struct range){begin, (end < n ? end : n) - begin};
}

/* Runs `call` with each thread's share of n elements in the variable `r`. What is called makes each element from its
 * index alone, so that the split does not show in the result. */
#define FOR_SHARES(elements, team, call)                                                                               \
  do {                                                                                                                 \
    const size_t length = (elements);                                                                                  \
    const int parts = (team);                                                                                          \
    _Pragma("omp parallel for num_threads(parts) schedule(static, 1) if (parts > 1)") /* one part a thread */          \
        for (int part = 0; part < parts; part++) {                                                                     \
      const struct range r = share(length, part, parts);                                                               \
      if (r.n > 0) call;                                                                                               \
    }                                                                                                                  \
  } while (0)

#endif
