#include "tools/report/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/fingerprint.h"
#include "harness/gradient_cell.h"
#include "harness/table_rows.h"
#include "tools/report/newest.h"

static void *checked(void *memory) {
  if (!memory) abort();
  return memory;
}

/* ---- names and colours ------------------------------------------------------------------------------------------- */

size_t view_arch(const struct views *views, const char *arch) {
  size_t i = 0;
  while (i < views->arch_count && strcmp(views->archs[i], arch) != 0) i++;
  return i < views->arch_count ? i : VIEW_ARCHS;
}

static void add_arch(struct views *views, const char *arch) {
  if (views->arch_count < VIEW_ARCHS && view_arch(views, arch) == VIEW_ARCHS)
    snprintf(views->archs[views->arch_count++], sizeof views->archs[0], "%s", arch);
}

static size_t provider_place(const struct views *views, const char *provider) {
  size_t i = 0;
  while (i < views->provider_count && strcmp(views->providers[i], provider) != 0) i++;
  return i;
}

size_t view_provider_color(const struct views *views, const char *provider) {
  return 3 + provider_place(views, provider) % 5;
}

const char *view_suffix(char text[VIEW_SUFFIX], const struct views *views, const struct view *view) {
  snprintf(text, VIEW_SUFFIX, "%s%s", views->count > 1 ? ", " : "", views->count > 1 ? view->name : "");
  return text;
}

static void find_names(struct views *views) {
  static const char *const usual[] = {"scalar", "avx2", "avx512", "neon"};
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) add_arch(views, usual[i]);
  for (size_t i = 0; i < views->input_count; i++) {
    const struct result *result = &views->inputs[i].result;
    for (size_t j = 0; j < result->row_count; j++) {
      const struct result_row *row = &result->rows[j];
      add_arch(views, row->arch);
      if (!row_is_own(row) && views->provider_count < VIEW_PROVIDERS &&
          provider_place(views, row->provider) == views->provider_count)
        strcpy(views->providers[views->provider_count++], row->provider);
    }
    for (size_t j = 0; j < result->limit_count; j++) add_arch(views, result->limits[j].arch);
    for (size_t j = 0; j < result->accuracy_count; j++) add_arch(views, result->accuracies[j].arch);
  }
}

double view_seconds(const struct result *result) {
  struct tm tm = {0};
  int hours = 0, minutes = 0;
  char sign = '+';
  const int fields = sscanf(result->date, "%d-%d-%dT%d:%d:%d%c%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
                            &tm.tm_min, &tm.tm_sec, &sign, &hours, &minutes);
  if (fields < 6 || tm.tm_year < 1900 || tm.tm_year > 9999) return NAN;
  tm.tm_year -= 1900, tm.tm_mon -= 1;
  const double offset = 3600.0 * hours + 60.0 * minutes;
  return (double)timegm(&tm) - (sign == '-' ? -offset : offset);
}

const char *view_run(char text[VIEW_RUN], const struct result *result) {
  const char *time = strchr(result->date, 'T');
  snprintf(text, VIEW_RUN, "%.10s%s%.5s%s%.7s", result->date, time ? " " : "", time ? time + 1 : "",
           result->commit[0] ? ", " : "", result->commit);
  return text;
}

const char *view_conditions(char text[VIEW_CONDITIONS], const struct result_row *row) {
  char smt[24] = "";
  if (row->smt > 1) snprintf(smt, sizeof smt, ", SMT %d", row->smt);
  snprintf(text, VIEW_CONDITIONS, "%d thread%s%s%s%s%s", row->threads, row->threads == 1 ? "" : "s",
           strcmp(row->cache, "cold") == 0 ? ", cold" : "", row->cores[0] ? ", cores: " : "", row->cores, smt);
  return text;
}

/* ---- the same things ----------------------------------------------------------------------------------------------
 */

static int conditions_order(const struct result_row *x, const struct result_row *y) {
  int order = x->threads - y->threads;
  if (!order) order = x->smt - y->smt;
  if (!order) order = strcmp(x->cores, y->cores);
  return order ? order : strcmp(x->cache, y->cache);
}

bool view_same_conditions(const struct result_row *a, const struct result_row *b) {
  return conditions_order(a, b) == 0;
}

int view_work_order(const void *a, const void *b) {
  const struct result_row *x = a, *y = b;
  int order = strcmp(x->suite, y->suite);
  if (!order) order = strcmp(x->kernel, y->kernel);
  if (!order) order = strcmp(x->shape, y->shape);
  if (!order) order = strcmp(x->residence, y->residence);
  if (!order) order = strcmp(x->provider, y->provider);
  return order ? order : conditions_order(x, y);
}

int view_row_order(const void *a, const void *b) {
  const int order = view_work_order(a, b);
  return order ? order : strcmp(((const struct result_row *)a)->arch, ((const struct result_row *)b)->arch);
}

