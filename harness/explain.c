#include "harness/explain.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "harness/gradient_cell.h"
#include "harness/table.h"

#define CHANGE 96

static const struct gradient_layer *first_layer(const struct gradient_cell *cell) { return &cell->layers[0]; }
static const struct gradient_layer *last_layer(const struct gradient_cell *cell) {
  return &cell->layers[cell->depth - 1];
}

/* ---- what happens ----------------------------------------------------------------------------------------------- */

/* Where the way through the layers would take the gradient of a deeper network. */
static void print_reach(FILE *out, struct style style, const struct gradient_cell *cell) {
  const double rate = cell->decay_per_layer, last = last_layer(cell)->delta_rms;
  const double end = rate < 0 ? FLT_MIN : FLT_MAX, layers = 1 + (log(end) - log(last)) / rate;
  if (!isfinite(layers) || layers < 1 || layers > 1e5) return;
  grid_paragraph(out, style, "At this rate it %s of float32 in a network of %.0f layers.",
                 rate < 0 ? "falls below the normal numbers" : "leaves the range", layers);
}

/* What it means for the weights, whose gradient is the layer's input times delta. */
static void print_steps(FILE *out, struct style style, const struct gradient_cell *cell) {
  const double first = first_layer(cell)->gradient_to_weight, last = last_layer(cell)->gradient_to_weight;
  if (fabs(log10(first / last)) < 1)
    grid_paragraph(
        out, style,
        "The gradient of the weights, input times delta, is %.1e of their size in layer 1 and %.1e in layer "
        "%zu: what the input does forward makes up for what delta does backward, and all layers learn at one "
        "pace.",
        first, last, cell->depth);
  else
    grid_paragraph(
        out, style,
        "The gradient of the weights is %.1e of their size in layer 1 and %.1e in layer %zu: no step is right "
        "for both.",
        first, last, cell->depth);
}

static void print_way(FILE *out, struct style style, const struct gradient_cell *cell) {
  static const char *const does[] = {
      [VERDICT_VANISHING] = "vanishes", [VERDICT_STABLE] = "keeps about its size", [VERDICT_EXPLODING] = "explodes"};
  grid_paragraph(out, style,
                 "The gradient %s. Its rms is %.1e in layer %zu and %.1e in layer 1: it changes by a factor of %.3f a "
                 "layer on its way back (ln: %+.4f, standard error %.4f).",
                 does[cell->verdict], last_layer(cell)->delta_rms, cell->depth, first_layer(cell)->delta_rms,
                 exp(cell->decay_per_layer), cell->decay_per_layer, cell->decay_standard_error);
  if (cell->fit.shape == DECAY_ALGEBRAIC)
    grid_paragraph(out, style, "The change is a power of the distance, its exponent %.2f, rather than exponential.",
                   cell->fit.rate);
  if (cell->verdict != VERDICT_STABLE) print_steps(out, style, cell);
  if (cell->subnormal_layer)
    grid_paragraph(out, style, "From layer %zu back some of it is subnormal: digits are lost.", cell->subnormal_layer);
  else if (cell->verdict != VERDICT_STABLE)
    print_reach(out, style, cell);
}

static void print_overflow(FILE *out, struct style style, const struct gradient_cell *cell) {
  const size_t layer = cell->verdict_layer;
  const bool forward = layer > cell->depth || !isfinite(cell->layers[layer - 1].z_rms);
  if (forward)
    grid_paragraph(out, style,
                   "The forward pass overflows: numbers grow until layer %zu%s has infinite ones, and there is no "
                   "gradient any more.",
                   layer, layer > cell->depth ? ", that of the outputs," : "");
  else
    grid_paragraph(out, style,
                   "The gradient overflows: on its way back from layer %zu it grows until layer %zu has infinite ones, "
                   "and then NaN.",
                   cell->depth, layer);
}

static void print_forward(FILE *out, struct style style, const struct gradient_cell *cell) {
  const struct gradient_layer *last = last_layer(cell);
  if (!isfinite(last->h_rms)) return;
  grid_paragraph(
      out, style,
      "Forward, activations have rms %.2g in layer 1 and %.2g in layer %zu. There %.0f%% of them have hardly "
      "any slope, and %.0f%% of the units none for any sample.",
      first_layer(cell)->h_rms, last->h_rms, cell->depth, 100 * last->saturated, 100 * last->dead);
}

