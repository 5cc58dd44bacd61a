/* Who learns: loss by step, and where the first number that is not finite came from. */
#include <math.h>
#include <string.h>

#include "tools/report/chart.h"
#include "tools/report/sections.h"

#define CHARTS_MOST 12

/* Runs of one chart: those that show a fact together, else all of the same depth. */
static bool together(const struct learning_run *a, const struct learning_run *b) {
  if (strcmp(a->fact, b->fact) != 0 || strcmp(a->data, b->data) != 0) return false;
  return a->fact[0] || a->depth == b->depth;
}

static const char *short_name(const struct learning_run *run) {
  const char *slash = strchr(run->name, '/');
  return slash ? slash + 1 : run->name;
}

static void add_run(struct chart *chart, const struct learning_run *run, size_t color) {
  json_t *points = chart_series(chart, short_name(run), CHART_SOLID, color);
  for (size_t i = 0; i < run->record_count; i++)
    chart_point(points, (double)run->records[i].step, run->records[i].loss, NAN, NAN, NULL);
}

static void draw(struct html *html, const struct views *views) {
  size_t charts = 0, left_out = 0;
  for (size_t i = 0; i < views->learning_count; i++) {
    const struct learning_run *first = views->learning[i];
    bool again = false;
    size_t drawn = 0;
    for (size_t j = 0; j < i && !again; j++) again = together(views->learning[j], first);
    if (again) continue;
    const bool fits = charts++ < CHARTS_MOST;
    struct chart chart = first->fact[0] ? chart_begin(CHART_LINES, "%s", first->fact)
                                        : chart_begin(CHART_LINES, "Loss by step, %zu layers", first->depth);
    chart_note(&chart, "Cross-entropy of each recorded batch. Naming classes by chance costs ln 10.");
    chart_axis(&chart, CHART_X, "step", CHART_LINEAR, "");
    chart_axis(&chart, CHART_Y, "loss", CHART_LOG, "");
    chart_mark(&chart, CHART_Y, log(10), "chance");
    for (size_t j = i; j < views->learning_count; j++) {
      if (!together(views->learning[j], first)) continue;
      if (fits && drawn < CHART_SERIES_MOST)
        add_run(&chart, views->learning[j], drawn++);
      else
        left_out++;
    }
    if (drawn)
      chart_end(&chart, html);
    else
      chart_drop(&chart);
  }
  if (left_out)
    html_element(html, "p class=\"note\"", "Curves of %zu more runs are left out; the table has them.", left_out);
}

static void add_row(struct figures *table, const struct learning_run *run) {
  const struct learning_epoch *last = run->history_count ? &run->history[run->history_count - 1] : NULL;
  char fault[96] = "";
  if (run->fault.quantity != FAULT_NONE)
    snprintf(fault, sizeof fault, "%s of layer %zu, step %zu", fault_names[run->fault.quantity], run->fault.layer,
             run->fault.step);
  figures_row(table);
  figures_cell(table, "%s", short_name(run));
  figures_cell(table, "%s", run->data);
  figures_cell(table, "%zu", run->steps);
  figures_value(table, run->record_count ? run->records[0].loss : NAN);
  figures_value(table, run->record_count ? run->records[run->record_count - 1].loss : NAN);
  figures_number(table, "%.1f", last ? 100 * last->accuracy : NAN);
  figures_number(table, "%.1f", last ? 100 * last->held_out_accuracy : NAN);
  if (run->verdict == LEARNING_LEARNS)
    figures_best(table, "%s", learning_verdict_names[run->verdict]);
  else if (run->verdict == LEARNING_DIVERGES)
    figures_warn(table, "%s", learning_verdict_names[run->verdict]);
  else
    figures_cell(table, "%s", learning_verdict_names[run->verdict]);
  figures_cell(table, "%s", fault);
}

static void tabulate(struct html *html, const struct views *views) {
  static const char *const headers[] = {"<run",
                                        "<data",
                                        "steps",
                                        "first loss",
                                        "last loss",
                                        "right %",
                                        "held out right %",
                                        "<verdict",
                                        "<first not finite",
                                        NULL};
  struct figures table = figures_begin(html, headers, "Every run");
  for (size_t i = 0; i < views->learning_count && i < TABLE_ROWS_MOST; i++) add_row(&table, views->learning[i]);
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, views->learning_count, "runs");
}

void section_learning(struct html *html, const struct views *views) {
  size_t count[LEARNING_DIVERGES + 1] = {0};
  if (!views->learning_count) return;
  for (size_t i = 0; i < views->learning_count; i++) count[views->learning[i]->verdict]++;
  html_element(
      html, "p class=\"lead\"",
      "Of %zu networks trained, %zu learn, %zu begin to, %zu stay at chance, %zu are unstable and %zu diverge.",
      views->learning_count, count[LEARNING_LEARNS], count[LEARNING_BEGINS], count[LEARNING_AT_CHANCE],
      count[LEARNING_UNSTABLE], count[LEARNING_DIVERGES]);
  draw(html, views);
  tabulate(html, views);
}
