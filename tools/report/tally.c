#include "tools/report/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/options.h"
#include "harness/stats.h"
#include "harness/suite.h"
#include "harness/table_rows.h"

bool tally_counts(const struct result_row *row) { return strcmp(row->suite, suite_names[SUITE_LIMITS]) != 0; }

struct tally tally_of(const struct views *views, const struct view *view, const char *group, size_t arch) {
  struct tally tally = {.median_share = NAN};
  double *shares = malloc((view->work_count + 1) * sizeof *shares);
  if (!shares) abort();
  for (size_t i = 0; i < view->work_count; i++) {
    const struct work *work = &view->works[i];
    const struct result_row *row = work->rows[arch];
    if (!row || row->support || !tally_counts(row) || (group && strcmp(row_group(row), group) != 0)) continue;
    bool apart;
    const struct result_row *winner = view_winner(work, &apart);
    tally.rows++;
    tally.contested += winner != NULL;
    tally.wins += winner == row;
    tally.certain += winner == row && apart;
    mean_add(&tally.speed, view_times_scalar(views, work, arch).value);
    const double share = view_fraction(row);
    if (isnan(share)) continue;
    shares[tally.held++] = share;
    if (!tally.nearest || share > tally.nearest->fraction_of_limit) tally.nearest = row;
    if (!tally.furthest || share < tally.furthest->fraction_of_limit) tally.furthest = row;
  }
  if (tally.held) tally.median_share = statistics_of(shares, tally.held).median;
  free(shares);
  return tally;
}

size_t tally_groups(const struct view *view, const char *groups[TALLY_GROUPS_MOST]) {
  size_t count = 0;
  for (size_t i = 0; i < view->work_count; i++) {
    const struct result_row *row = view->works[i].first;
    if (!tally_counts(row)) continue;
    const char *group = row_group(row);
    size_t j = 0;
    while (j < count && strcmp(groups[j], group) != 0) j++;
    if (j == count && count < TALLY_GROUPS_MOST) groups[count++] = group;
  }
  return count;
}
