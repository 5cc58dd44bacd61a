/* Two runs on one machine: which rows changed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/compare/family.h"
#include "tools/compare/ratio.h"
#include "tools/compare/text.h"

#define ROWS_MOST 20 /* that became slower, and as many that became faster */

/* A row in both runs. */
struct change {
  const struct result_row *base, *row;
  struct ratio ratio;
  enum outcome outcome;
};

static int by_effect(const void *a, const void *b) {
  const double x = fabs(log(((const struct change *)a)->ratio.value));
  const double y = fabs(log(((const struct change *)b)->ratio.value));
  return (x < y) - (x > y);
}

/* The largest effect first; to be freed. */
static struct change *changes_of(const struct comparison *c, size_t subject, double threshold, size_t *count) {
  struct change *changes = calloc(c->line_count + 1, sizeof *changes);
  if (!changes) abort();
  *count = 0;
  for (size_t line = 0; line < c->line_count; line++) {
    struct change *change = &changes[*count];
    change->base = comparison_row(c, line, 0);
    change->row = comparison_row(c, line, subject);
    if (!change->row) continue;
    change->ratio = ratio_of(change->base, change->row);
    change->outcome = ratio_outcome(change->ratio, threshold, change->base, change->row);
    ++*count;
  }
  qsort(changes, *count, sizeof *changes, by_effect);
  return changes;
}

static enum grid_color outcome_color(enum outcome outcome) {
  switch (outcome) {
  case OUTCOME_SLOWER: return GRID_BAD;
  case OUTCOME_FASTER: return GRID_GOOD;
  case OUTCOME_UNCLEAR: return GRID_POOR;
  default: return GRID_PLAIN;
  }
}

static void add_change(struct grid *grid, struct style style, const struct change *change) {
  struct grid_row *row = grid_add(grid);
  char work[TEXT_WORK], column[TEXT_WORK];
  size_t c = 0;
  text_work(work, change->row, style);
  text_column(column, change->row, style);
  grid_cell(row, c++, "%s", outcome_names[change->outcome]);
  text_factor(row, c++, change->ratio.value);
  text_factor(row, c++, change->ratio.low);
  text_factor(row, c++, change->ratio.high);
  if (style.markdown) grid_cell(row, c++, "%.4g", row_pace(change->base));
  if (style.markdown) grid_cell(row, c++, "%.4g", row_pace(change->row));
  grid_cell(row, c++, "%s", column);
  grid_cell(row, c, "%s", work);
  row->color = outcome_color(change->outcome);
}

static size_t print_outcome(FILE *out, struct style style, const char *ratio, const struct change *changes,
                            size_t count, enum outcome outcome, struct text_options options) {
  struct grid grid = {.headers = {"<verdict", ratio, "from", "to", "<arch", "<row"}, .columns = 6};
  struct grid with_times = {.headers = {"<verdict", ratio, "from", "to", "ns before", "ns after", "<arch", "<row"},
                            .columns = 8};
  struct grid *used = style.markdown ? &with_times : &grid;
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    if (changes[i].outcome != outcome) continue;
    total++;
    if (text_shown(total, ROWS_MOST, options) == total) add_change(used, style, &changes[i]);
  }
  if (used->count) {
    if (!style.markdown) fputc('\n', out);
    text_fit(used, style);
    grid_print(used, out, style);
    text_more(out, style, total, used->count);
  }
  grid_free(used);
  return total;
}

/* Changes of what did not change, as logarithms, beyond which a machine is not the same for both: on average, of one.
 */
#define MOVED 0.02
#define FAR 0.4

/* What is the same code in both runs says how much the machine itself changed. */
static void print_control(FILE *out, struct style style, const struct comparison *c, size_t subject) {
  double sum = 0, least = INFINITY, most = -INFINITY;
  size_t count = 0;
  for (size_t line = 0; line < c->line_count; line++) {
    const struct result_row *base = comparison_row(c, line, 0), *row = comparison_row(c, line, subject);
    char name[FAMILY_NAME];
    family_name(name, base);
    if (!row || (strncmp(name, "limits ", 7) != 0 && strncmp(name, "peer ", 5) != 0)) continue;
    const double ratio = ratio_of(base, row).value;
    sum += log(ratio), count++;
    least = fmin(least, ratio), most = fmax(most, ratio);
  }
  if (count)
    grid_paragraph(
        out, style,
        "The machine's own limits and other libraries, measured in both, show what it did meanwhile: x %.3f "
        "on average, from %.2f to %.2f.%s",
        exp(sum / (double)count), least, most,
        fabs(sum / (double)count) > MOVED || -log(least) > FAR || log(most) > FAR
            ? " That is much: the machine was not as quiet in both, and verdicts may be about it rather than "
              "about the code. Take both again, in turns."
            : "");
}

static void print_run(FILE *out, struct style style, const struct comparison *c, size_t subject,
                      struct text_options options) {
  size_t count, counts[OUTCOME_COUNT] = {0};
  char ratio[64];
  const char *base = c->subjects[0].label, *label = c->subjects[subject].label;
  struct change *changes = changes_of(c, subject, options.threshold, &count);
  for (size_t i = 0; i < count; i++) counts[changes[i].outcome]++;
  snprintf(ratio, sizeof ratio, "%s / %s", label, base);
  if (count) {
    grid_heading(out, style, "%s against %s: %zu rows slower, %zu faster, %zu the same, %zu unclear", label, base,
                 counts[OUTCOME_SLOWER], counts[OUTCOME_FASTER], counts[OUTCOME_SAME], counts[OUTCOME_UNCLEAR]);
    grid_paragraph(
        out, style,
        "%s: speed divided by that of %s, with an interval from both rows' 99 %% intervals. slower, faster: it "
        "leaves out 1, and the ratio is %g %% or more away. the same: all of it is nearer. unclear: neither, "
        "or too few samples.",
        ratio, base, 100 * options.threshold);
    grid_paragraph(out, style,
                   "Intervals hold what changed within each run. Files taken one after the other also differ by what "
                   "changed between them, such as clock and neighbours; runs that take turns show more.");
    print_control(out, style, c, subject);
    for (enum outcome outcome = 0; outcome < OUTCOME_COUNT; outcome++)
      if (outcome <= OUTCOME_FASTER || options.all) print_outcome(out, style, ratio, changes, count, outcome, options);
  }
  free(changes);
}

void text_runs(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  for (size_t s = 1; s < c->subject_count; s++)
    if (c->subjects[s].relation == RELATION_RUN) print_run(out, style, c, s, options);
}
