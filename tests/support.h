/* What the tests share. */
#ifndef DEPTHMARK_TESTS_SUPPORT_H
#define DEPTHMARK_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/ulp.h"
#include "kernels/select.h"

/* ctest counts a test that exits with this as skipped, by name. */
#define EXIT_SKIPPED 77

/* The kernel table of the arch that the command line names (tests registered with add_isa_test are run once per arch).
 * Exits with EXIT_SKIPPED, saying why, when this CPU or build can't run it. */
const struct kernel_table *test_table(int argc, char **argv);

/* The seed of this run's random data: DEPTHMARK_TEST_SEED if it is set, else a fixed one; printed once, so that a
 * failure can be replayed. */
uint64_t test_seed(void);

/* A deterministic stream of 64-bit words (splitmix64). */
uint64_t test_random(uint64_t *state);
/* Uniform on [low, high). */
float test_uniform(uint64_t *state, float low, float high);
/* Of any kind: special, ordinary, or any bits at all. */
float test_any_float(uint64_t *state);

/* A copy, to be freed. */
double *test_doubles(const float *values, size_t n);

/* Memory between two unreadable pages, so that one byte too far is a segmentation fault; filled with 0x5a. */
struct guarded {
  char *begin, *end;
  void *map;
  size_t map_bytes;
};
struct guarded guarded_allocate(size_t bytes); /* rounded up to whole pages */
void guarded_free(struct guarded *buffer);

/* Whether all of [begin, end) still is 0x5a, except [data, data + bytes). */
bool guarded_untouched(const struct guarded *buffer, const void *data, size_t bytes);

/* Fills [begin, end) with 0x5a again. */
void guarded_reset(const struct guarded *buffer);

/* Where n floats lie that end with the buffer, or else begin `shift` floats after it. */
float *guarded_place(const struct guarded *buffer, size_t n, size_t shift, bool at_end);

/* The lengths to try, from 0: up to 4 vectors + 1 and a few longer ones that cross every step and unroll; then
 * SIZE_MAX.
 */
#define TEST_LONGEST 512
size_t test_next_length(size_t n, size_t lanes);

/* Whether value is within the bound of a BOUND_EXACT or BOUND_ULP kernel. */
bool within_bound(const struct kernel *kernel, float value, double reference);

#endif
