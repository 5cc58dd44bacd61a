/* Which kernel tables this build has, which of them this CPU can run, and which is best. */
#ifndef DEPTHMARK_SELECT_H
#define DEPTHMARK_SELECT_H

#include "kernels/cpu.h"
#include "kernels/kernels.h"

/* In order of preference: a later one that the CPU supports is chosen before an earlier one. */
enum arch { ARCH_SCALAR, ARCH_NEON, ARCH_AVX2, ARCH_AVX512, ARCH_COUNT };

/* The name that --arch takes. */
const char *arch_name(enum arch arch);

/* The arch of that name, or ARCH_COUNT. */
enum arch arch_find(const char *name);

/* The table of arch, or NULL where this build has none. It may hold instructions that this CPU lacks. */
const struct kernel_table *arch_table(enum arch arch);

/* NULL if this build and CPU can run arch, else why not, as the end of a sentence: "this CPU lacks FMA". */
const char *arch_obstacle(enum arch arch, const struct cpu_features *cpu);

/* NULL if this CPU can run the table's member for kernel, where it can run the table; else why not, likewise. */
const char *kernel_obstacle(const struct kernel_table *table, const struct kernel *kernel,
                            const struct cpu_features *cpu);

/* The best arch that this build and CPU can run. */
enum arch arch_best(const struct cpu_features *cpu);

#endif
