/* How gradients change by layer, and which networks they survive. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gradient_cell.h"
#include "harness/table.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"

#define LN_10 2.302585092994046
#define CURVE_CHARTS_MOST 8
#define FRAMES_MOST 24

const char *section_cell_text(char text[CELL_TEXT], const struct gradient_cell *cell) {
  char changes[CELL_TEXT / 2];
  gradient_cell_changes(changes, sizeof changes, cell);
  snprintf(text, CELL_TEXT, "%s, %s, %zu layer%s%s%s", cell->initializer, cell->activation, cell->depth,
           plural(cell->depth), changes[0] ? ", " : "", changes);
  return text;
}

static double gradient_at(const struct gradient_cell *cell, size_t layer) {
  return cell->layers && layer >= 1 && layer <= cell->depth ? cell->layers[layer - 1].delta_rms : NAN;
}

/* ---- curves -------------------------------------------------------------------------------------------------------
 */

static void draw_curve(struct chart *chart, const struct gradient_cell *cell, size_t color) {
  char name[CELL_TEXT], theory_name[CELL_TEXT + 16], changes[CELL_TEXT / 2];
  gradient_cell_changes(changes, sizeof changes, cell);
  snprintf(name, sizeof name, "%s, %s%s%s", cell->initializer, cell->activation, changes[0] ? ", " : "", changes);
  json_t *points = chart_series(chart, name, CHART_SOLID, color);
  for (size_t layer = 1; layer <= cell->depth; layer++) {
    const double rms = gradient_at(cell, layer);
    chart_point(points, (double)layer, rms > 0 ? rms : NAN, NAN, NAN, NULL);
  }
  if (!cell->layers_theory) return;
  snprintf(theory_name, sizeof theory_name, "theory: %s", name);
  points = chart_series(chart, theory_name, CHART_DASHED, color);
  for (size_t layer = 1; layer <= cell->depth; layer++) {
    const double rms = cell->layers_theory[layer - 1].delta_rms;
    chart_point(points, (double)layer, rms > 0 ? rms : NAN, NAN, NAN, NULL);
  }
}

void section_curves(struct html *html, const struct gradient_cell *const *cells, size_t count, const char *title) {
  struct chart chart = chart_begin(CHART_LINES, "%s", title);
  chart_axis(&chart, CHART_X, "layer", CHART_LINEAR, "");
  chart_axis(&chart, CHART_Y, "rms of the gradient", CHART_LOG, "");
  chart_mark(&chart, CHART_Y, FLT_MAX, "overflow");
  chart_mark(&chart, CHART_Y, FLT_MIN, "smallest normal float");
  chart_mark(&chart, CHART_Y, FLT_TRUE_MIN, "smallest subnormal float");
  chart_note(&chart, "Dashed: mean-field theory. Gradients go from the last layer to the first.");
  for (size_t i = 0; i < count; i++) draw_curve(&chart, cells[i], i);
  chart_end(&chart, html);
}

static bool same_curves(const struct gradient_cell *a, const struct gradient_cell *b) {
  return a->depth == b->depth && strcmp(a->initializer, b->initializer) == 0;
}

/* For each depth and initializer the curves of its activations and changes, as many as can be told apart. */
static void draw_curves(struct html *html, const struct views *views) {
  size_t charts = 0, left_out = 0;
  for (size_t i = 0; i < views->cell_count; i++) {
    const struct gradient_cell *first = views->cells[i], *cells[CHART_SERIES_MOST];
    size_t count = 0;
    bool again = false;
    for (size_t j = 0; j < i && !again; j++) again = same_curves(views->cells[j], first);
    if (again || first->depth < 2) continue;
    for (size_t j = i; j < views->cell_count; j++)
      if (same_curves(views->cells[j], first)) {
        if (count < CHART_SERIES_MOST)
          cells[count++] = views->cells[j];
        else
          left_out++;
      }
    if (charts++ >= CURVE_CHARTS_MOST) {
      left_out += count;
      continue;
    }
    char title[CELL_TEXT];
    snprintf(title, sizeof title, "The gradient by layer, %s, %zu layers", first->initializer, first->depth);
    section_curves(html, cells, count, title);
  }
  if (left_out)
    html_element(html, "p class=\"note\"",
                 "Curves of %zu more networks are left out; the heat map and the table below have them all.", left_out);
}

/* ---- heat map -----------------------------------------------------------------------------------------------------
 */

static bool same_map(const struct gradient_cell *a, const struct gradient_cell *b) {
  char first[CELL_TEXT], second[CELL_TEXT];
  if (a->depth != b->depth) return false;
  gradient_cell_changes(first, sizeof first, a);
  gradient_cell_changes(second, sizeof second, b);
  return strcmp(first, second) == 0;
}

/* log10 of the first hidden layer's gradient over the last's; beyond the scale where numbers overflow or underflow. */
static double change_of(const struct gradient_cell *cell) {
  if (cell->verdict == VERDICT_OVERFLOW) return 99;
  if (cell->verdict == VERDICT_UNDERFLOW) return -99;
  return cell->decay_per_layer * (double)(cell->depth > 0 ? cell->depth - 1 : 0) / LN_10;
}

static void add_cell(struct chart *chart, json_t *cells, const struct gradient_cell *cell) {
  char verdict[64], decay[FIGURE_TEXT], error[FIGURE_TEXT], theory[FIGURE_TEXT], change[FIGURE_TEXT];
  verdict_text(verdict, sizeof verdict, cell);
  chart_heat(cells, chart_category(chart, CHART_X, cell->activation), chart_category(chart, CHART_Y, cell->initializer),
             change_of(cell), "%s; ln a layer %s +- %s, theory %s; first over last layer 1e%s", verdict,
             figure_text(decay, cell->decay_per_layer), figure_text(error, cell->decay_standard_error),
             figure_text(theory, cell->theory.decay_per_layer),
             figure_text(change, fabs(change_of(cell)) > 90 ? NAN : change_of(cell)));
}

