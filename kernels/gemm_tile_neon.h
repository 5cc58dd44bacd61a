/* One term of the register tile on Advanced SIMD, by hand: FMLA takes its multiplier from a lane, so that two loads
 * bring all eight elements of A. The portable body's eight broadcasts do not fit beside 24 accumulators. */
VEC_INLINE vf gemm_fma_lane(vf sum, vf row, vf a, size_t lane) {
  switch (lane) { /* constant once the loops are unrolled */
  case 0: return vfmaq_laneq_f32(sum, row, a, 0);
  case 1: return vfmaq_laneq_f32(sum, row, a, 1);
  case 2: return vfmaq_laneq_f32(sum, row, a, 2);
  default: return vfmaq_laneq_f32(sum, row, a, 3);
  }
}

/* Reads whole vectors of A: up to VEC_LANES - 1 elements past the strip's end, within the overrun of the packing. */
VEC_INLINE void gemm_tile_term(size_t rows, size_t vectors, const float *a, const vf *row,
                               vf sum[GEMM_ROWS][GEMM_VECTORS]) {
  UNROLL_ALL
  for (size_t i = 0; i < rows; i += VEC_LANES) {
    const vf elements = vf_load(a + i);
    const size_t lanes = rows - i < VEC_LANES ? rows - i : VEC_LANES;
    UNROLL_ALL
    for (size_t lane = 0; lane < lanes; lane++) {
      UNROLL_ALL
      for (size_t v = 0; v < vectors; v++) sum[i + lane][v] = gemm_fma_lane(sum[i + lane][v], row[v], elements, lane);
    }
  }
}
