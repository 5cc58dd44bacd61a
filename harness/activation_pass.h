/* What a kernel of the activation suite computes, told from its name: <activation>_<pass>. */
#ifndef DEPTHMARK_ACTIVATION_PASS_H
#define DEPTHMARK_ACTIVATION_PASS_H

#include <stddef.h>

/* In the order in which tables show them: those that give the slope stand together. */
enum activation_pass {
  PASS_FORWARD,     /* f(x) */
  PASS_DERIVATIVE,  /* f'(x) */
  PASS_BACKWARD,    /* dy f'(x) from x */
  PASS_FROM_OUTPUT, /* dy f'(x) from the output f(x) */
  PASS_COUNT,
};
extern const char *const pass_names[PASS_COUNT]; /* "forward", "derivative", "backward", "from output" */

/* The pass of the kernel of that name, without a provider's suffix, and its activation; PASS_COUNT when it is none of
 * these, or several in one. activation is cut off at size. */
enum activation_pass activation_pass(const char *kernel, char *activation, size_t size);

/* The root of the activation's slope where no float formula keeps its relative accuracy; NAN where there is none.
 * Within ROOT_WINDOW of it a slope is held to its absolute error. */
double activation_root(const char *activation);
#define ROOT_WINDOW 0.25
#define ROOT_ABSOLUTE 0x1p-23 /* the absolute error to keep there */

#endif
