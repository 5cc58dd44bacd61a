/* What this CPU and operating system can run. */
#ifndef DEPTHMARK_CPU_H
#define DEPTHMARK_CPU_H

#include <stdbool.h>

struct cpu_features {
  /* x86: instruction sets as CPUID reports them */
  bool sse4_2, avx, avx2, fma, bmi2, f16c, aes, vaes;
  bool avx512f, avx512bw, avx512dq, avx512vl, avx512cd, avx512_bf16;
  bool osxsave;       /* the operating system uses XSAVE, so that xcr0 can be read */
  unsigned long xcr0; /* register state the operating system saves: 0x6 for YMM, 0xe6 for ZMM */
  /* Arm: HWCAP bits */
  bool asimd, asimd_aes, asimd_bf16, sve;
};

struct cpu_features cpu_detect(void);

/* Whether the CPU has an optional feature that kernels.def names: "aes" (on x86 or Arm), "vaes", "avx512_bf16". */
bool cpu_has(const struct cpu_features *features, const char *feature);

/* A space-separated list of the features that are there, for people: "sse4.2 avx avx2 fma ...". */
const char *cpu_feature_text(const struct cpu_features *features, char *text, unsigned long size);

#endif
