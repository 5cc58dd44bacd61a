/* A comparison as a person reads it, on a terminal or as a comment on a pull request. */
#ifndef DEPTHMARK_COMPARE_TEXT_H
#define DEPTHMARK_COMPARE_TEXT_H

#include <stdio.h>

#include "harness/grid.h"
#include "tools/compare/compare.h"

struct text_options {
  double threshold; /* differences of runs below this share are none */
  bool all;         /* every row, in place of the few that matter most */
};

/* The whole of it, at most 80 columns wide. */
void text_comparison(FILE *out, struct style style, const struct comparison *c, struct text_options options);

/* Its parts. Each prints nothing when there is nothing to say. */
void text_head(FILE *out, struct style style, const struct comparison *c, struct text_options options);
void text_families(FILE *out, struct style style, const struct comparison *c);
void text_runs(FILE *out, struct style style, const struct comparison *c, struct text_options options);
void text_extremes(FILE *out, struct style style, const struct comparison *c, struct text_options options);
void text_sheets(FILE *out, struct style style, const struct comparison *c, struct text_options options);
void text_accuracies(FILE *out, struct style style, const struct comparison *c, struct text_options options);
void text_cells(FILE *out, struct style style, const struct comparison *c, struct text_options options);
void text_learning(FILE *out, struct style style, const struct comparison *c, struct text_options options);

/* A row without its arch and threads, to fit beside figures: "tanh_forward 65536 L2". */
#define TEXT_WORK 48
void text_work(char text[TEXT_WORK], const struct result_row *row, struct style style);

/* "avx512 x2" */
void text_column(char text[TEXT_WORK], const struct result_row *row, struct style style);

/* A factor in at most five characters: "0.998", "12.3", "345", "1e+03". */
void text_factor(struct grid_row *row, size_t column, double factor);

/* Cuts the last column of a table, which names things, so that no line is longer than 80; markdown has room. */
void text_fit(struct grid *grid, struct style style);

/* The longest label of a subject. */
size_t text_longest_label(const struct comparison *c);

/* How many of a list to show: all, or at most that many. */
size_t text_shown(size_t count, size_t most, struct text_options options);

/* Says that a list went on, if it did. */
void text_more(FILE *out, struct style style, size_t count, size_t shown);

#endif
