#include "tests/fuzz/result_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/json_file.h"
#include "harness/result.h"

/* An error is one line of text that names the file. */
static void check_error(const struct error *error) {
  for (const char *c = error->text; *c; c++)
    if ((unsigned char)*c < ' ') abort();
  if (strncmp(error->text, "input", 5) != 0) abort();
}

/* The text of the result in a text; NULL: it is none. */
static char *reread(const char *text, size_t size) {
  struct result result;
  struct error error = {""};
  json_t *root = json_text_read(text, size, "input", &error);
  const bool accepted = root && result_from_json(&result, root, "input", &error);
  json_decref(root);
  if (!accepted) {
    check_error(&error);
    return NULL;
  }
  char *written = result_to_json(&result);
  if (!written) abort();
  result_free(&result);
  return written;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *first = reread((const char *)data, size);
  if (!first) return 0;
  char *second = reread(first, strlen(first));
  if (!second || strcmp(first, second) != 0) {
    size_t same = 0;
    while (second && first[same] == second[same]) same++;
    fprintf(stderr, "what was written is read differently: %.200s\n", second ? second + same : "not at all");
    abort();
  }
  free(first);
  free(second);
  return 0;
}
