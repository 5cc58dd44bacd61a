/* The whole report: one HTML page with all it needs inside. */
#ifndef DEPTHMARK_REPORT_H
#define DEPTHMARK_REPORT_H

#include <stddef.h>

#include "tools/report/view.h"

/* The page's text, to be freed. title: NULL for one made from the machines. inputs: at least one. */
char *report_html(const struct input *inputs, size_t count, const char *title);

#endif
