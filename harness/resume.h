/* The gradient cells that an earlier, perhaps unfinished run left: those of its result file and of its journal. */
#ifndef DEPTHMARK_RESUME_H
#define DEPTHMARK_RESUME_H

#include "harness/result.h"

struct resume {
  struct result cells;           /* only the cells count */
  struct gradient_cell **sorted; /* by gradient_cell_order(), each once */
  size_t count;
};

/* Reads what stands at path and beside it; nothing there is fine. `result` is the run that wants to go on. */
bool resume_load(struct resume *resume, const char *path, const struct result *result, struct error *error);
void resume_free(struct resume *resume);

/* The finished cell of the same networks, or NULL. Whoever takes its layers leaves NULL there. */
struct gradient_cell *resume_find(const struct resume *resume, const struct gradient_cell *cell);

/* Gives the result what nobody took and it lacks, so that a run that is interrupted early loses nothing. */
void resume_give_rest(const struct resume *resume, struct result *result);

#endif
