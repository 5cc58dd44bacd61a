/* The accuracies as a person reads them: one table for each activation, its passes below each other. */
#include <math.h>
#include <string.h>

#include "harness/activation_pass.h"
#include "harness/peers/peers.h"
#include "harness/table.h"

#define NAME sizeof((struct result_accuracy *)0)->kernel

static enum activation_pass pass_of(const struct result_accuracy *accuracy, char *activation) {
  return activation_pass(accuracy->kernel, activation, NAME);
}

static bool same_activation(const struct result_accuracy *a, const struct result_accuracy *b) {
  char left[NAME], right[NAME];
  pass_of(a, left), pass_of(b, right);
  return strcmp(left, right) == 0;
}

static void error_cell(struct grid_row *row, size_t column, double error) {
  if (!isfinite(error))
    grid_cell(row, column, "NaN");
  else
    grid_cell(row, column, error < 100 ? "%.2f" : error < 1e4 ? "%.0f" : "%.1e", error);
}

/* "-87.337 +17.329", "+-44.361", "-87.337", "-" */
static void ends_cell(struct grid_row *row, size_t column, double below, double above) {
  char text[2][16] = {"", ""};
  if (isfinite(below)) snprintf(text[0], sizeof text[0], "%.5g", below);
  if (isfinite(above)) snprintf(text[1], sizeof text[1], "%+.5g", above);
  if (isfinite(below) && below == -above)
    grid_cell(row, column, "+-%.5g", above);
  else
    grid_cell(row, column, "%s%s%s", text[0], text[0][0] && text[1][0] ? " " : "", text[1]);
  if (!row->cells[column][0]) grid_cell(row, column, "-");
}

/* below: the row stands under another of the same kernel and arch, and only its provider is new. */
static void add_accuracy(struct grid *grid, const struct result_accuracy *accuracy, bool below) {
  char activation[NAME];
  const enum activation_pass pass = pass_of(accuracy, activation);
  const bool own = strcmp(accuracy->provider, OWN_PROVIDER) == 0;
  const char *name = pass < PASS_COUNT ? pass_names[pass] : accuracy->kernel;
  if (!own && !below) grid_cell(grid_add(grid), 0, "%s", name);
  struct grid_row *row = grid_add(grid);
  grid_cell(row, 0, "%s%s", own ? "" : "  ", own ? name : accuracy->provider);
  grid_cell(row, 1, "%s", accuracy->arch);
  error_cell(row, 2, accuracy->ulp_max);
  grid_cell(row, 3, "-");
  if (isfinite(accuracy->ulp_max_at)) grid_cell(row, 3, "%.4g", accuracy->ulp_max_at);
  error_cell(row, 4, accuracy->ulp_mean);
  ends_cell(row, 5, accuracy->subnormal_below, accuracy->subnormal_above);
  ends_cell(row, 6, accuracy->zero_below, accuracy->zero_above);
  if (isfinite(accuracy->root)) grid_cell(row, 7, "%.1e", accuracy->absolute_max);
}

static void print_activation(FILE *out, struct style style, const struct result *result, size_t first) {
  const struct result_accuracy *const all = result->accuracies;
  struct grid grid = {.headers = {"<pass", "<arch", "max ulp", "at x", "mean", "subnormal", "zero", "near root"},
                      .columns = 7};
  char activation[NAME];
  double root = (double)NAN;
  pass_of(&all[first], activation);
  for (size_t i = first; i < result->accuracy_count; i++) {
    if (!same_activation(&all[i], &all[first])) continue;
    const bool below =
        i > first && strcmp(all[i - 1].kernel, all[i].kernel) == 0 && strcmp(all[i - 1].arch, all[i].arch) == 0;
    add_accuracy(&grid, &all[i], below);
    if (isfinite(all[i].root)) root = all[i].root, grid.columns = 8;
  }
  grid_heading(out, style, "%s", activation[0] ? activation : all[first].kernel);
  grid_print(&grid, out, style);
  if (isfinite(root))
    fprintf(out,
            "near root: the largest absolute error within %g of x = %.7g, where the\n"
            "slope crosses zero and ulps are not counted; 2^-23 = %.1e is allowed.\n%s",
            ROOT_WINDOW, root, ROOT_ABSOLUTE, style.markdown ? "\n" : "");
  grid_free(&grid);
}

void table_accuracy(FILE *out, struct style style, const struct result *result) {
  const struct result_accuracy *const all = result->accuracies;
  if (result->accuracy_count == 0) return;
  grid_heading(out, style, "accuracy on %zu floats, against double precision", all->samples);
  fputs("ulp: units in the last place. subnormal, zero: the first x, going outward, where\n"
        "the value is smaller than any normal float, and where it is 0. backward: for\n"
        "dy = 1, so that it is the slope; from output: the slope made from forward(x)\n"
        "instead of x, held against that at x.\n",
        out);
  if (style.markdown) fputc('\n', out);
  for (size_t i = 0; i < result->accuracy_count; i++) {
    bool first = true;
    for (size_t j = 0; j < i; j++) first = first && !same_activation(&all[j], &all[i]);
    if (first) print_activation(out, style, result, i);
  }
}
