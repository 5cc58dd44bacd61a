/* The training step's elementwise ends: parameter updates, and gradients made smaller or larger before. */
#include <assert.h>
#include <math.h>

#include "kernels/activation.h"

/* a: the factor */
VALUE(scale) { return vf_mul(a, x); }
MAP(scale, scale_value)

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

/* What Adam's step multiplies by, formed in double precision. */
struct adam_factors {
  vf beta1, rest1, beta2, rest2; /* rest = 1 - beta */
  vf rate, inverse_root;         /* rate / (1 - beta1^step), 1 / sqrt(1 - beta2^step) */
  vf epsilon, decay;
};

/* By squaring: libraries' pow() differ in their last bits. */
static double adam_power(double base, uint64_t exponent) {
  double power = 1;
  for (; exponent; exponent /= 2, base *= base)
    if (exponent % 2) power *= base;
  return power;
}

static struct adam_factors adam_factors(struct adam how) {
  assert(how.step >= 1);
  assert(how.beta1 >= 0 && how.beta1 < 1 && how.beta2 >= 0 && how.beta2 < 1);
  const double correction1 = 1 - adam_power(how.beta1, how.step), correction2 = 1 - adam_power(how.beta2, how.step);
  return (struct adam_factors){.beta1 = vf_set((float)how.beta1),
                               .rest1 = vf_set((float)(1 - how.beta1)),
                               .beta2 = vf_set((float)how.beta2),
                               .rest2 = vf_set((float)(1 - how.beta2)),
                               .rate = vf_set((float)((double)how.rate / correction1)),
                               .inverse_root = vf_set((float)(1 / sqrt(correction2))),
                               .epsilon = vf_set(how.epsilon),
                               .decay = vf_set(how.decay)};
}

/* One vector's step: m and v become the new averages, the new w is returned. */
VEC_INLINE vf adam_step(vf w, vf *m, vf *v, vf dw, const struct adam_factors *f) {
  const vf g = vf_fma(f->decay, w, dw);
  *m = vf_fma(f->rest1, g, vf_mul(f->beta1, *m));
  *v = vf_fma(vf_mul(f->rest2, g), g, vf_mul(f->beta2, *v));
  const vf divisor = vf_fma(vf_sqrt(*v), f->inverse_root, f->epsilon);
  return vf_fnma(f->rate, vf_div(*m, divisor), w);
}

static void adam_update(float *w, float *m, float *v, const float *dw, size_t n, struct adam how) {
  const struct adam_factors factors = adam_factors(how);
  for (size_t i = 0; i < n; i += VEC_LANES) {
    vf new_m = vf_load_before(m, i, n), new_v = vf_load_before(v, i, n);
    const vf to = adam_step(vf_load_before(w, i, n), &new_m, &new_v, vf_load_before(dw, i, n), &factors);
    vf_store_before(m, new_m, i, n);
    vf_store_before(v, new_v, i, n);
    vf_store_before(w, to, i, n);
  }
}
