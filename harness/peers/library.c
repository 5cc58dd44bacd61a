#define _GNU_SOURCE /* dladdr, memfd_create */
#include "harness/peers/library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <glob.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

void *library_open(const char *name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL); }

void *library_open_matching(const char *pattern) {
  glob_t found;
  void *library = NULL;
  if (glob(pattern, 0, NULL, &found) != 0) return NULL;
  for (size_t i = 0; !library && i < found.gl_pathc; i++) library = library_open(found.gl_pathv[i]);
  globfree(&found);
  return library;
}

/* A nameless copy of a file in memory, or -1. */
static int copy_file(const char *path) {
  const int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_create("library", MFD_CLOEXEC);
  struct stat status;
  bool fine = from >= 0 && to >= 0 && fstat(from, &status) == 0;
  for (off_t left = fine ? status.st_size : 0; fine && left > 0;) {
    const ssize_t sent = sendfile(to, from, NULL, (size_t)left);
    fine = sent > 0;
    left -= sent;
  }
  if (from >= 0) close(from);
  if (fine) return to;
  if (to >= 0) close(to);
  return -1;
}

static void set_variable(const char *name, const char *value) {
  if (value)
    setenv(name, value, 1);
  else
    unsetenv(name);
}

/* A file of another number is another library to the loader, with variables of its own. */
void *library_open_copy(void *library, const char *symbol, const char *variable, const char *value) {
  Dl_info info;
  char path[64];
  const void *const address = dlsym(library, symbol);
  if (!address || !dladdr(address, &info)) return NULL;
  const int file = copy_file(info.dli_fname);
  if (file < 0) return NULL;
  const char *const now = getenv(variable);
  char *const before = now ? strdup(now) : NULL;
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  set_variable(variable, value);
  void *const copy = library_open(path);
  set_variable(variable, before);
  free(before);
  close(file);
  return copy;
}

bool library_symbol(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

struct library_team library_team(void *library) {
  struct library_team team;
  if (!library_symbol(library, "omp_get_max_threads", &team.get) ||
      !library_symbol(library, "omp_set_num_threads", &team.set))
    team = (struct library_team){NULL, NULL};
  return team;
}

void library_team_of(const struct library_team *team, int threads) {
  if (omp_get_max_threads() != threads) omp_set_num_threads(threads);
  if (team->get && team->get() != threads) team->set(threads);
}
