/* Pictures for the terminal: line plots and heat maps. test_plot --demo [unicode] [color] prints some to look at. */
#include "harness/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/heatmap.h"
#include "tests/support.h"

#define MOST 1000

static const struct plot_floor floors[] = {
    {"smallest normal float32", -37.93}, {"smallest subnormal float32", -44.85}, {"overflow", 38.53}};

/* Curves that begin at `start` and change by `decay` decades a layer, with theory exact or not. */
struct curves {
  double x[MOST], y[PLOT_SERIES][MOST], theory[PLOT_SERIES][MOST];
  struct plot_series series[PLOT_SERIES];
  struct plot plot;
};

static void add_curve(struct curves *curves, const char *name, size_t layers, double start, double decay,
                      double predicted) {
  const size_t s = curves->plot.series_count++;
  for (size_t i = 0; i < layers; i++) {
    curves->x[i] = (double)i + 1;
    curves->y[s][i] = start + decay * (double)i + 0.1 * sin((double)(i * 7 + s));
    curves->theory[s][i] = start + predicted * (double)i;
    if (curves->y[s][i] < -45) curves->y[s][i] = -INFINITY;
    if (curves->y[s][i] > 38.6) curves->y[s][i] = INFINITY;
  }
  curves->series[s] =
      (struct plot_series){name, layers, curves->x, curves->y[s], isnan(predicted) ? NULL : curves->theory[s]};
}

static struct curves *curves_new(void) {
  struct curves *curves = calloc(1, sizeof *curves);
  curves->plot = (struct plot){.y_name = "gradient rms",
                               .x_name = "layer",
                               .lowest = -45.5,
                               .highest = 38.54,
                               .series = curves->series,
                               .floors = floors,
                               .floor_count = 3};
  return curves;
}

static void demo_curves(const char *title, struct curves *curves, bool unicode, struct style style) {
  curves->plot.unicode = unicode;
  printf("\n=== %s\n", title);
  plot_print(&curves->plot, stdout, style);
  free(curves);
}

static void demo_curves_of_all_kinds(bool unicode, struct style style) {
  static const size_t depths[] = {5, 20, 50, 100, 1000};
  for (size_t d = 0; d < 5; d++) {
    const size_t depth = depths[d];
    char title[40];
    struct curves *curves = curves_new();
    add_curve(curves, "he_normal, relu", depth, -3, 0.02 * 20 / (double)depth, 0);
    add_curve(curves, "glorot_uniform, relu", depth, -3, -0.15 * 50 / (double)depth, -0.15 * 50 / (double)depth);
    add_curve(curves, "uniform_fan_in, relu", depth, -3, -0.39 * 50 / (double)depth, -0.39 * 50 / (double)depth);
    snprintf(title, sizeof title, "three curves, %zu layers", depth);
    demo_curves(title, curves, unicode, style);
  }
  struct curves *curves = curves_new();
  add_curve(curves, "everything", 50, 38, -1.68, -1.7);
  demo_curves("from 1e38 to 1e-45", curves, unicode, style);
  curves = curves_new();
  add_curve(curves, "normal(0,1)", 100, 0, 1.07, 1.07);
  add_curve(curves, "uniform_fan_in", 100, -3, -0.6, -0.61);
  add_curve(curves, "glorot_normal", 100, -2, -0.02, -0.02);
  add_curve(curves, "he_normal", 100, -2, 0.01, 0.02);
  add_curve(curves, "lecun_normal", 100, -2, -0.1, -0.1);
  add_curve(curves, "orthogonal", 100, -2, 0, 0);
  demo_curves("over both ends", curves, unicode, style);
  curves = curves_new();
  for (size_t s = 0; s < 3; s++) {
    add_curve(curves, "equal", 30, -3, 0, NAN);
    for (size_t i = 0; i < 30; i++) curves->y[s][i] = -3.2;
  }
  demo_curves("all equal", curves, unicode, style);
  curves = curves_new();
  add_curve(curves, "one", 1, -3, 0, NAN), add_curve(curves, "two", 1, -3, 0, NAN),
      add_curve(curves, "three", 1, -8, 0, -8);
  demo_curves("one layer", curves, unicode, style);
  curves = curves_new();
  add_curve(curves, "gaps", 60, -3, -0.1, NAN), add_curve(curves, "never a value", 60, 0, NAN, NAN);
  for (size_t i = 0; i < 60; i++)
    if (i % 10 > 6) curves->y[0][i] = NAN;
  demo_curves("gaps", curves, unicode, style);
  curves = curves_new();
  add_curve(curves, "only theory", 50, 0, NAN, 1.07);
  demo_curves("only theory", curves, unicode, style);
  curves = curves_new();
  add_curve(curves, "none", 50, NAN, NAN, NAN), add_curve(curves, "none", 50, INFINITY, 0, NAN);
  demo_curves("nothing", curves, unicode, style);
}

