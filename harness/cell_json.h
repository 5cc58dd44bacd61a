/* A gradient cell as JSON, in result files and journals. */
#ifndef DEPTHMARK_CELL_JSON_H
#define DEPTHMARK_CELL_JSON_H

#include <jansson.h>

#include "harness/result.h"

/* NULL when memory is out. */
json_t *cell_to_json(const struct gradient_cell *cell);

/* Reads what cell_to_json() made; place names it in error: "gradients[3]". Layers and histograms are the caller's, also
 * after an error. */
bool cell_from_json(struct gradient_cell *cell, const json_t *object, const char *place, struct error *error);

#endif
