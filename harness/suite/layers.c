#include "harness/suite/layers.h"

#include <stdlib.h>
#include <string.h>

#include "harness/suite/cases.h"

size_t layers_workspace_bytes(const struct run *run, struct shape shape, int threads,
                              layers_bytes (*bytes_of)(const struct kernel_table *table)) {
  enum arch archs[ARCH_COUNT];
  const size_t count = cases_archs(run, archs);
  size_t most = 64;
  for (size_t i = 0; i < count; i++) {
    const size_t bytes = bytes_of(arch_table(archs[i]))(shape.m, shape.k, shape.n, threads);
    if (bytes > most) most = bytes;
  }
  return (most + 63) / 64 * 64;
}

void *layers_context(const void *context, size_t size) {
  void *copy = malloc(size);
  if (copy) return memcpy(copy, context, size);
  fputs("bench: out of memory\n", stderr);
  abort();
}
