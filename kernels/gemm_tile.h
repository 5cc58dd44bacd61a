/* The register tile: a block of C, at most GEMM_ROWS rows of GEMM_VECTORS vectors, gains its terms one after the other
 * without leaving the registers. There is one function for each number of rows and vectors, so that the edges of a
 * matrix cost what they hold and no accumulator is idle, and for each way in which its operands may lie. */
#ifndef DEPTHMARK_GEMM_TILE_H
#define DEPTHMARK_GEMM_TILE_H

#include "kernels/gemm_block.h"
#include "kernels/unroll.h"
#include "kernels/vec/vec.h"

/* c[i, j] = start[i, j] + sum over p of a(p, i) b[p, j], in the order of p. */
struct gemm_tile {
  size_t depth;    /* terms */
  const float *a;  /* see below */
  size_t a_stride; /* between groups or rows of a */
  const float *b;  /* one row of whole vectors for each term; where tiles read directly, what is beyond columns need not
                      exist */
  size_t b_stride;
  const float *next; /* what will be needed next: of each row as much as the tile is wide is fetched; NULL: nothing */
  size_t next_stride;
  float *c;
  size_t c_stride;
  const float *start; /* may be c; NULL: 0 */
  size_t start_stride;
  size_t columns; /* of the last vector, 1 to VEC_LANES; those beyond don't exist in c and start */
};
typedef void gemm_tile_function(const struct gemm_tile *tile);

/* How the elements of A lie: the group of a term side by side, or each row's terms side by side. A group may be read
 * to the end of the vectors that hold it. */
enum gemm_form { GEMM_GROUPS, GEMM_LINES };

#if defined(DEPTHMARK_VEC_NEON)
#include "kernels/gemm_tile_neon.h"
#elif defined(DEPTHMARK_VEC_AVX512)
#include "kernels/gemm_tile_avx512.h"
#else
/* One row of the tile gains an element of A times a row of B. */
VEC_INLINE void gemm_tile_row(size_t i, size_t vectors, const float *element, const vf *row, vf *sum) {
  const vf a = vf_set(*element);
  (void)i;
  UNROLL_ALL
  for (size_t v = 0; v < vectors; v++) sum[v] = vf_fma(a, row[v], sum[v]);
}
#endif

#if !defined(DEPTHMARK_VEC_NEON)
/* One term from a group of A. */
VEC_INLINE void gemm_tile_term(size_t rows, size_t vectors, const float *a, const vf *row,
                               vf sum[GEMM_ROWS][GEMM_VECTORS]) {
  UNROLL_ALL
  for (size_t i = 0; i < rows; i++) gemm_tile_row(i, vectors, a + i, row, sum[i]);
}
#endif

/* Vector v of a row of vectors: the last one holds that many columns. */
VEC_INLINE vf gemm_tile_load(const float *p, size_t v, size_t vectors, size_t columns) {
  return v + 1 < vectors || columns == VEC_LANES ? vf_load(p + v * VEC_LANES) : vf_load_n(p + v * VEC_LANES, columns);
}

/* A row of B, masked where it is read in place. */
VEC_INLINE void gemm_tile_b(const float *b, size_t vectors, size_t columns, vf *row) {
  UNROLL_ALL
  for (size_t v = 0; v < vectors; v++)
    row[v] = GEMM_MASKS && v + 1 == vectors ? vf_load_n(b + v * VEC_LANES, columns) : vf_load(b + v * VEC_LANES);
}

/* All terms. fetching: a row of what is next is on its way into the second-level cache with each. */
VEC_INLINE void gemm_tile_terms(size_t rows, size_t vectors, enum gemm_form form, int fetching,
                                const struct gemm_tile *t, vf sum[GEMM_ROWS][GEMM_VECTORS]) {
  const size_t columns = t->columns, depth = t->depth;
  const size_t a_stride = t->a_stride, b_stride = t->b_stride, next_stride = t->next_stride;
  const float *a = t->a, *b = t->b, *next = t->next;
#if GEMM_DIRECT
  const float *third[(GEMM_ROWS + 2) / 3]; /* three rows to a pointer: an address is base, or base + stride * 1 or 2 */
  UNROLL_ALL
  for (size_t i = 0; i < rows; i += 3) third[i / 3] = t->a + i * a_stride;
#endif
  for (size_t p = 0; p < depth; p++, b += b_stride) {
    vf row[GEMM_VECTORS];
    if (fetching) {
      UNROLL_ALL
      for (size_t j = 0; j < vectors * VEC_LANES; j += 16) __builtin_prefetch(next + j, 0, 2);
      next += next_stride;
    }
    gemm_tile_b(b, vectors, columns, row);
    if (form == GEMM_GROUPS) {
      gemm_tile_term(rows, vectors, a, row, sum);
      a += a_stride;
    } else {
#if GEMM_DIRECT
      UNROLL_ALL
      for (size_t i = 0; i < rows; i++) gemm_tile_row(i, vectors, third[i / 3] + i % 3 * a_stride, row, sum[i]);
      UNROLL_ALL
      for (size_t i = 0; i < rows; i += 3) third[i / 3]++;
#endif
    }
  }
}

