/* Shared libraries that are loaded when a peer is asked for, and not before. */
#ifndef DEPTHMARK_PEER_LIBRARY_H
#define DEPTHMARK_PEER_LIBRARY_H

#include <stdbool.h>

/* Loads a library; NULL when it is not installed. */
void *library_open(const char *name);

/* Sets the function pointer at function to the library's symbol of that name; false when there is none. */
bool library_symbol(void *library, const char *name, void *function);

#endif
