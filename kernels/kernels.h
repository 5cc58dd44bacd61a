/* The kernels' public face: their signatures, the table one ISA fills, and the catalogue that describes them.
 * Everything that depends on which kernels exist is expanded from kernels.def. No intrinsics, no bodies.
 *
 * Matrices are dense and row-major. Lengths count elements, not bytes. Pointers need only the alignment of their
 * element type. Kernels assert their preconditions and cannot fail; any length, zero included, is valid.
 */
#ifndef DEPTHMARK_KERNELS_H
#define DEPTHMARK_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Numbers that shape an activation (leaky_relu's slope a, elu's alpha a) or a distribution (uniform's interval [a, b],
 * normal's mean a and standard deviation b, constant's value a, ...: the comment at each kernel's line in kernels.def).
 * Unused ones are ignored. */
struct parameters {
  float a, b, c, d;
  int streamed; /* map, backward: 1 stores past the caches where the ISA can, for arrays larger than the last of them */
};

/* y[i] = f(x[i]), or f'(x[i]), for i < n. y may be x; other overlap is not allowed. */
typedef void map_kernel(const float *x, float *y, size_t n, struct parameters p);

/* dx[i] = dy[i] * f'(x[i]) for i < n, x the input of f; in kernels named ..._from_output x is its output. dx may be x
 * or dy. */
typedef void backward_kernel(const float *x, const float *dy, float *dx, size_t n, struct parameters p);

/* y[r][i] = f(x[r][i] + bias[i]) for r < rows, i < columns. y may be x. */
typedef void bias_kernel(const float *x, const float *bias, float *y, size_t rows, size_t columns, struct parameters p);

/* y[i] = f(x[i]) and slope[i] = f'(x[i]) for i < n, the bits of the separate kernels. y or slope may be x. */
typedef void both_kernel(const float *x, float *y, float *slope, size_t n, struct parameters p);

/* *da = the gradient of parameter a, the sum over i < n of dy[i] * df(x[i])/da. */
typedef void parameter_kernel(const float *x, const float *dy, float *da, size_t n, struct parameters p);

/* Each row of y from that row of x, rows x columns. y may be x. */
typedef void rows_kernel(const float *x, float *y, size_t rows, size_t columns);

/* dx of such a kernel from its output y and dy. dx may be y or dy. */
typedef void rows_backward_kernel(const float *y, const float *dy, float *dx, size_t rows, size_t columns);

/* words[i] = word i mod 4 of the generator's block `block + i / 4`, for i < n: a pure function of seed, stream and
 * block. */
typedef void words_kernel(uint32_t *words, uint64_t block, size_t n, uint64_t seed, uint64_t stream);

/* How words become numbers in [0, 1) and normals: in our own way, or in that of a library whose published results are
 * to be reproduced. TensorFlow takes a word's low 23 bits, normals by Box-Muller on neighbours; JAX its high 23 bits,
 * normals by the inverse error function. */
enum convention { CONVENTION_OWN, CONVENTION_TENSORFLOW, CONVENTION_JAX };

/* What a weight depends on besides its index: which random stream of which generator, which distribution, which fans.
 */
struct init {
  uint64_t seed, stream;
  struct parameters p;
  size_t fan_in, fan_out;  /* rows and columns of the weights, in x out; at least 1 where the initializer uses them */
  words_kernel *generator; /* of the same table; NULL: its philox4x32_10 */
  enum convention convention;
};

/* w[i] = weight first + i of the tensor, for i < n. Any split of a tensor into ranges gives the same weights. */
typedef void fill_kernel(float *w, uint64_t first, size_t n, const struct init *init);

/* w = a rows x columns weight matrix made as a whole, a pure function of the shape and of *init, whatever the number of
 * OpenMP threads. workspace: matrix_workspace_bytes() of the same table, 64-byte aligned. */
typedef void matrix_kernel(float *w, size_t rows, size_t columns, const struct init *init, int threads,
                           void *workspace);

/* Bytes of the first three levels of data cache that one thread has for itself; 0: not known. */
struct caches {
  size_t l1, l2, l3;
};

/* One dense layer, all that its three passes read and write. A pass touches only the members it names. Rows of a matrix
 * are its stride of floats apart, at least its width; a stride of 0 stands for the width. */
