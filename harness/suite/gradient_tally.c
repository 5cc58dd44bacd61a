#include "harness/suite/gradient_tally.h"

#include <math.h>
#include <stddef.h>

#include "harness/decay_fit.h"

#define VANISHING (-2.302585092994046) /* ln 1/10 */
#define EXPLODING 2.302585092994046
/* A few saturated units have tiny gradients anywhere; from this share on the layer's gradient as a whole is small. */
#define SUBNORMAL_SHARE 0.01

/* What is averaged how. Sums of the first are of logarithms. */
#define AT(member) offsetof(struct gradient_layer, member)
#define SIZES(of) AT(of##_rms), AT(of##_stddev)
#define SHAPE(of) AT(of##_mean), AT(of##_skewness), AT(of##_kurtosis)
static const size_t geometric[] = {SIZES(z), SIZES(h), SIZES(delta), SIZES(dw), AT(w_rms), AT(gradient_to_weight)};
static const size_t arithmetic[] = {SHAPE(z),
                                    SHAPE(h),
                                    SHAPE(delta),
                                    SHAPE(dw),
                                    AT(zero),
                                    AT(subnormal),
                                    AT(nonfinite),
                                    AT(dw_zero),
                                    AT(dw_subnormal),
                                    AT(saturated),
                                    AT(dead),
                                    AT(jacobian_rms),
                                    AT(jacobian_mean),
                                    AT(jacobian_largest),
                                    AT(jacobian_smallest)};
#define COUNT(array) (sizeof(array) / sizeof *(array))
_Static_assert((COUNT(geometric) + COUNT(arithmetic)) * sizeof(double) == sizeof(struct gradient_layer),
               "every member is averaged");

static double get(const struct gradient_layer *layer, size_t at) { return *(const double *)((const char *)layer + at); }
static void set(struct gradient_layer *layer, size_t at, double value) { *(double *)((char *)layer + at) = value; }

static void add_layer(struct gradient_layer *sum, const struct gradient_layer *one) {
  for (size_t i = 0; i < COUNT(geometric); i++)
    set(sum, geometric[i], get(sum, geometric[i]) + log(get(one, geometric[i])));
  for (size_t i = 0; i < COUNT(arithmetic); i++)
    set(sum, arithmetic[i], get(sum, arithmetic[i]) + get(one, arithmetic[i]));
}

static void average_layer(struct gradient_layer *layer, const struct gradient_layer *sum, double n) {
  for (size_t i = 0; i < COUNT(geometric); i++) set(layer, geometric[i], exp(get(sum, geometric[i]) / n));
  for (size_t i = 0; i < COUNT(arithmetic); i++) set(layer, arithmetic[i], get(sum, arithmetic[i]) / n);
}

static void merge_histograms(struct layer_histograms *sum, const struct layer_histograms *one) {
  histogram_merge(&sum->z, &one->z);
  histogram_merge(&sum->h, &one->h);
  histogram_merge(&sum->delta, &one->delta);
  histogram_merge(&sum->dw, &one->dw);
}

/* The first of two layers of which 0 is none. */
static size_t earlier(size_t a, size_t b) { return a && (!b || a < b) ? a : b; }
static size_t later(size_t a, size_t b) { return a > b ? a : b; }

void gradient_tally_add(struct gradient_tally *tally, const struct gradient_sample *sample, size_t depth) {
  size_t overflow = sample->outputs_finite ? 0 : depth + 1, underflow = 0;
  for (size_t l = depth; l-- > 0;) {
    const struct gradient_layer *one = &sample->layers[l];
    const size_t number = l + 1;
    if (!(isfinite(one->z_rms) && isfinite(one->h_rms))) overflow = number;
    if (one->h_rms == 0) underflow = number;
    if (!(isfinite(one->delta_rms) && isfinite(one->dw_rms)))
      tally->backward_overflow = later(number, tally->backward_overflow);
    if (one->delta_rms == 0) tally->backward_underflow = later(number, tally->backward_underflow);
    if (one->subnormal > SUBNORMAL_SHARE) tally->subnormal = later(number, tally->subnormal);
    add_layer(&tally->sums[l], one);
    if (tally->histograms) merge_histograms(&tally->histograms[l], &sample->histograms[l]);
  }
  tally->forward_overflow = earlier(overflow, tally->forward_overflow);
  tally->forward_underflow = earlier(underflow, tally->forward_underflow);
  const double ends = log(sample->layers[0].delta_rms) - log(sample->layers[depth - 1].delta_rms);
  const double decay = ends / (double)(depth - 1);
  tally->decay += decay;
  tally->decay_square += decay * decay;
  tally->input_square += sample->input_square;
  tally->input_variance += sample->input_variance;
  tally->networks++;
}

static void judge(const struct gradient_tally *tally, struct gradient_cell *cell) {
  const double end_to_end = cell->decay_per_layer * (double)(cell->depth - 1);
  cell->overflow_layer = tally->forward_overflow ? tally->forward_overflow : tally->backward_overflow;
  cell->underflow_layer = tally->forward_underflow ? tally->forward_underflow : tally->backward_underflow;
  cell->subnormal_layer = tally->subnormal;
  cell->verdict_layer = 0;
  if (cell->overflow_layer) {
    cell->verdict = VERDICT_OVERFLOW;
    cell->verdict_layer = cell->overflow_layer;
  } else if (cell->underflow_layer) {
    cell->verdict = VERDICT_UNDERFLOW;
    cell->verdict_layer = cell->underflow_layer;
  } else if (end_to_end < VANISHING) {
    cell->verdict = VERDICT_VANISHING;
  } else if (end_to_end > EXPLODING) {
    cell->verdict = VERDICT_EXPLODING;
  } else { /* also a single hidden layer, which has no decay */
    cell->verdict = VERDICT_STABLE;
  }
}

void gradient_tally_finish(const struct gradient_tally *tally, struct gradient_cell *cell) {
  const double n = tally->networks, mean = tally->decay / n;
  const double variance = fmax(tally->decay_square / n - mean * mean, 0) * n / (n - 1);
  for (size_t l = 0; l < cell->depth; l++) average_layer(&cell->layers[l], &tally->sums[l], n);
  cell->decay_per_layer = isfinite(mean) ? mean : NAN;
  cell->decay_standard_error = isfinite(mean) && n > 1 ? sqrt(variance / n) : NAN;
  /* Chance: three standard errors of the end-to-end change. */
  cell->fit = decay_fit(cell->layers, cell->depth, 3 * cell->decay_standard_error * (double)(cell->depth - 1));
  judge(tally, cell);
}
