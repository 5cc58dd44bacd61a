#include "harness/jacobian.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES 8 /* sums side by side, in a fixed order */

static double dot(const double *a, const double *b, size_t n) {
  double sums[LANES] = {0}, sum = 0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (size_t j = 0; j < LANES; j++) sums[j] += a[i + j] * b[i + j];
  for (size_t j = 0; i < n; i++, j++) sums[j] += a[i] * b[i];
  for (size_t j = 0; j < LANES; j++) sum += sums[j];
  return sum;
}

/* y += a x. */
static void add_scaled(double *restrict y, double a, const double *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Row i of J^T: what input i does to the outputs. */
static void transposed_row(const struct jacobian *jacobian, size_t i, double *row) {
  const size_t out = jacobian->out;
  const float *w = jacobian->w + i * out, *n = jacobian->normalized;
  if (n) {
    double mean = 0, along = 0;
    for (size_t j = 0; j < out; j++) mean += w[j], along += (double)w[j] * n[j];
    mean /= (double)out, along /= (double)out;
    for (size_t j = 0; j < out; j++) row[j] = (w[j] - mean - along * n[j]) / jacobian->sigma * jacobian->slope[j];
  } else {
    for (size_t j = 0; j < out; j++) row[j] = (double)w[j] * jacobian->slope[j];
  }
  if (jacobian->factor)
    for (size_t j = 0; j < out; j++) row[j] *= jacobian->factor[j];
  if (jacobian->residual) row[i] += 1;
}

/* ---- singular values of a bidiagonal matrix --------------------------------------------------------------------- */

/* Eigenvalues of the symmetric tridiagonal matrix with a zero diagonal and e[0 .. n - 1) beside it, into d[0 .. n), by
 * the implicit QL method with Wilkinson's shift (Golub and Van Loan, Matrix Computations, 8.3). e[n - 1] is room. */
static bool tridiagonal_eigenvalues(double *d, double *e, size_t n) {
  memset(d, 0, n * sizeof *d);
  e[n - 1] = 0;
  double scale = 0;
  for (size_t i = 0; i < n; i++) scale = fmax(scale, fabs(e[i]));
  const double negligible = scale * DBL_EPSILON / 4;
  for (size_t l = 0; l < n; l++)
    for (int tries = 0;; tries++) {
      size_t m = l;
      while (m + 1 < n && fabs(e[m]) > negligible) m++;
      if (m == l) break;
      if (tries == 60) return false;
      const double half = (d[l + 1] - d[l]) / (2 * e[l]);
      double g = d[m] - d[l] + e[l] / (half + copysign(hypot(half, 1), half));
      double s = 1, c = 1, p = 0;
      bool apart = false;
      for (size_t i = m; i-- > l && !apart;) {
        const double f = s * e[i], b = c * e[i], r = sqrt(f * f + g * g);
        e[i + 1] = r;
        apart = r == 0;
        if (apart) {
          d[i + 1] -= p;
          continue;
        }
        s = f / r, c = g / r;
        const double turned = d[i + 1] - p, t = (d[i] - turned) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = turned + p;
        g = c * t - b;
      }
      e[m] = 0;
      if (!apart) d[l] -= p, e[l] = g;
    }
  return true;
}

static int descending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* Of the k x k bidiagonal matrix whose entries, in the order d_0, e_0, d_1, e_1, ..., stand in between[0 .. 2 k - 1):
 * they are the positive eigenvalues of the tridiagonal matrix of order 2 k with these beside its diagonal (Golub and
 * Kahan 1965), each of which has its negative. between and scratch have room for 2 k numbers. */
static bool bidiagonal_values(double *between, double *scratch, size_t k, double *values) {
  if (!tridiagonal_eigenvalues(scratch, between, 2 * k)) return false;
  qsort(scratch, 2 * k, sizeof *scratch, descending);
  for (size_t i = 0; i < k; i++) values[i] = fmax(scratch[i], 0);
  return true;
}

/* ---- all values ------------------------------------------------------------------------------------------------- */

/* Turns x[0 .. n) into v with (I - factor v v^T) x = (result, 0, ...), the first entry of v included; returns factor.
 */
static double reflector(double *x, size_t n, double *result) {
  const double size = sqrt(dot(x, x, n));
  *result = x[0] > 0 ? -size : size;
  if (size == 0) return 0;
  x[0] -= *result;
  return 1 / (size * fabs(x[0]));
}

/* Turns a, rows x columns with rows >= columns, into a bidiagonal matrix by reflections from both sides, and writes
 * that as bidiagonal_values reads it. One walk over the rows does for each column all that concerns it: the reflection
 * of the column, already known, then that of the row, and what the next column's reflection needs of a^T times that
 * column. */
static void bidiagonalize(double *a, size_t rows, size_t columns, double *between, double *scratch) {
  double *x = scratch, *w = x + rows, *u = w + columns, *next = u + columns; /* rows + 3 columns numbers */
  for (size_t i = 0; i < rows; i++) x[i] = a[i * columns];
  memset(w, 0, columns * sizeof *w);
  for (size_t i = 0; i < rows; i++) add_scaled(w, x[i], a + i * columns, columns);
  for (size_t k = 0; k < columns; k++) {
    const size_t right = columns - k - 1;
    double *row = a + k * columns + k + 1;
    /* x is column k from row k on, w = a^T x. With v = x less its image, a^T v is w less that times row k. */
    double turned, after = 0;
    const double factor = reflector(x + k, rows - k, &turned);
    between[2 * k] = turned;
    if (right == 0) break;
    add_scaled(w + k + 1, -turned, row, right);
    add_scaled(row, -factor * x[k], w + k + 1, right);
    memcpy(u, row, right * sizeof *u);
    const double row_factor = reflector(u, right, &after);
    between[2 * k + 1] = after;
    memset(next, 0, right * sizeof *next);
    for (size_t i = k + 1; i < rows; i++) {
      double *r = a + i * columns + k + 1;
      add_scaled(r, -factor * x[i], w + k + 1, right);
      add_scaled(r, -row_factor * dot(r, u, right), u, right);
      x[i] = r[0];
      add_scaled(next, x[i], r, right);
    }
    memcpy(w + k + 1, next, right * sizeof *w);
  }
}

/* J, or its transpose, whichever has no more columns than rows. Returns its sum of squares. */
static double fill(const struct jacobian *jacobian, double *a, double *row) {
  const size_t in = jacobian->in, out = jacobian->out;
  double square = 0;
  for (size_t i = 0; i < in; i++) {
    transposed_row(jacobian, i, row);
    square += dot(row, row, out);
    if (in >= out)
      memcpy(a + i * out, row, out * sizeof *a);
    else
      for (size_t j = 0; j < out; j++) a[j * in + i] = row[j];
  }
  return square;
}

bool jacobian_singular_values(const struct jacobian *jacobian, double *values, struct error *error) {
  const size_t in = jacobian->in, out = jacobian->out, columns = smaller(in, out), rows = in + out - columns;
  assert(columns > 0 && columns <= JACOBIAN_EXACT && (!jacobian->residual || in == out));
  double *a = malloc((rows * columns + rows + 5 * columns) * sizeof *a);
  if (!a) return error_set(error, "out of memory: a Jacobian of %zu x %zu numbers", out, in);
  double *between = a + rows * columns, *scratch = between + 2 * columns;
  bool fine = isfinite(fill(jacobian, a, scratch));
  if (fine) {
    bidiagonalize(a, rows, columns, between, scratch);
    fine = bidiagonal_values(between, scratch, columns, values);
  }
  for (size_t i = 0; !fine && i < columns; i++) values[i] = NAN;
  free(a);
  return true;
}

/* ---- the largest value ------------------------------------------------------------------------------------------ */

/* Golub and Kahan's bidiagonalization from a starting vector, without reorthogonalization: the largest value of the
 * small bidiagonal matrix comes near that of J from below, in a few dozen steps where the power method takes hundreds.
 */
enum { STEPS = 512, BETWEEN_CHECKS = 8 };
#define SETTLED 1e-6 /* relative change between checks */

static double normalize(double *x, size_t n) {
  const double size = sqrt(dot(x, x, n));
  for (size_t i = 0; size > 0 && i < n; i++) x[i] /= size;
  return size;
}

/* u = J^T v - beta u and v = J u' - alpha v, each normalized, until the largest value has settled. */
static double lanczos(const struct jacobian *jacobian, double *u, double *v, double *sum, double *row) {
  const size_t in = jacobian->in, out = jacobian->out;
  double between[2 * STEPS], copy[2 * STEPS], scratch[2 * STEPS], values[STEPS], largest = 0;
  memset(u, 0, in * sizeof *u);
  for (size_t j = 0; j < out; j++) v[j] = 1 + 0.5 * sin((double)(j + 1)); /* nothing that a matrix has by itself */
  normalize(v, out);
  const size_t steps = smaller(STEPS, out);
  double beta = 0;
  for (size_t k = 0; k < steps; k++) {
    memset(sum, 0, out * sizeof *sum);
    for (size_t i = 0; i < in; i++) {
      transposed_row(jacobian, i, row);
      u[i] = dot(row, v, out) - beta * u[i];
      add_scaled(sum, u[i], row, out);
    }
    const double alpha = normalize(u, in);
    between[2 * k] = alpha;
    const bool last = alpha == 0 || k + 1 == steps;
    if (last || k % BETWEEN_CHECKS == BETWEEN_CHECKS - 1) {
      memcpy(copy, between, (2 * k + 1) * sizeof *copy);
      if (!bidiagonal_values(copy, scratch, k + 1, values)) return NAN;
      if (last || values[0] - largest <= SETTLED * values[0]) return values[0];
      largest = values[0];
    }
    for (size_t j = 0; j < out; j++) v[j] = sum[j] / alpha - alpha * v[j];
    beta = normalize(v, out);
    between[2 * k + 1] = beta;
  }
  return largest;
}

bool jacobian_largest(const struct jacobian *jacobian, double *largest, struct error *error) {
  const size_t in = jacobian->in, out = jacobian->out;
  double *u = malloc((in + 3 * out) * sizeof *u);
  if (!u) return error_set(error, "out of memory: %zu numbers beside a Jacobian", in + 3 * out);
  *largest = lanczos(jacobian, u, u + in, u + in + out, u + in + 2 * out);
  free(u);
  return true;
}

/* ---- summary ---------------------------------------------------------------------------------------------------- */

static bool sum_of_squares(const struct jacobian *jacobian, double *square, struct error *error) {
  double *row = malloc(jacobian->out * sizeof *row);
  *square = 0;
  if (!row) return error_set(error, "out of memory: %zu numbers beside a Jacobian", jacobian->out);
  for (size_t i = 0; i < jacobian->in; i++) {
    transposed_row(jacobian, i, row);
    *square += dot(row, row, jacobian->out);
  }
  free(row);
  return true;
}

bool jacobian_summarize(const struct jacobian *jacobian, struct jacobian_summary *summary, struct error *error) {
  const size_t count = smaller(jacobian->in, jacobian->out);
  double values[JACOBIAN_EXACT], square, sum = 0;
  *summary = (struct jacobian_summary){NAN, NAN, NAN, NAN};
  if (count > JACOBIAN_EXACT) {
    if (!sum_of_squares(jacobian, &square, error)) return false;
    if (!isfinite(square)) return true;
    summary->rms = sqrt(square / (double)count);
    return jacobian_largest(jacobian, &summary->largest, error);
  }
  if (!jacobian_singular_values(jacobian, values, error)) return false;
  for (size_t i = 0; i < count; i++) sum += values[i];
  *summary = (struct jacobian_summary){.rms = sqrt(dot(values, values, count) / (double)count),
                                       .mean = sum / (double)count,
                                       .largest = values[0],
                                       .smallest = values[count - 1]};
  return true;
}
