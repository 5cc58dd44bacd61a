/* What tools/predict has found out about compiled kernels: their loops, and how fast models of CPUs run them. */
#ifndef DEPTHMARK_PREDICT_FACTS_H
#define DEPTHMARK_PREDICT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/error.h"

#define FACT_NAME 64
#define FACT_TEXT 160
#define COUNTERS_MOST 12

/* The compiled table of an instruction set. */
struct object {
  char arch[16], compiler[FACT_NAME];
};

/* A function's hot loop; or, where reason is not "", why it has none; or, where callee is not "", the one function that
 * does its work. */
struct loop {
  char arch[16], function[FACT_NAME], reason[FACT_TEXT], callee[FACT_NAME];
  double stored, loaded;           /* bytes of a turn, to and from places that move on */
  double stored_pace, loaded_pace; /* bytes that they move on by; NAN: nobody knows; 0: there are none */
  double counters[COUNTERS_MOST];  /* what else a turn adds to registers */
  size_t counter_count;
  double fmas, products, instructions;
};

/* What a model makes of a loop. cycles are NAN where it can't run it, and reason says why. */
struct speed {
  char arch[16], model[32], function[FACT_NAME], resource[32], reason[FACT_TEXT];
  double cycles;         /* of a turn */
  double busy, dispatch; /* percent of the time that the busiest resource and the front end are */
};

/* A model that loops were put to, or, where it is unknown to llvm-mca, should have been. */
struct model {
  char arch[16], name[32];
  bool known;
};

struct facts {
  struct object *objects;
  struct loop *loops;
  struct speed *speeds;
  struct model *models;
  size_t object_count, loop_count, speed_count, model_count;
};

/* Reads lines of words:
 *   object ARCH COMPILER...
 *   model ARCH MODEL, or unknown ARCH MODEL
 *   loop, calls and none as tools/kernel-loops.awk prints them, with ARCH after the first word
 *   cycles ARCH MODEL FUNCTION CYCLES RESOURCE BUSY DISPATCH
 *   cannot ARCH MODEL FUNCTION REASON...
 */
bool facts_read(struct facts *facts, FILE *from, const char *name, struct error *error);
void facts_free(struct facts *facts);

/* The function's loop on that arch, a line that has one before others; NULL: there is no such function. */
const struct loop *facts_loop(const struct facts *facts, const char *arch, const char *function);

/* What the model makes of it; NULL where it was not asked. */
const struct speed *facts_speed(const struct facts *facts, const char *arch, const char *model, const char *function);

#endif
