#include "harness/suite/gradient_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gradient_cell.h"
#include "harness/suite/gradient_cost.h"
#include "harness/theory.h"

#define CELLS_MOST 1000000
/* The vectors that shards are made equal for. */
#define SHARD_LANES 16

/* ---- the axes --------------------------------------------------------------------------------------------------- */

/* The axes of a grid, the one that changes fastest last, and a place on each. */
enum { AXIS_COUNT = 11 };
struct place {
  size_t at[AXIS_COUNT];
};

static void axis_counts(const struct options *o, size_t counts[AXIS_COUNT]) {
  const size_t all[AXIS_COUNT] = {o->init_count,         o->activation_count, o->depth_count,         o->width_count,
                                  o->weight_scale_count, o->bias_std_count,   o->normalization_count, o->residual_count,
                                  o->precision_count,    o->flush_count,      o->loss_scale_count};
  memcpy(counts, all, sizeof all);
}

static struct place place_of(size_t index, const size_t counts[AXIS_COUNT]) {
  struct place place;
  for (size_t axis = AXIS_COUNT; axis-- > 0; index /= counts[axis]) place.at[axis] = index % counts[axis];
  return place;
}

static void finish_setting(struct gradient_setting *setting, const struct options *options) {
  gradient_cell_name(setting->name, sizeof setting->name, &setting->cell);
  setting->length = gradient_seconds(setting, options, SHARD_LANES);
}

static void describe(struct gradient_setting *setting, const struct options *o, const struct place *place, size_t index,
                     const char *arch) {
  const size_t *at = place->at;
  struct gradient_cell *cell = &setting->cell;
  *setting = (struct gradient_setting){.initializer = &o->inits[at[0]], .activation = &o->activations[at[1]]};
  strcpy(cell->initializer, setting->initializer->text);
  strcpy(cell->activation, setting->activation->text);
  strcpy(cell->data, data_names[o->data]);
  snprintf(cell->arch, sizeof cell->arch, "%s", arch);
  cell->depth = o->depths[at[2]], cell->width = o->widths[at[3]];
  cell->batch = o->batch, cell->seeds = o->seeds;
  cell->weight_scale = o->weight_scales[at[4]], cell->bias_std = o->bias_stds[at[5]];
  cell->recipe = (struct recipe){.normalization = (enum normalization)o->normalizations[at[6]],
                                 .residual = o->residuals[at[7]] != 0,
                                 .precision = (enum precision)o->precisions[at[8]],
                                 .flush = o->flushes[at[9]] != 0};
  cell->loss_scale = o->loss_scales[at[10]];
  cell->index = index;
  finish_setting(setting, o);
}

/* ---- shards ----------------------------------------------------------------------------------------------------- */

static int by_length(const void *a, const void *b) {
  const struct gradient_setting *x = *(const struct gradient_setting *const *)a,
                                *y = *(const struct gradient_setting *const *)b;
  if (x->length != y->length) return x->length > y->length ? -1 : 1;
  return x->cell.index < y->cell.index ? -1 : x->cell.index > y->cell.index;
}

const struct gradient_setting **gradient_grid_longest_first(const struct gradient_grid *grid) {
  const struct gradient_setting **sorted = malloc((grid->count + 1) * sizeof *sorted);
  if (!sorted) return NULL;
  for (size_t i = 0; i < grid->count; i++) sorted[i] = &grid->items[i];
  qsort(sorted, grid->count, sizeof *sorted, by_length);
  return sorted;
}

/* Deals the cells out, the longest first, to the shards in turn, there and back. */
static bool keep_shard(struct gradient_grid *grid, size_t shard, size_t shards, struct error *error) {
  if (shards == 1) return true;
  const struct gradient_setting **sorted = gradient_grid_longest_first(grid);
  bool *kept = calloc(grid->count + 1, sizeof *kept);
  size_t count = 0;
  for (size_t i = 0; sorted && kept && i < grid->count; i++) {
    const size_t turn = i % (2 * shards), to = turn < shards ? turn : 2 * shards - 1 - turn;
    kept[sorted[i] - grid->items] = to == shard - 1;
  }
  for (size_t i = 0; sorted && kept && i < grid->count; i++)
    if (kept[i]) grid->items[count++] = grid->items[i];
  const bool fine = sorted && kept;
  free(sorted);
  free(kept);
  grid->count = count;
  return fine || error_set(error, "out of memory: a shard of the grid");
}

/* ---- one network and what may help it --------------------------------------------------------------------------- */

#define REMEDIES_MOST (2 * LIST_LIMIT + 8)

static struct gradient_setting *add_remedy(struct gradient_grid *grid) {
  struct gradient_setting *added = &grid->items[grid->count];
  *added = grid->items[0];
  added->cell.index = grid->count++;
  return added;
}