/* ---- heat maps -------------------------------------------------------------------------------------------------- */

static const struct heatmap_class classes[] = {{'V', HEAT_COLDER, 0, NULL},   {'v', HEAT_COLD, -0.3, NULL},
                                               {',', HEAT_COOL, -0.03, NULL}, {'.', HEAT_LEVEL, -0.003, "level"},
                                               {'e', HEAT_WARM, 0.003, NULL}, {'x', HEAT_HOT, 0.03, NULL},
                                               {'E', HEAT_HOTTER, 0.3, NULL}};
static const struct heatmap_mark marks[] = {{'o', HEAT_HOTTEST, "overflow"}, {'u', HEAT_COLDEST, "underflow"}};
static const char *const initializers[] = {"normal(0,1)",
                                           "uniform_fan_in",
                                           "glorot_uniform",
                                           "glorot_normal",
                                           "he_uniform",
                                           "he_normal",
                                           "lecun_normal",
                                           "orthogonal",
                                           "lsuv",
                                           "variance_scaling(2,fan_in,uniform)",
                                           "variance_scaling(2,fan_in,normal)"};
static const char *const activations[] = {"sigmoid",
                                          "tanh",
                                          "relu",
                                          "leaky_relu(0.01)",
                                          "elu",
                                          "selu",
                                          "softplus",
                                          "gelu",
                                          "silu",
                                          "mish",
                                          "hard_sigmoid",
                                          "softsign",
                                          "gelu_tanh",
                                          "prelu",
                                          "hard_swish",
                                          "celu",
                                          "squared_relu",
                                          "identity",
                                          "relu6",
                                          "hard_tanh",
                                          "log_sigmoid",
                                          "swish(2)",
                                          "a",
                                          "b",
                                          "c",
                                          "d",
                                          "e",
                                          "f",
                                          "g",
                                          "h",
                                          "i",
                                          "j"};

static struct heatmap map_of(struct heatmap_cell *cells, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) {
      const double value = 0.2 * ((double)r - (double)c / 3) * fabs((double)r - (double)c / 2) / 4;
      cells[r * columns + c] = (struct heatmap_cell){value, value > 1 ? 'o' : value < -1 ? 'u' : 0};
    }
  return (struct heatmap){"initializer",
                          "ln of the gradient's change per layer",
                          rows,
                          columns,
                          initializers,
                          activations,
                          cells,
                          classes,
                          7,
                          marks,
                          2};
}

static void demo_map(size_t rows, size_t columns, struct style style) {
  struct heatmap_cell cells[11 * 32];
  const struct heatmap map = map_of(cells, rows, columns);
  cells[0].value = NAN;
  printf("\n=== %zu x %zu\n", rows, columns);
  heatmap_print(&map, stdout, style);
}

static int run_demo(int argc, char **argv) {
  bool unicode = false;
  struct style style = {0};
  for (int i = 2; i < argc; i++) {
    unicode |= strcmp(argv[i], "unicode") == 0;
    style.color |= strcmp(argv[i], "color") == 0;
    style.markdown |= strcmp(argv[i], "markdown") == 0;
  }
  demo_curves_of_all_kinds(unicode, style);
  demo_map(9, 3, style), demo_map(9, 11, style), demo_map(11, 11, style), demo_map(11, 32, style);
  return 0;
}

