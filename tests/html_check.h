/* Whether a page is well-formed, and what stands in it. */
#ifndef DEPTHMARK_TESTS_HTML_CHECK_H
#define DEPTHMARK_TESTS_HTML_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Fails the test where a tag is not closed, an attribute is not quoted or there twice, an id is used twice, headings
 * jump, or a chart's data is not JSON. Returns the number of charts. */
size_t html_check(const char *page);

/* How many times text stands in the page. */
size_t html_count(const char *page, const char *text);

/* The text of the cell in that column (from 0) of the first table row of the section whose cells begin with first and
 * second, in a buffer that the next call overwrites; NULL: there is none. */
const char *html_cell(const char *page, const char *section, const char *first, const char *second, size_t column);

#endif
