/* What the suites of dense layers share. */
#ifndef DEPTHMARK_SUITE_LAYERS_H
#define DEPTHMARK_SUITE_LAYERS_H

#include "harness/suite.h"

/* One of a table's two functions of that shape, dense_workspace_bytes or dense_bf16_workspace_bytes. */
typedef size_t (*layers_bytes)(size_t batch, size_t in, size_t out, int threads);

/* The bytes of a workspace, in whole cache lines, that is large enough for layers on all archs that are measured.
 * m = batch, n = out, k = in; bytes_of picks the function. */
size_t layers_workspace_bytes(const struct run *run, struct shape shape, int threads,
                              layers_bytes (*bytes_of)(const struct kernel_table *table));

/* A copy of what a case is called with, to be freed. Aborts when memory is out: a case must not stay without it. */
void *layers_context(const void *context, size_t size);

#endif