/* ---- what is checked -------------------------------------------------------------------------------------------- */

/* What was printed between them, to be freed. The pointers outlive the stream, which gcc would not believe of local
 * ones. */
static char *memory_text;
static size_t memory_size;

static FILE *memory_begin(void) { return open_memstream(&memory_text, &memory_size); }

static char *memory_end(FILE *out) {
  fclose(out);
  return memory_text;
}

static char *plot_text(const struct plot *plot, struct style style) {
  FILE *out = memory_begin();
  plot_print(plot, out, style);
  return memory_end(out);
}

static char *map_text(const struct heatmap *map, struct style style) {
  FILE *out = memory_begin();
  heatmap_print(map, out, style);
  return memory_end(out);
}

static void assert_text(char *text, const char *expected) {
  assert_string_equal(text, expected);
  free(text);
}

/* Takes colour codes out. */
static void strip(char *text) {
  char *to = text;
  for (const char *from = text; *from;) {
    if (*from == '\033') {
      from += strcspn(from, "m") + 1;
      assert_int_equal(from[-1], 'm');
    } else {
      *to++ = *from++;
    }
  }
  *to = '\0';
}

/* Text without colour codes: no line beyond 80 columns, none with spaces at its end unless they are coloured. */
static void assert_narrow(const char *text, bool colored) {
  for (const char *line = text; *line;) {
    const size_t length = strcspn(line, "\n");
    size_t columns = 0;
    for (size_t i = 0; i < length; i++) columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    if (columns > 80) fail_msg("%zu columns: %.*s", columns, (int)length, line);
    if (!colored && length > 0 && line[length - 1] == ' ') fail_msg("trailing space: %.*s", (int)length, line);
    assert_int_equal(line[length], '\n');
    line += length + 1;
  }
}

static size_t count_lines(const char *text) {
  size_t lines = 0;
  for (; *text; text++) lines += *text == '\n';
  return lines;
}

/* The line of the x axis, which ends the picture. */
static const char *axis_of(const char *text) {
  for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
    const char *begin = line + strspn(line, " ");
    if (begin > line && (*begin == '+' || strncmp(begin, "\u2514", 3) == 0)) return line;
  }
  fail_msg("no axis in\n%s", text);
  return NULL;
}

/* How many lines of the picture, between the name above and the axis below, have that character. */
static size_t lines_with(const char *text, char character) {
  const char *const axis = axis_of(text);
  size_t count = 0;
  for (const char *line = strchr(text, '\n') + 1; line < axis; line = strchr(line, '\n') + 1)
    count += memchr(line, character, strcspn(line, "\n")) != NULL;
  return count;
}

/* How many of them have anything in them. */
static size_t lines_drawn(const char *text) {
  const char *const axis = axis_of(text);
  size_t count = 0;
  for (const char *line = strchr(text, '\n') + 1; line < axis; line = strchr(line, '\n') + 1) {
    const char *const frame = strpbrk(line, "+|\xe2");
    count += frame[*frame == '\xe2' ? 3 : 1] != '\n';
  }
  return count;
}

/* ---- line plots ------------------------------------------------------------------------------------------------- */

static const struct style plain = {0}, colored = {.color = true}, markdown = {.markdown = true};

