#include "harness/peers/kernels.h"

#define DECLARE(file)                                                                                                  \
  extern const struct peer_kernel file##_kernels_avx2[], file##_kernels_avx512[], file##_kernels_neon[];
DECLARE(glibc)
DECLARE(random123)

#if defined(__x86_64__)
#define LISTS(file)                                                                                                    \
  { [ARCH_AVX2] = file##_kernels_avx2, [ARCH_AVX512] = file##_kernels_avx512 }
#else
#define LISTS(file)                                                                                                    \
  { [ARCH_NEON] = file##_kernels_neon }
#endif

static const struct peer_kernel *const lists[][ARCH_COUNT] = {
#ifdef DEPTHMARK_RANDOM123
    LISTS(random123),
#endif
#ifdef DEPTHMARK_GLIBC
    LISTS(glibc),
#endif
    {NULL},
};
#define PEERS ((int)(sizeof lists / sizeof *lists) - 1)

const struct peer_kernel *peer_kernel(enum arch arch, const struct cpu_features *cpu, size_t index) {
  for (int peer = 0; peer < PEERS; peer++)
    for (const struct peer_kernel *kernel = lists[peer][arch]; kernel && kernel->provider; kernel++)
      if ((!kernel->feature || cpu_has(cpu, kernel->feature)) && index-- == 0) return kernel;
  return NULL;
}

bool peer_kernels_built(void) { return PEERS > 0; }
