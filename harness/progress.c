#include "harness/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/clock.h"

#define REDRAW_NS 100000000u
#define PLAIN_LINE_NS 5000000000u

void progress_begin(struct progress *progress, double total) {
  const char *term = getenv("TERM");
  const uint64_t now = clock_now();
  *progress = (struct progress){.total = total, .started = now, .shown = now};
  progress->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static int columns(void) {
  struct winsize window;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col : 80;
}

void progress_step(struct progress *progress, double work, const char *what) {
  progress->done += work;
  const uint64_t now = clock_now();
  if (now - progress->shown < (progress->terminal ? REDRAW_NS : PLAIN_LINE_NS)) return;
  progress->shown = now;
  const double elapsed = (double)(now - progress->started) * 1e-9;
  double share = progress->total > 0 ? progress->done / progress->total : 1;
  if (share > 1) share = 1;
  char eta[40] = "";
  if (share > 0.02) snprintf(eta, sizeof eta, ", %.0f s left", elapsed * (1 - share) / share);
  char line[256];
  snprintf(line, sizeof line, "%3.0f %%, %.0f s%s: %s", 100 * share, elapsed, eta, what);
  if (progress->terminal) {
    fprintf(stderr, "\r\033[K%.*s", columns() - 1, line);
    progress->visible = true;
  } else {
    fprintf(stderr, "bench: %s\n", line);
  }
  fflush(stderr);
}

void progress_clear(struct progress *progress) {
  if (!progress->visible) return;
  fputs("\r\033[K", stderr);
  fflush(stderr);
  progress->visible = false;
}
