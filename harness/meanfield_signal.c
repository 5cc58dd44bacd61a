#include "harness/meanfield_signal.h"

#include <math.h>
#include <stdbool.h>

/* Moments of f(u) for u of variance e^ln_q, as logarithms. */
struct moments {
  double ln_square, ln_variance, ln_slope_square;
  double lean;                      /* E f / sqrt(E f^2), from -1 to 1 */
  double power;                     /* d ln E f^2 / d ln q */
  struct meanfield_stretch stretch; /* in units of E f^2 and E f'^2 */
};

/* The last moments, which are those of the next layer, too, once lengths rest or functions are straight. */
struct memory {
  double q;
  struct meanfield_moments moments;
  struct meanfield_batch_change change; /* where batches have a size */
  struct meanfield_stretch stretch;     /* where widths do */
};

static double ln_add(double a, double b) {
  const double larger = fmax(a, b), smaller = fmin(a, b);
  return isinf(larger) ? larger : larger + log1p(exp(smaller - larger));
}

static bool batch_counts(const struct meanfield_network *network) {
  return network->normalization == NORMALIZATION_BATCH && network->batch > 0;
}

static bool width_counts(const struct meanfield_network *network) {
  return network->normalization == NORMALIZATION_NONE && network->width > 1;
}

/* Adds the first-order effects of a batch to logarithms, so that batches of any size leave numbers that make sense. */
static void add_batch(struct moments *moments, const struct memory *memory, double batch, bool last) {
  const struct meanfield_moments *m = &memory->moments;
  const struct meanfield_batch_change *change = &memory->change;
  if (!(m->square > 0 && m->variance > 0)) return;
  moments->lean += (change->mean / sqrt(m->square) - 0.5 * moments->lean * change->square / m->square) / batch;
  moments->ln_square += change->square / m->square / batch;
  moments->ln_variance += change->variance / m->variance / batch;
  moments->ln_slope_square += (last ? change->last : change->gradient) / batch;
}

/* Beyond the lengths that are evaluated f^2 grows like the power of q that it grows like there: 1 where f is a straight
 * line, 0 where it is flat. Its slopes squared then grow by one power less; the share of the units that are not yet
 * flat shrinks like 1 / sqrt(q). */
static struct moments moments_at(const struct meanfield_network *network, double ln_q, struct memory *memory) {
  const double ln_inside = fmax(fmin(ln_q, log(MEANFIELD_LARGEST_LENGTH)), log(MEANFIELD_SMALLEST_LENGTH));
  const double q = exp(ln_inside);
  if (!(fabs(q - memory->q) <= 1e-13 * q)) {
    memory->moments = meanfield_moments(&network->theory, q);
    if (batch_counts(network)) memory->change = meanfield_batch_change(&network->theory, q);
    if (width_counts(network)) memory->stretch = meanfield_stretch(&network->theory, q);
    memory->q = q;
  }
  const struct meanfield_moments *m = &memory->moments;
  const double power = m->square > 0 ? q * m->growth / m->square : 0, beyond = isinf(ln_q) ? 0 : ln_q - ln_inside;
  const struct meanfield_stretch *s = &memory->stretch;
  const double root = sqrt(m->square), slope = m->slope_square;
  return (struct moments){.ln_square = log(m->square) + power * beyond,
                          .ln_variance = log(fmax(m->variance, 0)) + power * beyond,
                          .ln_slope_square = log(m->slope_square) + fmax(power - 1, -0.5) * beyond,
                          .lean = m->square > 0 ? m->mean / sqrt(m->square) : 0,
                          .power = power,
                          .stretch = {s->mean / root, s->square / m->square, s->slope_value / (slope * root),
                                      s->slope_square / (slope * m->square)}};
}

/* h_l of one layer: ln E h^2, E h / sqrt(E h^2), ln of the variance over the batch. */
struct activations {
  double ln_square, lean, ln_variance;
};

/* Another layer's output added to h, units of which are independent. */
static struct activations add(const struct activations *h, const struct moments *f) {
  const double ln_scale = fmax(h->ln_square, f->ln_square);
  if (isinf(ln_scale)) return *h;
  const double a = exp(0.5 * (h->ln_square - ln_scale)), b = exp(0.5 * (f->ln_square - ln_scale));
  const double square = a * a + 2 * h->lean * a * f->lean * b + b * b;
  return (struct activations){ln_scale + log(square), (h->lean * a + f->lean * b) / sqrt(square),
                              ln_add(h->ln_variance, f->ln_variance)};
}

