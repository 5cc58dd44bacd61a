/* Where the time of our training steps goes. */
#include <string.h>

#include "harness/peers/peers.h"
#include "harness/table.h"
#include "harness/table_rows.h"

/* "34.1", of a hundred. */
static void share_cell(struct grid_row *to, size_t column, double share) { grid_cell(to, column, "%.1f", 100 * share); }

static void add_step(struct grid *grid, const struct result_row *row) {
  const struct result_phases *phases = &row->phases;
  struct grid_row *to = grid_add(grid);
  grid_cell(to, 0, "%s", row->kernel);
  grid_cell(to, 1, "%s", row->arch);
  grid_cell(to, 2, "%s", row->shape);
  share_cell(to, 3, phases->forward);
  share_cell(to, 4, phases->loss);
  share_cell(to, 5, phases->backward_data);
  share_cell(to, 6, phases->backward_weights);
  share_cell(to, 7, phases->update);
}

void table_phases(FILE *out, struct style style, const struct result *result, const struct result_row *where) {
  struct grid grid = {.headers = {"<step", "<arch", TABLE_POINT, "forward", "loss", "dX", "dW, db", "update"},
                      .columns = 8};
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    const bool own = strcmp(row->provider, OWN_PROVIDER) == 0;
    if (own && !row->support && result_has_phases(row) && row_same_place(row, where)) add_step(&grid, row);
  }
  if (grid.count) {
    char place[128];
    row_place_text(place, sizeof place, where);
    grid_heading(out, style, "where the time of a step goes, in %%, %s", place);
    grid_print(&grid, out, style);
  }
  grid_free(&grid);
}
