/* glibc: its memset, below which no fill can stay; and its vector functions (libmvec) under a Box-Muller transform of
 * our own words, which is the best that plain C and a library give. Compiled with -ffast-math, without which compilers
 * do not call libmvec. */
#include <math.h>
#include <string.h>

#include "harness/peers/kernels.h"

static void zeros(float *w, uint64_t first, size_t n, const struct init *init) {
  (void)first, (void)init;
  memset(w, 0, n * sizeof *w);
}

#if defined(__x86_64__) /* the only processor for which glibc 2.36 has vector functions */

#define CHUNK 1024

/* Rows start at a multiple of CHUNK words, or of four, and time whole chunks but for the last. */
static void normal(float *w, uint64_t first, size_t n, const struct init *init) {
  const float mean = init->p.a, stddev = init->p.b;
  for (size_t done = 0; done < n; done += CHUNK) {
    _Alignas(64) uint32_t words[CHUNK];
    _Alignas(64) float made[CHUNK];
    const size_t take = n - done < CHUNK ? n - done : CHUNK;
    float *to = take == CHUNK ? w + done : made;
    init->generator(words, (first + done) / 4, CHUNK, init->seed, init->stream);
#pragma omp simd
    for (int i = 0; i < CHUNK / 2; i++) {
      const float u = (float)(int32_t)(words[i] >> 1) * 0x1p-31f + 0x1p-32f;
      const float angle = (float)(int32_t)words[CHUNK / 2 + i] * (3.1415926535897932f * 0x1p-31f);
      const float radius = stddev * sqrtf(-2 * logf(u));
      to[i] = mean + radius * cosf(angle);
      to[CHUNK / 2 + i] = mean + radius * sinf(angle);
    }
    if (take < CHUNK) memcpy(w + done, made, take * sizeof *w);
  }
}

#endif

PEER_KERNELS(glibc) = {
    {"glibc", KERNEL_init_zeros, PEER_FUNCTION(zeros), RNG_PHILOX4X32_10, NULL, NULL, false},
#if defined(__x86_64__)
    {"glibc", KERNEL_init_normal, PEER_FUNCTION(normal), RNG_PHILOX4X32_10, NULL, NULL, false},
    {"glibc", KERNEL_init_normal, PEER_FUNCTION(normal), RNG_ARS4X32_7, NULL, NULL, false},
#endif
    {0},
};
