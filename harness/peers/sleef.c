/* SLEEF beside our own: a kernel of kernels.def whose name ends in _sleef does the same work through SLEEF's vector
 * functions. Its row carries our kernel's name and SLEEF as the provider, so that comparing the two is a join. */
#include "harness/peers/peers.h"

#include <stdio.h>
#include <string.h>

const char *kernel_provider(const struct kernel *kernel, char *name, size_t size) {
  static const char suffix[] = "_sleef";
  const size_t length = strlen(kernel->name);
  snprintf(name, size, "%s", kernel->name);
  if (length <= strlen(suffix) || strcmp(kernel->name + length - strlen(suffix), suffix) != 0) return OWN_PROVIDER;
  name[length - strlen(suffix) < size ? length - strlen(suffix) : size - 1] = '\0';
  return "sleef";
}
