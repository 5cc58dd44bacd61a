/* Where a part of the rows is measured: on which kind of core, on how many hardware threads of each, with how many
 * threads. A run has one such scope, or several, one after the other in every suite. */
#ifndef DEPTHMARK_SCOPE_H
#define DEPTHMARK_SCOPE_H

#include "harness/machine.h"
#include "harness/options.h"

struct scope {
  char cores[CORE_KIND_NAME]; /* the kind of core; SCOPE_MIXED: of several kinds; "": all cores are alike */
  size_t kind;                /* of machine.kinds, whose caches count: of mixed ones the weakest */
  int smt;                    /* threads on each core */
  hwloc_topology_t topology;  /* of what its threads may sit on; whole machine's or a part, owned */
  bool owned;
  enum pin_policy pin;
  int threads[THREADS_LIMIT]; /* numbers of threads to measure with */
  size_t thread_count;
};

#define SCOPE_MIXED "mixed"

struct scopes {
  struct scope *items;
  size_t count;
  struct options *options; /* of the run; their threads and pin become those of the scope that is entered */
};

/* Works out what --cores, --smt, --threads and --pin mean on this machine: without them the most powerful kind of core,
 * one thread a core, numbers of threads 1 and all cores, or as many as the CPU quota pays for. Warns in machine of what
 * would spoil figures. Whatever comes, scopes_close() in the end. */
bool scopes_open(struct scopes *scopes, struct options *options, hwloc_topology_t topology, struct machine *machine,
                 struct error *error);
void scopes_close(struct scopes *scopes);

/* Makes options and machine those of the scope: its threads, their places, the caches that they see. */
void scope_enter(const struct scopes *scopes, const struct scope *scope, struct machine *machine);

#endif
