#define _GNU_SOURCE /* strcasestr */
#include "harness/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/fingerprint.h"
#include "harness/measure.h"
#include "harness/residence.h"
#include "harness/table_rows.h"

/* Whether the user's characters are UTF-8. */
static bool utf8(void) {
  static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"}; /* the first that is set has the say */
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
    const char *value = getenv(variables[i]);
    if (value && *value) return strcasestr(value, "UTF-8") || strcasestr(value, "utf8");
  }
  return false;
}

struct style table_style(FILE *out, enum output_format format) {
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  const bool plain = (no_color && *no_color) || !term || strcmp(term, "dumb") == 0;
  const bool terminal = format == FORMAT_TABLE && isatty(fileno(out));
  return (struct style){
      .markdown = format == FORMAT_MARKDOWN, .color = terminal && !plain, .unicode = terminal && !plain && utf8()};
}

/* ---- the machine ------------------------------------------------------------------------------------------------ */

void table_size(size_t bytes, char *text, size_t size) {
  const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  double value = (double)bytes;
  for (; value >= 1024 && unit < 4; unit++) value /= 1024;
  snprintf(text, size, "%.4g %s", value, units[unit]);
}

static void print_caches(FILE *out, struct style style, const struct machine *machine) {
  char text[512] = "";
  size_t used = 0;
  for (size_t i = 0; i < machine->cache_count && used < sizeof text; i++) {
    char size[32];
    const struct cache *cache = &machine->caches[i];
    table_size(cache->bytes, size, sizeof size);
    used += (size_t)snprintf(text + used, sizeof text - used, "%sL%d %d x %s", i ? ", " : "", cache->level,
                             cache->count, size);
    if (cache->cores[0] && used < sizeof text)
      used += (size_t)snprintf(text + used, sizeof text - used, " %s", cache->cores);
    if (cache->cores_sharing > 1 && used < sizeof text)
      used += (size_t)snprintf(text + used, sizeof text - used, " (%d cores each)", cache->cores_sharing);
  }
  if (used) grid_fact(out, style, "caches", "%s", text);
}

void table_machine(FILE *out, struct style style, const struct machine *m) {
  char memory[32], id[FINGERPRINT_ID];
  table_size(m->memory_bytes, memory, sizeof memory);
  fingerprint_id(m, id);
  if (style.markdown) fputs("### machine\n\n", out);
  grid_fact(out, style, "CPU", "%s%s%s", m->cpu, m->emulator[0] ? ", under " : "", m->emulator);
  grid_fact(out, style, "", "%s%s%s%s%s%s%s%s%s", m->vendor, m->family[0] ? " family " : "", m->family,
            m->model[0] ? " model " : "", m->model, m->stepping[0] ? " stepping " : "", m->stepping,
            m->microcode[0] ? " microcode " : "", m->microcode);
  grid_fact(out, style, "topology", "%s; memory %s%s%s", m->topology, memory, m->memory[0] ? ", " : "", m->memory);
  print_caches(out, style, m);
  if (m->core_hertz > 0) grid_fact(out, style, "clock", "%.2f GHz measured", m->core_hertz * 1e-9);
  grid_fact(out, style, "features", "%s", m->features);
  grid_fact(out, style, "system", "%s%s%s", m->kernel, m->hypervisor[0] ? ", under " : "", m->hypervisor);
  grid_fact(out, style, "built by", "%s; %s", m->compiler, m->libraries);
  grid_fact(out, style, "arch", "requested %s, selected %s, supported %s: %s", m->requested, m->selected, m->supported,
            m->reason);
  grid_fact(out, style, "counters", "%s", m->counters);
  grid_fact(out, style, "machine id", "%s", id);
  grid_fact(out, style, "pinned to", "%s", m->pinning);
  if (style.markdown) fputc('\n', out);
}

/* ---- kernels ---------------------------------------------------------------------------------------------------- */

/* Rows of one table have the same kind, number of threads and, if elementwise, residence. */
static bool same_section(const struct result_row *a, const struct result_row *b) {
  return row_same_place(a, b) && row_kind(a) == row_kind(b) &&
         (row_kind(a) != ROW_ELEMENTWISE || strcmp(a->residence, b->residence) == 0);
}

