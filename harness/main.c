/* bench: parse, describe, check, pin, run the suites, print, write. */
#define _GNU_SOURCE /* program_invocation_name */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/explain.h"
#include "harness/interrupt.h"
#include "harness/pin.h"
#include "harness/suite.h"
#include "harness/table.h"
#include "harness/version.h"
#include "harness/whole_file.h"

enum exit_status { EXIT_DONE = 0, EXIT_UNWRITABLE = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

static int fail(const struct error *error, enum exit_status status) {
  fprintf(stderr, "bench: %s\n", error->text);
  return status;
}

/* ---- before measuring ------------------------------------------------------------------------------------------- */

static void append(char *text, size_t size, const char *separator, const char *more) {
  const size_t used = strlen(text);
  snprintf(text + used, size - used, "%s%s", used ? separator : "", more);
}

static void describe_archs(struct machine *m, const struct options *options, const struct cpu_features *cpu) {
  const bool automatic = strcmp(options->requested_arch, "auto") == 0;
  snprintf(m->requested, sizeof m->requested, "%s", options->requested_arch);
  for (size_t i = 0; i < options->arch_count; i++)
    append(m->selected, sizeof m->selected, ",", arch_name(options->archs[i]));
  snprintf(m->reason, sizeof m->reason, automatic ? "the best that this CPU can run" : "as requested");
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
    char why[160];
    const char *obstacle = arch_obstacle(arch, cpu);
    if (!obstacle) append(m->supported, sizeof m->supported, ",", arch_name(arch));
    if (!obstacle || !arch_table(arch)) continue;
    snprintf(why, sizeof why, "%s not, because %s", arch_name(arch), obstacle);
    append(m->reason, sizeof m->reason, "; ", why);
  }
}

static void describe_run(struct result *result, const struct options *options, int argc, char **argv) {
  char now[sizeof result->date];
  const time_t seconds = time(NULL);
  struct tm utc;
  strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%S+00:00", gmtime_r(&seconds, &utc));
  strcpy(result->date, now);
  for (int i = 0; i < argc; i++) append(result->command, sizeof result->command, " ", argv[i]);
  snprintf(result->version, sizeof result->version, "%s", DEPTHMARK_VERSION);
  snprintf(result->commit, sizeof result->commit, "%s", DEPTHMARK_COMMIT);
  result->seed = options->seed;
  snprintf(result->rng, sizeof result->rng, "%s", rng_names[options->rng]);
  memcpy(result->labels, options->labels, sizeof result->labels);
  result->label_count = options->label_count;
}

static void name_result(struct options *options) {
  const time_t seconds = time(NULL);
  struct tm utc;
  if (!options->out[0])
    strftime(options->out, sizeof options->out, "depthmark-%Y%m%dT%H%M%SZ.json", gmtime_r(&seconds, &utc));
}

static int most_threads(const struct options *options) {
  int most = 1;
  for (size_t i = 0; i < options->thread_count; i++)
    if (options->threads[i] > most) most = options->threads[i];
  return most;
}

static void pin(struct run *run) {
  struct machine *machine = &run->result->machine;
  struct error error;
  if (pin_threads(run->topology, run->options->pin, most_threads(run->options), machine->pinning,
                  sizeof machine->pinning, &error))
    return;
  machine_warn(machine, "threads are not pinned: %.200s", error.text);
  snprintf(machine->pinning, sizeof machine->pinning, "none: %.240s", error.text);
}

/* The time that a run may take when the user has not set that of a row, with some left for a slow moment. */
#define SECONDS_MOST 75.0
#define QUICK_SECONDS_MOST 10.0

/* Plans the run, and once more with less time for each row where it would take too long. */
static bool make_plan(struct run *run, struct options *options, struct error *error) {
  const double most = options->quick ? QUICK_SECONDS_MOST : SECONDS_MOST;
  if (!run_plan_all(run, error)) return false;
  const double planned = run->plan->seconds, asked = options->min_time;
  if (options->min_time_given || planned <= most) return true;
  free(run->plan->names);
  *run->plan = (struct plan){0};
  options->min_time = 0;
  if (!run_plan_all(run, error)) return false;
  const double fixed = run->plan->seconds;
  options->min_time = asked;
  if (planned > fixed) options->min_time *= fmin(1, fmax(most - fixed, 0.05 * planned) / (planned - fixed));
  return true;
}

/* ---- measuring and after ---------------------------------------------------------------------------------------- */

struct report {
  struct run *run;
  struct style style;
};

