/* Gradient cells as a person reads them: tables of decays, curves by layer, heat maps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gradient_cell.h"
#include "harness/heatmap.h"
#include "harness/table.h"

#define CHANGES 160
/* Levels of log10 beyond which there is no single precision. */
#define FLOAT_LOWEST (-45.2)
#define FLOAT_HIGHEST 38.54

static const struct plot_floor float_floors[] = {
    {"smallest normal float32", -37.93}, {"smallest float32", -44.85}, {"largest float32", 38.53}};

/* ---- words ------------------------------------------------------------------------------------------------------ */

enum grid_color verdict_color(enum verdict verdict) {
  switch (verdict) {
  case VERDICT_STABLE: return GRID_GOOD;
  case VERDICT_VANISHING:
  case VERDICT_EXPLODING: return GRID_POOR;
  default: return GRID_BAD;
  }
}

void verdict_text(char *text, size_t size, const struct gradient_cell *cell) {
  if (cell->verdict_layer)
    snprintf(text, size, "%s at %zu", verdict_names[cell->verdict], cell->verdict_layer);
  else if (cell->subnormal_layer && cell->verdict == VERDICT_VANISHING)
    snprintf(text, size, "subnormal at %zu", cell->subnormal_layer);
  else
    snprintf(text, size, "%s", verdict_names[cell->verdict]);
}

static bool same_changes(const struct gradient_cell *a, const struct gradient_cell *b) {
  char first[CHANGES], second[CHANGES];
  gradient_cell_changes(first, sizeof first, a);
  gradient_cell_changes(second, sizeof second, b);
  return strcmp(first, second) == 0;
}

static bool all_same_changes(const struct result *result) {
  for (size_t i = 1; i < result->cell_count; i++)
    if (!same_changes(&result->cells[0], &result->cells[i])) return false;
  return true;
}

/* ---- tables ----------------------------------------------------------------------------------------------------- */

static void number_cell(struct grid_row *row, size_t column, const char *format, double number) {
  char text[GRID_TEXT];
  snprintf(text, sizeof text, format, number);
  grid_cell(row, column, "%s", isfinite(number) ? text : "-");
}

static double gradient_at(const struct gradient_cell *cell, size_t layer) {
  return cell->layers ? cell->layers[layer - 1].delta_rms : NAN;
}

/* What all tables of cells hold, behind their own first columns. */
#define FIGURE_HEADERS "decay", "+-", "theory", "off", "first"
#define FIGURES 5
static void add_figures(struct grid_row *row, size_t column, const struct gradient_cell *cell) {
  number_cell(row, column, "%+.4f", cell->decay_per_layer);
  number_cell(row, column + 1, "%.4f", cell->decay_standard_error);
  number_cell(row, column + 2, "%+.4f", cell->theory.decay_per_layer);
  number_cell(row, column + 3, "%+.1f", cell->theory.difference);
  number_cell(row, column + 4, "%.0e", gradient_at(cell, 1));
}

static void add_verdict(struct grid_row *row, size_t column, const struct gradient_cell *cell) {
  char verdict[GRID_TEXT];
  verdict_text(verdict, sizeof verdict, cell);
  grid_cell(row, column, "%s", verdict);
  row->color = verdict_color(cell->verdict);
}

/* Whether cell i is the first that stands with it in a table. */
typedef bool together_function(const struct gradient_cell *a, const struct gradient_cell *b);
static bool is_first(const struct result *result, size_t i, together_function *together) {
  for (size_t j = 0; j < i; j++)
    if (together(&result->cells[j], &result->cells[i])) return false;
  return true;
}

static bool same_initializer(const struct gradient_cell *a, const struct gradient_cell *b) {
  return strcmp(a->initializer, b->initializer) == 0;
}

static bool same_network(const struct gradient_cell *a, const struct gradient_cell *b) {
  return same_initializer(a, b) && strcmp(a->activation, b->activation) == 0 && a->depth == b->depth;
}

/* One table an initializer. */
static void print_by_activation(FILE *out, struct style style, const struct result *result) {
  for (size_t i = 0; i < result->cell_count; i++) {
    if (!is_first(result, i, same_initializer)) continue;
    struct grid grid = {.headers = {"<activation", "depth", FIGURE_HEADERS, "last", "<verdict"}, .columns = 9};
    for (size_t j = i; j < result->cell_count; j++) {
      const struct gradient_cell *cell = &result->cells[j];
      if (!same_initializer(cell, &result->cells[i])) continue;
      struct grid_row *row = grid_add(&grid);
      grid_cell(row, 0, "%s", cell->activation);
      grid_cell(row, 1, "%zu", cell->depth);
      add_figures(row, 2, cell);
      number_cell(row, 2 + FIGURES, "%.0e", gradient_at(cell, cell->depth));
      add_verdict(row, 3 + FIGURES, cell);
    }
    grid_heading(out, style, "%s", result->cells[i].initializer);
    grid_print(&grid, out, style);
    grid_free(&grid);
  }
}

