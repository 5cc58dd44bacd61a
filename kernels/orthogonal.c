/* Random orthogonal matrices, uniformly distributed (by Haar's measure): the Q of the QR factorization of a matrix of
 * independent standard normals, its columns' signs chosen so that R's diagonal is positive.
 *
 * The factorization itself need not be computed. Householder's first reflection is that of a normal vector; applied to
 * the other columns, which are independent of it, it leaves them independent standard normals, and so on down the
 * diagonal. The reflections of n independent normal vectors of m, m - 1, ... elements therefore have the very
 * distribution of those that a factorization would find: G. W. Stewart, "The efficient generation of random orthogonal
 * matrices with an application to condition estimators", SIAM J. Numer. Anal. 17(3), 1980. That is half the work, none
 * of it one column at a time, and no result depends on how well conditioned a random matrix happens to be.
 *
 * Reflections are applied a block at a time, last block first (LAPACK's orgqr), as I - V T V^T (Schreiber and Van Loan,
 * "A storage-efficient WY representation for products of Householder transformations", SIAM J. Sci. Stat. Comput.
 * 10(1), 1989). T is the inverse of the strictly upper triangle of V^T V plus half its diagonal (Joffrain et al.,
 * "Accumulating Householder transformations, revisited", ACM TOMS 32(2), 2006): orthogonal whatever the vectors' norms.
 *
 * Orders of summation follow the shape only. The result has the same bits for any number of threads and on every ISA
 * with FMA, and the matrix of swapped sides is its transpose, bit for bit.
 */
#include <assert.h>
#include <math.h>

#include "kernels/gemm.h"

/* Reflections applied at a time. It decides about orders of summation, so it is the same everywhere. Measured at 1024:
 * 64, 96 and 128 are within a few percent of each other; below, 64 is fastest. */
#define ORTHOGONAL_BLOCK 64

/* Partial sums of a vector's norm: at least VEC_LANES on every ISA, and enough to keep a sum of thousands exact to an
 * ulp or two. */
#define ORTHOGONAL_LANES 64

/* Below this many elements threads cost more than they bring. */
#define ORTHOGONAL_THREAD_WORK 16384

/* Element (i, j) is at[i * row + j * column]; one of the two is 1. */
struct matrix {
  float *at;
  size_t row, column;
};

struct orthogonal {
  size_t m, n;     /* the longer and the shorter side */
  struct matrix q; /* m x n, of orthonormal columns: the weights, or their transpose */
  const struct init *init;
  int threads;
  /* of one block of reflections, the first of which is number `first` */
  size_t first, block;
  size_t stride;       /* of v's rows */
  float *v;            /* block x (m - first): row i is reflection first + i's vector, i zeros before it */
  float *gram, *t;     /* block x block, rows ORTHOGONAL_BLOCK apart: V^T V; -T */
  float *half_squares; /* block: half the square of each vector's norm */
  float *diagonal;     /* block: what column first + i of the result is a multiple of: +- the gain */
  struct matrix y, ty; /* block x (n - first): V^T Q; -T V^T Q */
  float *gemm_workspace;
};

VEC_INLINE struct matrix matrix_at(struct matrix a, size_t i, size_t j) {
  a.at += i * a.row + j * a.column;
  return a;
}

VEC_INLINE struct matrix matrix_transposed(struct matrix a) { return (struct matrix){a.at, a.column, a.row}; }

/* C = A B, or C += A B; C is m x n. Where C's columns are contiguous its transpose is computed, in the same order. */
static void orthogonal_product(const struct orthogonal *o, struct matrix c, struct matrix a, struct matrix b, size_t m,
                               size_t n, size_t k, bool accumulate) {
  struct gemm g = {.m = m,
                   .n = n,
                   .k = k,
                   .a = {a.at, .line_stride = a.row, .term_stride = a.column},
                   .b = {b.at, .line_stride = b.column, .term_stride = b.row},
                   .c = c.at,
                   .c_stride = c.row,
                   .accumulate = accumulate,
                   .workspace = o->gemm_workspace,
                   .threads = o->threads};
  if (c.column != 1) {
    const struct gemm_operand a_lines = g.a;
    g.a = g.b, g.b = a_lines;
    g.m = n, g.n = m;
    g.c_stride = c.column;
  }
  if (m && n) gemm(&g);
}

