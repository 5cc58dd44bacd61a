#include "harness/warmup.h"

#include <string.h>

#include "harness/clock.h"
#include "harness/measure.h"
#include "harness/stats.h"

#define TRIES 9
#define PIECES 512
#define PIECE_STEPS 8192 /* about a microsecond */
#define REST_NS 1e6      /* licences are given back after 0.67 ms (Downs 2020, as in measure.h) */
#define NEAR 1.05
#define IN_A_ROW 16

double warmup_end(const double *ns, size_t count) {
  double later[PIECES], sum = 0;
  const size_t half = count / 2, n = count - half < PIECES ? count - half : PIECES;
  memcpy(later, ns + count - n, n * sizeof *later);
  const double pace = statistics_of(later, n).median;
  size_t row = 0;
  double end = 0;
  for (size_t i = 0; i < count && row < IN_A_ROW; i++) {
    sum += ns[i];
    row = ns[i] <= NEAR * pace ? row + 1 : 0;
    if (row == 0) end = sum;
  }
  return end;
}

static void rest(void) {
  const uint64_t start = clock_now();
  while ((double)(clock_now() - start) < REST_NS) clock_glance_hertz();
}

double warmup_ns(peak_kernel *peak) {
  double ends[TRIES];
  for (size_t t = 0; t < TRIES; t++) {
    double ns[PIECES], sum = 0;
    float out;
    size_t count = 0;
    rest();
    while (count < PIECES && sum < WARMUP_MOST_NS) {
      const uint64_t start = clock_now();
      peak(PIECE_STEPS, &out);
      measure_keep(&out);
      ns[count] = (double)(clock_now() - start);
      sum += ns[count++];
    }
    ends[t] = warmup_end(ns, count);
  }
  return statistics_of(ends, TRIES).median;
}
