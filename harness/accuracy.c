#include "harness/accuracy.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#include "harness/activation_pass.h"
#include "harness/ulp.h"

void accuracy_evaluate(const struct accuracy_function *function, const float *x, float *y, size_t n) {
  float output[SAMPLE_CHUNK + SAMPLE_PADDING] = {0}, ones[SAMPLE_CHUNK + SAMPLE_PADDING] = {0};
  assert(n <= SAMPLE_CHUNK);
  if (function->forward) function->forward(x, output, n, function->p);
  const float *from = function->forward ? output : x;
  if (function->signature == SIGNATURE_map) {
    ((map_kernel *)function->function)(from, y, n, function->p);
    return;
  }
  for (size_t i = 0; i < n; i++) ones[i] = 1;
  ((backward_kernel *)function->function)(from, ones, y, n, function->p);
}

/* ---- errors ----------------------------------------------------------------------------------------------------- */

bool accuracy_in_window(float x, double root) { return fabs((double)x - root) < ROOT_WINDOW; }

/* In vectors where all is finite, as it mostly is. */
static void measure_errors(const float *y, const double *expected, double *errors, size_t n) {
  const uint32_t exponent = 0x7f800000u;
  uint32_t most = 0;
  for (size_t i = 0; i < n; i++) {
    const float nearest = (float)expected[i];
    const uint32_t of_y = bits_of(y[i]) & exponent, of_nearest = bits_of(nearest) & exponent;
    errors[i] = fabs((double)y[i] - expected[i]) * ulps_in_one(nearest);
    most = of_y > most ? of_y : most;
    most = of_nearest > most ? of_nearest : most;
  }
  for (size_t i = 0; most == exponent && i < n; i++) errors[i] = ulp_error(y[i], expected[i]);
}

static void add_ulp(struct accuracy_tally *tally, float x, double error) {
  tally->samples++;
  tally->ulp_sum += error;
  if (error > tally->ulp_max) tally->ulp_max = error, tally->ulp_max_at = x;
}

/* Of a whole number of LANES, in as many sums, which compilers may not make of one by themselves. */
#define LANES 4
static void add_ulps(struct accuracy_tally *tally, const float *x, const double *errors, size_t n) {
  double sums[LANES] = {0}, mosts[LANES] = {0}, most = 0;
  for (size_t i = 0; i < n; i += LANES)
    for (size_t l = 0; l < LANES; l++) {
      const double error = errors[i + l];
      sums[l] += error;
      mosts[l] = error > mosts[l] ? error : mosts[l];
    }
  for (size_t l = 0; l < LANES; l++) tally->ulp_sum += sums[l], most = fmax(most, mosts[l]);
  tally->samples += n;
  if (most <= tally->ulp_max) return;
  size_t at = 0;
  while (errors[at] != most) at++;
  tally->ulp_max = most, tally->ulp_max_at = x[at];
}

static void add_absolute(struct accuracy_tally *tally, float x, float y, double expected) {
  const double absolute = isnan(y) ? (double)INFINITY : fabs((double)y - expected);
  tally->samples++, tally->in_window++;
  if (absolute > tally->absolute_max) tally->absolute_max = absolute, tally->absolute_max_at = x;
}

/* Whether ulps count for all of x, told quickly: no for some others, too. */
static bool is_plain(const float *x, size_t n, double root) {
  const float low = (float)(root - 1.1 * ROOT_WINDOW), high = (float)(root + 1.1 * ROOT_WINDOW);
  int apart = 0;
  for (size_t i = 0; i < n; i++) apart |= (fabsf(x[i]) > FLT_MAX) | (x[i] != x[i]) | ((x[i] > low) & (x[i] < high));
  return !apart;
}

void accuracy_add(struct accuracy_tally *tally, const float *x, const float *y, const double *expected, size_t n,
                  double root) {
  double errors[SAMPLE_CHUNK];
  assert(n <= SAMPLE_CHUNK);
  measure_errors(y, expected, errors, n);
  if (n % LANES == 0 && is_plain(x, n, root)) {
    add_ulps(tally, x, errors, n);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(x[i])) continue;
    if (accuracy_in_window(x[i], root))
      add_absolute(tally, x[i], y[i], expected[i]);
    else
      add_ulp(tally, x[i], errors[i]);
  }
}

void accuracy_merge(struct accuracy_tally *tally, const struct accuracy_tally *later) {
  tally->samples += later->samples;
  tally->in_window += later->in_window;
  tally->ulp_sum += later->ulp_sum;
  if (later->ulp_max > tally->ulp_max) tally->ulp_max = later->ulp_max, tally->ulp_max_at = later->ulp_max_at;
  if (later->absolute_max > tally->absolute_max)
    tally->absolute_max = later->absolute_max, tally->absolute_max_at = later->absolute_max_at;
}

/* ---- ends ------------------------------------------------------------------------------------------------------- */

static bool is_below(const struct accuracy_function *function, uint32_t x_bits, float least) {
  const float x[1 + SAMPLE_PADDING] = {float_of(x_bits)};
  float y;
  accuracy_evaluate(function, x, &y, 1);
  return fabsf(y) < least;
}

/* The outermost x among thousands beyond `from`, densest next to it, whose value is not below least; 0: none. */
static uint32_t find_exception(const struct accuracy_function *function, uint32_t from, float least) {
  const uint32_t last = (from & 0x80000000u) | bits_of(FLT_MAX);
  uint32_t outermost = 0;
  for (uint32_t step = 1; step < last - from; step *= 4) {
    float x[SAMPLE_CHUNK + SAMPLE_PADDING] = {0}, y[SAMPLE_CHUNK];
    for (size_t i = 0; i < SAMPLE_CHUNK; i++) { /* never fewer: libraries may prepare for a length */
      const uint64_t at = from + (uint64_t)step * i;
      x[i] = float_of(at < last ? (uint32_t)at : last);
    }
    accuracy_evaluate(function, x, y, SAMPLE_CHUNK);
    size_t n = SAMPLE_CHUNK;
    while (n > 0 && fabsf(y[n - 1]) < least) n--;
    if (n > 0 && bits_of(x[n - 1]) > outermost) outermost = bits_of(x[n - 1]);
    if ((uint64_t)step * SAMPLE_CHUNK > last - from) break;
  }
  return outermost;
}

/* The first x of that sign from which on the value is below least. Where it rounds up and down before it stays below,
 * bisection begins anew from there. */
static float find_end(const struct accuracy_function *function, uint32_t sign, float least) {
  const uint32_t last = sign | bits_of(FLT_MAX);
  uint32_t low = sign | bits_of(0.5f), high;
  if (is_below(function, low, least) || !is_below(function, last, least)) return NAN;
  do {
    high = last;
    while (high - low > 1) {
      const uint32_t middle = low + (high - low) / 2;
      if (is_below(function, middle, least))
        high = middle;
      else
        low = middle;
    }
    low = find_exception(function, high, least);
  } while (low);
  return float_of(high);
}

struct accuracy_ends accuracy_find_ends(const struct accuracy_function *function) {
  const uint32_t minus = 0x80000000u;
  return (struct accuracy_ends){.subnormal_below = find_end(function, minus, FLT_MIN),
                                .zero_below = find_end(function, minus, FLT_TRUE_MIN),
                                .subnormal_above = find_end(function, 0, FLT_MIN),
                                .zero_above = find_end(function, 0, FLT_TRUE_MIN)};
}
