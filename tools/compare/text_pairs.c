/* Whether accuracies, gradients and training agree, as they should. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gradient_cell.h"
#include "harness/table.h"
#include "tools/compare/pairs.h"
#include "tools/compare/text.h"
#include "tools/compare/visible.h"

#define ROWS_MOST 10
#define FUNCTION 33 /* one more than characters of a kernel's name, and of an arch's */
#define ARCH 9

static void name_cell(struct grid_row *row, size_t column, const char *name, size_t size, struct style style) {
  char shown[GRID_TEXT];
  grid_cell(row, column, "%s", visible(shown, size, name, true, style.markdown));
}

/* In at most eight characters. */
static void number_cell(struct grid_row *row, size_t column, double number) {
  const double size = fabs(number);
  if (isfinite(number))
    grid_cell(row, column, size > 0 && (size < 1e-3 || size >= 1e4) ? "%.1e" : "%.4g", number);
  else
    grid_cell(row, column, "-");
}

/* ---- accuracies -------------------------------------------------------------------------------------------------- */

static void print_accuracies(FILE *out, struct style style, const struct comparison *c, size_t subject,
                             struct text_options options) {
  const char *base = c->subjects[0].label, *label = c->subjects[subject].label;
  struct grid grid = {.headers = {"<function", "<arch", "max ulp", "to", "mean", "to"}, .columns = 6};
  size_t count, same = 0, other_samples = 0, apart = 0;
  struct accuracy_pair *pairs = accuracy_pairs(c, subject, &count);
  for (size_t i = 0; i < count; i++) {
    same += pairs[i].identical, other_samples += !pairs[i].same_samples;
    if (pairs[i].identical || !pairs[i].same_samples) continue;
    apart++;
    if (text_shown(apart, ROWS_MOST, options) != apart) continue;
    struct grid_row *row = grid_add(&grid);
    name_cell(row, 0, pairs[i].base->kernel, FUNCTION, style);
    name_cell(row, 1, pairs[i].other->arch, ARCH, style);
    number_cell(row, 2, pairs[i].base->ulp_max);
    number_cell(row, 3, pairs[i].other->ulp_max);
    number_cell(row, 4, pairs[i].base->ulp_mean);
    number_cell(row, 5, pairs[i].other->ulp_mean);
  }
  if (count) {
    grid_heading(out, style, "accuracy, %s and %s: %zu of %zu functions have the same errors", base, label, same,
                 count);
    if (other_samples)
      grid_paragraph(out, style, "%zu were measured on other floats, and can't be compared.", other_samples);
    if (grid.count) grid_print(&grid, out, style);
    text_more(out, style, apart, grid.count);
  }
  grid_free(&grid);
  free(pairs);
}

void text_accuracies(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  for (size_t s = 1; s < c->subject_count; s++) print_accuracies(out, style, c, s, options);
}

/* ---- gradient cells ---------------------------------------------------------------------------------------------- */

/* "All 24 are the same to the last bit" or what is instead. */
static void print_promise(FILE *out, struct style style, size_t promised, size_t kept, size_t identical) {
  if (promised == 0)
    grid_paragraph(out, style,
                   "Seed, generator or arch differ, so that the same bits are not to be expected; %zu have them.",
                   identical);
  else if (kept == promised)
    grid_paragraph(out, style,
                   "%zu have the seed, generator and arch in common, and are the same to the last bit, as promised.",
                   promised);
  else
    grid_paragraph(out, style,
                   "%zu have the seed, generator and arch in common, and should be the same to the last bit; %zu are "
                   "not.",
                   promised, promised - kept);
}

static void add_cell(struct grid *grid, struct style style, const struct cell_pair *pair) {
  char name[ROW_NAME], verdict[48];
  struct grid_row *row = grid_add(grid);
  gradient_cell_name(name, sizeof name, pair->base);
  name_cell(row, 4, strchr(name, '/') + 1, GRID_TEXT, style);
  number_cell(row, 0, pair->base->decay_per_layer);
  number_cell(row, 1, pair->other->decay_per_layer);
  number_cell(row, 2, pair->standard_error);
  if (pair->base->verdict == pair->other->verdict)
    snprintf(verdict, sizeof verdict, "%s", verdict_names[pair->base->verdict]);
  else
    snprintf(verdict, sizeof verdict, "%s, %s", verdict_names[pair->base->verdict],
             verdict_names[pair->other->verdict]);
  grid_cell(row, 3, "%s", verdict);
}

