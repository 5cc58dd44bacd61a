#include <math.h>

#include "kernels/reference/reference.h"

double reference_fma_peak(size_t n) {
  (void)n;
  return 2.0; /* the fixed point of v / 2 + 1, from which every chain starts */
}

double reference_bf16_peak(size_t n) {
  (void)n;
  return 2.0; /* to which products are added that cancel */
}

/* Twelve chains from 1, n / 12 steps each and the rest in the first. */
double reference_multiply_peak(size_t n) {
  uint32_t each = 1, first;
  for (size_t i = 0; i < n / 12; i++) each *= 0xd2511f53u;
  first = each;
  for (size_t i = 0; i < n % 12; i++) first *= 0xd2511f53u;
  return (double)((first + 11 * each) >> 8);
}

double reference_memory_read(const float *src, size_t n, size_t i) {
  double sum = 0;
  if (i > 0) return NAN;
  for (size_t j = 0; j < n; j++) sum += src[j];
  return sum;
}

double reference_memory_write(const float *src, size_t n, size_t i) {
  (void)n, (void)i;
  return src[0];
}

double reference_memory_copy(const float *src, size_t n, size_t i) {
  (void)n;
  return src[i];
}

double reference_memory_write_stream(const float *src, size_t n, size_t i) { return reference_memory_write(src, n, i); }
double reference_memory_copy_stream(const float *src, size_t n, size_t i) { return reference_memory_copy(src, n, i); }
