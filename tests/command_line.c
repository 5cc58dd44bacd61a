#include "tests/command_line.h"

#include <string.h>

#include "tests/support.h"

#define ARGUMENTS_MOST 20

enum options_action command_line_parse(struct options *options, struct error *error, const char *const *arguments) {
  char copies[ARGUMENTS_MOST][512], *argv[ARGUMENTS_MOST + 1] = {NULL};
  int argc = 0;
  const struct cpu_features cpu = cpu_detect();
  strcpy(copies[argc], "bench");
  argv[argc] = copies[argc];
  for (argc = 1; *arguments; arguments++, argc++) {
    snprintf(copies[argc], sizeof copies[argc], "%s", *arguments);
    argv[argc] = copies[argc];
  }
  error->text[0] = '\0';
  return options_parse(argc, argv, &cpu, options, error);
}

struct options command_line_accepted(const char *const *arguments) {
  struct options options;
  struct error error;
  if (command_line_parse(&options, &error, arguments) != OPTIONS_RUN) fail_msg("refused: %s", error.text);
  return options;
}

void command_line_refused(const char *const *arguments, const char *word, const char *other) {
  struct options options;
  struct error error;
  if (command_line_parse(&options, &error, arguments) != OPTIONS_ERROR) fail_msg("%s is not refused", arguments[0]);
  if (!strstr(error.text, word) || !strstr(error.text, other))
    fail_msg("%s: \"%s\" names neither \"%s\" nor \"%s\"", arguments[0], error.text, word, other);
  assert_null(strchr(error.text, '\n'));
}
