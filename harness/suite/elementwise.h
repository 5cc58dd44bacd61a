/* Benchmarks of kernels that work through arrays element by element, and of the peaks, which touch none. */
#ifndef DEPTHMARK_ELEMENTWISE_H
#define DEPTHMARK_ELEMENTWISE_H

#include "harness/suite/cases.h"

/* The arrays that all cases of one number of threads share. Each thread has a contiguous part of each array, touched
 * first by itself. Cases in a cache use the beginning of the part again and again. Cases in memory walk through it,
 * window by window, and go on where the last one stopped, whichever kernel that was: a window is not met again before
 * several caches' worth of others. */
struct arena {
  void *block;
  size_t bytes;
  float *x, *dy, *y; /* read, read, written: threads * part elements each */
  float *slope;      /* written as well */
  float *squares;    /* written as well, never negative */
  size_t part;       /* elements */
  int threads;
  size_t windows_end; /* of a part: where walking starts over */
  struct place {
    _Alignas(64) size_t next; /* start of the thread's next window */
  } * places;
  int arrays; /* how many are used: 1 y, 2 and x, 3 and dy, 4 and slope, 5 and squares */
};

/* Benchmarks every kernel of the table's suite at the residences given, for all archs and thread counts. */
bool elementwise_suite(struct run *run, const char *suite, const enum residence *residences, size_t count,
                       struct error *error);

/* The residences that the init and training suites use in this run. */
size_t elementwise_residences(const struct run *run, const enum residence **residences);

#endif
