/* Other machines, archs or numbers of threads: where they stand out most. */
#include <math.h>
#include <stdlib.h>

#include "tools/compare/ratio.h"
#include "tools/compare/text.h"

#define ROWS_MOST 5 /* at either end; fewer of each where there are many subjects */
#define ROWS_EACH 2

struct standing {
  const struct result_row *base, *row;
  struct ratio ratio;
};

static int by_ratio(const void *a, const void *b) {
  const double x = ((const struct standing *)a)->ratio.value, y = ((const struct standing *)b)->ratio.value;
  return (x < y) - (x > y);
}

/* The largest ratio first; to be freed. */
static struct standing *standings_of(const struct comparison *c, size_t subject, size_t *count) {
  struct standing *list = calloc(c->line_count + 1, sizeof *list);
  if (!list) abort();
  *count = 0;
  for (size_t line = 0; line < c->line_count; line++) {
    const struct result_row *base = comparison_row(c, line, 0), *row = comparison_row(c, line, subject);
    if (row) list[(*count)++] = (struct standing){base, row, ratio_of(base, row)};
  }
  qsort(list, *count, sizeof *list, by_ratio);
  return list;
}

static void add_standing(struct grid *grid, struct style style, const char *label, const struct standing *standing) {
  struct grid_row *row = grid_add(grid);
  char work[TEXT_WORK], column[TEXT_WORK];
  text_work(work, standing->base, style);
  text_column(column, standing->row, style);
  grid_cell(row, 0, "%s", label);
  text_factor(row, 1, standing->ratio.value);
  text_factor(row, 2, standing->ratio.low);
  text_factor(row, 3, standing->ratio.high);
  grid_cell(row, 4, "%s", column);
  grid_cell(row, 5, "%s", work);
}

void text_extremes(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  struct grid grid = {.headers = {"<of", "speed", "from", "to", "<its arch", "<row"}, .columns = 6};
  const size_t most = c->subject_count > 2 ? ROWS_EACH : ROWS_MOST;
  for (size_t s = 1; s < c->subject_count; s++) {
    if (c->subjects[s].relation == RELATION_RUN) continue;
    size_t count;
    struct standing *list = standings_of(c, s, &count);
    for (size_t i = 0; i < count; i++)
      if (options.all || i < most || i + most >= count) add_standing(&grid, style, c->subjects[s].label, &list[i]);
    free(list);
  }
  if (grid.count) {
    grid_heading(out, style,
                 options.all ? "all rows, speed divided by that of %s"
                             : "best and worst rows, speed divided by that of %s",
                 c->subjects[0].label);
    text_fit(&grid, style);
    grid_print(&grid, out, style);
  }
  grid_free(&grid);
}