/* From h_(l-1) to h_l, f of z_l, whose square is the weights' for that share; chi: sigma_w^2 E f'^2. With biases z_l
 * says less about W h_(l-1), and the rest of that is random. */
static struct meanfield_along along(const struct activations *before, const struct activations *after,
                                    const struct moments *f, double weights, double chi, bool residual) {
  const struct meanfield_stretch *s = &f->stretch;
  const double kept = residual ? exp(before->ln_square - after->ln_square) : 0;
  const double added = exp(f->ln_square - after->ln_square), cross = sqrt(kept * added) * before->lean;
  const double along_f = weights * (cross * s->mean + added * f->power), along_h = kept + cross * f->lean;
  const double length = kept + 2 * weights * cross * s->mean + weights * weights * added * s->square;
  const double unit = exp(after->ln_square - before->ln_square);
  const struct meanfield_along along = {.pull = unit * (along_h + along_f) * (along_h + along_f),
                                        .length = unit * length + (1 - weights) * chi,
                                        .kept = unit * along_h * along_h,
                                        .slope = kept + 2 * cross * s->slope_value + added * s->slope_square - 1};
  const bool finite = isfinite(along.pull + along.length + along.kept + along.slope);
  return finite ? along : (struct meanfield_along){0};
}

/* Half the logarithm of what backpropagation through a hidden layer's activation and normalization multiplies squared
 * gradients by is left in ln_delta. */
static void forward(const struct meanfield_network *network, struct meanfield_layer *layers) {
  const double ln_weights = log(network->theory.weight_variance), ln_biases = log(network->theory.bias_variance);
  double ln_square = log(network->square), ln_variance = log(network->variance);
  struct memory memory = {.q = NAN};
  struct activations h = {0};
  for (size_t l = 0; l < network->depth; l++) {
    double ln_q = ln_square, ln_scale = 0;
    if (network->normalization != NORMALIZATION_NONE) {
      const double ln_spread = network->normalization == NORMALIZATION_BATCH ? ln_variance : ln_square;
      ln_scale = ln_add(ln_spread, log(network->epsilon));
      ln_q = ln_spread - ln_scale;
    }
    struct moments f = moments_at(network, ln_q, &memory);
    if (batch_counts(network)) add_batch(&f, &memory, (double)network->batch, l + 1 == network->depth);
    const struct activations before = h;
    h = network->residual && l > 0 ? add(&h, &f) : (struct activations){f.ln_square, f.lean, f.ln_variance};
    layers[l] = (struct meanfield_layer){
        .ln_z = 0.5 * ln_square, .ln_h = 0.5 * h.ln_square, .ln_delta = 0.5 * (f.ln_slope_square - ln_scale)};
    if (width_counts(network))
      layers[l].along = along(&before, &h, &f, l > 0 ? exp(ln_weights + before.ln_square - ln_square) : 0,
                              exp(ln_weights + f.ln_slope_square), network->residual && l > 0);
    ln_square = ln_add(ln_weights + h.ln_square, ln_biases);
    ln_variance = ln_weights + h.ln_variance;
  }
}

double meanfield_signal(const struct meanfield_network *network, struct meanfield_layer *layers) {
  const size_t depth = network->depth;
  const double ln_weights = log(network->theory.weight_variance);
  forward(network, layers);
  /* ln of the rms gradient with respect to h_l, against that with respect to the last z. */
  double ln_gradient = -layers[depth - 1].ln_delta;
  const double n = (double)network->width;
  /* Of the squared gradient with respect to h_l, what lies along h_l. */
  double share = width_counts(network) ? 1 / n : 0;
  for (size_t l = depth; l-- > 0;) {
    const struct meanfield_along *h = &layers[l].along;
    const double each = share > 0 ? (1 - share) / (n - 1) : 0, excess = fmax(share - each, 0), after = ln_gradient;
    layers[l].ln_delta += after + 0.5 * log1p(excess * h->slope);
    if (l == 0) break;
    const double around = excess * h->pull + (network->residual ? 1 - excess * h->kept : 0);
    ln_gradient = 0.5 * ln_add(ln_weights + 2 * layers[l].ln_delta, 2 * after + log(around));
    share = fmin(exp(2 * (after - ln_gradient)) * ((share - each) * h->pull + each * h->length), 1);
  }
  return depth < 2 ? NAN : layers[0].ln_delta / (double)(depth - 1);
}
