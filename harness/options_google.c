#include "harness/options_google.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/options_values.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SECONDS_MOST 3600.0

static const char prefix[] = "--benchmark_";

typedef bool set_function(struct options *o, const char *what, const char *value, struct error *error);

/* What Google Benchmark takes for true and false. */
static bool read_flag(const char *what, const char *value, bool *flag, struct error *error) {
  static const char *const yes[] = {"true", "t", "yes", "y", "on", "1"};
  static const char *const no[] = {"false", "f", "no", "n", "off", "0"};
  for (size_t i = 0; i < COUNT(yes); i++) {
    if (strcasecmp(value, yes[i]) == 0) return *flag = true;
    if (strcasecmp(value, no[i]) == 0) {
      *flag = false;
      return true;
    }
  }
  return error_set(error, "%s=%.40s: true or false was expected", what, value);
}

static bool set_filter(struct options *o, const char *what, const char *value, struct error *error) {
  (void)what;
  o->filter_negated = *value == '-';
  value += o->filter_negated;
  if (*value == '\0' || strcmp(value, "all") == 0) value = ".";
  return options_set_filter(o, value, error);
}

static bool set_list(struct options *o, const char *what, const char *value, struct error *error) {
  return read_flag(what, value, &o->list, error);
}

/* Seconds, with an s behind them or not; or a number of iterations and x. */
static bool set_min_time(struct options *o, const char *what, const char *value, struct error *error) {
  char text[32];
  const size_t length = strlen(value);
  if (length == 0 || length >= sizeof text) return error_set(error, "%s=%.40s: such as 0.5s was expected", what, value);
  strcpy(text, value);
  o->min_time_given = true;
  if (text[length - 1] == 'x') {
    uint64_t iterations;
    text[length - 1] = '\0';
    o->min_time = 0;
    snprintf(o->notice, sizeof o->notice,
             "%s=%s: bench finds out itself how many iterations make a sample, and takes "
             "as few samples as an interval needs",
             what, value);
    return parse_whole(text, what, 1, UINT64_MAX, &iterations, error);
  }
  if (text[length - 1] == 's') text[length - 1] = '\0';
  return parse_real(text, what, 0, SECONDS_MOST, &o->min_time, error);
}

static bool set_repetitions(struct options *o, const char *what, const char *value, struct error *error) {
  uint64_t count;
  if (!parse_whole(value, what, 1, ROW_REPETITIONS_MOST, &count, error)) return false;
  o->repetitions = count > 1 ? (size_t)count : 0;
  return true;
}

static bool set_format(struct options *o, const char *what, const char *value, struct error *error) {
  static const char *const names[] = {"console", "json", "csv"};
  static const enum output_format formats[] = {FORMAT_GOOGLE_CONSOLE, FORMAT_JSON, FORMAT_GOOGLE_CSV};
  int index;
  if (!parse_name(value, what, names, COUNT(names), &index, error)) return false;
  *(strstr(what, "out_format") ? &o->google_out_format : &o->format) = formats[index];
  return true;
}

static bool set_out(struct options *o, const char *what, const char *value, struct error *error) {
  if (*value == '\0' || strlen(value) >= sizeof o->google_out)
    return error_set(error, "%s=%.40s: the name of a file was expected", what, value);
  strcpy(o->google_out, value);
  return true;
}

static bool set_unit(struct options *o, const char *what, const char *value, struct error *error) {
  const char *names[GOOGLE_UNITS];
  int index;
  for (size_t i = 0; i < GOOGLE_UNITS; i++) names[i] = google_unit_name(i);
  if (!parse_name(value, what, names, GOOGLE_UNITS, &index, error)) return false;
  o->google.unit = (size_t)index;
  return true;
}

static bool set_aggregates_only(struct options *o, const char *what, const char *value, struct error *error) {
  return read_flag(what, value, &o->google.aggregates_only, error);
}