static void show_suite(const struct report *report, enum suite_id suite) {
  if (report->run->options->explain && suite == SUITE_GRADIENTS)
    explain_print(stdout, report->style, report->run->result);
  else
    table_suite(stdout, report->style, report->run->result, suite);
}

static void print_suite(void *context, enum suite_id suite) {
  const struct report *report = context;
  if (report->run->progress) progress_clear(report->run->progress);
  if (report->run->options->format == FORMAT_TABLE) show_suite(report, suite);
  if (fflush(stdout) != 0) interrupt_request(); /* nobody reads on: keep what there is */
}

/* What is not a table that was shown as it grew. */
static void print_whole(const struct report *report) {
  const struct result *result = report->run->result;
  const struct options *options = report->run->options;
  if (options->format == FORMAT_TABLE)
    table_summary(stdout, report->style, result);
  else
    format_write(stdout, options->format, result, &options->google);
}

/* The other file that Google Benchmark's options ask for. */
static bool write_google_out(const struct options *options, const struct result *result, struct error *error) {
  if (!options->google_out[0]) return true;
  FILE *file = fopen(options->google_out, "w");
  if (!file) return error_set(error, "cannot write %s: %s", options->google_out, strerror(errno));
  const bool written = format_write(file, options->google_out_format, result, &options->google) && !ferror(file);
  if (fclose(file) == 0 && written) return true;
  return error_set(error, "cannot write %s: %s", options->google_out, strerror(errno));
}

static void print_outcome(FILE *out, struct style style, const struct run *run) {
  const struct options *options = run->options;
  const struct result *result = run->result;
  char folder[1024];
  const char *program = program_invocation_name;
  if (getcwd(folder, sizeof folder) && strncmp(program, folder, strlen(folder)) == 0 && program[strlen(folder)] == '/')
    program += strlen(folder) + 1;
  char command[1100];
  snprintf(command, sizeof command, strpbrk(program, " '\"$&;()") ? "\"%s\"" : "%s", program);
  fputc('\n', out);
  char accuracies[48] = "", learning[48] = "";
  if (result->accuracy_count) snprintf(accuracies, sizeof accuracies, ", %zu accuracies", result->accuracy_count);
  if (result->learning_count) snprintf(learning, sizeof learning, ", %zu training runs", result->learning_count);
  grid_fact(out, style, "wrote", "%s (%zu rows, %zu gradient cells%s%s%s)", options->out, result->row_count,
            result->cell_count, accuracies, learning, result->interrupted ? ", interrupted" : "");
  if (result->interrupted) return;
  if (options->arch_count == 1 && strcmp(result->machine.supported, result->machine.selected) != 0)
    grid_fact(out, style, "next", "%s --arch=all --suite=dense", command);
  else if (options->data == INPUT_NORMAL)
    grid_fact(out, style, "next", "%s --suite=gradients --data=fashion-mnist", command);
  else
    grid_fact(out, style, "next", "%s --suite=gradients --activations='leaky_relu(0.2),gelu' --depths=100", command);
}

/* The end of a run that is interrupted in the middle of a step that takes too long. */
static void last_words(void *context) {
  struct run *run = context;
  struct error error;
  run->result->interrupted = true;
  if (run->resume) resume_give_rest(run->resume, run->result);
  if (!result_write(run->result, run->options->out, &error)) _exit(fail(&error, EXIT_UNWRITABLE));
  if (run->journal) journal_close(run->journal, true);
  fprintf(stderr, "bench: interrupted; %s has what was measured until then\n", run->options->out);
  _exit(EXIT_INTERRUPTED);
}

static int finish(struct report *report) {
  struct run *run = report->run;
  struct error error;
  interrupt_finish();
  run->result->machine.steal_share = machine_steal_share();
  run->result->interrupted = interrupted();
  if (run->resume && run->result->interrupted) resume_give_rest(run->resume, run->result);
  if (!result_write(run->result, run->options->out, &error)) return fail(&error, EXIT_UNWRITABLE);
  if (run->journal) journal_close(run->journal, true);
  if (!write_google_out(run->options, run->result, &error)) return fail(&error, EXIT_UNWRITABLE);
  print_whole(report);
  print_outcome(run->options->format == FORMAT_TABLE ? stdout : stderr, report->style, run);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    error_set(&error, "standard output could not be written; the results are in %s", run->options->out);
    return fail(&error, EXIT_UNWRITABLE);
  }
  return run->result->interrupted ? EXIT_INTERRUPTED : EXIT_DONE;
}

