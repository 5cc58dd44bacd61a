/* Layer normalization. A row's sums are ROW_SUMS partial sums, whatever the vector length, so that every ISA gives the
 * same bits; gamma's and beta's gradients are one chain over the rows in each column.
 *
 * Rows take each step together, as many as a vector has lanes or the first-level cache has room for: what is to be done
 * once a row is done for all of them at once. */
#include <stdbool.h>

#include "kernels/norm.h"
#include "kernels/transpose.h"

#define ROW_SUMS 64
#define ROW_VECTORS (ROW_SUMS / VEC_LANES)

/* Floats of each matrix that a group of rows has, at most: half of a small first-level cache for both. */
#define GROUP_FLOATS 4096

/* One row as its passes see it. */
struct norm_row {
  const struct norm *s;
  const float *z, *dn;
  vf shift;           /* what is taken from z */
  vf rest, inverse;   /* forward: the mean less the shift, times inverse, by which differences are multiplied */
  vf gradient, slope; /* backward: what is taken from g, and for each unit of z's difference */
};

/* sum and a row's terms at columns [at, end), not beyond a vector; any number in the lanes that are left. */
typedef vf norm_term(const struct norm_row *row, size_t at, size_t end, vf sum);

/* Sums by halves: half of the partial sums are added to the other half, until there are as many as lanes. */
VEC_INLINE vf norm_halved(vf sums[ROW_VECTORS]) {
  for (size_t half = ROW_VECTORS / 2; half; half /= 2) {
    UNROLL_ALL
    for (size_t v = 0; v < half; v++) sums[v] = vf_add(sums[v], sums[v + half]);
  }
  return sums[0];
}

/* Each row's sum, in a lane of its own, from the rows' partial sums, halved further. */
VEC_INLINE vf norm_totals(vf rows[VEC_LANES]) {
  vf_transpose(rows);
  for (size_t half = VEC_LANES / 2; half; half /= 2) {
    UNROLL_ALL
    for (size_t i = 0; i < half; i++) rows[i] = vf_add(rows[i], rows[i + half]);
  }
  return rows[0];
}

VEC_INLINE vf norm_row_sum(const struct norm_row *row, norm_term *term) {
  const size_t columns = row->s->columns;
  vf sums[ROW_VECTORS];
  size_t i = 0;
  UNROLL_ALL
  for (size_t v = 0; v < ROW_VECTORS; v++) sums[v] = vf_set(0.0f);
  for (; i + ROW_SUMS <= columns; i += ROW_SUMS) {
    UNROLL_ALL
    for (size_t v = 0; v < ROW_VECTORS; v++) {
      const size_t at = i + v * VEC_LANES;
      sums[v] = term(row, at, at + VEC_LANES, sums[v]);
    }
  }
  UNROLL_ALL
  for (size_t v = 0; v < ROW_VECTORS; v++) {
    const size_t at = i + v * VEC_LANES;
    if (at >= columns) break;
    const vm is_there = vi_lt(vi_iota(), vi_set((int32_t)(columns - at < VEC_LANES ? columns - at : VEC_LANES)));
    sums[v] = vf_select(is_there, term(row, at, columns, sums[v]), sums[v]);
  }
  return norm_halved(sums);
}

/* out[i] = value of a row, for all its columns. */
typedef vf norm_value(const struct norm_row *row, size_t at, size_t end);
VEC_INLINE void norm_row_map(const struct norm_row *row, float *out, norm_value *value) {
  const size_t columns = row->s->columns;
  size_t i = 0;
  for (; i + VEC_LANES <= columns; i += VEC_LANES) vf_store(out + i, value(row, i, i + VEC_LANES));
  if (i < columns) vf_store_n(out + i, value(row, i, columns), columns - i);
}

/* Calls group(s, first, rows) for groups of the rows [from, to). */
typedef void norm_group(const struct norm *s, size_t first, size_t rows);
VEC_INLINE void norm_groups(const struct norm *s, size_t from, size_t to, size_t matrices, norm_group *group) {
  const size_t room = GROUP_FLOATS / matrices / s->columns, most = room < 1 ? 1 : room < VEC_LANES ? room : VEC_LANES;
  for (; from < to; from += most) group(s, from, to - from < most ? to - from : most);
}

/* ---- forward ----------------------------------------------------------------------------------------------------- */

