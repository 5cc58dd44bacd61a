/* Texts of result files on a terminal or in markdown, where they can do no harm. */
#ifndef DEPTHMARK_COMPARE_VISIBLE_H
#define DEPTHMARK_COMPARE_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>

/* Copies text so that every character shows as itself or as an escape: control characters, marks that change the
 * direction of text and bytes that are no UTF-8 as \x1b or \u202e; of `ascii` texts, whose columns are counted, all
 * beyond ASCII as well. For markdown what would be markup there is escaped. What does not fit is left out, and ".."
 * says so. Returns to. */
char *visible(char *to, size_t size, const char *text, bool ascii, bool markdown);

#endif
