#include "harness/options_values.h"

#include <regex.h>
#include <string.h>

#include "harness/choices.h"

#define SAMPLES_MOST ((size_t)1 << 26) /* a quarter of a GiB; what needs more is for all floats */
#define SHARDS_MOST 100000
/* Beyond, a step is lost in rounding or in what a float can hold. */
#define RATE_LEAST 1e-12
#define RATE_MOST 1e12
#define MOMENTUM_MOST 0.9999

/* The archs that run here, as a list for a person. */
static const char *supported_text(const struct cpu_features *cpu, char *text, size_t size) {
  size_t used = 0;
  *text = '\0';
  for (enum arch arch = 0; arch < ARCH_COUNT && used < size; arch++)
    if (!arch_obstacle(arch, cpu))
      used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", arch_name(arch));
  return text;
}

bool options_set_archs(struct options *o, const char *value, const struct cpu_features *cpu, struct error *error) {
  struct list list;
  bool wanted[ARCH_COUNT] = {false};
  if (!parse_list(value, "--arch", &list, error)) return false;
  if (strlen(value) >= sizeof o->requested_arch)
    return error_set(error, "--arch=%.40s...: the list is too long", value);
  strcpy(o->requested_arch, value);
  for (size_t i = 0; i < list.count; i++) {
    const char *name = list.items[i];
    const enum arch arch = strcmp(name, "auto") == 0 ? arch_best(cpu) : arch_find(name);
    if (strcmp(name, "all") == 0) {
      for (enum arch a = 0; a < ARCH_COUNT; a++)
        if (!arch_obstacle(a, cpu)) wanted[a] = true;
    } else if (arch == ARCH_COUNT) {
      const char *names[ARCH_COUNT + 2] = {"auto", "all"};
      for (enum arch a = 0; a < ARCH_COUNT; a++) names[a + 2] = arch_name(a);
      return parse_unknown("--arch", name, names, ARCH_COUNT + 2, error);
    } else if (arch_obstacle(arch, cpu)) {
      char supported[128];
      return error_set(error, "--arch=%s cannot run here: %s; this machine can run: %s", name, arch_obstacle(arch, cpu),
                       supported_text(cpu, supported, sizeof supported));
    } else {
      wanted[arch] = true;
    }
  }
  o->arch_count = 0;
  for (enum arch a = 0; a < ARCH_COUNT; a++)
    if (wanted[a]) o->archs[o->arch_count++] = a;
  return true;
}

bool options_set_suites(struct options *o, const char *value, struct error *error) {
  struct list list;
  if (!parse_list(value, "--suite", &list, error)) return false;
  memset(o->suites, 0, sizeof o->suites);
  o->suites_given = true;
  for (size_t i = 0; i < list.count; i++) {
    size_t s = 0;
    while (s < SUITE_COUNT && strcmp(list.items[i], suite_names[s]) != 0) s++;
    if (s == SUITE_COUNT) return parse_unknown("--suite", list.items[i], suite_names, SUITE_COUNT, error);
    o->suites[s] = true;
  }
  return true;
}

bool options_set_filter(struct options *o, const char *value, struct error *error) {
  regex_t expression;
  if (strlen(value) >= sizeof o->filter)
    return error_set(error, "--filter: the expression is longer than %zu characters", sizeof o->filter - 1);
  if (*value == '\0')
    return error_set(error, "--filter: the expression is empty; leave the option out to keep all rows");
  const int bad = regcomp(&expression, value, REG_EXTENDED | REG_NOSUB);
  if (bad) {
    char why[128];
    regerror(bad, &expression, why, sizeof why);
    return error_set(error, "--filter=%s: not a POSIX extended regular expression: %s", value, why);
  }
  regfree(&expression);
  strcpy(o->filter, value);
  return true;
}

bool options_set_caches(struct options *o, const char *value, struct error *error) {
  int states[CACHE_STATES];
  size_t count;
  if (!parse_names(value, "--cache", cache_names, CACHE_STATES, states, &count, error)) return false;
  for (int i = 0; i < CACHE_STATES; i++) o->caches[i] = false;
  for (size_t i = 0; i < count; i++) o->caches[states[i]] = true;
  return true;
}