static void curves_theory_floors_and_gaps_are_drawn(void **state) {
  (void)state;
  static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  static const double a[] = {-3, -3, -3, -3, -3, -3, -3, -3, -3, -3},
                      a_theory[] = {-3, -3, -3, -3, -3, -3, -3, -3, -3, -3};
  static const double b[] = {-3, -8, -13, -18, NAN, -28, -33, -38, -43, -INFINITY},
                      b_theory[] = {-3, -7, -11, -15, -19, -23, -27, -31, -35, -39};
  static const double c[] = {-2, 6, 14, 22, 30, 38, INFINITY, INFINITY, INFINITY, INFINITY};
  static const struct plot_series series[] = {
      {"level", 10, x, a, a_theory}, {"shrinking", 10, x, b, b_theory}, {"growing", 10, x, c, NULL}};
  const struct plot plot = {.y_name = "gradient rms",
                            .x_name = "layer",
                            .series = series,
                            .series_count = 3,
                            .floors = floors,
                            .floor_count = 3};
  assert_text(plot_text(&plot, plain), "gradient rms\n"
                                       "  inf +                                          ^      ^      ^      ^\n"
                                       " 1e40 +- - - - - - - - - - - - - - - - - -C- - - - - - - - -  overflow\n"
                                       "      |\n"
                                       "      |                            C\n"
                                       "      |\n"
                                       " 1e20 +                     C\n"
                                       "      |              C\n"
                                       "      |\n"
                                       "      |       C\n"
                                       "    1 +C\n"
                                       "      |B......A......A......A......A......A......A......A......A......A\n"
                                       "      |       B   .......\n"
                                       "      |              B   .......\n"
                                       "1e-20 +                     B   .......\n"
                                       "      |                                ..............\n"
                                       "      |                                   B          .......\n"
                                       "      |                                          B          .......\n"
                                       "1e-40 +- - - - - - - - - - - -  smallest normal float32 B- - - - - ....\n"
                                       "      |- - - - - - - - - - - - - -  smallest subnormal float32 B - - -\n"
                                       "    0 +                                                               v\n"
                                       "      ++------+------+------+------+------+------+------+------+------+\n"
                                       "layer  1      2      3      4      5      6      7      8      9      10\n"
                                       "A  level\n"
                                       "B  shrinking, 0 at 10, no value at 5\n"
                                       "C  growing, infinite at 7-10\n"
                                       ".  theory\n");
}

static void curves_that_coincide_share_their_characters(void **state) {
  (void)state;
  static const double x[] = {1, 2, 3, 4, 5, 6}, y[] = {0, 0, 0, 0, 0, 0};
  static const struct plot_series series[] = {
      {"first", 6, x, y, NULL}, {"second", 6, x, y, NULL}, {"third", 6, x, y, NULL}};
  const struct plot plot = {.y_name = "rms", .x_name = "layer", .series = series, .series_count = 3};
  char *text = plot_text(&plot, plain);
  assert_non_null(strstr(text, "    1 +A             B             C             A             B             C\n"));
  free(text);
}

static void one_layer_of_equal_values_is_drawn_as_several(void **state) {
  (void)state;
  static const double x[] = {7}, y[] = {-20}, other[] = {-21};
  static const struct plot_series series[] = {
      {"first", 1, x, y, NULL}, {"second", 1, x, y, NULL}, {"third", 1, x, other, NULL}};
  const struct plot plot = {.y_name = "rms", .x_name = "layer", .series = series, .series_count = 3};
  for (int unicode = 0; unicode < 2; unicode++) {
    struct plot copy = plot;
    copy.unicode = unicode;
    char *text = plot_text(&copy, plain);
    assert_int_equal(lines_with(text, '*'), 1);
    assert_int_equal(lines_with(text, 'C'), 1);
    assert_int_equal(lines_with(text, 'A') + lines_with(text, 'B'), 0);
    assert_non_null(strstr(text, "\n*  several of them\n"));
    free(text);
  }
}

/* One of a thousand layers is elsewhere: its column shows it, and all between it and its neighbours. */
static void resampling_hides_no_layer(void **state) {
  (void)state;
  for (int unicode = 0; unicode < 2; unicode++)
    for (size_t layer = 0; layer < 1000; layer += 37) {
      struct curves *curves = curves_new();
      curves->plot.unicode = unicode;
      curves->plot.floor_count = 0;
      add_curve(curves, "spike", 1000, -3, 0, NAN);
      for (size_t i = 0; i < 1000; i++) curves->y[0][i] = i == layer ? -33 : -3;
      char *text = plot_text(&curves->plot, plain);
      const size_t rows = count_lines(text) - 4;
      assert_true(rows >= 11);
      assert_int_equal(lines_drawn(text), rows);
      free(text);
      free(curves);
    }
}

