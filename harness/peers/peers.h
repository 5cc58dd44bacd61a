/* Other libraries' functions beside our kernels. */
#ifndef DEPTHMARK_PEERS_H
#define DEPTHMARK_PEERS_H

#include <stddef.h>

#include "kernels/kernels.h"

#define OWN_PROVIDER "depthmark"

/* Whose work a kernel of our tables measures, and under which kernel's name its rows stand. */
const char *kernel_provider(const struct kernel *kernel, char *name, size_t size);

#endif
