/* Matrix products through cblas_sgemm: OpenBLAS, the same with the kernels that it has for Zen, BLIS, and any other
 * library that DEPTHMARK_BLAS names. They pick their instructions for the CPU by themselves, so that their rows stand
 * under the best arch alone. Where a library runs on OpenMP, its threads are ours, pinned as we pinned them; one with
 * threads of its own is measured on one thread only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/peers/kernels.h"
#include "harness/peers/library.h"
#include "harness/peers/openblas.h"
#include "harness/peers/product.h"

/* CBLAS's interface with 32-bit integers (Blackford et al. 2002), which has no header of its own on many systems. */
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };
typedef void sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                            const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);

struct blas {
  sgemm_function *sgemm;
  int (*get_threads)(void); /* of the library's own number of threads, beside OpenMP's; NULL: it has none */
  void (*set_threads)(int threads);
  struct library_team team;
  bool openmp; /* it runs on OpenMP's threads */
  enum { UNTRIED, LOADED, MISSING } state;
};

static void multiply(const struct blas *blas, const struct product *p, int threads) {
  library_team_of(&blas->team, threads);
  if (blas->get_threads && blas->get_threads() != threads) blas->set_threads(threads);
  blas->sgemm(ROW_MAJOR, p->a_transposed ? TRANSPOSE : NO_TRANSPOSE, p->b_transposed ? TRANSPOSE : NO_TRANSPOSE,
              (int)p->m, (int)p->n, (int)p->k, 1, p->a, (int)p->a_stride, p->b, (int)p->b_stride, 0, p->c,
              (int)p->c_stride);
}

static bool find_functions(struct blas *blas, void *library) {
  static const char *const names[][2] = {{"openblas_get_num_threads", "openblas_set_num_threads"},
                                         {"bli_thread_get_num_threads", "bli_thread_set_num_threads"},
                                         {"MKL_Get_Max_Threads", "MKL_Set_Num_Threads"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (library_symbol(library, names[i][0], &blas->get_threads) &&
        library_symbol(library, names[i][1], &blas->set_threads))
      break;
  if (!blas->set_threads) blas->get_threads = NULL;
  blas->team = library_team(library);
  return library_symbol(library, "cblas_sgemm", &blas->sgemm);
}

/* Three passes, and the list of them, of the library that find(&library) loads. */
#define BLAS(name, provider, find)                                                                                     \
  static struct blas name;                                                                                             \
  static void name##_multiply(const struct product *p, int threads) { multiply(&name, p, threads); }                   \
  PRODUCT_PASSES(name, name##_multiply)                                                                                \
  static bool name##_takes(const struct dense *layer) { return layer->threads == 1 || name.openmp; }                   \
  bool name##_load(void) {                                                                                             \
    if (name.state == UNTRIED) name.state = find(&name) ? LOADED : MISSING;                                            \
    return name.state == LOADED;                                                                                       \
  }                                                                                                                    \
  const struct peer_kernel name##_kernels[] = {PRODUCT_ENTRIES(provider, name, name##_takes, false), {0}};

#define OPENBLAS_OPENMP 2 /* what openblas_get_parallel() says of it */

static bool find_functions_of_openblas(struct blas *blas, void *library) {
  int (*parallel)(void);
  if (!library_symbol(library, "openblas_get_parallel", &parallel)) return false;
  blas->openmp = parallel() == OPENBLAS_OPENMP;
  return find_functions(blas, library);
}

static bool find_openblas(struct blas *blas) {
  void *const library = openblas_library();
  return library && find_functions_of_openblas(blas, library);
}

/* Which of its kernels OpenBLAS takes is decided when it is loaded. */
static bool find_zen(struct blas *blas) {
  const struct cpu_features cpu = cpu_detect();
  void *const library = openblas_library();
  char *(*name)(void), *(*zen_name)(void);
  if (!library || arch_obstacle(ARCH_AVX2, &cpu) || !library_symbol(library, "openblas_get_corename", &name) ||
      strcmp(name(), "Zen") == 0)
    return false;
  void *const copy = library_open_copy(library, "openblas_get_corename", "OPENBLAS_CORETYPE", "Zen");
  return copy && library_symbol(copy, "openblas_get_corename", &zen_name) && strcmp(zen_name(), name()) != 0 &&
         find_functions_of_openblas(blas, copy);
}

static bool find_blis(struct blas *blas) {
  int (*openmp)(void);
  void *library = library_open_matching("/usr/lib/*/blis-openmp/libblis.so.4");
  if (!library) library = library_open("libblis.so.4");
  if (!library || !library_symbol(library, "bli_info_get_enable_openmp", &openmp)) return false;
  blas->openmp = openmp();
  return find_functions(blas, library);
}

#define NAMED "DEPTHMARK_BLAS"

/* Whether its threads are OpenMP's is told by what it was linked with. */
static bool find_named(struct blas *blas) {
  const char *const path = getenv(NAMED);
  if (!path || !*path) return false;
  void *const library = library_open(path);
  if (!library || !find_functions(blas, library)) {
    fprintf(stderr, NAMED "=%s is left out: %s\n", path, library ? "it has no cblas_sgemm" : "it can't be loaded");
    return false;
  }
  blas->openmp = blas->team.get != NULL;
  return true;
}

BLAS(openblas_blas, "openblas", find_openblas)
BLAS(openblas_zen, "openblas-zen", find_zen)
BLAS(blis, "blis", find_blis)
BLAS(named_blas, "blas", find_named)
