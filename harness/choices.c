#include "harness/choices.h"

#include <float.h>
#include <string.h>

#include "harness/parse.h"

/* How many parameters a kernel takes: those that have a default. */
static int parameter_count(struct parameters defaults) {
  return defaults.d != 0 ? 4 : defaults.c != 0 ? 3 : defaults.b != 0 ? 2 : defaults.a != 0 ? 1 : 0;
}

/* Copies what stands in the parentheses of "name(1,2)" to inside; *given says whether there are any. */
static bool split_parameters(const char *text, const char *what, int expected, char inside[LIST_ITEM], bool *given,
                             struct error *error) {
  const char *open = strchr(text, '(');
  *given = open;
  if (!open) return true;
  const size_t length = strlen(open);
  if (open[length - 1] != ')' || length - 2 >= LIST_ITEM)
    return error_set(error, "%s=%s: parameters are written like normal(0,1)", what, text);
  memcpy(inside, open + 1, length - 2);
  inside[length - 2] = '\0';
  if (expected == 0) return error_set(error, "%s=%s: %.*s takes no parameters", what, text, (int)(open - text), text);
  int count = 1;
  for (const char *c = inside; *c; c++) count += *c == ',';
  return count <= expected || error_set(error, "%s=%s: %.*s takes at most %d parameter%s", what, text,
                                        (int)(open - text), text, expected, expected > 1 ? "s" : "");
}

/* The next item of a list, without the blanks around it. */
static char *next_item(char **rest) {
  char *item = strsep(rest, ",");
  item += strspn(item, " ");
  for (size_t length = strlen(item); length > 0 && item[length - 1] == ' ';) item[--length] = '\0';
  return item;
}

static bool read_number(const char *item, const char *text, const char *what, double *value, struct error *error) {
  struct error inner;
  if (parse_real(item, what, -FLT_MAX, FLT_MAX, value, &inner)) return true;
  return error_set(error, "%s=%s: \"%s\" is not a number that a float can hold", what, text, item);
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

/* ---- initializers ----------------------------------------------------------------------------------------------- */

#define NAMES_MOST 64

/* Appends the names of all initializers. */
static size_t initializer_names(const char *names[NAMES_MOST], size_t count) {
  for (size_t i = 0; i < initializer_count && count < NAMES_MOST; i++) names[count++] = initializers[i].name;
  return count;
}

static bool unknown_initializer(const char *name, struct error *error) {
  const char *names[NAMES_MOST];
  return parse_unknown("--inits", name, names, initializer_names(names, 0), error);
}

static bool read_word(const char *item, const char *text, enum argument_kind kind, double *value, struct error *error) {
  static const char *const kinds[] = {
      [ARGUMENT_MODE] = "mode", [ARGUMENT_DISTRIBUTION] = "distribution", [ARGUMENT_NONLINEARITY] = "nonlinearity"};
  size_t count;
  const char *const *words = initializer_words(kind, &count);
  for (size_t i = 0; i < count; i++)
    if (strcmp(item, words[i]) == 0) {
      *value = (double)i;
      return true;
    }
  char place[2 * LIST_ITEM];
  snprintf(place, sizeof place, "--inits=%s: %s", text, kinds[kind]);
  return parse_unknown(place, item, words, count, error);
}

static int argument_count(const struct initializer *initializer) {
  int count = 0;
  while (count < INITIALIZER_ARGUMENTS && initializer->arguments[count] != ARGUMENT_NONE) count++;
  return count;
}

bool choose_initializer(const char *text, struct initializer_choice *choice, struct error *error) {
  const char *what = "--inits";
  char inside[LIST_ITEM];
  bool given;
  *choice = (struct initializer_choice){0};
  if (!copy_text(text, what, choice->text, sizeof choice->text, error)) return false;
  const struct initializer *initializer = initializer_find(text, strcspn(text, "("));
  if (!initializer) return unknown_initializer(text, error);
  choice->initializer = initializer;
  memcpy(choice->arguments, initializer->standard, sizeof choice->arguments);
  if (!split_parameters(text, what, argument_count(initializer), inside, &given, error)) return false;
  char *rest = given ? inside : NULL;
  for (int i = 0; rest; i++) {
    const char *item = next_item(&rest);
    const enum argument_kind kind = initializer->arguments[i];
    double *to = &choice->arguments[i];
    if (!(kind == ARGUMENT_NUMBER ? read_number(item, text, what, to, error) : read_word(item, text, kind, to, error)))
      return false;
  }
  return initializer_check(choice, error);
}

/* ---- activations ------------------------------------------------------------------------------------------------ */

typedef char activation_name[LIST_ITEM];

/* The names of all activations. */
static size_t activation_names(activation_name names[NAMES_MOST]) {
  static const char suffix[] = "_forward";
  size_t count = 0;
  for (size_t i = 0; i < KERNEL_COUNT && count < NAMES_MOST; i++) {
    const size_t length = strlen(kernels[i].name), stem = length - strlen(suffix);
    if (kernels[i].signature != SIGNATURE_map || length <= strlen(suffix) ||
        strcmp(kernels[i].name + stem, suffix) != 0 || !find_joined("", kernels[i].name, stem, "_backward"))
      continue;
    snprintf(names[count++], LIST_ITEM, "%.*s", (int)stem, kernels[i].name);
  }
  return count;
}

/* Appends the names of all activations, which are kept in `kept`. */
static size_t list_activations(activation_name kept[NAMES_MOST], const char *names[NAMES_MOST], size_t count) {
  const size_t found = activation_names(kept);
  for (size_t i = 0; i < found && count < NAMES_MOST; i++) names[count++] = kept[i];
  return count;
}

static bool unknown_activation(const char *name, struct error *error) {
  activation_name kept[NAMES_MOST];
  const char *names[NAMES_MOST];
  return parse_unknown("--activations", name, names, list_activations(kept, names, 0), error);
}

/* What the kernels assume of an activation's parameters. */
static const struct condition {
  const char *activation, *parameter;
  enum { POSITIVE, ORDERED } kind; /* a > 0, or a <= b */
} conditions[] = {
    {"silu", "beta", POSITIVE},           {"softplus", "beta", POSITIVE},         {"celu", "alpha", POSITIVE},
    {"relu6", "the upper end", POSITIVE}, {"hard_sigmoid", "a", POSITIVE},        {"hard_sigmoid2", "a", POSITIVE},
    {"hard_swish", "a", POSITIVE},        {"hard_tanh", "the interval", ORDERED},
};

/* Beyond, products of the kernels leave what a float can hold. */
#define POSITIVE_LEAST 1e-6f
#define POSITIVE_MOST 1e6f

static bool check_parameters(const char *text, size_t length, struct parameters p, struct error *error) {
  for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
    const struct condition *c = &conditions[i];
    if (strlen(c->activation) != length || strncmp(c->activation, text, length) != 0) continue;
    if (c->kind == ORDERED && !(p.a <= p.b))
      return error_set(error, "--activations=%s: %s is empty; write %s(low,high)", text, c->parameter, c->activation);
    if (c->kind == POSITIVE && !(p.a >= POSITIVE_LEAST && p.a <= POSITIVE_MOST))
      return error_set(error, "--activations=%s: %s must be positive, from %g to %g", text, c->parameter,
                       (double)POSITIVE_LEAST, (double)POSITIVE_MOST);
  }
  return true;
}

