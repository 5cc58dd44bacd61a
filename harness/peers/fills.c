#include "harness/peers/fills.h"

#define DECLARE(file) extern const struct peer_fill file##_fills_avx2[], file##_fills_avx512[], file##_fills_neon[];
DECLARE(glibc)
DECLARE(random123)

#if defined(__x86_64__)
#define LISTS(file)                                                                                                    \
  { [ARCH_AVX2] = file##_fills_avx2, [ARCH_AVX512] = file##_fills_avx512 }
#else
#define LISTS(file)                                                                                                    \
  { [ARCH_NEON] = file##_fills_neon }
#endif

static const struct peer_fill *const lists[][ARCH_COUNT] = {
#ifdef DEPTHMARK_RANDOM123
    LISTS(random123),
#endif
#ifdef DEPTHMARK_GLIBC
    LISTS(glibc),
#endif
    {NULL},
};
#define PEERS ((int)(sizeof lists / sizeof *lists) - 1)

const struct peer_fill *peer_fill(enum arch arch, const struct cpu_features *cpu, size_t index) {
  for (int peer = 0; peer < PEERS; peer++)
    for (const struct peer_fill *fill = lists[peer][arch]; fill && fill->provider; fill++)
      if ((!fill->feature || cpu_has(cpu, fill->feature)) && index-- == 0) return fill;
  return NULL;
}

bool peer_fills_built(void) { return PEERS > 0; }
