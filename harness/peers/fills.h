/* Other libraries' ways to fill weights, beside ours under --peers. Each is compiled once per vector ISA, with all its
 * instructions, and is there when the library was found at build time. */
#ifndef DEPTHMARK_PEER_FILLS_H
#define DEPTHMARK_PEER_FILLS_H

#include <stdbool.h>

#include "harness/rng.h"

struct peer_fill {
  const char *provider;
  int kernel;          /* KERNEL_init_...: ours for the same work, under whose name its rows stand */
  enum rng rng;        /* that it draws from; RNG_PHILOX4X32_10 where it draws nothing */
  fill_kernel *fill;   /* takes struct init as ours does, and its generator where it has none of its own */
  const char *feature; /* instructions it needs beyond arch's, as cpu_has() knows them; NULL: none */
};

/* The fills of all peers for arch that this CPU can run, one after the other: the first for index 0; NULL beyond the
 * last. */
const struct peer_fill *peer_fill(enum arch arch, const struct cpu_features *cpu, size_t index);

/* Whether this build has peers at all. */
bool peer_fills_built(void);

/* One file's fills for one ISA, ended by one without a provider: <file>_fills_<isa>. */
#define PEER_JOIN_(file, isa) file##_fills_##isa
#define PEER_JOIN(file, isa) PEER_JOIN_(file, isa)
#define PEER_FILLS(file) const struct peer_fill PEER_JOIN(file, DEPTHMARK_ISA)[]

#endif
