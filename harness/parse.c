#include "harness/parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool parse_whole(const char *text, const char *what, uint64_t least, uint64_t most, uint64_t *number,
                 struct error *error) {
  char *end = NULL;
  errno = 0;
  const unsigned long long value = isdigit((unsigned char)*text) ? strtoull(text, &end, 10) : 0;
  if (!end || *end) return error_set(error, "%s=%s: a whole number was expected", what, text);
  if (errno == 0 && value >= least && value <= most) {
    *number = value;
    return true;
  }
  if (most == UINT64_MAX && least == 0) return error_set(error, "%s=%s: must be below 2^64", what, text);
  if (value < least && errno == 0) return error_set(error, "%s=%s: must be at least %" PRIu64, what, text, least);
  return error_set(error, "%s=%s: must be at most %" PRIu64, what, text, most);
}

bool parse_real(const char *text, const char *what, double least, double most, double *number, struct error *error) {
  char *end = NULL;
  const double value = *text && strspn(text, "+-.0123456789eE") == strlen(text) ? strtod(text, &end) : 0;
  if (!end || end == text || *end) return error_set(error, "%s=%s: a number was expected", what, text);
  if (value >= least && value <= most) {
    *number = value;
    return true;
  }
  return error_set(error, "%s=%s: must be from %g to %g", what, text, least, most);
}

static bool add_item(const char *text, const char *what, const char *begin, size_t length, struct list *list,
                     struct error *error) {
  if (length == 0) return error_set(error, "%s=%s: the list has an empty item", what, text);
  if (length >= LIST_ITEM) return error_set(error, "%s: list item \"%.20s...\" is too long", what, begin);
  for (size_t i = 0; i < list->count; i++)
    if (strlen(list->items[i]) == length && memcmp(list->items[i], begin, length) == 0) return true;
  if (list->count == LIST_LIMIT) return error_set(error, "%s: a list may have at most %d items", what, LIST_LIMIT);
  memcpy(list->items[list->count], begin, length);
  list->items[list->count++][length] = '\0';
  return true;
}

bool parse_list(const char *text, const char *what, struct list *list, struct error *error) {
  const char *begin = text;
  int depth = 0;
  list->count = 0;
  for (const char *c = text;; c++) {
    if (*c == '(') depth++;
    if (*c == ')' && --depth < 0) break;
    if (*c && (*c != ',' || depth > 0)) continue;
    if (depth > 0) break;
    if (!add_item(text, what, begin, (size_t)(c - begin), list, error)) return false;
    if (!*c) return true;
    begin = c + 1;
  }
  return error_set(error, "%s=%s: parentheses do not match", what, text);
}

/* Levenshtein's distance, the letters' case ignored. */
static size_t distance(const char *a, const char *b) {
  size_t row[LIST_ITEM];
  const size_t n = strlen(b);
  if (n >= LIST_ITEM) return SIZE_MAX;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t best = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[n];
}

const char *parse_nearest(const char *name, const char *const *names, size_t count) {
  const char *nearest = NULL;
  size_t least = strlen(name) / 3 + 2;
  for (size_t i = 0; i < count; i++) {
    const size_t edits = distance(name, names[i]);
    if (edits < least) {
      least = edits;
      nearest = names[i];
    }
  }
  return nearest;
}

bool parse_unknown(const char *what, const char *name, const char *const *names, size_t count, struct error *error) {
  const char *nearest = parse_nearest(name, names, count);
  size_t used = (size_t)snprintf(error->text, sizeof error->text, "%s=%.60s is unknown; ", what, name);
  if (nearest) used += (size_t)snprintf(error->text + used, sizeof error->text - used, "did you mean %s? ", nearest);
  for (size_t i = 0; i < count && used < sizeof error->text; i++)
    used += (size_t)snprintf(error->text + used, sizeof error->text - used, "%s%s", i ? ", " : "known: ", names[i]);
  return false;
}

bool parse_name(const char *value, const char *what, const char *const *names, size_t count, int *index,
                struct error *error) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(value, names[i]) == 0) {
      *index = (int)i;
      return true;
    }
  return parse_unknown(what, value, names, count, error);
}

bool parse_size(const char *value, const char *what, size_t *size, struct error *error) {
  uint64_t number = 0;
  if (!parse_whole(value, what, 1, SIZE_MAX / 2, &number, error)) return false;
  *size = (size_t)number;
  return true;
}

bool parse_sizes(const char *value, const char *what, size_t *sizes, size_t *count, struct error *error) {
  struct list list;
  if (!parse_list(value, what, &list, error)) return false;
  *count = 0;
  for (size_t i = 0; i < list.count; i++) {
    uint64_t number;
    size_t known = 0;
    if (!parse_whole(list.items[i], what, 1, SIZE_MAX / 2, &number, error)) return false;
    while (known < *count && sizes[known] != number) known++;
    if (known == *count) sizes[(*count)++] = (size_t)number;
  }
  return true;
}

bool parse_reals(const char *value, const char *what, double least, double most, double *numbers, size_t *count,
                 struct error *error) {
  struct list list;
  if (!parse_list(value, what, &list, error)) return false;
  *count = 0;
  for (size_t i = 0; i < list.count; i++) {
    double number;
    size_t known = 0;
    if (!parse_real(list.items[i], what, least, most, &number, error)) return false;
    while (known < *count && numbers[known] != number) known++;
    if (known == *count) numbers[(*count)++] = number;
  }
  return true;
}

bool parse_names(const char *value, const char *what, const char *const *names, size_t name_count, int *indices,
                 size_t *count, struct error *error) {
  struct list list;
  if (!parse_list(value, what, &list, error)) return false;
  for (size_t i = 0; i < list.count; i++)
    if (!parse_name(list.items[i], what, names, name_count, &indices[i], error)) return false;
  *count = list.count;
  return true;
}

#define OPTIONS_MOST 256

bool parse_explain(int what, const char *argument, const struct option *options, const char *program,
                   struct error *error) {
  const char *names[OPTIONS_MOST];
  char name[LIST_ITEM] = "";
  size_t count = 0;
  for (const struct option *option = options; option->name && count < OPTIONS_MOST; option++)
    names[count++] = option->name;
  if (what == ':') return error_set(error, "%s needs a value; write %s=VALUE", argument, argument);
  if (strncmp(argument, "--", 2) != 0)
    return error_set(error, "%.60s: there are no short options; %s --help lists all", argument, program);
  const size_t length = strcspn(argument + 2, "=");
  snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), argument + 2);
  size_t begin_alike = 0;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(names[i], name) == 0) return error_set(error, "--%s takes no value", name);
    begin_alike += strncmp(names[i], name, length) == 0;
  }
  if (begin_alike > 1) return error_set(error, "--%s could mean several options; %s --help lists all", name, program);
  const char *nearest = parse_nearest(name, names, count);
  if (nearest) return error_set(error, "unknown option --%s; did you mean --%s?", name, nearest);
  return error_set(error, "unknown option --%s; %s --help lists all", name, program);
}
