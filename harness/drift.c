#include "harness/drift.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_READINGS 20 /* fewer have no 5th percentile */

static struct drift_load *load_of(struct drift *drift, const char *arch, int threads) {
  for (size_t i = 0; i < drift->count; i++)
    if (drift->loads[i].threads == threads && strcmp(drift->loads[i].arch, arch) == 0) return &drift->loads[i];
  if (drift->count == DRIFT_LOADS) return NULL;
  struct drift_load *const load = &drift->loads[drift->count++];
  *load = (struct drift_load){.threads = threads};
  memcpy(load->arch, arch, strnlen(arch, sizeof load->arch - 1));
  return load;
}

void drift_note(struct drift *drift, const char *arch, int threads, const struct series *series) {
  struct drift_load *const load = load_of(drift, arch, threads);
  double *const hertz = load ? realloc(load->hertz, (load->count + series->batches + 1) * sizeof *hertz) : NULL;
  if (!hertz) return; /* a warning less */
  load->hertz = hertz;
  for (size_t i = 0; i < series->batches; i++)
    if (series->hertz[i] > 0) hertz[load->count++] = series->hertz[i];
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

const char *drift_warn(struct drift *drift, struct machine *machine) {
  const struct drift_load *worst = NULL;
  double most = DRIFT_MOST, low = 0, high = 0;
  for (size_t i = 0; i < drift->count; i++) {
    const struct drift_load *load = &drift->loads[i];
    if (load->count < LEAST_READINGS) continue;
    qsort(load->hertz, load->count, sizeof *load->hertz, by_value);
    const double p5 = load->hertz[load->count / 20], p95 = load->hertz[load->count - 1 - load->count / 20];
    if (p95 / p5 - 1 <= most) continue;
    worst = load, most = p95 / p5 - 1, low = p5, high = p95;
  }
  if (!worst || machine->warning_count == MACHINE_WARNINGS) return NULL;
  machine_warn(machine,
               "the clock moved by %.0f %% within this run, between %.2f and %.2f GHz under %s x%d: "
               "compare cycles per item rather than times",
               100 * most, low * 1e-9, high * 1e-9, worst->arch, worst->threads);
  return machine->warnings[machine->warning_count - 1];
}

void drift_free(struct drift *drift) {
  for (size_t i = 0; i < drift->count; i++) free(drift->loads[i].hertz);
  *drift = (struct drift){0};
}