bool options_set_inits(struct options *o, const char *value, struct error *error) {
  struct list list;
  if (strcmp(value, "all") == 0) {
    o->init_count = choose_all_initializers(o->inits, LIST_LIMIT);
    return true;
  }
  if (!parse_list(value, "--inits", &list, error)) return false;
  for (size_t i = 0; i < list.count; i++)
    if (!choose_initializer(list.items[i], &o->inits[i], error)) return false;
  o->init_count = list.count;
  return true;
}

bool options_set_activations(struct options *o, const char *value, struct error *error) {
  struct list list;
  if (strcmp(value, "all") == 0) {
    o->activation_count = choose_all_activations(o->activations, LIST_LIMIT);
    return true;
  }
  if (!parse_list(value, "--activations", &list, error)) return false;
  for (size_t i = 0; i < list.count; i++)
    if (!choose_activation(list.items[i], &o->activations[i], error)) return false;
  o->activation_count = list.count;
  return true;
}

bool options_set_samples(struct options *o, const char *value, struct error *error) {
  uint64_t number = 0;
  o->samples_given = true;
  if (strcmp(value, "all") != 0 && (*value < '0' || *value > '9'))
    return error_set(error, "--samples=%s: a whole number or all was expected", value);
  if (strcmp(value, "all") != 0 && !parse_whole(value, "--samples", 1, SAMPLES_MOST, &number, error)) return false;
  o->samples = (size_t)number;
  return true;
}

bool options_set_shard(struct options *o, const char *value, struct error *error) {
  char part[LIST_ITEM] = "";
  uint64_t shard, shards;
  struct error inner;
  const char *slash = strchr(value, '/');
  if (slash && (size_t)(slash - value) < sizeof part) memcpy(part, value, (size_t)(slash - value));
  if (!slash || !parse_whole(slash + 1, "--shard", 1, SHARDS_MOST, &shards, &inner) ||
      !parse_whole(part, "--shard", 1, shards, &shard, &inner))
    return error_set(error, "--shard=%.40s: K/N was expected, such as 2/3: the second of three parts, K from 1 to N",
                     value);
  o->shard = (size_t)shard, o->shards = (size_t)shards;
  return true;
}

bool options_set_optimizers(struct options *o, const char *value, struct error *error) {
  struct list list;
  if (!parse_list(value, "--optimizers", &list, error)) return false;
  for (size_t i = 0; i < list.count; i++) {
    int index = 0;
    if (!parse_name(list.items[i], "--optimizers", optimizer_names, OPTIMIZER_COUNT, &index, error)) return false;
    o->optimizers[i] = (enum optimizer_id)index;
  }
  o->optimizer_count = list.count;
  return true;
}

bool options_set_rates(struct options *o, const char *value, struct error *error) {
  struct list list;
  if (!parse_list(value, "--rate", &list, error)) return false;
  for (size_t i = 0; i < list.count; i++) {
    double number;
    if (!parse_real(list.items[i], "--rate", RATE_LEAST, RATE_MOST, &number, error)) return false;
    o->rates[i] = (float)number;
  }
  o->rate_count = list.count;
  return true;
}

bool options_set_momentum(struct options *o, const char *value, struct error *error) {
  double number;
  if (!parse_real(value, "--momentum", 0, MOMENTUM_MOST, &number, error)) return false;
  o->momentum = (float)number;
  o->descent_given = true;
  return true;
}

bool options_set_clip(struct options *o, const char *value, const char *what, double *most, struct error *error) {
  o->descent_given = true;
  return parse_real(value, what, 0, 1e30, most, error);
}

bool options_set_out(struct options *o, const char *value, struct error *error) {
  if (*value == '\0') return error_set(error, "--out: a file name was expected");
  if (strlen(value) >= sizeof o->out) return error_set(error, "--out: the file name is too long");
  strcpy(o->out, value);
  return true;
}
