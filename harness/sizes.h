/* Footprints that --sizes asks for. */
#ifndef DEPTHMARK_SIZES_H
#define DEPTHMARK_SIZES_H

#include "harness/machine.h"
#include "harness/options.h"

#define SIZES_MOST 64

/* Fills list with bytes that one of `threads` threads is to work on, ascending, each once; returns how many. A sweep
 * goes from well inside L1 to several times the last cache, with a point close to both sides of the edge of each, three
 * at least in each level and no gap wider than a factor SIZES_GAP. Sizes in levels that the machine lacks are left out.
 */
#define SIZES_GAP 1.7
size_t sizes_list(const struct options *options, const struct machine *machine, int threads, size_t list[SIZES_MOST]);

#endif
