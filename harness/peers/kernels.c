#include "harness/peers/kernels.h"

#include <string.h>

#define DECLARE(file)                                                                                                  \
  extern const struct peer_kernel file##_kernels_avx2[], file##_kernels_avx512[], file##_kernels_neon[];
#define DECLARE_LIBRARY(file)                                                                                          \
  bool file##_load(void);                                                                                              \
  extern const struct peer_kernel file##_kernels[];
DECLARE(glibc)
DECLARE(libmvec)
DECLARE(random123)
DECLARE(eigen)
DECLARE(eigen_product)
DECLARE_LIBRARY(openblas_blas)
DECLARE_LIBRARY(openblas_zen)
DECLARE_LIBRARY(blis)
DECLARE_LIBRARY(named_blas)
DECLARE_LIBRARY(onednn)
DECLARE_LIBRARY(onednn_gemm)
DECLARE_LIBRARY(onednn_ip)
DECLARE_LIBRARY(libxsmm)
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
    LISTS(eigen),           LISTS(eigen_product),
#endif
#ifdef DEPTHMARK_BLAS
    LIBRARY(openblas_blas), LIBRARY(openblas_zen), LIBRARY(blis),      LIBRARY(named_blas),
#endif
#ifdef DEPTHMARK_ONEDNN
    LIBRARY(onednn),        LIBRARY(onednn_gemm),  LIBRARY(onednn_ip),
#endif
#ifdef DEPTHMARK_LIBXSMM
    LIBRARY(libxsmm),
#endif
#ifdef DEPTHMARK_XNNPACK
    LIBRARY(xnnpack),
#endif
    {.best = NULL},
};
#define FILES ((int)(sizeof files / sizeof *files) - 1)

/* Whether the CPU can run the entry, and it does that kernel's work. */
static bool does(const struct peer_kernel *entry, int kernel, const struct cpu_features *cpu) {
  return entry->kernel == kernel && (!entry->feature || cpu_has(cpu, entry->feature));
}

/* A library is loaded only once it is known to have something for the kernel. */
const struct peer_kernel *peer_kernel(int kernel, enum arch arch, const struct cpu_features *cpu, size_t index) {
  for (int i = 0; i < FILES; i++) {
    const struct file *const file = &files[i];
    if (file->best && arch != arch_best(cpu)) continue;
    const struct peer_kernel *const list = file->best ? file->best : file->lists[arch];
    for (const struct peer_kernel *entry = list; entry && entry->provider; entry++) {
      if (!does(entry, kernel, cpu)) continue;
      if (file->load && !file->load()) break;
      if (index-- == 0) return entry;
    }
  }
  return NULL;
}

bool peer_kernels_built(void) { return FILES > 0; }

/* ---- whole networks --------------------------------------------------------------------------------------------- */

static const struct peer_kernel *dense_pass(int kernel, enum arch arch, const struct cpu_features *cpu, int threads,
                                            const char *provider) {
  const struct peer_kernel *peer;
  const struct dense layer = {.batch = 1, .in = 1, .out = 1, .threads = threads};
  for (size_t i = 0; (peer = peer_kernel(kernel, arch, cpu, i)); i++)
    if (strcmp(peer->provider, provider) == 0 && (!peer->takes || peer->takes(&layer))) return peer;
  return NULL;
}

bool dense_peer_table(struct kernel_table *table, struct left_out *left_out, enum arch arch,
                      const struct cpu_features *cpu, int threads, const char *provider) {
  const struct peer_kernel *const forward = dense_pass(KERNEL_dense_forward, arch, cpu, threads, provider);
  const struct peer_kernel *const data = dense_pass(KERNEL_dense_backward_data, arch, cpu, threads, provider);
  const struct peer_kernel *const weights = dense_pass(KERNEL_dense_backward_weights, arch, cpu, threads, provider);
  if (!forward || !data || !weights) return false;
  *table = *arch_table(arch);
  table->dense_forward = (dense_kernel *)forward->function;
  table->dense_backward_data = (dense_kernel *)data->function;
  table->dense_backward_weights = (dense_kernel *)weights->function;
  *left_out = (struct left_out){.activation = true, .bias = !forward->with_bias, .db = !weights->with_bias};
  return true;
}

size_t dense_peers(enum arch arch, const struct cpu_features *cpu, int threads, const char *providers[], size_t most) {
  const struct peer_kernel *peer;
  struct kernel_table table;
  struct left_out left_out;
  size_t count = 0;
  for (size_t i = 0; (peer = peer_kernel(KERNEL_dense_forward, arch, cpu, i)); i++)
    if (dense_peer_table(&table, &left_out, arch, cpu, threads, peer->provider)) {
      if (count < most) providers[count] = peer->provider;
      count++;
    }
  return count;
}
