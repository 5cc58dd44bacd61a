#include "tools/compare/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/gradient_cell.h"

#define STANDARD_ERRORS 3.0

static void *array_of(size_t count, size_t size) {
  void *array = calloc(count + 1, size);
  if (!array) abort();
  return array;
}

/* The same number, or neither has one. */
static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* ---- accuracies -------------------------------------------------------------------------------------------------- */

static bool takes_accuracy(const struct comparison *c, size_t subject, const struct result_accuracy *accuracy) {
  const struct selection *selection = &c->selection;
  return selection->suites[SUITE_ACCURACY] && selection->axis != AXIS_THREADS &&
         (selection->axis != AXIS_ARCH || strcmp(accuracy->arch, c->subjects[subject].arch) == 0) &&
         (!selection->filter || regexec(selection->filter, accuracy->name, 0, NULL, 0) == 0);
}

/* The subject's entry for the same function; of several archs, where any counts, the last, which is the best. */
static const struct result_accuracy *find_accuracy(const struct comparison *c, size_t subject,
                                                   const struct result_accuracy *base) {
  const struct result *result = comparison_result(c, subject);
  const bool any_arch = c->selection.axis == AXIS_ARCH || c->selection.archs == ARCHS_FASTEST;
  const struct result_accuracy *found = NULL;
  for (size_t i = 0; i < result->accuracy_count; i++) {
    const struct result_accuracy *other = &result->accuracies[i];
    if (takes_accuracy(c, subject, other) && strcmp(other->kernel, base->kernel) == 0 &&
        strcmp(other->provider, base->provider) == 0 && (any_arch || strcmp(other->arch, base->arch) == 0))
      found = other;
  }
  return found;
}

static bool same_accuracy(const struct result_accuracy *a, const struct result_accuracy *b) {
  return same(a->ulp_max, b->ulp_max) && same(a->ulp_max_at, b->ulp_max_at) && same(a->ulp_mean, b->ulp_mean) &&
         same(a->absolute_max, b->absolute_max) && same(a->subnormal_below, b->subnormal_below) &&
         same(a->zero_below, b->zero_below) && same(a->subnormal_above, b->subnormal_above) &&
         same(a->zero_above, b->zero_above);
}

struct accuracy_pair *accuracy_pairs(const struct comparison *c, size_t subject, size_t *count) {
  const struct result *result = comparison_result(c, 0);
  struct accuracy_pair *pairs = array_of(result->accuracy_count, sizeof *pairs);
  *count = 0;
  for (size_t i = 0; i < result->accuracy_count; i++) {
    const struct result_accuracy *base = &result->accuracies[i], *other;
    if (!takes_accuracy(c, 0, base) || find_accuracy(c, 0, base) != base || !(other = find_accuracy(c, subject, base)))
      continue;
    const bool same_samples = base->samples == other->samples;
    pairs[(*count)++] = (struct accuracy_pair){base, other, same_samples, same_samples && same_accuracy(base, other)};
  }
  return pairs;
}

/* ---- gradient cells ---------------------------------------------------------------------------------------------- */

/* Cells and runs are those of a whole file. */
static bool have_files(const struct comparison *c, size_t subject, enum suite_id suite) {
  return c->selection.axis == AXIS_MACHINE && c->selection.suites[suite] &&
         c->subjects[subject].source != c->subjects[0].source;
}

static bool same_networks(const struct gradient_cell *a, const struct gradient_cell *b) {
  struct gradient_cell x = *a, y = *b; /* their arrays are only looked at */
  x.arch[0] = y.arch[0] = '\0';
  return gradient_cell_order(&x, &y) == 0;
}

/* One that ran on the same arch, if there is one. */
static const struct gradient_cell *find_cell(const struct result *result, const struct gradient_cell *base) {
  const struct gradient_cell *found = NULL;
  for (size_t i = 0; i < result->cell_count; i++) {
    const struct gradient_cell *other = &result->cells[i];
    if (!same_networks(base, other)) continue;
    if (strcmp(base->arch, other->arch) == 0) return other;
    if (!found) found = other;
  }
  return found;
}

static bool same_seed(const struct result *a, const struct result *b) {
  return a->seed == b->seed && strcmp(a->rng, b->rng) == 0;
}

