#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const struct kernel_table *test_table(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s ARCH\n", argv[0]);
    exit(2);
  }
  const enum arch arch = arch_find(argv[1]);
  if (arch == ARCH_COUNT) {
    fprintf(stderr, "%s: no arch '%s'; there are scalar, neon, avx2, avx512\n", argv[0], argv[1]);
    exit(2);
  }
  const struct cpu_features cpu = cpu_detect();
  const char *obstacle = arch_obstacle(arch, &cpu);
  if (obstacle) {
    printf("skipped: %s: %s\n", argv[1], obstacle);
    exit(EXIT_SKIPPED);
  }
  return arch_table(arch);
}

uint64_t test_seed(void) {
  static uint64_t seed;
  if (!seed) {
    const char *text = getenv("DEPTHMARK_TEST_SEED");
    seed = text ? strtoull(text, NULL, 0) : 20101;
    if (!seed) seed = 1;
    printf("seed %llu (replay with DEPTHMARK_TEST_SEED)\n", (unsigned long long)seed);
  }
  return seed;
}

uint64_t test_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

float test_uniform(uint64_t *state, float low, float high) {
  return low + (high - low) * (float)(test_random(state) >> 40) * 0x1p-24f;
}

float test_any_float(uint64_t *state) {
  static const float specials[] = {0.0f,       -0.0f,           INFINITY,         -INFINITY,  NAN,
                                   0x1p-149f,  -0x1p-149f,      0x1p-127f,        -0x1p-127f, 0x1p-126f,
                                   -0x1p-126f, 0x1.fffffep127f, -0x1.fffffep127f, 1.0f,       -1.0f};
  const uint64_t word = test_random(state);
  if (word % 4 == 0) return specials[word / 4 % (sizeof specials / sizeof *specials)];
  if (word % 4 == 1) {
    const uint32_t bits = (uint32_t)(word >> 32);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  return test_uniform(state, -20, 20);
}

double *test_doubles(const float *values, size_t n) {
  double *copy = malloc((n + 1) * sizeof *copy);
  for (size_t i = 0; i < n; i++) copy[i] = (double)values[i];
  return copy;
}

struct guarded guarded_allocate(size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (bytes + page) / page * page;
  struct guarded buffer = {.map_bytes = inner + 2 * page};
  buffer.map = mmap(NULL, buffer.map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer.map == MAP_FAILED || mprotect((char *)buffer.map + page, inner, PROT_READ | PROT_WRITE) != 0) {
    perror("guarded_allocate");
    exit(1);
  }
  buffer.begin = (char *)buffer.map + page;
  buffer.end = buffer.begin + inner;
  guarded_reset(&buffer);
  return buffer;
}

void guarded_free(struct guarded *buffer) { munmap(buffer->map, buffer->map_bytes); }

void guarded_reset(const struct guarded *buffer) { memset(buffer->begin, 0x5a, (size_t)(buffer->end - buffer->begin)); }

bool guarded_untouched(const struct guarded *buffer, const void *data, size_t bytes) {
  const char *const from = data, *const to = from + bytes;
  for (const char *p = buffer->begin; p < buffer->end; p++)
    if ((p < from || p >= to) && *p != 0x5a) return false;
  return true;
}

float *guarded_place(const struct guarded *buffer, size_t n, size_t shift, bool at_end) {
  return (float *)(at_end ? buffer->end : buffer->begin) + (at_end ? -(ptrdiff_t)n : (ptrdiff_t)shift);
}

size_t test_next_length(size_t n, size_t lanes) {
  if (n < 4 * lanes + 1) return n + 1;
  const size_t more[] = {127, 128, 129, 200, 256, 259, TEST_LONGEST};
  for (size_t i = 0; i < sizeof more / sizeof *more; i++)
    if (more[i] > n) return more[i];
  return SIZE_MAX;
}

bool within_bound(const struct kernel *kernel, float value, double reference) {
  if (kernel->bound.kind == BOUND_EXACT) {
    const float expected = (float)reference;
    return memcmp(&value, &expected, sizeof value) == 0 || (isnan(value) && isnan(expected));
  }
  return ulp_error(value, reference) <= kernel->bound.ulp || fabs((double)value - reference) <= kernel->bound.absolute;
}