/* "97% copy": how close to which limit, without "memory_" and "_peak"; mul, div, int: the width of a terminal. */
static void limit_cell(struct grid_row *to, size_t column, const struct result_row *row) {
  char name[sizeof row->limit];
  snprintf(name, sizeof name, "%s", row->limit + (strncmp(row->limit, "memory_", 7) == 0 ? 7 : 0));
  name[strcspn(name, "_")] = '\0';
  if (strcmp(name, "multiply") == 0 || strcmp(name, "divide") == 0 || strcmp(name, "integer") == 0) name[3] = '\0';
  if (row->limit[0] && isfinite(row->fraction_of_limit))
    grid_cell(to, column, "%3.0f%% %s", 100 * row->fraction_of_limit, name);
}

static bool has_interval(const struct result_row *row) { return row->time.samples >= MEASURE_LEAST_SAMPLES; }

static double gigas(double amount, const struct result_row *row) { return amount / row->time.median; }

#define LAYER "batchxoutxin" /* the heading of products' shapes, no wider than they are */

/* What the columns of a table are. */
struct section {
  enum row_kind kind;
  bool peers; /* products or steps, some beside other libraries': how far ahead of the best ours are, not of scalar code
               */
};

/* "0.95<" where ours is behind; the digits of all stand below each other where a column follows. */
static void standing_cell(struct grid_row *to, size_t column, const struct result_row *row) {
  const char *const ahead = has_interval(row) ? " " : "";
  if (row->times_best_peer > 0)
    grid_cell(to, column, "%.2f%s", row->times_best_peer, row->times_best_peer < 1 ? "<" : ahead);
}

/* below: the row is a peer's, under the name of its kernel; only its provider is new. */
static void add_row(struct grid *grid, struct section section, const struct result_row *row, bool below) {
  struct grid_row *to = grid_add(grid);
  const enum row_kind kind = section.kind;
  size_t c = 0;
  grid_cell(to, c++, "%s%s", below ? "  " : "", below ? row->provider : row_short_kernel(row));
  grid_cell(to, c++, "%s", row->arch);
  grid_cell(to, c++, "%s", row->shape);
  if (kind == ROW_ELEMENTWISE)
    grid_cell(to, c++, "%.*f", row->time.median < 10 * row->items ? 3 : 1, row->time.median / row->items);
  else
    grid_cell(to, c++, "%.1f", gigas(row->flops, row));
  if (kind == ROW_STEP)
    grid_cell(to, c++, "%.0f", row->items / row->time.median * 1e9);
  else if (!section.peers)
    grid_cell(to, c++, gigas(row->bytes, row) < 999.95 ? "%.1f" : "%.0f", gigas(row->bytes, row));
  limit_cell(to, c++, row);
  if (section.peers)
    standing_cell(to, c++, row);
  else if (row->times_scalar > 0)
    grid_cell(to, c++, "%.*f", row->times_scalar < 99.95 ? 1 : 0, row->times_scalar);
  else
    c++;
  if (!has_interval(row)) return;
  const double interval = 50 * (row->time.high - row->time.low) / row->time.median;
  grid_cell(to, c, interval < 9.95 ? "%.1f%%" : interval < 99.5 ? "%.0f%%" : ">99%%", interval);
}

static struct grid section_grid(struct section section) {
  switch (section.kind) {
  case ROW_PRODUCT:
  case ROW_BF16_PRODUCT:
    if (section.peers)
      return (struct grid){.headers = {"<pass", "<arch", LAYER, "GFLOP/s", "<of limit", "x best", "+-"}, .columns = 7};
    return (struct grid){.headers = {"<pass", "<arch", LAYER, "GFLOP/s", "GB/s", "<of limit", "x scalar", "+-"},
                         .columns = 8};
  case ROW_STEP:
    if (section.peers)
      return (struct grid){
          .headers = {"<step", "<arch", TABLE_POINT, "GFLOP/s", "samples/s", "<of limit", "x best", "+-"},
          .columns = 8};
    return (struct grid){
        .headers = {"<step", "<arch", TABLE_POINT, "GFLOP/s", "samples/s", "<of limit", "x scalar", "+-"},
        .columns = 8};
  default:
    return (struct grid){.headers = {"<kernel", "<arch", "size", "ns/element", "GB/s", "<of limit", "x scalar", "+-"},
                         .columns = 8};
  }
}