static void set_initializer(struct gradient_setting *setting, const struct initializer_choice *initializer) {
  setting->initializer = initializer;
  strcpy(setting->cell.initializer, initializer->text);
}

static void set_activation(struct gradient_setting *setting, const struct activation_choice *activation) {
  setting->activation = activation;
  strcpy(setting->cell.activation, activation->text);
}

/* The factor that takes the weights to where theory expects gradients to keep their size, if that is elsewhere. */
static void add_critical_scale(struct gradient_grid *grid) {
  const struct gradient_setting *base = &grid->items[0];
  const struct network_shape shape = {.inputs = base->cell.width, .width = base->cell.width, .depth = base->cell.depth};
  const struct theory_network network = {.initializer = base->initializer,
                                         .activation = base->activation,
                                         .shape = &shape,
                                         .bias_std = base->cell.bias_std,
                                         .weight_scale = base->cell.weight_scale};
  if (!theory_applies(&network)) return;
  const struct theory_facts facts = theory_facts(&network);
  const double factor = sqrt(facts.critical.weight_variance / facts.weight_variance);
  if (facts.critical.kind == MEANFIELD_CRITICAL_NONE || !(fabs(factor - 1) > 0.01)) return;
  add_remedy(grid)->cell.weight_scale *= round(1e4 * factor) / 1e4;
}

/* The network that the options describe, then others that differ from it in one thing each, the least change first. */
static bool make_remedies(struct gradient_grid *grid, const struct options *o, const char *arch, struct error *error) {
  *grid = (struct gradient_grid){.items = malloc(REMEDIES_MOST * sizeof *grid->items), .count = 1};
  if (!grid->items) return error_set(error, "out of memory");
  struct gradient_setting *base = &grid->items[0];
  describe(base, o, &(struct place){0}, 0, arch);
  add_critical_scale(grid);
  for (size_t i = 1; i < o->init_count; i++) set_initializer(add_remedy(grid), &o->inits[i]);
  if (base->cell.recipe.precision != PRECISION_FLOAT32) {
    add_remedy(grid)->cell.recipe.precision = PRECISION_FLOAT32;
    add_remedy(grid)->cell.loss_scale *= 1024;
  }
  if (base->cell.recipe.normalization == NORMALIZATION_NONE) {
    add_remedy(grid)->cell.recipe.normalization = NORMALIZATION_LAYER;
    add_remedy(grid)->cell.recipe.normalization = NORMALIZATION_BATCH;
  }
  if (!base->cell.recipe.residual) {
    add_remedy(grid)->cell.recipe.residual = true;
    struct gradient_setting *both = add_remedy(grid);
    both->cell.recipe.residual = true, both->cell.recipe.normalization = NORMALIZATION_LAYER;
  }
  for (size_t i = 1; i < o->activation_count; i++) set_activation(add_remedy(grid), &o->activations[i]);
  grid->whole = grid->count;
  for (size_t i = 0; i < grid->count; i++) finish_setting(&grid->items[i], o);
  return true;
}

/* ---- the grid --------------------------------------------------------------------------------------------------- */

static bool count_cells(const size_t counts[AXIS_COUNT], size_t *cells, struct error *error) {
  *cells = 1;
  for (size_t axis = 0; axis < AXIS_COUNT; axis++)
    if (__builtin_mul_overflow(*cells, counts[axis], cells) || *cells > CELLS_MOST)
      return error_set(error, "the grid has more than %d cells; give fewer values, in several runs", CELLS_MOST);
  return true;
}

/* The axes' cells that --filter and --shard leave. */
static bool make_axes(struct gradient_grid *grid, const struct run *run, const char *arch, struct error *error) {
  size_t counts[AXIS_COUNT];
  *grid = (struct gradient_grid){0};
  axis_counts(run->options, counts);
  if (!count_cells(counts, &grid->whole, error)) return false;
  grid->items = malloc((grid->whole + 1) * sizeof *grid->items);
  if (!grid->items) return error_set(error, "out of memory: a grid of %zu cells", grid->whole);
  for (size_t i = 0; i < grid->whole; i++) {
    const struct place place = place_of(i, counts);
    struct gradient_setting *next = &grid->items[grid->count];
    describe(next, run->options, &place, i, arch);
    grid->count += run_wants(run, next->name);
  }
  if (keep_shard(grid, run->options->shard, run->options->shards, error)) return true;
  gradient_grid_free(grid);
  return false;
}

bool gradient_grid_make(struct gradient_grid *grid, const struct run *run, const char *arch, struct error *error) {
  return run->options->explain ? make_remedies(grid, run->options, arch, error) : make_axes(grid, run, arch, error);
}

void gradient_grid_free(struct gradient_grid *grid) {
  free(grid->items);
  *grid = (struct gradient_grid){0};
}
