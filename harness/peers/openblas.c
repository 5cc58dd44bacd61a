#include "harness/peers/openblas.h"

#include "harness/peers/library.h"

/* LAPACK's Fortran interface: 32-bit integers, everything by reference. */
typedef void geqrf_function(const int *m, const int *n, float *a, const int *lda, float *tau, float *work,
                            const int *lwork, int *info);
typedef void orgqr_function(const int *m, const int *n, const int *k, float *a, const int *lda, const float *tau,
                            float *work, const int *lwork, int *info);

static struct {
  geqrf_function *geqrf;
  orgqr_function *orgqr;
  void (*set_threads)(int threads);
} openblas;

#define BLOCK 64 /* columns of work space that LAPACK's blocks may want, twice its usual 32 */

void *openblas_library(void) {
  static void *library;
  if (!library) library = library_open_matching("/usr/lib/*/openblas-openmp/libopenblas.so.0");
  if (!library) library = library_open("libopenblas.so.0");
  return library;
}

bool openblas_load(void) {
  if (openblas.geqrf) return true;
  void *const library = openblas_library();
  if (!library) return false;
  return library_symbol(library, "sorgqr_", &openblas.orgqr) &&
         library_symbol(library, "openblas_set_num_threads", &openblas.set_threads) &&
         library_symbol(library, "sgeqrf_", &openblas.geqrf);
}

size_t openblas_workspace_bytes(size_t rows, size_t columns) {
  const size_t less = rows < columns ? rows : columns, more = rows < columns ? columns : rows;
  return (2 * less + BLOCK * more) * sizeof(float);
}

void openblas_orthogonal(const struct kernel_table *table, float *w, size_t rows, size_t columns,
                         const struct init *init, int threads, void *workspace) {
  const size_t less = rows < columns ? rows : columns, more = rows < columns ? columns : rows;
  const int m = (int)more, n = (int)less, lwork = BLOCK * m;
  float *const tau = workspace, *const sign = tau + less, *const work = sign + less;
  struct init normal = *init;
  int info;
  normal.p = (struct parameters){.b = 1};
  openblas.set_threads(threads);
  table->init_normal(w, 0, rows * columns, &normal);
  openblas.geqrf(&m, &n, w, &m, tau, work, &lwork, &info);
  for (size_t j = 0; j < less; j++) sign[j] = w[j * more + j] < 0 ? -init->p.a : init->p.a;
  openblas.orgqr(&m, &n, &n, w, &m, tau, work, &lwork, &info);
  for (size_t j = 0; j < less; j++)
    for (size_t i = 0; i < more; i++) w[j * more + i] *= sign[j];
}
