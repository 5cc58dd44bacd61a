/* Results side by side: which files and which part of each, and which of their rows are of the same work. */
#ifndef DEPTHMARK_COMPARE_COMPARE_H
#define DEPTHMARK_COMPARE_COMPARE_H

#include <regex.h>

#include "harness/fingerprint.h"
#include "harness/options.h"
#include "harness/result.h"

/* What is held against each other. */
enum axis {
  AXIS_MACHINE, /* the files: machines, or runs on one */
  AXIS_ARCH,    /* the instruction sets of each file */
  AXIS_THREADS, /* the numbers of threads of each file */
  AXIS_COUNT
};
extern const char *const axis_names[AXIS_COUNT]; /* "machine", "arch", "threads" */

/* Which instruction sets of two files are held against each other. */
enum archs {
  ARCHS_AUTO,   /* the same where the files share one that is not scalar, else the fastest */
  ARCHS_SAME,   /* each against the same */
  ARCHS_FASTEST /* of each work the fastest of each file */
};

/* Which rows take part. */
struct selection {
  enum axis axis; /* AXIS_COUNT: of several files the files, of one its archs or else its numbers of threads */
  enum archs archs;
  bool suites[SUITE_COUNT];
  const regex_t *filter; /* of row names; NULL keeps all */
  bool support;          /* also rows that were only measured for others */
};

/* A result file. */
struct source {
  const char *path;
  struct result result;
  char label[4];                  /* A, B, ..., Z, AA, ... */
  size_t copy_of;                 /* an earlier source that holds the same run; its own index: none does */
  struct differences differences; /* from the first source; none of its own */
  char main_cores[24];            /* where the machine has several kinds of cores, the one that computes most */
  int most_threads;               /* of any row */
};

enum relation {
  RELATION_BASE,    /* the first subject, which the others are divided by */
  RELATION_RUN,     /* another run on the base's machine: rows have verdicts */
  RELATION_MACHINE, /* another machine: figures alone, for it can be no regression */
  RELATION_ASPECT   /* another arch or number of threads: figures alone */
};
extern const char *const relation_names[]; /* "base", "run", "machine", "aspect" */

/* What has a column: a file, or one arch or number of threads of it. */
struct subject {
  size_t source;
  char arch[16]; /* of AXIS_ARCH; else "" */
  int threads;   /* of AXIS_THREADS; else 0 */
  char label[28];
  enum relation relation;
};

/* In what two rows agree beside suite, kernel, provider, hot or cold data, SMT and kind of cores. */
enum match {
  MATCH_NONE,      /* there is no row of that work */
  MATCH_EXACT,     /* in their shape, and arrays in where they lie */
  MATCH_RESIDENCE, /* arrays of any size, in the same level of each machine's memory */
  MATCH_THREADS,   /* each on as many threads as its machine was measured on; arrays as above */
  MATCH_SHAPE      /* in their shape, though arrays lie in other levels */
};
extern const char *const match_names[]; /* "none", "exact", "residence", "all threads", "shape" */

struct comparison {
  struct selection selection; /* with nothing left open */
  struct source *sources;
  size_t source_count;
  struct subject *subjects;
  size_t subject_count;
  /* A line for each row of the base that some other subject has, too: line x subject. */
  const struct result_row **rows; /* NULL: the subject has none */
  enum match *matches;
  size_t line_count;
  /* For each subject: its rows that the base has not, or, for the base, rows that no other has. */
  const struct result_row ***alone;
  size_t *alone_count;
  size_t *unusable; /* for each subject: rows without a time, which take no part */
};

/* Reads the files. Frees what it read when one can't be read. */
bool comparison_read(struct comparison *comparison, char *const *paths, size_t count, struct error *error);

/* Chooses subjects and aligns their rows. base names the subject that comes first; NULL: the first is. False when
 * there is no such subject, or when there are not two. */
bool comparison_align(struct comparison *comparison, const struct selection *selection, const char *base,
                      struct error *error);

void comparison_free(struct comparison *comparison);

static inline const struct result *comparison_result(const struct comparison *c, size_t subject) {
  return &c->sources[c->subjects[subject].source].result;
}
static inline const struct result_row *comparison_row(const struct comparison *c, size_t line, size_t subject) {
  return c->rows[line * c->subject_count + subject];
}
static inline enum match comparison_match(const struct comparison *c, size_t line, size_t subject) {
  return c->matches[line * c->subject_count + subject];
}

/* Whether a row of the subject's file takes part: suite, filter, support, and the subject's arch and threads. */
bool comparison_takes(const struct comparison *c, size_t subject, const struct result_row *row);

/* Whether any two subjects have anything in common: rows, limits, accuracies, gradient cells, training runs. */
bool comparison_has_common(const struct comparison *c);

#endif
