/* How accurate the activations are: every kernel, ours and others', on many floats or on all of them, against its
 * double-precision reference.
 *
 * Kernels that compute the same function of x - a value, or a slope from x or from the output - make a group: they are
 * held against one evaluation of the reference, which costs most. Samples are cut into a fixed number of slices, which
 * threads take in turn, so that the figures do not depend on the number of threads.
 */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "harness/accuracy.h"
#include "harness/activation_pass.h"
#include "harness/interrupt.h"
#include "harness/peers/kernels.h"
#include "harness/peers/peers.h"
#include "harness/suite.h"
#include "kernels/reference/reference.h"

#define SLICES 256
/* Of one sample, as planned: the reference's evaluation; a kernel's and that of its error. */
#define REFERENCE_SECONDS 4e-9
#define VECTOR_SECONDS 2e-9
#define SCALAR_SECONDS 20e-9

/* A kernel of a group. */
struct subject {
  struct accuracy_function function;
  struct result_accuracy row;
};

struct group {
  const char *activation;
  kernel_function *reference;
  enum signature signature; /* of the reference: map, or backward, which is given dy = 1 */
  struct parameters p;
  double root; /* of a slope, or NAN */
  struct subject *subjects;
  size_t count;
};

/* What all groups share. */
struct samples {
  struct float_samples floats;
  size_t count; /* of them, also while planning */
  int threads;
};

/* ---- which kernels ---------------------------------------------------------------------------------------------- */

/* The pass and activation of a kernel that this suite can hold against a reference; else PASS_COUNT. */
static enum activation_pass pass_of(const struct kernel *kernel, char *activation, size_t size) {
  char name[sizeof((struct result_accuracy *)0)->kernel];
  if (strcmp(kernel->suite, suite_names[SUITE_ACTIVATION]) != 0) return PASS_COUNT;
  kernel_provider(kernel, name, sizeof name);
  const enum activation_pass pass = activation_pass(name, activation, size);
  const bool map = pass == PASS_FORWARD || pass == PASS_DERIVATIVE;
  return kernel->signature == (map ? SIGNATURE_map : SIGNATURE_backward) ? pass : PASS_COUNT;
}

static const struct kernel *find_pass(const char *activation, const char *ending) {
  char name[80];
  snprintf(name, sizeof name, "%s_%s", activation, ending);
  return kernel_find(name);
}

static void add_subject(struct run *run, struct group *group, const struct kernel *kernel, enum activation_pass pass,
                        enum arch arch, const struct peer_kernel *peer) {
  const struct kernel *forward = find_pass(group->activation, "forward");
  struct subject subject = {.function = {.signature = kernel->signature,
                                         .function = peer ? peer->function : kernel_in_table(arch_table(arch), kernel),
                                         .p = kernel->defaults}};
  struct result_accuracy *row = &subject.row;
  if (pass == PASS_FROM_OUTPUT) {
    if (!forward) return;
    subject.function.forward = (map_kernel *)kernel_in_table(arch_table(arch), forward);
  }
  const char *provider = kernel_provider(kernel, row->kernel, sizeof row->kernel);
  snprintf(row->provider, sizeof row->provider, "%s", peer ? peer->provider : provider);
  snprintf(row->suite, sizeof row->suite, "%s", suite_names[SUITE_ACCURACY]);
  snprintf(row->arch, sizeof row->arch, "%s", arch_name(arch));
  const bool own = strcmp(row->provider, OWN_PROVIDER) == 0;
  snprintf(row->name, sizeof row->name, "%s/%s/arch:%s%s%s", row->suite, row->kernel, row->arch,
           own ? "" : "/provider:", own ? "" : row->provider);
  if (!run_wants(run, row->name)) return;
  group->subjects = realloc(group->subjects, (group->count + 1) * sizeof *group->subjects);
  if (!group->subjects) abort();
  group->subjects[group->count++] = subject;
}

/* Our kernels of that pass, those through other libraries, and with --peers other libraries' own. */
static void add_pass(struct run *run, struct group *group, enum activation_pass pass, enum arch arch) {
  for (size_t k = 0; k < KERNEL_COUNT; k++) {
    char activation[64];
    const struct peer_kernel *peer;
    if (pass_of(&kernels[k], activation, sizeof activation) != pass || strcmp(activation, group->activation) != 0)
      continue;
    if (!kernel_obstacle(arch_table(arch), &kernels[k], run->cpu))
      add_subject(run, group, &kernels[k], pass, arch, NULL);
    for (size_t i = 0; run->options->peers && (peer = peer_kernel((int)k, arch, run->cpu, i)); i++)
      add_subject(run, group, &kernels[k], pass, arch, peer);
  }
}

