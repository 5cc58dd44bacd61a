/* Which rows of the subjects are of the same work. */
#ifndef DEPTHMARK_COMPARE_ALIGN_H
#define DEPTHMARK_COMPARE_ALIGN_H

#include "tools/compare/compare.h"

/* Fills in lines, what is alone and what is unusable, once the subjects are chosen. */
void align_rows(struct comparison *comparison);

#endif
