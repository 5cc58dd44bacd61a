#include "harness/plot.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "harness/plot_picture.h"

#define RUNS 3 /* of layers that a line of the legend names */

enum { COLOR_NONE = PLOT_SERIES, COLOR_DIM };

/* ---- output ----------------------------------------------------------------------------------------------------- */

/* Writes a line with as few colour codes as possible and no spaces at its end. */
struct pen {
  FILE *out;
  bool colored;
  int color;
  int blanks;
};

static void pen_color(struct pen *pen, int color) {
  static const char *const codes[] = {"\033[36m", "\033[33m", "\033[35m", "\033[32m",
                                      "\033[34m", "\033[31m", "\033[0m",  "\033[2m"};
  if (!pen->colored || color == pen->color) return;
  if (pen->color != COLOR_NONE) fputs(codes[COLOR_NONE], pen->out);
  if (color != COLOR_NONE) fputs(codes[color], pen->out);
  pen->color = color;
}

static void pen_put(struct pen *pen, const char *text, int color) {
  if (strcmp(text, " ") == 0) {
    pen->blanks++;
    return;
  }
  if (pen->blanks) fprintf(pen->out, "%*s", pen->blanks, "");
  pen->blanks = 0;
  pen_color(pen, color);
  fputs(text, pen->out);
}

static void pen_letter(struct pen *pen, char letter, int color) { pen_put(pen, (char[]){letter, '\0'}, color); }

static void pen_end(struct pen *pen) {
  pen_color(pen, COLOR_NONE);
  pen->blanks = 0;
  fputc('\n', pen->out);
}

static void put_dots(struct pen *pen, unsigned bits, int color) {
  const char text[] = {(char)0xe2, (char)(0xa0 | bits >> 6), (char)(0x80 | (bits & 0x3f)), '\0'};
  pen_put(pen, text, color);
}

static void put_character(struct pen *pen, const struct picture *picture, size_t r, size_t c) {
  const bool unicode = picture->plot->unicode;
  const int owner = picture->owner[r][c];
  unsigned measured = 0, theory = 0;
  int theory_color = COLOR_NONE;
  for (size_t s = picture->plot->series_count; s-- > 0;) {
    measured |= picture->measured[s][r][c];
    theory |= picture->theory[s][r][c];
    if (picture->theory[s][r][c]) theory_color = (int)s;
  }
  if (picture->letter[r][c])
    pen_letter(pen, picture->letter[r][c], owner >= 0 ? owner : COLOR_NONE);
  else if (measured)
    put_dots(pen, measured, owner);
  else if (theory && unicode)
    put_dots(pen, theory, theory_color);
  else if (theory)
    pen_letter(pen, '.', theory_color);
  else if (picture->level[r][c] == '-')
    pen_put(pen, unicode ? "\u2504" : c % 2 ? " " : "-", COLOR_DIM);
  else
    pen_letter(pen, picture->level[r][c] ? picture->level[r][c] : ' ', COLOR_DIM);
}

static void put_label(struct pen *pen, const struct picture *picture, const char *label, bool tick) {
  fprintf(pen->out, "%*s ", (int)picture->label - 1, label);
  pen_put(pen, picture->plot->unicode ? tick ? "\u2524" : "\u2502" : tick ? "+" : "|", COLOR_NONE);
}

/* A line of its own at the edge for values that no row can show. */
static void print_edge(struct pen *pen, const struct picture *picture, const bool marks[][PLOT_LINE], const char *label,
                       char mark) {
  put_label(pen, picture, label, true);
  for (size_t c = 0; c < picture->columns; c++) {
    int color = COLOR_NONE;
    size_t count = 0;
    for (size_t s = 0; s < picture->plot->series_count; s++)
      if (marks[s][c]) color = count++ == 0 ? (int)s : COLOR_NONE;
    pen_letter(pen, count ? mark : ' ', color);
  }
  pen_end(pen);
}

static void print_rows(struct pen *pen, const struct picture *picture) {
  if (picture->infinities) print_edge(pen, picture, picture->infinite, "inf", '^');
  for (size_t r = picture->rows; r-- > 0;) {
    const long row = picture->bottom + (long)r;
    char label[24];
    const bool tick = picture_label(label, picture, row);
    put_label(pen, picture, tick ? label : "", tick);
    for (size_t c = 0; c < picture->columns; c++) put_character(pen, picture, r, c);
    pen_end(pen);
  }
  if (picture->zeros) print_edge(pen, picture, picture->zero, "0", 'v');
}

/* Writes the label of x under its column; false where it would touch another one. */
static bool place_label(const struct picture *picture, char *line, bool *ticks, double x) {
  char text[24];
  const size_t column = picture_column(picture, x);
  const size_t length = (size_t)snprintf(text, sizeof text, "%g", x);
  const size_t half = (length - 1) / 2, most = PLOT_LINE - picture->label - 1 - length;
  size_t begin = column > half ? column - half : 0;
  if (begin > most) begin = most;
  const size_t before = begin ? begin - 1 : 0;
  for (size_t c = before; c <= begin + length; c++)
    if (line[c] != ' ') return false;
  memcpy(&line[begin], text, length);
  ticks[column] = true;
  return true;
}

