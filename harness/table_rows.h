/* What tables of rows share: which rows stand in them, together with which others, and under which names. */
#ifndef DEPTHMARK_TABLE_ROWS_H
#define DEPTHMARK_TABLE_ROWS_H

#include "harness/result.h"

/* What a table shows about its rows. */
enum row_kind { ROW_ELEMENTWISE, ROW_PRODUCT, ROW_BF16_PRODUCT, ROW_STEP };
enum row_kind row_kind(const struct result_row *row);

/* Rows of one suite that have nothing to do with each other have different groups: "dense", "bf16 dense", "training".
 */
const char *row_group(const struct result_row *row);

/* The kernel's name without what the suite or the table says already. */
const char *row_short_kernel(const struct result_row *row);

bool row_is_own(const struct result_row *row);

/* Whether the row is of that suite and was asked for. */
bool row_shown(const struct result_row *row, const char *suite);

/* The same number of threads, on the same kind of core, as many on each, with caches in the same state. */
bool row_same_place(const struct result_row *a, const struct result_row *b);

/* The same arch and place. */
bool row_same_column(const struct result_row *a, const struct result_row *b);

/* The same kernel, shape, arch and place, whoever's they are. */
bool row_same_work(const struct result_row *a, const struct result_row *b);

/* "8 threads on IntelAtom cores, 2 on each": as much of it as is not a matter of course. */
void row_place_text(char *text, size_t size, const struct result_row *row);

/* ", IntelAtom cores, 2 threads on each": what a heading over rows of several numbers of threads has to say; "" where
 * it is a matter of course. */
void row_scope_text(char *text, size_t size, const struct result_row *row);

/* Whether a heading says the same of both. */
bool row_same_scope(const struct result_row *a, const struct result_row *b);

typedef bool row_relation(const struct result_row *a, const struct result_row *b);

/* Of the suite's rows the first of each set of those that are the same, in order; list has room for all. Returns how
 * many. */
size_t row_distinct(const struct result *result, const char *suite, const struct result_row **list, row_relation *same);

#endif
