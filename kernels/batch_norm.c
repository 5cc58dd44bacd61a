/* Batch normalization. A column is one chain over the rows, so that its bits depend on nothing else. */
#include <stdbool.h>

#include "kernels/norm.h"

/* Floats of a block that are kept side by side for its later passes, at most: where rows are apart, the more so by
 * powers of two, the first-level cache has no place for them. */
#define BLOCK_FLOATS 8192

VEC_INLINE void batch_norm_forward_block(const struct norm *s, size_t at, size_t vectors, size_t width, size_t begin,
                                         size_t end) {
  const vf count = vf_set((float)s->rows);
  const size_t block = vectors * VEC_LANES;
  const bool keeps = s->rows <= BLOCK_FLOATS / block;
  _Alignas(64) float kept[BLOCK_FLOATS];
  const float *z = s->z + at, *const again = keeps ? kept : z;
  const size_t stride = keeps ? block : s->columns;
  float *n = s->n + at;
  struct norm_mean mean[NORM_VECTORS];
  vf first[NORM_VECTORS], sum[NORM_VECTORS], scale[NORM_VECTORS], shift[NORM_VECTORS];
  for (size_t v = 0; v < vectors; v++) first[v] = vf_load_before(z, v * VEC_LANES, width), sum[v] = vf_set(0.0f);
  for (size_t row = begin; row < end; row++, z += s->columns)
    for (size_t v = 0; v < vectors; v++) {
      const vf value = vf_load_before(z, v * VEC_LANES, width);
      if (keeps) vf_store(kept + row * block + v * VEC_LANES, value);
      sum[v] = vf_add(sum[v], vf_sub(value, first[v]));
    }
  for (size_t v = 0; v < vectors; v++) mean[v] = norm_mean(first[v], sum[v], count), sum[v] = vf_set(0.0f);
  z = again;
  for (size_t row = begin; row < end; row++, z += stride)
    for (size_t v = 0; v < vectors; v++) {
      const vf d = vf_sub(vf_load_before(z, v * VEC_LANES, width), mean[v].mean);
      sum[v] = vf_fma(d, d, sum[v]);
    }
  for (size_t v = 0; v < vectors; v++) {
    const size_t i = v * VEC_LANES;
    const vf inverse = norm_inverse(sum[v], mean[v], count, s->epsilon);
    vf_store_before(s->mean + at, mean[v].mean, i, width);
    vf_store_before(s->inverse + at, inverse, i, width);
    scale[v] = s->gamma ? vf_mul(vf_load_before(s->gamma + at, i, width), inverse) : inverse;
    shift[v] = vf_fnma(mean[v].rest, scale[v], s->beta ? vf_load_before(s->beta + at, i, width) : vf_set(0.0f));
  }
  z = again;
  for (size_t row = begin; row < end; row++, z += stride, n += s->columns)
    for (size_t v = 0; v < vectors; v++) {
      const vf d = vf_sub(vf_load_before(z, v * VEC_LANES, width), mean[v].mean);
      vf_store_before(n, vf_fma(d, scale[v], shift[v]), v * VEC_LANES, width);
    }
}
static void batch_norm_forward_columns(const struct norm *s, size_t from, size_t to) {
  norm_walk(s, from, to, 0, s->rows, batch_norm_forward_block);
}
static void batch_norm_forward(const struct norm *s) {
  if (s->rows) norm_share(s, s->columns, NORM_COLUMNS, batch_norm_forward_columns);
}

/* With d = z - mean: dgamma = inverse sum of dn d, dbeta = sum of dn, and dz = gamma inverse (dn - dbeta / rows - d
 * inverse dgamma / rows), its factors multiplied out. */
VEC_INLINE void batch_norm_backward_block(const struct norm *s, size_t at, size_t vectors, size_t width, size_t begin,
                                          size_t end) {
  const vf count = vf_set((float)s->rows);
  const size_t block = vectors * VEC_LANES;
  const bool keeps = s->rows <= BLOCK_FLOATS / block;
  _Alignas(64) float kept_z[BLOCK_FLOATS], kept_dn[BLOCK_FLOATS];
  const float *z = s->z + at,
              *dn = s->dn + at, *const z_again = keeps ? kept_z : z, *const dn_again = keeps ? kept_dn : dn;
  const size_t stride = keeps ? block : s->columns;
  float *dz = s->dz + at;
  vf mean[NORM_VECTORS], sum[NORM_VECTORS], product[NORM_VECTORS], scale[NORM_VECTORS];
  for (size_t v = 0; v < vectors; v++)
    mean[v] = vf_load_before(s->mean + at, v * VEC_LANES, width), sum[v] = product[v] = vf_set(0.0f);
  for (size_t row = begin; row < end; row++, z += s->columns, dn += s->columns)
    for (size_t v = 0; v < vectors; v++) {
      const vf g = vf_load_before(dn, v * VEC_LANES, width), value = vf_load_before(z, v * VEC_LANES, width);
      if (keeps) vf_store(kept_z + row * block + v * VEC_LANES, value);
      if (keeps) vf_store(kept_dn + row * block + v * VEC_LANES, g);
      sum[v] = vf_add(sum[v], g), product[v] = vf_fma(g, vf_sub(value, mean[v]), product[v]);
    }
  for (size_t v = 0; v < vectors; v++) {
    const size_t i = v * VEC_LANES;
    const vf inverse = vf_load_before(s->inverse + at, i, width),
             dgamma = s->rows ? vf_mul(product[v], inverse) : product[v];
    if (s->dbeta) vf_store_before(s->dbeta + at, sum[v], i, width);
    if (s->dgamma) vf_store_before(s->dgamma + at, dgamma, i, width);
    scale[v] = s->gamma ? vf_mul(vf_load_before(s->gamma + at, i, width), inverse) : inverse;
    sum[v] = vf_neg(vf_mul(vf_div(sum[v], count), scale[v]));
    product[v] = vf_mul(vf_mul(vf_div(dgamma, count), inverse), scale[v]);
  }
  z = z_again, dn = dn_again;
  for (size_t row = begin; row < end; row++, z += stride, dn += stride, dz += s->columns)
    for (size_t v = 0; v < vectors; v++) {
      const vf g = vf_load_before(dn, v * VEC_LANES, width);
      const vf d = vf_sub(vf_load_before(z, v * VEC_LANES, width), mean[v]);
      vf_store_before(dz, vf_fnma(d, product[v], vf_fma(g, scale[v], sum[v])), v * VEC_LANES, width);
    }
}
static void batch_norm_backward_columns(const struct norm *s, size_t from, size_t to) {
  norm_walk(s, from, to, 0, s->rows, batch_norm_backward_block);
}
static void batch_norm_backward(const struct norm *s) {
  norm_share(s, s->columns, NORM_COLUMNS, batch_norm_backward_columns);
}
