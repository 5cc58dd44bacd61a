#include "harness/measure.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "harness/clock.h"
#include "harness/interrupt.h"
#include "harness/stats.h"

#define SAMPLE_NS 300e3
#define CALIBRATION_NS 50e3 /* a first measurement at least this long tells how long a call takes */
#define CALIBRATION_RUNS 3  /* of which the fastest counts: an interruption must not make samples too short */
#define SLOW_CALL_NS 50e6   /* so long that warming the caches first would change little */
#define STRETCH 4           /* interruptions may make a case's time this many times longer than asked */

/* What measure() knows about one case. */
struct course {
  struct bench_case *case_;
  double *wall, *cpu; /* of each sample, nanoseconds per call by the clock and of the process on all its cores */
  size_t count, capacity;
  double spent, fastest; /* nanoseconds: all samples, the shortest of them */
  uint64_t calls;
};

/* Nanoseconds that `calls` calls take. A parallel region is timed as a whole. */
static double run(const struct bench_case *c, uint64_t calls) {
  const uint64_t start = clock_now();
  if (c->team && c->row.threads > 1) {
#pragma omp parallel num_threads(c->row.threads)
    c->call(c->context, omp_get_thread_num(), calls);
  } else {
    c->call(c->context, 0, calls);
  }
  return (double)(clock_now() - start);
}

/* Finds how many calls make a sample. The first call, which meets cold code and data, only decides whether to go on. */
static void calibrate(struct course *course) {
  const struct bench_case *c = course->case_;
  uint64_t calls = 1;
  double ns = run(c, calls);
  if (ns < SLOW_CALL_NS) {
    ns = run(c, calls);
    while (ns < CALIBRATION_NS) {
      calls *= ns < CALIBRATION_NS / 16 ? 8 : 2;
      ns = run(c, calls);
    }
    for (int i = 1; i < CALIBRATION_RUNS && ns < SAMPLE_NS * 10; i++) ns = fmin(ns, run(c, calls));
  }
  const double wanted = round(SAMPLE_NS * (double)calls / ns);
  course->calls = wanted > 1 ? (uint64_t)wanted : 1;
}

static bool reserve(struct course *course) {
  if (course->count < course->capacity) return true;
  const size_t capacity = course->capacity ? 2 * course->capacity : 64;
  double *const wall = realloc(course->wall, capacity * sizeof *wall);
  if (wall) course->wall = wall;
  double *const cpu = realloc(course->cpu, capacity * sizeof *cpu);
  if (cpu) course->cpu = cpu;
  if (!wall || !cpu) return false;
  course->capacity = capacity;
  return true;
}

static bool sample(struct course *course) {
  const struct bench_case *c = course->case_;
  const double call_ns = course->count ? course->spent / (double)course->count / (double)course->calls : 0;
  if (c->hot && call_ns < SLOW_CALL_NS) run(c, 1);
  if (!reserve(course)) return false;
  const uint64_t cpu = clock_cpu();
  const double ns = run(c, course->calls);
  course->cpu[course->count] = (double)(clock_cpu() - cpu) / (double)course->calls;
  course->wall[course->count++] = ns / (double)course->calls;
  course->spent += ns;
  course->fastest = course->count == 1 ? ns : fmin(course->fastest, ns);
  return true;
}

/* Time is counted as if all samples were as short as the shortest, so that an interruption does not use up a case's
 * share. */
static bool finished(const struct course *course, bool late) {
  const double wanted = course->case_->seconds * 1e9;
  const bool enough = course->count > course->case_->least || course->spent >= MEASURE_PATIENCE * 1e9;
  if (!enough || course->count == 0) return false;
  return late || course->spent >= STRETCH * wanted || (double)course->count * course->fastest >= wanted;
}

static double share_taken(const struct course *course) {
  return fmin(course->spent / (course->case_->seconds * 1e9 + 1), 1);
}

/* A small generator for the order of turns (Steele, Lea, Flood 2014: SplitMix64). */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static void shuffle(struct course **order, size_t n, uint64_t *state) {
  for (size_t i = n; i > 1; i--) {
    const size_t j = (size_t)(next_random(state) % i);
    struct course *const other = order[j];
    order[j] = order[i - 1];
    order[i - 1] = other;
  }
}

static bool take_turns(struct course *courses, struct course **order, size_t count,
                       const struct measure_settings *settings) {
  const uint64_t started = clock_now();
  uint64_t seed = settings->seed;
  for (size_t i = 0; i < count; i++) order[i] = &courses[i];
  shuffle(order, count, &seed);
  for (size_t i = 0; i < count; i++) {
    if (interrupted()) return true;
    calibrate(order[i]);
    settings->progress(settings->context, order[i]->case_, 0);
  }
  for (size_t left = count; left > 0;) {
    const double elapsed = (double)(clock_now() - started) * 1e-9;
    const bool late = settings->seconds_most > 0 && elapsed > settings->seconds_most;
    shuffle(order, left, &seed);
    size_t kept = 0;
    for (size_t i = 0; i < left; i++) {
      if (interrupted()) return true;
      struct course *const course = order[i];
      const double before = share_taken(course);
      if (!sample(course)) return false;
      const bool done = finished(course, late);
      settings->progress(settings->context, course->case_, (done ? 1 : share_taken(course)) - before);
      if (!done) order[kept++] = course;
    }
    left = kept;
  }
  return true;
}

/* The first sample is dropped where others are left. */
static void conclude(struct course *course) {
  struct result_row *const row = &course->case_->row;
  const size_t dropped = course->count > 1;
  row->iterations = course->calls * (course->count - dropped);
  row->time = statistics_of(course->wall + dropped, course->count - dropped);
  row->cpu_time = statistics_of(course->cpu + dropped, course->count - dropped);
  /* The system books the time of other cores' threads at clock ticks, longer than a sample: only the mean is right. */
  row->cpu_time.median = row->cpu_time.mean;
}

bool measure(struct bench_case *cases, size_t count, const struct measure_settings *settings) {
  struct course *const courses = calloc(count + 1, sizeof *courses);
  struct course **const order = calloc(count + 1, sizeof(struct course *));
  bool fine = courses && order;
  if (fine) {
    for (size_t i = 0; i < count; i++) courses[i].case_ = &cases[i];
    fine = take_turns(courses, order, count, settings);
    for (size_t i = 0; i < count; i++) conclude(&courses[i]);
  }
  for (size_t i = 0; courses && i < count; i++) {
    free(courses[i].wall);
    free(courses[i].cpu);
  }
  free(courses);
  free(order);
  return fine;
}
