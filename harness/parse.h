/* Numbers, lists and names from a command line, read to the last character. */
#ifndef DEPTHMARK_PARSE_H
#define DEPTHMARK_PARSE_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/error.h"

/* A decimal whole number from least to most; what ("--width") begins the error. */
bool parse_whole(const char *text, const char *what, uint64_t least, uint64_t most, uint64_t *number,
                 struct error *error);

/* A finite decimal number from least to most. */
bool parse_real(const char *text, const char *what, double least, double most, double *number, struct error *error);

#define LIST_ITEM 64
#define LIST_LIMIT 32

struct list {
  char items[LIST_LIMIT][LIST_ITEM];
  size_t count;
};

/* Splits at the commas outside parentheses and drops repetitions. Empty items and unbalanced parentheses are errors. */
bool parse_list(const char *text, const char *what, struct list *list, struct error *error);

/* Explains that name is none of names: "--arch=avx3 is unknown; did you mean avx2? Known: scalar, avx2". */
bool parse_unknown(const char *what, const char *name, const char *const *names, size_t count, struct error *error);

/* The one of names that differs from name by the fewest edits, or NULL if all differ by more than a third. */
const char *parse_nearest(const char *name, const char *const *names, size_t count);

/* Why getopt_long, with these options, returned `what` ('?' or ':') for an argument of that program. */
bool parse_explain(int what, const char *argument, const struct option *options, const char *program,
                   struct error *error);

/* One of the names, as its index. */
bool parse_name(const char *text, const char *what, const char *const *names, size_t count, int *index,
                struct error *error);

/* A whole number from 1 on. */
bool parse_size(const char *text, const char *what, size_t *size, struct error *error);

/* Lists of these, LIST_LIMIT at most, each value once. */
bool parse_names(const char *text, const char *what, const char *const *names, size_t name_count, int *indices,
                 size_t *count, struct error *error);
bool parse_sizes(const char *text, const char *what, size_t *sizes, size_t *count, struct error *error);
bool parse_reals(const char *text, const char *what, double least, double most, double *numbers, size_t *count,
                 struct error *error);

#endif
