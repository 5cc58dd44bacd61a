/* Google Benchmark's options, as other names for ours, so that scripts made for it run bench unchanged. */
#ifndef DEPTHMARK_OPTIONS_GOOGLE_H
#define DEPTHMARK_OPTIONS_GOOGLE_H

#include "harness/options.h"

/* Takes --benchmark_* and --v out of a command line, whose arguments move up. What has no meaning here because bench
 * always does so, or never, is accepted; what is only nearly the same leaves a line in options->notice. */
bool options_take_google(int *argc, char **argv, struct options *o, struct error *error);

#endif
