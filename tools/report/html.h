/* HTML written piece by piece. Whatever is given as text is escaped; only what the program itself says is markup. */
#ifndef DEPTHMARK_REPORT_HTML_H
#define DEPTHMARK_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct html {
  FILE *out;
  size_t charts; /* written so far, which numbers them */
};

/* Text, also as the value of a quoted attribute. Bytes that are not UTF-8, control characters and those that change
 * the direction of writing become U+FFFD. */
void html_text(struct html *html, const char *text);
__attribute__((format(printf, 2, 3))) void html_format(struct html *html, const char *format, ...);

/* Markup as it is. */
void html_markup(struct html *html, const char *markup);

/* A whole element: start is its name and attributes, "p class=\"lead\"". */
__attribute__((format(printf, 3, 4))) void html_element(struct html *html, const char *start, const char *format, ...);

/* A table in a details element, open: the script closes it where a chart has been drawn. A header beginning with "<"
 * stands above text, any other above numbers; NULL ends the headers. */
struct figures {
  struct html *html;
  const char *const *headers;
  size_t column; /* of the next cell */
  size_t rows;   /* begun */
};
__attribute__((format(printf, 3, 4))) struct figures figures_begin(struct html *html, const char *const *headers,
                                                                   const char *summary, ...);
void figures_end(struct figures *table);
void figures_row(struct figures *table); /* begins one */
__attribute__((format(printf, 2, 3))) void figures_cell(struct figures *table, const char *format, ...);
__attribute__((format(printf, 2, 3))) void figures_best(struct figures *table, const char *format, ...);
__attribute__((format(printf, 2, 3))) void figures_warn(struct figures *table, const char *format, ...);

/* A number, in the format of a double; a dash where it is not finite. */
void figures_number(struct figures *table, const char *format, double number);
/* Three significant digits; powers of ten only far out. */
void figures_value(struct figures *table, double number);
/* The same, a dash where it is 0. */
void figures_known(struct figures *table, double number);

#define FIGURE_TEXT 24
const char *figure_text(char text[FIGURE_TEXT], double number);

/* The plural's s. */
const char *plural(size_t count);

/* Most rows that a table shows, and what stands below it where there are more. */
#define TABLE_ROWS_MOST 400
void html_left_out(struct html *html, size_t shown, size_t all, const char *what);

#endif
