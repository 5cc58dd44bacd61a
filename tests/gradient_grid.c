/* Which cells a grid has: their order, names and places, what filters and shards leave, and what they are said to cost.
 */
#include "harness/suite/gradient_grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gradient_cell.h"
#include "harness/suite/gradient_cost.h"
#include "tests/support.h"

/* The options of a command line for the gradients suite. */
static struct options *parsed(const char *line) {
  static struct options options; /* large */
  const struct cpu_features cpu = cpu_detect();
  char text[1024], *arguments[40] = {"bench", "--suite=gradients"};
  int count = 2;
  struct error error;
  snprintf(text, sizeof text, "%s", line);
  for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) arguments[count++] = word;
  if (options_parse(count, arguments, &cpu, &options, &error) != OPTIONS_RUN) fail_msg("%s", error.text);
  return &options;
}

static struct gradient_grid grid_of(const struct options *options, const char *arch) {
  struct gradient_grid grid;
  struct error error;
  regex_t filter;
  struct run run = {.options = options};
  if (options->filter[0]) {
    assert_int_equal(regcomp(&filter, options->filter, REG_EXTENDED | REG_NOSUB), 0);
    run.filter = &filter;
  }
  if (!gradient_grid_make(&grid, &run, arch, &error)) fail_msg("%s", error.text);
  if (run.filter) regfree(&filter);
  return grid;
}

/* ---- the axes --------------------------------------------------------------------------------------------------- */

#define MIXED                                                                                                          \
  "--inits=he_normal,orthogonal,lsuv --activations=relu,tanh --depths=3,50,1000 --widths=64,256 "                      \
  "--weight-scales=1,0.5 "                                                                                             \
  "--bias-stds=0,0.1 --norms=none,batch,layer --residuals=no,yes --precisions=float32,bf16 --ftz=no,yes "              \
  "--loss-scales=1,1024 --batch=16 --seeds=2"

static void every_combination_is_a_cell(void **state) {
  (void)state;
  const struct options *options = parsed(MIXED);
  struct gradient_grid grid = grid_of(options, "avx2");
  const size_t counts[] = {3, 2, 3, 2, 2, 2, 3, 2, 2, 2, 2};
  size_t strides[12] = {[11] = 1};
  for (size_t a = 11; a-- > 0;) strides[a] = strides[a + 1] * counts[a];
  assert_int_equal(grid.count, strides[0]);
  assert_int_equal(grid.whole, strides[0]);
  for (size_t i = 0; i < grid.count; i++) {
    const struct gradient_setting *setting = &grid.items[i];
    const struct gradient_cell *cell = &setting->cell;
    const struct recipe *recipe = &cell->recipe;
#define AT(axis) (i / strides[(axis) + 1] % counts[axis])
    assert_int_equal(cell->index, i);
    assert_string_equal(cell->initializer, options->inits[AT(0)].text);
    assert_ptr_equal(setting->initializer, &options->inits[AT(0)]);
    assert_string_equal(cell->activation, options->activations[AT(1)].text);
    assert_ptr_equal(setting->activation, &options->activations[AT(1)]);
    assert_int_equal(cell->depth, options->depths[AT(2)]);
    assert_int_equal(cell->width, options->widths[AT(3)]);
    assert_true(cell->weight_scale == options->weight_scales[AT(4)] && cell->bias_std == options->bias_stds[AT(5)]);
    assert_true((size_t)recipe->normalization == AT(6) && recipe->residual == AT(7));
    assert_true((size_t)recipe->precision == AT(8) && recipe->flush == AT(9));
    assert_true(cell->loss_scale == options->loss_scales[AT(10)]);
#undef AT
    assert_true(cell->batch == 16 && cell->seeds == 2);
    assert_string_equal(cell->data, "normal");
    assert_string_equal(cell->arch, "avx2");
  }
  gradient_grid_free(&grid);
}

static int compare_names(const void *a, const void *b) { return strcmp(a, b); }

static void names_are_unique(void **state) {
  (void)state;
  struct gradient_grid grid = grid_of(parsed(MIXED), "avx2");
  char(*names)[ROW_NAME] = malloc(grid.count * sizeof *names);
  for (size_t i = 0; i < grid.count; i++) strcpy(names[i], grid.items[i].name);
  qsort(names, grid.count, sizeof *names, compare_names);
  for (size_t i = 1; i < grid.count; i++) assert_string_not_equal(names[i - 1], names[i]);
  free(names);
  gradient_grid_free(&grid);
}

