#include "harness/peers/library.h"

#include <dlfcn.h>
#include <string.h>

void *library_open(const char *name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL); }

bool library_symbol(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}
