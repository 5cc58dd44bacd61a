#include "harness/repeatability.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/residence.h"
#include "harness/stats.h"
#include "harness/table_rows.h"

const char *const repeat_format_names[REPEAT_FORMATS] = {"table", "markdown", "csv", "json"};

/* ---- comparing -------------------------------------------------------------------------------------------------- */

static const struct result_row *find(const struct result *run, const struct result_row *row) {
  for (size_t i = 0; i < run->row_count; i++)
    if (strcmp(run->rows[i].name, row->name) == 0 && strcmp(run->rows[i].residence, row->residence) == 0)
      return &run->rows[i];
  return NULL;
}

static bool is_in_memory(const struct result_row *row) {
  return strcmp(row->cache, "cold") == 0 || strcmp(row->residence, residence_names[RESIDENCE_MEMORY]) == 0;
}

static bool usable(const struct result_row *row) { return row && row->time.median > 0; }

static bool same_program(const struct result *runs, size_t count, struct error *error) {
  for (size_t i = 1; i < count; i++) {
    const struct result *a = &runs[0], *b = &runs[i];
    if (strcmp(a->commit, b->commit) != 0)
      return error_set(error, "runs are of commits %.40s and %.40s; give those of one binary", a->commit, b->commit);
    if (strcmp(a->machine.cpu, b->machine.cpu) != 0 || strcmp(a->machine.host, b->machine.host) != 0)
      return error_set(error, "runs are of %.60s on %.40s and %.60s on %.40s; give those of one machine",
                       a->machine.cpu, a->machine.host, b->machine.cpu, b->machine.host);
  }
  return true;
}

/* rows: the same row in each run; scratch has room for all pairs. */
static struct repeat_row compare(const struct result_row *const *rows, size_t runs, double *scratch) {
  struct repeat_row r = {.row = rows[0], .memory = is_in_memory(rows[0])};
  for (size_t i = 0; i < runs; i++) scratch[i] = (rows[i]->time.high - rows[i]->time.low) / 2 / rows[i]->time.median;
  r.interval = statistics_of(scratch, runs).median;
  for (size_t i = 0; i < runs; i++)
    for (size_t j = 0; j < i; j++) {
      const struct statistics *a = &rows[i]->time, *b = &rows[j]->time;
      r.overlapping += a->low <= b->high && b->low <= a->high;
      scratch[r.pairs++] = fabs(a->median - b->median) / fmin(a->median, b->median);
    }
  r.deviation = statistics_of(scratch, r.pairs).median;
  return r;
}

static struct repeat_sum sum_up(const struct repeatability *r, bool memory, double *scratch) {
  struct repeat_sum sum = {.asked = memory ? REPEAT_IN_MEMORY : REPEAT_IN_CACHE};
  for (size_t i = 0; i < r->count; i++) {
    const struct repeat_row *row = &r->rows[i];
    if (row->memory != memory) continue;
    sum.pairs += row->pairs;
    sum.overlapping += row->overlapping;
    sum.beyond += row->deviation > sum.asked;
    scratch[sum.rows++] = row->deviation;
  }
  sum.deviation = statistics_of(scratch, sum.rows).median;
  if (sum.rows) sum.worst = scratch[(sum.rows - 1) * 95 / 100]; /* sorted by now */
  return sum;
}

bool repeatability_of(struct repeatability *r, const struct result *runs, size_t count, struct error *error) {
  *r = (struct repeatability){.runs = count};
  if (count < 2) return error_set(error, "%zu run; two or more are needed to compare", count);
  if (!same_program(runs, count, error)) return false;
  const size_t most = runs[0].row_count > count * count ? runs[0].row_count : count * count;
  double *const scratch = calloc(most + 1, sizeof *scratch);
  const struct result_row **const same = calloc(count, sizeof *same);
  r->rows = calloc(runs[0].row_count + 1, sizeof *r->rows);
  const bool fine = scratch && same && r->rows;
  for (size_t i = 0; fine && i < runs[0].row_count; i++) {
    const struct result_row *const row = &runs[0].rows[i];
    size_t found = 0;
    if (row->support) continue;
    for (size_t k = 0; k < count && usable(same[k] = find(&runs[k], row)); k++) found++;
    if (found == count) r->rows[r->count++] = compare(same, count, scratch);
  }
  if (fine) r->cache = sum_up(r, false, scratch), r->memory = sum_up(r, true, scratch);
  free(scratch);
  free(same);
  if (!fine || r->count == 0) repeatability_free(r);
  if (!fine) return error_set(error, "out of memory");
  return r->rows || error_set(error, "the runs have no row in common");
}

void repeatability_free(struct repeatability *r) {
  free(r->rows);
  r->rows = NULL;
  r->count = 0;
}

static double overlap(size_t overlapping, size_t pairs) { return pairs ? (double)overlapping / (double)pairs : 1; }

