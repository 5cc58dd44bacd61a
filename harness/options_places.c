/* Values of the options that say where rows are measured, and on how much data. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/options_values.h"

#define THREADS_MOST 4096
#define BYTES_MOST 0x1p44 /* no address space has more to spare */
#define FACTOR_LEAST 1e-6
#define FACTOR_MOST 1e6

bool options_set_threads(struct options *o, const char *value, struct error *error) {
  struct list list;
  o->thread_count = 0;
  o->threads_all = strcmp(value, "all") == 0;
  if (o->threads_all) return true;
  if (!parse_list(value, "--threads", &list, error)) return false;
  for (size_t i = 0; i < list.count; i++) {
    uint64_t number;
    if (*list.items[i] < '0' || *list.items[i] > '9')
      return error_set(error, "--threads=%s: whole numbers or all were expected", value);
    if (!parse_whole(list.items[i], "--threads", 1, THREADS_MOST, &number, error)) return false;
    o->threads[i] = (int)number;
  }
  o->thread_count = list.count;
  return true;
}

bool options_set_pin(struct options *o, const char *value, struct error *error) {
  static const char *const names[] = {"cores", "threads", "none"};
  int index = 0;
  const bool fine = parse_name(value, "--pin", names, sizeof names / sizeof *names, &index, error);
  o->pin = (enum pin_policy)index;
  o->pin_given = true;
  return fine;
}

/* Which names there are depends on the machine: scope.c has the last word. */
bool options_set_cores(struct options *o, const char *value, struct error *error) {
  struct list list;
  if (!parse_list(value, "--cores", &list, error)) return false;
  if (strlen(value) >= sizeof o->cores) return error_set(error, "--cores=%.40s...: the list is too long", value);
  strcpy(o->cores, value);
  return true;
}

bool options_set_smt(struct options *o, const char *value, struct error *error) {
  struct list list;
  if (!parse_list(value, "--smt", &list, error)) return false;
  o->smt_count = 0;
  o->smt_given = true;
  for (size_t i = 0; i < list.count; i++) {
    uint64_t number;
    if (!parse_whole(list.items[i], "--smt", 1, SMT_MOST, &number, error)) return false;
    bool again = false; /* "2,02" */
    for (size_t j = 0; j < o->smt_count; j++) again |= o->smt[j] == (int)number;
    if (!again) o->smt[o->smt_count++] = (int)number;
  }
  return true;
}

/* A number behind which nothing stands but what end points to. */
static bool positive(const char *text, double least, double most, double *number, char **end) {
  *number = *text >= '0' && *text <= '9' ? strtod(text, end) : NAN;
  return *number >= least && *number <= most;
}

/* "48K", "1.5M", "4096": bytes, by powers of 1024. */
static bool parse_bytes(const char *item, struct size_choice *size) {
  static const char units[] = "KMGT";
  char *end;
  if (!positive(item, 1, BYTES_MOST, &size->many, &end)) return false;
  const char *unit = *end ? strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end) : NULL;
  if (*end && (!unit || end[1])) return false;
  if (unit) size->many *= exp2(10 * (double)(unit - units + 1));
  return size->many <= BYTES_MOST;
}

/* "L2", "L2/2", "L3*1.5", "memory". */
static bool parse_level(const char *item, struct size_choice *size) {
  static const char *const levels[] = {"L1", "L2", "L3", "memory"};
  for (int i = 0; i < 4; i++) {
    const size_t length = strlen(levels[i]);
    if (strncmp(item, levels[i], length) != 0) continue;
    const char operation = item[length];
    double factor = 1;
    char *end = (char *)item + length;
    if (operation && ((operation != '/' && operation != '*') ||
                      !positive(item + length + 1, FACTOR_LEAST, FACTOR_MOST, &factor, &end)))
      return false;
    *size = (struct size_choice){.level = i + 1, .many = operation == '/' ? 1 / factor : factor};
    return *end == '\0';
  }
  return false;
}

bool options_set_sizes(struct options *o, const char *value, struct error *error) {
  struct list list;
  o->size_count = 0;
  o->sweep = strcmp(value, "sweep") == 0;
  if (o->sweep) return true;
  if (!parse_list(value, "--sizes", &list, error)) return false;
  for (size_t i = 0; i < list.count; i++) {
    struct size_choice *size = &o->sizes[o->size_count++];
    *size = (struct size_choice){0};
    if (!parse_level(list.items[i], size) && !parse_bytes(list.items[i], size))
      return error_set(error,
                       "--sizes: %s is no size; sweep, bytes such as 48K or 1.5M, or parts of caches such as "
                       "L1/2, L3*1.5 or memory were expected",
                       list.items[i]);
  }
  return true;
}

bool options_check_places(struct options *o, struct error *error) {
  if (o->smt_given && o->pin_given) return error_set(error, "--smt says where threads sit; leave --pin out");
  if (o->cores[0] && o->pin == PIN_NONE)
    return error_set(error, "--cores needs threads that are pinned; leave --pin=none out");
  if ((o->sweep || o->size_count) && !o->suites_given) /* sizes mean nothing to the others */
    o->suites[SUITE_ACCURACY] = o->suites[SUITE_GRADIENTS] = o->suites[SUITE_LEARNING] = false;
  return true;
}

bool options_want_sizes(const struct options *options) { return options->sweep || options->size_count > 0; }
