/* The clock under load: wide vectors make many cores run slower, for a while also after the last of them. */
#ifndef DEPTHMARK_CLOCKS_H
#define DEPTHMARK_CLOCKS_H

#include "harness/suite.h"

/* Adds to the result, for each arch and number of threads, how fast the first thread's core runs while all of them do
 * nothing but FMAs of that arch. Named limits/clock/arch:A/threads:T for --list and --filter. */
bool clocks_suite(struct run *run, struct error *error);

/* The same for one of them; seconds: how long to look, after a tenth of that to settle. False when interrupted or, by
 * hertz 0, where frequencies cannot be measured. */
bool clocks_measure(const struct kernel_table *table, int threads, double seconds, struct result_clock *clock);

#endif