/* Lines of dots join neighbours, but not across a layer without a value. */
static void lines_of_dots_leave_gaps(void **state) {
  (void)state;
  static const double x[] = {1, 2, 3, 4}, y[] = {0, 0, 0, 0}, broken[] = {0, NAN, 0, 0};
  for (int gap = 0; gap < 2; gap++) {
    const struct plot_series series = {"a", 4, x, gap ? broken : y, NULL};
    const struct plot plot = {
        .y_name = "rms", .x_name = "layer", .series = &series, .series_count = 1, .unicode = true};
    char *text = plot_text(&plot, plain), *line = strstr(text, " 1 \u2524"), blank[41];
    assert_int_equal(lines_drawn(text), 1);
    memset(blank, ' ', 40), blank[40] = '\0';
    line[strcspn(line, "\n")] = '\0';
    assert_int_equal(strstr(line, blank) != NULL, gap);
    assert_int_equal(strchr(line + 3, ' ') != NULL, gap);
    free(text);
  }
}

/* Names of floors stand where no curve is, or else in the legend. */
static void floors_without_room_are_named_in_the_legend(void **state) {
  (void)state;
  static const struct plot_floor crowd[] = {
      {"first", -1}, {"second", -1.1}, {"a name of more letters than it has columns", -3}};
  struct curves *curves = curves_new();
  curves->plot.floors = crowd;
  add_curve(curves, "a", 38, 0, -0.1, NAN);
  char *text = plot_text(&curves->plot, plain);
  assert_non_null(strstr(text, " second  first\n"));
  assert_non_null(strstr(text, "\nA  a\n-  a name of more letters than it has columns, 1.0e-3\n"));
  free(text);
  free(curves);
}

/* A picture of large values does not reach down to floors that are far from them. */
static void floors_are_drawn_if_they_are_near(void **state) {
  (void)state;
  for (int reach = 0; reach < 2; reach++) {
    struct curves *curves = curves_new();
    add_curve(curves, "a", 38, -4, reach ? -0.8 : -0.5, NAN);
    char *text = plot_text(&curves->plot, plain);
    assert_int_equal(strstr(text, "smallest normal float32") != NULL, reach);
    assert_null(strstr(text, "overflow"));
    free(text);
    free(curves);
  }
}

static void values_beyond_the_number_format_stand_at_the_edges(void **state) {
  (void)state;
  static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  static const double y[] = {-50, 2, -50, 2, 45, 2, 2, 45, 2, 2, -INFINITY, NAN};
  static const struct plot_series series[] = {{"a", 12, x, y, NULL}};
  const struct plot plot = {
      .y_name = "rms", .x_name = "layer", .lowest = -45.5, .highest = 38.54, .series = series, .series_count = 1};
  char *text = plot_text(&plot, plain);
  assert_int_equal(lines_with(text, '^'), 1);
  assert_int_equal(lines_with(text, 'v'), 1);
  assert_int_equal(lines_with(text, 'A'), 1);
  assert_non_null(strstr(text, "\n  inf +                        ^                 ^\n"));
  assert_non_null(strstr(text, "\n    0 +v           v                                               v\n"));
  assert_non_null(strstr(text, "\nA  a, 0 at 1, 3, 11, infinite at 5, 8, no value at 12\n"));
  free(text);
}

static void without_data_there_is_a_sentence(void **state) {
  (void)state;
  static const double x[] = {1, 2}, nothing[] = {NAN, NAN}, zero[] = {-INFINITY, NAN},
                      infinite[] = {INFINITY, INFINITY};
  static const struct plot_series series[] = {
      {"a", 2, x, nothing, nothing}, {"b", 2, x, zero, NULL}, {"c", 2, x, infinite, NULL}, {"d", 0, NULL, NULL, NULL}};
  for (size_t count = 0; count <= 4; count++) {
    const struct plot plot = {.y_name = "gradient rms",
                              .x_name = "layer",
                              .series = series,
                              .series_count = count,
                              .floors = floors,
                              .floor_count = 3};
    assert_text(plot_text(&plot, colored), "gradient rms: nothing to draw, no value is finite and above 0.\n");
  }
}

