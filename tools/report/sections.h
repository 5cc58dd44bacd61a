/* The report's sections. Each writes what stands below its heading: a sentence that says what to see, charts, tables;
 * nothing where no result has what it shows. */
#ifndef DEPTHMARK_REPORT_SECTIONS_H
#define DEPTHMARK_REPORT_SECTIONS_H

#include "tools/report/html.h"
#include "tools/report/view.h"

typedef void section_function(struct html *html, const struct views *views);
section_function section_overview, section_machines, section_speed, section_sizes, section_roofline, section_threads,
    section_limits, section_gradients, section_histograms, section_learning, section_accuracy, section_predictions,
    section_products, section_history;

/* Charts of one section beyond which its tables stand alone. */
#define SECTION_CHARTS_MOST 24

/* The curves of some cells of one depth by layer, with what theory says dashed, in a chart of that title; at most
 * CHART_SERIES_MOST cells. */
void section_curves(struct html *html, const struct gradient_cell *const *cells, size_t count, const char *title);

/* "he_normal, relu, 50 layers, residual": all that tells a cell from others. */
#define CELL_TEXT 256
const char *section_cell_text(char text[CELL_TEXT], const struct gradient_cell *cell);

#endif
