#include "harness/plot_picture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROWS_LEAST 11
#define LABEL 12 /* columns that labels take at most */

enum place plot_place(const struct plot *plot, double y) {
  const bool bounded = plot->lowest < plot->highest;
  if (isnan(y)) return PLACE_NOWHERE;
  if (y < (bounded ? plot->lowest : -9999)) return PLACE_ZERO;
  return y > (bounded ? plot->highest : 9999) ? PLACE_INFINITE : PLACE_INSIDE;
}

/* ---- scales ----------------------------------------------------------------------------------------------------- */

struct range {
  double low, high;
};

static struct range range_add(struct range range, double value) {
  return (struct range){fmin(range.low, value), fmax(range.high, value)};
}

static struct range data_range(const struct plot *plot) {
  struct range range = {INFINITY, -INFINITY};
  for (size_t s = 0; s < plot->series_count; s++) {
    const struct plot_series *const series = &plot->series[s];
    for (size_t i = 0; i < series->count; i++) {
      if (plot_place(plot, series->y[i]) == PLACE_INSIDE) range = range_add(range, series->y[i]);
      if (series->theory && plot_place(plot, series->theory[i]) == PLACE_INSIDE)
        range = range_add(range, series->theory[i]);
    }
  }
  return range;
}

/* The row that y is in; 0 is in the middle of row 0. */
static long row_of(double y, double decades) { return (long)floor(y / decades + 0.5); }

/* Rows are a round number of decades apart, so that every label is exact. */
static void choose_rows(struct picture *picture, struct range range) {
  static const struct {
    double decades;
    long tick;
  } scales[] = {{2, 5}, {2.5, 4}, {4, 5}, {5, 4}, {10, 5}, {12.5, 4}};
  for (double unit = 0.1;; unit *= 10)
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
      picture->decades = unit * scales[i].decades;
      picture->tick = scales[i].tick;
      long top = row_of(range.high, picture->decades);
      picture->bottom = row_of(range.low, picture->decades);
      if (top - picture->bottom >= PLOT_ROWS) continue;
      while (top - picture->bottom + 1 < ROWS_LEAST) {
        top++;
        if (top - picture->bottom + 1 < ROWS_LEAST) picture->bottom--;
      }
      picture->rows = (size_t)(top - picture->bottom + 1);
      return;
    }
}

static void choose_columns(struct picture *picture) {
  const struct plot *const plot = picture->plot;
  struct range range = {INFINITY, -INFINITY};
  picture->whole = true;
  for (size_t s = 0; s < plot->series_count; s++)
    for (size_t i = 0; i < plot->series[s].count; i++) {
      range = range_add(range, plot->series[s].x[i]);
      picture->whole &= plot->series[s].x[i] == rint(plot->series[s].x[i]);
    }
  const double most = (double)((PLOT_LINE - picture->label - 2) * picture->dots_across - 1);
  double end = most;
  picture->first = picture->origin = range.low, picture->last = range.high;
  if (range.high > range.low) {
    picture->scale = most / (range.high - range.low);
    if (!plot->unicode && picture->whole && picture->scale >= 1) { /* letters as far from each other everywhere */
      picture->scale = floor(picture->scale);
      end = picture->scale * (range.high - range.low);
    }
  } else { /* one layer, in the middle */
    picture->scale = 1;
    picture->origin -= floor(most / 2);
  }
  picture->columns = ((size_t)end + picture->dots_across) / picture->dots_across;
}

static size_t dot_across(const struct picture *picture, double x) {
  return (size_t)lround((x - picture->origin) * picture->scale);
}

size_t picture_column(const struct picture *picture, double x) { return dot_across(picture, x) / picture->dots_across; }

/* From the lowest; row r is dots_up of them, whose middle is its value. */
static size_t dot_up(const struct picture *picture, double y) {
  const double row = y / picture->decades - (double)picture->bottom + 0.5;
  const size_t end = picture->rows * picture->dots_up;
  const double dot = fmax(floor(row * (double)picture->dots_up), 0);
  return dot < (double)end ? (size_t)dot : end - 1;
}

bool picture_label(char text[static 24], const struct picture *picture, long row) {
  const long exponent = lround((double)row * picture->decades);
  snprintf(text, 24, exponent ? "1e%ld" : "1", exponent);
  return row % picture->tick == 0;
}