struct dense {
  size_t batch, in, out;
  size_t x_stride, w_stride, z_stride; /* of x, dx and x_z; of w and dw; of z, y and dz */
  const float *x;                      /* batch x in   layer input */
  const float *w;                      /* in x out     weights */
  const float *b;                      /* out          bias; NULL: none */
  const float *packed_w;               /* what dense_pack() made of w, for the forward pass; NULL: w is read */
  float *z;                  /* batch x out  pre-activations X W + b; may be y when they are not needed again */
  float *y;                  /* batch x out  activation(z) */
  const float *dz;           /* batch x out  gradient of the loss with respect to z */
  float *dx;                 /* batch x in   dz W^T, or that times f'(x_z) */
  float *dw;                 /* in x out     X^T dz */
  float *db;                 /* out          column sums of dz; NULL: not wanted */
  map_kernel *activation;    /* applied by the forward pass; NULL: linear, y is not written */
  backward_kernel *backward; /* of the activation before the layer, applied to dx; NULL: dx is dz W^T */
  const float *x_z;          /* batch x in   the pre-activations that x is the activation of */
  struct parameters p;       /* of the activations */
  void *workspace;           /* dense_workspace_bytes() of the same table, 64-byte aligned */
  struct caches caches;      /* what blocks are made to fit; the result does not depend on it */
  int threads;               /* OpenMP threads; nor on this */
};
/* dense_forward: x, w, b -> z, y.   dense_backward_data: dz, w, x_z -> dx.   dense_backward_weights: x, dz -> dw, db.
 */
typedef void dense_kernel(const struct dense *layer);

/* y[i] = x[i] rounded to bf16, the upper half of a float, for i < n: to nearest, ties to even, subnormal numbers like
 * any others; NaN becomes a quiet NaN of the same sign. */
typedef void round_kernel(const float *x, uint16_t *y, size_t n);

/* y[i] = the float that x[i], bf16, stands for, for i < n. */
typedef void widen_kernel(const uint16_t *x, float *y, size_t n);

/* One dense layer whose activations, weights and gradients of z are bf16; sums, and what the passes give, are floats.
 * Otherwise like struct dense.
 *
 * A sum takes the products in the order of their index, but of each pair 2i, 2i + 1 the second first, each added with
 * one rounding, in blocks that depend on the number of terms alone. The kernels named _dot do the same by VDPBF16PS,
 * which has subnormal operands for zero and flushes subnormal results: theirs are the same bits where no operand and no
 * sum on the way is subnormal, and otherwise differ by at most 2^-126 for each product, if the operands are normal. db
 * is the same in both. */
struct dense_bf16 {
  size_t batch, in, out;
  size_t x_stride, w_stride, z_stride; /* of x and dx; of w and dw; of z, y and dz; 0: the width */
  const uint16_t *x;                   /* batch x in   layer input */
  const uint16_t *w;      /* in x out     weights; not looked at by the forward pass if packed_w is given */
  const void *packed_w;   /* the same as dense_bf16_pack() of the same table left them; NULL: not given */
  const float *b;         /* out          bias; NULL: none */
  float *z;               /* batch x out  pre-activations X W + b */
  uint16_t *y;            /* batch x out  activation(z) rounded to bf16; NULL: not wanted */
  map_kernel *activation; /* NULL: linear */
  struct parameters p;    /* of the activation */
  const uint16_t *dz;     /* batch x out  gradient of the loss with respect to z */
  float *dx;              /* batch x in   dz W^T */
  float *dw;              /* in x out     X^T dz */
  float *db;              /* out          column sums of dz; NULL: not wanted */
  void *workspace;        /* dense_bf16_workspace_bytes() of the same table, 64-byte aligned */
  struct caches caches;   /* what blocks are made to fit; the result does not depend on it */
  int threads;            /* OpenMP threads, at least 1; the result does not depend on it */
};
/* dense_bf16_forward: x, w or packed_w, b -> z, y.   dense_bf16_backward_data: dz, w -> dx.
 * dense_bf16_backward_weights: x, dz -> dw, db. */
typedef void dense_bf16_kernel(const struct dense_bf16 *layer);

/* Softmax cross-entropy of each row of logits (batch x classes) against labels[row] in [0, classes):
 * loss[row] = ln(sum_j exp(z_j)) - z_label, dlogits = (softmax(z) - onehot(label)) / batch, the gradient of the mean
 * loss. dlogits may be logits. */
