#include "harness/cell_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/fields.h"

json_t *cell_to_json(const struct gradient_cell *cell) {
  json_t *o = json_object();
  const size_t layers = cell->layers ? cell->depth : 0;
  json_t *array = fields_write_array(layer_fields, cell->layers, layers, sizeof *cell->layers);
  bool written = fields_write(o, cell_fields, cell);
  for (size_t i = 0; cell->layers_theory && i < layers; i++)
    written = written && fields_write(json_array_get(array, i), layer_theory_fields, &cell->layers_theory[i]);
  for (size_t i = 0; cell->histograms && i < layers; i++)
    written = written && fields_write(json_array_get(array, i), histogram_fields, &cell->histograms[i]);
  if (json_object_set_new(o, "layers", array) == 0 && written) return o;
  json_decref(o);
  return NULL;
}

/* What only some cells have stands in all their layers or in none: to is NULL where the first has none. */
static bool read_optional(const json_t *layer, const struct field *fields, void *to, const char *place,
                          struct error *error) {
  if (to) return fields_read(layer, fields, to, place, error);
  for (const struct field *f = fields; f->name; f++)
    if (json_object_get(layer, f->name))
      return error_set(error, "%s has %s, but the cell's first layer has no %s", place, f->name, fields->name);
  return true;
}

bool cell_from_json(struct gradient_cell *cell, const json_t *o, const char *place, struct error *error) {
  if (!fields_read(o, cell_fields, cell, place, error)) return false;
  const json_t *layers = fields_member(o, "layers", JSON_ARRAY, place, error);
  if (!layers) return false;
  const size_t count = json_array_size(layers);
  if (count != cell->depth)
    return error_set(error, "%s.layers holds %zu layers; depth is %zu", place, count, cell->depth);
  const bool histograms = json_object_get(json_array_get(layers, 0), histogram_fields->name);
  const bool theory = json_object_get(json_array_get(layers, 0), layer_theory_fields->name);
  cell->layers = calloc(count + 1, sizeof *cell->layers);
  cell->histograms = histograms ? calloc(count, sizeof *cell->histograms) : NULL;
  cell->layers_theory = theory ? calloc(count, sizeof *cell->layers_theory) : NULL;
  if (!cell->layers || (histograms && !cell->histograms) || (theory && !cell->layers_theory))
    return error_set(error, "out of memory");
  for (size_t i = 0; i < count; i++) {
    char deeper[80];
    snprintf(deeper, sizeof deeper, "%s.layers[%zu]", place, i);
    const json_t *layer = json_array_get(layers, i);
    if (!fields_read(layer, layer_fields, &cell->layers[i], deeper, error)) return false;
    if (!read_optional(layer, layer_theory_fields, theory ? &cell->layers_theory[i] : NULL, deeper, error))
      return false;
    if (!read_optional(layer, histogram_fields, histograms ? &cell->histograms[i] : NULL, deeper, error)) return false;
  }
  return true;
}
