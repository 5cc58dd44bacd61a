/* The gradient cells of a run, on disk as soon as they are done: what a run that is cut, even by SIGKILL, leaves for
 * --resume. A file beside the result, "<result>.cells": a line of JSON that says which run it belongs to, and one for
 * each cell. */
#ifndef DEPTHMARK_JOURNAL_H
#define DEPTHMARK_JOURNAL_H

#include "harness/result.h"

struct journal {
  int file; /* -1: none */
  char path[4096];
};

/* Starts a journal for that result, or goes on with the one that is there if `resume`. Refuses to overwrite one that
 * has cells: they would be lost. */
bool journal_open(struct journal *journal, const char *result_path, const struct result *result, bool resume,
                  struct error *error);

/* False once it cannot be written: errno says why. */
bool journal_add(struct journal *journal, const struct gradient_cell *cell);

/* Closes it, and removes it when its cells are in the result file. */
void journal_close(struct journal *journal, bool remove);

/* Appends the cells of that result's journal to `cells`; none when there is no journal. Refuses one of another seed,
 * generator or commit than `result`'s: its cells are of other networks. */
bool journal_read(const char *result_path, const struct result *result, struct result *cells, struct error *error);

/* Whether cells of a run like `of` may stand beside those of `result`; error says what differs. */
bool journal_same_run(const struct result *of, const struct result *result, const char *path, struct error *error);

#endif
