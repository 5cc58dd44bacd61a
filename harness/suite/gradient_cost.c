#include "harness/suite/gradient_cost.h"

#include "harness/jacobian.h"

/* CPU time on one core of a server with 512-bit vectors, with networks of width 32 to 2048, depth 10 to 1000 and batch
 * 16 to 256. */
#define PRODUCT_FLOPS 4e9  /* operations a second and lane */
#define FILL_SECONDS 8e-9  /* a weight and lane: the slower normal numbers */
#define LOOK_SECONDS 1e-9  /* an entry of z, h, delta and dw, and again for its histogram */
#define LAYER_SECONDS 5e-6 /* what a layer takes however small it is, and as much again for each extra */
#define CELL_SECONDS 0.015 /* its theory */
#define CELL_LAYER_SECONDS 4e-5

/* Bytes of a layer, mostly of the document that becomes the JSON text; with histograms of some 30 binades each. */
#define LAYER_BYTES 8200.0
#define HISTOGRAMS_BYTES 16000.0

/* Orthogonal weights are a decomposition; LSUV begins with them and runs the layer forward three times or so. */
static double initialization(const struct gradient_setting *setting, double lanes) {
  const double width = (double)setting->cell.width, weights = width * width, rate = PRODUCT_FLOPS * lanes;
  const double passes = 3 * 2 * (double)setting->cell.batch * weights / rate;
  if (setting->initializer->initializer->kernel != KERNEL_init_orthogonal) return weights * FILL_SECONDS / lanes;
  return weights * width / rate + weights * 3e-9 + (initializer_is_lsuv(setting->initializer) ? passes : 0);
}

/* Singular values: all of them where there are few, else the largest by iteration. */
static double jacobian(double width) {
  const double weights = width * width;
  return width <= JACOBIAN_EXACT ? weights * (5.5e-10 * width + 6e-8) : weights * 4e-8;
}

double gradient_seconds(const struct gradient_setting *setting, const struct options *options, double lanes) {
  const struct gradient_cell *cell = &setting->cell;
  const struct recipe *recipe = &cell->recipe;
  const double width = (double)cell->width, batch = (double)cell->batch, weights = width * width;
  const double entries = 3 * batch * width + weights;
  const int extras = options->histograms + (recipe->normalization || recipe->residual || recipe->precision);
  double layer = 3 * 2 * batch * weights / (PRODUCT_FLOPS * lanes) + initialization(setting, lanes);
  layer += entries * LOOK_SECONDS * (1 + options->histograms) + LAYER_SECONDS * (1 + extras);
  if (options->jacobians) layer += jacobian(width);
  return (double)cell->depth * ((double)cell->seeds * layer + CELL_LAYER_SECONDS) + CELL_SECONDS;
}

double gradient_cell_bytes(const struct gradient_cell *cell, const struct options *options) {
  return (double)cell->depth * (LAYER_BYTES + (options->histograms ? HISTOGRAMS_BYTES : 0));
}