/* The first and the last x and, between them, round ones that are as near to each other as their labels allow. */
static void print_axis(struct pen *pen, const struct picture *picture) {
  char line[PLOT_LINE + 1];
  bool ticks[PLOT_LINE] = {false};
  memset(line, ' ', PLOT_LINE);
  line[PLOT_LINE] = '\0';
  place_label(picture, line, ticks, picture->last);
  if (picture->first < picture->last) {
    static const double steps[] = {1, 2, 5};
    const double columns_per_unit = picture->scale / (double)picture->dots_across;
    place_label(picture, line, ticks, picture->first);
    double unit = pow(10, floor(log10(picture->last - picture->first)) - 2), step = unit;
    for (int i = 0; step * columns_per_unit < 6 || (picture->whole && step < 1); i++) {
      if (i == 3) i = 0, unit *= 10;
      step = unit * steps[i];
    }
    for (double k = ceil(picture->first / step); k * step < picture->last; k++)
      place_label(picture, line, ticks, k * step);
  }
  const bool unicode = picture->plot->unicode;
  fprintf(pen->out, "%*s", (int)picture->label, "");
  pen_put(pen, unicode ? "\u2514" : "+", COLOR_NONE);
  for (size_t c = 0; c < picture->columns; c++)
    pen_put(pen, unicode ? ticks[c] ? "\u252c" : "\u2500" : ticks[c] ? "+" : "-", COLOR_NONE);
  pen_end(pen);
  for (size_t end = PLOT_LINE; end > 0 && line[end - 1] == ' '; end--) line[end - 1] = '\0';
  fprintf(pen->out, "%-*.*s %s\n", (int)picture->label, (int)picture->label - 1, picture->plot->x_name, line);
}

/* ---- legend ----------------------------------------------------------------------------------------------------- */

/* Which layers are in that place: "1-14, 20"; false where none is. */
static bool name_runs(char *text, size_t size, const struct plot *plot, const struct plot_series *series,
                      enum place place) {
  size_t runs = 0, length = 0;
  for (size_t i = 0; i < series->count; i++) {
    if (plot_place(plot, series->y[i]) != place) continue;
    const size_t begin = i;
    while (i + 1 < series->count && plot_place(plot, series->y[i + 1]) == place) i++;
    if (runs == RUNS) {
      snprintf(text + length, size - length, ", ...");
      break;
    }
    length += (size_t)snprintf(text + length, size - length, "%s%g", runs++ ? ", " : "", series->x[begin]);
    if (i > begin) length += (size_t)snprintf(text + length, size - length, "-%g", series->x[i]);
  }
  return runs > 0;
}

static void print_series(struct pen *pen, const struct plot *plot, size_t s) {
  static const struct {
    enum place place;
    const char *text;
  } notes[] = {{PLACE_ZERO, "0"}, {PLACE_INFINITE, "infinite"}, {PLACE_NOWHERE, "no value"}};
  const struct plot_series *const series = &plot->series[s];
  const bool cut = strlen(series->name) > PLOT_LINE - 4;
  pen_letter(pen, picture_letter(s), (int)s);
  pen_color(pen, COLOR_NONE);
  int column = 1 + fprintf(pen->out, "  %.*s%s", cut ? PLOT_LINE - 6 : PLOT_LINE, series->name, cut ? ".." : "");
  for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
    char runs[160], note[200];
    if (!name_runs(runs, sizeof runs, plot, series, notes[i].place)) continue;
    const int length = snprintf(note, sizeof note, "%s at %s", notes[i].text, runs);
    if (column + 2 + length > PLOT_LINE)
      column = fprintf(pen->out, "\n   %s", note) - 1;
    else
      column += fprintf(pen->out, ", %s", note);
  }
  pen_end(pen);
}

static void print_legend(struct pen *pen, const struct picture *picture) {
  const struct plot *const plot = picture->plot;
  bool theory = false, several = false;
  for (size_t s = 0; s < plot->series_count; s++) {
    print_series(pen, plot, s);
    theory |= plot->series[s].theory != NULL;
  }
  for (size_t r = 0; r < picture->rows; r++)
    for (size_t c = 0; c < picture->columns; c++) several |= picture->owner[r][c] == OWNER_SEVERAL;
  if (theory) fprintf(pen->out, "%s  theory\n", plot->unicode ? "\u2804" : ".");
  if (several) fputs("*  several of them\n", pen->out);
  for (size_t i = 0; i < plot->floor_count; i++) {
    const double exponent = floor(plot->floors[i].y);
    if (!picture->unnamed[i]) continue;
    fprintf(pen->out, "%s  %.*s, %.1fe%.0f\n", plot->unicode ? "\u2504" : "-", PLOT_LINE - 14, plot->floors[i].name,
            pow(10, plot->floors[i].y - exponent), exponent);
  }
}

void plot_print(const struct plot *plot, FILE *out, struct style style) {
  assert(plot->series_count <= PLOT_SERIES && plot->floor_count <= PLOT_FLOORS);
  struct picture picture;
  if (!picture_draw(&picture, plot)) {
    fprintf(out, "%s: nothing to draw, no value is finite and above 0.\n%s", plot->y_name, style.markdown ? "\n" : "");
    return;
  }
  struct pen pen = {.out = out, .colored = style.color && !style.markdown, .color = COLOR_NONE};
  if (style.markdown) fputs("```\n", out);
  fprintf(out, "%.*s\n", PLOT_LINE, plot->y_name);
  print_rows(&pen, &picture);
  print_axis(&pen, &picture);
  print_legend(&pen, &picture);
  if (style.markdown) fputs("```\n\n", out);
}
