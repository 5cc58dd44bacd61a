#include "harness/evict.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINE 64

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

/* Asked once: hypervisors take long to answer. */
static bool has_clflushopt(void) {
  static enum { UNKNOWN, ABSENT, PRESENT } answer;
  unsigned a, b, c, d;
  if (answer == UNKNOWN) answer = __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & 1u << 23 ? PRESENT : ABSENT;
  return answer == PRESENT;
}

__attribute__((target("clflushopt"))) static void drop_any_order(char *line, const char *end) {
  for (; line < end; line += LINE) _mm_clflushopt(line);
}

bool evict(const void *data, size_t bytes) {
  char *const begin = (char *)((uintptr_t)data / LINE * LINE);
  const char *const end = (const char *)data + bytes;
  if (has_clflushopt())
    drop_any_order(begin, end);
  else
    for (char *line = begin; line < end; line += LINE) _mm_clflush(line);
  return true;
}

void evict_wait(void) { _mm_mfence(); }

#elif defined(__aarch64__)

bool evict(const void *data, size_t bytes) {
  uint64_t type;
  __asm__("mrs %0, ctr_el0" : "=r"(type));
  const uintptr_t line = (uintptr_t)4 << (type >> 16 & 15); /* DminLine: the smallest line, as a power of two words */
  const uintptr_t end = (uintptr_t)data + bytes;
  for (uintptr_t at = (uintptr_t)data / line * line; at < end; at += line)
    __asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
  return true;
}

void evict_wait(void) { __asm__ volatile("dsb sy" : : : "memory"); }

#else

bool evict(const void *data, size_t bytes) {
  (void)data, (void)bytes;
  return false;
}
void evict_wait(void) {}

#endif

bool evict_everything(struct evictor *evictor, size_t cache_bytes) {
  if (!evictor->block) {
    evictor->bytes = 2 * (cache_bytes / LINE + 1) * LINE;
    evictor->block = malloc(evictor->bytes);
    if (!evictor->block) return false;
    memset(evictor->block, 1, evictor->bytes);
  }
  /* Written, too: a line that is only read may go round a cache that holds what others dropped. */
  for (size_t i = 0; i < evictor->bytes; i += LINE) ++*(volatile char *)(evictor->block + i);
  return true;
}

void evict_free(struct evictor *evictor) {
  free(evictor->block);
  *evictor = (struct evictor){0};
}
