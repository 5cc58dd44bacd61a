/* How long a core takes to come to its pace on wide vectors. */
#ifndef DEPTHMARK_WARMUP_H
#define DEPTHMARK_WARMUP_H

#include <stddef.h>

#include "kernels/kernels.h"

/* Nanoseconds from the first vector operation, after a millisecond of scalar ones, until the core's throughput stays
 * within 5 % of what it comes to; at most about WARMUP_MOST_NS. Median of several tries; takes some ten milliseconds.
 */
double warmup_ns(peak_kernel *peak);

/* Of what pieces of work took, one after another: how long until 16 in a row are within 5 % of the median of the later
 * half; all of it where there are none. */
double warmup_end(const double *ns, size_t count);
#define WARMUP_MOST_NS 500e3

#endif
