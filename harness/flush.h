/* Whether arithmetic takes subnormal numbers, operands and results, for zero: FTZ and DAZ of x86, FZ of Arm. */
#ifndef DEPTHMARK_FLUSH_H
#define DEPTHMARK_FLUSH_H

#include <stdbool.h>

/* In the calling thread and in those of its next parallel regions of that many threads. */
void flush_subnormals(bool on, int threads);

#endif
