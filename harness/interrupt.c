#include "harness/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

/* The one exception to "no globals": a signal handler has no other way to be heard. */
static atomic_bool stop;

static void on_signal(int number) {
  if (atomic_exchange(&stop, true)) _exit(128 + number);
}

void interrupt_catch(void) {
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

bool interrupted(void) { return atomic_load(&stop); }
