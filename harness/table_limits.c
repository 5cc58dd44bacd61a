/* The character sheet of the machine: what its cores do in a second and in a cycle, caches and memory, the clock. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/residence.h"
#include "harness/table.h"
#include "harness/table_rows.h"

#define COLUMNS 4 /* of archs and numbers of threads, that fit beside the names */

/* ---- per second, as the rows have it ---------------------------------------------------------------------------- */

static bool same_limit(const struct result_row *a, const struct result_row *b) {
  return strcmp(a->kernel, b->kernel) == 0 && strcmp(a->residence, b->residence) == 0;
}

static const char *unit_of(const struct result_row *row) {
  if (row->bytes > 0) return "GB/s";
  return strcmp(row->kernel, "fma_peak") == 0 || strcmp(row->kernel, "bf16_peak") == 0 ? "GFLOP/s" : "Gop/s";
}

/* Latencies have neither. */
static double amount_of(const struct result_row *row) { return row->bytes > 0 ? row->bytes : row->flops; }

static void print_block(FILE *out, struct style style, const struct result *result,
                        const struct result_row *const *lines, size_t line_count,
                        const struct result_row *const *columns, size_t column_count) {
  char headers[COLUMNS][GRID_TEXT];
  struct grid grid = {.headers = {"<limit", "<of", "<unit"}, .columns = 3 + column_count};
  for (size_t c = 0; c < column_count; c++) {
    snprintf(headers[c], sizeof headers[c], "%s x%d", columns[c]->arch, columns[c]->threads);
    grid.headers[3 + c] = headers[c];
  }
  for (size_t l = 0; l < line_count; l++) {
    if (amount_of(lines[l]) <= 0) continue;
    struct grid_row *to = grid_add(&grid);
    grid_cell(to, 0, "%s", lines[l]->kernel);
    grid_cell(to, 1, "%s", lines[l]->residence);
    grid_cell(to, 2, "%s", unit_of(lines[l]));
    for (size_t i = 0; i < result->row_count; i++) {
      const struct result_row *row = &result->rows[i];
      for (size_t c = 0; c < column_count; c++)
        if (row_shown(row, "limits") && same_limit(row, lines[l]) && row_same_column(row, columns[c]))
          grid_cell(to, 3 + c, "%.1f", amount_of(row) / row->time.median);
    }
  }
  if (grid.count) {
    char scope[128];
    row_scope_text(scope, sizeof scope, columns[0]);
    grid_heading(out, style, "limits of this machine, by arch x threads%s", scope);
    grid_print(&grid, out, style);
  }
  grid_free(&grid);
}

static void print_rates(FILE *out, struct style style, const struct result *result) {
  const struct result_row **lines = calloc(2 * result->row_count + 1, sizeof *lines);
  if (!lines) return;
  const struct result_row **columns = lines + result->row_count;
  const size_t line_count = row_distinct(result, "limits", lines, same_limit);
  const size_t column_count = row_distinct(result, "limits", columns, row_same_column);
  for (size_t c = 0; c < column_count;) {
    size_t beside = 1; /* that the same heading fits */
    while (beside < COLUMNS && c + beside < column_count && row_same_scope(columns[c], columns[c + beside])) beside++;
    print_block(out, style, result, lines, line_count, columns + c, beside);
    c += beside;
  }
  free(lines);
}

/* ---- what the sheet is made of ---------------------------------------------------------------------------------- */

/* The limit's value, 0 where it was not measured. arch NULL: of any. */
static double value_of(const struct result *result, const char *name, const char *residence, const char *arch,
                       int threads) {
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *limit = &result->limits[i];
    if (limit->threads == threads && strcmp(limit->name, name) == 0 && strcmp(limit->residence, residence) == 0 &&
        (!arch || strcmp(limit->arch, arch) == 0))
      return limit->value;
  }
  return 0;
}

/* The clock under that load where it is known. */
static double hertz_of(const struct result *result, const char *arch, int threads) {
  for (size_t i = 0; i < result->clock_count; i++) {
    const struct result_clock *clock = &result->clocks[i];
    if (clock->threads == threads && strcmp(clock->arch, arch) == 0) return clock->hertz;
  }
  return result->machine.core_hertz;
}

/* The sheet's first number of threads, 0 where it is not wanted: it belongs to who asked for latencies or clocks. */
static int sheet_threads(const struct result *result) {
  int least = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (row_shown(row, "limits") && amount_of(row) <= 0 && (!least || row->threads < least)) least = row->threads;
  }
  for (size_t i = 0; i < result->clock_count; i++)
    if (!least || result->clocks[i].threads < least) least = result->clocks[i].threads;
  return least;
}

