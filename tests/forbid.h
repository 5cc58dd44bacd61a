/* A child process in which the kernel refuses one system call, to see what a program says then. */
#ifndef DEPTHMARK_TESTS_FORBID_H
#define DEPTHMARK_TESTS_FORBID_H

#include <stdbool.h>

/* Makes the kernel answer that system call with error from now on, in this process. False where it does not offer
 * that, as under an emulator. */
bool forbid_system_call(long number, int error);

/* Runs check in a child; returns what check returned, 0 to 125, or 126 where the child died. */
int in_child(int (*check)(void));

#endif
