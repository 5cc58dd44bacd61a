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

/* The root of the float 1.9, rounded: 1.9 divided by it and rounded is the same again. */
double reference_sqrt_peak(size_t n) {
  (void)n;
  return (double)(float)sqrt((double)1.9f);
}
double reference_divide_peak(size_t n) { return reference_sqrt_peak(n); }
double reference_divide_latency(size_t n) { return reference_sqrt_peak(n); }
double reference_multiply_latency(size_t n) { return reference_sqrt_peak(n); } /* times 1 */
double reference_fma_latency(size_t n) { return reference_fma_peak(n); }
double reference_add_latency(size_t n) {
  (void)n;
  return 1.25; /* 2.5 - v */
}

/* Twelve chains that begin alike, n / 12 steps each and the rest in the first: the sum of their ends, as sinks have it.
 */
typedef uint32_t step_function(uint32_t x);
static double sum_of_chains(size_t n, uint32_t start, step_function *step) {
  uint32_t each = start, first;
  for (size_t i = 0; i < n / 12; i++) each = step(each);
  first = each;
  for (size_t i = 0; i < n % 12; i++) first = step(first);
  return (double)((first + 11 * each) >> 8);
}

static uint32_t multiply_step(uint32_t x) { return x * 0xd2511f53u; }
double reference_multiply_peak(size_t n) { return sum_of_chains(n, 1, multiply_step); }
double reference_multiply_low_peak(size_t n) { return sum_of_chains(n, 1, multiply_step); }

static uint32_t integer_step(uint32_t x) { return (x + 0x9e3779b9u) ^ 0x55aa33ccu; }
double reference_integer_peak(size_t n) { return sum_of_chains(n, 1, integer_step); }

/* Where all columns of a block are the same word, and those of the key, too, ShiftRows turns the columns into one
 * another: a round is SubBytes and MixColumns of that word. */
static uint32_t aes_step(uint32_t x) {
  uint8_t bytes[4];
  for (int r = 0; r < 4; r++) bytes[r] = (uint8_t)(x >> 8 * r);
  reference_aes_column(bytes);
  x = 0;
  for (int r = 0; r < 4; r++) x |= (uint32_t)bytes[r] << 8 * r;
  return x ^ 0x1b873593u;
}
double reference_aes_peak(size_t n) { return sum_of_chains(n, 0, aes_step); }
double reference_vaes_peak(size_t n) { return reference_aes_peak(n); }

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
