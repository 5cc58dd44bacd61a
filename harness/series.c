#include "harness/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"

/* The block holds the samples, and behind them room to sort them. */
bool series_add(struct series *series, double wall_ns, double cpu_ns, uint64_t calls) {
  if (series->count == series->capacity) {
    const size_t capacity = series->capacity ? 2 * series->capacity : 32;
    double *const block = malloc(3 * capacity * sizeof *block);
    if (!block) return false;
    if (series->count) {
      memcpy(block, series->wall, series->count * sizeof *block);
      memcpy(block + capacity, series->cpu, series->count * sizeof *block);
    }
    free(series->wall);
    series->wall = block, series->cpu = block + capacity, series->capacity = capacity;
  }
  series->wall[series->count] = wall_ns / (double)calls;
  series->cpu[series->count++] = cpu_ns / (double)calls;
  series->iterations += calls;
  series->spent += wall_ns;
  if (series->count == 1 || wall_ns < series->fastest) series->fastest = wall_ns;
  return true;
}

void series_end_batch(struct series *series, double hertz) {
  const size_t last = series->batches ? series->ends[series->batches - 1] : 0;
  if (series->count == last) return;
  if (series->batches < SERIES_BATCHES) series->batches++;
  series->ends[series->batches - 1] = series->count;
  series->hertz[series->batches - 1] = hertz;
}

void series_describe(const struct series *series, struct result_row *row) {
  double *const scratch = series->count ? series->cpu + series->capacity : NULL, hertz[SERIES_BATCHES];
  size_t known = 0;
  row->iterations = series->iterations;
  row->time = statistics_of_batches(series->wall, series->ends, series->batches, scratch);
  if (series->count) memcpy(scratch, series->cpu, series->count * sizeof *scratch);
  row->cpu_time = statistics_of(scratch, series->count);
  /* The system books the time of other cores' threads at clock ticks, longer than a sample: only the mean is right. */
  row->cpu_time.median = row->cpu_time.mean;
  for (size_t i = 0; i < series->batches; i++)
    if (series->hertz[i] > 0) hertz[known++] = series->hertz[i];
  row->core_hertz = statistics_of(hertz, known).median;
  const double n = series->counted_calls;
  row->cycles = n > 0 && series->counted.cycles ? (double)series->counted.cycles / n : NAN;
  row->instructions = n > 0 && series->counted.instructions ? (double)series->counted.instructions / n : NAN;
  /* None is a figure, where something else was counted. */
  row->cache_misses = n > 0 && series->counted.has_cache_misses ? (double)series->counted.cache_misses / n : NAN;
}

void series_repeat(const struct series *series, size_t parts, struct result_row *row) {
  const size_t most = parts < ROW_REPETITIONS_MOST ? parts : ROW_REPETITIONS_MOST;
  const size_t count = most < series->count ? most : series->count;
  row->repetition_count = 0;
  if (count < 2) return;
  double *const scratch = series->cpu + series->capacity;
  for (size_t i = 0; i < count; i++) {
    const size_t begin = series->count * i / count, n = series->count * (i + 1) / count - begin;
    struct result_repetition *const part = &row->repetitions[row->repetition_count++];
    memcpy(scratch, series->wall + begin, n * sizeof *scratch);
    part->real = statistics_of(scratch, n).median;
    memcpy(scratch, series->cpu + begin, n * sizeof *scratch);
    part->cpu = statistics_of(scratch, n).mean;
    part->iterations = n * series->calls;
  }
}

void series_free(struct series *series) {
  free(series->wall);
  *series = (struct series){0};
}