static bool set_dry_run(struct options *o, const char *what, const char *value, struct error *error) {
  bool dry = false;
  if (!read_flag(what, value, &dry, error)) return false;
  if (dry) o->min_time_given = true, o->min_time = 0;
  return true;
}

static bool set_context(struct options *o, const char *what, const char *value, struct error *error) {
  struct list list;
  if (!parse_list(value, what, &list, error)) return false;
  for (size_t i = 0; i < list.count; i++) {
    const char *equals = strchr(list.items[i], '=');
    if (!equals || equals == list.items[i])
      return error_set(error, "%s=%.40s: NAME=VALUE was expected", what, list.items[i]);
    if (o->label_count == COUNT(o->labels)) return error_set(error, "%s: at most %zu", what, COUNT(o->labels));
    strcpy(o->labels[o->label_count++], list.items[i]);
  }
  return true;
}

/* Cases always take turns in random order; warm up before each sample; colours follow the terminal; tables are tables.
 */
static bool accept(struct options *o, const char *what, const char *value, struct error *error) {
  (void)o, (void)what, (void)value, (void)error;
  return true;
}

static bool accept_counters(struct options *o, const char *what, const char *value, struct error *error) {
  (void)error;
  snprintf(
      o->notice, sizeof o->notice,
      "%s=%.60s: bench counts cycles, instructions and cache misses wherever the system allows it, and nothing else",
      what, value);
  return true;
}

static const struct {
  const char *name;
  set_function *set;
  bool flag; /* may stand without a value, which means true */
} known[] = {
    {"filter", set_filter, false},
    {"list_tests", set_list, true},
    {"min_time", set_min_time, false},
    {"repetitions", set_repetitions, false},
    {"format", set_format, false},
    {"out", set_out, false},
    {"out_format", set_format, false},
    {"time_unit", set_unit, false},
    {"report_aggregates_only", set_aggregates_only, true},
    {"display_aggregates_only", set_aggregates_only, true},
    {"dry_run", set_dry_run, true},
    {"context", set_context, false},
    {"perf_counters", accept_counters, false},
    {"min_warmup_time", accept, false},
    {"enable_random_interleaving", accept, true},
    {"color", accept, true},
    {"counters_tabular", accept, true},
};

static bool take(struct options *o, const char *argument, struct error *error) {
  const char *names[COUNT(known)], *equals = strchr(argument, '=');
  char what[64];
  snprintf(what, sizeof what, "%.*s", (int)(equals ? equals - argument : (long)strlen(argument)), argument);
  for (size_t i = 0; i < COUNT(known); i++) {
    names[i] = known[i].name;
    if (strcmp(what + strlen(prefix), names[i]) != 0) continue;
    if (!equals && !known[i].flag) return error_set(error, "%s needs a value; write %s=VALUE", what, what);
    return known[i].set(o, what, equals ? equals + 1 : "true", error);
  }
  const char *nearest = parse_nearest(what + strlen(prefix), names, COUNT(known));
  if (nearest) return error_set(error, "unknown option %s; did you mean %s%s?", what, prefix, nearest);
  return error_set(error, "unknown option %s; bench --help says which of Google Benchmark's options are understood",
                   what);
}

static bool is_verbosity(const char *argument) { return strncmp(argument, "--v=", 4) == 0; }

bool options_take_google(int *argc, char **argv, struct options *o, struct error *error) {
  int kept = 0;
  o->google_out_format = FORMAT_JSON;
  for (int i = 0; i < *argc; i++) {
    if (i == 0 || (strncmp(argv[i], prefix, strlen(prefix)) != 0 && !is_verbosity(argv[i])))
      argv[kept++] = argv[i];
    else if (!is_verbosity(argv[i]) && !take(o, argv[i], error))
      return false;
  }
  argv[kept] = NULL;
  *argc = kept;
  /* JSON is the format of the result itself. */
  if (o->google_out[0] && o->google_out_format == FORMAT_JSON) {
    strcpy(o->out, o->google_out);
    o->google_out[0] = '\0';
  }
  return true;
}