VEC_INLINE size_t orthogonal_padded(size_t n) {
  return (n + ORTHOGONAL_LANES - 1) / ORTHOGONAL_LANES * ORTHOGONAL_LANES;
}

/* Rows of vectors begin in different sets of the first-level cache. */
VEC_INLINE size_t orthogonal_stride(size_t m) { return orthogonal_padded(m) + 16; }

/* The norm of n floats, n a multiple of ORTHOGONAL_LANES. */
static float orthogonal_norm(const float *x, size_t n) {
  vf sums[ORTHOGONAL_LANES / VEC_LANES];
  float parts[ORTHOGONAL_LANES];
  for (size_t j = 0; j < ORTHOGONAL_LANES / VEC_LANES; j++) sums[j] = vf_set(0.0f);
  for (size_t i = 0; i < n; i += ORTHOGONAL_LANES) {
    UNROLL_ALL
    for (size_t j = 0; j < ORTHOGONAL_LANES / VEC_LANES; j++) {
      const vf values = vf_load(x + i + j * VEC_LANES);
      sums[j] = vf_fma(values, values, sums[j]);
    }
  }
  for (size_t j = 0; j < ORTHOGONAL_LANES / VEC_LANES; j++) vf_store(parts + j * VEC_LANES, sums[j]);
  for (size_t width = ORTHOGONAL_LANES / 2; width; width /= 2)
    for (size_t j = 0; j < width; j++) parts[j] += parts[j + width];
  return sqrtf(parts[0]);
}

/* Row i of v. The reflection I - 2 v v^T / (v^T v) with v = x + sign(x_0) |x| e_0 maps x to -sign(x_0) |x| e_0, which
 * is R's diagonal element in a factorization: the column's sign is turned where it is negative. */
static void orthogonal_vector(const struct orthogonal *o, size_t i) {
  float *const v = o->v + i * o->stride;
  const size_t column = o->first + i, length = o->m - o->first;
  const struct init normal = {.seed = o->init->seed,
                              .stream = o->init->stream,
                              .p = {.b = 1},
                              .generator = o->init->generator,
                              .convention = o->init->convention};
  for (size_t j = 0; j < i; j++) v[j] = 0.0f;
  init_normal(v + i, (uint64_t)column * o->m + column, length - i, &normal);
  for (size_t j = length; j < orthogonal_padded(length); j++) v[j] = 0.0f;
  const float norm = orthogonal_norm(v, orthogonal_padded(length));
  o->diagonal[i] = signbit(v[i]) ? o->init->p.a : -o->init->p.a;
  v[i] += signbit(v[i]) ? -norm : norm;
  o->half_squares[i] = norm * fabsf(v[i]);
  if (norm == 0) v[i] = 1.0f, o->half_squares[i] = 0.5f; /* any reflection will do */
}

static void orthogonal_vectors(const struct orthogonal *o) {
  const int threads = o->block * (o->m - o->first) < ORTHOGONAL_THREAD_WORK ? 1 : o->threads;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (size_t i = 0; i < o->block; i++) orthogonal_vector(o, i);
}

/* -T from V^T V, row by row from the last: (e_i + sum over j > i of U_ij (-T)_j) / -U_ii. */
static void orthogonal_inverse(const struct orthogonal *o) {
  enum { VECTORS = ORTHOGONAL_BLOCK / VEC_LANES };
  for (size_t i = o->block; i-- > 0;) {
    _Alignas(64) float unit[ORTHOGONAL_BLOCK] = {0};
    unit[i] = 1.0f;
    vf sums[VECTORS];
    for (size_t v = 0; v < VECTORS; v++) sums[v] = vf_load(unit + v * VEC_LANES);
    for (size_t j = i + 1; j < o->block; j++) {
      const vf u = vf_set(o->gram[i * ORTHOGONAL_BLOCK + j]);
      for (size_t v = 0; v < VECTORS; v++)
        sums[v] = vf_fma(u, vf_load(o->t + j * ORTHOGONAL_BLOCK + v * VEC_LANES), sums[v]);
    }
    const vf pivot = vf_set(-o->half_squares[i]);
    for (size_t v = 0; v < VECTORS; v++) vf_store(o->t + i * ORTHOGONAL_BLOCK + v * VEC_LANES, vf_div(sums[v], pivot));
  }
}

/* Applies the block's reflections to Q, whose first columns and rows until then are those of the unit matrix (times the
 * diagonal). */