static void markdown_fences_the_plain_picture(void **state) {
  (void)state;
  struct curves *curves = curves_new();
  add_curve(curves, "a", 20, -3, -0.2, -0.2);
  char *text = plot_text(&curves->plot, plain), expected[8192];
  snprintf(expected, sizeof expected, "```\n%s```\n\n", text);
  assert_text(plot_text(&curves->plot, markdown), expected);
  assert_text(plot_text(&curves->plot, (struct style){.markdown = true, .color = true}), expected);
  free(text);
  free(curves);
}

/* Curves of every shape, length and number: what must be true of each picture is. */
static void every_picture_is_narrow_and_shows_every_curve(void **state) {
  (void)state;
  uint64_t random = test_seed();
  for (int round = 0; round < 1500; round++) {
    struct curves *curves = curves_new();
    const size_t count = 1 + test_random(&random) % PLOT_SERIES;
    static const size_t most[] = {1, 2, 6, 60, 200, 1000};
    static const char *const names[] = {
        "he_normal, relu", "x",
        "variance_scaling(2,fan_in,truncated_normal), hard_sigmoid, and so on, and so forth, for ever"};
    if (round % 3 == 0) curves->plot.lowest = curves->plot.highest = 0;
    for (size_t s = 0; s < count; s++) {
      const size_t layers = 1 + test_random(&random) % most[test_random(&random) % 6];
      const double size = pow(10, test_uniform(&random, -4, 3));
      add_curve(curves, names[test_random(&random) % 3], layers, test_uniform(&random, -30, 30),
                size * test_uniform(&random, -1, 1), s % 2 ? NAN : size * test_uniform(&random, -1, 1));
      for (size_t i = 0; i < layers; i++)
        if (test_random(&random) % 8 == 0)
          curves->y[s][i] = (double[]){NAN, INFINITY, -INFINITY}[test_random(&random) % 3];
    }
    if (round % 5 == 0)
      for (size_t i = 0; i < MOST; i++) curves->x[i] *= 0.37;
    struct plot plot = curves->plot;
    char *reference = plot_text(&plot, plain);
    for (int unicode = 0; unicode < 2; unicode++)
      for (int color = 0; color < 2; color++) {
        plot.unicode = unicode;
        char *text = plot_text(&plot, color ? colored : plain);
        strip(text);
        assert_narrow(text, false);
        assert_int_equal(count_lines(text) > 1, count_lines(reference) > 1);
        if (!unicode) assert_string_equal(text, reference);
        for (size_t s = 0; count_lines(text) > 1 && s < count; s++) {
          bool visible = false;
          for (size_t i = 0; i < curves->series[s].count; i++)
            visible |= curves->y[s][i] >= (plot.lowest < 0 ? plot.lowest : -9999) &&
                       curves->y[s][i] <= (plot.highest > 0 ? plot.highest : 9999);
          if (visible && lines_with(text, (char)('A' + s)) + lines_with(text, '*') == 0)
            fail_msg("no %c in\n%s", (char)('A' + s), text);
          if (!visible && lines_with(text, (char)('A' + s)) > 0) fail_msg("%c in\n%s", (char)('A' + s), text);
        }
        free(text);
      }
    free(reference);
    free(curves);
  }
}

/* ---- heat maps -------------------------------------------------------------------------------------------------- */

