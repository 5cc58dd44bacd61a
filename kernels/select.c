/* The choice of a kernel table. Compiled with baseline flags. */
#include "kernels/select.h"

#include <string.h>

#define XCR0_YMM 0x06ul /* XMM and YMM state */
#define XCR0_ZMM 0xe6ul /* and the mask registers and both halves of ZMM state */

extern const struct kernel_table kernel_table_scalar;
#if defined(__x86_64__)
extern const struct kernel_table kernel_table_avx2, kernel_table_avx512;
#elif defined(__aarch64__)
extern const struct kernel_table kernel_table_neon;
#endif

const struct kernel_table *arch_table(enum arch arch) {
  switch (arch) {
  case ARCH_SCALAR: return &kernel_table_scalar;
#if defined(__x86_64__)
  case ARCH_AVX2: return &kernel_table_avx2;
  case ARCH_AVX512: return &kernel_table_avx512;
#elif defined(__aarch64__)
  case ARCH_NEON: return &kernel_table_neon;
#endif
  default: return NULL;
  }
}

static const char *const names[ARCH_COUNT] = {
    [ARCH_SCALAR] = "scalar", [ARCH_NEON] = "neon", [ARCH_AVX2] = "avx2", [ARCH_AVX512] = "avx512"};

const char *arch_name(enum arch arch) { return names[arch]; }

enum arch arch_find(const char *name) {
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
    if (strcmp(name, names[arch]) == 0) return arch;
  return ARCH_COUNT;
}

const char *arch_obstacle(enum arch arch, const struct cpu_features *cpu) {
  if (!arch_table(arch)) return "this build is for another processor family";
  switch (arch) {
  case ARCH_NEON: return cpu->asimd ? NULL : "this CPU lacks Advanced SIMD";
  case ARCH_AVX2:
    if (!cpu->avx2) return "this CPU lacks AVX2";
    if (!cpu->fma) return "this CPU lacks FMA";
    if (!cpu->bmi2) return "this CPU lacks BMI2";
    if (!cpu->osxsave || (cpu->xcr0 & XCR0_YMM) != XCR0_YMM) return "the operating system does not save YMM registers";
    return NULL;
  case ARCH_AVX512:
    if (!cpu->avx512f) return "this CPU lacks AVX-512F";
    if (!cpu->avx512bw) return "this CPU lacks AVX-512BW";
    if (!cpu->avx512dq) return "this CPU lacks AVX-512DQ";
    if (!cpu->avx512vl) return "this CPU lacks AVX-512VL";
    if (!cpu->avx512cd) return "this CPU lacks AVX-512CD";
    if (!cpu->osxsave || (cpu->xcr0 & XCR0_ZMM) != XCR0_ZMM) return "the operating system does not save ZMM registers";
    return arch_obstacle(ARCH_AVX2, cpu);
  default: return NULL;
  }
}

const char *kernel_obstacle(const struct kernel_table *table, const struct kernel *kernel,
                            const struct cpu_features *cpu) {
  if (!kernel_in_table(table, kernel)) return "this instruction set has no such body";
  if (kernel->feature && !cpu_has(cpu, kernel->feature)) return "this CPU lacks the instructions";
  return NULL;
}

enum arch arch_best(const struct cpu_features *cpu) {
  enum arch best = ARCH_SCALAR;
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++)
    if (!arch_obstacle(arch, cpu)) best = arch;
  return best;
}