static size_t label_width(const struct picture *picture) {
  size_t width = strnlen(picture->plot->x_name, LABEL - 2);
  for (size_t r = 0; r < picture->rows; r++) {
    char text[24];
    if (picture_label(text, picture, picture->bottom + (long)r) && strlen(text) > width) width = strlen(text);
  }
  return width + 1;
}

/* ---- curves ----------------------------------------------------------------------------------------------------- */

static void set_dot(const struct picture *picture, dots to, size_t across, size_t up) {
  static const uint8_t braille[4][2] = {{0x40, 0x80}, {0x04, 0x20}, {0x02, 0x10}, {0x01, 0x08}};
  const uint8_t bit = picture->dots_up == 4 ? braille[up % 4][across % 2] : 1;
  to[up / picture->dots_up][across / picture->dots_across] |= bit;
}

struct dot {
  size_t across, up;
};

/* All dots of a column between two of them. */
static void fill(const struct picture *picture, dots to, size_t across, size_t a, size_t b) {
  for (size_t up = a < b ? a : b; up <= (a < b ? b : a); up++) set_dot(picture, to, across, up);
}

/* Without gaps, or dotted: one dot in `every` columns. */
static void draw_line(const struct picture *picture, dots to, struct dot from, struct dot end, size_t every) {
  const double run = end.across > from.across ? (double)(end.across - from.across) : 1;
  size_t up = from.up;
  for (size_t across = from.across; across <= end.across; across++) {
    const double part = (double)(across - from.across) / run;
    const size_t next = (size_t)lround((double)from.up + part * ((double)end.up - (double)from.up));
    if (every == 0)
      fill(picture, to, across, up, next);
    else if (across % every == 0)
      set_dot(picture, to, across, next);
    up = next;
  }
  if (every == 0) fill(picture, to, end.across, up, end.up); /* both ends are in one column */
}

static void draw_theory(struct picture *picture, size_t s) {
  const struct plot_series *const series = &picture->plot->series[s];
  bool joined = false;
  for (size_t i = 0; i < series->count; i++) {
    if (plot_place(picture->plot, series->theory[i]) != PLACE_INSIDE) {
      joined = false;
      continue;
    }
    const struct dot here = {dot_across(picture, series->x[i]), dot_up(picture, series->theory[i])};
    const bool follows = i + 1 < series->count && plot_place(picture->plot, series->theory[i + 1]) == PLACE_INSIDE;
    if (follows)
      draw_line(picture, picture->theory[s], here,
                (struct dot){dot_across(picture, series->x[i + 1]), dot_up(picture, series->theory[i + 1])},
                picture->dots_across == 1 ? 1 : 3);
    else if (!joined)
      set_dot(picture, picture->theory[s], here.across, here.up);
    joined = follows;
  }
}

/* Letters stand at the values alone and fill a column between those in it; lines of dots join them. */
static void draw_measured(struct picture *picture, size_t s) {
  const struct plot_series *const series = &picture->plot->series[s];
  bool joined = false;
  struct dot before = {0};
  for (size_t i = 0; i < series->count; i++) {
    const enum place place = plot_place(picture->plot, series->y[i]);
    struct dot here = {.across = dot_across(picture, series->x[i])};
    const size_t column = here.across / picture->dots_across;
    picture->zeros += place == PLACE_ZERO, picture->infinities += place == PLACE_INFINITE;
    picture->zero[s][column] |= place == PLACE_ZERO, picture->infinite[s][column] |= place == PLACE_INFINITE;
    if (place == PLACE_INSIDE) {
      here.up = dot_up(picture, series->y[i]);
      set_dot(picture, picture->measured[s], here.across, here.up);
      if (joined && (picture->plot->unicode || before.across == here.across))
        draw_line(picture, picture->measured[s], before, here, 0);
    }
    joined = place == PLACE_INSIDE;
    before = here;
  }
}

/* Gives each character to one of the curves that pass through it, so that each has as many as possible; what would
 * leave a curve with none is drawn as several curves. */
