/* SLEEF's deterministic float functions (finz: the same bits on every ISA with FMA) under one name per function. SLEEF
 * declares those of an ISA only in code compiled for it. Without FMA the scalar table takes the cinz functions, which
 * promise the same error: 1 unit in the last place, erfc 1.5. */
#ifndef DEPTHMARK_VEC_SLEEF_H
#define DEPTHMARK_VEC_SLEEF_H

#include <sleef.h>

#include "kernels/vec/vec.h"

#if defined(DEPTHMARK_VEC_AVX512)
#define SLEEF_FUNCTION(name, error) Sleef_finz_##name##16_##error##avx512f
#elif defined(DEPTHMARK_VEC_AVX2)
#define SLEEF_FUNCTION(name, error) Sleef_finz_##name##8_##error##avx2
#elif defined(DEPTHMARK_VEC_NEON)
#define SLEEF_FUNCTION(name, error) Sleef_finz_##name##4_##error##advsimd
#elif defined(__FP_FAST_FMAF)
#define SLEEF_FUNCTION(name, error) Sleef_finz_##name##1_##error##purecfma
#else
#define SLEEF_FUNCTION(name, error) Sleef_cinz_##name##1_##error##purec
#endif

VEC_INLINE vf sleef_exp(vf x) { return SLEEF_FUNCTION(expf, u10)(x); }
VEC_INLINE vf sleef_expm1(vf x) { return SLEEF_FUNCTION(expm1f, u10)(x); }
VEC_INLINE vf sleef_log1p(vf x) { return SLEEF_FUNCTION(log1pf, u10)(x); }
VEC_INLINE vf sleef_tanh(vf x) { return SLEEF_FUNCTION(tanhf, u10)(x); }
VEC_INLINE vf sleef_erfc(vf x) { return SLEEF_FUNCTION(erfcf, u15)(x); }

#endif
