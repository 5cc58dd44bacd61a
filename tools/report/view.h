/* What all results together say: by machine, of everything the newest. Colours and names that mean the same throughout
 * the report. */
#ifndef DEPTHMARK_REPORT_VIEW_H
#define DEPTHMARK_REPORT_VIEW_H

#include "harness/result.h"

#define VIEW_ARCHS 8
#define VIEW_PROVIDERS 24

struct input {
  const char *path;
  struct result result;
};

/* Our rows of the same work, by arch. */
struct work {
  const struct result_row *rows[VIEW_ARCHS]; /* NULL: not measured; support rows, too */
  const struct result_row *first;            /* one of them that was asked for */
  size_t place;                              /* among the view's rows */
};

/* One machine. */
struct view {
  const struct input **inputs; /* the oldest first */
  size_t input_count;
  const struct result *newest;
  char name[96];
  const struct result_row **rows; /* of each work, arch and provider the newest; support rows, too */
  size_t row_count;
  struct work *works;
  size_t work_count;
  const struct result_limit **limits;
  size_t limit_count;
  const struct result_clock **clocks;
  size_t clock_count;
};

struct views {
  const struct input *inputs; /* as given */
  size_t input_count;
  struct view *views; /* one for each machine, in the order of their first results */
  size_t count;
  char archs[VIEW_ARCHS][16]; /* the place of an arch is its colour */
  size_t arch_count;
  char providers[VIEW_PROVIDERS][24]; /* other libraries */
  size_t provider_count;
  const struct gradient_cell **cells; /* of all machines */
  size_t cell_count;
  const struct learning_run **learning;
  size_t learning_count;
  const struct result_accuracy **accuracies;
  size_t accuracy_count;
  const struct result_prediction **predictions;
  size_t prediction_count;
};

/* inputs stay the caller's, and must outlive the views. */
void views_init(struct views *views, const struct input *inputs, size_t count);
void views_free(struct views *views);

/* The index of an arch in views->archs; VIEW_ARCHS for one beyond those that there is room for. */
size_t view_arch(const struct views *views, const char *arch);

/* Colour of a library's rows, another than those of archs. */
size_t view_provider_color(const struct views *views, const char *provider);

/* ", its name" where there are several machines, else "": the end of a title. */
#define VIEW_SUFFIX 104
const char *view_suffix(char text[VIEW_SUFFIX], const struct views *views, const struct view *view);

/* Seconds since 1970 of a result's date; NAN where it is none. */
double view_seconds(const struct result *result);

/* Day and first letters of the commit: "2026-11-24 18:05, 7bbe4d2". */
#define VIEW_RUN 64
const char *view_run(char text[VIEW_RUN], const struct result *result);

/* How a row differs from the usual: "2 threads, cold, P-cores, SMT 2"; "1 thread" where it does not. */
#define VIEW_CONDITIONS 96
const char *view_conditions(char text[VIEW_CONDITIONS], const struct result_row *row);

/* Whether the conditions of view_conditions() are the same. */
bool view_same_conditions(const struct result_row *a, const struct result_row *b);

/* Orders of rows: 0 for the same work of the same provider on the same arch; and whatever the arch. */
int view_row_order(const void *a, const void *b);
int view_work_order(const void *a, const void *b);

/* Times the speed of the scalar row, with the interval that follows from both rows' own; all NAN where there is none.
 */
struct ratio {
  double value, low, high;
};
struct ratio view_times_scalar(const struct views *views, const struct work *work, size_t arch);

/* The row of least time that was asked for; *apart: no other arch's interval overlaps its own. NULL: fewer than two
 * archs were asked for. */
const struct result_row *view_winner(const struct work *work, bool *apart);

/* Share of the limit that binds the row, NAN where it is not known or the row was not asked for. */
double view_fraction(const struct result_row *row);

/* The first of each set of works that have a relation, in order; firsts has room for VIEW_SETS_MOST. Further sets are
 * left out. */
#define VIEW_SETS_MOST 256
typedef bool work_relation(const struct result_row *a, const struct result_row *b);
size_t view_sets(const struct view *view, work_relation *same, const struct work **firsts);

/* Running geometric mean. */
struct mean {
  double logs, least, most;
  size_t count;
};
void mean_add(struct mean *mean, double value); /* nothing where it is not finite and above 0 */
double mean_value(const struct mean *mean);     /* NAN of nothing */

#endif
