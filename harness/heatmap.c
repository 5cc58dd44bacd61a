#include "harness/heatmap.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LINE 80
#define CELL 3      /* columns of a cell whose name stands above it at the end of a line */
#define BLOCK 16    /* columns of cells in a block */
#define ROW_NAME 24 /* at least as long a name of a row stays whole; longer ones may have to be cut */
#define COLUMN_NAME 30

static const struct heatmap_mark no_value = {'-', HEAT_NONE, "no value"};

/* Where everything stands. */
struct layout {
  size_t rows;    /* columns of the rows' names */
  size_t columns; /* of the columns' names */
  size_t cell;
  size_t block;  /* columns of cells in a block */
  bool straight; /* columns' names stand side by side in one line */
};

struct letter {
  char text;
  enum heat heat;
};

static struct letter letter_of(const struct heatmap *map, const struct heatmap_cell *cell) {
  if (cell->mark) {
    for (size_t i = 0; i < map->mark_count; i++)
      if (map->marks[i].letter == cell->mark) return (struct letter){cell->mark, map->marks[i].heat};
    assert(!"a mark that the map does not have");
  }
  if (isnan(cell->value)) return (struct letter){no_value.letter, no_value.heat};
  size_t class = 0;
  while (class + 1 < map->class_count && cell->value >= map->classes[class + 1].from) class ++;
  return (struct letter){map->classes[class].letter, map->classes[class].heat};
}

static bool has_letter(const struct heatmap *map, char letter) {
  for (size_t i = 0; i < map->row_count * map->column_count; i++)
    if (letter_of(map, &map->cells[i]).text == letter) return true;
  return false;
}

/* Ground and letter, of the 256-colour palette. */
static void begin_heat(FILE *out, enum heat heat) {
  static const struct {
    int ground, letter;
  } colors[] = {[HEAT_COLDEST] = {18, 231}, [HEAT_COLDER] = {26, 231},  [HEAT_COLD] = {74, 16},
                [HEAT_COOL] = {153, 16},    [HEAT_LEVEL] = {254, 16},   [HEAT_WARM] = {223, 16},
                [HEAT_HOT] = {209, 16},     [HEAT_HOTTER] = {160, 231}, [HEAT_HOTTEST] = {88, 231}};
  if (heat != HEAT_NONE) fprintf(out, "\033[48;5;%d;38;5;%dm", colors[heat].ground, colors[heat].letter);
}

