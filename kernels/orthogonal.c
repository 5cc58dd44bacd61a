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

/* Blocks that are made before any of them is applied, at least; more threads make more. Threads wait for each other
 * twice in that time. */
#define ORTHOGONAL_GROUP 4

/* A thread applies reflections to that many columns at a time, at most: it bounds the workspace. */
#define ORTHOGONAL_COLUMNS 512

/* Below this many multiplications threads cost more than they bring. */
#define ORTHOGONAL_THREAD_WORK (1 << 22)

/* Element (i, j) is at[i * row + j * column]; one of the two is 1. */
struct matrix {
  float *at;
  size_t row, column;
};

/* Reflections first to first + size - 1. */
struct orthogonal_block {
  size_t first, size;
  float *v;            /* size x (m - first): row i is reflection first + i's vector, i zeros before it */
  float *half_squares; /* size: half the square of each vector's norm */
  float *diagonal;     /* size: what column first + i of the result is a multiple of: +- the gain */
  float *t;            /* size x size, rows ORTHOGONAL_BLOCK apart: -T */
};

/* One thread's own. */
struct orthogonal_scratch {
  float *y, *ty; /* ORTHOGONAL_BLOCK x ORTHOGONAL_COLUMNS: V^T Q; -T V^T Q. The first holds V^T V, too. */
  float *gemm;
};

struct orthogonal {
  size_t m, n;     /* the longer and the shorter side */
  bool tall;       /* the weights are m x n */
  struct matrix q; /* m x n, of orthonormal columns: the weights, or their transpose */
  size_t v_stride; /* between rows of a block's v */
  const struct init *init;
};

VEC_INLINE struct matrix matrix_at(struct matrix a, size_t i, size_t j) {
  a.at += i * a.row + j * a.column;
  return a;
}

VEC_INLINE struct matrix matrix_transposed(struct matrix a) { return (struct matrix){a.at, a.column, a.row}; }

/* C = A B, or C += A B, on this thread; C is m x n. Where C's columns are contiguous its transpose is computed, in the
 * same order. */