static void maps_have_straight_names_where_they_fit(void **state) {
  (void)state;
  static const char *const rows[] = {"glorot_normal", "he"}, *const columns[] = {"10", "50", "1000"};
  static const struct heatmap_cell cells[] = {{-1, 0}, {-0.3, 0}, {-0.004, 0}, {0.003, 0}, {NAN, 'o'}, {NAN, 0}};
  const struct heatmap map = {"initializer", "decay", 2, 3, rows, columns, cells, classes, 7, marks, 2};
  assert_text(map_text(&map, plain), "initializer     10    50   1000\n"
                                     "glorot_normal   V     v     ,\n"
                                     "he              e     o     -\n"
                                     "decay:\n"
                                     "V below -0.3   v -0.3 to -0.03   , -0.03 to -0.003   . level, -0.003 to +0.003\n"
                                     "e +0.003 to +0.03   x +0.03 to +0.3   E from +0.3\n"
                                     "o overflow   - no value\n");
  assert_text(map_text(&map, markdown), "| initializer | 10 | 50 | 1000 |\n"
                                        "| --- | :---: | :---: | :---: |\n"
                                        "| glorot_normal | V | v | , |\n"
                                        "| he | e | o | - |\n"
                                        "\n"
                                        "decay:\n"
                                        "`V` below -0.3   `v` -0.3 to -0.03   `,` -0.03 to -0.003\n"
                                        "`.` level, -0.003 to +0.003   `e` +0.003 to +0.03   `x` +0.03 to +0.3\n"
                                        "`E` from +0.3\n"
                                        "`o` overflow   `-` no value\n"
                                        "\n");
  assert_text(map_text(&map, colored),
              "initializer     10    50   1000\n"
              "glorot_normal \033[48;5;26;38;5;231m  V   \033[0m\033[48;5;74;38;5;16m  v   "
              "\033[0m\033[48;5;153;38;5;16m  ,   \033[0m\n"
              "he            \033[48;5;223;38;5;16m  e   \033[0m\033[48;5;88;38;5;231m  o   \033[0m  -\n"
              "decay:\n"
              "\033[48;5;26;38;5;231m V \033[0m below -0.3   \033[48;5;74;38;5;16m v \033[0m -0.3 to -0.03   "
              "\033[48;5;153;38;5;16m , \033[0m -0.03 to -0.003\n"
              "\033[48;5;254;38;5;16m . \033[0m level, -0.003 to +0.003   \033[48;5;223;38;5;16m e \033[0m +0.003 to "
              "+0.03   \033[48;5;209;38;5;16m x \033[0m +0.03 to +0.3\n"
              "\033[48;5;160;38;5;231m E \033[0m from +0.3\n"
              "\033[48;5;88;38;5;231m o \033[0m overflow    -  no value\n");
}

/* Two blocks, and rows whose names would make them three. */
static void maps_have_stairs_of_names_where_they_do_not(void **state) {
  (void)state;
  static const char *const rows[] = {"he_normal", "variance_scaling(1.4142135,fan_in,untruncated_normal)",
                                     "variance_scaling(1.4142135,fan_in,uniform)"};
  static const char *const columns[] = {"a", "b", "relu", "a_name_of_many_more_than_thirty_letters", "e"};
  struct heatmap_cell cells[15];
  struct heatmap map = map_of(cells, 3, 5);
  map.rows = rows, map.columns = columns;
  assert_text(map_text(&map, plain),
              "                                         a\n"
              "                                         |  b\n"
              "                                         |  |  relu\n"
              "                                         |  |  |  a_name_of_many_more_than_..[3]\n"
              "initializer                              |  |  |  |  e\n"
              "he_normal                                .  ,  v  v  v\n"
              "variance_scaling(1.4142135,fan_in,..[1]  x  e  .  .  ,\n"
              "variance_scaling(1.4142135,fan_in,..[2]  x  x  x  e  .\n"
              "[1] variance_scaling(1.4142135,fan_in,untruncated_normal)\n"
              "[2] variance_scaling(1.4142135,fan_in,uniform)\n"
              "[3] a_name_of_many_more_than_thirty_letters\n"
              "ln of the gradient's change per layer:\n"
              "V below -0.3   v -0.3 to -0.03   , -0.03 to -0.003   . level, -0.003 to +0.003\n"
              "e +0.003 to +0.03   x +0.03 to +0.3   E from +0.3\n");
}