static int limit_order(const void *a, const void *b) {
  const struct result_limit *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  if (!order) order = strcmp(x->residence, y->residence);
  if (!order) order = strcmp(x->arch, y->arch);
  if (!order) order = strcmp(x->cores, y->cores);
  if (!order) order = x->threads - y->threads;
  if (!order) order = x->smt - y->smt;
  return order ? order : x->node - y->node;
}

static int clock_order(const void *a, const void *b) {
  const struct result_clock *x = a, *y = b;
  int order = strcmp(x->arch, y->arch);
  if (!order) order = strcmp(x->cores, y->cores);
  return order ? order : x->threads - y->threads;
}

static int cell_order(const void *a, const void *b) {
  const struct gradient_cell *x = a, *y = b;
  int order = gradient_cell_order(x, y);
  if (!order) order = strcmp(x->data, y->data);
  if (!order) order = (x->batch > y->batch) - (x->batch < y->batch);
  return order ? order : (x->seeds > y->seeds) - (x->seeds < y->seeds);
}

static int learning_order(const void *a, const void *b) {
  const struct learning_run *x = a, *y = b;
  const int order = strcmp(x->name, y->name);
  return order ? order : strcmp(x->data, y->data);
}

static int accuracy_order(const void *a, const void *b) {
  const struct result_accuracy *x = a, *y = b;
  return strcmp(x->name, y->name);
}

static int prediction_order(const void *a, const void *b) {
  const struct result_prediction *x = a, *y = b;
  int order = strcmp(x->kernel, y->kernel);
  if (!order) order = strcmp(x->arch, y->arch);
  return order ? order : strcmp(x->model, y->model);
}

/* ---- collecting ---------------------------------------------------------------------------------------------------
 */

static int by_time(const void *a, const void *b) {
  const double x = view_seconds(&((const struct input *)a)->result),
               y = view_seconds(&((const struct input *)b)->result);
  return isnan(x) || isnan(y) ? isnan(y) - isnan(x) : (x > y) - (x < y);
}

/* Allocates *list and fills it from the inputs, the newest first, with what is not there yet. */
#define COLLECT(list, list_count, inputs_list, inputs_n, items, items_count, order)                                    \
  do {                                                                                                                 \
    size_t most = 0, filled = 0;                                                                                       \
    for (size_t i = 0; i < (inputs_n); i++) most += (inputs_list)[i]->result.items_count;                              \
    const void **collected = checked(malloc((most + 1) * sizeof *collected));                                          \
    for (size_t i = (inputs_n); i-- > 0;)                                                                              \
      for (size_t j = 0; j < (inputs_list)[i]->result.items_count; j++)                                                \
        collected[filled++] = &(inputs_list)[i]->result.items[j];                                                      \
    (list_count) = first_of_each(collected, filled, order);                                                            \
    (list) = (void *)collected;                                                                                        \
  } while (0)

static int by_place(const void *a, const void *b) {
  const struct work *x = a, *y = b;
  return (x->place > y->place) - (x->place < y->place);
}

/* Items are places in view->rows. */
static int pointed_work_order(const void *a, const void *b) {
  return view_work_order(*(const struct result_row *const *)a, *(const struct result_row *const *)b);
}

/* Puts our rows of the same work together, in the order of their first ones. */
static void find_works(const struct views *views, struct view *view) {
  const void **places = checked(malloc((view->row_count + 1) * sizeof *places));
  size_t count = 0;
  for (size_t i = 0; i < view->row_count; i++)
    if (row_is_own(view->rows[i])) places[count++] = &view->rows[i];
  sort_items(places, count, pointed_work_order);
  view->works = checked(calloc(count + 1, sizeof *view->works));
  for (size_t i = 0, next; i < count; i = next) {
    struct work work = {{NULL}, NULL, (size_t)((const struct result_row *const *)places[i] - view->rows)};
    for (next = i; next < count && pointed_work_order(places[i], places[next]) == 0; next++) {
      const struct result_row *row = *(const struct result_row *const *)places[next];
      const size_t arch = view_arch(views, row->arch);
      if (arch < VIEW_ARCHS) work.rows[arch] = row;
      if (arch < VIEW_ARCHS && !row->support && !work.first) work.first = row;
    }
    if (work.first) view->works[view->work_count++] = work;
  }
  qsort(view->works, view->work_count, sizeof *view->works, by_place);
  free(places);
}

/* The CPU, and where several machines have it what tells them apart: the host, else a number. */
static void name_view(const struct views *views, struct view *view, size_t index) {
  const struct machine *machine = &view->newest->machine;
  size_t same_cpu = 0, same_host = 0;
  for (size_t i = 0; i < views->count; i++) {
    const struct machine *other = &views->views[i].newest->machine;
    const bool same = strcmp(other->cpu, machine->cpu) == 0;
    same_cpu += same;
    same_host += same && strcmp(other->host, machine->host) == 0;
  }
  const char *cpu = machine->cpu[0] ? machine->cpu : "unknown CPU";
  if (same_cpu < 2)
    snprintf(view->name, sizeof view->name, "%.64s", cpu);
  else if (same_host < 2)
    snprintf(view->name, sizeof view->name, "%.40s on %.40s", cpu, machine->host);
  else
    snprintf(view->name, sizeof view->name, "%.64s (machine %zu)", cpu, index + 1);
}