/* One table for the same initializer, activation and depth: before and after each change. */
static void print_by_change(FILE *out, struct style style, const struct result *result) {
  for (size_t i = 0; i < result->cell_count; i++) {
    if (!is_first(result, i, same_network)) continue;
    struct grid grid = {.headers = {"<change", FIGURE_HEADERS, "<verdict"}, .columns = 7};
    for (size_t j = i; j < result->cell_count; j++) {
      const struct gradient_cell *cell = &result->cells[j];
      char changes[CHANGES];
      if (!same_network(cell, &result->cells[i])) continue;
      struct grid_row *row = grid_add(&grid);
      gradient_cell_changes(changes, sizeof changes, cell);
      grid_cell(row, 0, "%s", changes[0] ? changes : "none");
      add_figures(row, 1, cell);
      add_verdict(row, 1 + FIGURES, cell);
    }
    const struct gradient_cell *cell = &result->cells[i];
    grid_heading(out, style, "%s, %s, %zu layer%s", cell->initializer, cell->activation, cell->depth,
                 cell->depth == 1 ? "" : "s");
    grid_print(&grid, out, style);
    grid_free(&grid);
  }
}

/* How fast the networks were run. */
static void print_speed(FILE *out, struct style style, const struct result *result) {
  if (!(result->network_seconds > 0)) return;
  grid_paragraph(out, style, "Forward and backward passes: %.3g GFLOP/s a thread, counted by their products.",
                 result->network_operations / result->network_seconds * 1e-9);
}

static void print_heading(FILE *out, struct style style, const struct result *result, bool alike) {
  const struct gradient_cell *cell = &result->cells[0];
  char changes[CHANGES] = "";
  if (alike) gradient_cell_changes(changes, sizeof changes, cell);
  grid_heading(out, style, "gradients: %s%sbatch %zu, %zu seed%s, %s input, %s", changes, changes[0] ? ", " : "",
               cell->batch, cell->seeds, cell->seeds == 1 ? "" : "s", cell->data, cell->arch);
  fputs("decay: ln of the gradient's change per layer on its way back from the last\n"
        "hidden layer to the first; negative vanishes, positive explodes. +-: its\n"
        "standard error; off: of theory, in those. first, last: the gradient's rms in\n"
        "these layers. at: the layer where it begins.\n",
        out);
}

/* ---- curves ----------------------------------------------------------------------------------------------------- */

/* A cell's gradient by layer, with what theory says of it, if it is given room. */
struct curve {
  char name[320];
  double *x, *y, *theory;
};

static double log10_or_end(double value) { return isnan(value) ? INFINITY : log10(value); }

static bool fill_curve(struct curve *curve, const struct gradient_cell *cell) {
  char changes[CHANGES];
  const size_t n = cell->depth;
  gradient_cell_changes(changes, sizeof changes, cell);
  snprintf(curve->name, sizeof curve->name, "%s, %s, %zu%s%s", cell->initializer, cell->activation, cell->depth,
           changes[0] ? ", " : "", changes);
  curve->x = malloc(n * sizeof(double)), curve->y = malloc(n * sizeof(double));
  curve->theory = cell->layers_theory ? malloc(n * sizeof(double)) : NULL;
  if (!curve->x || !curve->y) return false;
  for (size_t l = 0; l < n; l++) {
    curve->x[l] = (double)(l + 1);
    curve->y[l] = log10_or_end(cell->layers[l].delta_rms);
    if (curve->theory) curve->theory[l] = log10(cell->layers_theory[l].delta_rms);
  }
  return true;
}

void table_curves(FILE *out, struct style style, const struct gradient_cell *cells, size_t count) {
  struct curve curves[PLOT_SERIES] = {0};
  struct plot_series series[PLOT_SERIES];
  bool fine = count <= PLOT_SERIES;
  for (size_t i = 0; fine && i < count; i++) {
    fine = cells[i].layers && fill_curve(&curves[i], &cells[i]);
    series[i] = (struct plot_series){curves[i].name, cells[i].depth, curves[i].x, curves[i].y, curves[i].theory};
  }
  const struct plot plot = {.y_name = "rms of the gradient",
                            .x_name = "layer",
                            .lowest = FLOAT_LOWEST,
                            .highest = FLOAT_HIGHEST,
                            .series = series,
                            .series_count = count,
                            .floors = float_floors,
                            .floor_count = sizeof float_floors / sizeof *float_floors,
                            .unicode = style.unicode};
  if (fine) {
    grid_heading(out, style, "the gradient by layer");
    plot_print(&plot, out, style);
  }
  for (size_t i = 0; i < count && i < PLOT_SERIES; i++) free(curves[i].x), free(curves[i].y), free(curves[i].theory);
}

