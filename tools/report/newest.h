/* Of things that several results have, the one from the newest. */
#ifndef DEPTHMARK_REPORT_NEWEST_H
#define DEPTHMARK_REPORT_NEWEST_H

#include <stddef.h>

/* 0 for two that are the same thing, whatever was found about it. */
typedef int order_function(const void *a, const void *b);

/* Keeps of items that are the same the first one, and the order of those that are kept. Returns how many. */
size_t first_of_each(const void **items, size_t count, order_function *order);

/* Sorts items; those that are the same keep their order. */
void sort_items(const void **items, size_t count, order_function *order);

#endif
