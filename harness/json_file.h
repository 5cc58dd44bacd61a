/* JSON from files that may come from anywhere and hold anything: what is wrong is said with file, line and column, and
 * nothing is waited for that does not come. */
#ifndef DEPTHMARK_JSON_FILE_H
#define DEPTHMARK_JSON_FILE_H

#include <jansson.h>
#include <stddef.h>

#include "harness/error.h"

/* Bytes of the largest file that is read: as values it takes some 4 times as much memory, of the worst 16 times. */
#define JSON_FILE_MOST ((size_t)1 << 30)

/* Opens an ordinary file for reading, or, if pipes, what a shell's <(...) gives. NULL after an error; errno is ENOENT
 * where there is nothing of that name. */
FILE *json_file_open(const char *path, bool pipes, struct error *error);

/* The document in a file of at most `most` bytes, an object; NULL after an error. */
json_t *json_file_read(const char *path, size_t most, struct error *error);

/* Likewise of a text; name stands for the file's in error. */
json_t *json_text_read(const char *text, size_t length, const char *name, struct error *error);

/* Puts question marks in the place of control characters, which text quoted from a file may hold: terminals obey them.
 */
void json_error_plain(struct error *error);

#endif
