/* bench-report: results as one HTML page. */
#include <stdlib.h>
#include <string.h>

#include "harness/whole_file.h"
#include "tools/report/report.h"

#define RESULTS_MOST 256

static const char usage[] =
    "Usage: bench-report RESULT.json... -o REPORT.html [--title=TEXT]\n"
    "\n"
    "Writes result files of bench as one HTML page that needs nothing else: which\n"
    "instruction set wins where, how near rows come to the machine's limits, how\n"
    "gradients die with depth, and every figure behind that in charts and tables.\n"
    "Results of several machines stand side by side; of several results of one\n"
    "machine the newest row counts, and their history is drawn. -o - writes to\n"
    "standard output.\n"
    "\n"
    "Exit status: 0 written; 1 the page could not be written; 2 bad usage, or a\n"
    "result that cannot be read.\n";

struct arguments {
  const char *paths[RESULTS_MOST], *out, *title;
  size_t count;
};

static bool parse(struct arguments *arguments, char **argv, struct error *error) {
  bool options = true;
  for (size_t i = 1; argv[i]; i++) {
    const char *text = argv[i];
    if (options && strcmp(text, "--") == 0)
      options = false;
    else if (options && (strcmp(text, "-o") == 0 || strcmp(text, "--out") == 0)) {
      if (!argv[++i]) return error_set(error, "%s needs the name of a file", text);
      arguments->out = argv[i];
    } else if (options && strncmp(text, "--out=", 6) == 0)
      arguments->out = text + 6;
    else if (options && strncmp(text, "--title=", 8) == 0)
      arguments->title = text + 8;
    else if (options && text[0] == '-' && text[1])
      return error_set(error, "unknown option %s; bench-report --help lists them", text);
    else if (arguments->count == RESULTS_MOST)
      return error_set(error, "more than %d results are too many for one page", RESULTS_MOST);
    else
      arguments->paths[arguments->count++] = text;
  }
  if (!arguments->count) return error_set(error, "no result was named; bench-report --help says how");
  return arguments->out || error_set(error, "no file was named for the report: -o report.html");
}

static int fail(const struct error *error, int status) {
  fprintf(stderr, "bench-report: %s\n", error->text);
  return status;
}

static int write_page(const struct arguments *arguments, const struct input *inputs, struct error *error) {
  char *page = report_html(inputs, arguments->count, arguments->title);
  bool fine;
  if (strcmp(arguments->out, "-") != 0)
    fine = whole_file_write(arguments->out, page, strlen(page), error);
  else
    fine = (fputs(page, stdout) >= 0 && fflush(stdout) == 0) || error_set(error, "cannot write to standard output");
  free(page);
  return fine ? 0 : fail(error, 1);
}

int main(int argc, char **argv) {
  struct arguments arguments = {0};
  struct error error;
  size_t count = 0;
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(usage, stdout) < 0;
  if (!parse(&arguments, argv, &error)) return fail(&error, 2);
  struct input *inputs = calloc(arguments.count, sizeof *inputs);
  if (!inputs) abort();
  int status = 0;
  while (count < arguments.count && status == 0) {
    inputs[count].path = arguments.paths[count];
    if (result_read(&inputs[count].result, inputs[count].path, &error))
      count++;
    else
      status = fail(&error, 2);
  }
  if (status == 0) status = write_page(&arguments, inputs, &error);
  for (size_t i = 0; i < count; i++) result_free(&inputs[i].result);
  free(inputs);
  return status;
}
