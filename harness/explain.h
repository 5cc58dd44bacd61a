/* One network on a page: what happens to its gradient, why, and which change would help it. */
#ifndef DEPTHMARK_EXPLAIN_H
#define DEPTHMARK_EXPLAIN_H

#include <stdio.h>

#include "harness/grid.h"
#include "harness/result.h"

/* Of a result whose first cell is the network in question; each of the others differs from it in one thing, the least
 * change first. Prints nothing without cells. */
void explain_print(FILE *out, struct style style, const struct result *result);

#endif
