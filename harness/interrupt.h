/* Ctrl-C: long work asks between short steps whether it should stop. */
#ifndef DEPTHMARK_INTERRUPT_H
#define DEPTHMARK_INTERRUPT_H

#include <stdbool.h>

/* Catches SIGINT and SIGTERM; a second one ends the process at once. */
void interrupt_catch(void);
bool interrupted(void);

#endif