/* Whether one of the result's first `end` rows, ours or a peer's, does the same work as row. */
static bool has_before(const struct result *result, size_t end, const struct result_row *row, bool own) {
  for (size_t i = 0; i < end; i++) {
    const struct result_row *other = &result->rows[i];
    if (row_shown(other, row->suite) && row_is_own(other) == own && row_same_work(other, row)) return true;
  }
  return false;
}

/* Peers' rows follow ours, or their kernel's name where ours is missing. */
static void add_with_peers(struct grid *grid, struct section section, const struct result *result, size_t index) {
  const struct result_row *const row = &result->rows[index];
  const bool own = row_is_own(row);
  if (!own && (has_before(result, result->row_count, row, true) || has_before(result, index, row, false))) return;
  if (own)
    add_row(grid, section, row, false);
  else
    grid_cell(grid_add(grid), 0, "%s", row_short_kernel(row));
  for (size_t i = 0; i < result->row_count; i++)
    if (row_shown(&result->rows[i], row->suite) && !row_is_own(&result->rows[i]) &&
        row_same_work(&result->rows[i], row))
      add_row(grid, section, &result->rows[i], true);
}

static void print_kernels(FILE *out, struct style style, const struct result *result, const char *suite) {
  const struct result_row **sections = calloc(result->row_count + 1, sizeof *sections);
  if (!sections) return;
  const size_t count = row_distinct(result, suite, sections, same_section);
  for (size_t s = 0; s < count; s++) {
    const struct result_row *first = sections[s];
    struct section section = {.kind = row_kind(first)};
    for (size_t i = 0; section.kind != ROW_ELEMENTWISE && i < result->row_count; i++)
      section.peers |= row_shown(&result->rows[i], suite) && same_section(first, &result->rows[i]) &&
                       result->rows[i].times_best_peer > 0;
    struct grid grid = section_grid(section);
    for (size_t i = 0; i < result->row_count; i++)
      if (row_shown(&result->rows[i], suite) && same_section(first, &result->rows[i]))
        add_with_peers(&grid, section, result, i);
    const bool places = row_kind(first) == ROW_ELEMENTWISE;
    char where[128];
    row_place_text(where, sizeof where, first);
    grid_heading(out, style, "%s%s%s%s, %s", row_group(first), row_kind(first) == ROW_STEP ? " steps" : "",
                 places ? ", data in " : "", places ? first->residence : "", where);
    grid_print(&grid, out, style);
    grid_free(&grid);
    if (row_kind(first) == ROW_STEP) table_phases(out, style, result, first);
  }
  free(sections);
  table_standing(out, style, result, suite);
}

/* ---- summary ---------------------------------------------------------------------------------------------------- */

static bool same_group(const struct result_row *a, const struct result_row *b) {
  return row_same_column(a, b) && strcmp(row_group(a), row_group(b)) == 0;
}

static const char *cold_text(const struct result_row *row) {
  return strcmp(row->cache, cache_names[CACHE_COLD]) == 0 ? ", cold" : "";
}

static void add_group(struct grid *grid, const struct result *result, const struct result_row *first) {
  size_t rows = 0, ratios = 0, fractions = 0;
  double ratio = 0, fraction = 0;
  const struct result_row *worst = NULL;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (row->support || !same_group(row, first) || !row_is_own(row)) continue;
    rows++;
    if (row->times_scalar > 0) ratio += log(row->times_scalar), ratios++;
    if (!row->limit[0] || !(row->fraction_of_limit > 0)) continue;
    fraction += log(row->fraction_of_limit), fractions++;
    if (!worst || row->fraction_of_limit < worst->fraction_of_limit) worst = row;
  }
  struct grid_row *to = grid_add(grid);
  grid_cell(to, 0, "%s%s", row_group(first), cold_text(first));
  grid_cell(to, 1, "%s", first->arch);
  grid_cell(to, 2, "%d", first->threads);
  grid_cell(to, 3, "%zu", rows);
  if (ratios) grid_cell(to, 4, "%.1f", exp(ratio / (double)ratios));
  if (fractions) grid_cell(to, 5, "%.0f%%", 100 * exp(fraction / (double)fractions));
  if (worst)
    grid_cell(to, 6, worst->fraction_of_limit < 0.0095 ? "%.1f%% %s" : "%.0f%% %s", 100 * worst->fraction_of_limit,
              row_short_kernel(worst));
}

