/* Time and core cycles. */
#include "harness/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_now(void) { return read_clock(CLOCK_MONOTONIC_RAW); }
uint64_t clock_cpu(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

/* A chain of dependent additions takes one cycle each on every x86-64 and arm64 core. Register operands, because recent
 * cores add small constants while renaming, in no time at all. */
#define CHAIN_ADDITIONS 256
#define CHAIN_ROUNDS 1024 /* about 0.1 ms: long against the clock's resolution, short against a time slice */
#define CHAIN_RUNS 64
#define GLANCE_ROUNDS 256

#if defined(__x86_64__)
#define CHAIN "add %1, %0"
#elif defined(__aarch64__)
#define CHAIN "add %0, %0, %1"
#endif

/* Hertz by one chain of so many rounds. */
static double chain_hertz(int rounds) {
#ifdef CHAIN
  uint64_t value = 0, step = 1;
  const uint64_t start = clock_now();
  for (int round = 0; round < rounds; round++)
    __asm__ volatile(".rept 256\n\t" CHAIN "\n\t.endr" : "+r"(value) : "r"(step) : "cc");
  const uint64_t time = clock_now() - start;
  return time ? 1e9 * CHAIN_ADDITIONS * rounds / (double)time : 0;
#else
  (void)rounds;
  return 0;
#endif
}

double clock_core_hertz(void) {
  double best = 0;
  for (int run = 0; run < CHAIN_RUNS; run++) {
    const double hertz = chain_hertz(CHAIN_ROUNDS);
    if (hertz > best) best = hertz;
  }
  return best;
}

double clock_glance_hertz(void) { return chain_hertz(GLANCE_ROUNDS); }
