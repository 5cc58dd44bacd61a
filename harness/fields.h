/* Which members of a struct stand in the result file, under which names: one table for the writer and the reader. */
#ifndef DEPTHMARK_FIELDS_H
#define DEPTHMARK_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/error.h"

enum field_type {
  FIELD_TEXT,      /* char[size] */
  FIELD_INT,       /* int */
  FIELD_NODE,      /* int; null where it is negative: no node in particular */
  FIELD_SIZE,      /* size_t */
  FIELD_U64,       /* uint64_t, up to 2^63 - 1 */
  FIELD_BOOL,      /* bool */
  FIELD_NUMBER,    /* double; null where it is not finite, and NAN when null is read */
  FIELD_NAME,      /* an enum, as its name */
  FIELD_HISTOGRAM, /* struct histogram, as an object: exponent of the first binade, and counts from it on */
};

struct field {
  const char *name;
  enum field_type type;
  size_t offset, size;
  const char *const *names; /* of FIELD_NAME */
  size_t name_count;
};

/* A table ends with a field without a name. */
extern const struct field row_fields[], repetition_fields[], phase_fields[], accuracy_fields[], cell_fields[],
    layer_fields[], layer_theory_fields[], histogram_fields[], learning_fields[], learning_epoch_fields[],
    learning_record_fields[], learning_layer_fields[], limit_fields[], clock_fields[], prediction_fields[],
    machine_fields[], cache_fields[], kind_fields[];

/* Sets the members that the table names. False when memory is out. */
bool fields_write(json_t *object, const struct field *fields, const void *from);

/* One object of the fields for each of count structs of that size; NULL when memory is out. */
json_t *fields_write_array(const struct field *fields, const void *structs, size_t count, size_t size);

/* Reads them all; each must be there. place names the object in error: "benchmarks[3]". */
bool fields_read(const json_t *object, const struct field *fields, void *to, const char *place, struct error *error);

/* A string; bytes of text that are not UTF-8 become question marks. */
json_t *fields_text(const char *text);

/* object's member of that name if it is of that type, else an error. */
json_t *fields_member(const json_t *object, const char *name, json_type type, const char *place, struct error *error);

/* object's text member, copied. */
bool fields_copy_text(const json_t *object, const char *name, char *text, size_t size, const char *place,
                      struct error *error);

#endif