/* ---- heat maps -------------------------------------------------------------------------------------------------- */

static const struct heatmap_class classes[] = {
    {'V', HEAT_COLDEST, -INFINITY, "gone"},
    {'v', HEAT_COLDER, -10, NULL},
    {'n', HEAT_COLD, -4, NULL},
    {',', HEAT_COOL, -1, NULL},
    {'.', HEAT_LEVEL, -0.5, "level"},
    {'+', HEAT_WARM, 0.5, NULL},
    {'x', HEAT_HOT, 1, NULL},
    {'e', HEAT_HOTTER, 4, NULL},
    {'E', HEAT_HOTTEST, 10, "blown up"},
};
static const struct heatmap_mark marks[] = {{'O', HEAT_HOTTEST, "overflow: infinite numbers or NaN"},
                                            {'U', HEAT_COLDEST, "underflow: a layer's gradient is all zeros"}};

static struct heatmap_cell heat_of(const struct gradient_cell *cell) {
  const char mark = cell->verdict == VERDICT_OVERFLOW ? 'O' : cell->verdict == VERDICT_UNDERFLOW ? 'U' : 0;
  return (struct heatmap_cell){cell->decay_per_layer * (double)(cell->depth - 1) / 2.302585092994046, mark};
}

/* The names of one axis, in the order they come. */
static size_t name_index(const char **names, size_t *count, const char *name) {
  size_t i = 0;
  while (i < *count && strcmp(names[i], name) != 0) i++;
  if (i == *count) names[(*count)++] = name;
  return i;
}

static bool same_map(const struct gradient_cell *a, const struct gradient_cell *b) {
  return a->depth == b->depth && same_changes(a, b);
}

static void print_map(FILE *out, struct style style, const struct result *result, const struct gradient_cell *like) {
  const size_t most = result->cell_count;
  const char **rows = malloc(2 * most * sizeof *rows), **columns = rows + most;
  struct heatmap_cell *cells = NULL;
  size_t row_count = 0, column_count = 0;
  for (size_t i = 0; rows && i < most; i++)
    if (same_map(&result->cells[i], like)) {
      name_index(rows, &row_count, result->cells[i].initializer);
      name_index(columns, &column_count, result->cells[i].activation);
    }
  if (row_count > 1 && column_count > 1) cells = malloc(row_count * column_count * sizeof *cells);
  for (size_t i = 0; cells && i < row_count * column_count; i++) cells[i] = (struct heatmap_cell){NAN, 0};
  for (size_t i = 0; cells && i < most; i++) {
    const struct gradient_cell *cell = &result->cells[i];
    if (!same_map(cell, like)) continue;
    const size_t row = name_index(rows, &row_count, cell->initializer);
    cells[row * column_count + name_index(columns, &column_count, cell->activation)] = heat_of(cell);
  }
  if (cells) {
    char changes[CHANGES];
    gradient_cell_changes(changes, sizeof changes, like);
    grid_heading(out, style, "%zu layers%s%s", like->depth, changes[0] ? ", " : "", changes);
    const struct heatmap map = {.rows_name = "initializer",
                                .value = "log10 of first / last layer's gradient",
                                .row_count = row_count,
                                .column_count = column_count,
                                .rows = rows,
                                .columns = columns,
                                .cells = cells,
                                .classes = classes,
                                .class_count = sizeof classes / sizeof *classes,
                                .marks = marks,
                                .mark_count = sizeof marks / sizeof *marks};
    heatmap_print(&map, out, style);
  }
  free(cells);
  free(rows);
}

void table_gradients(FILE *out, struct style style, const struct result *result) {
  if (result->cell_count == 0) return;
  const bool alike = all_same_changes(result);
  print_heading(out, style, result, alike);
  if (alike)
    print_by_activation(out, style, result);
  else
    print_by_change(out, style, result);
  table_curves(out, style, result->cells, result->cell_count);
  for (size_t i = 0; i < result->cell_count; i++)
    if (result->cells[i].depth > 1 && is_first(result, i, same_map)) print_map(out, style, result, &result->cells[i]);
  print_speed(out, style, result);
}
