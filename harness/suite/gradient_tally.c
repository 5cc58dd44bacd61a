#include "harness/suite/gradient_tally.h"

#include <math.h>

#define VANISHING (-2.302585092994046) /* ln 1/10 */
#define EXPLODING 2.302585092994046

void gradient_tally_add(struct gradient_tally *tally, const struct gradient_sample *sample, size_t depth) {
  size_t forward = sample->outputs_finite ? 0 : depth + 1;
  for (size_t l = depth; l-- > 0;) {
    const struct gradient_layer *one = &sample->layers[l];
    struct gradient_layer *sum = &tally->sums[l];
    const size_t number = l + 1;
    if (!(isfinite(one->z_rms) && isfinite(one->h_rms))) forward = number;
    if (!(isfinite(one->delta_rms) && isfinite(one->dw_rms)) && number > tally->backward_overflow)
      tally->backward_overflow = number;
    if (one->delta_rms == 0 && number > tally->underflow) tally->underflow = number;
    sum->z_rms += log(one->z_rms), sum->z_stddev += log(one->z_stddev);
    sum->h_rms += log(one->h_rms), sum->h_stddev += log(one->h_stddev);
    sum->delta_rms += log(one->delta_rms), sum->delta_stddev += log(one->delta_stddev);
    sum->dw_rms += log(one->dw_rms), sum->dw_stddev += log(one->dw_stddev);
    sum->zero += one->zero, sum->subnormal += one->subnormal;
    sum->nonfinite += one->nonfinite, sum->saturated += one->saturated;
  }
  if (forward > 0 && (tally->forward_overflow == 0 || forward < tally->forward_overflow))
    tally->forward_overflow = forward;
  const double ends = log(sample->layers[0].delta_rms) - log(sample->layers[depth - 1].delta_rms);
  const double decay = ends / (double)(depth - 1);
  tally->decay += decay;
  tally->decay_square += decay * decay;
  tally->input_square += sample->input_square;
  tally->networks++;
}

static void judge(const struct gradient_tally *tally, struct gradient_cell *cell) {
  const double end_to_end = cell->decay_per_layer * (double)(cell->depth - 1);
  cell->verdict_layer = 0;
  if (tally->forward_overflow || tally->backward_overflow) {
    cell->verdict = VERDICT_OVERFLOW;
    cell->verdict_layer = tally->forward_overflow ? tally->forward_overflow : tally->backward_overflow;
  } else if (tally->underflow) {
    cell->verdict = VERDICT_UNDERFLOW;
    cell->verdict_layer = tally->underflow;
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
  for (size_t l = 0; l < cell->depth; l++) {
    const struct gradient_layer *sum = &tally->sums[l];
    struct gradient_layer *layer = &cell->layers[l];
    layer->z_rms = exp(sum->z_rms / n), layer->z_stddev = exp(sum->z_stddev / n);
    layer->h_rms = exp(sum->h_rms / n), layer->h_stddev = exp(sum->h_stddev / n);
    layer->delta_rms = exp(sum->delta_rms / n), layer->delta_stddev = exp(sum->delta_stddev / n);
    layer->dw_rms = exp(sum->dw_rms / n), layer->dw_stddev = exp(sum->dw_stddev / n);
    layer->zero = sum->zero / n, layer->subnormal = sum->subnormal / n;
    layer->nonfinite = sum->nonfinite / n, layer->saturated = sum->saturated / n;
  }
  cell->decay_per_layer = isfinite(mean) ? mean : NAN;
  cell->decay_standard_error = isfinite(mean) && n > 1 ? sqrt(variance / n) : NAN;
  judge(tally, cell);
}
