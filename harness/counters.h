/* Hardware counters of threads, through perf_event_open. */
#ifndef DEPTHMARK_COUNTERS_H
#define DEPTHMARK_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct perf_event_attr;

/* What counters ask of the kernel, so that a test can answer in its place. */
struct counter_calls {
  int (*open)(struct perf_event_attr *attributes, int leader); /* of the calling thread; -1 and errno */
  void (*control)(int file, unsigned long request);            /* PERF_EVENT_IOC_*, of the whole group */
  ssize_t (*read)(int file, void *buffer, size_t size);
  void (*close)(int file);
};

/* What the kernel says of a counter: nanoseconds since it was made, during which it was to count, and did. */
struct counter_reading {
  uint64_t value, enabled, running;
};

/* Of one thread. */
struct counters {
  int cycles, instructions, cache_misses; /* file descriptors, -1: closed */
  const struct counter_calls *calls;
  struct counter_reading before[3]; /* when it was started last */
};

/* Scaled up to the whole time where the kernel had to share counters with others. cycles 0: nothing was counted; 0
 * instructions: they cannot be counted. has_cache_misses: 0 of them is a figure. */
struct counter_values {
  uint64_t cycles, instructions, cache_misses;
  bool has_cache_misses;
};

/* Those of the calling thread; calls NULL: the kernel's. Returns false and says why in reason when the kernel or the
 * machine does not offer them. */
bool counters_open(struct counters *counters, char *reason, size_t size);
bool counters_open_with(struct counters *counters, const struct counter_calls *calls, char *reason, size_t size);
void counters_start(struct counters *counters);
void counters_stop(struct counters *counters, struct counter_values *values);
void counters_close(struct counters *counters);

/* Those of a team of OpenMP threads, which a parallel region of as many runs on. Any thread may start and stop them;
 * what threads do while they wait for work counts, too. */
struct counter_team {
  struct counters *members; /* NULL: closed */
  int threads;
};
bool counter_team_open(struct counter_team *team, int threads, const struct counter_calls *calls, char *reason,
                       size_t size);
void counter_team_start(const struct counter_team *team);
void counter_team_stop(const struct counter_team *team, struct counter_values *sum);
void counter_team_close(struct counter_team *team);

#endif
