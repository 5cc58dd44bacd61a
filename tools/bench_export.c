/* bench-export: a result file in another format. */
#include <string.h>

#include "harness/formats.h"
#include "harness/parse.h"

static const char usage[] = "Usage: bench-export --format=NAME RESULT.json > FILE\n"
                            "\n"
                            "Writes a result of bench to standard output in another format:\n"
                            "  github-smaller, github-bigger\n"
                            "             github-action-benchmark's customSmallerIsBetter (times) and\n"
                            "             customBiggerIsBetter (throughputs)\n"
                            "  bencher    Bencher Metric Format\n"
                            "  junit      JUnit XML\n"
                            "  google-console, google-csv\n"
                            "             as Google Benchmark prints them; its JSON is what bench writes\n"
                            "  table, markdown, csv, csv-layers, json\n"
                            "             as bench itself prints them\n"
                            "\n"
                            "bench --format=NAME prints the same right after a run.\n"
                            "Exit status: 0 done; 1 standard output could not be written; 2 bad usage, or a\n"
                            "file that is no result.\n";

static int fail(const struct error *error, int status) {
  fprintf(stderr, "bench-export: %s\n", error->text);
  return status;
}

static int export(const char *path, enum output_format format) {
  static const struct google_style style;
  struct result result;
  struct error error;
  if (!result_read(&result, path, &error)) return fail(&error, 2);
  const bool written = format_write(stdout, format, &result, &style);
  result_free(&result);
  if (written && fflush(stdout) == 0 && !ferror(stdout)) return 0;
  error_set(&error, "standard output could not be written");
  return fail(&error, 1);
}

int main(int argc, char **argv) {
  static const char option[] = "--format=";
  const char *path = NULL, *name = NULL;
  struct error error;
  int format;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) return fputs(usage, stdout) < 0;
    if (strncmp(argv[i], option, strlen(option)) == 0) {
      name = argv[i] + strlen(option);
    } else if (argv[i][0] == '-' || path) {
      fputs(usage, stderr);
      return 2;
    } else {
      path = argv[i];
    }
  }
  if (!path || !name) {
    fputs(usage, stderr);
    return 2;
  }
  if (!parse_name(name, "--format", format_names, FORMAT_COUNT, &format, &error)) return fail(&error, 2);
  return export(path, (enum output_format)format);
}
