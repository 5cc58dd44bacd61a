/* Which loops a kernel spends its time in, and how many elements a turn of each makes. */
#ifndef DEPTHMARK_PREDICT_KERNELS_H
#define DEPTHMARK_PREDICT_KERNELS_H

#include "kernels/kernels.h"
#include "tools/predict_facts.h"

#define PARTS_MOST 2

/* One loop; a kernel made of several runs one after the other over the same elements. */
struct part {
  const struct loop *loop;
  double elements; /* of a turn */
};

/* A kernel, or a register tile of dense layers, whose elements are multiplications with their additions. */
struct prediction {
  char kernel[48], suite[24], arch[16];
  struct part parts[PARTS_MOST];
  size_t part_count;
  const char *feature;    /* instructions that it needs beyond its arch's, as cpu_has() knows them; NULL: none */
  char reason[FACT_TEXT]; /* why there is no prediction; "" */
};

/* Functions that may do the kernel's work, for tools/kernel-loops.awk, one in a line. */
void kernel_print_functions(FILE *out, const struct kernel *kernel);

/* The name that the function of dense layers' tile begins with. */
#define TILE_FUNCTION "gemm_tile"

struct prediction kernel_prediction(const struct facts *facts, const struct kernel *kernel, const char *arch);

/* The register tile of that arch. */
struct prediction tile_prediction(const struct facts *facts, const char *arch);

/* Cycles of one element in that model, NAN where there are none: then reason says why. binds is what it waits for most:
 * the busiest resource; "dispatch", the front end; or "latency" where neither is busy for 80 % of the time. share is
 * how busy it is, in percent. */
double prediction_cycles(const struct facts *facts, const struct prediction *prediction, const char *model, char *binds,
                         size_t size, double *share, const char **reason);

#endif