/* The archs of the limits on that many threads, in order; returns how many. */
static size_t archs_of(const struct result *result, int threads, const char *archs[COLUMNS]) {
  size_t count = 0;
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *limit = &result->limits[i];
    size_t a = 0;
    while (a < count && strcmp(archs[a], limit->arch) != 0) a++;
    if (a == count && count < COLUMNS && limit->arch[0] && limit->threads == threads) archs[count++] = limit->arch;
  }
  return count;
}

/* "0.20", "4.0", "32.0" */
static void number(struct grid_row *to, size_t column, double value) {
  if (value > 0) grid_cell(to, column, "%.*f", value < 0.995 ? 2 : 1, value);
}

/* ---- a core in one cycle ---------------------------------------------------------------------------------------- */

static void print_core(FILE *out, struct style style, const struct result *result, int threads) {
  static const struct {
    const char *text, *name, *residence;
  } lines[] = {
      {"float operations (fma)", "fma_peak", ""},
      {"bf16 operations (dot products)", "bf16_peak", ""},
      {"float quotients", "divide_peak", ""},
      {"float square roots", "sqrt_peak", ""},
      {"32-bit additions and the like", "integer_peak", ""},
      {"32-bit products, low half", "multiply_low_peak", ""},
      {"32-bit products, whole", "multiply_peak", ""},
      {"AES rounds, 128 bits at a time", "aes_peak", ""},
      {"AES rounds, whole vectors", "vaes_peak", ""},
      {"bytes read from L1", "memory_read", "L1"},
      {"bytes written to L1", "memory_write", "L1"},
      {"cycles to a float sum", "add_latency", ""},
      {"cycles to a float product", "multiply_latency", ""},
      {"cycles to a float fma", "fma_latency", ""},
      {"cycles to a float quotient", "divide_latency", ""},
  };
  const char *archs[COLUMNS];
  const size_t count = archs_of(result, threads, archs);
  struct grid grid = {.headers = {"<per core and cycle"}, .columns = 1 + count};
  for (size_t a = 0; a < count; a++) grid.headers[1 + a] = archs[a];
  for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
    const bool latency = strncmp(lines[l].text, "cycles", 6) == 0;
    struct grid_row *to = NULL;
    for (size_t a = 0; a < count; a++) {
      const double hertz = hertz_of(result, archs[a], threads);
      const double value = value_of(result, lines[l].name, lines[l].residence, archs[a], threads);
      if (value <= 0 || hertz <= 0) continue;
      if (!to) grid_cell(to = grid_add(&grid), 0, "%s", lines[l].text);
      number(to, 1 + a, latency ? value * hertz : value / hertz / threads);
    }
  }
  if (grid.count) {
    grid_heading(out, style, "a core: what it does in a cycle, and how long a result takes");
    grid_print(&grid, out, style);
  }
  grid_free(&grid);
}

/* ---- caches and memory ------------------------------------------------------------------------------------------ */

static double faster(const struct result *result, const char *name, const char *residence, const char *arch,
                     int threads) {
  char stream[40];
  snprintf(stream, sizeof stream, "%s_stream", name);
  return fmax(value_of(result, name, residence, arch, threads), value_of(result, stream, residence, arch, threads));
}

static void add_place(struct grid *grid, const struct result *result, enum residence r, const char *arch, int threads,
                      double hertz) {
  const char *const where = residence_names[r];
  const double latency = value_of(result, "memory_latency", where, NULL, threads);
  const double rates[] = {value_of(result, "memory_read", where, arch, threads),
                          faster(result, "memory_write", where, arch, threads),
                          faster(result, "memory_copy", where, arch, threads)};
  if (latency <= 0 && rates[0] <= 0) return;
  const size_t bytes =
      r == RESIDENCE_MEMORY ? result->machine.memory_bytes : machine_cache_bytes(&result->machine, (int)r + 1);
  struct grid_row *const to = grid_add(grid);
  grid_cell(to, 0, "%s", where);
  table_size(bytes, to->cells[1], sizeof to->cells[1]);
  if (latency > 0) grid_cell(to, 2, "%.1f", latency * 1e9);
  if (latency > 0 && hertz > 0) grid_cell(to, 3, "%.0f", latency * hertz);
  for (size_t i = 0; i < 3; i++) {
    if (rates[i] > 0) grid_cell(to, 4 + i, "%.1f", rates[i] * 1e-9);
    if (rates[i] > 0 && hertz > 0) number(to, 7 + i, rates[i] / hertz / threads);
  }
}