bool choose_activation(const char *text, struct activation_choice *choice, struct error *error) {
  const char *what = "--activations";
  const size_t length = strcspn(text, "(");
  char inside[LIST_ITEM];
  bool given;
  *choice = (struct activation_choice){0};
  if (!copy_text(text, what, choice->text, sizeof choice->text, error)) return false;
  choice->forward = find_joined("", text, length, "_forward");
  choice->backward = find_joined("", text, length, "_backward");
  if (!choice->forward || choice->forward->signature != SIGNATURE_map || !choice->backward ||
      choice->backward->signature != SIGNATURE_backward)
    return unknown_activation(text, error);
  choice->p = choice->forward->defaults;
  if (!split_parameters(text, what, parameter_count(choice->p), inside, &given, error)) return false;
  float *const slots[] = {&choice->p.a, &choice->p.b, &choice->p.c, &choice->p.d};
  char *rest = given ? inside : NULL;
  for (int i = 0; rest; i++) {
    double value;
    if (!read_number(next_item(&rest), text, what, &value, error)) return false;
    *slots[i] = (float)value;
  }
  return check_parameters(text, length, choice->p, error);
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

bool choose_either(const char *text, struct initializer_choice *initializer, struct activation_choice *activation,
                   bool *is_activation, struct error *error) {
  const size_t length = strcspn(text, "(");
  *is_activation = find_joined("", text, length, "_backward");
  if (*is_activation) return choose_activation(text, activation, error);
  if (initializer_find(text, length)) return choose_initializer(text, initializer, error);
  activation_name kept[NAMES_MOST];
  const char *names[NAMES_MOST];
  return parse_unknown("activation or initializer", text, names,
                       initializer_names(names, list_activations(kept, names, 0)), error);
}

size_t choose_all_initializers(struct initializer_choice *choices, size_t most) {
  struct error error;
  size_t count = 0;
  for (size_t i = 0; i < initializer_count && count < most; i++)
    count += choose_initializer(initializers[i].name, &choices[count], &error);
  return count;
}

size_t choose_all_activations(struct activation_choice *choices, size_t most) {
  activation_name names[NAMES_MOST];
  struct error error;
  const size_t found = activation_names(names);
  size_t count = 0;
  for (size_t i = 0; i < found && count < most; i++) count += choose_activation(names[i], &choices[count], &error);
  return count;
}