VEC_INLINE vf norm_difference(const struct norm_row *row, size_t at, size_t end) {
  return vf_sub(vf_load_before(row->z, at, end), row->shift);
}
VEC_INLINE vf norm_add(const struct norm_row *row, size_t at, size_t end, vf sum) {
  return vf_add(sum, norm_difference(row, at, end));
}
VEC_INLINE vf norm_add_square(const struct norm_row *row, size_t at, size_t end, vf sum) {
  const vf d = norm_difference(row, at, end);
  return vf_fma(d, d, sum);
}
VEC_INLINE vf norm_forward(const struct norm_row *row, size_t at, size_t end) {
  const vf x = vf_fma(norm_difference(row, at, end), row->inverse, row->rest);
  const vf gamma = row->s->gamma ? vf_load_before(row->s->gamma, at, end) : vf_set(1.0f);
  return vf_fma(x, gamma, row->s->beta ? vf_load_before(row->s->beta, at, end) : vf_set(0.0f));
}

static void layer_norm_forward_group(const struct norm *s, size_t at, size_t rows) {
  const vf count = vf_set((float)s->columns);
  float first[VEC_LANES] = {0}, mean[VEC_LANES], rest[VEC_LANES], inverse[VEC_LANES];
  const float *const z = s->z + at * s->columns;
  vf sums[VEC_LANES];
  for (size_t r = 0; r < VEC_LANES; r++) sums[r] = vf_set(0.0f);
  for (size_t r = 0; r < rows; r++) {
    first[r] = z[r * s->columns];
    const struct norm_row row = {.s = s, .z = z + r * s->columns, .shift = vf_set(first[r])};
    sums[r] = norm_row_sum(&row, norm_add);
  }
  const struct norm_mean means = norm_mean(vf_load(first), norm_totals(sums), count);
  vf_store(mean, means.mean);
  for (size_t r = 0; r < VEC_LANES; r++) sums[r] = vf_set(0.0f);
  for (size_t r = 0; r < rows; r++) {
    const struct norm_row row = {.s = s, .z = z + r * s->columns, .shift = vf_set(mean[r])};
    sums[r] = norm_row_sum(&row, norm_add_square);
  }
  const vf inverses = norm_inverse(norm_totals(sums), means, count, s->epsilon);
  vf_store(inverse, inverses);
  vf_store(rest, vf_neg(vf_mul(means.rest, inverses)));
  vf_store_before(s->mean + at, means.mean, 0, rows);
  vf_store_before(s->inverse + at, inverses, 0, rows);
  for (size_t r = 0; r < rows; r++) {
    const struct norm_row row = {.s = s,
                                 .z = z + r * s->columns,
                                 .shift = vf_set(mean[r]),
                                 .rest = vf_set(rest[r]),
                                 .inverse = vf_set(inverse[r])};
    norm_row_map(&row, s->n + (at + r) * s->columns, norm_forward);
  }
}
static void layer_norm_forward_rows(const struct norm *s, size_t from, size_t to) {
  norm_groups(s, from, to, 1, layer_norm_forward_group);
}
static void layer_norm_forward(const struct norm *s) {
  if (s->columns) norm_share(s, s->rows, VEC_LANES, layer_norm_forward_rows);
}

/* ---- backward ---------------------------------------------------------------------------------------------------- */

VEC_INLINE vf norm_gradient(const struct norm_row *row, size_t at, size_t end) {
  const vf dn = vf_load_before(row->dn, at, end);
  return row->s->gamma ? vf_mul(dn, vf_load_before(row->s->gamma, at, end)) : dn;
}
VEC_INLINE vf norm_add_gradient(const struct norm_row *row, size_t at, size_t end, vf sum) {
  return vf_add(sum, norm_gradient(row, at, end));
}
VEC_INLINE vf norm_add_product(const struct norm_row *row, size_t at, size_t end, vf sum) {
  return vf_fma(norm_gradient(row, at, end), norm_difference(row, at, end), sum);
}
VEC_INLINE vf norm_backward(const struct norm_row *row, size_t at, size_t end) {
  const vf g = vf_sub(norm_gradient(row, at, end), row->gradient);
  return vf_mul(vf_fnma(norm_difference(row, at, end), row->slope, g), row->inverse);
}

