/* What the suites share: deciding which rows run, measuring them, holding them against limits and scalar code. */
#ifndef DEPTHMARK_CASES_H
#define DEPTHMARK_CASES_H

#include "harness/measure.h"
#include "harness/residence.h"
#include "harness/suite.h"

/* Bytes that one call reads and writes, which decides the memory limit that it is held against. */
struct traffic {
  double read, written;
  bool in_place; /* what is written was read before */
};

/* The cases of one suite for one number of threads. */
struct cases {
  struct bench_case *items;
  struct wanted {
    bool hot, cold;                 /* which of the two is measured in this pass */
    bool hot_support, cold_support; /* only because other rows need it */
  } * wanted;                       /* of each */
  struct traffic *traffic;          /* of each */
  const char **compute_limit;       /* of each: fma_peak or another of the kernels named so */
  const char **kernels;             /* of each, to find what it demands of further limits */
  size_t count;
  int threads;
};

/* The archs to measure: those selected, and scalar, which the others are compared with. Returns how many. */
size_t cases_archs(const struct run *run, enum arch archs[ARCH_COUNT]);
bool cases_arch_selected(const struct run *run, enum arch arch);

/* A row that says only whose it is: one thread a core, data in cache, nothing counted. */
struct result_row cases_bare_row(const char *suite, enum arch arch, int threads);

/* A row of kernel on arch without its times. shape_text is shown; shape, with all threads' work, gives the counts. */
struct result_row cases_row(const char *suite, const struct kernel *kernel, enum arch arch, const char *shape_text,
                            struct shape shape, int threads, enum residence residence);

/* Gives the row its name, made from its other members. */
void cases_name(struct result_row *row);

/* Whether arch has that kernel and this CPU can run it. */
bool cases_can_run(const struct run *run, enum arch arch, const struct kernel *kernel);

/* Adds a case for the row if the user asked for it, or if it is the scalar counterpart of one asked for and not far too
 * slow, or needed anyway. Returns it for call, context, report, evict, team and hot to be set (valid until the next is
 * added), or NULL if it isn't to run. While planning it notes the row in the plan and returns NULL. */
struct bench_case *cases_add(struct run *run, struct cases *cases, const struct result_row *row,
                             const struct kernel *kernel, bool needed);

/* Pins, takes a batch of samples of each case, and puts the rows that they make so far into the result. */
bool cases_run(struct run *run, struct cases *cases, struct error *error);

/* Works out limits and ratios of the suite's rows, when all their samples are there. */
void cases_conclude(struct run *run);

/* Whether the row's data is out of all caches before each call. */
bool cases_is_cold(const struct result_row *row);

/* Frees the list, not the contexts. */
void cases_free(struct cases *cases);

/* The limit of that name measured in this run where measuring goes on, or 0. residence NULL: a compute limit. */
double cases_limit(const struct result *result, const char *name, const char *residence, const char *arch, int threads);

/* Fills floats with standard normal numbers, in threads' contiguous parts so that each first touches its own. */
void fill_normals(const struct run *run, float *values, size_t n, int threads, uint64_t stream);

#endif