static bool sum_met(const struct repeat_sum *sum) {
  return overlap(sum->overlapping, sum->pairs) >= REPEAT_OVERLAP && sum->deviation <= sum->asked;
}

bool repeatability_met(const struct repeatability *r) { return sum_met(&r->cache) && sum_met(&r->memory); }

/* ---- printing --------------------------------------------------------------------------------------------------- */

static void print_sum(FILE *out, struct style style, const char *what, const struct repeat_sum *sum) {
  if (sum->rows == 0) return;
  grid_fact(out, style, what,
            "%.1f %% of %zu pairs overlap (goal %.0f %%); two runs differ by %.2f %% (median of %zu rows, goal %.0f "
            "%%), 95 %% of rows by less than %.2f %%, %zu by more than the goal: %s",
            100 * overlap(sum->overlapping, sum->pairs), sum->pairs, 100 * REPEAT_OVERLAP, 100 * sum->deviation,
            sum->rows, 100 * sum->asked, 100 * sum->worst, sum->beyond, sum_met(sum) ? "met" : "missed");
}

static void print_table(const struct repeatability *r, struct style style, FILE *out) {
  struct grid grid = {.headers = {"<kernel", "<arch", "<shape", "x", "<data", "overlap", "differ", "+-"}, .columns = 8};
  for (size_t i = 0; i < r->count; i++) {
    const struct repeat_row *row = &r->rows[i];
    struct grid_row *to = grid_add(&grid);
    const bool own = row_is_own(row->row);
    grid_cell(to, 0, "%.*s%s%.10s", own ? 28 : 20, row->row->kernel, own ? "" : " ", own ? "" : row->row->provider);
    grid_cell(to, 1, "%s", row->row->arch);
    grid_cell(to, 2, "%s", row->row->shape);
    grid_cell(to, 3, "%d", row->row->threads);
    grid_cell(to, 4, "%s", strcmp(row->row->cache, "cold") == 0 ? "cold" : row->row->residence);
    grid_cell(to, 5, "%.0f%%", 100 * overlap(row->overlapping, row->pairs));
    grid_cell(to, 6, "%.2f%%", 100 * row->deviation);
    grid_cell(to, 7, "%.2f%%", 100 * row->interval);
  }
  grid_heading(out, style, "%zu runs: pairs whose 99 %% intervals overlap, and how far their medians differ", r->runs);
  grid_print(&grid, out, style);
  grid_free(&grid);
  fputc('\n', out);
  print_sum(out, style, "in cache", &r->cache);
  print_sum(out, style, "in memory", &r->memory);
}

static void print_csv(const struct repeatability *r, FILE *out) {
  fputs("name,residence,cache,memory_bound,runs,pairs,overlapping,deviation,interval\n", out);
  for (size_t i = 0; i < r->count; i++) {
    const struct repeat_row *row = &r->rows[i];
    fprintf(out, "\"%s\",%s,%s,%d,%zu,%zu,%zu,%.9g,%.9g\n", row->row->name, row->row->residence, row->row->cache,
            row->memory, r->runs, row->pairs, row->overlapping, row->deviation, row->interval);
  }
}

static json_t *sum_json(const struct repeat_sum *sum) {
  return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:I, s:b}", "rows", (json_int_t)sum->rows, "overlap",
                   overlap(sum->overlapping, sum->pairs), "overlap_goal", REPEAT_OVERLAP, "deviation", sum->deviation,
                   "deviation_goal", sum->asked, "deviation_p95", sum->worst, "rows_beyond_goal",
                   (json_int_t)sum->beyond, "met", sum_met(sum));
}

static bool print_json(const struct repeatability *r, FILE *out) {
  json_t *rows = json_array();
  bool fine = rows;
  for (size_t i = 0; fine && i < r->count; i++) {
    const struct repeat_row *row = &r->rows[i];
    fine = json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:f, s:f}", "name", row->row->name,
                                                 "residence", row->row->residence, "cache", row->row->cache,
                                                 "memory_bound", row->memory, "pairs", (json_int_t)row->pairs,
                                                 "overlapping", (json_int_t)row->overlapping, "deviation",
                                                 row->deviation, "interval", row->interval)) == 0;
  }
  json_t *whole = json_pack("{s:I, s:o?, s:o?, s:o}", "runs", (json_int_t)r->runs, "in_cache", sum_json(&r->cache),
                            "memory_bound", sum_json(&r->memory), "rows", rows);
  fine = fine && whole && json_dumpf(whole, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF;
  json_decref(whole);
  return fine;
}

bool repeatability_print(const struct repeatability *r, enum repeat_format format, FILE *out) {
  switch (format) {
  case REPEAT_CSV: print_csv(r, out); break;
  case REPEAT_JSON: return print_json(r, out);
  default: print_table(r, (struct style){.markdown = format == REPEAT_MARKDOWN}, out);
  }
  return fflush(out) == 0 && !ferror(out);
}
