/* The gradient grid: which cells a run is asked for. */
#ifndef DEPTHMARK_GRADIENT_GRID_H
#define DEPTHMARK_GRADIENT_GRID_H

#include "harness/suite.h"

/* A cell to be measured. */
struct gradient_setting {
  struct gradient_cell cell; /* filled in but for what its networks show */
  const struct initializer_choice *initializer;
  const struct activation_choice *activation;
  char name[ROW_NAME];
  double length; /* seconds that it takes, on a machine that is the same for all shards */
};

struct gradient_grid {
  struct gradient_setting *items; /* in the grid's order */
  size_t count;
  size_t whole; /* cells of all axes, whatever --filter and --shard leave of them */
};

/* What --filter and --shard leave of the axes of the command line, for networks on that arch. A shard is the same on
 * every machine, and takes about as long as any other of the same grid. */
bool gradient_grid_make(struct gradient_grid *grid, const struct run *run, const char *arch, struct error *error);
void gradient_grid_free(struct gradient_grid *grid);

/* The settings, those that take longest first: threads that take turns at them are done at about the same time. To be
 * freed; NULL when memory is out. */
const struct gradient_setting **gradient_grid_longest_first(const struct gradient_grid *grid);

#endif
