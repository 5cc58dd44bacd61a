#include "harness/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void json_error_plain(struct error *error) {
  for (unsigned char *c = (unsigned char *)error->text; *c; c++) {
    const bool wide = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0; /* U+0080 to U+009F */
    if (wide) c[1] = '?';
    if (*c < ' ' || *c == 0x7f || wide) *c = '?';
  }
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static const char *kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFDIR: return "a directory";
  case S_IFIFO: return "a pipe";
  case S_IFSOCK: return "a socket";
  case S_IFCHR:
  case S_IFBLK: return "a device";
  default: return "not an ordinary file";
  }
}

/* A named pipe is opened without waiting for one who writes: where there is none, it is empty. */
FILE *json_file_open(const char *path, bool pipes, struct error *error) {
  struct stat status;
  const int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) != 0) {
    const int why = errno;
    error_set(error, "cannot read %s: %s", path,
              why == ENXIO ? "it is a socket or a device that is not there" : strerror(why));
    if (file >= 0) close(file);
    errno = why;
    return NULL;
  }
  const bool fit = S_ISREG(status.st_mode) || (pipes && S_ISFIFO(status.st_mode));
  FILE *stream = fit && fcntl(file, F_SETFL, 0) == 0 ? fdopen(file, "r") : NULL;
  if (stream) return stream;
  if (fit)
    error_set(error, "cannot read %s: %s", path, strerror(errno));
  else
    error_set(error, "cannot read %s: it is %s; name a file", path, kind_of(status.st_mode));
  close(file);
  errno = EINVAL;
  return NULL;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Where a document's bytes come from: a file, or a text where there is none. */
struct source {
  FILE *file;
  const char *text;
  size_t left, most; /* of the text; that may come */
  size_t used;       /* bytes that came */
  const char *name;
  struct error *error;
  bool failed; /* error is set */
};

/* What begins like something else, and what it is. */
static const struct {
  const char *bytes, *what;
} beginnings[] = {
    {"\xef\xbb\xbf", "begins with a byte order mark; save it as UTF-8 without one"},
    {"\xff\xfe", "is UTF-16; save it as UTF-8"},
    {"\xfe\xff", "is UTF-16; save it as UTF-8"},
    {"\x1f\x8b", "is compressed; unpack it with gunzip"},
    {"(\xb5/\xfd", "is compressed; unpack it with unzstd"},
    {"\xfd\x37zXZ", "is compressed; unpack it with unxz"},
    {"PK\x03\x04", "is an archive; unpack it with unzip"},
};

static size_t fail(struct source *from, const char *why) {
  from->failed = true;
  error_set(from->error, "%s:1:1: the file %s", from->name, why);
  return (size_t)-1;
}

static bool too_large(struct error *error, const char *name, size_t most) {
  return error_set(error, "%s is too large: a file of up to %zu bytes can be read", name, most);
}

/* As many bytes as are there, without waiting for more; -1 where the file can't be read. */
static ssize_t take(struct source *from, void *buffer, size_t size) {
  if (from->file) {
    ssize_t count;
    do count = read(fileno(from->file), buffer, size);
    while (count < 0 && errno == EINTR);
    return count;
  }
  const size_t taken = size < from->left ? size : from->left;
  memcpy(buffer, from->text, taken);
  from->text += taken, from->left -= taken;
  return (ssize_t)taken;
}

static size_t next_bytes(void *buffer, size_t size, void *argument) {
  struct source *from = argument;
  const ssize_t taken = take(from, buffer, size);
  if (taken < 0) {
    from->failed = true;
    error_set(from->error, "cannot read %s: %s", from->name, strerror(errno));
    return (size_t)-1;
  }
  const size_t count = (size_t)taken;
  for (size_t i = 0; from->used == 0 && i < sizeof beginnings / sizeof *beginnings; i++) {
    const size_t length = strlen(beginnings[i].bytes);
    if (count >= length && memcmp(buffer, beginnings[i].bytes, length) == 0) return fail(from, beginnings[i].what);
  }
  if (from->used == 0 && count == 0) return fail(from, "is empty");
  from->used += count;
  if (from->used <= from->most) return count;
  too_large(from->error, from->name, from->most);
  from->failed = true;
  return (size_t)-1;
}

/* jansson's word on what is wrong, and what is right instead where it says too little. */
static void explain(const struct source *from, const json_error_t *bad) {
  static const char *const literals[] = {"'NaN", "'nan", "'Infinity", "'inf", "'-'"};
  const char *hint = "";
  for (size_t i = 0; i < sizeof literals / sizeof *literals; i++)
    if (strstr(bad->text, literals[i])) hint = "; JSON has null where a number is not finite";
  if (json_error_code(bad) == json_error_premature_end_of_input) hint = "; the file was cut off";
  error_set(from->error, "%s:%d:%d: %s%s", from->name, bad->line, bad->column, bad->text, hint);
}

static json_t *read_document(struct source *from) {
  json_error_t bad;
  json_t *root = json_load_callback(next_bytes, from, JSON_REJECT_DUPLICATES, &bad);
  if (json_is_object(root) && !from->failed) return root;
  if (root && !from->failed) error_set(from->error, "%s:1:1: the document is not an object", from->name);
  if (!root && !from->failed) explain(from, &bad);
  json_decref(root);
  json_error_plain(from->error);
  return NULL;
}

static bool small_enough(FILE *file, const char *path, size_t most, struct error *error) {
  struct stat status;
  if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode) || (uintmax_t)status.st_size <= most) return true;
  return too_large(error, path, most);
}

json_t *json_file_read(const char *path, size_t most, struct error *error) {
  FILE *file = json_file_open(path, true, error);
  if (!file) return NULL;
  struct source from = {.file = file, .most = most, .name = path, .error = error};
  json_t *root = small_enough(file, path, most, error) ? read_document(&from) : NULL;
  fclose(file);
  return root;
}

json_t *json_text_read(const char *text, size_t length, const char *name, struct error *error) {
  struct source from = {.text = text, .left = length, .most = JSON_FILE_MOST, .name = name, .error = error};
  return read_document(&from);
}
