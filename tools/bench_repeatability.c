/* bench-repeatability: how well the figures of several runs of one binary agree. */
#include <stdlib.h>
#include <string.h>

#include "harness/parse.h"
#include "harness/repeatability.h"

static const char usage[] =
    "Usage: bench-repeatability [--format=table|markdown|csv|json] RESULT.json RESULT.json...\n"
    "\n"
    "Holds result files of one binary, run again and again on one machine, against each other: for every row that\n"
    "all have, how many pairs of runs have 99 % intervals that overlap, and the median difference of their medians;\n"
    "in the end the same over all rows, in cache and in memory, beside what is asked for: 98 % of pairs, and 2 % in\n"
    "cache or 5 % in memory. tools/repeatability makes the runs, too.\n"
    "\n"
    "Exit status: 0 the goals are met; 1 one is missed; 2 bad usage, or files that do not go together.\n";

static int fail(const struct error *error) {
  fprintf(stderr, "bench-repeatability: %s\n", error->text);
  return 2;
}

static int judge(const struct result *runs, size_t count, enum repeat_format format) {
  struct repeatability r;
  struct error error;
  if (!repeatability_of(&r, runs, count, &error)) return fail(&error);
  const bool printed = repeatability_print(&r, format, stdout), met = repeatability_met(&r);
  repeatability_free(&r);
  if (printed) return met ? 0 : 1;
  error_set(&error, "standard output could not be written");
  return fail(&error);
}

int main(int argc, char **argv) {
  static const char option[] = "--format=";
  struct error error;
  int format = REPEAT_TABLE, status = 0;
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(usage, stdout) < 0;
  if (argc > 1 && strncmp(argv[1], option, sizeof option - 1) == 0) {
    if (!parse_name(argv[1] + sizeof option - 1, "--format", repeat_format_names, REPEAT_FORMATS, &format, &error))
      return fail(&error);
    argc--, argv++;
  }
  const size_t count = argc > 1 ? (size_t)argc - 1 : 0;
  struct result *const runs = calloc(count + 1, sizeof *runs);
  if (count < 2 || argv[1][0] == '-' || !runs) {
    fputs(usage, stderr);
    free(runs);
    return 2;
  }
  size_t read = 0;
  while (read < count && result_read(&runs[read], argv[1 + read], &error)) read++;
  status = read == count ? judge(runs, count, (enum repeat_format)format) : fail(&error);
  while (read > 0) result_free(&runs[--read]);
  free(runs);
  return status;
}
