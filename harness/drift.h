/* How the core's clock moved while a run lasted. */
#ifndef DEPTHMARK_DRIFT_H
#define DEPTHMARK_DRIFT_H

#include "harness/machine.h"
#include "harness/series.h"

#define DRIFT_LOADS 64

/* Readings under one kind of load, between which nothing but the machine moves the clock. */
struct drift_load {
  char arch[16];
  int threads;
  double *hertz; /* one for each batch of each row */
  size_t count;
};

struct drift {
  struct drift_load loads[DRIFT_LOADS];
  size_t count;
};

/* Keeps the readings of the series' batches. */
void drift_note(struct drift *drift, const char *arch, int threads, const struct series *series);

/* Warns of the load whose clock moved most, where its 5th and 95th percentiles differ by more than DRIFT_MOST.
 * Returns the warning, or NULL. */
#define DRIFT_MOST 0.03
const char *drift_warn(struct drift *drift, struct machine *machine);

void drift_free(struct drift *drift);

#endif
