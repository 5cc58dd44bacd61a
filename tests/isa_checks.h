/* Checks that run inside code compiled for one ISA. */
#ifndef DEPTHMARK_TESTS_ISA_CHECKS_H
#define DEPTHMARK_TESTS_ISA_CHECKS_H

#include <stddef.h>
#include <stdint.h>

struct isa_checks {
  const char *name;
  /* Compares every operation of the vocabulary with plain C on random and special lanes; returns the number of
   * mismatches, each said on stdout. */
  int (*vocabulary)(uint64_t seed);
  /* The transforms of normal.h on n words each: n a multiple of 16. */
  void (*box_muller)(const uint32_t *radius_words, const uint32_t *angle_words, float *cosine, float *sine, size_t n);
  void (*truncated_normal)(const uint32_t *words, float *z, size_t n);
  void (*inverse_normal)(const float *u, const float *q, float *z, size_t n);
};

extern const struct isa_checks isa_checks_scalar, isa_checks_avx2, isa_checks_avx512, isa_checks_neon;

#endif