static void orthogonal_apply(struct orthogonal *o) {
  const size_t rows = o->m - o->first, columns = o->n - o->first, b = o->block;
  const struct matrix vt = {o->v, .row = o->stride, .column = 1}, v = matrix_transposed(vt);
  const struct matrix gram = {o->gram, .row = ORTHOGONAL_BLOCK, .column = 1};
  const struct matrix t = {o->t, .row = ORTHOGONAL_BLOCK, .column = 1};
  const struct matrix q = matrix_at(o->q, o->first, o->first);
  for (size_t j = 0; j < b; j++) {
    *matrix_at(q, j, j).at = o->diagonal[j];
    for (size_t i = 0; i < b; i++) *matrix_at(o->y, i, j).at = i > j ? 0.0f : vt.at[i * vt.row + j] * o->diagonal[j];
  }
  orthogonal_product(o, gram, vt, v, b, b, rows, false);
  orthogonal_inverse(o);
  orthogonal_product(o, matrix_at(o->y, 0, b), matrix_at(vt, 0, b), matrix_at(q, b, b), b, columns - b, rows - b,
                     false);
  orthogonal_product(o, o->ty, t, o->y, b, columns, b, false);
  orthogonal_product(o, q, v, o->ty, rows, columns, b, true);
}

/* Zeros, each row of the weights first touched by the thread that will have most of it. */
static void orthogonal_clear(float *w, size_t rows, size_t columns, int threads) {
  if (rows * columns < ORTHOGONAL_THREAD_WORK) threads = 1;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (size_t i = 0; i < rows; i++) init_zeros(w + i * columns, 0, columns, NULL);
}

static size_t matrix_workspace_bytes(size_t rows, size_t columns, int threads) {
  const size_t m = gemm_max(rows, columns), n = gemm_min(rows, columns), block = gemm_min(n, ORTHOGONAL_BLOCK);
  size_t elements, bytes;
  assert(threads >= 1);
  if (__builtin_mul_overflow(rows, columns, &elements) || __builtin_mul_overflow(elements, sizeof(float), &bytes) ||
      m > SIZE_MAX / sizeof(float) / 4 / ORTHOGONAL_BLOCK)
    return SIZE_MAX;
  const size_t vectors = block * orthogonal_stride(m), squares = 2 * (size_t)ORTHOGONAL_BLOCK * ORTHOGONAL_BLOCK;
  const size_t products = 2 * orthogonal_padded(block * n);
  return (vectors + squares + 2 * ORTHOGONAL_BLOCK + products + gemm_workspace_floats(m, m, m, threads)) *
         sizeof(float);
}

static void init_orthogonal(float *w, size_t rows, size_t columns, const struct init *init, int threads,
                            void *workspace) {
  assert(threads >= 1);
  assert(workspace && (uintptr_t)workspace % 64 == 0);
  const bool tall = rows >= columns;
  struct orthogonal o = {.m = tall ? rows : columns, .n = tall ? columns : rows, .init = init, .threads = threads};
  if (o.n == 0) return;
  const struct matrix weights = {w, .row = columns, .column = 1};
  const size_t block = gemm_min(o.n, ORTHOGONAL_BLOCK), square = (size_t)ORTHOGONAL_BLOCK * ORTHOGONAL_BLOCK;
  o.q = tall ? weights : matrix_transposed(weights);
  o.stride = orthogonal_stride(o.m);
  o.v = workspace;
  o.gram = o.v + block * o.stride;
  o.t = o.gram + square;
  o.half_squares = o.t + square;
  o.diagonal = o.half_squares + ORTHOGONAL_BLOCK;
  float *const y = o.diagonal + ORTHOGONAL_BLOCK, *const ty = y + orthogonal_padded(block * o.n);
  o.gemm_workspace = ty + orthogonal_padded(block * o.n);
  orthogonal_clear(w, rows, columns, threads);
  for (size_t end = o.n; end > 0; end = o.first) {
    o.first = (end - 1) / ORTHOGONAL_BLOCK * ORTHOGONAL_BLOCK;
    o.block = end - o.first;
    const size_t columns_left = o.n - o.first;
    o.y = tall ? (struct matrix){y, columns_left, 1} : (struct matrix){y, 1, o.block};
    o.ty = (struct matrix){ty, o.y.row, o.y.column};
    orthogonal_vectors(&o);
    orthogonal_apply(&o);
  }
}
