#include "harness/measure.h"

#include <math.h>
#include <stdlib.h>

#include "harness/clock.h"
#include "harness/interrupt.h"
#include "harness/slice.h"
#include "harness/stats.h"

#define STRETCH 4      /* interruptions may make a case's time this many times longer than asked */
#define GLANCES 9      /* readings of the core's frequency in a batch, at most, ... */
#define GLANCE_EVERY 4 /* ... one in so many samples */

/* What measure() knows about one case. */
struct course {
  const struct bench_case *case_;
  double hertz[GLANCES];
  size_t glances, turns;
  double before, reported; /* nanoseconds that the series had when the batch began; share of progress that was told */
};

/* Time is counted as if all samples were as short as the shortest, so that an interruption does not use up a case's
 * share. */
bool measure_lacks(const struct bench_case *c, bool late) {
  const struct series *series = c->series;
  const double wanted = c->seconds * 1e9;
  const bool enough = series->count >= c->least || series->spent >= MEASURE_PATIENCE * 1e9;
  if (!enough || series->count == 0) return true;
  if (late || series->spent >= STRETCH * wanted) return false;
  return (c->cold ? series->spent : (double)series->count * series->fastest) < wanted;
}

/* Where the core's clock is after a sample, before it can have changed it. */
static void glance(struct course *course) {
  if (course->turns++ % GLANCE_EVERY == 0 && course->glances < GLANCES)
    course->hertz[course->glances++] = clock_glance_hertz();
}

static void report(struct course *course, const struct measure_settings *settings, bool done) {
  const struct bench_case *c = course->case_;
  const double wanted = c->seconds * 1e9 - course->before;
  double share = done ? 1 : wanted > 0 ? (c->series->spent - course->before) / wanted : 0;
  if (share > 1) share = 1;
  settings->progress(settings->context, c, fmax(share - course->reported, 0));
  if (share > course->reported) course->reported = share;
}

/* A small generator for the order of turns (Steele, Lea, Flood 2014: SplitMix64). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static void shuffle(size_t *order, size_t n, uint64_t *state) {
  for (size_t i = n; i > 1; i--) {
    const size_t j = (size_t)(next_random(state) % i);
    const size_t other = order[j];
    order[j] = order[i - 1];
    order[i - 1] = other;
  }
}

static bool take_turns(struct course *courses, size_t *order, size_t count, struct slicing *slicing) {
  const struct measure_settings *settings = slicing->settings;
  const uint64_t started = clock_now();
  uint64_t seed = settings->seed;
  shuffle(order, count, &seed);
  for (size_t i = 0; i < count; i++) {
    if (interrupted()) return true;
    slice_prepare(slicing, courses[order[i]].case_);
    settings->progress(settings->context, courses[order[i]].case_, 0);
  }
  for (size_t left = count; left > 0;) {
    const double elapsed = (double)(clock_now() - started) * 1e-9;
    const bool late = settings->seconds_most > 0 && elapsed > settings->seconds_most;
    shuffle(order, left, &seed);
    size_t kept = 0;
    for (size_t i = 0; i < left; i++) {
      if (interrupted()) return true;
      struct course *const course = &courses[order[i]];
      if (!slice_take(slicing, course->case_)) return false;
      glance(course);
      const bool lacks = measure_lacks(course->case_, late);
      report(course, settings, !lacks);
      if (lacks) order[kept++] = order[i];
    }
    left = kept;
  }
  return true;
}

static void open_counters(struct slicing *slicing, const struct bench_case *cases, size_t count) {
  char reason[256];
  if (slicing->settings->count && count)
    counter_team_open(&slicing->counters, cases[0].row.threads, slicing->settings->counter_calls, reason,
                      sizeof reason);
}

bool measure(struct bench_case *cases, size_t count, const struct measure_settings *settings) {
  struct course *const courses = calloc(count + 1, sizeof *courses);
  size_t *const order = calloc(count + 1, sizeof *order), wanting = 0;
  struct slicing slicing = {.settings = settings};
  bool fine = courses && order;
  for (size_t i = 0; fine && i < count; i++) {
    courses[i] = (struct course){.case_ = &cases[i], .before = cases[i].series->spent};
    if (measure_lacks(&cases[i], false)) order[wanting++] = i;
  }
  if (fine) {
    open_counters(&slicing, cases, count);
    fine = take_turns(courses, order, wanting, &slicing);
    counter_team_close(&slicing.counters);
    evict_free(&slicing.evictor);
  }
  for (size_t i = 0; fine && i < count; i++) {
    series_end_batch(cases[i].series, statistics_of(courses[i].hertz, courses[i].glances).median);
    series_describe(cases[i].series, &cases[i].row);
  }
  free(courses);
  free(order);
  return fine;
}