static void share_characters(struct picture *picture) {
  size_t owned[PLOT_SERIES] = {0};
  for (int contested = 0; contested < 2; contested++)
    for (size_t c = 0; c < picture->columns; c++)
      for (size_t r = 0; r < picture->rows; r++) {
        size_t claims = 0, least = 0;
        for (size_t s = 0; s < picture->plot->series_count; s++)
          if (picture->measured[s][r][c] && (claims++ == 0 || owned[s] < owned[least])) least = s;
        if (claims == 0) picture->owner[r][c] = OWNER_NONE;
        if (claims == 0 || (claims > 1) != contested) continue;
        picture->owner[r][c] = (int)least;
        owned[least]++;
      }
  for (size_t s = 0; s < picture->plot->series_count; s++)
    for (size_t r = 0; owned[s] == 0 && r < picture->rows; r++)
      for (size_t c = 0; c < picture->columns; c++)
        if (picture->measured[s][r][c]) picture->owner[r][c] = OWNER_SEVERAL;
}

/* Curves of letters have them everywhere, lines of dots here and there, each beginning at another column. */
static void write_letters(struct picture *picture) {
  const bool sparse = picture->plot->unicode;
  bool written[PLOT_SERIES] = {false};
  for (int again = 0; again < 2; again++)
    for (size_t s = 0; s < picture->plot->series_count; s++) {
      if (written[s]) continue;
      size_t next = sparse && !again ? 2 + 2 * s : 0;
      for (size_t c = 0; c < picture->columns; c++)
        for (size_t r = 0; r < picture->rows; r++) {
          if (picture->owner[r][c] == OWNER_SEVERAL) picture->letter[r][c] = '*';
          if (picture->owner[r][c] != (int)s || c < next) continue;
          picture->letter[r][c] = picture_letter(s);
          written[s] = true;
          if (sparse) next = c + 14;
        }
    }
}

/* ---- floors ----------------------------------------------------------------------------------------------------- */

static bool is_free(const struct picture *picture, size_t row, size_t column) {
  if (picture->owner[row][column] != OWNER_NONE) return false;
  if (picture->level[row][column] != 0 && picture->level[row][column] != '-') return false;
  for (size_t s = 0; s < picture->plot->series_count; s++)
    if (picture->theory[s][row][column]) return false;
  return true;
}

/* Writes the name where no curve is, as far to the right as possible; false where there is no room. */
static bool write_name(struct picture *picture, size_t row, const char *name) {
  const size_t length = strlen(name) + 2;
  size_t room = 0;
  for (size_t c = picture->columns; c-- > 0;) {
    room = is_free(picture, row, c) ? room + 1 : 0;
    if (room < length) continue;
    picture->level[row][c] = picture->level[row][c + length - 1] = ' ';
    memcpy(&picture->level[row][c + 1], name, length - 2);
    return true;
  }
  return false;
}

/* Marks floors that are in the picture; the legend has the names that find no room. */
static void draw_floors(struct picture *picture) {
  for (size_t i = 0; i < picture->plot->floor_count; i++) {
    const struct plot_floor *const level = &picture->plot->floors[i];
    const long row = row_of(level->y, picture->decades) - picture->bottom;
    if (row < 0 || row >= (long)picture->rows) continue;
    for (size_t c = 0; c < picture->columns; c++)
      if (picture->level[row][c] == 0) picture->level[row][c] = '-';
    picture->unnamed[i] = !write_name(picture, (size_t)row, level->name);
  }
}

static struct range with_floors(const struct plot *plot, struct range data) {
  struct range range = data;
  const double near = (data.high - data.low) / 4;
  for (size_t i = 0; i < plot->floor_count; i++)
    if (plot->floors[i].y >= data.low - near && plot->floors[i].y <= data.high + near)
      range = range_add(range, plot->floors[i].y);
  return range;
}

bool picture_draw(struct picture *picture, const struct plot *plot) {
  *picture = (struct picture){.plot = plot, .dots_across = plot->unicode ? 2 : 1, .dots_up = plot->unicode ? 4 : 1};
  const struct range data = data_range(plot);
  if (data.low > data.high) return false;
  choose_rows(picture, with_floors(plot, data));
  picture->label = label_width(picture);
  choose_columns(picture);
  for (size_t s = 0; s < plot->series_count; s++) {
    draw_measured(picture, s);
    if (plot->series[s].theory) draw_theory(picture, s);
  }
  share_characters(picture);
  write_letters(picture);
  draw_floors(picture);
  return true;
}
