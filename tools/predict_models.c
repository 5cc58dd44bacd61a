#include "tools/predict_models.h"

#include <stdlib.h>
#include <string.h>

/* x86 by CPUID's family and model, first to last, as Linux' arch/x86/include/asm/intel-family.h and AMD's revision
 * guides have them. Cores whose model in LLVM is another's go by that one's name. */
static const struct {
  const char *vendor;
  int family, first, last;
  const char *model;
} x86[] = {
    {"GenuineIntel", 6, 0x3c, 0x3c, "haswell"},        {"GenuineIntel", 6, 0x3d, 0x3d, "broadwell"},
    {"GenuineIntel", 6, 0x3f, 0x3f, "haswell"},        {"GenuineIntel", 6, 0x45, 0x46, "haswell"},
    {"GenuineIntel", 6, 0x47, 0x47, "broadwell"},      {"GenuineIntel", 6, 0x4e, 0x4e, "skylake"},
    {"GenuineIntel", 6, 0x4f, 0x4f, "broadwell"},      {"GenuineIntel", 6, 0x55, 0x55, "skylake-avx512"},
    {"GenuineIntel", 6, 0x56, 0x56, "broadwell"},      {"GenuineIntel", 6, 0x5e, 0x5e, "skylake"},
    {"GenuineIntel", 6, 0x6a, 0x6a, "icelake-server"}, {"GenuineIntel", 6, 0x6c, 0x6c, "icelake-server"},
    {"GenuineIntel", 6, 0x7d, 0x7e, "icelake-client"}, {"GenuineIntel", 6, 0x8c, 0x8d, "tigerlake"},
    {"GenuineIntel", 6, 0x8e, 0x8e, "skylake"},        {"GenuineIntel", 6, 0x8f, 0x8f, "sapphirerapids"},
    {"GenuineIntel", 6, 0x97, 0x97, "alderlake"},      {"GenuineIntel", 6, 0x9a, 0x9a, "alderlake"},
    {"GenuineIntel", 6, 0x9e, 0x9e, "skylake"},        {"GenuineIntel", 6, 0xa5, 0xa6, "skylake"},
    {"GenuineIntel", 6, 0xa7, 0xa7, "rocketlake"},     {"GenuineIntel", 6, 0xad, 0xae, "graniterapids"},
    {"GenuineIntel", 6, 0xb7, 0xb7, "raptorlake"},     {"GenuineIntel", 6, 0xba, 0xba, "raptorlake"},
    {"GenuineIntel", 6, 0xbf, 0xbf, "raptorlake"},     {"GenuineIntel", 6, 0xcf, 0xcf, "emeraldrapids"},
    {"AuthenticAMD", 23, 0x00, 0x2f, "znver1"},        {"AuthenticAMD", 23, 0x30, 0xff, "znver2"},
    {"AuthenticAMD", 25, 0x00, 0x0f, "znver3"},        {"AuthenticAMD", 25, 0x10, 0x1f, "znver4"},
    {"AuthenticAMD", 25, 0x20, 0x5f, "znver3"},        {"AuthenticAMD", 25, 0x60, 0x7f, "znver4"},
    {"AuthenticAMD", 25, 0xa0, 0xaf, "znver4"},        {"AuthenticAMD", 26, 0x00, 0xff, "znver5"},
};

/* Arm cores by the names that machine_describe() gives them. */
static const struct {
  const char *cpu, *model;
} arm[] = {
    {"Neoverse-N1", "neoverse-n1"},
    {"Neoverse-N2", "neoverse-n2"},
    {"Neoverse-V1", "neoverse-v1"},
    {"Neoverse-V2", "neoverse-v2"},
    {"Cortex-A53", "cortex-a53"},
    {"Cortex-A55", "cortex-a55"},
    {"Cortex-A57", "cortex-a57"},
    {"Cortex-A72", "cortex-a72"},
    {"Cortex-A76", "cortex-a76"},
    {"Apple M1", "apple-m1"},
    {"A64FX", "a64fx"},
};

const char *model_of_machine(const struct machine *machine) {
  const int family = atoi(machine->family), model = atoi(machine->model);
  for (size_t i = 0; i < sizeof x86 / sizeof *x86; i++)
    if (strcmp(machine->vendor, x86[i].vendor) == 0 && family == x86[i].family && model >= x86[i].first &&
        model <= x86[i].last)
      return x86[i].model;
  for (size_t i = 0; i < sizeof arm / sizeof *arm; i++)
    if (strstr(machine->cpu, arm[i].cpu)) return arm[i].model;
  return NULL;
}

bool model_lacks(const char *model, const char *feature) {
  static const struct {
    const char *feature, *models; /* that lack it, each between blanks */
  } lacking[] = {
      {"vaes", " haswell broadwell skylake skylake-avx512 cascadelake cooperlake cannonlake znver1 znver2 "},
      {"avx512_bf16", " skylake-avx512 cascadelake cannonlake icelake-client icelake-server tigerlake rocketlake "},
  };
  char word[64];
  snprintf(word, sizeof word, " %s ", model);
  for (size_t i = 0; feature && i < sizeof lacking / sizeof *lacking; i++)
    if (strcmp(lacking[i].feature, feature) == 0 && strstr(lacking[i].models, word)) return true;
  return false;
}

const char *model_fault(const char *model, const char *arch) {
  static const struct {
    const char *model, *arch, *fault; /* arch NULL: any */
  } faults[] = {
      {"apple-m1", NULL, "has the ports of an older core, three for FMAs where an M1 has four"},
      {"cortex-a76", NULL, "is that of a Cortex-A57, with half of an A76's width for vectors"},
      {"neoverse-v3", NULL, "is that of a Neoverse V2"},
      {"neoverse-n3", NULL, "is that of a Neoverse N2"},
      {"icelake-server", "avx512", "has one 512-bit FMA port, where most of these Xeons have two"},
      {"sapphirerapids", "avx512", "has one 512-bit FMA port, where most of these Xeons have two"},
      {"emeraldrapids", "avx512", "has one 512-bit FMA port, where most of these Xeons have two"},
      {"graniterapids", "avx512", "is that of a Sapphire Rapids, with one 512-bit FMA port"},
      {"znver4", "avx512",
       "sends broadcasts from memory into 512-bit registers through a port that does FMAs, and stores 512 bits in "
       "every "
       "cycle, where bench measures one store in two; products of bf16 take three times what it measures"},
      {"znver5", NULL, "is that of a Zen 4, whose 512-bit units are half as wide and whose faults it has"},
  };
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    if (strcmp(faults[i].model, model) == 0 && (!faults[i].arch || strcmp(faults[i].arch, arch) == 0))
      return faults[i].fault;
  return NULL;
}