static int measure_all(struct report *report) {
  struct run *run = report->run;
  struct machine *machine = &run->result->machine;
  struct progress progress;
  struct error error;
  interrupt_catch(last_words, run);
  pin(run);
  machine->core_hertz = clock_core_hertz();
  if (run->options->format == FORMAT_TABLE) table_machine(stdout, report->style, machine);
  fflush(stdout);
  for (size_t i = 0; i < machine->warning_count; i++) fprintf(stderr, "bench: warning: %s\n", machine->warnings[i]);
  progress_begin(&progress, run->plan->seconds);
  run->progress = &progress;
  const bool fine = run_all(run, print_suite, report, &error);
  progress_clear(&progress);
  return fine ? finish(report) : fail(&error, EXIT_USAGE);
}

/* Measures with a journal beside the result, if there will be cells and the result is a file. */
static int measure_with_journal(struct report *report) {
  struct run *run = report->run;
  struct journal journal = {.file = -1};
  struct error error;
  if (!whole_file_check(run->options->out, &error)) return fail(&error, EXIT_USAGE);
  if (run->options->suites[SUITE_GRADIENTS] && whole_file_is_ordinary(run->options->out)) {
    if (!journal_open(&journal, run->options->out, run->result, run->options->resume, &error))
      return fail(&error, EXIT_USAGE);
    run->journal = &journal;
  }
  const int status = measure_all(report);
  journal_close(&journal, false);
  return status;
}

static int plan_and_run(struct report *report, struct options *options) {
  struct run *run = report->run;
  struct error error;
  if (!make_plan(run, options, &error)) return fail(&error, EXIT_USAGE);
  if (!run->options->list) return measure_with_journal(report);
  for (size_t i = 0; i < run->plan->count; i++) puts(run->plan->names[i]);
  return fflush(stdout) == 0 ? EXIT_DONE : EXIT_UNWRITABLE;
}

/* ---- setting up ------------------------------------------------------------------------------------------------- */

static int run_with(struct options *options, const struct cpu_features *cpu, hwloc_topology_t topology, int argc,
                    char **argv) {
  struct result result;
  struct plan plan = {0};
  struct resume resume = {0};
  regex_t filter;
  struct scopes scopes;
  struct run run = {.options = options, .cpu = cpu, .scopes = &scopes, .result = &result, .plan = &plan};
  struct report report = {&run, table_style(stdout, options->format)};
  struct error error;
  int status;
  result_init(&result);
  machine_describe(&result.machine, topology, cpu);
  describe_archs(&result.machine, options, cpu);
  describe_run(&result, options, argc, argv);
  name_result(options);
  if (options->filter[0] && regcomp(&filter, options->filter, REG_EXTENDED | REG_NOSUB) == 0) run.filter = &filter;
  const bool fine = scopes_open(&scopes, options, topology, &result.machine, &error) && run_enter(&run, 0) &&
                    (!options->resume || resume_load(&resume, options->out, &result, &error));
  if (options->resume) run.resume = &resume;
  status = fine ? plan_and_run(&report, options) : fail(&error, EXIT_USAGE);
  resume_free(&resume);
  if (run.filter) regfree(&filter);
  free(plan.names);
  scopes_close(&scopes);
  drift_free(&run.drift);
  result_free(&result);
  return status;
}

int main(int argc, char **argv) {
  static struct options options; /* large */
  const struct cpu_features cpu = cpu_detect();
  struct error error;
  hwloc_topology_t topology;
  signal(SIGPIPE, SIG_IGN); /* a closed pipe must not cost the result file */
  signal(SIGXFSZ, SIG_IGN); /* nor a file that may not grow what is measured */
  switch (options_parse(argc, argv, &cpu, &options, &error)) {
  case OPTIONS_HELP: fputs(help_text, stdout); return EXIT_DONE;
  case OPTIONS_VERSION:
    printf("bench (depthmark) %s, commit %s\n", DEPTHMARK_VERSION, DEPTHMARK_COMMIT);
    return EXIT_DONE;
  case OPTIONS_ERROR: return fail(&error, EXIT_USAGE);
  case OPTIONS_RUN: break;
  }
  if (options.notice[0]) fprintf(stderr, "bench: %s\n", options.notice);
  machine_steal_share(); /* starts the count */
  if (!machine_load_topology(&topology, &error)) return fail(&error, EXIT_USAGE);
  const int status = run_with(&options, &cpu, topology, argc, argv);
  hwloc_topology_destroy(topology);
  return status;
}
