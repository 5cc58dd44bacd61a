#include "tools/compare/options.h"

#include <getopt.h>
#include <string.h>

#include "harness/parse.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define THRESHOLD 2.0 /* percent */

const char compare_help[] = "Usage: bench-compare A.json B.json [C.json ...] [options]\n"
                            "       bench-compare A.json [--by=arch|threads] [options]\n"
                            "\n"
                            "Sets results of bench side by side. Runs on one machine: which rows became\n"
                            "faster or slower. Machines, instruction sets, numbers of threads: geometric\n"
                            "means by family, per clock, share of each one's own limit, scaling, best and\n"
                            "worst rows. Speeds are divided by those of the first.\n"
                            "\n"
                            "  --by=WHAT         machine: the files; arch, threads: those of each file;\n"
                            "                    default machine, of one file arch, or else threads\n"
                            "  --base=LABEL      what others are divided by: B, avx2, x1, \"A avx2\";\n"
                            "                    default the first\n"
                            "  --archs=WHICH     same: each arch against the same; fastest: of each work the\n"
                            "                    fastest of each file; default fastest where files share no\n"
                            "                    arch but scalar, else same\n"
                            "  --suite=LIST      of limits, init, activation, accuracy, dense, training,\n"
                            "                    gradients, learning\n"
                            "  --filter=REGEX    only rows, limits, cells and runs whose name matches (POSIX\n"
                            "                    extended)\n"
                            "  --threshold=PCT   smaller differences of two runs are none; default 2\n"
                            "  --all             every row and arch, also rows measured only to compare\n"
                            "                    others with\n"
                            "  --format=FORMAT   table, markdown, csv, json\n"
                            "  --color=WHEN      auto, always, never\n"
                            "\n"
                            "Rows are of the same work if suite, kernel, provider, arch, threads, hot or cold\n"
                            "data, SMT and kind of core are, and the shape: of arrays, whose sizes follow\n"
                            "each machine's caches, where they lie (L1, L2, L3, memory) stands for it if no\n"
                            "row has the same. Arrays are compared by the time of one element. Between\n"
                            "machines, rows on as many threads as each was measured on are held against each\n"
                            "other if the numbers of threads differ, and the main kind of core of one against\n"
                            "that of the other.\n"
                            "\n"
                            "Two runs on one machine: the ratio of two medians has an interval from the\n"
                            "lowest to the highest ratio of what is in both 99 % intervals. slower, faster:\n"
                            "it leaves out 1, and the ratio is --threshold away or more. same: all of it is\n"
                            "nearer. unclear: neither, or fewer than 8 samples. Different machines have no\n"
                            "such verdicts.\n"
                            "\n"
                            "JSON: format (1), by, archs, threshold;\n"
                            "  sources[]   the files, with what differs from the first, by class: machine,\n"
                            "              conditions, build\n"
                            "  subjects[]  what has a column, the base first: label, source, relation (base;\n"
                            "              run: on the base's machine; machine: another; aspect: another arch\n"
                            "              or number of threads), alone: names of rows that the base lacks,\n"
                            "              of the base those that no other has, unusable: rows without a time\n"
                            "  groups[]    by (family, column, residence, all), name; for speed, per_clock,\n"
                            "              of_limit and scaling rows, and means, least and most by subject\n"
                            "  rows[]      the work, and of each subject that has it name, match (exact,\n"
                            "              residence, all threads, shape), ns_per_item, speed, their low and\n"
                            "              high, cycles_per_item, fraction_of_limit, scaling, outcome (null\n"
                            "              but for runs)\n"
                            "  limits[], clocks[]  values by subject; threads null: all of each\n"
                            "  accuracy[], gradients[], learning[]  pairs; identical: to the last bit;\n"
                            "              promised: they have to be\n"
                            "null: there is no such number. CSV: a line for each row and each subject but the\n"
                            "base, with the same names; base_ stands for the base's.\n"
                            "\n"
                            "Exit status: 0 compared; 2 bad usage, or a file that can't be read; 3 the\n"
                            "results have nothing in common; 4 standard output could not be written. 1 is\n"
                            "kept for regressions, which only a gate may call so.\n";

enum {
  OPTION_BY = 1,
  OPTION_BASE,
  OPTION_ARCHS,
  OPTION_SUITE,
  OPTION_FILTER,
  OPTION_THRESHOLD,
  OPTION_ALL,
  OPTION_FORMAT,
  OPTION_COLOR,
  OPTION_HELP
};

