/* One row of the register tile on AVX-512, by hand: where the element of A is the memory operand of each FMA instead of
 * having been loaded before, Zen 4 runs the tile at the full rate of its FMA units instead of 98.9 % of it. Two rows of
 * fourteen are enough for that; with all of them the loads would bind a core that starts two FMAs a cycle. */
#define GEMM_TILE_FOLDED 12 /* the first such row */

VEC_INLINE void gemm_tile_row(size_t i, size_t vectors, const float *element, const vf *row, vf *sum) {
  if (i >= GEMM_TILE_FOLDED) {
    UNROLL_ALL
    for (size_t v = 0; v < vectors; v++)
      __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(sum[v]) : "v"(row[v]), "m"(*element));
    return;
  }
  const vf a = vf_set(*element);
  UNROLL_ALL
  for (size_t v = 0; v < vectors; v++) sum[v] = vf_fma(a, row[v], sum[v]);
}
