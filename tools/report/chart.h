/* Charts as data: what is drawn where, for the report's script to draw. Numbers that are not finite become gaps. */
#ifndef DEPTHMARK_REPORT_CHART_H
#define DEPTHMARK_REPORT_CHART_H

#include <jansson.h>
#include <stddef.h>

#include "tools/report/html.h"

enum chart_kind { CHART_LINES, CHART_BARS, CHART_HEAT };
enum chart_axis { CHART_X, CHART_Y };
enum chart_scale { CHART_LINEAR, CHART_LOG, CHART_CATEGORY };
enum chart_style { CHART_SOLID, CHART_DASHED, CHART_DOTTED, CHART_POINTS };

#define CHART_COLORS 8
#define CHART_SERIES_MOST 8      /* curves that can be told apart */
#define CHART_CATEGORIES_MOST 40 /* bars' groups that can be read */

struct chart {
  json_t *root;
};

__attribute__((format(printf, 2, 3))) struct chart chart_begin(enum chart_kind kind, const char *title, ...);
__attribute__((format(printf, 2, 3))) void chart_note(struct chart *chart, const char *note, ...);
void chart_axis(struct chart *chart, enum chart_axis axis, const char *name, enum chart_scale scale, const char *unit);

/* The index of that category, which is added where it is new. */
size_t chart_category(struct chart *chart, enum chart_axis axis, const char *name);
/* The place of a category on the x axis; false where it is new, and the chart has CHART_CATEGORIES_MOST of them. */
bool chart_place(struct chart *chart, const char *name, double *x);
size_t chart_category_count(const struct chart *chart, enum chart_axis axis);

/* A curve, or a group member of bars. The points belong to the chart. */
json_t *chart_series(struct chart *chart, const char *name, enum chart_style style, size_t color);
size_t chart_series_count(const struct chart *chart);
/* low and high: NAN where there is no interval; label: what the point is, or NULL. */
void chart_point(json_t *points, double x, double y, double low, double high, const char *label);

/* A line across the chart. */
void chart_mark(struct chart *chart, enum chart_axis axis, double at, const char *label);

/* Heat maps: what values mean and one map after the other. The cells belong to the chart. */
void chart_value(struct chart *chart, const char *name, double low, double middle, double high);
json_t *chart_frame(struct chart *chart, const char *label);
__attribute__((format(printf, 5, 6))) void chart_heat(json_t *cells, size_t x, size_t y, double value, const char *text,
                                                      ...);

/* Writes the figure with its data and frees the chart. Its table is to follow. */
void chart_end(struct chart *chart, struct html *html);

/* Frees a chart that turned out to be empty. */
void chart_drop(struct chart *chart);

#endif