/* With d = z - mean and g = dn gamma: dz = inverse (g - mean of g - d inverse^2 mean of g d). */
static void layer_norm_backward_group(const struct norm *s, size_t at, size_t rows) {
  const vf count = vf_set((float)s->columns);
  float gradient[VEC_LANES], slope[VEC_LANES];
  struct norm_row row[VEC_LANES];
  vf gradients[VEC_LANES], products[VEC_LANES];
  for (size_t r = 0; r < VEC_LANES; r++) gradients[r] = products[r] = vf_set(0.0f);
  for (size_t r = 0; r < rows; r++) {
    const size_t begin = (at + r) * s->columns;
    row[r] = (struct norm_row){.s = s, .z = s->z + begin, .dn = s->dn + begin, .shift = vf_set(s->mean[at + r])};
    gradients[r] = norm_row_sum(&row[r], norm_add_gradient), products[r] = norm_row_sum(&row[r], norm_add_product);
  }
  const vf inverse = vf_load_before(s->inverse + at, 0, rows);
  vf_store(gradient, vf_div(norm_totals(gradients), count));
  vf_store(slope, vf_mul(vf_mul(vf_div(norm_totals(products), count), inverse), inverse));
  for (size_t r = 0; r < rows; r++) {
    row[r].gradient = vf_set(gradient[r]), row[r].slope = vf_set(slope[r]), row[r].inverse = vf_set(s->inverse[at + r]);
    norm_row_map(&row[r], s->dz + (at + r) * s->columns, norm_backward);
  }
}
static void layer_norm_backward_rows(const struct norm *s, size_t from, size_t to) {
  norm_groups(s, from, to, 2, layer_norm_backward_group);
}

/* gamma's and beta's gradients, continued from the rows before. */
VEC_INLINE void layer_norm_sums_block(const struct norm *s, size_t at, size_t vectors, size_t width, size_t first,
                                      size_t end) {
  const float *z = s->z + first * s->columns + at, *dn = s->dn + first * s->columns + at;
  vf sum[NORM_VECTORS], product[NORM_VECTORS];
  for (size_t v = 0; v < vectors; v++) {
    const size_t i = v * VEC_LANES;
    sum[v] = first && s->dbeta ? vf_load_before(s->dbeta + at, i, width) : vf_set(0.0f);
    product[v] = first && s->dgamma ? vf_load_before(s->dgamma + at, i, width) : vf_set(0.0f);
  }
  for (size_t row = first; row < end; row++, z += s->columns, dn += s->columns) {
    const vf mean = vf_set(s->mean[row]), inverse = vf_set(s->inverse[row]);
    for (size_t v = 0; v < vectors; v++) {
      const vf g = vf_load_before(dn, v * VEC_LANES, width);
      const vf x = vf_mul(vf_sub(vf_load_before(z, v * VEC_LANES, width), mean), inverse);
      sum[v] = vf_add(sum[v], g), product[v] = vf_fma(g, x, product[v]);
    }
  }
  for (size_t v = 0; v < vectors; v++) {
    if (s->dbeta) vf_store_before(s->dbeta + at, sum[v], v * VEC_LANES, width);
    if (s->dgamma) vf_store_before(s->dgamma + at, product[v], v * VEC_LANES, width);
  }
}
static void layer_norm_sums_columns(const struct norm *s, size_t from, size_t to) {
  norm_walk(s, from, to, 0, s->rows, layer_norm_sums_block);
}

/* All of a group at once, while it is in the cache: the sums first, since dz may be written over dn. */
static void layer_norm_backward_all(const struct norm *s, size_t at, size_t rows) {
  norm_walk(s, 0, s->columns, at, at + rows, layer_norm_sums_block);
  layer_norm_backward_group(s, at, rows);
}

/* More threads sum columns before they do rows. */
static void layer_norm_backward(const struct norm *s) {
  const bool sums = s->columns && (s->dgamma || s->dbeta);
  if (sums && s->rows && norm_parts(s, s->rows) == 1) {
    norm_groups(s, 0, s->rows, 2, layer_norm_backward_all);
    return;
  }
  if (sums) norm_share(s, s->columns, NORM_COLUMNS, layer_norm_sums_columns);
  if (s->columns) norm_share(s, s->rows, VEC_LANES, layer_norm_backward_rows);
}