static bool same_layers(const struct gradient_cell *a, const struct gradient_cell *b) {
  const double *x = (const double *)a->layers, *y = (const double *)b->layers; /* nothing but doubles */
  for (size_t i = 0; i < a->depth * (sizeof *a->layers / sizeof *x); i++)
    if (!same(x[i], y[i])) return false;
  return true;
}

static struct cell_pair pair_of(const struct gradient_cell *base, const struct gradient_cell *other, bool seed) {
  struct cell_pair pair = {.base = base, .other = other};
  pair.promised = seed && strcmp(base->arch, other->arch) == 0;
  pair.identical = same(base->decay_per_layer, other->decay_per_layer) &&
                   same(base->decay_standard_error, other->decay_standard_error) && base->verdict == other->verdict &&
                   same_layers(base, other);
  pair.difference = other->decay_per_layer - base->decay_per_layer;
  pair.standard_error = hypot(base->decay_standard_error, other->decay_standard_error);
  pair.apart = base->verdict != other->verdict || isfinite(base->decay_per_layer) != isfinite(other->decay_per_layer) ||
               fabs(pair.difference) > STANDARD_ERRORS * pair.standard_error;
  return pair;
}

struct cell_pair *cell_pairs(const struct comparison *c, size_t subject, size_t *count) {
  const struct result *a = comparison_result(c, 0), *b = comparison_result(c, subject);
  struct cell_pair *pairs = array_of(a->cell_count, sizeof *pairs);
  *count = 0;
  for (size_t i = 0; i < a->cell_count && have_files(c, subject, SUITE_GRADIENTS); i++) {
    char name[ROW_NAME];
    gradient_cell_name(name, sizeof name, &a->cells[i]);
    if (c->selection.filter && regexec(c->selection.filter, name, 0, NULL, 0) != 0) continue;
    const struct gradient_cell *other = find_cell(b, &a->cells[i]);
    if (other) pairs[(*count)++] = pair_of(&a->cells[i], other, same_seed(a, b));
  }
  return pairs;
}

/* ---- training runs ----------------------------------------------------------------------------------------------- */

static bool same_training(const struct learning_run *a, const struct learning_run *b) {
  return strcmp(a->name, b->name) == 0 && a->width == b->width && a->batch == b->batch && a->images == b->images &&
         a->epochs == b->epochs && strcmp(a->data, b->data) == 0 && a->momentum == b->momentum &&
         a->recipe.normalization == b->recipe.normalization && a->recipe.residual == b->recipe.residual;
}

static double last_loss(const struct learning_run *run) {
  return run->history_count ? run->history[run->history_count - 1].loss : (double)NAN;
}

static bool same_history(const struct learning_run *a, const struct learning_run *b) {
  if (a->history_count != b->history_count || a->verdict != b->verdict) return false;
  for (size_t i = 0; i < a->history_count; i++)
    if (!same(a->history[i].loss, b->history[i].loss) ||
        !same(a->history[i].held_out_accuracy, b->history[i].held_out_accuracy) ||
        !same(a->history[i].gradient_norm, b->history[i].gradient_norm))
      return false;
  return true;
}

struct learning_pair *learning_pairs(const struct comparison *c, size_t subject, size_t *count) {
  const struct result *a = comparison_result(c, 0), *b = comparison_result(c, subject);
  struct learning_pair *pairs = array_of(a->learning_count, sizeof *pairs);
  *count = 0;
  for (size_t i = 0; i < a->learning_count && have_files(c, subject, SUITE_LEARNING); i++) {
    const struct learning_run *base = &a->learning[i];
    if (c->selection.filter && regexec(c->selection.filter, base->name, 0, NULL, 0) != 0) continue;
    for (size_t j = 0; j < b->learning_count; j++) {
      const struct learning_run *other = &b->learning[j];
      if (!same_training(base, other)) continue;
      pairs[(*count)++] = (struct learning_pair){.base = base,
                                                 .other = other,
                                                 .promised = same_seed(a, b) && strcmp(base->arch, other->arch) == 0,
                                                 .identical = same_history(base, other),
                                                 .loss_difference = last_loss(other) - last_loss(base),
                                                 .apart = base->verdict != other->verdict};
      break;
    }
  }
  return pairs;
}
