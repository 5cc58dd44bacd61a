/* A comparison for programs. bench-compare --help describes both. */
#ifndef DEPTHMARK_COMPARE_WRITE_H
#define DEPTHMARK_COMPARE_WRITE_H

#include <stdio.h>

#include "tools/compare/compare.h"

#define COMPARISON_FORMAT 1 /* of the JSON document */

/* threshold: the share below which differences of runs are none. */
void write_json(FILE *out, const struct comparison *c, double threshold);

/* A line for each row and each subject beside the base that has it. */
void write_csv(FILE *out, const struct comparison *c, double threshold);

#endif