/* What looking addresses up costs. */
static void say_pages(FILE *out, struct style style, const struct result *result, int threads) {
  const char *const where = residence_names[RESIDENCE_MEMORY];
  const double huge = value_of(result, "memory_latency", where, NULL, threads);
  const double small = value_of(result, "memory_latency_small_pages", where, NULL, threads);
  if (huge > 0 && small > 0)
    grid_paragraph(out, style,
                   "Latencies are those of random lines in huge pages. In pages of the usual size, whose addresses the "
                   "TLBs cannot hold, a line of memory takes %.0f ns instead of %.0f.",
                   small * 1e9, huge * 1e9);
}

static void print_ladder(FILE *out, struct style style, const struct result *result, const char *arch, int threads) {
  struct grid grid = {
      .headers = {"<data in", "size", "ns", "cycles", "read GB/s", "write", "copy", "read B/cycle", "write", "copy"},
      .columns = 10};
  const double hertz = hertz_of(result, arch, threads);
  for (enum residence r = 0; r < RESIDENCE_COUNT; r++) add_place(&grid, result, r, arch, threads, hertz);
  if (grid.count) {
    grid_heading(out, style, "caches and memory, %s, %d thread%s; B/cycle: of each core", arch, threads,
                 threads == 1 ? "" : "s");
    grid_print(&grid, out, style);
    say_pages(out, style, result, threads);
  }
  grid_free(&grid);
}

/* The last arch is the best; one table for each number of threads that memory was read on. */
static void print_ladders(FILE *out, struct style style, const struct result *result, int first) {
  const char *archs[COLUMNS];
  const size_t count = archs_of(result, first, archs);
  if (count == 0) return;
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *limit = &result->limits[i];
    if (strcmp(limit->name, "memory_read") == 0 && strcmp(limit->residence, "L1") == 0 &&
        strcmp(limit->arch, archs[count - 1]) == 0)
      print_ladder(out, style, result, limit->arch, limit->threads);
  }
}

/* ---- between cores and nodes ------------------------------------------------------------------------------------ */

static void print_core_pairs(FILE *out, struct style style, const struct result *result) {
  const struct result_limit *least = NULL, *most = NULL;
  size_t count = 0;
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *limit = &result->limits[i];
    if (strcmp(limit->name, "core_to_core") != 0) continue;
    if (!least || limit->value < least->value) least = limit;
    if (!most || limit->value > most->value) most = limit;
    count++;
  }
  if (count == 1)
    grid_paragraph(out, style, "A line takes %.0f ns from core to core (%s).", least->value * 1e9, least->cores);
  if (count > 1)
    grid_paragraph(out, style, "A line takes %.0f ns (%s) to %.0f ns (%s) from core to core, of %zu pairs.",
                   least->value * 1e9, least->cores, most->value * 1e9, most->cores, count);
}

#define NODE_COLUMNS 7

/* A column for each of the nodes from `first` on whose memory was read, a line for each whose cores read it. */
static void print_nodes(FILE *out, struct style style, const struct result *result, int first) {
  char headers[NODE_COLUMNS][GRID_TEXT];
  struct grid grid = {.headers = {"<cores of", "<"}, .columns = 2};
  for (size_t i = 0; i < result->limit_count; i++) {
    const struct result_limit *limit = &result->limits[i];
    const bool read = strcmp(limit->name, "node_read") == 0, wait = strcmp(limit->name, "node_latency") == 0;
    const int column = limit->node - first;
    if ((!read && !wait) || column < 0 || column >= NODE_COLUMNS) continue;
    for (size_t c = grid.columns; c < 3 + (size_t)column; c++) {
      snprintf(headers[c - 2], sizeof headers[c - 2], "node %d's", first + (int)c - 2);
      grid.headers[grid.columns++] = headers[c - 2];
    }
    const char *const unit = read ? "GB/s" : "ns";
    size_t at = 0;
    while (at < grid.count && (strcmp(grid.rows[at].cells[0], limit->cores) || strcmp(grid.rows[at].cells[1], unit)))
      at++;
    struct grid_row *const to = at < grid.count ? &grid.rows[at] : grid_add(&grid);
    grid_cell(to, 0, "%s", limit->cores);
    grid_cell(to, 1, "%s", unit);
    grid_cell(to, 2 + (size_t)column, "%.1f", limit->value * (read ? 1e-9 : 1e9));
  }
  if (grid.count) {
    grid_heading(out, style, "memory of one NUMA node, read by the cores of another");
    grid_print(&grid, out, style);
  }
  grid_free(&grid);
}

