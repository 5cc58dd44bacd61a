/* Softmax and its logarithm over rows, and their gradients from the output. A row of NaN or with an infinite largest
 * element is NaN, as everywhere. */
#include "kernels/row_exp.h"
#include "kernels/vec/sleef.h"

/* Row by row: x, y and maybe dy move on together. */
#define FOR_ROWS(columns, body)                                                                                        \
  for (size_t row = 0; row < rows && (columns) > 0; row++) {                                                           \
    const size_t at = row * (columns);                                                                                 \
    body;                                                                                                              \
  }

/* ---- forward ------------------------------------------------------------------------------------------------------
 */

typedef void exponentials_of_differences(const float *z, float *e, size_t n, float largest);

/* The reciprocal of the sum comes in two parts, so that it costs no rounding. */
VEC_INLINE void softmax_row(const float *x, float *y, size_t n, exponentials_of_differences *exponentials) {
  exponentials(x, y, n, largest_of(x, n));
  const double inverse = 1 / sum_of(y, n);
  const vf high = vf_set((float)inverse), low = vf_set((float)(inverse - (double)(float)inverse));
  for (size_t i = 0; i < n; i += VEC_LANES) {
    const vf e = vf_load_before(y, i, n);
    vf_store_before(y, vf_fma(e, high, vf_mul(e, low)), i, n);
  }
}

#define ROW_CHUNK 1024 /* a multiple of PARTIAL_SUMS, so that chunks do not change the sums */

/* The first element that equals value, n where there is none. */
static size_t first_equal(const float *x, size_t n, float value) {
  size_t i = 0;
  while (i + VEC_LANES <= n && !vm_any(vf_eq(vf_load(x + i), vf_set(value)))) i += VEC_LANES;
  while (i < n && x[i] != value) i++;
  return i;
}

/* x_i - largest - ln(1 + the sum of the others' e^(x_j - largest)): terms of one sign, so that what is near 0 keeps its
 * relative accuracy. */
VEC_INLINE void log_softmax_row(const float *x, float *y, size_t n, exponentials_of_differences *exponentials) {
  const float largest = largest_of(x, n);
  const size_t left_out = largest - largest == 0 ? first_equal(x, n, largest) : n; /* infinity must count, as NaN */
  struct partial_sums others = partial_sums_zero();
  for (size_t done = 0; done < n; done += ROW_CHUNK) {
    float e[ROW_CHUNK];
    const size_t take = n - done < ROW_CHUNK ? n - done : ROW_CHUNK;
    exponentials(x + done, e, take, largest);
    if (left_out >= done && left_out - done < take) e[left_out - done] = 0.0f;
    partial_sums_add_all(&others, e, take);
  }
  const vf a = vf_set(largest), b = vf_set(log1p_of((float)partial_sums_total(&others)));
  for (size_t i = 0; i < n; i += VEC_LANES) vf_store_before(y, vf_sub(vf_sub(vf_load_before(x, i, n), a), b), i, n);
}

static void sleef_exp_of_differences(const float *z, float *e, size_t n, float largest) {
  for (size_t i = 0; i < n; i += VEC_LANES)
    vf_store_before(e, sleef_exp(vf_sub(vf_load_before(z, i, n), vf_set(largest))), i, n);
}

static void softmax_forward(const float *x, float *y, size_t rows, size_t columns) {
  FOR_ROWS(columns, softmax_row(x + at, y + at, columns, exp_of_differences))
}
static void log_softmax_forward(const float *x, float *y, size_t rows, size_t columns) {
  FOR_ROWS(columns, log_softmax_row(x + at, y + at, columns, exp_of_differences))
}
static void softmax_forward_sleef(const float *x, float *y, size_t rows, size_t columns) {
  FOR_ROWS(columns, softmax_row(x + at, y + at, columns, sleef_exp_of_differences))
}
static void log_softmax_forward_sleef(const float *x, float *y, size_t rows, size_t columns) {
  FOR_ROWS(columns, log_softmax_row(x + at, y + at, columns, sleef_exp_of_differences))
}

/* ---- backward -----------------------------------------------------------------------------------------------------
 */

/* y_i (dy_i - sum of y_j dy_j) */
static void softmax_backward(const float *y, const float *dy, float *dx, size_t rows, size_t columns) {
  FOR_ROWS(columns, {
    struct partial_sums sums = partial_sums_zero();
    for (size_t i = 0; i < columns; i += PARTIAL_SUMS)
      for (size_t v = 0, j = i; v < VECTORS_OF_SUMS; v++, j += VEC_LANES)
        partial_sums_add(&sums, v, vf_mul(vf_load_before(y + at, j, columns), vf_load_before(dy + at, j, columns)));
    const vf mean = vf_set((float)partial_sums_total(&sums));
    for (size_t i = 0; i < columns; i += VEC_LANES) {
      const vf difference = vf_sub(vf_load_before(dy + at, i, columns), mean);
      vf_store_before(dx + at, vf_mul(vf_load_before(y + at, i, columns), difference), i, columns);
    }
  })
}

/* dy_i - e^(y_i) sum of dy_j */
static void log_softmax_backward(const float *y, const float *dy, float *dx, size_t rows, size_t columns) {
  FOR_ROWS(columns, {
    const vf sum = vf_set((float)sum_of(dy + at, columns));
    for (size_t i = 0; i < columns; i += VEC_LANES) {
      const vf e = power_value(exp_of(vf_max(vf_set(-110.0f), vf_load_before(y + at, i, columns))));
      vf_store_before(dx + at, vf_fnma(e, sum, vf_load_before(dy + at, i, columns)), i, columns);
    }
  })
}
