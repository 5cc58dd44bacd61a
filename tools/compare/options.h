/* The command line of bench-compare. */
#ifndef DEPTHMARK_COMPARE_OPTIONS_H
#define DEPTHMARK_COMPARE_OPTIONS_H

#include "tools/compare/compare.h"

enum compare_format { COMPARE_TABLE, COMPARE_MARKDOWN, COMPARE_CSV, COMPARE_JSON, COMPARE_FORMATS };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER, COLOR_COUNT };

struct compare_options {
  struct selection selection;
  regex_t filter; /* compiled if selection.filter is set, to be freed */
  const char *base;
  enum compare_format format;
  enum color color;
  double threshold;
  bool all;
  char *const *paths;
  size_t path_count;
};

enum compare_action { COMPARE_RUN, COMPARE_HELP, COMPARE_ERROR };

/* Fills options from the command line, which it reorders. COMPARE_ERROR leaves a line in error. */
enum compare_action compare_options_parse(int argc, char **argv, struct compare_options *options, struct error *error);
void compare_options_free(struct compare_options *options);

extern const char compare_help[];

#endif
