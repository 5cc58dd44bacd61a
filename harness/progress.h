/* Progress of long work, on stderr: one line rewritten in place with an ETA on a terminal, plain lines elsewhere. */
#ifndef DEPTHMARK_PROGRESS_H
#define DEPTHMARK_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
  double total, done;      /* seconds as planned; the ETA scales what is left of them by how the plan held so far */
  uint64_t started, shown; /* clock_now() */
  bool terminal, visible;
};

void progress_begin(struct progress *progress, double total);

/* Adds work done; what names the step under way. Prints at most ten times a second, or a plain line every five seconds.
 */
void progress_step(struct progress *progress, double work, const char *what);

/* Takes the line off the terminal, so that something else can be written there. */
void progress_clear(struct progress *progress);

#endif
