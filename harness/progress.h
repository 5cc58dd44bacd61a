/* Progress of long work, on stderr: one line rewritten in place with an ETA on a terminal, plain lines elsewhere. */
#ifndef DEPTHMARK_PROGRESS_H
#define DEPTHMARK_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
  const char *title;
  double total, done;  /* in any unit of work, seconds preferred */
  uint64_t started, shown;
  int terminal;
};

void progress_begin(struct progress *progress, const char *title, double total);
/* Adds work done; what names the step under way. Prints at most ten times a second, or every few seconds in plain
 * lines. */
void progress_step(struct progress *progress, double work, const char *what);
void progress_end(struct progress *progress);

#endif