static const struct option long_options[] = {
    {"by", required_argument, NULL, OPTION_BY},
    {"base", required_argument, NULL, OPTION_BASE},
    {"archs", required_argument, NULL, OPTION_ARCHS},
    {"suite", required_argument, NULL, OPTION_SUITE},
    {"filter", required_argument, NULL, OPTION_FILTER},
    {"threshold", required_argument, NULL, OPTION_THRESHOLD},
    {"all", no_argument, NULL, OPTION_ALL},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

static bool set_suites(struct selection *selection, const char *value, struct error *error) {
  int indices[LIST_LIMIT];
  size_t count;
  if (!parse_names(value, "--suite", suite_names, SUITE_COUNT, indices, &count, error)) return false;
  memset(selection->suites, 0, sizeof selection->suites);
  for (size_t i = 0; i < count; i++) selection->suites[indices[i]] = true;
  return true;
}

static bool set_filter(struct compare_options *options, const char *value, struct error *error) {
  char why[128];
  if (options->selection.filter) regfree(&options->filter);
  options->selection.filter = NULL;
  const int status = regcomp(&options->filter, value, REG_EXTENDED | REG_NOSUB);
  if (status != 0) {
    regerror(status, &options->filter, why, sizeof why);
    return error_set(error, "--filter=%s: %s", value, why);
  }
  options->selection.filter = &options->filter;
  return true;
}

static bool set_option(struct compare_options *options, int id, const char *value, struct error *error) {
  static const char *const archs[] = {"same", "fastest"};
  static const char *const formats[COMPARE_FORMATS] = {"table", "markdown", "csv", "json"};
  static const char *const colors[COLOR_COUNT] = {"auto", "always", "never"};
  double percent;
  int index = 0;
  bool fine = true;
  switch (id) {
  case OPTION_BY:
    fine = parse_name(value, "--by", axis_names, AXIS_COUNT, &index, error);
    options->selection.axis = (enum axis)index;
    return fine;
  case OPTION_BASE: options->base = value; return true;
  case OPTION_ARCHS:
    fine = parse_name(value, "--archs", archs, COUNT(archs), &index, error);
    options->selection.archs = index ? ARCHS_FASTEST : ARCHS_SAME;
    return fine;
  case OPTION_SUITE: return set_suites(&options->selection, value, error);
  case OPTION_FILTER: return set_filter(options, value, error);
  case OPTION_THRESHOLD:
    if (!parse_real(value, "--threshold", 0, 1000, &percent, error)) return false;
    options->threshold = percent / 100;
    return true;
  case OPTION_ALL: options->all = options->selection.support = true; return true;
  case OPTION_FORMAT:
    fine = parse_name(value, "--format", formats, COUNT(formats), &index, error);
    options->format = (enum compare_format)index;
    return fine;
  case OPTION_COLOR:
    fine = parse_name(value, "--color", colors, COUNT(colors), &index, error);
    options->color = (enum color)index;
    return fine;
  default: return error_set(error, "option %d is not handled", id);
  }
}

enum compare_action compare_options_parse(int argc, char **argv, struct compare_options *options, struct error *error) {
  *options = (struct compare_options){.selection.axis = AXIS_COUNT, .threshold = THRESHOLD / 100};
  for (size_t s = 0; s < SUITE_COUNT; s++) options->selection.suites[s] = true;
  opterr = 0;
  optind = 0; /* glibc: start afresh */
  for (;;) {
    const int before = optind ? optind : 1;
    const int id = getopt_long(argc, argv, ":", long_options, NULL);
    if (id == -1) break;
    if (id == OPTION_HELP) return COMPARE_HELP;
    if (id == '?' || id == ':') {
      parse_explain(id, argv[optind > before ? optind - 1 : before], long_options, "bench-compare", error);
      return COMPARE_ERROR;
    }
    if (!set_option(options, id, optarg, error)) return COMPARE_ERROR;
  }
  options->paths = argv + optind;
  options->path_count = (size_t)(argc - optind);
  if (options->path_count > 0) return COMPARE_RUN;
  error_set(error, "which results? write bench-compare A.json B.json; --help lists all options");
  return COMPARE_ERROR;
}

void compare_options_free(struct compare_options *options) {
  if (options->selection.filter) regfree(&options->filter);
  options->selection.filter = NULL;
}