static void orthogonal_product(struct matrix c, struct matrix a, struct matrix b, size_t m, size_t n, size_t k,
                               bool accumulate, float *workspace) {
  struct gemm g = {.m = m,
                   .n = n,
                   .k = k,
                   .a = {a.at, .line_stride = a.row, .term_stride = a.column},
                   .b = {b.at, .line_stride = b.column, .term_stride = b.row},
                   .c = c.at,
                   .c_stride = c.row,
                   .accumulate = accumulate,
                   .workspace = workspace,
                   .threads = 1};
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
static void orthogonal_vector(const struct orthogonal *o, const struct orthogonal_block *block, size_t i) {
  float *const v = block->v + i * o->v_stride;
  const size_t column = block->first + i, length = o->m - block->first;
  struct init normal = *o->init;
  normal.p = (struct parameters){.a = 0, .b = 1};
  for (size_t j = 0; j < i; j++) v[j] = 0.0f;
  init_normal(v + i, (uint64_t)column * o->m + column, length - i, &normal);
  for (size_t j = length; j < orthogonal_padded(length); j++) v[j] = 0.0f;
  const float norm = orthogonal_norm(v, orthogonal_padded(length));
  block->diagonal[i] = signbit(v[i]) ? o->init->p.a : -o->init->p.a;
  v[i] += signbit(v[i]) ? -norm : norm;
  block->half_squares[i] = norm * fabsf(v[i]);
  if (norm == 0) v[i] = 1.0f, block->half_squares[i] = 0.5f; /* any reflection will do */
}

/* -T from the upper triangle U of V^T V, row by row from the last: (e_i + sum over j > i of U_ij (-T)_j) / -U_ii. */
static void orthogonal_inverse(const struct orthogonal_block *block, const float *gram) {
  enum { VECTORS = ORTHOGONAL_BLOCK / VEC_LANES };
  for (size_t i = block->size; i-- > 0;) {
    _Alignas(64) float unit[ORTHOGONAL_BLOCK] = {0};
    unit[i] = 1.0f;
    vf sums[VECTORS];
    for (size_t v = 0; v < VECTORS; v++) sums[v] = vf_load(unit + v * VEC_LANES);
    for (size_t j = i + 1; j < block->size; j++) {
      const vf u = vf_set(gram[i * ORTHOGONAL_BLOCK + j]);
      for (size_t v = 0; v < VECTORS; v++)
        sums[v] = vf_fma(u, vf_load(block->t + j * ORTHOGONAL_BLOCK + v * VEC_LANES), sums[v]);
    }
    const vf pivot = vf_set(-block->half_squares[i]);
    for (size_t v = 0; v < VECTORS; v++)
      vf_store(block->t + i * ORTHOGONAL_BLOCK + v * VEC_LANES, vf_div(sums[v], pivot));
  }
}

static void orthogonal_make(const struct orthogonal *o, const struct orthogonal_block *block,
                            const struct orthogonal_scratch *scratch) {
  const struct matrix vt = {block->v, .row = o->v_stride, .column = 1};
  const struct matrix gram = {scratch->y, .row = ORTHOGONAL_BLOCK, .column = 1};
  for (size_t i = 0; i < block->size; i++) orthogonal_vector(o, block, i);
  orthogonal_product(gram, vt, matrix_transposed(vt), block->size, block->size, o->m - block->first, false,
                     scratch->gemm);
  orthogonal_inverse(block, gram.at);
}

/* Applies the block's reflections to columns [left, right) of Q. Until then the block's own columns are those of the
 * unit matrix (times the diagonal), and its own rows of later columns are zero. */
static void orthogonal_apply(const struct orthogonal *o, const struct orthogonal_block *block, size_t left,
                             size_t right, const struct orthogonal_scratch *scratch) {
  const size_t first = block->first, b = block->size, end = first + b, rows = o->m - first;
  if (left < first) left = first;
  if (left >= right) return;
  const size_t columns = right - left, later = left > end ? left : right < end ? right : end;
  const struct matrix vt = {block->v, .row = o->v_stride, .column = 1};
  const struct matrix t = {block->t, .row = ORTHOGONAL_BLOCK, .column = 1};
  const struct matrix y = {scratch->y, o->tall ? columns : 1, o->tall ? 1 : b};
  const struct matrix ty = {scratch->ty, y.row, y.column};
  for (size_t j = left; j < later; j++) {
    const float diagonal = block->diagonal[j - first];
    *matrix_at(o->q, j, j).at = diagonal;
    for (size_t i = 0; i < b; i++) *matrix_at(y, i, j - left).at = matrix_at(vt, i, j - first).at[0] * diagonal;
  }
  orthogonal_product(matrix_at(y, 0, later - left), matrix_at(vt, 0, b), matrix_at(o->q, end, later), b, right - later,
                     rows - b, false, scratch->gemm);
  orthogonal_product(ty, t, y, b, columns, b, false, scratch->gemm);
  orthogonal_product(matrix_at(o->q, first, left), matrix_transposed(vt), ty, rows, columns, b, true, scratch->gemm);
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

VEC_INLINE size_t orthogonal_group(size_t n, int threads) {
  return gemm_min(gemm_ceil_div(n, ORTHOGONAL_BLOCK), gemm_max(ORTHOGONAL_GROUP, (size_t)threads));
}

/* Floats of one block, of one thread's scratch, and of the product's share of the latter; multiples of 16. */
VEC_INLINE size_t orthogonal_block_floats(size_t m) {
  return ORTHOGONAL_BLOCK * (orthogonal_stride(m) + ORTHOGONAL_BLOCK + 2);
}
VEC_INLINE size_t orthogonal_gemm_floats(size_t m) {
  const size_t b = ORTHOGONAL_BLOCK, columns = ORTHOGONAL_COLUMNS;
  /* V^T V and V^T Q, or its transpose; V (T V^T Q), or its transpose */
  return gemm_max(gemm_max(gemm_workspace_floats(b, columns, m, 1), gemm_workspace_floats(columns, b, m, 1)),
                  gemm_max(gemm_workspace_floats(m, columns, b, 1), gemm_workspace_floats(columns, m, b, 1)));
}
VEC_INLINE size_t orthogonal_scratch_floats(size_t m) {
  return 2 * ORTHOGONAL_BLOCK * ORTHOGONAL_COLUMNS + orthogonal_gemm_floats(m);
}

static size_t matrix_workspace_bytes(size_t rows, size_t columns, int threads) {
  const size_t m = gemm_max(rows, columns), group = orthogonal_group(gemm_min(rows, columns), threads);
  size_t elements, bytes, blocks;
  assert(threads >= 1);
  if (__builtin_mul_overflow(rows, columns, &elements) || __builtin_mul_overflow(elements, sizeof(float), &bytes) ||
      m > SIZE_MAX / 8 / ORTHOGONAL_BLOCK / sizeof(float) ||
      __builtin_mul_overflow(group, orthogonal_block_floats(m) * sizeof(float), &blocks) ||
      __builtin_add_overflow(blocks, (size_t)threads * orthogonal_scratch_floats(m) * sizeof(float), &bytes))
    return SIZE_MAX;
  return bytes;
}

static struct orthogonal_block orthogonal_block(const struct orthogonal *o, float *workspace, size_t first,
                                                size_t place) {
  struct orthogonal_block block = {.first = first, .size = gemm_min(o->n - first, ORTHOGONAL_BLOCK)};
  block.v = workspace + place * orthogonal_block_floats(o->m);
  block.t = block.v + ORTHOGONAL_BLOCK * o->v_stride;
  block.half_squares = block.t + ORTHOGONAL_BLOCK * ORTHOGONAL_BLOCK;
  block.diagonal = block.half_squares + ORTHOGONAL_BLOCK;
  return block;
}

static struct orthogonal_scratch orthogonal_scratch(const struct orthogonal *o, float *workspace, size_t group) {
  float *const own = workspace + group * orthogonal_block_floats(o->m) +
                     (size_t)omp_get_thread_num() * orthogonal_scratch_floats(o->m);
  const size_t products = ORTHOGONAL_BLOCK * ORTHOGONAL_COLUMNS;
  return (struct orthogonal_scratch){own, own + products, own + 2 * products};
}

/* ---- the kernel ------------------------------------------------------------------------------------------------- */

/* Columns that a thread takes at a time: about two turns each, in whole cache lines. */
VEC_INLINE size_t orthogonal_chunk(size_t columns, int threads) {
  const size_t share = gemm_ceil_div(columns, threads == 1 ? 1 : 2 * (size_t)threads);
  return gemm_min((share + 31) / 32 * 32, ORTHOGONAL_COLUMNS);
}

static void init_orthogonal(float *w, size_t rows, size_t columns, const struct init *init, int threads,
                            void *workspace) {
  assert(threads >= 1);
  assert(workspace && (uintptr_t)workspace % 64 == 0);
  const bool tall = rows >= columns;
  struct orthogonal o = {.m = tall ? rows : columns, .n = tall ? columns : rows, .tall = tall, .init = init};
  const struct matrix weights = {w, .row = columns, .column = 1};
  const size_t group = orthogonal_group(o.n, threads);
  o.q = tall ? weights : matrix_transposed(weights);
  o.v_stride = orthogonal_stride(o.m);
  if ((double)o.m * (double)o.n * (double)o.n < ORTHOGONAL_THREAD_WORK) threads = 1;
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    const struct orthogonal_scratch scratch = orthogonal_scratch(&o, workspace, group);
    /* First touched by the thread that will have most of a row. */
#pragma omp for schedule(static)
    for (size_t i = 0; i < rows; i++) init_zeros(w + i * columns, 0, columns, NULL);
    for (size_t blocks = gemm_ceil_div(o.n, ORTHOGONAL_BLOCK); blocks > 0;) {
      const size_t count = gemm_min(blocks, group), begin = blocks - count;
#pragma omp for schedule(dynamic)
      for (size_t i = 0; i < count; i++) {
        const struct orthogonal_block block = orthogonal_block(&o, workspace, (begin + i) * ORTHOGONAL_BLOCK, i);
        orthogonal_make(&o, &block, &scratch);
      }
      /* The group's own columns, which are on the left and less work, come last. */
      const size_t left = begin * ORTHOGONAL_BLOCK, chunk = orthogonal_chunk(o.n - left, threads);
      const size_t chunks = gemm_ceil_div(o.n - left, chunk);
#pragma omp for schedule(dynamic)
      for (size_t c = 0; c < chunks; c++) {
        const size_t from = left + (chunks - 1 - c) * chunk, to = gemm_min(from + chunk, o.n);
        for (size_t i = count; i-- > 0;) {
          const struct orthogonal_block block = orthogonal_block(&o, workspace, (begin + i) * ORTHOGONAL_BLOCK, i);
          orthogonal_apply(&o, &block, from, to, &scratch);
        }
      }
      blocks = begin;
    }
  }
}
