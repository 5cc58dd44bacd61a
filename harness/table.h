/* A result as a person reads it: the machine, one table a suite, the gradients. At most 80 columns wide. */
#ifndef DEPTHMARK_TABLE_H
#define DEPTHMARK_TABLE_H

#include <stdio.h>

#include "harness/grid.h"
#include "harness/options.h"
#include "harness/plot.h"
#include "harness/result.h"

/* Colour where out is a terminal and neither NO_COLOR nor TERM=dumb objects. */
struct style table_style(FILE *out, enum output_format format);

/* What machine this is, and where threads sit. */
void table_machine(FILE *out, struct style style, const struct machine *machine);

/* What a suite found; nothing if it found nothing that was asked for. */
void table_suite(FILE *out, struct style style, const struct result *result, enum suite_id suite);

/* Each suite in one line for each arch and number of threads. */
void table_summary(FILE *out, struct style style, const struct result *result);

/* The part of table_suite for SUITE_GRADIENTS: decays, of a few cells their curves by layer, of many a heat map for
 * each depth. */
void table_gradients(FILE *out, struct style style, const struct result *result);

/* How good or bad a verdict is, and it in words: "overflow at 36", the layer. */
enum grid_color verdict_color(enum verdict verdict);
void verdict_text(char *text, size_t size, const struct gradient_cell *cell);

/* The gradients of a few cells by layer, with what theory says; nothing for more than a picture can show. */
void table_curves(FILE *out, struct style style, const struct gradient_cell *cells, size_t count);

/* The part of table_suite for SUITE_LIMITS: rates of all archs, and where latencies or clocks were asked for the
 * character sheet of the machine. */
void table_limits(FILE *out, struct style style, const struct result *result);

/* "32 KiB" */
void table_size(size_t bytes, char *text, size_t size);

/* The part of table_suite for SUITE_ACCURACY. */
void table_accuracy(FILE *out, struct style style, const struct result *result);

/* The part of table_suite for SUITE_LEARNING. */
void table_learning(FILE *out, struct style style, const struct result *result);

/* The part of table_suite that says where the time of our training steps goes that ran on as many threads, in the same
 * place and state of the caches, as that row. */
#define TABLE_POINT "depthxwidthxbatch" /* the heading of their shapes */
void table_phases(FILE *out, struct style style, const struct result *result, const struct result_row *where);

/* The part of table_suite that says where our products and steps lead and where not; nothing without peers. */
void table_standing(FILE *out, struct style style, const struct result *result, const char *suite);

/* The part of table_suite for rows of sweeps: what came of each size, a table for each kernel and place. All other rows
 * are appended to usual, which has room for them. */
void table_sizes(FILE *out, struct style style, const struct result *result, const char *suite, struct result *usual);

/* The part of table_summary that says what more threads, and more hardware threads of a core, bring. */
void table_scaling(FILE *out, struct style style, const struct result *result);

/* One line a row, accuracy, gradient cell or learning run, all in one table: a column that does not apply is empty. */
void table_csv(FILE *out, const struct result *result);

/* One line for each hidden layer of each gradient cell. */
void table_csv_layers(FILE *out, const struct result *result);

#endif
