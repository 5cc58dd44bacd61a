/* The training runs as a person reads them: those that show a fact together, else one table for each initializer. */
#include <math.h>
#include <string.h>

#include "harness/table.h"

#define RUN_NAME (sizeof((struct learning_run *)0)->initializer + sizeof((struct learning_run *)0)->activation + 48)

static bool same_table(const struct learning_run *a, const struct learning_run *b) {
  return strcmp(a->fact, b->fact) == 0 && (a->fact[0] || strcmp(a->initializer, b->initializer) == 0);
}

/* What tells the runs of a table apart beside the optimizer: "he_normal/relu/30", "relu/30 #2". */
static void short_name(const struct learning_run *run, bool seeds, char *name) {
  char seed[32] = "";
  if (seeds) snprintf(seed, sizeof seed, " #%zu", run->seed);
  static const char *const norms[NORMALIZATION_COUNT] = {"", "+BN", "+LN"};
  snprintf(name, RUN_NAME, "%s%s%s/%zu%s%s%s", run->fact[0] ? run->initializer : "", run->fact[0] ? "/" : "",
           run->activation, run->depth, norms[run->recipe.normalization], run->recipe.residual ? "+res" : "", seed);
}

static void optimizer_cell(struct grid_row *row, size_t column, const struct learning_run *run) {
  char clip[32] = "";
  if (run->fact[0] && run->clip_norm > 0) snprintf(clip, sizeof clip, " clip %g", run->clip_norm);
  grid_cell(row, column, "%s %g%s", run->optimizer, run->rate, clip);
}

/* "2.31", "9e+26", "-" */
static void number_cell(struct grid_row *row, size_t column, double number) {
  if (isfinite(number))
    grid_cell(row, column, number < 999.995 ? "%.2f" : "%.0e", number);
  else
    grid_cell(row, column, "-");
}

/* How large the gradient is that the first hidden layer gets, measured by the last's. */
static void ratio_cell(struct grid_row *row, size_t column, const struct learning_run *run, size_t record) {
  const double ratio = record < run->record_count ? run->records[record].layers[0].delta_rms /
                                                        run->records[record].layers[run->depth - 1].delta_rms
                                                  : (double)NAN;
  grid_cell(row, column, isfinite(ratio) ? "%.0e" : "-", ratio);
}

static enum grid_color learning_color(enum learning_verdict verdict) {
  switch (verdict) {
  case LEARNING_LEARNS: return GRID_GOOD;
  case LEARNING_BEGINS:
  case LEARNING_AT_CHANCE: return GRID_POOR;
  default: return GRID_BAD;
  }
}

static void add_run(struct grid *grid, const struct learning_run *run, bool seeds) {
  char name[RUN_NAME];
  const struct learning_epoch *last = run->history_count ? &run->history[run->history_count - 1] : NULL;
  struct grid_row *row = grid_add(grid);
  short_name(run, seeds, name);
  grid_cell(row, 0, "%s", name);
  optimizer_cell(row, 1, run);
  number_cell(row, 2, run->record_count ? run->records[0].loss : (double)NAN);
  number_cell(row, 3, last && !run->fault.quantity ? last->loss : (double)NAN);
  grid_cell(row, 4, last ? "%.1f%%" : "-", last ? 100 * last->held_out_accuracy : 0);
  ratio_cell(row, 5, run, 0);
  ratio_cell(row, 6, run, run->record_count - 1);
  grid_cell(row, 7, "%s", learning_verdict_names[run->verdict]);
  row->color = learning_color(run->verdict);
}

static void print_fault(FILE *out, const struct learning_run *run, bool seeds) {
  char name[RUN_NAME], place[40] = "";
  if (run->fault.quantity == FAULT_NONE) return;
  short_name(run, seeds, name);
  if (run->fault.layer > run->depth)
    snprintf(place, sizeof place, " of the output layer");
  else if (run->fault.layer > 0)
    snprintf(place, sizeof place, " of layer %zu", run->fault.layer);
  fprintf(out, "%s: %s%s not finite from step %zu on\n", name, fault_names[run->fault.quantity], place,
          run->fault.step);
}

static void print_table(FILE *out, struct style style, const struct result *result, size_t first, bool seeds) {
  const struct learning_run *const runs = result->learning;
  struct grid grid = {.headers = {"<run", "<optimizer", "loss", "to", "right", "ratio", "to", "<verdict"},
                      .columns = 8};
  if (runs[first].fact[0]) {
    if (!style.markdown) fputc('\n', out);
    grid_fact(out, style, "fact", "%s", runs[first].fact);
    if (style.markdown) fputc('\n', out);
  } else {
    grid_heading(out, style, "%s", runs[first].initializer);
  }
  for (size_t i = first; i < result->learning_count; i++)
    if (same_table(&runs[i], &runs[first])) add_run(&grid, &runs[i], seeds);
  grid_print(&grid, out, style);
  grid_free(&grid);
  for (size_t i = first; i < result->learning_count; i++)
    if (same_table(&runs[i], &runs[first])) print_fault(out, &runs[i], seeds);
}

/* What the runs of a grid have in common, and the classic ones do not tell. */
static void print_clipping(FILE *out, const struct learning_run *run) {
  if (run->fact[0] || (run->clip_norm == 0 && run->clip_value == 0)) return;
  fputs("Gradients are clipped:", out);
  if (run->clip_value > 0) fprintf(out, " each to at most %g", run->clip_value);
  if (run->clip_norm > 0)
    fprintf(out, "%s their norm to at most %g", run->clip_value > 0 ? ", then" : "", run->clip_norm);
  fputs(".\n", out);
}

/* What stands behind a run's depth. */
static void print_recipes(FILE *out, const struct result *result) {
  bool any = false;
  for (size_t i = 0; i < result->learning_count; i++)
    any = any || result->learning[i].recipe.normalization || result->learning[i].recipe.residual;
  if (any) fputs("+BN, +LN: batch, layer normalization before the activation; +res: residual\nconnections.\n", out);
}

void table_learning(FILE *out, struct style style, const struct result *result) {
  const struct learning_run *const runs = result->learning;
  bool seeds = false;
  if (result->learning_count == 0) return;
  for (size_t i = 0; i < result->learning_count; i++) seeds = seeds || runs[i].seed > 1;
  grid_heading(out, style, "learning: width %zu, batch %zu, %s, %s", runs->width, runs->batch, runs->data, runs->arch);
  fprintf(out,
          "%zu epochs of %zu examples. loss: of the first step, to the mean of the last\n"
          "epoch; guessing costs 2.30. right: share of right answers on %zu others.\n"
          "ratio: the first hidden layer's gradient (its rms) divided by the last's, in\n"
          "the first step, to the last step.\n",
          runs->epochs, runs->images, runs->held_out);
  print_recipes(out, result);
  print_clipping(out, runs);
  if (style.markdown) fputc('\n', out);
  for (size_t i = 0; i < result->learning_count; i++) {
    bool first = true;
    for (size_t j = 0; j < i; j++) first = first && !same_table(&runs[j], &runs[i]);
    if (first) print_table(out, style, result, i, seeds);
  }
}
