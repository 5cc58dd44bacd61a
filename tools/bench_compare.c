/* bench-compare: results side by side. */
#include <stdio.h>

#include "harness/table.h"
#include "tools/compare/options.h"
#include "tools/compare/text.h"
#include "tools/compare/visible.h"
#include "tools/compare/write.h"

/* 1 is for regressions, which only a gate may call so. */
enum exit_status { EXIT_COMPARED = 0, EXIT_USAGE = 2, EXIT_INCOMPARABLE = 3, EXIT_UNWRITABLE = 4 };

/* Errors may quote files. */
static int fail(const struct error *error, enum exit_status status) {
  char text[2 * sizeof error->text];
  fprintf(stderr, "bench-compare: %s\n", visible(text, sizeof text, error->text, false, false));
  return status;
}

static struct style style_of(const struct compare_options *options) {
  const bool markdown = options->format == COMPARE_MARKDOWN;
  struct style style = table_style(stdout, markdown ? FORMAT_MARKDOWN : FORMAT_TABLE);
  if (options->color != COLOR_AUTO) style.color = options->color == COLOR_ALWAYS && !markdown;
  return style;
}

static void write_comparison(const struct comparison *comparison, const struct compare_options *options) {
  const struct text_options text = {.threshold = options->threshold, .all = options->all};
  switch (options->format) {
  case COMPARE_CSV: write_csv(stdout, comparison, options->threshold); break;
  case COMPARE_JSON: write_json(stdout, comparison, options->threshold); break;
  default: text_comparison(stdout, style_of(options), comparison, text); break;
  }
}

static int compare(const struct compare_options *options) {
  struct comparison comparison;
  struct error error;
  enum exit_status status = EXIT_COMPARED;
  if (!comparison_read(&comparison, options->paths, options->path_count, &error)) return fail(&error, EXIT_USAGE);
  if (!comparison_align(&comparison, &options->selection, options->base, &error)) {
    status = fail(&error, EXIT_USAGE);
  } else if (!comparison_has_common(&comparison)) {
    error_set(&error, "the results have nothing in common that was asked for: no row, limit, accuracy, gradient cell "
                      "or training run");
    status = fail(&error, EXIT_INCOMPARABLE);
  } else {
    write_comparison(&comparison, options);
    error_set(&error, "standard output could not be written");
    if (fflush(stdout) != 0 || ferror(stdout)) status = fail(&error, EXIT_UNWRITABLE);
  }
  comparison_free(&comparison);
  return status;
}

int main(int argc, char **argv) {
  struct compare_options options;
  struct error error;
  int status = EXIT_COMPARED;
  switch (compare_options_parse(argc, argv, &options, &error)) {
  case COMPARE_HELP:
    if (fputs(compare_help, stdout) < 0 || fflush(stdout) != 0) status = EXIT_UNWRITABLE;
    break;
  case COMPARE_ERROR: status = fail(&error, EXIT_USAGE); break;
  case COMPARE_RUN: status = compare(&options); break;
  }
  compare_options_free(&options);
  return status;
}