typedef void loss_kernel(const float *logits, const int32_t *labels, size_t batch, size_t classes, float *dlogits,
                         float *loss);

/* w[i] -= rate * dw[i] for i < n. */
typedef void update_kernel(float *w, const float *dw, size_t n, float rate);

/* SGD with momentum as torch.optim.SGD defines it, with dampening 0 (PyTorch's documentation of that class; Sutskever
 * et al. 2013, "On the importance of initialization and momentum in deep learning", for Nesterov's form). */
struct momentum {
  float rate, momentum;
  float decay;  /* of weights, as an L2 penalty: added to the gradient */
  int nesterov; /* 1: the step looks ahead */
};

/* For i < n: g = dw[i] + decay * w[i], v[i] = momentum * v[i] + g, w[i] -= rate * v[i], or with nesterov w[i] -= rate *
 * (g + momentum * v[i]), the new v. v of zeros begins as PyTorch does. No two of the arrays overlap. */
typedef void momentum_kernel(float *w, float *v, const float *dw, size_t n, struct momentum how);

/* Adam as torch.optim.Adam defines it, without AMSGrad (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1). */
struct adam {
  float rate;
  double beta1, beta2; /* in [0, 1): 1 - beta is what counts, and a float's 0.999 has lost 5e-5 of it */
  float epsilon;       /* added to the root of the corrected v */
  float decay;         /* of weights, as an L2 penalty: added to the gradient */
  uint64_t step;       /* which one this is, from 1 on: both averages begin at zero and are corrected for it */
};

/* For i < n: g = dw[i] + decay * w[i], m[i] = beta1 * m[i] + (1 - beta1) * g, v[i] = beta2 * v[i] + (1 - beta2) * g^2,
 * w[i] -= rate * M / (sqrt(V) + epsilon), M = m[i] / (1 - beta1^step), V = v[i] / (1 - beta2^step), both new. m and v
 * of zeros begin. The squares of gradients must be floats. No two of the arrays overlap. */
typedef void adam_kernel(float *w, float *m, float *v, const float *dw, size_t n, struct adam how);

/* A normalization of the pre-activations z, all that its two passes read and write: of each column over the batch's
 * rows (Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1) or of each row over the layer's columns (Ba, Kiros and
 * Hinton 2016, arXiv:1607.06450). mean and variance below are those of such a group of z; variance is the biased one.
 *
 * Sums are of differences: from the group's first z for the mean, from the mean for the variance. What all z have in
 * common costs no accuracy. The squares of the differences must be floats. A group of equal z, one z alone too, has a
 * variance of exactly 0 and n that are beta. A NaN or an infinite z makes all n of its group NaN.
 *
 * Errors, where d is the root of variance + epsilon, x = (z - mean) / d, and s = (|first z - mean| + the root of
 * variance) / d: with e = (terms + 8) 2^-24, terms the longest chain of a sum, at most e (|gamma| (|x| + 2 s) + |beta|)
 * for n, e (1 + s) + (e s)^2 relatively for inverse, and 2^-24 |mean| + e s d for mean. The backward pass takes mean
 * and inverse as they are; what it gives is within e times the sum of the absolute values of its terms. A chain is as
 * long as there are rows, but in the sums over a row of columns / 64 + 7. */
struct norm {
  size_t rows, columns;
  const float *z;            /* rows x columns */
  const float *gamma, *beta; /* columns      scale and shift; NULL: 1 and 0 */
  float *n;                  /* rows x columns  gamma (z - mean) / sqrt(variance + epsilon) + beta; may be z */
  float *mean, *inverse;     /* of each group   mean, and 1 / sqrt(variance + epsilon) */
  const float *dn;           /* rows x columns  gradient of the loss with respect to n */
  float *dz;                 /* rows x columns  and with respect to z; may be dn */
  float *dgamma, *dbeta;     /* columns      and with respect to gamma and beta; NULL: not wanted */
  float epsilon;             /* above 0 where a group's z may be equal */
  int threads;               /* OpenMP threads, at least 1; the result does not depend on it */
};
/* ..._forward: z, gamma, beta -> n, mean, inverse.   ..._backward: z, gamma, mean, inverse, dn -> dz, dgamma, dbeta. */
typedef void norm_kernel(const struct norm *norm);

/* n steps of independent chains that keep one execution unit busy; *sink receives a value that depends on all. */
typedef void peak_kernel(size_t n, float *sink);

