#include "tools/predict_facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *grown(void *array, size_t count, size_t size) {
  array = realloc(array, (count + 1) * size);
  if (!array) abort();
  memset((char *)array + count * size, 0, size);
  return array;
}

/* A word of the line, cut off; NULL at its end. */
static char *next_word(char **line) {
  *line += strspn(*line, " ");
  char *word = **line ? strsep(line, " ") : NULL;
  if (!*line) *line = word + strlen(word);
  return word;
}

static bool take_text(char **line, char *text, size_t size) {
  const char *word = next_word(line);
  if (!word || strlen(word) >= size) return false;
  strcpy(text, word);
  return true;
}

static void take_rest(const char *line, char *text, size_t size) {
  snprintf(text, size, "%.*s", (int)size - 1, line + strspn(line, " "));
}

static bool number_from(const char *word, double *number) {
  char *end;
  *number = strtod(word, &end);
  return end != word && *end == '\0' && isfinite(*number);
}

static bool take_number(char **line, double *number) {
  const char *word = next_word(line);
  return word && number_from(word, number);
}

/* Numbers between commas; "-": none. "?" stands for one that nobody knows, NAN. */
static bool take_list(char **line, double *numbers, size_t most, size_t *count) {
  char *list = next_word(line);
  *count = 0;
  if (!list) return false;
  if (strcmp(list, "-") == 0) return true;
  for (char *word; (word = strsep(&list, ",")) != NULL;) {
    double number = NAN;
    if (strcmp(word, "?") != 0 && !number_from(word, &number)) return false;
    if (*count < most) numbers[(*count)++] = number;
  }
  return true;
}

/* The one pace of all streams. */
static bool take_pace(char **line, double *pace) {
  double paces[2] = {0, 0};
  size_t count;
  if (!take_list(line, paces, 2, &count)) return false;
  *pace = count > 1 ? NAN : paces[0];
  return true;
}

static bool read_loop(struct loop *loop, const char *kind, char *line) {
  if (!take_text(&line, loop->arch, sizeof loop->arch) || !take_text(&line, loop->function, sizeof loop->function))
    return false;
  if (strcmp(kind, "none") == 0) {
    take_rest(line, loop->reason, sizeof loop->reason);
    return loop->reason[0] != '\0';
  }
  if (strcmp(kind, "calls") == 0) {
    if (!take_text(&line, loop->callee, sizeof loop->callee)) return false;
    if (!next_word(&line)) return true;
    loop->callee[0] = '\0';
    strcpy(loop->reason, "leaves its work to several functions");
    return true;
  }
  return take_number(&line, &loop->stored) && take_pace(&line, &loop->stored_pace) &&
         take_number(&line, &loop->loaded) && take_pace(&line, &loop->loaded_pace) &&
         take_list(&line, loop->counters, COUNTERS_MOST, &loop->counter_count) && take_number(&line, &loop->fmas) &&
         take_number(&line, &loop->products) && take_number(&line, &loop->instructions);
}

static bool read_speed(struct speed *speed, const char *kind, char *line) {
  if (!take_text(&line, speed->arch, sizeof speed->arch) || !take_text(&line, speed->model, sizeof speed->model) ||
      !take_text(&line, speed->function, sizeof speed->function))
    return false;
  if (strcmp(kind, "cannot") == 0) {
    speed->cycles = NAN;
    take_rest(line, speed->reason, sizeof speed->reason);
    return true;
  }
  return take_number(&line, &speed->cycles) && speed->cycles > 0 &&
         take_text(&line, speed->resource, sizeof speed->resource) && take_number(&line, &speed->busy) &&
         take_number(&line, &speed->dispatch);
}

static bool read_line(struct facts *facts, char *line) {
  const char *kind = next_word(&line);
  if (!kind) return true;
  if (strcmp(kind, "object") == 0) {
    facts->objects = grown(facts->objects, facts->object_count, sizeof *facts->objects);
    struct object *object = &facts->objects[facts->object_count++];
    const bool fine = take_text(&line, object->arch, sizeof object->arch);
    take_rest(line, object->compiler, sizeof object->compiler);
    return fine;
  }
  if (strcmp(kind, "model") == 0 || strcmp(kind, "unknown") == 0) {
    facts->models = grown(facts->models, facts->model_count, sizeof *facts->models);
    struct model *model = &facts->models[facts->model_count++];
    model->known = strcmp(kind, "model") == 0;
    return take_text(&line, model->arch, sizeof model->arch) && take_text(&line, model->name, sizeof model->name);
  }
  if (strcmp(kind, "loop") == 0 || strcmp(kind, "calls") == 0 || strcmp(kind, "none") == 0) {
    facts->loops = grown(facts->loops, facts->loop_count, sizeof *facts->loops);
    return read_loop(&facts->loops[facts->loop_count++], kind, line);
  }
  if (strcmp(kind, "cycles") == 0 || strcmp(kind, "cannot") == 0) {
    facts->speeds = grown(facts->speeds, facts->speed_count, sizeof *facts->speeds);
    return read_speed(&facts->speeds[facts->speed_count++], kind, line);
  }
  return false;
}

bool facts_read(struct facts *facts, FILE *from, const char *name, struct error *error) {
  char *line = NULL;
  size_t size = 0, number = 0;
  bool fine = true;
  *facts = (struct facts){0};
  while (fine && getline(&line, &size, from) >= 0) {
    line[strcspn(line, "\n")] = '\0';
    number++;
    char *copy = strdup(line);
    if (!copy) abort();
    fine = read_line(facts, line);
    if (!fine) error_set(error, "%s:%zu: \"%.100s\" is no line that tools/predict writes", name, number, copy);
    free(copy);
  }
  if (fine && ferror(from)) fine = error_set(error, "%s cannot be read", name);
  free(line);
  return fine;
}

void facts_free(struct facts *facts) {
  free(facts->objects);
  free(facts->loops);
  free(facts->speeds);
  free(facts->models);
  *facts = (struct facts){0};
}

const struct loop *facts_loop(const struct facts *facts, const char *arch, const char *function) {
  const struct loop *found = NULL;
  for (size_t i = 0; i < facts->loop_count; i++) {
    const struct loop *loop = &facts->loops[i];
    if (strcmp(loop->arch, arch) != 0 || strcmp(loop->function, function) != 0) continue;
    if (!found || (found->reason[0] && !loop->reason[0])) found = loop;
  }
  return found;
}

const struct speed *facts_speed(const struct facts *facts, const char *arch, const char *model, const char *function) {
  for (size_t i = 0; i < facts->speed_count; i++) {
    const struct speed *speed = &facts->speeds[i];
    if (strcmp(speed->function, function) == 0 && strcmp(speed->model, model) == 0 && strcmp(speed->arch, arch) == 0)
      return speed;
  }
  return NULL;
}
