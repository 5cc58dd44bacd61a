#include "harness/interrupt.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS 500000000l

/* An exception to "no globals": a signal handler has no other way to be heard. */
static volatile sig_atomic_t stop;
static sem_t signalled;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* held by who may decide about the end */
static bool heard;                                       /* under turn: the program knows that it should stop */
static struct {
  interrupt_last_words *say;
  void *context;
} last_words;

static void on_signal(int number) {
  if (stop) _exit(128 + number);
  stop = 1;
  sem_post(&signalled);
}

static void *watch(void *unused) {
  const struct timespec patience = {0, PATIENCE_NS};
  while (sem_wait(&signalled) != 0) {
  }
  nanosleep(&patience, NULL);
  pthread_mutex_lock(&turn); /* for good: whoever asks from now on waits for the end */
  if (!heard) last_words.say(last_words.context);
  pthread_mutex_unlock(&turn);
  return unused;
}

void interrupt_catch(interrupt_last_words *say, void *context) {
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigset_t all, before;
  pthread_t watcher;
  last_words.say = say;
  last_words.context = context;
  sem_init(&signalled, 0, 0);
  /* Signals are for the thread that works, whose system calls they end. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&watcher, NULL, watch, NULL) == 0) pthread_detach(watcher);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

void interrupt_finish(void) {
  pthread_mutex_lock(&turn);
  heard = true;
  pthread_mutex_unlock(&turn);
}

bool interrupted(void) {
  if (!stop) return false;
  interrupt_finish();
  return true;
}

void interrupt_request(void) { stop = 1; }
