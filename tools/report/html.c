#define _GNU_SOURCE /* vasprintf */
#include "tools/report/html.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Decodes one character; 0 bytes where there is none at text. */
static size_t decode(const unsigned char *text, uint32_t *character) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char c = text[0];
  const size_t length = c < 0x80                ? 1
                        : c >= 0xf0 && c < 0xf5 ? 4
                        : c >= 0xe0 && c < 0xf0 ? 3
                        : c >= 0xc2 && c < 0xe0 ? 2
                                                : 0;
  if (length == 0) return 0;
  *character = length == 1 ? c : c & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
    *character = *character << 6 | (text[i] & 0x3f);
  }
  const bool surrogate = *character >= 0xd800 && *character < 0xe000;
  return *character < least[length] || *character > 0x10ffff || surrogate ? 0 : length;
}

/* What would be invisible, or make other text look like something else. */
static bool is_harmful(uint32_t c) {
  if (c < 0x20) return c != '\t' && c != '\n';
  return (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || (c & 0xfffe) == 0xfffe;
}

void html_text(struct html *html, const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  while (*at) {
    uint32_t character = 0;
    const size_t length = decode(at, &character);
    if (length == 0 || is_harmful(character))
      fputs(REPLACEMENT, html->out);
    else if (character == '&')
      fputs("&amp;", html->out);
    else if (character == '<')
      fputs("&lt;", html->out);
    else if (character == '>')
      fputs("&gt;", html->out);
    else if (character == '"')
      fputs("&quot;", html->out);
    else if (character == '\'')
      fputs("&#39;", html->out);
    else
      fwrite(at, 1, length, html->out);
    at += length ? length : 1;
  }
}

static void text_of(struct html *html, const char *format, va_list arguments) {
  char *text = NULL;
  if (vasprintf(&text, format, arguments) < 0) abort();
  html_text(html, text);
  free(text);
}

void html_format(struct html *html, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  text_of(html, format, arguments);
  va_end(arguments);
}

void html_markup(struct html *html, const char *markup) { fputs(markup, html->out); }

static void open_element(struct html *html, const char *start) { fprintf(html->out, "<%s>", start); }

static void close_element(struct html *html, const char *start) {
  fprintf(html->out, "</%.*s>\n", (int)strcspn(start, " "), start);
}

void html_element(struct html *html, const char *start, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  open_element(html, start);
  text_of(html, format, arguments);
  close_element(html, start);
  va_end(arguments);
}

static bool is_text_header(const char *header) { return header[0] == '<'; }

struct figures figures_begin(struct html *html, const char *const *headers, const char *summary, ...) {
  va_list arguments;
  va_start(arguments, summary);
  html_markup(html, "<details class=\"table\" open>\n<summary>");
  text_of(html, summary, arguments);
  html_markup(html, "</summary>\n<table class=\"figures\" tabindex=\"0\">"
                    "\n<thead><tr>");
  va_end(arguments);
  for (size_t i = 0; headers[i]; i++) {
    const bool text = is_text_header(headers[i]);
    html_markup(html, text ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"n\">");
    html_text(html, headers[i] + text);
    html_markup(html, "</th>");
  }
  html_markup(html, "</tr></thead>\n<tbody>");
  return (struct figures){html, headers, 0, 0};
}

void figures_row(struct figures *table) {
  html_markup(table->html, table->rows++ ? "</tr>\n<tr>" : "\n<tr>");
  table->column = 0;
}

void figures_end(struct figures *table) {
  html_markup(table->html, table->rows ? "</tr>\n</tbody></table></details>\n" : "</tbody></table></details>\n");
}

/* A cell whose classes say that it is a number, and another thing. */
static void put_cell(struct figures *table, const char *class, const char *format, va_list arguments) {
  struct html *html = table->html;
  const char *header = table->headers[table->column];
  const bool number = header && !is_text_header(header);
  if (number && class)
    fprintf(html->out, "<td class=\"n %s\">", class);
  else if (number || class)
    fprintf(html->out, "<td class=\"%s\">", number ? "n" : class);
  else
    html_markup(html, "<td>");
  text_of(html, format, arguments);
  html_markup(html, "</td>");
  if (header) table->column++;
}

#define CELL(table, class, format)                                                                                     \
  do {                                                                                                                 \
    va_list arguments;                                                                                                 \
    va_start(arguments, format);                                                                                       \
    put_cell(table, class, format, arguments);                                                                         \
    va_end(arguments);                                                                                                 \
  } while (0)

void figures_cell(struct figures *table, const char *format, ...) { CELL(table, NULL, format); }
void figures_best(struct figures *table, const char *format, ...) { CELL(table, "best", format); }
void figures_warn(struct figures *table, const char *format, ...) { CELL(table, "warn", format); }

#define DASH "\xe2\x80\x93"

void figures_number(struct figures *table, const char *format, double number) {
  char text[64];
  snprintf(text, sizeof text, format, number);
  figures_cell(table, "%s", isfinite(number) ? text : DASH);
}

const char *figure_text(char text[FIGURE_TEXT], double number) {
  const double size = fabs(number);
  if (!isfinite(number))
    snprintf(text, FIGURE_TEXT, DASH);
  else if (size != 0 && (size < 1e-3 || size >= 1e7))
    snprintf(text, FIGURE_TEXT, "%.2e", number);
  else
    snprintf(text, FIGURE_TEXT, "%.*f",
             size >= 100 || size == 0 ? 0
             : size >= 10             ? 1
             : size >= 1              ? 2
             : size >= 0.1            ? 3
                                      : 4,
             number);
  return text;
}

void figures_value(struct figures *table, double number) {
  char text[FIGURE_TEXT];
  figures_cell(table, "%s", figure_text(text, number));
}

void figures_known(struct figures *table, double number) { figures_value(table, number == 0 ? NAN : number); }

const char *plural(size_t count) { return count == 1 ? "" : "s"; }

void html_left_out(struct html *html, size_t shown, size_t all, const char *what) {
  if (all > shown)
    html_element(html, "p class=\"note\"", "%zu more %s are left out here; the result files have them.", all - shown,
                 what);
}
