/* Other libraries' functions beside our kernels, under --peers, of those that were found at build time. A
 * file of them is compiled once per vector ISA, with all its instructions; or it calls a library that dispatches by
 * itself, which is loaded when peers are first asked for and whose rows stand under the best arch of this CPU alone. */
#ifndef DEPTHMARK_PEER_KERNELS_H
#define DEPTHMARK_PEER_KERNELS_H

#include <stdbool.h>

#include "harness/passes.h"
#include "harness/rng.h"

struct peer_kernel {
  const char *provider;
  int kernel; /* KERNEL_...: ours for the same work, under whose name its rows stand */
  kernel_function
      *function;       /* of that kernel's signature; it takes struct init's generator where it has none of its own */
  enum rng rng;        /* that it draws from; RNG_PHILOX4X32_10 where it draws nothing */
  const char *feature; /* instructions it needs beyond arch's, as cpu_has() knows them; NULL: none */
  bool (*takes)(
      const struct dense *layer); /* whether it can do a layer of that shape on that many threads; NULL: any */
  bool with_bias; /* dense_forward adds b, dense_backward_weights makes db; otherwise these are left alone */
};

/* Those of all peers for arch that do kernel's work (KERNEL_...) and that this CPU can run, one after the other: the
 * first for index 0; NULL beyond the last. */
const struct peer_kernel *peer_kernel(int kernel, enum arch arch, const struct cpu_features *cpu, size_t index);

/* The peers that have all three passes of dense layers for arch, on that many threads: writes at most `most` names and
 * returns how many there are. */
size_t dense_peers(enum arch arch, const struct cpu_features *cpu, int threads, const char *providers[], size_t most);

/* Makes *table that of arch with dense passes that are the provider's, and *left_out what these do not do; false when
 * it is none of dense_peers(). */
bool dense_peer_table(struct kernel_table *table, struct left_out *left_out, enum arch arch,
                      const struct cpu_features *cpu, int threads, const char *provider);

/* Whether this build has any. */
bool peer_kernels_built(void);

/* One file's functions for one ISA, ended by one without a provider: <file>_kernels_<isa>. */
#define PEER_JOIN_(file, isa) file##_kernels_##isa
#define PEER_JOIN(file, isa) PEER_JOIN_(file, isa)
#define PEER_KERNELS(file) const struct peer_kernel PEER_JOIN(file, DEPTHMARK_ISA)[]
/* The function that an entry names, whatever its signature. */
#define PEER_FUNCTION(name) (kernel_function *)(name)

#endif
