/* One line for a person: what is wrong and what would be right. */
#ifndef DEPTHMARK_ERROR_H
#define DEPTHMARK_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct error {
  char text[1024];
};

/* Sets the text and returns false, so that a failing function can `return error_set(error, ...)`. */
__attribute__((format(printf, 2, 3))) static inline bool error_set(struct error *error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  return false;
}

#endif
