/* What machine this is. */
#ifndef DEPTHMARK_MACHINE_H
#define DEPTHMARK_MACHINE_H

#include <hwloc.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/error.h"
#include "kernels/select.h"

#define MACHINE_TEXT 256
#define MACHINE_WARNINGS 16
#define MACHINE_COUNTERS_AVAILABLE "available"

#define CORE_KIND_NAME 24
#define CORE_KINDS_MOST 8

struct cache {
  int level;
  size_t bytes; /* of one */
  int count;    /* how many the allowed cores have */
  int cores_sharing;
  char cores[CORE_KIND_NAME]; /* the kind of core that has it, where kinds have different ones; else "" */
};

/* Cores that are alike, on a machine that has several kinds. */
struct core_kind {
  char name[CORE_KIND_NAME];   /* "IntelCore", "IntelAtom" as the maker calls it; else "capacity446", "kind0" */
  int cores, hardware_threads; /* that this process may use */
  int efficiency;              /* hwloc's rank: a greater one is more powerful and takes more energy */
  double max_hertz;            /* highest frequency; 0: not known */
  unsigned ranks;              /* bit i: kind i of hwloc's topology belongs to it; no part of a result */
};

/* Where measuring goes on at the moment. */
struct core_scope {
  char cores[CORE_KIND_NAME]; /* the kind of core, "mixed" for several; "" where all are alike */
  size_t kind;                /* the one whose caches count */
  int smt;                    /* threads on each core; 0 like 1 */
  int shared_beyond;          /* more threads than this share so many cores evenly; 0: they don't */
};

struct machine {
  char cpu[MACHINE_TEXT], vendor[64], family[32], model[32], stepping[32], microcode[32];
  char features[MACHINE_TEXT]; /* SIMD features, space-separated */
  char topology[MACHINE_TEXT]; /* "1 package, 1 NUMA node, 2 cores, 2 hardware threads" */
  char kernel[MACHINE_TEXT], hypervisor[64], governor[32], compiler[MACHINE_TEXT], flags[MACHINE_TEXT];
  char turbo[16];                         /* "on", "off"; like governor "" where the system does not say */
  char emulator[32];                      /* "qemu-aarch64" when run under one; else "" */
  char denormals[32];                     /* "gradual", or what FTZ and DAZ change: "flush to zero", "read as zero" */
  char host[64], libraries[MACHINE_TEXT]; /* "hwloc 2.9.0, SLEEF 3.5.1, ..." */
  int packages, numa_nodes, cores, hardware_threads; /* that this process may use */
  int online_threads, online_cores;                  /* that the machine has running, usable here or not */
  double cpu_quota; /* CPUs' worth of time that the control group allows; 0: no limit */
  char smt[16];     /* of the kernel: "on", "off", "notsupported", ...; "" where the system does not say */
  char numa_balancing[8], huge_pages[16]; /* likewise "on", "off"; "always", "madvise", "never" */
  char mitigations[512];                  /* of CPU vulnerabilities: "spectre_v2: Mitigation: Retpolines; ..." */
  char memory[64];                        /* its modules: "DDR5 4800 MT/s, 8 modules"; "" where the system hides them */
  struct core_kind kinds[CORE_KINDS_MOST]; /* the most powerful first; none where all cores are alike */
  size_t kind_count;
  struct core_scope scope; /* no part of a result */
  struct cache caches[16]; /* data and unified, by level */
  size_t cache_count;
  size_t memory_bytes;
  double core_hertz;           /* calibrated; 0: not yet */
  double load;                 /* 1-minute load average at the start */
  double steal_share;          /* of CPU time since the start, taken by the hypervisor; updated at the end */
  double steal_share_before;   /* of the time CPUs were busy between boot and the start */
  char counters[MACHINE_TEXT]; /* "available", or why hardware counters are not */
  char pinning[MACHINE_TEXT];  /* "core 0, core 1" or "none" */
  char requested[64], selected[64], supported[64], reason[MACHINE_TEXT];
  char warnings[MACHINE_WARNINGS][MACHINE_TEXT]; /* what would spoil figures */
  size_t warning_count;
};

/* The topology of what this process may use: the control group's CPUs, and of them those of its affinity mask
 * (taskset). Call it before threads are pinned, and hwloc_topology_destroy() in the end. */
bool machine_load_topology(hwloc_topology_t *topology, struct error *error);

/* Fills in all that can be known before measuring, warnings included. topology comes from machine_load_topology(). */
void machine_describe(struct machine *machine, hwloc_topology_t topology, const struct cpu_features *cpu);

/* Appends a warning for each thing in the description that would spoil figures: what it does, and what helps. */
void machine_judge(struct machine *machine);

/* The part of machine_describe() that hwloc knows: cores, their kinds, caches, memory. */
void machine_describe_topology(struct machine *machine, hwloc_topology_t topology);

/* Puts into set the hardware threads of that kind of core, of those in the topology. */
void machine_kind_set(const struct machine *machine, hwloc_topology_t topology, size_t kind, hwloc_bitmap_t set);

/* The data cache of that level that a core of the scope's kind has, or NULL. */
const struct cache *machine_cache(const struct machine *machine, int level);

/* Its bytes, or 0. */
size_t machine_cache_bytes(const struct machine *machine, int level);

/* How many of so many threads sit on one core in this scope. */
int machine_smt(const struct machine *machine, int threads);

/* Share of all CPU time stolen by the hypervisor since the first call (0 on the first). */
double machine_steal_share(void);

/* Appends a warning; the last ones are dropped when there are too many. */
__attribute__((format(printf, 2, 3))) void machine_warn(struct machine *machine, const char *format, ...);

#endif
