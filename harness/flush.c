#include "harness/flush.h"

#include <stdint.h>
#ifdef __x86_64__
#include <xmmintrin.h>

#define FTZ_AND_DAZ 0x8040u
static void set(bool on) {
  const unsigned rest = _mm_getcsr() & ~FTZ_AND_DAZ;
  _mm_setcsr(on ? rest | FTZ_AND_DAZ : rest);
}
#elif defined __aarch64__
#define FZ (UINT64_C(1) << 24)
static void set(bool on) {
  uint64_t fpcr;
  __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
  fpcr = on ? fpcr | FZ : fpcr & ~FZ;
  __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
}
#endif

/* LLVM's libomp gives the calling thread back the mode that it had before a parallel region, and hands that mode on to
 * the threads of the next; GCC's libgomp leaves every thread its own. So it is set behind the region as well. */
void flush_subnormals(bool on, int threads) {
#pragma omp parallel num_threads(threads)
  set(on);
  set(on);
}
