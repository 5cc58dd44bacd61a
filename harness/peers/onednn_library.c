#include "harness/peers/onednn_library.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

static struct {
  struct onednn functions;
  enum { UNTRIED, LOADED, MISSING } state;
} loaded;

/* Runtimes other than OpenMP's would leave the thread that calls. */
static bool load(struct onednn *to) {
  void *library = library_open("libdnnl.so." TEXT(DNNL_VERSION_MAJOR));
  if (!library) return false;
#define FIND(name)                                                                                                     \
  if (!library_symbol(library, #name, &to->name)) return false;
  ONEDNN_FUNCTIONS(FIND)
#undef FIND
  const unsigned runtime = to->dnnl_version()->cpu_runtime;
  if (runtime != DNNL_RUNTIME_OMP && runtime != DNNL_RUNTIME_SEQ) return false;
  to->team = library_team(library);
  return to->dnnl_engine_create(&to->engine, dnnl_cpu, 0) == dnnl_success;
}

bool onednn_load(void) {
  if (loaded.state == UNTRIED) loaded.state = load(&loaded.functions) ? LOADED : MISSING;
  return loaded.state == LOADED;
}

const struct onednn *onednn(void) { return &loaded.functions; }

void onednn_demand(dnnl_status_t status) {
  if (status == dnnl_success) return;
  fprintf(stderr, "oneDNN failed with status %d\n", (int)status);
  abort();
}
