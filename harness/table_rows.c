#include "harness/table_rows.h"

#include <stdio.h>
#include <string.h>

#include "harness/options.h"
#include "harness/peers/peers.h"

/* The part of text behind the prefix, or NULL. */
static const char *behind(const char *text, const char *prefix) {
  const size_t length = strlen(prefix);
  return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* Dense layers are named for their suite; beside them it has conversions of arrays. */
enum row_kind row_kind(const struct result_row *row) {
  if (result_has_phases(row)) return ROW_STEP;
  if (strcmp(row->suite, suite_names[SUITE_DENSE]) != 0) return ROW_ELEMENTWISE;
  if (behind(row->kernel, "dense_bf16_")) return ROW_BF16_PRODUCT;
  return behind(row->kernel, "dense_") ? ROW_PRODUCT : ROW_ELEMENTWISE;
}

const char *row_group(const struct result_row *row) {
  if (strcmp(row->suite, suite_names[SUITE_DENSE]) != 0) return row->suite;
  switch (row_kind(row)) {
  case ROW_ELEMENTWISE: return "dense arrays";
  case ROW_BF16_PRODUCT: return "bf16 dense";
  default: return row->suite;
  }
}

const char *row_short_kernel(const struct result_row *row) {
  const char *name = behind(row->kernel, row->suite);
  if (!name || name[0] != '_') return row->kernel;
  return row_kind(row) == ROW_BF16_PRODUCT ? behind(name, "_bf16_") : name + 1;
}

bool row_is_own(const struct result_row *row) { return strcmp(row->provider, OWN_PROVIDER) == 0; }

bool row_shown(const struct result_row *row, const char *suite) {
  return !row->support && strcmp(row->suite, suite) == 0;
}

bool row_same_scope(const struct result_row *a, const struct result_row *b) {
  return a->smt == b->smt && strcmp(a->cores, b->cores) == 0;
}

bool row_same_place(const struct result_row *a, const struct result_row *b) {
  return a->threads == b->threads && row_same_scope(a, b) && strcmp(a->cache, b->cache) == 0;
}

void row_scope_text(char *text, size_t size, const struct result_row *row) {
  char cores[48] = "", each[48] = "";
  if (row->cores[0]) snprintf(cores, sizeof cores, ", %s cores", row->cores);
  if (row->smt > 1) snprintf(each, sizeof each, ", %d threads on each%s", row->smt, row->cores[0] ? "" : " core");
  snprintf(text, size, "%s%s", cores, each);
}

bool row_same_column(const struct result_row *a, const struct result_row *b) {
  return row_same_place(a, b) && strcmp(a->arch, b->arch) == 0;
}

void row_place_text(char *text, size_t size, const struct result_row *row) {
  char cores[48] = "", each[32] = "";
  if (row->cores[0]) snprintf(cores, sizeof cores, " on %s cores", row->cores);
  if (row->smt > 1) snprintf(each, sizeof each, ", %d on each%s", row->smt, row->cores[0] ? "" : " core");
  snprintf(text, size, "%d thread%s%s%s%s", row->threads, row->threads == 1 ? "" : "s", cores, each,
           strcmp(row->cache, cache_names[CACHE_COLD]) == 0 ? ", cold caches" : "");
}

bool row_same_work(const struct result_row *a, const struct result_row *b) {
  return strcmp(a->kernel, b->kernel) == 0 && strcmp(a->shape, b->shape) == 0 && row_same_column(a, b);
}

size_t row_distinct(const struct result *result, const char *suite, const struct result_row **list,
                    row_relation *same) {
  size_t count = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    if (!row_shown(&result->rows[i], suite)) continue;
    size_t j = 0;
    while (j < count && !same(list[j], &result->rows[i])) j++;
    if (j == count) list[count++] = &result->rows[i];
  }
  return count;
}