static struct view *view_of(struct views *views, const struct machine *machine) {
  char id[FINGERPRINT_ID], other[FINGERPRINT_ID];
  fingerprint_id(machine, id);
  for (size_t i = 0; i < views->count; i++) {
    fingerprint_id(&views->views[i].inputs[0]->result.machine, other);
    if (strcmp(id, other) == 0) return &views->views[i];
  }
  struct view *view = &views->views[views->count++];
  view->inputs = checked(malloc(views->input_count * sizeof *view->inputs));
  return view;
}

static void fill_view(struct views *views, struct view *view) {
  sort_items((const void **)view->inputs, view->input_count, by_time);
  view->newest = &view->inputs[view->input_count - 1]->result;
  COLLECT(view->rows, view->row_count, view->inputs, view->input_count, rows, row_count, view_row_order);
  COLLECT(view->limits, view->limit_count, view->inputs, view->input_count, limits, limit_count, limit_order);
  COLLECT(view->clocks, view->clock_count, view->inputs, view->input_count, clocks, clock_count, clock_order);
  find_works(views, view);
}

void views_init(struct views *views, const struct input *inputs, size_t count) {
  memset(views, 0, sizeof *views);
  views->inputs = inputs;
  views->input_count = count;
  views->views = checked(calloc(count, sizeof *views->views));
  find_names(views);
  const struct input **all = checked(malloc(count * sizeof *all));
  for (size_t i = 0; i < count; i++) {
    struct view *view = view_of(views, &inputs[i].result.machine);
    view->inputs[view->input_count++] = all[i] = &inputs[i];
  }
  sort_items((const void **)all, count, by_time);
  COLLECT(views->cells, views->cell_count, all, count, cells, cell_count, cell_order);
  COLLECT(views->learning, views->learning_count, all, count, learning, learning_count, learning_order);
  COLLECT(views->accuracies, views->accuracy_count, all, count, accuracies, accuracy_count, accuracy_order);
  COLLECT(views->predictions, views->prediction_count, all, count, predictions, prediction_count, prediction_order);
  free(all);
  for (size_t i = 0; i < views->count; i++) fill_view(views, &views->views[i]);
  for (size_t i = 0; i < views->count; i++) name_view(views, &views->views[i], i);
}

void views_free(struct views *views) {
  for (size_t i = 0; i < views->count; i++) {
    struct view *view = &views->views[i];
    free(view->inputs), free(view->rows), free(view->works), free(view->limits), free(view->clocks);
  }
  free(views->views), free(views->cells), free(views->learning), free(views->accuracies), free(views->predictions);
}

/* ---- ratios -------------------------------------------------------------------------------------------------------
 */

struct ratio view_times_scalar(const struct views *views, const struct work *work, size_t arch) {
  const size_t scalar_arch = view_arch(views, "scalar");
  const struct result_row *row = work->rows[arch], *scalar = work->rows[scalar_arch];
  struct ratio ratio = {row && row->times_scalar > 0 ? row->times_scalar : NAN, NAN, NAN};
  if (row && scalar && row->time.low > 0 && row->time.median > 0 && arch != scalar_arch)
    ratio = (struct ratio){scalar->time.median / row->time.median, scalar->time.low / row->time.high,
                           scalar->time.high / row->time.low};
  return ratio;
}

const struct result_row *view_winner(const struct work *work, bool *apart) {
  const struct result_row *best = NULL;
  size_t count = 0;
  for (size_t i = 0; i < VIEW_ARCHS; i++) {
    const struct result_row *row = work->rows[i];
    if (!row || row->support || !(row->time.median > 0)) continue;
    count++;
    if (!best || row->time.median < best->time.median) best = row;
  }
  *apart = true;
  for (size_t i = 0; best && i < VIEW_ARCHS; i++) {
    const struct result_row *row = work->rows[i];
    if (row && row != best && !row->support && row->time.low <= best->time.high) *apart = false;
  }
  return count > 1 ? best : NULL;
}

void mean_add(struct mean *mean, double value) {
  if (!isfinite(value) || !(value > 0)) return;
  if (!mean->count || value < mean->least) mean->least = value;
  if (!mean->count || value > mean->most) mean->most = value;
  mean->logs += log(value);
  mean->count++;
}

double mean_value(const struct mean *mean) { return mean->count ? exp(mean->logs / (double)mean->count) : NAN; }

/* ---- sets ---------------------------------------------------------------------------------------------------------
 */

size_t view_sets(const struct view *view, work_relation *same, const struct work **firsts) {
  size_t count = 0;
  for (size_t i = 0; i < view->work_count; i++) {
    size_t j = 0;
    while (j < count && !same(firsts[j]->first, view->works[i].first)) j++;
    if (j == count && count < VIEW_SETS_MOST) firsts[count++] = &view->works[i];
  }
  return count;
}

double view_fraction(const struct result_row *row) {
  return row && !row->support && row->fraction_of_limit > 0 ? row->fraction_of_limit : NAN;
}
