/* bench-predict: what models of CPUs say about kernels' loops, beside what was measured. tools/predict runs it. */
#include <getopt.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "harness/parse.h"
#include "harness/result.h"
#include "tools/predict_models.h"
#include "tools/predict_table.h"

static const char usage[] =
    "Usage: bench-predict --functions\n"
    "       bench-predict --loops [--filter=REGEX] FACTS\n"
    "       bench-predict --host-model RESULT.json\n"
    "       bench-predict [--filter=REGEX] [--format=FORMAT] [-o FILE] FACTS [RESULT.json]\n"
    "\n"
    "The parts of tools/predict that know kernels and results: which functions may have their loops; of the\n"
    "loops in FACTS, which are needed; which model of llvm-mca is the result's machine; and from FACTS, what "
    "tools/predict has found out about loops, cycles of an\n"
    "element, in a table, markdown, csv or json, beside those of the result. -o writes the result with predictions\n"
    "added. Only kernels whose suite/kernel/arch:ARCH matches REGEX count.\n"
    "\n"
    "Exit status: 0 done; 1 the file could not be written; 2 bad usage, or a file that can't be read.\n";

struct arguments {
  bool functions, loops, host_model;
  regex_t filter;
  bool has_filter;
  int format;
  const char *output, *facts, *result;
};

static int fail(const struct error *error, int status) {
  fprintf(stderr, "bench-predict: %s\n", error->text);
  return status;
}

static bool matches(const struct arguments *arguments, const char *suite, const char *kernel, const char *arch) {
  char name[160];
  snprintf(name, sizeof name, "%s/%s/arch:%s", suite, kernel, arch);
  return !arguments->has_filter || regexec(&arguments->filter, name, 0, NULL, 0) == 0;
}

static bool set_filter(struct arguments *arguments, const char *text, struct error *error) {
  char why[200];
  if (arguments->has_filter) regfree(&arguments->filter);
  const int bad = regcomp(&arguments->filter, text, REG_EXTENDED | REG_NOSUB);
  arguments->has_filter = bad == 0;
  if (!bad) return true;
  regerror(bad, &arguments->filter, why, sizeof why);
  return error_set(error, "--filter=%s is no extended regular expression: %s", text, why);
}

static bool read_arguments(struct arguments *arguments, int argc, char **argv, struct error *error) {
  static const char *const formats[] = {"table", "markdown", "csv", "json"};
  static const struct option options[] = {
      {"functions", no_argument, NULL, 'F'},    {"loops", no_argument, NULL, 'L'},
      {"host-model", no_argument, NULL, 'H'},   {"filter", required_argument, NULL, 'f'},
      {"format", required_argument, NULL, 'm'}, {0}};
  for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
    switch (option) {
    case 'F': arguments->functions = true; break;
    case 'L': arguments->loops = true; break;
    case 'H': arguments->host_model = true; break;
    case 'f':
      if (!set_filter(arguments, optarg, error)) return false;
      break;
    case 'm':
      if (!parse_name(optarg, "--format", formats, 4, &arguments->format, error)) return false;
      break;
    case 'o': arguments->output = optarg; break;
    default: return error_set(error, "bench-predict --help lists the options");
    }
  }
  const int files = argc - optind;
  if (arguments->functions && files == 0) return true;
  if (arguments->host_model && files == 1) {
    arguments->result = argv[optind];
    return true;
  }
  if (arguments->functions || arguments->host_model || files < 1 || files > (arguments->loops ? 1 : 2))
    return error_set(error, "bench-predict --help says which files it takes");
  arguments->facts = argv[optind];
  arguments->result = files > 1 ? argv[optind + 1] : NULL;
  if (arguments->output && !arguments->result)
    return error_set(error, "-o %s: predictions are added to a result; name a RESULT.json", arguments->output);
  return true;
}

static void print_functions(void) {
  for (size_t i = 0; i < KERNEL_COUNT; i++) kernel_print_functions(stdout, &kernels[i]);
  puts(TILE_FUNCTION);
}