static void print_what(FILE *out, struct style style, const struct gradient_cell *cell) {
  grid_heading(out, style, "What happens");
  if (cell->depth < 2)
    grid_paragraph(out, style, "With one hidden layer there is no way for a gradient to change on.");
  else if (cell->verdict == VERDICT_OVERFLOW)
    print_overflow(out, style, cell);
  else if (cell->verdict == VERDICT_UNDERFLOW && cell->layers[cell->verdict_layer - 1].h_rms == 0)
    grid_paragraph(out, style,
                   "The forward pass is lost: activations shrink until all of them are 0 in layer %zu, so that neither "
                   "inputs nor gradients get through.",
                   cell->verdict_layer);
  else if (cell->verdict == VERDICT_UNDERFLOW)
    grid_paragraph(out, style,
                   "The gradient is lost: on its way back from layer %zu it shrinks until all of it is 0 in layer %zu, "
                   "and layers before that learn nothing at all.",
                   cell->depth, cell->verdict_layer);
  else
    print_way(out, style, cell);
  print_forward(out, style, cell);
}

/* ---- why -------------------------------------------------------------------------------------------------------- */

static const char *length_text(char *text, size_t size, const struct cell_theory *theory) {
  if (theory->length < 1e-8) /* at a critical point it does so by a power of depth, and the theory stops on its way */
    snprintf(text, size, "z shrinks towards 0");
  else if (isinf(theory->length))
    snprintf(text, size, "z grows without bound");
  else
    snprintf(text, size, "z comes to a variance of %.4g", theory->length);
  return text;
}

static void print_correlation(FILE *out, struct style style, const struct cell_theory *theory) {
  if (!isfinite(theory->correlation)) return;
  if (theory->correlation > 0.9995 && isfinite(theory->correlation_scale))
    grid_paragraph(
        out, style,
        "Different inputs become alike: what tells them apart shrinks by e in %.1f layers (xi_c), and nothing "
        "can be learnt from it much further on.",
        theory->correlation_scale);
  else if (theory->correlation > 0.9995)
    grid_paragraph(out, style, "Different inputs become alike, but slowly, by a power of depth.");
  else
    grid_paragraph(
        out, style,
        "Even nearly equal inputs drift apart, to a correlation of %.3f: small changes are blown up, forward "
        "as well as backward.",
        theory->correlation);
}

static void print_comparison(FILE *out, struct style style, const struct gradient_cell *cell) {
  const struct cell_theory *theory = &cell->theory;
  if (!isfinite(theory->decay_per_layer)) return;
  if (isfinite(theory->difference))
    grid_paragraph(out, style,
                   "For these %zu layers and this input theory says %+.4f a layer; measured is %+.4f, %.1f standard "
                   "errors away.",
                   cell->depth, theory->decay_per_layer, cell->decay_per_layer, fabs(theory->difference));
  else
    grid_paragraph(out, style, "For these %zu layers and this input theory says %+.4f a layer.", cell->depth,
                   theory->decay_per_layer);
}

static void print_plain_theory(FILE *out, struct style style, const struct gradient_cell *cell) {
  const struct cell_theory *theory = &cell->theory;
  char length[80];
  grid_paragraph(
      out, style,
      "A layer multiplies the mean square of a gradient by chi = sigma_w^2 E f'(z)^2, sigma_w^2 the variance "
      "of a weight times the %zu units it sums over: %.4g for %s%s. Deep in the network %s, where E f'(z)^2 = "
      "%.4g for %s, so that chi = %.4g, and the gradient changes by sqrt(chi) = %.4g a layer (ln: %+.4f).",
      cell->width, theory->weight_variance, cell->initializer, cell->weight_scale == 1 ? "" : " with its factor",
      length_text(length, sizeof length, theory), theory->chi / theory->weight_variance, cell->activation, theory->chi,
      sqrt(theory->chi), log(theory->chi) / 2);
  print_correlation(out, style, theory);
}

