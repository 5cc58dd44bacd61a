/* The training step's elementwise ends: parameter updates. */
#include "kernels/vec/vec.h"

static void sgd_update(float *w, const float *dw, size_t n, float rate) {
  const vf r = vf_set(rate);
  size_t i = 0;
  for (; i + VEC_LANES <= n; i += VEC_LANES) vf_store(w + i, vf_fnma(r, vf_load(dw + i), vf_load(w + i)));
  vf_store_n(w + i, vf_fnma(r, vf_load_n(dw + i, n - i), vf_load_n(w + i, n - i)), n - i);
}

/* One vector's step: v becomes the new velocity, the new w is returned. */
VEC_INLINE vf momentum_step(vf w, vf *v, vf dw, vf rate, vf momentum, vf decay, int nesterov) {
  const vf g = vf_fma(decay, w, dw);
  *v = vf_fma(momentum, *v, g);
  return vf_fnma(rate, nesterov ? vf_fma(momentum, *v, g) : *v, w);
}

VEC_INLINE void momentum_run(float *w, float *v, const float *dw, size_t n, struct momentum how, int nesterov) {
  const vf rate = vf_set(how.rate), momentum = vf_set(how.momentum), decay = vf_set(how.decay);
  for (size_t i = 0; i < n; i += VEC_LANES) {
    vf velocity = vf_load_before(v, i, n);
    const vf to =
        momentum_step(vf_load_before(w, i, n), &velocity, vf_load_before(dw, i, n), rate, momentum, decay, nesterov);
    vf_store_before(v, velocity, i, n);
    vf_store_before(w, to, i, n);
  }
}

static void momentum_update(float *w, float *v, const float *dw, size_t n, struct momentum how) {
  if (how.nesterov)
    momentum_run(w, v, dw, n, how, 1);
  else
    momentum_run(w, v, dw, n, how, 0);
}