/* Passes first, so that a slope from x and that from the output stand next to each other. */
static struct group make_group(struct run *run, const char *activation, bool slope) {
  const struct kernel *reference = find_pass(activation, slope ? "derivative" : "forward");
  struct group group = {.activation = activation, .root = slope ? activation_root(activation) : (double)NAN};
  if (!reference && slope) reference = find_pass(activation, "backward");
  if (!reference || (reference->signature != SIGNATURE_map && reference->signature != SIGNATURE_backward)) return group;
  group.reference = reference_functions[reference - kernels];
  group.signature = reference->signature;
  group.p = reference->defaults;
  for (enum activation_pass pass = slope ? PASS_DERIVATIVE : PASS_FORWARD;
       pass < (slope ? PASS_COUNT : PASS_DERIVATIVE); pass++)
    for (size_t a = 0; a < run->options->arch_count; a++) add_pass(run, &group, pass, run->options->archs[a]);
  return group;
}

/* ---- measuring -------------------------------------------------------------------------------------------------- */

static void evaluate_reference(const struct group *group, const float *x, double *expected) {
  if (group->signature == SIGNATURE_map) {
    map_reference *const reference = (map_reference *)group->reference;
    for (size_t i = 0; i < SAMPLE_CHUNK; i++) expected[i] = reference((double)x[i], group->p);
  } else {
    backward_reference *const reference = (backward_reference *)group->reference;
    for (size_t i = 0; i < SAMPLE_CHUNK; i++) expected[i] = reference((double)x[i], 1, group->p);
  }
}

static double planned_seconds(const struct samples *samples, double each) {
  return (double)samples->count * each / samples->threads;
}

static double planned_kernel_seconds(const struct samples *samples, const struct subject *subject) {
  const bool scalar = strcmp(subject->row.arch, arch_name(ARCH_SCALAR)) == 0;
  return planned_seconds(samples, scalar ? SCALAR_SECONDS : VECTOR_SECONDS);
}

/* Shares of a group's work that are done, and those of them that progress has shown. Only the first thread shows it. */
struct pace {
  struct run *run;
  double seconds; /* of all chunks */
  const char *what;
  size_t done, chunks, shown;
};

static void keep_pace(struct pace *pace) {
  size_t done;
#pragma omp atomic capture
  done = ++pace->done;
  if (omp_get_thread_num() != 0) return;
  run_progress(pace->run, pace->seconds * (double)(done - pace->shown) / (double)pace->chunks, pace->what);
  pace->shown = done;
}

/* Adds the chunks of one slice to the tallies of all subjects. */
static void measure_slice(const struct group *group, const struct samples *samples, size_t slice,
                          struct accuracy_tally *tallies, struct pace *pace) {
  float own[SAMPLE_CHUNK + SAMPLE_PADDING] = {0}, y[SAMPLE_CHUNK], last[SAMPLE_CHUNK];
  double expected[SAMPLE_CHUNK];
  struct accuracy_tally tally = {0};
  for (size_t c = pace->chunks * slice / SLICES; c < pace->chunks * (slice + 1) / SLICES && !interrupted(); c++) {
    const float *x = float_samples_chunk(&samples->floats, c * SAMPLE_CHUNK, own);
    evaluate_reference(group, x, expected);
    for (size_t s = 0; s < group->count; s++) {
      accuracy_evaluate(&group->subjects[s].function, x, y, SAMPLE_CHUNK);
      /* Vector archs, and passes with dy = 1, give the same bits: no need to look at their errors again. */
      if (s == 0 || memcmp(y, last, sizeof y) != 0) {
        tally = (struct accuracy_tally){0};
        accuracy_add(&tally, x, y, expected, SAMPLE_CHUNK, group->root);
        memcpy(last, y, sizeof y);
      }
      accuracy_merge(&tallies[s], &tally);
    }
    keep_pace(pace);
  }
}

