/* Shared libraries that are loaded when a peer is asked for, and not before. */
#ifndef DEPTHMARK_PEER_LIBRARY_H
#define DEPTHMARK_PEER_LIBRARY_H

#include <stdbool.h>

/* Loads a library; NULL when it is not installed. */
void *library_open(const char *name);

/* Loads the first library whose path matches the shell pattern and that can be loaded; NULL when there is none. */
void *library_open_matching(const char *pattern);

/* Loads the library once more, apart from the one that is loaded already, while the environment variable has that
 * value. symbol: the name of any of its own symbols, which tells where its file is. NULL when it can't be done. */
void *library_open_copy(void *library, const char *symbol, const char *variable, const char *value);

/* Sets the function pointer at function to the library's symbol of that name; false when there is none. */
bool library_symbol(void *library, const char *name, void *function);

/* The OpenMP runtime that a library was linked with. It may be another than ours, and which of them the library calls
 * is up to the loader. NULL: it has none. */
struct library_team {
  int (*get)(void);
  void (*set)(int threads);
};
struct library_team library_team(void *library);

/* Makes the next parallel regions that the library starts from this thread of that many threads. */
void library_team_of(const struct library_team *team, int threads);

#endif