static void end_heat(FILE *out, enum heat heat) {
  if (heat != HEAT_NONE) fputs("\033[0m", out);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static size_t longest(const char *const *names, size_t count) {
  size_t most = 0;
  for (size_t i = 0; i < count; i++)
    if (strlen(names[i]) > most) most = strlen(names[i]);
  return most;
}

/* How many of the first `end` names are longer than room: the number of the last one's footnote. */
static size_t cut_names(const char *const *names, size_t end, size_t room) {
  size_t count = 0;
  for (size_t i = 0; i < end; i++) count += strlen(names[i]) > room;
  return count;
}

/* The name, or its beginning and the number of its footnote. */
static void short_name(char text[static LINE], const char *name, size_t room, size_t footnote) {
  char end[32] = "";
  if (strlen(name) > room) snprintf(end, sizeof end, "..[%zu]", footnote);
  snprintf(text, LINE, "%.*s%s", (int)(room - strlen(end)), name, end);
}

static void row_name(char text[static LINE], const struct heatmap *map, size_t row, const struct layout *layout) {
  short_name(text, map->rows[row], layout->rows, cut_names(map->rows, row + 1, layout->rows));
}

static void column_name(char text[static LINE], const struct heatmap *map, size_t column, const struct layout *layout) {
  short_name(text, map->columns[column], layout->columns,
             cut_names(map->rows, map->row_count, layout->rows) + cut_names(map->columns, column + 1, layout->columns));
}

static void print_footnotes(FILE *out, const char *const *names, size_t count, size_t room, size_t before) {
  for (size_t i = 0; i < count; i++)
    if (strlen(names[i]) > room) fprintf(out, "[%zu] %s\n", ++before, names[i]);
}

/* ---- layout ----------------------------------------------------------------------------------------------------- */

/* Whether every name has room, and every cell. */
static bool fits(const struct heatmap *map, size_t rows, size_t columns, size_t block) {
  for (size_t c = 0; c < map->column_count; c++) {
    const size_t name = strlen(map->columns[c]), begin = rows + 1 + CELL * (c % block);
    if (begin + 1 + (name < columns ? name : columns) > LINE || begin + CELL > LINE) return false;
  }
  return true;
}

/* How many blocks of equal width are needed beside names of rows of that length; SIZE_MAX: none is narrow enough. */
static size_t count_blocks(const struct heatmap *map, size_t rows, size_t columns) {
  for (size_t count = 1; count <= map->column_count; count++) {
    const size_t block = (map->column_count + count - 1) / count;
    if (block <= BLOCK && fits(map, rows, columns, block)) return count;
  }
  return SIZE_MAX;
}

/* Names of columns in one line where they have room, else one above the other; names of rows are cut only if that saves
 * a block. */
static struct layout choose_layout(const struct heatmap *map) {
  struct layout layout = {
      .rows = longest(map->rows, map->row_count), .columns = longest(map->columns, map->column_count), .cell = CELL};
  if (layout.rows < strlen(map->rows_name)) layout.rows = strlen(map->rows_name);
  const size_t wide = layout.columns + 2 > CELL ? layout.columns + 2 : CELL;
  if (layout.rows + 1 + map->column_count * wide <= LINE) {
    layout.cell = wide, layout.block = map->column_count, layout.straight = true;
    return layout;
  }
  if (layout.columns > COLUMN_NAME) layout.columns = COLUMN_NAME;
  const size_t fewest = count_blocks(map, ROW_NAME, layout.columns);
  while (layout.rows > ROW_NAME && count_blocks(map, layout.rows, layout.columns) > fewest) layout.rows--;
  layout.block = (map->column_count + fewest - 1) / fewest;
  return layout;
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

static void print_straight_names(FILE *out, const struct heatmap *map, const struct layout *layout) {
  char line[2 * LINE];
  size_t length = (size_t)snprintf(line, sizeof line, "%-*s", (int)layout->rows + 1, map->rows_name);
  for (size_t c = 0; c < map->column_count; c++) {
    const size_t name = strlen(map->columns[c]), left = (layout->cell - name) / 2;
    length += (size_t)snprintf(line + length, sizeof line - length, "%*s%s%*s", (int)left, "", map->columns[c],
                               (int)(layout->cell - name - left), "");
  }
  while (length > 0 && line[length - 1] == ' ') length--;
  fprintf(out, "%.*s\n", (int)length, line);
}

/* Each name begins above its cells; a bar leads down to them. */
static void print_stairs(FILE *out, const struct heatmap *map, const struct layout *layout, size_t first, size_t end) {
  for (size_t step = first; step < end; step++) {
    char name[LINE];
    column_name(name, map, step, layout);
    fprintf(out, "%-*.*s", (int)layout->rows + 1, (int)layout->rows, step + 1 == end ? map->rows_name : "");
    for (size_t c = first; c < step; c++) fputs(" | ", out);
    fprintf(out, " %s\n", name);
  }
}

static void print_cells(FILE *out, const struct heatmap *map, const struct layout *layout, size_t row, size_t first,
                        size_t end, bool color) {
  char name[LINE];
  row_name(name, map, row, layout);
  fprintf(out, "%-*s ", (int)layout->rows, name);
  const int left = (int)(layout->cell - 1) / 2, right = (int)layout->cell - 1 - left;
  for (size_t c = first; c < end; c++) {
    const struct letter letter = letter_of(map, &map->cells[row * map->column_count + c]);
    if (color) begin_heat(out, letter.heat);
    fprintf(out, "%*s%c%*s", left, "", letter.text, c + 1 == end && !(color && letter.heat) ? 0 : right, "");
    if (color) end_heat(out, letter.heat);
  }
  fputc('\n', out);
}

static void print_table(FILE *out, const struct heatmap *map) {
  fprintf(out, "| %s |", map->rows_name);
  for (size_t c = 0; c < map->column_count; c++) fprintf(out, " %s |", map->columns[c]);
  fputs("\n| --- |", out);
  for (size_t c = 0; c < map->column_count; c++) fputs(" :---: |", out);
  fputc('\n', out);
  for (size_t r = 0; r < map->row_count; r++) {
    fprintf(out, "| %s |", map->rows[r]);
    for (size_t c = 0; c < map->column_count; c++)
      fprintf(out, " %c |", letter_of(map, &map->cells[r * map->column_count + c]).text);
    fputc('\n', out);
  }
  fputc('\n', out);
}

/* ---- key -------------------------------------------------------------------------------------------------------- */

struct key {
  FILE *out;
  struct style style;
  size_t column;
};

/* Entries stay whole: what has no room in the line begins another one. */
static void print_entry(struct key *key, struct letter letter, const char *text) {
  const bool color = key->style.color && !key->style.markdown;
  const size_t length = (color || key->style.markdown ? 4 : 2) + strlen(text);
  if (key->column > 0 && key->column + 3 + length > LINE) {
    fputc('\n', key->out);
    key->column = 0;
  }
  if (key->column > 0) key->column += (size_t)fprintf(key->out, "   ");
  if (color) {
    begin_heat(key->out, letter.heat);
    fprintf(key->out, " %c ", letter.text);
    end_heat(key->out, letter.heat);
  } else {
    fprintf(key->out, key->style.markdown ? "`%c`" : "%c", letter.text);
  }
  fprintf(key->out, " %s", text);
  key->column += length;
}

static void class_text(char text[static LINE], const struct heatmap *map, size_t i) {
  const struct heatmap_class *const class = &map->classes[i];
  const char *const meaning = class->meaning ? class->meaning : "", *const comma = class->meaning ? ", " : "";
  if (map->class_count == 1)
    snprintf(text, LINE, "%s", class->meaning ? meaning : "any");
  else if (i == 0)
    snprintf(text, LINE, "%s%sbelow %+g", meaning, comma, map->classes[1].from);
  else if (i + 1 == map->class_count)
    snprintf(text, LINE, "%s%sfrom %+g", meaning, comma, class->from);
  else
    snprintf(text, LINE, "%s%s%+g to %+g", meaning, comma, class->from, map->classes[i + 1].from);
}

static void print_key(FILE *out, const struct heatmap *map, struct style style) {
  struct key key = {.out = out, .style = style};
  fprintf(out, "%s:\n", map->value);
  for (size_t i = 0; i < map->class_count; i++) {
    char text[LINE];
    class_text(text, map, i);
    print_entry(&key, (struct letter){map->classes[i].letter, map->classes[i].heat}, text);
  }
  fputc('\n', out);
  key.column = 0;
  for (size_t i = 0; i < map->mark_count; i++)
    if (has_letter(map, map->marks[i].letter))
      print_entry(&key, (struct letter){map->marks[i].letter, map->marks[i].heat}, map->marks[i].meaning);
  if (has_letter(map, no_value.letter))
    print_entry(&key, (struct letter){no_value.letter, no_value.heat}, no_value.meaning);
  if (key.column > 0) fputc('\n', out);
}

static bool is_empty(const struct heatmap *map) {
  for (size_t i = 0; i < map->row_count * map->column_count; i++)
    if (map->cells[i].mark || !isnan(map->cells[i].value)) return false;
  return true;
}

void heatmap_print(const struct heatmap *map, FILE *out, struct style style) {
  assert(map->class_count > 0);
  if (is_empty(map)) {
    fprintf(out, "%s: nothing to show, there is no value.\n%s", map->value, style.markdown ? "\n" : "");
    return;
  }
  if (style.markdown) {
    print_table(out, map);
    print_key(out, map, style);
    fputc('\n', out);
    return;
  }
  const struct layout layout = choose_layout(map);
  for (size_t first = 0; first < map->column_count; first += layout.block) {
    const size_t end = first + layout.block < map->column_count ? first + layout.block : map->column_count;
    if (first > 0) fputc('\n', out);
    if (layout.straight)
      print_straight_names(out, map, &layout);
    else
      print_stairs(out, map, &layout, first, end);
    for (size_t r = 0; r < map->row_count; r++) print_cells(out, map, &layout, r, first, end, style.color);
  }
  const size_t cut = cut_names(map->rows, map->row_count, layout.rows);
  print_footnotes(out, map->rows, map->row_count, layout.rows, 0);
  if (!layout.straight) print_footnotes(out, map->columns, map->column_count, layout.columns, cut);
  print_key(out, map, style);
}
