#include "harness/gradient_cell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Text that grows by items with something between them. */
struct items {
  char *text;
  size_t size, used;
  const char *between;
};

__attribute__((format(printf, 2, 3))) static void add_item(struct items *items, const char *format, ...) {
  va_list arguments;
  const char *between = items->used ? items->between : "";
  if (items->used >= items->size) return;
  items->used += (size_t)snprintf(items->text + items->used, items->size - items->used, "%s", between);
  if (items->used >= items->size) return;
  va_start(arguments, format);
  items->used += (size_t)vsnprintf(items->text + items->used, items->size - items->used, format, arguments);
  va_end(arguments);
}

/* `link` stands in a name where a person reads a blank. */
static void add_changes(struct items *items, const struct gradient_cell *cell, char colon, char link) {
  const struct recipe *recipe = &cell->recipe;
  if (cell->width != USUAL_WIDTH) add_item(items, "width%c%zu", colon, cell->width);
  if (cell->weight_scale != 1) add_item(items, "scale%c%g", colon, cell->weight_scale);
  if (cell->bias_std != 0) add_item(items, "bias%c%g", colon, cell->bias_std);
  if (recipe->normalization) add_item(items, "%s%cnorm", normalization_names[recipe->normalization], link);
  if (recipe->residual) add_item(items, "residual");
  if (recipe->precision) add_item(items, "%s", precision_names[recipe->precision]);
  if (recipe->flush) add_item(items, "ftz");
  if (cell->loss_scale != 1) add_item(items, "loss%cscale%c%g", link, colon, cell->loss_scale);
}

void gradient_cell_name(char *name, size_t size, const struct gradient_cell *cell) {
  struct items items = {name, size, 0, "/"};
  add_item(&items, "gradients/%s/%s/%zu", cell->initializer, cell->activation, cell->depth);
  add_changes(&items, cell, ':', '_');
}

void gradient_cell_changes(char *text, size_t size, const struct gradient_cell *cell) {
  struct items items = {text, size, 0, ", "};
  if (size > 0) text[0] = '\0';
  add_changes(&items, cell, ' ', ' ');
}

static int order_of(double a, double b) { return a < b ? -1 : a > b; }

int gradient_cell_order(const struct gradient_cell *a, const struct gradient_cell *b) {
  const struct recipe *r = &a->recipe, *s = &b->recipe;
  const int orders[] = {strcmp(a->initializer, b->initializer),
                        strcmp(a->activation, b->activation),
                        strcmp(a->data, b->data),
                        strcmp(a->arch, b->arch),
                        a->depth < b->depth ? -1 : a->depth > b->depth,
                        a->width < b->width ? -1 : a->width > b->width,
                        a->batch < b->batch ? -1 : a->batch > b->batch,
                        a->seeds < b->seeds ? -1 : a->seeds > b->seeds,
                        order_of(a->weight_scale, b->weight_scale),
                        order_of(a->bias_std, b->bias_std),
                        (int)r->normalization - (int)s->normalization,
                        r->residual - s->residual,
                        (int)r->precision - (int)s->precision,
                        r->flush - s->flush,
                        order_of(a->loss_scale, b->loss_scale)};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
    if (orders[i] != 0) return orders[i];
  return 0;
}