VEC_INLINE void gemm_tile(size_t rows, size_t vectors, enum gemm_form form, const struct gemm_tile *t) {
  vf sum[GEMM_ROWS][GEMM_VECTORS];
  const size_t columns = t->columns, c_stride = t->c_stride;
  float *c = t->c;
  if (t->start && t->start_stride) {
    const float *start = t->start;
    UNROLL_ALL
    for (size_t i = 0; i < rows; i++, start += t->start_stride) {
      UNROLL_ALL
      for (size_t v = 0; v < vectors; v++) sum[i][v] = gemm_tile_load(start, v, vectors, columns);
    }
  } else if (t->start) { /* the same for all rows */
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) {
      const vf start = gemm_tile_load(t->start, v, vectors, columns);
      UNROLL_ALL
      for (size_t i = 0; i < rows; i++) sum[i][v] = start;
    }
  } else {
    UNROLL_ALL
    for (size_t i = 0; i < rows; i++) {
      UNROLL_ALL
      for (size_t v = 0; v < vectors; v++) sum[i][v] = vf_set(0.0f);
    }
  }

  if (t->next)
    gemm_tile_terms(rows, vectors, form, 1, t, sum);
  else
    gemm_tile_terms(rows, vectors, form, 0, t, sum);

  UNROLL_ALL
  for (size_t i = 0; i < rows; i++, c += c_stride) {
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++) {
      if (v + 1 < vectors || columns == VEC_LANES)
        vf_store(c + v * VEC_LANES, sum[i][v]);
      else
        vf_store_n(c + v * VEC_LANES, sum[i][v], columns);
    }
  }
}

/* GEMM_FOR_ROWS(X) is X(1) X(2) ... X(GEMM_ROWS). */
#define GEMM_FOR_ROWS_1(X) X(1)
#define GEMM_FOR_ROWS_2(X) GEMM_FOR_ROWS_1(X) X(2)
#define GEMM_FOR_ROWS_3(X) GEMM_FOR_ROWS_2(X) X(3)
#define GEMM_FOR_ROWS_4(X) GEMM_FOR_ROWS_3(X) X(4)
#define GEMM_FOR_ROWS_5(X) GEMM_FOR_ROWS_4(X) X(5)
#define GEMM_FOR_ROWS_6(X) GEMM_FOR_ROWS_5(X) X(6)
#define GEMM_FOR_ROWS_7(X) GEMM_FOR_ROWS_6(X) X(7)
#define GEMM_FOR_ROWS_8(X) GEMM_FOR_ROWS_7(X) X(8)
#define GEMM_FOR_ROWS_9(X) GEMM_FOR_ROWS_8(X) X(9)
#define GEMM_FOR_ROWS_10(X) GEMM_FOR_ROWS_9(X) X(10)
#define GEMM_FOR_ROWS_11(X) GEMM_FOR_ROWS_10(X) X(11)
#define GEMM_FOR_ROWS_12(X) GEMM_FOR_ROWS_11(X) X(12)
#define GEMM_FOR_ROWS_13(X) GEMM_FOR_ROWS_12(X) X(13)
#define GEMM_FOR_ROWS_14(X) GEMM_FOR_ROWS_13(X) X(14)
#define GEMM_FOR_ROWS__(rows) GEMM_FOR_ROWS_##rows
#define GEMM_FOR_ROWS_(rows) GEMM_FOR_ROWS__(rows)
#define GEMM_FOR_ROWS GEMM_FOR_ROWS_(GEMM_ROWS)

#define GEMM_TILE(rows, vectors, suffix, form)                                                                         \
  static void gemm_tile_##rows##x##vectors##suffix(const struct gemm_tile *t) { gemm_tile(rows, vectors, form, t); }
#if GEMM_VECTORS == 2
#define GEMM_TILE_VECTORS(rows, suffix, form) GEMM_TILE(rows, 1, suffix, form) GEMM_TILE(rows, 2, suffix, form)
#define GEMM_TILE_NAMES(rows, suffix) {gemm_tile_##rows##x1##suffix, gemm_tile_##rows##x2##suffix},
#else
#define GEMM_TILE_VECTORS(rows, suffix, form)                                                                          \
  GEMM_TILE(rows, 1, suffix, form)                                                                                     \
  GEMM_TILE(rows, 2, suffix, form) GEMM_TILE(rows, 3, suffix, form)
#define GEMM_TILE_NAMES(rows, suffix)                                                                                  \
  {gemm_tile_##rows##x1##suffix, gemm_tile_##rows##x2##suffix, gemm_tile_##rows##x3##suffix},
#endif

/* The tile of rows x vectors is gemm_tiles[rows - 1][vectors - 1], and the same for its other variants. */
typedef gemm_tile_function *const gemm_tile_row_functions[GEMM_VECTORS];
typedef gemm_tile_row_functions gemm_tile_list[GEMM_ROWS];

#define GEMM_TILES(rows) GEMM_TILE_VECTORS(rows, , GEMM_GROUPS)
#define GEMM_NAMES(rows) GEMM_TILE_NAMES(rows, )
GEMM_FOR_ROWS(GEMM_TILES)
static const gemm_tile_list gemm_tiles = {GEMM_FOR_ROWS(GEMM_NAMES)};

#if GEMM_DIRECT
#define GEMM_TILES_LINES(rows) GEMM_TILE_VECTORS(rows, _lines, GEMM_LINES)
#define GEMM_NAMES_LINES(rows) GEMM_TILE_NAMES(rows, _lines)
GEMM_FOR_ROWS(GEMM_TILES_LINES)
static const gemm_tile_list gemm_tiles_lines = {GEMM_FOR_ROWS(GEMM_NAMES_LINES)};
#endif

/* The tiles of so many rows, by their vectors less 1; lines: for rows of A where they are. */
VEC_INLINE const gemm_tile_row_functions *gemm_tile_functions(int lines, size_t rows) {
#if GEMM_DIRECT
  if (lines) return &gemm_tiles_lines[rows - 1];
#endif
  (void)lines;
  return &gemm_tiles[rows - 1];
}

#endif
