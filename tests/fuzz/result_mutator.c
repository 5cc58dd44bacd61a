/* Changes inputs of the fuzzer as JSON, so that most stay documents whose members are looked at: a member's value
 * becomes another one, or another member's, members come twice as often, or go. What is no JSON is changed by bytes. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

static size_t below(unsigned *seed, size_t n) { return (size_t)rand_r(seed) % n; }

/* One of the document's containers that is not empty, at a depth that is drawn. */
static json_t *draw_container(json_t *at, unsigned *seed) {
  for (;;) {
    json_t *inner = NULL;
    size_t seen = 0;
    if (json_is_array(at)) {
      const size_t count = json_array_size(at);
      inner = count ? json_array_get(at, below(seed, count)) : NULL;
    } else {
      const char *name;
      json_t *value;
      json_object_foreach(at, name, value) if (below(seed, ++seen) == 0) inner = value;
    }
    const bool deeper =
        (json_is_object(inner) && json_object_size(inner)) || (json_is_array(inner) && json_array_size(inner));
    if (!deeper || below(seed, 4) == 0) return at;
    at = inner;
  }
}

static json_t *draw_value(const json_t *old, unsigned *seed) {
  static const double reals[] = {0, -0.0, 0.5, -1, 1e308, -1e-320, 9007199254740993.0};
  static const json_int_t integers[] = {0, 1, -1, 2, 127, 2147483647, 2147483648, INT64_MAX, INT64_MIN};
  static const char *const texts[] = {"", "a", "iteration", "aggregate", "ns", "\xc3\xa9", "\x1b[0m\n", "%s%n", "0"};
  char text[300];
  switch (below(seed, 9)) {
  case 0: return json_null();
  case 1: return json_boolean(below(seed, 2));
  case 2: return json_real(reals[below(seed, 7)]);
  case 3: return json_integer(integers[below(seed, 9)]);
  case 4: return json_string(texts[below(seed, 9)]);
  case 5: memset(text, 'x', sizeof text); return json_stringn(text, below(seed, sizeof text));
  case 6: return json_array();
  case 7: return json_object();
  default:
    return json_is_number(old) ? json_real(json_number_value(old) * ((double)below(seed, 400) / 100 - 2))
                               : json_deep_copy(old);
  }
}

static void change_array(json_t *array, json_t *root, unsigned *seed) {
  const size_t i = below(seed, json_array_size(array));
  json_t *element = json_array_get(array, i);
  switch (below(seed, 4)) {
  case 0: json_array_remove(array, i); break;
  case 1: json_array_insert_new(array, below(seed, i + 1), json_deep_copy(element)); break;
  case 2: json_array_set_new(array, i, json_deep_copy(draw_container(root, seed))); break;
  default: json_array_set_new(array, i, draw_value(element, seed)); break;
  }
}

static void change_object(json_t *object, json_t *root, unsigned *seed) {
  const char *name = NULL, *one, *other = NULL;
  json_t *value;
  size_t seen = 0;
  json_object_foreach(object, one, value) {
    if (below(seed, ++seen) == 0) name = one;
    if (below(seed, seen) == 0) other = one;
  }
  char kept[128];
  snprintf(kept, sizeof kept, "%s", name); /* the name goes with the member */
  value = json_object_get(object, name);
  switch (below(seed, 6)) {
  case 0: json_object_del(object, name); break;
  case 1: json_object_set_new(object, kept, json_deep_copy(json_object_get(object, other))); break;
  case 2: json_object_set_new(object, kept, json_deep_copy(draw_container(root, seed))); break;
  default: json_object_set_new(object, kept, draw_value(value, seed)); break;
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed) {
  json_t *root = below(&seed, 8) ? json_loadb((const char *)data, size, 0, NULL) : NULL;
  if (!root) return LLVMFuzzerMutate(data, size, room);
  for (size_t changes = 1 + below(&seed, 3); changes; changes--) {
    json_t *at = draw_container(root, &seed);
    if (json_is_array(at) && json_array_size(at)) change_array(at, root, &seed);
    if (json_is_object(at) && json_object_size(at)) change_object(at, root, &seed);
  }
  const size_t length = json_dumpb(root, (char *)data, room, JSON_COMPACT);
  json_decref(root);
  return length <= room ? length : LLVMFuzzerMutate(data, size, room);
}