/* The predictions for every object, to be freed. */
static struct prediction *predictions_of(const struct arguments *arguments, const struct facts *facts, size_t *count) {
  struct prediction *predictions = calloc(facts->object_count * (KERNEL_COUNT + 1) + 1, sizeof *predictions);
  if (!predictions) abort();
  *count = 0;
  for (size_t o = 0; o < facts->object_count; o++) {
    const char *arch = facts->objects[o].arch;
    for (size_t i = 0; i < KERNEL_COUNT; i++)
      if (matches(arguments, kernels[i].suite, kernels[i].name, arch))
        predictions[(*count)++] = kernel_prediction(facts, &kernels[i], arch);
    if (matches(arguments, "dense", TILE_FUNCTION, arch)) predictions[(*count)++] = tile_prediction(facts, arch);
  }
  return predictions;
}

/* Puts predictions in place of those that the result has of the same kernels, archs and models. */
static void add_predictions(struct result *result, const struct report *report) {
  for (size_t i = 0; i < report->count; i++)
    for (size_t m = 0; m < report->facts->model_count; m++) {
      const struct model *model = &report->facts->models[m];
      struct result_prediction p = {0};
      double share;
      const char *why;
      if (!model->known || strcmp(model->arch, report->predictions[i].arch) != 0) continue;
      p.cycles_per_item =
          prediction_cycles(report->facts, &report->predictions[i], model->name, p.binds, sizeof p.binds, &share, &why);
      if (isnan(p.cycles_per_item)) continue;
      snprintf(p.kernel, sizeof p.kernel, "%s", report->predictions[i].kernel);
      snprintf(p.arch, sizeof p.arch, "%s", model->arch);
      snprintf(p.model, sizeof p.model, "%s", model->name);
      size_t k = 0;
      while (k < result->prediction_count &&
             (strcmp(result->predictions[k].kernel, p.kernel) != 0 ||
              strcmp(result->predictions[k].arch, p.arch) != 0 || strcmp(result->predictions[k].model, p.model) != 0))
        k++;
      if (k < result->prediction_count)
        result->predictions[k] = p;
      else
        result_add_prediction(result, &p);
    }
}

/* The loops that predictions are made of: ARCH FUNCTION. */
static void print_loops(const struct prediction *predictions, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (size_t p = 0; p < predictions[i].part_count; p++)
      printf("%s %s\n", predictions[i].arch, predictions[i].parts[p].loop->function);
}

static int predict(const struct arguments *arguments, struct result *result) {
  struct facts facts;
  struct error error;
  FILE *from = fopen(arguments->facts, "r");
  if (!from) return error_set(&error, "%s cannot be opened", arguments->facts), fail(&error, 2);
  const bool fine = facts_read(&facts, from, arguments->facts, &error);
  fclose(from);
  int status = fine ? 0 : fail(&error, 2);
  if (fine) {
    size_t count;
    struct prediction *predictions = predictions_of(arguments, &facts, &count);
    const struct report report = {&facts, predictions, count, result,
                                  result ? model_of_machine(&result->machine) : NULL};
    if (arguments->loops)
      print_loops(predictions, count);
    else
      report_print(stdout, (enum predict_format)arguments->format, &report);
    if (arguments->output) {
      add_predictions(result, &report);
      if (!result_write(result, arguments->output, &error)) status = fail(&error, 1);
    }
    free(predictions);
  }
  facts_free(&facts);
  return status;
}

static int run(const struct arguments *arguments) {
  struct result result;
  struct error error;
  int status = 0;
  if (arguments->functions) {
    print_functions();
    return 0;
  }
  if (!arguments->result) return predict(arguments, NULL);
  if (!result_read(&result, arguments->result, &error)) return fail(&error, 2);
  if (arguments->host_model) {
    const char *model = model_of_machine(&result.machine);
    if (model) puts(model);
  } else {
    status = predict(arguments, &result);
  }
  result_free(&result);
  return status;
}

int main(int argc, char **argv) {
  struct arguments arguments = {0};
  struct error error;
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(usage, stdout) < 0;
  const int status = read_arguments(&arguments, argc, argv, &error) ? run(&arguments) : fail(&error, 2);
  if (arguments.has_filter) regfree(&arguments.filter);
  return status;
}