static void fill_row(struct result_accuracy *row, const struct accuracy_tally *tally, double root,
                     const struct accuracy_ends *ends) {
  const bool window = tally->in_window > 0;
  row->samples = tally->samples;
  row->ulp_max = tally->ulp_max;
  row->ulp_max_at = tally->ulp_max > 0 ? (double)tally->ulp_max_at : (double)NAN;
  row->ulp_mean = tally->ulp_sum / (double)(tally->samples - tally->in_window);
  row->root = window ? root : (double)NAN;
  row->absolute_max = window ? tally->absolute_max : (double)NAN;
  row->absolute_max_at = window ? (double)tally->absolute_max_at : (double)NAN;
  row->subnormal_below = (double)ends->subnormal_below, row->zero_below = (double)ends->zero_below;
  row->subnormal_above = (double)ends->subnormal_above, row->zero_above = (double)ends->zero_above;
}

/* A group that is interrupted leaves nothing. */
static bool measure_group(struct run *run, struct group *group, const struct samples *samples, struct error *error) {
  struct accuracy_tally *tallies = calloc(SLICES * group->count, sizeof *tallies);
  if (!tallies) return error_set(error, "out of memory: the errors of %zu kernels", group->count);
  struct pace pace = {.run = run,
                      .seconds = planned_seconds(samples, REFERENCE_SECONDS),
                      .what = group->subjects[0].row.name,
                      .chunks = samples->floats.count / SAMPLE_CHUNK};
  for (size_t s = 0; s < group->count; s++) pace.seconds += planned_kernel_seconds(samples, &group->subjects[s]);
#pragma omp parallel for num_threads(samples->threads) schedule(dynamic, 1)
  for (size_t slice = 0; slice < SLICES; slice++)
    measure_slice(group, samples, slice, tallies + slice * group->count, &pace);
  for (size_t s = 0; s < group->count && !interrupted(); s++) {
    struct subject *subject = &group->subjects[s];
    const struct accuracy_ends ends = accuracy_find_ends(&subject->function);
    for (size_t slice = 1; slice < SLICES; slice++) accuracy_merge(&tallies[s], &tallies[slice * group->count + s]);
    fill_row(&subject->row, &tallies[s], group->root, &ends);
    result_add_accuracy(run->result, &subject->row);
  }
  free(tallies);
  return true;
}

/* ---- the suite -------------------------------------------------------------------------------------------------- */

static void plan_group(struct run *run, const struct group *group, const struct samples *samples) {
  run_plan(run, NULL, planned_seconds(samples, REFERENCE_SECONDS));
  for (size_t s = 0; s < group->count; s++)
    run_plan(run, group->subjects[s].row.name, planned_kernel_seconds(samples, &group->subjects[s]));
}

static bool is_first_of_activation(size_t kernel, const char *activation) {
  char other[64];
  for (size_t k = 0; k < kernel; k++)
    if (pass_of(&kernels[k], other, sizeof other) != PASS_COUNT && strcmp(other, activation) == 0) return false;
  return true;
}

static bool for_groups(struct run *run, const struct samples *samples, struct error *error) {
  bool fine = true;
  for (size_t k = 0; fine && k < KERNEL_COUNT; k++) {
    char activation[64];
    if (pass_of(&kernels[k], activation, sizeof activation) == PASS_COUNT || !is_first_of_activation(k, activation))
      continue;
    for (int slope = 0; fine && slope < 2 && !interrupted(); slope++) {
      struct group group = make_group(run, activation, slope);
      if (group.count && run->planning) plan_group(run, &group, samples);
      if (group.count && !run->planning) fine = measure_group(run, &group, samples, error);
      free(group.subjects);
    }
  }
  return fine;
}

bool suite_accuracy(struct run *run, struct error *error) {
  const struct options *options = run->options;
  struct samples samples = {.count = options->samples ? options->samples : float_samples_every().count,
                            .threads = run_most_threads(run)};
  if (run->planning) return for_groups(run, &samples, error);
  if (!options->samples)
    samples.floats = float_samples_every();
  else if (!float_samples_choose(&samples.floats, options->samples, options->seed))
    return error_set(error, "out of memory: %zu floats; choose fewer --samples", options->samples);
  run_pin(run, samples.threads);
  const bool fine = for_groups(run, &samples, error);
  float_samples_free(&samples.floats);
  return fine;
}
