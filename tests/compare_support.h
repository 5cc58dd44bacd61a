/* Results made up for the tests of comparisons. */
#ifndef DEPTHMARK_TESTS_COMPARE_SUPPORT_H
#define DEPTHMARK_TESTS_COMPARE_SUPPORT_H

#include <jansson.h>

#include "harness/grid.h"
#include "tools/compare/compare.h"

#define NEAR 1e-9
#define FILES_MOST 8

/* A result of a machine whose CPU has that name, without rows, as its nth run. */
struct result empty_result(const char *cpu, int run);

/* A row that takes so many ns for each of the elements that its shape names (of layers: 1000), give or take 1 %, at
 * half its limit. What is too long for a field is cut, here and below. */
struct result_row *add_row(struct result *result, const char *suite, const char *kernel, const char *shape,
                           const char *residence, const char *arch, int threads, double pace);

/* Two layers; each call makes another cell. */
void add_cell(struct result *result, const char *arch, double decay, double error, enum verdict verdict);

void add_accuracy(struct result *result, const char *kernel, const char *arch, size_t samples, double ulp);
void add_limit(struct result *result, const char *name, const char *residence, const char *arch, int threads,
               const char *unit, double value);

/* One epoch that ended with that loss. */
void add_training(struct result *result, double loss, enum learning_verdict verdict);

/* All suites, no filter. */
struct selection select_all(enum axis axis);

/* Writes the results, at most FILES_MOST, frees them, and compares their files, which are gone afterwards. */
struct comparison compare_results(struct result *results, size_t count, const struct selection *selection,
                                  const char *base);

/* What it is as text and as JSON, both to be freed. */
char *comparison_text(const struct comparison *c, struct style style, bool all);
json_t *comparison_json(const struct comparison *c);

/* No line is longer than 80 columns or ends with a space. */
void assert_narrow(const char *text);

#endif
