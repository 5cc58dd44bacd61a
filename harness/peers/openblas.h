/* OpenBLAS's LAPACK beside our orthogonal weights under --peers. Loaded when it is asked for and not before: it starts
 * threads when it is loaded. */
#ifndef DEPTHMARK_PEER_OPENBLAS_H
#define DEPTHMARK_PEER_OPENBLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/kernels.h"

/* Loads libopenblas.so.0, rather one that runs on OpenMP's threads than one with its own; NULL when none is installed.
 */
void *openblas_library(void);

/* Loads it; false when it is not installed or has no LAPACK. */
bool openblas_load(void);

/* What init_orthogonal does, by sgeqrf and sorgqr: the same normals from table's init_normal, Haar's signs, gain p.a;
 * the matrix is left in LAPACK's column-major order. rows, columns >= 1. */
void openblas_orthogonal(const struct kernel_table *table, float *w, size_t rows, size_t columns,
                         const struct init *init, int threads, void *workspace);

/* Scratch bytes for it. */
size_t openblas_workspace_bytes(size_t rows, size_t columns);

#endif
