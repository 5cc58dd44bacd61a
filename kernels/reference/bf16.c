#include <math.h>
#include <string.h>

#include "kernels/reference/reference.h"

/* The multiple of the last place nearest to x: bf16 has 8 significant bits and no exponent below 2^-133. */
uint16_t reference_bf16_round(float x) {
  const double value = (double)x;
  if (isnan(x)) return signbit(x) ? 0xffc0 : 0x7fc0;
  int exponent = 0;
  frexp(value, &exponent);
  const int last_place = exponent - 8 > -133 ? exponent - 8 : -133;
  const double rounded = isinf(x) ? value : ldexp(nearbyint(ldexp(value, -last_place)), last_place);
  const float narrow = (float)rounded; /* exact, or infinite */
  uint32_t bits;
  memcpy(&bits, &narrow, sizeof bits);
  return (uint16_t)(bits >> 16);
}

double reference_bf16_widen(uint16_t x) {
  const int exponent = x >> 7 & 0xff, fraction = x & 0x7f, sign = x >> 15;
  const double magnitude = exponent == 0xff ? (fraction ? (double)NAN : (double)INFINITY)
                           : exponent       ? ldexp(128 + fraction, exponent - 134)
                                            : ldexp(fraction, -133);
  return copysign(magnitude, sign ? -1.0 : 1.0);
}

void reference_dense_bf16_forward(const struct dense_double *l) { reference_dense_forward(l); }
void reference_dense_bf16_backward_data(const struct dense_double *l) { reference_dense_backward_data(l); }
void reference_dense_bf16_backward_weights(const struct dense_double *l) { reference_dense_backward_weights(l); }
void reference_dense_bf16_forward_dot(const struct dense_double *l) { reference_dense_forward(l); }
void reference_dense_bf16_backward_data_dot(const struct dense_double *l) { reference_dense_backward_data(l); }
void reference_dense_bf16_backward_weights_dot(const struct dense_double *l) { reference_dense_backward_weights(l); }