/* Moves n floats: read leaves the sum of src in dst[0], write sets dst[0..n) to src[0], copy copies. */
typedef void traffic_kernel(float *dst, const float *src, size_t n);

enum signature {
  SIGNATURE_map,
  SIGNATURE_backward,
  SIGNATURE_bias,
  SIGNATURE_both,
  SIGNATURE_parameter,
  SIGNATURE_rows,
  SIGNATURE_rows_backward,
  SIGNATURE_words,
  SIGNATURE_fill,
  SIGNATURE_matrix,
  SIGNATURE_dense,
  SIGNATURE_dense_bf16,
  SIGNATURE_round,
  SIGNATURE_widen,
  SIGNATURE_loss,
  SIGNATURE_update,
  SIGNATURE_momentum,
  SIGNATURE_adam,
  SIGNATURE_norm,
  SIGNATURE_peak,
  SIGNATURE_traffic,
};

/* One ISA's kernels. */
struct kernel_table {
  const char *name; /* of the ISA, as --arch takes it */
  size_t lanes;     /* floats in a vector */
  /* Scratch bytes that any dense pass of this shape needs, a multiple of 64; SIZE_MAX when a matrix of the layer is too
   * large for memory to be addressed. */
  size_t (*dense_workspace_bytes)(size_t batch, size_t in, size_t out, int threads);
  /* Bytes of packed weights, and their making from in, out, w and w_stride, for forward passes that use the same
   * weights again and again; 64-byte aligned. */
  size_t (*dense_packed_bytes)(size_t in, size_t out);
  void (*dense_pack)(const struct dense *layer, float *packed);
  /* The same for the bf16 passes. */
  size_t (*dense_bf16_workspace_bytes)(size_t batch, size_t in, size_t out, int threads);
  /* Bytes of in x out bf16 weights as dense_bf16_pack() leaves them, a multiple of 64; SIZE_MAX likewise. */
  size_t (*dense_bf16_packed_bytes)(size_t in, size_t out);
  /* Lays the layer's w out for forward passes, which then save that work; any bf16 pass of the table takes it. Of the
   * layer in, out, w, w_stride and threads are looked at. packed: as many bytes, 64-byte aligned. */
  void (*dense_bf16_pack)(const struct dense_bf16 *layer, void *packed);
  /* The same for matrix kernels. */
  size_t (*matrix_workspace_bytes)(size_t rows, size_t columns, int threads);
#define KERNEL(name, signature, ...) signature##_kernel *name;
#include "kernels/kernels.def"
#undef KERNEL
};

/* The size of one call: elementwise kernels use n only (m = k = 1), dense ones m = batch, n = out, k = in. */
struct shape {
  size_t m, n, k;
};

enum bound_kind { BOUND_EXACT, BOUND_ULP, BOUND_GAMMA };
struct bound {
  enum bound_kind kind;
  double ulp;      /* BOUND_ULP: units in the last place; BOUND_GAMMA: the factor c */
  double absolute; /* BOUND_ULP: an absolute error that is also accepted; 0: none */
};

/* One line of kernels.def. */
struct kernel {
  const char *name;
  enum signature signature;
  const char *suite;
  const char *limit;
  double (*operations)(struct shape shape, size_t lanes);
  double (*bytes)(struct shape shape);
  struct parameters defaults;
  struct bound bound;
  size_t offset;       /* of its member in struct kernel_table */
  const char *feature; /* instructions it needs beyond its table's, as cpu_has() knows them; NULL: none */
};

#define KERNEL(name, ...) KERNEL_##name,
enum {
#include "kernels/kernels.def"
  KERNEL_COUNT
};
#undef KERNEL

extern const struct kernel kernels[KERNEL_COUNT];

/* What a kernel asks of a limit besides its own. */
struct demand {
  int kernel; /* its number in kernels */
  const char *limit;
  double operations; /* for each element */
};
extern const struct demand kernel_demands[];
extern const size_t kernel_demand_count;

/* The kernel of that name, or NULL. */
const struct kernel *kernel_find(const char *name);

/* The table's member for kernel, as a generic pointer to be cast to the kernel's signature; NULL where the table has
 * none. Whether this CPU can run it is for kernel_obstacle() of select.h to say. */
typedef void kernel_function(void);
kernel_function *kernel_in_table(const struct kernel_table *table, const struct kernel *kernel);

#endif