static void draw_map(struct html *html, const struct views *views) {
  struct chart chart =
      chart_begin(CHART_HEAT, "Initializer by activation: what is left of the gradient in the first layer");
  size_t frames = 0, left_out = 0;
  chart_note(&chart, "Zero: the first layer's gradient is the last's; -3: a thousandth of it. Numbers beyond 90: "
                     "overflow, or all zeros.");
  chart_axis(&chart, CHART_X, "activation", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, "initializer", CHART_CATEGORY, "");
  chart_value(&chart, "log10 of the first layer's gradient over the last's", -10, 0, 10);
  for (size_t i = 0; i < views->cell_count; i++) {
    const struct gradient_cell *first = views->cells[i];
    char label[CELL_TEXT], changes[CELL_TEXT / 2];
    bool again = false;
    for (size_t j = 0; j < i && !again; j++) again = same_map(views->cells[j], first);
    if (again || first->depth < 2) continue;
    if (frames++ >= FRAMES_MOST && ++left_out) continue;
    gradient_cell_changes(changes, sizeof changes, first);
    snprintf(label, sizeof label, "%zu layers%s%s", first->depth, changes[0] ? ", " : "", changes);
    json_t *cells = chart_frame(&chart, label);
    for (size_t j = i; j < views->cell_count; j++)
      if (same_map(views->cells[j], first)) add_cell(&chart, cells, views->cells[j]);
  }
  if (frames)
    chart_end(&chart, html);
  else
    chart_drop(&chart);
  if (left_out)
    html_element(html, "p class=\"note\"", "%zu more maps are left out; the table has their networks.", left_out);
}

/* ---- table --------------------------------------------------------------------------------------------------------
 */

#define CELLS_MOST 2000

static void add_row(struct figures *table, const struct gradient_cell *cell) {
  char changes[CELL_TEXT / 2], verdict[64];
  gradient_cell_changes(changes, sizeof changes, cell);
  verdict_text(verdict, sizeof verdict, cell);
  figures_row(table);
  figures_cell(table, "%s", cell->initializer);
  figures_cell(table, "%s", cell->activation);
  figures_cell(table, "%zu", cell->depth);
  figures_cell(table, "%s", changes);
  figures_number(table, "%+.4f", cell->decay_per_layer);
  figures_number(table, "%.4f", cell->decay_standard_error);
  figures_number(table, "%+.4f", cell->theory.decay_per_layer);
  figures_number(table, "%+.1f", cell->theory.difference);
  figures_number(table, "%.1e", gradient_at(cell, 1));
  figures_number(table, "%.1e", gradient_at(cell, cell->depth));
  figures_number(table, "%.0f", cell->layers && cell->depth ? 100 * cell->layers[0].zero : NAN);
  figures_cell(table, "%s", decay_shape_names[cell->fit.shape]);
  if (cell->verdict == VERDICT_STABLE)
    figures_best(table, "%s", verdict);
  else if (cell->verdict == VERDICT_OVERFLOW || cell->verdict == VERDICT_UNDERFLOW)
    figures_warn(table, "%s", verdict);
  else
    figures_cell(table, "%s", verdict);
}

static void tabulate(struct html *html, const struct views *views) {
  static const char *const headers[] = {
      "<initializer", "<activation", "depth",      "<changes",        "ln a layer", "+-",       "theory",
      "off",          "first layer", "last layer", "% zero in first", "<shape",     "<verdict", NULL};
  struct figures table = figures_begin(html, headers, "Every network");
  for (size_t i = 0; i < views->cell_count && i < CELLS_MOST; i++) add_row(&table, views->cells[i]);
  figures_end(&table);
  html_left_out(html, CELLS_MOST, views->cell_count, "networks");
}

static void lead(struct html *html, const struct views *views) {
  const struct gradient_cell *slowest = NULL, *fastest = NULL;
  size_t near = 0, with_theory = 0;
  for (size_t i = 0; i < views->cell_count; i++) {
    const struct gradient_cell *cell = views->cells[i];
    with_theory += isfinite(cell->theory.difference);
    near += isfinite(cell->theory.difference) && fabs(cell->theory.difference) <= 3;
    if (!isfinite(cell->decay_per_layer)) continue;
    if (!slowest || fabs(cell->decay_per_layer) < fabs(slowest->decay_per_layer)) slowest = cell;
    if (!fastest || cell->decay_per_layer < fastest->decay_per_layer) fastest = cell;
  }
  char slow[CELL_TEXT], fast[CELL_TEXT];
  html_markup(html, "<p class=\"lead\">");
  if (fastest)
    html_format(html,
                "The gradient fades fastest in %s (a factor of %.3g a layer) and keeps its size best in %s (%.4g). ",
                section_cell_text(fast, fastest), exp(fastest->decay_per_layer), section_cell_text(slow, slowest),
                exp(slowest->decay_per_layer));
  if (with_theory)
    html_format(html, "Theory is within three standard errors of %zu of the %zu networks that it applies to.", near,
                with_theory);
  html_markup(html, "</p>\n");
}

void section_gradients(struct html *html, const struct views *views) {
  if (!views->cell_count) return;
  lead(html, views);
  draw_map(html, views);
  draw_curves(html, views);
  tabulate(html, views);
}
