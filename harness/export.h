/* A result's rows as other tools read them. Rows that were measured only to compare others with are left out. Each
 * writer returns false when memory is out. */
#ifndef DEPTHMARK_EXPORT_H
#define DEPTHMARK_EXPORT_H

#include <stdio.h>

#include "harness/result.h"

/* Of an amount in so many nanoseconds; 0 where these are unknown. */
static inline double per_second(double amount, double ns) { return ns > 0 ? amount * 1e9 / ns : 0; }

/* How Google Benchmark's reporters are asked to print. */
#define GOOGLE_UNITS 4
struct google_style {
  size_t unit;          /* of times: ns, us, ms, s; google_unit_name() */
  bool aggregates_only; /* of rows with repetitions, only what sums them up */
};
const char *google_unit_name(size_t unit);

/* github-action-benchmark's customSmallerIsBetter, times, and customBiggerIsBetter, throughputs: an array of {name,
 * unit, value, range, extra}; github.com/benchmark-action/github-action-benchmark. */
bool export_github_smaller(FILE *out, const struct result *result);
bool export_github_bigger(FILE *out, const struct result *result);

/* Bencher Metric Format: an object of {latency, throughput} by name, each with its interval; bencher.dev/bmf.json. */
bool export_bencher(FILE *out, const struct result *result);

/* JUnit XML: a test suite for each of ours, a test case for each row, accuracy, gradient cell and training run. One
 * suite more, "dispatch", has a test case for each arch, skipped where it is not available. */
bool export_junit(FILE *out, const struct result *result);

/* What a program of Google Benchmark prints with --benchmark_format=console and csv. */
bool export_google_console(FILE *out, const struct result *result, const struct google_style *style);
bool export_google_csv(FILE *out, const struct result *result, const struct google_style *style);

#endif
