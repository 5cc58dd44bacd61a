/* Files that are written whole or not at all. */
#ifndef DEPTHMARK_WHOLE_FILE_H
#define DEPTHMARK_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/error.h"

/* Whether a file can be made at path. */
bool whole_file_check(const char *path, struct error *error);

/* Whether path names a file that whole_file_write() would replace: an ordinary one, or none yet. */
bool whole_file_is_ordinary(const char *path);

/* Writes the whole file or nothing: temporary file beside it, fsync, rename. A symbolic link is followed, an earlier
 * file's permissions are kept, and what is not a regular file (/dev/null, a pipe) is written directly. */
bool whole_file_write(const char *path, const char *text, size_t length, struct error *error);

#endif
