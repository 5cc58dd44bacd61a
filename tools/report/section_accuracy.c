/* How far results are from double precision. */
#include <math.h>
#include <string.h>

#include "harness/peers/peers.h"
#include "tools/report/chart.h"
#include "tools/report/sections.h"

static bool is_own(const struct result_accuracy *accuracy) { return strcmp(accuracy->provider, OWN_PROVIDER) == 0; }

/* Slopes made from the output lose digits by their nature; that is what they are measured for. */
static bool is_from_output(const struct result_accuracy *accuracy) { return strstr(accuracy->kernel, "_from_output"); }

static void draw(struct html *html, const struct views *views) {
  struct chart chart = chart_begin(CHART_BARS, "Largest error of our kernels");
  size_t left_out = 0;
  chart_axis(&chart, CHART_X, "kernel", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, "largest error", CHART_LOG, "ulp");
  for (size_t arch = 0; arch < views->arch_count; arch++) {
    json_t *points = NULL;
    size_t beyond = 0;
    for (size_t i = 0; i < views->accuracy_count; i++) {
      const struct result_accuracy *accuracy = views->accuracies[i];
      if (!is_own(accuracy) || strcmp(accuracy->arch, views->archs[arch]) != 0 || !(accuracy->ulp_max > 0)) continue;
      double x;
      if (!chart_place(&chart, accuracy->kernel, &x) && ++beyond) continue;
      if (!points) points = chart_series(&chart, views->archs[arch], CHART_SOLID, arch);
      chart_point(points, x, accuracy->ulp_max, NAN, NAN, NULL);
    }
    if (beyond > left_out) left_out = beyond;
  }
  if (left_out) chart_note(&chart, "The first %d; %zu more are in the table.", CHART_CATEGORIES_MOST, left_out);
  if (chart_series_count(&chart))
    chart_end(&chart, html);
  else
    chart_drop(&chart);
}

static void tabulate(struct html *html, const struct views *views) {
  static const char *const headers[] = {"<kernel",
                                        "<arch",
                                        "<provider",
                                        "samples",
                                        "largest error (ulp)",
                                        "at x",
                                        "mean (ulp)",
                                        "absolute at the root",
                                        "zero below",
                                        "zero above",
                                        NULL};
  struct figures table = figures_begin(html, headers, "Errors");
  for (size_t i = 0; i < views->accuracy_count && i < TABLE_ROWS_MOST; i++) {
    const struct result_accuracy *accuracy = views->accuracies[i];
    figures_row(&table);
    figures_cell(&table, "%s", accuracy->kernel);
    figures_cell(&table, "%s", accuracy->arch);
    figures_cell(&table, "%s", accuracy->provider);
    figures_cell(&table, "%zu", accuracy->samples);
    if (isfinite(accuracy->ulp_max))
      figures_number(&table, "%.4g", accuracy->ulp_max);
    else
      figures_warn(&table, "NaN");
    figures_number(&table, "%.6g", accuracy->ulp_max_at);
    figures_number(&table, "%.3g", accuracy->ulp_mean);
    figures_number(&table, "%.2g", accuracy->absolute_max);
    figures_number(&table, "%.6g", accuracy->zero_below);
    figures_number(&table, "%.6g", accuracy->zero_above);
  }
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, views->accuracy_count, "entries");
}

void section_accuracy(struct html *html, const struct views *views) {
  const struct result_accuracy *worst = NULL;
  size_t own = 0, within = 0, others = 0;
  if (!views->accuracy_count) return;
  for (size_t i = 0; i < views->accuracy_count; i++) {
    const struct result_accuracy *accuracy = views->accuracies[i];
    others += !is_own(accuracy);
    if (!is_own(accuracy) || is_from_output(accuracy)) continue;
    own++;
    within += accuracy->ulp_max <= 4;
    if (isfinite(accuracy->ulp_max) && (!worst || accuracy->ulp_max > worst->ulp_max)) worst = accuracy;
  }
  html_markup(html, "<p class=\"lead\">");
  if (own)
    html_format(html, "%zu of our %zu kernels are within 4 units in the last place of double precision", within, own);
  if (worst)
    html_format(html, "; the largest error is %.3g ulp, of %s with %s", worst->ulp_max, worst->kernel, worst->arch);
  html_format(html, "%s%zu entries are other libraries'.", own ? ". " : "", others);
  html_markup(html, "</p>\n");
  draw(html, views);
  tabulate(html, views);
}
