/* Ctrl-C: long work asks between short steps whether it should stop. */
#ifndef DEPTHMARK_INTERRUPT_H
#define DEPTHMARK_INTERRUPT_H

#include <stdbool.h>

/* What is left to do when the work does not stop in time. Does not return. */
typedef void interrupt_last_words(void *context);

/* Catches SIGINT and SIGTERM; a second one ends the process at once. If the program has not come to ask interrupted()
 * or to call interrupt_finish() within half a second, because a step takes longer, last_words is called in its place,
 * in a thread of its own. */
void interrupt_catch(interrupt_last_words *last_words, void *context);

/* Whether to stop. Does not return once last_words has begun, so that what it reads is left alone. */
bool interrupted(void);

/* Stops the work for another reason than a signal. */
void interrupt_request(void);

/* From now on the program sees to the end itself; last_words will not be called. */
void interrupt_finish(void);

#endif
