#include "tests/html_check.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/support.h"

#define DEPTH_MOST 64
#define NAME 24

struct walk {
  char open[DEPTH_MOST][NAME];
  size_t depth, charts;
  int heading;
  const char *page;
};

static bool is_void(const char *name) {
  return strcmp(name, "meta") == 0 || strcmp(name, "link") == 0 || strcmp(name, "!doctype") == 0;
}

static const char *read_name(const char *at, char name[NAME]) {
  size_t length = 0;
  while (isalnum((unsigned char)*at) || *at == '!') {
    assert_true(length < NAME - 1);
    name[length++] = *at++;
  }
  name[length] = '\0';
  assert_true(length > 0);
  return at;
}

size_t html_count(const char *page, const char *text) {
  size_t count = 0;
  for (const char *at = page; (at = strstr(at, text)); at += strlen(text)) count++;
  return count;
}

static void check_attribute(struct walk *walk, const char *name, size_t length, const char *value, size_t size) {
  char whole[256];
  if (length != 2 || strncmp(name, "id", 2) != 0) return;
  snprintf(whole, sizeof whole, " id=\"%.*s\"", (int)size, value);
  assert_int_equal(html_count(walk->page, whole), 1);
}

/* Behind the name of a tag up to behind its ">". */
static const char *read_attributes(struct walk *walk, const char *at) {
  while (*at != '>') {
    if (isspace((unsigned char)*at)) {
      at++;
      continue;
    }
    const char *name = at;
    while (isalnum((unsigned char)*at) || *at == '-') at++;
    const size_t length = (size_t)(at - name);
    assert_true(length > 0);
    if (*at != '=') continue;
    assert_int_equal(at[1], '"');
    const char *value = at + 2, *end = strchr(value, '"');
    assert_non_null(end);
    for (const char *c = value; c < end; c++) assert_true(*c != '<');
    check_attribute(walk, name, length, value, (size_t)(end - value));
    at = end + 1;
  }
  return at + 1;
}

static void check_heading(struct walk *walk, const char *name) {
  if (name[0] != 'h' || !isdigit((unsigned char)name[1])) return;
  const int level = name[1] - '0';
  assert_true(level <= walk->heading + 1);
  walk->heading = level;
}

/* What stands in a script or style element; to behind its end tag. */
static const char *read_raw(struct walk *walk, const char *name, const char *tag, const char *at) {
  char end_tag[NAME + 4];
  snprintf(end_tag, sizeof end_tag, "</%s>", name);
  const char *end = strstr(at, end_tag);
  assert_non_null(end);
  if (strncmp(tag, "<script type=\"application/json\"", 31) == 0) {
    json_error_t error;
    json_t *data = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, &error);
    assert_non_null(data);
    assert_true(json_is_string(json_object_get(data, "kind")));
    json_decref(data);
    for (const char *c = at; c < end; c++) assert_true(*c != '<');
    walk->charts++;
  }
  walk->depth--;
  return end + strlen(end_tag);
}

size_t html_check(const char *page) {
  struct walk walk = {.page = page};
  const char *at = page;
  while ((at = strchr(at, '<'))) {
    char name[NAME];
    const char *tag = at;
    const bool closes = at[1] == '/';
    at = read_name(at + 1 + closes, name);
    if (closes) {
      assert_int_equal(*at, '>');
      assert_true(walk.depth > 0);
      assert_string_equal(walk.open[--walk.depth], name);
      continue;
    }
    check_heading(&walk, name);
    at = read_attributes(&walk, at);
    if (is_void(name)) continue;
    assert_true(walk.depth < DEPTH_MOST);
    strcpy(walk.open[walk.depth++], name);
    if (strcmp(name, "script") == 0 || strcmp(name, "style") == 0) at = read_raw(&walk, name, tag, at);
  }
  assert_int_equal(walk.depth, 0);
  assert_int_equal(html_count(page, "<figure class=\"chart\""), walk.charts);
  return walk.charts;
}

/* The text of the column-th cell of the row that begins at row. */
static const char *cell_of(const char *row, size_t column, char *text, size_t size) {
  const char *at = row, *end = row + strlen(row);
  for (size_t i = 0; i <= column; i++) {
    at = strstr(i ? at + 1 : at, "<td");
    if (!at || at > end) return NULL;
  }
  const char *begin = strchr(at, '>') + 1;
  snprintf(text, size, "%.*s", (int)(strstr(begin, "</td>") - begin), begin);
  return text;
}

const char *html_cell(const char *page, const char *section, const char *first, const char *second, size_t column) {
  static char text[512];
  char start[64], one[512], two[512];
  snprintf(start, sizeof start, "<section id=\"%s\"", section);
  const char *at = strstr(page, start);
  const char *end = at ? strstr(at, "</section>") : NULL;
  while (at && (at = strstr(at + 1, "<tr><td")) && at < end) {
    const char *stop = strstr(at, "</tr>");
    char row[4096];
    snprintf(row, sizeof row, "%.*s", (int)(stop - at), at);
    if (!cell_of(row, 0, one, sizeof one) || strcmp(one, first) != 0) continue;
    if (second && (!cell_of(row, 1, two, sizeof two) || strcmp(two, second) != 0)) continue;
    return cell_of(row, column, text, sizeof text);
  }
  return NULL;
}