static void the_same_number_in_other_words_is_one_cell(void **state) {
  (void)state;
  struct gradient_grid grid = grid_of(parsed("--inits=zeros --activations=relu --depths=5,05,5 --widths=8,008 "
                                             "--weight-scales=1,1.0,1e0 --bias-stds=0,0.0 --loss-scales=1,1.00"),
                                      "scalar");
  assert_int_equal(grid.count, 1);
  gradient_grid_free(&grid);
}

static void a_filter_keeps_places(void **state) {
  (void)state;
  struct gradient_grid grid =
      grid_of(parsed("--inits=zeros,he_normal --activations=relu,tanh --depths=2,20 --filter=/tanh/2$"), "scalar");
  assert_int_equal(grid.count, 2);
  assert_int_equal(grid.whole, 8);
  assert_string_equal(grid.items[0].name, "gradients/zeros/tanh/2");
  assert_string_equal(grid.items[1].name, "gradients/he_normal/tanh/2");
  assert_true(grid.items[0].cell.index == 2 && grid.items[1].cell.index == 6);
  gradient_grid_free(&grid);
}

static void too_many_cells_are_refused(void **state) {
  (void)state;
  struct options *options = parsed("--inits=all --activations=all");
  struct gradient_grid grid;
  struct error error = {""};
  const struct run run = {.options = options};
  options->depth_count = options->width_count = options->weight_scale_count = LIST_LIMIT;
  assert_false(gradient_grid_make(&grid, &run, "scalar", &error));
  assert_non_null(strstr(error.text, "more than 1000000 cells"));
  /* Twice 2^63 + 1 is 2 for a size_t. */
  options->depth_count = options->width_count = options->weight_scale_count = 1;
  options->init_count = 2, options->activation_count = ((size_t)1 << 63) + 1;
  assert_false(gradient_grid_make(&grid, &run, "scalar", &error));
  assert_non_null(strstr(error.text, "more than 1000000 cells"));
}

/* ---- shards ----------------------------------------------------------------------------------------------------- */

/* The indices of the cells of shard k, in their order; *seconds they take. */
static size_t shard(struct options *options, size_t k, size_t n, const char *arch, size_t *indices, double *seconds) {
  options->shard = k, options->shards = n;
  struct gradient_grid grid = grid_of(options, arch);
  const size_t count = grid.count;
  *seconds = 0;
  for (size_t i = 0; i < count; i++) {
    indices[i] = grid.items[i].cell.index;
    *seconds += grid.items[i].length;
    if (i > 0) assert_true(indices[i - 1] < indices[i]);
  }
  gradient_grid_free(&grid);
  return count;
}

static void shards_are_a_partition(struct options *options, double uneven) {
  options->shard = options->shards = 1;
  struct gradient_grid grid = grid_of(options, "scalar");
  const size_t cells = grid.count, counts[] = {1, 2, 3, 4, 5, 6, 7, cells, cells + 5};
  gradient_grid_free(&grid);
  size_t *indices = malloc((cells + 1) * sizeof *indices), *other = malloc((cells + 1) * sizeof *other);
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
    const size_t n = counts[c];
    double least = INFINITY, most = 0, seconds;
    if (n > 100 && uneven < 1) continue; /* takes long, and shows nothing that the small grid does not */
    int *seen = calloc(cells, sizeof *seen);
    for (size_t k = 1; k <= n; k++) {
      const size_t count = shard(options, k, n, "scalar", indices, &seconds);
      for (size_t i = 0; i < count; i++) seen[indices[i]]++;
      least = fmin(least, seconds), most = fmax(most, seconds);
      /* A shard is the same on every machine. */
      double same;
      assert_int_equal(shard(options, k, n, "avx512", other, &same), count);
      assert_memory_equal(indices, other, count * sizeof *indices);
    }
    for (size_t i = 0; i < cells; i++) assert_int_equal(seen[i], 1);
    if (n <= 7) printf("%zu cells in %zu shards: %.4g to %.4g s\n", cells, n, least, most);
    if (n <= 7 && uneven < 1) assert_true(most <= (1 + uneven) * least);
    free(seen);
  }
  free(indices);
  free(other);
}

