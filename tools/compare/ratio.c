#include "tools/compare/ratio.h"

#include <math.h>
#include <string.h>

#include "harness/measure.h"
#include "harness/options.h"

const char *const outcome_names[OUTCOME_COUNT] = {"slower", "faster", "same", "unclear"};

double row_amount(const struct result_row *row) {
  const bool limit = strcmp(row->suite, suite_names[SUITE_LIMITS]) == 0;
  if (limit && row->flops > 0) return row->flops;
  if (limit && row->bytes > 0) return row->bytes;
  return row->items;
}

bool row_usable(const struct result_row *row) {
  const double amount = row_amount(row);
  return isfinite(row->time.median) && row->time.median > 0 && isfinite(amount) && amount > 0;
}

double row_pace(const struct result_row *row) { return row->time.median / row_amount(row); }

struct ratio ratio_of(const struct result_row *base, const struct result_row *row) {
  const double amounts = row_amount(row) / row_amount(base);
  return (struct ratio){.value = base->time.median / row->time.median * amounts,
                        .low = base->time.low / row->time.high * amounts,
                        .high = base->time.high / row->time.low * amounts};
}

static bool has_interval(const struct result_row *row) {
  return row->time.samples >= MEASURE_LEAST_SAMPLES && row->time.low > 0 && row->time.high >= row->time.low;
}

enum outcome ratio_outcome(struct ratio ratio, double threshold, const struct result_row *base,
                           const struct result_row *row) {
  const double above = 1 + threshold, below = 1 / above;
  if (!has_interval(base) || !has_interval(row)) return OUTCOME_UNCLEAR;
  if (ratio.low > 1 && ratio.value >= above) return OUTCOME_FASTER;
  if (ratio.high < 1 && ratio.value <= below) return OUTCOME_SLOWER;
  if (ratio.low > below && ratio.high < above) return OUTCOME_SAME;
  return OUTCOME_UNCLEAR;
}
