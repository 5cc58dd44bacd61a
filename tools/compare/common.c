/* Whether there is anything to compare at all. */
#include <stdlib.h>

#include "tools/compare/pairs.h"
#include "tools/compare/sheets.h"

bool comparison_has_common(const struct comparison *c) {
  struct sheet sheet = sheet_of(c, true);
  bool any = c->line_count + sheet.limit_count + sheet.clock_count > 0;
  sheet_free(&sheet);
  for (size_t s = 1; s < c->subject_count && !any; s++) {
    size_t accuracies, cells, runs;
    free(accuracy_pairs(c, s, &accuracies));
    free(cell_pairs(c, s, &cells));
    free(learning_pairs(c, s, &runs));
    any = accuracies + cells + runs > 0;
  }
  return any;
}
