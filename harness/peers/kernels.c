#include "harness/peers/kernels.h"

#define DECLARE(file)                                                                                                  \
  extern const struct peer_kernel file##_kernels_avx2[], file##_kernels_avx512[], file##_kernels_neon[];
#define DECLARE_LIBRARY(file)                                                                                          \
  bool file##_load(void);                                                                                              \
  extern const struct peer_kernel file##_kernels[];
DECLARE(glibc)
DECLARE(libmvec)
DECLARE(random123)
DECLARE(eigen)
DECLARE_LIBRARY(onednn)
DECLARE_LIBRARY(xnnpack)

/* A file's kernels, one list per ISA it was compiled for; or those of a library that is loaded when it is asked for and
 * chooses its instructions by itself. */
struct file {
  const struct peer_kernel *lists[ARCH_COUNT], *best;
  bool (*load)(void);
};

#if defined(__x86_64__)
#define LISTS(file)                                                                                                    \
  {                                                                                                                    \
    .lists = { [ARCH_AVX2] = file##_kernels_avx2, [ARCH_AVX512] = file##_kernels_avx512 }                              \
  }
#else
#define LISTS(file)                                                                                                    \
  {                                                                                                                    \
    .lists = { [ARCH_NEON] = file##_kernels_neon }                                                                     \
  }
#endif
#define LIBRARY(file)                                                                                                  \
  { .best = file##_kernels, .load = file##_load }

static const struct file files[] = {
#ifdef DEPTHMARK_RANDOM123
    LISTS(random123),
#endif
#ifdef DEPTHMARK_GLIBC
    LISTS(glibc),
#endif
#ifdef DEPTHMARK_LIBMVEC
    LISTS(libmvec),
#endif
#ifdef DEPTHMARK_EIGEN
    LISTS(eigen),
#endif
#ifdef DEPTHMARK_ONEDNN
    LIBRARY(onednn),
#endif
#ifdef DEPTHMARK_XNNPACK
    LIBRARY(xnnpack),
#endif
    {.best = NULL},
};
#define FILES ((int)(sizeof files / sizeof *files) - 1)

static const struct peer_kernel *kernels_of(const struct file *file, enum arch arch, const struct cpu_features *cpu) {
  if (!file->best) return file->lists[arch];
  return arch == arch_best(cpu) && file->load() ? file->best : NULL;
}

const struct peer_kernel *peer_kernel(enum arch arch, const struct cpu_features *cpu, size_t index) {
  for (int i = 0; i < FILES; i++)
    for (const struct peer_kernel *kernel = kernels_of(&files[i], arch, cpu); kernel && kernel->provider; kernel++)
      if ((!kernel->feature || cpu_has(cpu, kernel->feature)) && index-- == 0) return kernel;
  return NULL;
}

bool peer_kernels_built(void) { return FILES > 0; }