static void print_all_nodes(FILE *out, struct style style, const struct result *result) {
  int last = -1;
  for (size_t i = 0; i < result->limit_count; i++)
    if (result->limits[i].node > last) last = result->limits[i].node;
  for (int first = 0; first <= last; first += NODE_COLUMNS) print_nodes(out, style, result, first);
}

/* ---- the clock -------------------------------------------------------------------------------------------------- */

static void print_clocks(FILE *out, struct style style, const struct result *result) {
  struct grid grid = {.headers = {"<fma of", "threads", "GHz", "p10", "p90", "<beside scalar"}, .columns = 6};
  for (size_t i = 0; i < result->clock_count; i++) {
    const struct result_clock *clock = &result->clocks[i], *scalar = NULL;
    for (size_t s = 0; s < result->clock_count; s++)
      if (result->clocks[s].threads == clock->threads && strcmp(result->clocks[s].arch, "scalar") == 0 &&
          strcmp(result->clocks[s].cores, clock->cores) == 0)
        scalar = &result->clocks[s];
    struct grid_row *const to = grid_add(&grid);
    grid_cell(to, 0, "%s%s%s", clock->arch, clock->cores[0] ? " " : "", clock->cores);
    grid_cell(to, 1, "%d", clock->threads);
    grid_cell(to, 2, "%.2f", clock->hertz * 1e-9);
    grid_cell(to, 3, "%.2f", clock->low * 1e-9);
    grid_cell(to, 4, "%.2f", clock->high * 1e-9);
    if (scalar && scalar != clock && scalar->hertz > 0)
      grid_cell(to, 5, "%+.1f%%", 100 * (clock->hertz / scalar->hertz - 1));
  }
  if (grid.count) {
    grid_heading(out, style, "the clock while all threads do nothing but float operations");
    grid_print(&grid, out, style);
  }
  grid_free(&grid);
}

/* ---- the sheet -------------------------------------------------------------------------------------------------- */

static void print_sheet(FILE *out, struct style style, const struct result *result) {
  const int threads = sheet_threads(result);
  if (threads > 0) {
    print_core(out, style, result, threads);
    print_ladders(out, style, result, threads);
  }
}

/* The part of the result that was measured where the row was. False when memory is out; free its arrays in any case. */
static bool take_scope(const struct result *result, const struct result_row *of, struct result *part) {
  *part = *result;
  part->row_count = part->limit_count = part->clock_count = 0;
  part->rows = calloc(result->row_count + 1, sizeof *part->rows);
  part->limits = calloc(result->limit_count + 1, sizeof *part->limits);
  part->clocks = calloc(result->clock_count + 1, sizeof *part->clocks);
  if (!part->rows || !part->limits || !part->clocks) return false;
  for (size_t i = 0; i < result->row_count; i++)
    if (row_same_scope(&result->rows[i], of)) part->rows[part->row_count++] = result->rows[i];
  for (size_t i = 0; i < result->limit_count; i++)
    if (strcmp(result->limits[i].cores, of->cores) == 0 && result->limits[i].smt == of->smt)
      part->limits[part->limit_count++] = result->limits[i];
  for (size_t i = 0; i < result->clock_count; i++)
    if (strcmp(result->clocks[i].cores, of->cores) == 0 && of->smt <= 1)
      part->clocks[part->clock_count++] = result->clocks[i];
  for (size_t k = 0; k < result->machine.kind_count; k++)
    if (strcmp(result->machine.kinds[k].name, of->cores) == 0) part->machine.scope.kind = k;
  return true;
}

/* A sheet for each kind of core where there are several: cores with one thread on each. */
static void print_sheets(FILE *out, struct style style, const struct result *result) {
  const struct result_row **scopes = calloc(result->row_count + 1, sizeof *scopes);
  const size_t count = scopes ? row_distinct(result, suite_names[SUITE_LIMITS], scopes, row_same_scope) : 0;
  if (count <= 1) print_sheet(out, style, result);
  for (size_t i = 0; count > 1 && i < count; i++) {
    struct result part;
    char where[128];
    row_scope_text(where, sizeof where, scopes[i]);
    if (take_scope(result, scopes[i], &part) && sheet_threads(&part) > 0 && scopes[i]->smt <= 1) {
      grid_heading(out, style, "%s", *where ? where + 2 : "one thread on each core");
      print_sheet(out, style, &part);
    }
    free(part.rows), free(part.limits), free(part.clocks);
  }
  free(scopes);
}

void table_limits(FILE *out, struct style style, const struct result *result) {
  print_rates(out, style, result);
  print_sheets(out, style, result);
  print_core_pairs(out, style, result);
  print_all_nodes(out, style, result);
  print_clocks(out, style, result);
}