/* Our row of the same work, or NULL. */
static const struct result_row *own_row(const struct result *result, const struct result_row *row) {
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *own = &result->rows[i];
    if (row_is_own(own) && strcmp(own->suite, row->suite) == 0 && row_same_work(row, own)) return own;
  }
  return NULL;
}

/* One line for each work and number of threads of a peer; rows differ in where the data are. */
static bool same_line(const struct result_row *a, const struct result_row *b) {
  return same_group(a, b) && strcmp(a->provider, b->provider) == 0 && strcmp(a->kernel, b->kernel) == 0;
}

static void add_peer(struct grid *grid, const struct result *result, const struct result_row *first) {
  double ratio = 0;
  size_t rows = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i], *own;
    if (row->support || !same_line(row, first) || !(own = own_row(result, row))) continue;
    ratio += log(row->time.median / own->time.median), rows++;
  }
  if (rows == 0 || row_is_own(first)) return;
  struct grid_row *to = grid_add(grid);
  grid_cell(to, 0, "%s%s", first->kernel, cold_text(first));
  grid_cell(to, 1, "%s", first->provider);
  grid_cell(to, 2, "%s", first->arch);
  grid_cell(to, 3, "%d", first->threads);
  grid_cell(to, 4, "%zu", rows);
  grid_cell(to, 5, "%.2f", exp(ratio / (double)rows));
}

static void print_peers(FILE *out, struct style style, const struct result *result, const struct result_row **works) {
  struct grid grid = {.headers = {"<kernel", "<beside", "<arch", "threads", "rows", "x peer"}, .columns = 6};
  for (enum suite_id suite = SUITE_LIMITS + 1; suite < SUITE_COUNT; suite++) {
    const size_t count = row_distinct(result, suite_names[suite], works, same_line);
    for (size_t i = 0; i < count; i++) add_peer(&grid, result, works[i]);
  }
  if (grid.count) {
    grid_heading(out, style, "x peer: our speed divided by another library's, geometric means");
    grid_print(&grid, out, style);
  }
  grid_free(&grid);
}

/* One table for each kind of core and number of threads on each. */
static void print_groups(FILE *out, struct style style, const struct result *result,
                         const struct result_row *const *groups, size_t count) {
  for (size_t g = 0; g < count; g++) {
    struct grid grid = {
        .headers = {"<suite", "<arch", "threads", "rows", "x scalar", "of limit", "<furthest from its limit"},
        .columns = 7};
    char scope[128];
    size_t first = 0;
    while (!row_same_scope(groups[first], groups[g])) first++;
    for (size_t i = g; first == g && i < count; i++)
      if (row_same_scope(groups[i], groups[g])) add_group(&grid, result, groups[i]);
    row_scope_text(scope, sizeof scope, groups[g]);
    if (grid.count) {
      grid_heading(out, style, "summary of our own kernels: geometric means%s", scope);
      grid_print(&grid, out, style);
    }
    grid_free(&grid);
  }
}

void table_summary(FILE *out, struct style style, const struct result *result) {
  const struct result_row **groups = calloc(result->row_count + 1, sizeof *groups);
  size_t count = 0;
  if (!groups) return;
  for (enum suite_id suite = SUITE_LIMITS + 1; suite < SUITE_COUNT; suite++)
    count += row_distinct(result, suite_names[suite], groups + count, same_group);
  print_groups(out, style, result, groups, count);
  print_peers(out, style, result, groups);
  table_scaling(out, style, result);
  free(groups);
}

/* Rows of sweeps have tables of their own. */
static void print_rows(FILE *out, struct style style, const struct result *result, enum suite_id suite) {
  struct result usual = *result;
  usual.row_count = 0;
  usual.rows = calloc(result->row_count + 1, sizeof *usual.rows);
  if (!usual.rows) return;
  table_sizes(out, style, result, suite_names[suite], &usual);
  if (suite == SUITE_LIMITS)
    table_limits(out, style, &usual);
  else
    print_kernels(out, style, &usual, suite_names[suite]);
  free(usual.rows);
}

void table_suite(FILE *out, struct style style, const struct result *result, enum suite_id suite) {
  if (suite == SUITE_GRADIENTS)
    table_gradients(out, style, result);
  else if (suite == SUITE_ACCURACY)
    table_accuracy(out, style, result);
  else if (suite == SUITE_LEARNING)
    table_learning(out, style, result);
  else
    print_rows(out, style, result, suite);
}
