/* Rows as Google Benchmark's console and CSV reporters print them (github.com/google/benchmark, docs/user_guide.md),
 * for scripts that read those. */
#include <math.h>
#include <string.h>

#include "harness/export.h"
#include "harness/stats.h"

static const struct {
  const char *name;
  double nanoseconds;
} units[GOOGLE_UNITS] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

const char *google_unit_name(size_t unit) { return units[unit].name; }

/* ---- lines ------------------------------------------------------------------------------------------------------- */

/* One line of the output: a repetition, or a figure of all. */
struct line {
  char name[ROW_NAME + 16];
  uint64_t iterations;
  double real, cpu;
  bool percentage;
  const struct result_row *row; /* whose work it is; NULL: no throughput can be told */
};

typedef void line_writer(FILE *out, const struct line *line, const struct google_style *style, int width);

static void each_aggregate(FILE *out, const struct result_row *row, const struct google_style *style, int width,
                           line_writer *write) {
  const struct statistics real = statistics_of_repetitions(row, false), cpu = statistics_of_repetitions(row, true);
  const struct {
    const char *name;
    double real, cpu;
    bool percentage, throughput;
  } all[] = {
      {"mean", real.mean, cpu.mean, false, true},
      {"median", real.median, cpu.median, false, true},
      {"stddev", real.stddev, cpu.stddev, false, false},
      {"cv", real.mean > 0 ? real.stddev / real.mean : 0, cpu.mean > 0 ? cpu.stddev / cpu.mean : 0, true, false}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct line line = {.iterations = row->repetition_count,
                        .real = all[i].real,
                        .cpu = all[i].cpu,
                        .percentage = all[i].percentage,
                        .row = all[i].throughput ? row : NULL};
    snprintf(line.name, sizeof line.name, "%s_%s", row->name, all[i].name);
    write(out, &line, style, width);
  }
}

static void each_line(FILE *out, const struct result *result, const struct google_style *style, int width,
                      line_writer *write) {
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (row->support) continue;
    const bool repeated = row->repetition_count > 1;
    for (size_t r = 0; r < (repeated ? row->repetition_count : 1) && !(repeated && style->aggregates_only); r++) {
      struct line line = {
          .iterations = row->iterations, .real = row->time.median, .cpu = row->cpu_time.median, .row = row};
      snprintf(line.name, sizeof line.name, "%s", row->name);
      if (repeated) {
        const struct result_repetition *repetition = &row->repetitions[r];
        line.iterations = repetition->iterations, line.real = repetition->real, line.cpu = repetition->cpu;
      }
      write(out, &line, style, width);
    }
    if (repeated) each_aggregate(out, row, style, width, write);
  }
}

/* ---- console ----------------------------------------------------------------------------------------------------- */

static void print_time(FILE *out, double time) {
  const int digits = time < 1 ? 3 : time < 10 ? 2 : time < 100 ? 1 : 0;
  if (time > 9999999999)
    fprintf(out, " %12.4e", time);
  else
    fprintf(out, " %12.*f", digits, time);
}

static void print_rate(FILE *out, const char *name, double rate) {
  static const char prefixes[] = "kMGTP";
  size_t prefix = 0;
  double value = rate;
  while (value >= 1000 && prefix < sizeof prefixes - 1) value /= 1000, prefix++;
  if (prefix)
    fprintf(out, " %s=%.6g%c/s", name, value, prefixes[prefix - 1]);
  else
    fprintf(out, " %s=%.6g/s", name, value);
}

static void console_line(FILE *out, const struct line *line, const struct google_style *style, int width) {
  fprintf(out, "%-*s", width, line->name);
  if (line->percentage) {
    fprintf(out, " %10.2f %%  %12.2f %%  ", 100 * line->real, 100 * line->cpu);
  } else {
    print_time(out, line->real / units[style->unit].nanoseconds);
    fprintf(out, " %-2s", units[style->unit].name);
    print_time(out, line->cpu / units[style->unit].nanoseconds);
    fprintf(out, " %-2s", units[style->unit].name);
  }
  fprintf(out, " %12llu", (unsigned long long)line->iterations);
  if (line->row) {
    if (line->row->bytes > 0) print_rate(out, "bytes_per_second", per_second(line->row->bytes, line->real));
    if (line->row->flops > 0) print_rate(out, "flops_per_second", per_second(line->row->flops, line->real));
    if (line->row->items > 0) print_rate(out, "items_per_second", per_second(line->row->items, line->real));
  }
  fputc('\n', out);
}

static void rule(FILE *out, int width) {
  for (int i = 0; i < width; i++) fputc('-', out);
  fputc('\n', out);
}

bool export_google_console(FILE *out, const struct result *result, const struct google_style *style) {
  int width = 10;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    const int length = (int)strlen(row->name) + (row->repetition_count > 1 ? (int)strlen("_median") : 0);
    if (!row->support && length > width) width = length;
  }
  const int line = width + 16 + 16 + 13;
  rule(out, line);
  fprintf(out, "%-*s %15s %15s %12s UserCounters...\n", width, "Benchmark", "Time   ", "CPU   ", "Iterations");
  rule(out, line);
  each_line(out, result, style, width, console_line);
  return true;
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

static void csv_line(FILE *out, const struct line *line, const struct google_style *style, int width) {
  const struct result_row *row = line->row;
  const double scale = line->percentage ? 1 : units[style->unit].nanoseconds;
  (void)width;
  fputc('"', out);
  for (const char *c = line->name; *c; c++) fprintf(out, *c == '"' ? "\"\"" : "%c", *c);
  fprintf(out, "\",%llu,%.6g,%.6g,%s,", (unsigned long long)line->iterations, line->real / scale, line->cpu / scale,
          line->percentage ? "" : units[style->unit].name);
  if (row && row->bytes > 0) fprintf(out, "%.6g", per_second(row->bytes, line->real));
  fputc(',', out);
  if (row && row->items > 0) fprintf(out, "%.6g", per_second(row->items, line->real));
  fputs(",,,,", out); /* no label, no error */
  if (row && row->flops > 0) fprintf(out, "%.6g", per_second(row->flops, line->real));
  fputc('\n', out);
}

bool export_google_csv(FILE *out, const struct result *result, const struct google_style *style) {
  fputs("name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,error_occurred,"
        "error_message,\"flops_per_second\"\n",
        out);
  each_line(out, result, style, 0, csv_line);
  return true;
}
