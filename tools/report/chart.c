#define _GNU_SOURCE /* vasprintf */
#include "tools/report/chart.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/fields.h"

static const char *const kind_names[] = {"lines", "bars", "heat"};
static const char *const axis_names[] = {"x", "y"};
static const char *const scale_names[] = {"linear", "log", "category"};
static const char *const style_names[] = {"solid", "dashed", "dotted", "points"};

static void set(json_t *object, const char *name, json_t *value) {
  if (json_object_set_new(object, name, value) != 0) abort();
}

static void append(json_t *array, json_t *value) {
  if (json_array_append_new(array, value) != 0) abort();
}

static json_t *number_or_null(double number) {
  json_t *value = json_real(number);
  return value ? value : json_null(); /* jansson refuses NaN and infinities */
}

static json_t *text_of(const char *format, va_list arguments) {
  char *text = NULL;
  if (vasprintf(&text, format, arguments) < 0) abort();
  json_t *value = fields_text(text);
  free(text);
  return value;
}

/* The member array of that name, made where it is missing. */
static json_t *array_of(json_t *object, const char *name) {
  json_t *array = json_object_get(object, name);
  if (array) return array;
  set(object, name, json_array());
  return json_object_get(object, name);
}

struct chart chart_begin(enum chart_kind kind, const char *title, ...) {
  struct chart chart = {json_object()};
  va_list arguments;
  va_start(arguments, title);
  set(chart.root, "kind", fields_text(kind_names[kind]));
  set(chart.root, "title", text_of(title, arguments));
  va_end(arguments);
  return chart;
}

void chart_note(struct chart *chart, const char *note, ...) {
  va_list arguments;
  va_start(arguments, note);
  set(chart->root, "note", text_of(note, arguments));
  va_end(arguments);
}

void chart_axis(struct chart *chart, enum chart_axis axis, const char *name, enum chart_scale scale, const char *unit) {
  json_t *object = json_object();
  set(object, "name", fields_text(name));
  set(object, "scale", fields_text(scale_names[scale]));
  set(object, "unit", fields_text(unit));
  if (scale == CHART_CATEGORY) set(object, "categories", json_array());
  set(chart->root, axis_names[axis], object);
}

static json_t *categories_of(const struct chart *chart, enum chart_axis axis) {
  return json_object_get(json_object_get(chart->root, axis_names[axis]), "categories");
}

size_t chart_category_count(const struct chart *chart, enum chart_axis axis) {
  return json_array_size(categories_of(chart, axis));
}

size_t chart_category(struct chart *chart, enum chart_axis axis, const char *name) {
  json_t *categories = categories_of(chart, axis), *value = fields_text(name);
  const size_t count = json_array_size(categories);
  size_t i = 0;
  while (i < count && !json_equal(json_array_get(categories, i), value)) i++;
  if (i == count)
    append(categories, value);
  else
    json_decref(value);
  return i;
}

bool chart_place(struct chart *chart, const char *name, double *x) {
  const size_t i = chart_category(chart, CHART_X, name);
  *x = (double)i;
  if (i < CHART_CATEGORIES_MOST) return true;
  json_array_remove(categories_of(chart, CHART_X), i);
  return false;
}

json_t *chart_series(struct chart *chart, const char *name, enum chart_style style, size_t color) {
  json_t *series = json_object();
  set(series, "name", fields_text(name));
  set(series, "style", fields_text(style_names[style]));
  set(series, "color", json_integer((json_int_t)(color % CHART_COLORS)));
  append(array_of(chart->root, "series"), series);
  return array_of(series, "points");
}

size_t chart_series_count(const struct chart *chart) { return json_array_size(json_object_get(chart->root, "series")); }

void chart_point(json_t *points, double x, double y, double low, double high, const char *label) {
  const bool interval = isfinite(low) && isfinite(high);
  json_t *point = json_array();
  append(point, number_or_null(x));
  append(point, number_or_null(y));
  if (interval || label) {
    append(point, interval ? json_real(low) : json_null());
    append(point, interval ? json_real(high) : json_null());
  }
  if (label) append(point, fields_text(label));
  append(points, point);
}

void chart_mark(struct chart *chart, enum chart_axis axis, double at, const char *label) {
  if (!isfinite(at)) return;
  json_t *mark = json_object();
  set(mark, "axis", fields_text(axis_names[axis]));
  set(mark, "at", json_real(at));
  set(mark, "label", fields_text(label));
  append(array_of(chart->root, "marks"), mark);
}

void chart_value(struct chart *chart, const char *name, double low, double middle, double high) {
  json_t *value = json_object();
  set(value, "name", fields_text(name));
  set(value, "low", json_real(low));
  set(value, "high", json_real(high));
  set(value, "middle", json_real(middle));
  set(chart->root, "value", value);
}

json_t *chart_frame(struct chart *chart, const char *label) {
  json_t *frame = json_object();
  set(frame, "label", fields_text(label));
  append(array_of(chart->root, "frames"), frame);
  return array_of(frame, "cells");
}

void chart_heat(json_t *cells, size_t x, size_t y, double value, const char *text, ...) {
  json_t *cell = json_array();
  va_list arguments;
  va_start(arguments, text);
  append(cell, json_integer((json_int_t)x));
  append(cell, json_integer((json_int_t)y));
  append(cell, number_or_null(value));
  append(cell, text_of(text, arguments));
  va_end(arguments);
  append(cells, cell);
}

void chart_drop(struct chart *chart) {
  json_decref(chart->root);
  chart->root = NULL;
}

/* Inside a script element nothing but "<" can begin what is not data. Strings alone have it, as JSON may escape it. */
static void write_data(struct html *html, const json_t *root) {
  char *text = json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
  if (!text) abort();
  for (const char *at = text; *at; at++)
    if (*at == '<')
      html_markup(html, "\\u003c");
    else
      fputc(*at, html->out);
  free(text);
}

void chart_end(struct chart *chart, struct html *html) {
  const size_t number = ++html->charts;
  fprintf(html->out, "<figure class=\"chart\" id=\"chart-%zu\" data-chart=\"data-%zu\"><figcaption>", number, number);
  html_text(html, json_string_value(json_object_get(chart->root, "title")));
  html_markup(html, "</figcaption><div class=\"canvas\"></div></figure>\n");
  fprintf(html->out, "<script type=\"application/json\" id=\"data-%zu\">", number);
  write_data(html, chart->root);
  html_markup(html, "</script>\n");
  chart_drop(chart);
}
