/* llvm-mca's models of CPUs, by their names there. */
#ifndef DEPTHMARK_PREDICT_MODELS_H
#define DEPTHMARK_PREDICT_MODELS_H

#include "harness/machine.h"

/* The model of this machine's cores; NULL where llvm-mca has none. */
const char *model_of_machine(const struct machine *machine);

/* Whether CPUs of that model lack instructions that cpu_has() knows under that name, beyond those of an arch. */
bool model_lacks(const char *model, const char *feature);

/* In what LLVM 19's model of that name is known to differ from the CPU on that arch, a sentence; or NULL. */
const char *model_fault(const char *model, const char *arch);

#endif