static void every_cell_is_in_one_shard(void **state) {
  (void)state;
  shards_are_a_partition(parsed("--inits=he_normal --activations=relu,tanh --depths=2,3,50 --widths=8"), INFINITY);
  shards_are_a_partition(parsed(MIXED), 0.01);
  /* Dealt out there and back: one that always gets the longer one of a pair would have more. */
  double first, second;
  size_t indices[32];
  struct options *few = parsed("--inits=zeros --activations=relu --widths=512 "
                               "--depths=10,20,30,40,50,60,70,80,90,100,110,120,130,140,150,160,170,180,190,200");
  assert_int_equal(shard(few, 1, 2, "scalar", indices, &first), 10);
  assert_int_equal(shard(few, 2, 2, "scalar", indices, &second), 10);
  assert_true(fabs(first - second) < 0.01 * first);
}

static void the_longest_come_first(void **state) {
  (void)state;
  struct gradient_grid grid = grid_of(parsed(MIXED), "scalar");
  const struct gradient_setting **sorted = gradient_grid_longest_first(&grid);
  assert_non_null(sorted);
  for (size_t i = 1; i < grid.count; i++)
    assert_true(sorted[i - 1]->length > sorted[i]->length ||
                (sorted[i - 1]->length == sorted[i]->length && sorted[i - 1]->cell.index < sorted[i]->cell.index));
  free(sorted);
  gradient_grid_free(&grid);
}

/* ---- cost ------------------------------------------------------------------------------------------------------- */

static double seconds_of(const char *line, double lanes) {
  char whole[256];
  snprintf(whole, sizeof whole, "--activations=tanh --depths=50 --seeds=5 %s", line);
  const struct options *options = parsed(whole);
  struct gradient_grid grid = grid_of(options, "scalar");
  assert_int_equal(grid.count, 1);
  const double seconds = gradient_seconds(&grid.items[0], options, lanes);
  gradient_grid_free(&grid);
  return seconds;
}

/* What was measured on one core with vectors of 16 lanes. */
static void estimates_are_within_a_factor(void **state) {
  (void)state;
  static const struct {
    const char *line;
    double layer; /* seconds of CPU time */
  } measured[] = {{"--inits=he_normal --widths=32 --batch=16", 9.3e-6},
                  {"--inits=he_normal --widths=256 --batch=64", 479e-6},
                  {"--inits=he_uniform --widths=256 --batch=256", 1720e-6},
                  {"--inits=he_normal --widths=1024 --batch=16", 3410e-6},
                  {"--inits=he_normal --widths=1024 --batch=256", 24.4e-3},
                  {"--inits=he_normal --widths=32 --batch=16 --histograms", 16.7e-6},
                  {"--inits=he_normal --widths=1024 --batch=16 --histograms", 4500e-6},
                  {"--inits=he_normal --widths=32 --batch=16 --norms=batch --precisions=bf16 --residuals=yes", 20.2e-6},
                  {"--inits=he_normal --widths=256 --batch=16 --jacobians", 12.2e-3},
                  {"--inits=he_normal --widths=512 --batch=16 --jacobians", 78e-3},
                  {"--inits=he_normal --widths=1024 --batch=16 --jacobians", 43.6e-3},
                  {"--inits=orthogonal --widths=256 --batch=16", 590e-6},
                  {"--inits=orthogonal --widths=1024 --batch=16", 20e-3},
                  {"--inits=lsuv --widths=256 --batch=256", 3170e-6},
                  {"--inits=lsuv --widths=1024 --batch=16", 21.9e-3}};
  for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
    const double estimate = seconds_of(measured[i].line, 16), truth = 5 * 50 * measured[i].layer + 0.015;
    printf("%s: %.3g s estimated, %.3g s measured\n", measured[i].line, estimate, truth);
    assert_true(estimate < 1.5 * truth && truth < 1.5 * estimate);
  }
  assert_true(seconds_of("--inits=he_normal --widths=1024", 1) > 8 * seconds_of("--inits=he_normal --widths=1024", 16));
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static const struct gradient_cell usual = {.initializer = "he_normal",
                                           .activation = "relu",
                                           .data = "normal",
                                           .arch = "avx2",
                                           .depth = 50,
                                           .width = USUAL_WIDTH,
                                           .batch = 64,
                                           .seeds = 5,
                                           .weight_scale = 1,
                                           .loss_scale = 1};

