/* The truth that kernels are held against: plain double-precision C, baseline flags, nothing shared with vec/. One
 * function reference_<kernel> per line of kernels.def, of its signature's type below. */
#ifndef DEPTHMARK_REFERENCE_H
#define DEPTHMARK_REFERENCE_H

#include "kernels/kernels.h"

/* f(x) or f'(x) */
typedef double map_reference(double x, struct parameters p);
/* dy f'(x) */
typedef double backward_reference(double x, double dy, struct parameters p);
/* f(x), x the rounded sum of the kernel's operands */
typedef double bias_reference(double x, struct parameters p);
typedef void both_reference(double x, struct parameters p, double *value, double *slope);
/* dy df(x)/da */
typedef double parameter_reference(double x, double dy, struct parameters p);
/* One row of n elements. */
typedef void rows_reference(const double *x, double *y, size_t n);
/* terms receives the sum of the absolute terms of each result, which the error bound is stated in. */
typedef void rows_backward_reference(const double *y, const double *dy, double *dx, double *terms, size_t n);
/* words[i]. */
typedef uint32_t words_reference(uint64_t block, size_t i, uint64_t seed, uint64_t stream);
/* Weight i, from words of that generator; init->generator, which belongs to a table, is not looked at. */
typedef double fill_reference(uint64_t i, const struct init *init, words_reference *words);

/* All weights, from words of Philox4x32-10. */
typedef void matrix_reference(double *w, size_t rows, size_t columns, const struct init *init);

/* struct dense in double precision, without workspace and threads; activation is NULL or a map_reference. The terms
 * members receive the sum of the absolute products of each result, which the error bound is stated in. */
struct dense_double {
  size_t batch, in, out;
  const double *x, *w, *b;
  double *z, *y;
  const double *dz;
  double *dx, *dw, *db;
  double *z_terms, *dx_terms, *dw_terms, *db_terms; /* NULL: not wanted */
  map_reference *activation;
  struct parameters p;
};
typedef void dense_reference(const struct dense_double *layer);

/* The same sums, of operands that are bf16. */
typedef dense_reference dense_bf16_reference;

/* x rounded to bf16 and the value of one. */
typedef uint16_t round_reference(float x);
typedef double widen_reference(uint16_t x);

typedef void loss_reference(const double *logits, const int32_t *labels, size_t batch, size_t classes, double *dlogits,
                            double *loss);
typedef double update_reference(double w, double dw, double rate);
typedef void momentum_reference(double *w, double *v, double dw, struct momentum how);
typedef void adam_reference(double *w, double *m, double *v, double dw, struct adam how);

/* struct norm in double precision. The terms members receive what the error bounds are stated in, NULL: not wanted. */
struct norm_double {
  size_t rows, columns;
  const double *z, *gamma, *beta;
  double *n, *mean, *inverse;
  const double *dn;
  double *dz, *dgamma, *dbeta;
  double *n_terms, *spread; /* spread, of each group: (|first z - mean| + deviation) / sqrt(variance + epsilon) */
  double *dz_terms, *dgamma_terms, *dbeta_terms;
  double epsilon;
};
typedef void norm_reference(const struct norm_double *norm);

/* What a peak kernel leaves in *sink after n steps. */
typedef double peak_reference(size_t n);
/* What a traffic kernel leaves in dst[i]; NAN: untouched. */
typedef double traffic_reference(const float *src, size_t n, size_t i);

#define KERNEL(name, signature, ...) signature##_reference reference_##name;
#include "kernels/kernels.def"
#undef KERNEL

/* The reference of kernels[i], to be cast to its signature's type. */
extern kernel_function *const reference_functions[KERNEL_COUNT];

/* Philox4x32 with that many rounds (10 or 7), for known answers. */
void reference_philox4x32(int rounds, const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);

/* SubBytes and MixColumns of FIPS 197 on one column. */
void reference_aes_column(uint8_t column[4]);

/* Threefry2x32 with 20 rounds; words may be key. */
void reference_threefry2x32(const uint32_t counter[2], const uint32_t key[2], uint32_t words[2]);

#endif
