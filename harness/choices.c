#include "harness/choices.h"

#include <float.h>
#include <string.h>

#include "harness/parse.h"

/* How many parameters a kernel takes: those that have a default. */
static int parameter_count(struct parameters defaults) {
  return defaults.d != 0 ? 4 : defaults.c != 0 ? 3 : defaults.b != 0 ? 2 : defaults.a != 0 ? 1 : 0;
}

static bool is_sleef(const char *name) {
  const char *suffix = "_sleef";
  const size_t length = strlen(name);
  return length > strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0;
}

/* Splits "name(1,2)" and replaces the defaults in p by what stands in the parentheses. */
static bool read_parameters(const char *text, const char *what, int expected, struct parameters *p,
                            struct error *error) {
  const char *open = strchr(text, '(');
  char inside[LIST_ITEM];
  if (!open) return true;
  const size_t length = strlen(open);
  if (open[length - 1] != ')' || length - 2 >= sizeof inside)
    return error_set(error, "%s=%s: parameters are written like normal(0,1)", what, text);
  memcpy(inside, open + 1, length - 2);
  inside[length - 2] = '\0';
  if (expected == 0) return error_set(error, "%s=%s: %.*s takes no parameters", what, text, (int)(open - text), text);
  float *const slots[] = {&p->a, &p->b, &p->c, &p->d};
  char *rest = inside;
  int count = 0;
  for (char *item; (item = strsep(&rest, ",")) != NULL; count++) {
    double value;
    if (count == expected)
      return error_set(error, "%s=%s: %.*s takes at most %d parameter%s", what, text, (int)(open - text), text,
                       expected, expected > 1 ? "s" : "");
    struct error inner;
    if (!parse_real(item, what, -FLT_MAX, FLT_MAX, &value, &inner))
      return error_set(error, "%s=%s: \"%s\" is not a number", what, text, item);
    *slots[count] = (float)value;
  }
  return true;
}

static bool copy_text(const char *text, const char *what, char *copy, size_t size, struct error *error) {
  if (strlen(text) >= size) return error_set(error, "%s: \"%.20s...\" is too long", what, text);
  strcpy(copy, text);
  return true;
}

static const struct kernel *find_joined(const char *prefix, const char *text, size_t length, const char *suffix) {
  char name[2 * LIST_ITEM];
  snprintf(name, sizeof name, "%s%.*s%s", prefix, (int)length, text, suffix);
  return kernel_find(name);
}

static bool unknown_initializer(const char *name, struct error *error) {
  const char *names[KERNEL_COUNT + 1] = {"uniform_fan_in"};
  size_t count = 1;
  for (size_t i = 0; i < KERNEL_COUNT; i++)
    if (kernels[i].signature == SIGNATURE_fill && strncmp(kernels[i].name, "init_", 5) == 0 &&
        !is_sleef(kernels[i].name))
      names[count++] = kernels[i].name + 5;
  return parse_unknown("--inits", name, names, count, error);
}

/* What the kernels take for granted. */
static bool check_distribution(const struct initializer_choice *choice, struct error *error) {
  const struct parameters p = choice->p;
  switch (choice->kernel - kernels) {
  case KERNEL_init_uniform:
    return p.a <= p.b || error_set(error, "--inits=%s: the interval is empty; write uniform(low,high)", choice->text);
  case KERNEL_init_sparse:
    if (!(p.a >= 0 && p.a <= 1))
      return error_set(error, "--inits=%s: a share of zeros lies between 0 and 1", choice->text);
    break;
  case KERNEL_init_trunc_normal:
    if (!(p.c < p.d))
      return error_set(error, "--inits=%s: the interval is empty; write trunc_normal(mean,std,low,high)", choice->text);
    return p.b > 0 || error_set(error, "--inits=%s: the standard deviation must be positive", choice->text);
  case KERNEL_init_normal:
  case KERNEL_init_truncated_normal: break;
  default: return true;
  }
  return p.b >= 0 || error_set(error, "--inits=%s: a standard deviation cannot be negative", choice->text);
}

bool choose_initializer(const char *text, struct initializer_choice *choice, struct error *error) {
  const char *what = "--inits";
  const size_t length = strcspn(text, "(");
  *choice = (struct initializer_choice){0};
  if (!copy_text(text, what, choice->text, sizeof choice->text, error)) return false;
  choice->fan_in_uniform = length == strlen("uniform_fan_in") && strncmp(text, "uniform_fan_in", length) == 0;
  choice->kernel = choice->fan_in_uniform ? kernel_find("init_uniform") : find_joined("init_", text, length, "");
  if (!choice->kernel || choice->kernel->signature != SIGNATURE_fill) return unknown_initializer(text, error);
  choice->p = choice->kernel->defaults;
  const int expected = choice->fan_in_uniform ? 0 : parameter_count(choice->p);
  if (!read_parameters(text, what, expected, &choice->p, error)) return false;
  return check_distribution(choice, error);
}

static bool unknown_activation(const char *name, struct error *error) {
  static const char suffix[] = "_forward";
  char known[KERNEL_COUNT][LIST_ITEM];
  const char *names[KERNEL_COUNT];
  size_t count = 0;
  for (size_t i = 0; i < KERNEL_COUNT; i++) {
    const size_t length = strlen(kernels[i].name), stem = length - strlen(suffix);
    if (kernels[i].signature != SIGNATURE_map || length <= strlen(suffix) ||
        strcmp(kernels[i].name + stem, suffix) != 0 || !find_joined("", kernels[i].name, stem, "_backward"))
      continue;
    snprintf(known[count], sizeof known[count], "%.*s", (int)stem, kernels[i].name);
    names[count] = known[count];
    count++;
  }
  return parse_unknown("--activations", name, names, count, error);
}

bool choose_activation(const char *text, struct activation_choice *choice, struct error *error) {
  const char *what = "--activations";
  const size_t length = strcspn(text, "(");
  *choice = (struct activation_choice){0};
  if (!copy_text(text, what, choice->text, sizeof choice->text, error)) return false;
  choice->forward = find_joined("", text, length, "_forward");
  choice->backward = find_joined("", text, length, "_backward");
  if (!choice->forward || choice->forward->signature != SIGNATURE_map || !choice->backward ||
      choice->backward->signature != SIGNATURE_backward)
    return unknown_activation(text, error);
  choice->p = choice->forward->defaults;
  return read_parameters(text, what, parameter_count(choice->p), &choice->p, error);
}
