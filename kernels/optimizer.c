/* The training step's elementwise ends: parameter updates. */
#include "kernels/vec/vec.h"

static void sgd_update(float *w, const float *dw, size_t n, float rate) {
  const vf r = vf_set(rate);
  size_t i = 0;
  for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(w + i, vf_fnma(r, vf_load(dw + i), vf_load(w + i)));
  vf_store_n(w + i, vf_fnma(r, vf_load_n(dw + i, n - i), vf_load_n(w + i, n - i)), n - i);
}