static void print_recipe_theory(FILE *out, struct style style, const struct gradient_cell *cell) {
  if (cell->recipe.normalization)
    grid_paragraph(
        out, style,
        "Normalized z have variance 1 in every layer, whatever the weights' size, and a gradient is divided by "
        "what z was divided by: chi = E f'(n)^2 / %s, n normal.",
        cell->recipe.normalization == NORMALIZATION_BATCH ? "Var f(n)" : "E f(n)^2");
  if (cell->recipe.residual)
    grid_paragraph(out, style,
                   "A residual connection hands the gradient on unchanged and adds what the layer makes of it: it "
                   "multiplies by 1 + chi, and can't vanish.");
}

static void print_precision(FILE *out, struct style style, const struct gradient_cell *cell) {
  if (cell->recipe.precision == PRECISION_FP16)
    grid_paragraph(
        out, style,
        "Theory knows nothing of precision. fp16 has no numbers below 6e-8 and above 65504, and fewer digits "
        "below 6e-5: what gets there is lost long before float32 would lose it.");
  if (cell->recipe.precision == PRECISION_BF16)
    grid_paragraph(
        out, style,
        "Theory knows nothing of precision. bf16 has the range of float32 and 8 binary digits: sizes stay the "
        "same, but small differences are lost.");
}

static void print_why(FILE *out, struct style style, const struct gradient_cell *cell) {
  grid_heading(out, style, "Why");
  if (!isfinite(cell->theory.weight_variance)) {
    grid_paragraph(out, style,
                   "There is no mean-field theory of %s weights: it takes random ones of mean 0 that know nothing of "
                   "the input.",
                   cell->initializer);
    return;
  }
  if (cell->recipe.normalization || cell->recipe.residual)
    print_recipe_theory(out, style, cell);
  else if (isfinite(cell->theory.chi))
    print_plain_theory(out, style, cell);
  else
    grid_paragraph(out, style,
                   "Deep in the network numbers leave the range of double precision: theory has no answer.");
  print_precision(out, style, cell);
  print_comparison(out, style, cell);
}

/* ---- what would help -------------------------------------------------------------------------------------------- */

static void change_text(char *text, size_t size, const struct gradient_cell *base, const struct gradient_cell *cell) {
  if (strcmp(cell->initializer, base->initializer) != 0)
    snprintf(text, size, "%s", cell->initializer);
  else if (strcmp(cell->activation, base->activation) != 0)
    snprintf(text, size, "%s", cell->activation);
  else if (cell->weight_scale != base->weight_scale)
    snprintf(text, size, "weights x %.4g", cell->weight_scale / base->weight_scale);
  else if (cell->recipe.precision != base->recipe.precision)
    snprintf(text, size, "%s", precision_names[cell->recipe.precision]);
  else if (cell->loss_scale != base->loss_scale)
    snprintf(text, size, "loss x %g", cell->loss_scale / base->loss_scale);
  else if (cell->recipe.residual != base->recipe.residual && cell->recipe.normalization != base->recipe.normalization)
    snprintf(text, size, "residual + %s norm", normalization_names[cell->recipe.normalization]);
  else if (cell->recipe.residual != base->recipe.residual)
    snprintf(text, size, "residual connections");
  else if (cell->recipe.normalization != base->recipe.normalization)
    snprintf(text, size, "%s normalization", normalization_names[cell->recipe.normalization]);
  else
    snprintf(text, size, "as it is");
}

static bool helps(const struct gradient_cell *cell) { return cell->verdict == VERDICT_STABLE; }

/* The remedy to recommend: of those that keep the gradient's size another initializer before all others, which come in
 * order; NULL: none does. */
static const struct gradient_cell *best_remedy(const struct result *result) {
  const struct gradient_cell *base = &result->cells[0], *best = NULL;
  for (size_t i = 1; i < result->cell_count; i++) {
    const struct gradient_cell *cell = &result->cells[i];
    if (!helps(cell)) continue;
    if (strcmp(cell->initializer, base->initializer) != 0) return cell;
    if (!best) best = cell;
  }
  return best;
}

