/* CPU features, read with baseline instructions only. */
#include "kernels/cpu.h"

#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>

/* XGETBV by its instruction: the intrinsic would need -mxsave. Only valid where CPUID reports OSXSAVE. */
static unsigned long read_xcr0(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (unsigned long)high << 32 | low;
}

struct cpu_features cpu_detect(void) {
  struct cpu_features f = {0};
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d)) {
    f.sse4_2 = c & bit_SSE4_2;
    f.avx = c & bit_AVX;
    f.fma = c & bit_FMA;
    f.f16c = c & bit_F16C;
    f.aes = c & bit_AES;
    f.osxsave = c & bit_OSXSAVE;
  }
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    f.avx2 = b & bit_AVX2;
    f.bmi2 = b & bit_BMI2;
    f.avx512f = b & bit_AVX512F;
    f.avx512bw = b & bit_AVX512BW;
    f.avx512dq = b & bit_AVX512DQ;
    f.avx512vl = b & bit_AVX512VL;
    f.avx512cd = b & bit_AVX512CD;
    f.vaes = c & bit_VAES;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) f.avx512_bf16 = a & 1u << 5;
  }
  if (f.osxsave) f.xcr0 = read_xcr0();
  return f;
}

#elif defined(__aarch64__)

#include <asm/hwcap.h>
#include <sys/auxv.h>

struct cpu_features cpu_detect(void) {
  const unsigned long capabilities = getauxval(AT_HWCAP), more = getauxval(AT_HWCAP2);
  struct cpu_features f = {0};
  f.asimd = capabilities & HWCAP_ASIMD;
  f.asimd_aes = capabilities & HWCAP_AES;
  f.sve = capabilities & HWCAP_SVE;
  f.asimd_bf16 = more & HWCAP2_BF16;
  return f;
}

#else

struct cpu_features cpu_detect(void) {
  return (struct cpu_features){0};
}

#endif

bool cpu_has(const struct cpu_features *f, const char *feature) {
  if (strcmp(feature, "aes") == 0) return f->aes || f->asimd_aes;
  if (strcmp(feature, "vaes") == 0) return f->vaes;
  if (strcmp(feature, "avx512_bf16") == 0) return f->avx512_bf16;
  return false;
}

const char *cpu_feature_text(const struct cpu_features *f, char *text, unsigned long size) {
  const struct {
    bool present;
    const char *name;
  } list[] = {
      {f->sse4_2, "sse4.2"},     {f->avx, "avx"},
      {f->avx2, "avx2"},         {f->fma, "fma"},
      {f->bmi2, "bmi2"},         {f->f16c, "f16c"},
      {f->aes, "aes"},           {f->vaes, "vaes"},
      {f->avx512f, "avx512f"},   {f->avx512bw, "avx512bw"},
      {f->avx512dq, "avx512dq"}, {f->avx512vl, "avx512vl"},
      {f->avx512cd, "avx512cd"}, {f->avx512_bf16, "avx512_bf16"},
      {f->asimd, "asimd"},       {f->asimd_aes, "aes"},
      {f->asimd_bf16, "bf16"},   {f->sve, "sve"},
  };
  unsigned long used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (list[i].present && used < size)
      used += (unsigned long)snprintf(text + used, size - used, "%s%s", used ? " " : "", list[i].name);
  return text;
}