static void print_cells(FILE *out, struct style style, const struct comparison *c, size_t subject,
                        struct text_options options) {
  const char *base = c->subjects[0].label, *label = c->subjects[subject].label;
  struct grid grid = {.headers = {"decay", "to", "error", "<verdict", "<cell"}, .columns = 5};
  size_t count, promised = 0, kept = 0, identical = 0, apart = 0;
  double most = 0, most_errors = 0;
  struct cell_pair *pairs = cell_pairs(c, subject, &count);
  for (size_t i = 0; i < count; i++) {
    promised += pairs[i].promised, kept += pairs[i].promised && pairs[i].identical;
    identical += pairs[i].identical, apart += pairs[i].apart;
    if (isfinite(pairs[i].difference)) most = fmax(most, fabs(pairs[i].difference));
    const double errors = fabs(pairs[i].difference) / pairs[i].standard_error;
    if (isfinite(errors)) most_errors = fmax(most_errors, errors);
    if (pairs[i].apart && text_shown(apart, ROWS_MOST, options) == apart) add_cell(&grid, style, &pairs[i]);
  }
  if (count) {
    grid_heading(out, style, "gradients, %s and %s: %zu cells are in both", base, label, count);
    print_promise(out, style, promised, kept, identical);
    if (identical < count)
      grid_paragraph(out, style, "Decays differ by at most %.1e a layer, %.2g standard errors.", most, most_errors);
    if (apart)
      grid_paragraph(out, style, "%zu are more than 3 standard errors apart, or have another verdict:", apart);
    else
      grid_paragraph(out, style, "None is more than 3 standard errors apart or has another verdict.");
    text_fit(&grid, style);
    if (grid.count) grid_print(&grid, out, style);
    text_more(out, style, apart, grid.count);
  }
  grid_free(&grid);
  free(pairs);
}

void text_cells(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  for (size_t s = 1; s < c->subject_count; s++) print_cells(out, style, c, s, options);
}

/* ---- training runs ----------------------------------------------------------------------------------------------- */

static void print_learning(FILE *out, struct style style, const struct comparison *c, size_t subject,
                           struct text_options options) {
  const char *base = c->subjects[0].label, *label = c->subjects[subject].label;
  struct grid grid = {.headers = {"<run", "<verdict", "<to"}, .columns = 3};
  size_t count, promised = 0, kept = 0, identical = 0, apart = 0;
  double most = 0;
  struct learning_pair *pairs = learning_pairs(c, subject, &count);
  for (size_t i = 0; i < count; i++) {
    promised += pairs[i].promised, kept += pairs[i].promised && pairs[i].identical;
    identical += pairs[i].identical, apart += pairs[i].apart;
    if (isfinite(pairs[i].loss_difference)) most = fmax(most, fabs(pairs[i].loss_difference));
    if (!pairs[i].apart || text_shown(apart, ROWS_MOST, options) != apart) continue;
    struct grid_row *row = grid_add(&grid);
    const char *name = strchr(pairs[i].base->name, '/');
    name_cell(row, 0, name ? name + 1 : pairs[i].base->name, GRID_TEXT, style);
    grid_cell(row, 1, "%s", learning_verdict_names[pairs[i].base->verdict]);
    grid_cell(row, 2, "%s", learning_verdict_names[pairs[i].other->verdict]);
  }
  if (count) {
    grid_heading(out, style, "training, %s and %s: %zu runs are in both", base, label, count);
    print_promise(out, style, promised, kept, identical);
    if (identical < count) grid_paragraph(out, style, "Losses of the last epoch differ by at most %.1e.", most);
    if (apart) grid_paragraph(out, style, "%zu have another verdict:", apart);
    if (grid.count) grid_print(&grid, out, style);
    text_more(out, style, apart, grid.count);
  }
  grid_free(&grid);
  free(pairs);
}

void text_learning(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  for (size_t s = 1; s < c->subject_count; s++) print_learning(out, style, c, s, options);
}
