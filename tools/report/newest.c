#include "tools/report/newest.h"

#include <stdbool.h>
#include <stdlib.h>

struct entry {
  const void *item;
  size_t place;
  order_function *order;
};

static int by_place(const void *a, const void *b) {
  const struct entry *x = a, *y = b;
  return (x->place > y->place) - (x->place < y->place);
}

static int by_order(const void *a, const void *b) {
  const struct entry *x = a, *y = b;
  const int order = x->order(x->item, y->item);
  return order != 0 ? order : by_place(a, b);
}

static struct entry *sorted(const void **items, size_t count, order_function *order) {
  struct entry *entries = malloc((count + 1) * sizeof *entries);
  if (!entries) abort();
  for (size_t i = 0; i < count; i++) entries[i] = (struct entry){items[i], i, order};
  qsort(entries, count, sizeof *entries, by_order);
  return entries;
}

void sort_items(const void **items, size_t count, order_function *order) {
  struct entry *entries = sorted(items, count, order);
  for (size_t i = 0; i < count; i++) items[i] = entries[i].item;
  free(entries);
}

size_t first_of_each(const void **items, size_t count, order_function *order) {
  struct entry *entries = sorted(items, count, order);
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    const bool again = kept && order(entries[kept - 1].item, entries[i].item) == 0;
    if (!again) entries[kept++] = entries[i];
  }
  qsort(entries, kept, sizeof *entries, by_place);
  for (size_t i = 0; i < kept; i++) items[i] = entries[i].item;
  free(entries);
  return kept;
}