static void maps_without_data_are_a_sentence(void **state) {
  (void)state;
  static const struct heatmap_cell none[] = {{NAN, 0}, {NAN, 0}};
  struct heatmap map = {"initializer", "decay", 1, 2, initializers, activations, none, classes, 7, marks, 2};
  assert_text(map_text(&map, colored), "decay: nothing to show, there is no value.\n");
  map.row_count = 0;
  assert_text(map_text(&map, plain), "decay: nothing to show, there is no value.\n");
  map.row_count = 1, map.column_count = 0;
  assert_text(map_text(&map, plain), "decay: nothing to show, there is no value.\n");
}

static size_t count_text(const char *text, const char *part) {
  size_t count = 0;
  for (; (text = strstr(text, part)) != NULL; text++) count++;
  return count;
}

/* Maps of every size, with names of every length: narrow, with every cell, and every name whole somewhere. */
static void every_map_is_narrow_and_complete(void **state) {
  (void)state;
  uint64_t random = test_seed();
  for (int round = 0; round < 1500; round++) {
    char row_names[12][72], column_names[40][72];
    const char *rows[12], *columns[40];
    struct heatmap_cell cells[12 * 40];
    const size_t row_count = 1 + test_random(&random) % 12, column_count = 1 + test_random(&random) % 40;
    const size_t longest = 6 + test_random(&random) % 60;
    for (size_t r = 0; r < row_count; r++) {
      snprintf(row_names[r], sizeof row_names[r], "row%zu.%.*s", r, (int)(test_random(&random) % longest),
               "=================================================================");
      rows[r] = row_names[r];
    }
    for (size_t c = 0; c < column_count; c++) {
      snprintf(column_names[c], sizeof column_names[c], "col%zu.%.*s", c, (int)(test_random(&random) % longest),
               "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~");
      if (round % 2) strcpy(column_names[c], "!");
      columns[c] = column_names[c];
    }
    for (size_t i = 0; i < row_count * column_count; i++)
      cells[i] = (struct heatmap_cell){test_uniform(&random, -1, 1), i % 7 == 3 ? 'o' : 0};
    const struct heatmap map = {"initializer", "decay", row_count, column_count, rows, columns,
                                cells,         classes, 7,         marks,        2};
    char *text = map_text(&map, colored), *letters = map_text(&map, plain);
    const size_t keys = 7 + (row_count * column_count > 3);
    assert_int_equal(count_text(text, "\033[48;5;"), row_count * column_count + keys);
    strip(text);
    assert_narrow(text, true);
    assert_narrow(letters, false);
    for (size_t r = 0; r < row_count; r++) assert_non_null(strstr(letters, rows[r]));
    for (size_t c = 0; c < column_count; c++) assert_non_null(strstr(letters, columns[c]));
    free(text);
    free(letters);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(curves_theory_floors_and_gaps_are_drawn),
      cmocka_unit_test(curves_that_coincide_share_their_characters),
      cmocka_unit_test(one_layer_of_equal_values_is_drawn_as_several),
      cmocka_unit_test(resampling_hides_no_layer),
      cmocka_unit_test(lines_of_dots_leave_gaps),
      cmocka_unit_test(floors_without_room_are_named_in_the_legend),
      cmocka_unit_test(floors_are_drawn_if_they_are_near),
      cmocka_unit_test(values_beyond_the_number_format_stand_at_the_edges),
      cmocka_unit_test(without_data_there_is_a_sentence),
      cmocka_unit_test(markdown_fences_the_plain_picture),
      cmocka_unit_test(every_picture_is_narrow_and_shows_every_curve),
      cmocka_unit_test(maps_have_straight_names_where_they_fit),
      cmocka_unit_test(maps_have_stairs_of_names_where_they_do_not),
      cmocka_unit_test(maps_without_data_are_a_sentence),
      cmocka_unit_test(every_map_is_narrow_and_complete),
  };
  if (argc > 1 && strcmp(argv[1], "--demo") == 0) return run_demo(argc, argv);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