static void add_remedy(struct grid *grid, const struct gradient_cell *base, const struct gradient_cell *cell) {
  struct grid_row *row = grid_add(grid);
  char text[CHANGE];
  change_text(text, sizeof text, base, cell);
  grid_cell(row, 0, "%s", text);
  snprintf(text, sizeof text, "%+.4f", cell->decay_per_layer);
  grid_cell(row, 1, "%s", isfinite(cell->decay_per_layer) ? text : "-");
  snprintf(text, sizeof text, "%+.4f", cell->theory.decay_per_layer);
  grid_cell(row, 2, "%s", isfinite(cell->theory.decay_per_layer) ? text : "-");
  snprintf(text, sizeof text, "%.0e", first_layer(cell)->delta_rms);
  grid_cell(row, 3, "%s", isfinite(first_layer(cell)->delta_rms) ? text : "-");
  snprintf(text, sizeof text, "%.0e", last_layer(cell)->delta_rms);
  grid_cell(row, 4, "%s", isfinite(last_layer(cell)->delta_rms) ? text : "-");
  verdict_text(text, sizeof text, cell);
  grid_cell(row, 5, "%s", text);
  row->color = verdict_color(cell->verdict);
}

/* What clipping can and cannot do, for gradients that are too large. */
static void print_clipping(FILE *out, struct style style, const struct gradient_cell *cell) {
  double square = 0;
  for (size_t l = 0; l < cell->depth; l++) {
    const double inputs = (double)cell->width, entries = inputs * (double)cell->width;
    square += cell->layers[l].dw_rms * cell->layers[l].dw_rms * entries;
  }
  if (cell->verdict != VERDICT_EXPLODING || !(sqrt(square) > 1) || !isfinite(square)) return;
  grid_paragraph(
      out, style,
      "Clipping all gradients to a norm of 1 would divide each by %.1e: steps stay small, but layer %zu would "
      "still learn %.1e times as slowly as layer 1.",
      sqrt(square), cell->depth, first_layer(cell)->delta_rms / last_layer(cell)->delta_rms);
}

static void print_advice(FILE *out, struct style style, const struct result *result, const struct gradient_cell *best) {
  const struct gradient_cell *base = &result->cells[0];
  char change[CHANGE], before[32] = "";
  if (helps(base)) {
    grid_paragraph(out, style,
                   "Nothing needs mending at this depth: the first layer's gradient is within ten times the "
                   "last's.");
  } else if (best) {
    change_text(change, sizeof change, base, best);
    const char *replaced = strcmp(best->initializer, base->initializer) != 0 ? base->initializer
                           : strcmp(best->activation, base->activation) != 0 ? base->activation
                                                                             : NULL;
    if (isfinite(base->decay_per_layer)) snprintf(before, sizeof before, " instead of %+.4f", base->decay_per_layer);
    grid_paragraph(out, style, "%s%s%s mends it: %+.4f a layer%s.", change, replaced ? " in place of " : "",
                   replaced ? replaced : "", best->decay_per_layer, before);
  } else {
    grid_paragraph(out, style,
                   "No single one of these changes keeps the gradient's size over %zu layers; try two of "
                   "them, or fewer layers.",
                   base->depth);
  }
  print_clipping(out, style, base);
}

static void print_help(FILE *out, struct style style, const struct result *result, const struct gradient_cell *best) {
  struct grid grid = {.headers = {"<change", "decay", "theory", "first", "last", "<verdict"}, .columns = 6};
  grid_heading(out, style, "What would help");
  for (size_t i = 0; i < result->cell_count; i++) add_remedy(&grid, &result->cells[0], &result->cells[i]);
  grid_print(&grid, out, style);
  grid_free(&grid);
  print_advice(out, style, result, best);
}

/* ---- the page --------------------------------------------------------------------------------------------------- */

void explain_print(FILE *out, struct style style, const struct result *result) {
  if (result->cell_count == 0) return;
  const struct gradient_cell *base = &result->cells[0], *best = best_remedy(result);
  struct gradient_cell unsized = *base; /* the heading says the width itself */
  char changes[160];
  unsized.width = USUAL_WIDTH;
  gradient_cell_changes(changes, sizeof changes, &unsized);
  grid_heading(out, style, "%s, %s: %zu layer%s of %zu units", base->activation, base->initializer, base->depth,
               base->depth == 1 ? "" : "s", base->width);
  grid_paragraph(out, style, "%s%sbatch %zu, %zu networks, %s input, %s", changes, changes[0] ? ", " : "", base->batch,
                 base->seeds, base->data, base->arch);
  print_what(out, style, base);
  print_why(out, style, base);
  struct gradient_cell shown[2] = {*base, best ? *best : *base};
  table_curves(out, style, shown, best && !helps(base) ? 2 : 1);
  print_help(out, style, result, best);
}