/* A cell that differs from the usual one, by its name and in words; NULL where the name is the usual one. */
static void check_change(struct gradient_cell cell, const char *name, const char *changes) {
  char text[ROW_NAME];
  gradient_cell_name(text, sizeof text, &cell);
  assert_string_equal(text, name);
  gradient_cell_changes(text, sizeof text, &cell);
  assert_string_equal(text, changes);
  const int order = gradient_cell_order(&usual, &cell), turned = gradient_cell_order(&cell, &usual);
  assert_true(order != 0 && (order < 0) == (turned > 0));
  assert_int_equal(gradient_cell_order(&cell, &cell), 0);
}

#define USUAL "gradients/he_normal/relu/50"

static void every_field_tells_cells_apart(void **state) {
  (void)state;
  char text[ROW_NAME];
  struct gradient_cell cell = usual;
  gradient_cell_name(text, sizeof text, &cell);
  assert_string_equal(text, USUAL);
  gradient_cell_changes(text, sizeof text, &cell);
  assert_string_equal(text, "");
#define CHANGE(set, name, changes) cell = usual, set, check_change(cell, name, changes)
  CHANGE(strcpy(cell.initializer, "normal(0,1)"), "gradients/normal(0,1)/relu/50", "");
  CHANGE(strcpy(cell.activation, "tanh"), "gradients/he_normal/tanh/50", "");
  CHANGE(cell.depth = 51, "gradients/he_normal/relu/51", "");
  CHANGE(cell.width = 512, USUAL "/width:512", "width 512");
  CHANGE(cell.weight_scale = 0.5, USUAL "/scale:0.5", "scale 0.5");
  CHANGE(cell.bias_std = 0.05, USUAL "/bias:0.05", "bias 0.05");
  CHANGE(cell.recipe.normalization = NORMALIZATION_BATCH, USUAL "/batch_norm", "batch norm");
  CHANGE(cell.recipe.normalization = NORMALIZATION_LAYER, USUAL "/layer_norm", "layer norm");
  CHANGE(cell.recipe.residual = true, USUAL "/residual", "residual");
  CHANGE(cell.recipe.precision = PRECISION_BF16, USUAL "/bf16", "bf16");
  CHANGE(cell.recipe.precision = PRECISION_FP16, USUAL "/fp16", "fp16");
  CHANGE(cell.recipe.flush = true, USUAL "/ftz", "ftz");
  CHANGE(cell.loss_scale = 1024, USUAL "/loss_scale:1024", "loss scale 1024");
  CHANGE((cell.width = 8, cell.recipe.residual = true, cell.recipe.flush = true), USUAL "/width:8/residual/ftz",
         "width 8, residual, ftz");
  /* Not in the name. */
  CHANGE(cell.seeds = 6, USUAL, "");
  CHANGE(cell.batch = 65, USUAL, "");
  CHANGE(strcpy(cell.data, "fashion-mnist"), USUAL, "");
  CHANGE(strcpy(cell.arch, "neon"), USUAL, "");
#undef CHANGE
  /* What networks showed, and where they stand, is no part of them. */
  cell = usual, cell.index = 7, cell.decay_per_layer = 1, cell.verdict = VERDICT_OVERFLOW;
  assert_int_equal(gradient_cell_order(&cell, &usual), 0);
}

static void long_names_are_cut(void **state) {
  (void)state;
  char text[24] = "", empty[1] = "x";
  struct gradient_cell cell = usual;
  cell.width = 123456789, cell.recipe.residual = true;
  gradient_cell_name(text, sizeof text, &cell);
  assert_string_equal(text, "gradients/he_normal/rel");
  gradient_cell_changes(text, 8, &cell);
  assert_string_equal(text, "width 1");
  gradient_cell_changes(empty, 1, &cell);
  assert_string_equal(empty, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_combination_is_a_cell),
      cmocka_unit_test(names_are_unique),
      cmocka_unit_test(the_same_number_in_other_words_is_one_cell),
      cmocka_unit_test(a_filter_keeps_places),
      cmocka_unit_test(too_many_cells_are_refused),
      cmocka_unit_test(every_cell_is_in_one_shard),
      cmocka_unit_test(the_longest_come_first),
      cmocka_unit_test(estimates_are_within_a_factor),
      cmocka_unit_test(every_field_tells_cells_apart),
      cmocka_unit_test(long_names_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
