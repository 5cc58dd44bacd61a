/* Between float and bf16. */
#include "kernels/bf16.h"

static void bf16_round(const float *x, uint16_t *y, size_t n) {
  size_t i = 0;
  for (; i + VEC_LANES <= n; i += VEC_LANES) vi_store16(y + i, bf16_of(vf_load(x + i)));
  vi_store16_n(y + i, bf16_of(vf_load_n(x + i, n - i)), n - i);
}

static void bf16_widen(const uint16_t *x, float *y, size_t n) {
  size_t i = 0;
  for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(y + i, bf16_low(vi_load16(x + i)));
  vf_store_n(y + i, bf16_low(vi_load16_n(x + i, n - i)), n - i);
}
