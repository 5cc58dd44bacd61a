/* Results as JUnit XML, which continuous-integration systems show. */
#include <math.h>
#include <string.h>

#include "harness/export.h"
#include "harness/gradient_cell.h"
#include "harness/options.h"

/* XML 1.0 has no characters below the space but these three, and needs five escaped. */
static void xml_text(FILE *out, const char *text) {
  for (; *text; text++) {
    switch (*text) {
    case '&': fputs("&amp;", out); break;
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '"': fputs("&quot;", out); break;
    case '\t': fputs("&#9;", out); break;
    case '\n': fputs("&#10;", out); break;
    case '\r': fputs("&#13;", out); break;
    default: fputc((unsigned char)*text < ' ' || *text == 127 ? '?' : *text, out);
    }
  }
}

static void attribute(FILE *out, const char *name, const char *value) {
  fprintf(out, " %s=\"", name);
  xml_text(out, value);
  fputc('"', out);
}

static void property(FILE *out, const char *name, const char *value) {
  fputs("      <property", out);
  attribute(out, "name", name);
  attribute(out, "value", value);
  fputs("/>\n", out);
}

static void open_case(FILE *out, const char *class, const char *name, double seconds) {
  fputs("    <testcase", out);
  attribute(out, "classname", class);
  attribute(out, "name", name);
  fprintf(out, " time=\"%.9g\">", isfinite(seconds) ? seconds : 0);
}

static void close_case(FILE *out) { fputs("</testcase>\n", out); }

/* One suite's cases are counted, then written: counting is a writing that goes nowhere. */
typedef size_t case_writer(FILE *out, const struct result *result, const char *suite);

static size_t write_rows(FILE *out, const struct result *result, const char *suite) {
  size_t count = 0;
  for (size_t i = 0; i < result->row_count; i++) {
    const struct result_row *row = &result->rows[i];
    if (row->support || strcmp(row->suite, suite) != 0) continue;
    count++;
    if (!out) continue;
    open_case(out, row->kernel, row->name, row->time.median * 1e-9);
    fprintf(out, "<system-out>%.6g ns a call, 99 %% interval %.6g to %.6g, %zu samples", row->time.median,
            row->time.low, row->time.high, row->time.samples);
    if (row->limit[0] && row->fraction_of_limit > 0) {
      fprintf(out, "; %.1f %% of ", 100 * row->fraction_of_limit);
      xml_text(out, row->limit);
    }
    fputs("</system-out>", out);
    close_case(out);
  }
  return count;
}

static size_t write_accuracies(FILE *out, const struct result *result, const char *suite) {
  (void)suite;
  for (size_t i = 0; out && i < result->accuracy_count; i++) {
    const struct result_accuracy *accuracy = &result->accuracies[i];
    open_case(out, accuracy->kernel, accuracy->name, 0);
    fprintf(out, "<system-out>%.4g ulp at most", accuracy->ulp_max);
    fputs("</system-out>", out);
    close_case(out);
  }
  return result->accuracy_count;
}

static size_t write_cells(FILE *out, const struct result *result, const char *suite) {
  (void)suite;
  for (size_t i = 0; out && i < result->cell_count; i++) {
    const struct gradient_cell *cell = &result->cells[i];
    char name[ROW_NAME];
    gradient_cell_name(name, sizeof name, cell);
    open_case(out, cell->activation, name, 0);
    fprintf(out, "<system-out>%s, %.4g a layer</system-out>", verdict_names[cell->verdict], cell->decay_per_layer);
    close_case(out);
  }
  return result->cell_count;
}

static size_t write_learning(FILE *out, const struct result *result, const char *suite) {
  (void)suite;
  for (size_t i = 0; out && i < result->learning_count; i++) {
    const struct learning_run *run = &result->learning[i];
    open_case(out, run->activation, run->name, run->seconds);
    fprintf(out, "<system-out>%s</system-out>", learning_verdict_names[run->verdict]);
    close_case(out);
  }
  return result->learning_count;
}

static case_writer *writer_of(enum suite_id suite) {
  switch (suite) {
  case SUITE_ACCURACY: return write_accuracies;
  case SUITE_GRADIENTS: return write_cells;
  case SUITE_LEARNING: return write_learning;
  default: return write_rows;
  }
}

/* Whether a comma-separated list has the name. */
static bool lists(const char *list, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = strstr(list, name); at; at = strstr(at + 1, name))
    if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0')) return true;
  return false;
}

static size_t write_archs(FILE *out, const struct result *result, size_t *skipped) {
  size_t count = 0;
  *skipped = 0;
  for (enum arch arch = 0; arch < ARCH_COUNT; arch++) {
    const char *name = arch_name(arch);
    const bool there = lists(result->machine.supported, name);
    count++;
    *skipped += !there;
    if (!out) continue;
    open_case(out, "arch", name, 0);
    if (!there) fputs("<skipped message=\"this CPU or this build cannot run it\"/>", out);
    close_case(out);
  }
  return count;
}

static void suite_properties(FILE *out, const struct result *result) {
  char clock[32];
  snprintf(clock, sizeof clock, "%.3g", result->machine.core_hertz);
  fputs("    <properties>\n", out);
  property(out, "cpu", result->machine.cpu);
  property(out, "topology", result->machine.topology);
  property(out, "compiler", result->machine.compiler);
  property(out, "core_hertz", clock);
  property(out, "command", result->command);
  property(out, "commit", result->commit);
  fputs("    </properties>\n", out);
}

static void open_suite(FILE *out, const struct result *result, const char *name, size_t tests, size_t errors,
                       size_t skipped) {
  fputs("  <testsuite", out);
  attribute(out, "name", name);
  fprintf(out, " tests=\"%zu\" failures=\"0\" errors=\"%zu\" skipped=\"%zu\"", tests, errors, skipped);
  attribute(out, "timestamp", result->date);
  attribute(out, "hostname", result->machine.host);
  fputs(">\n", out);
}

static void close_suite(FILE *out) { fputs("  </testsuite>\n", out); }

bool export_junit(FILE *out, const struct result *result) {
  size_t skipped;
  const size_t archs = write_archs(NULL, result, &skipped), errors = result->interrupted;
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"depthmark\">\n", out);
  open_suite(out, result, "dispatch", archs + errors, errors, skipped);
  suite_properties(out, result);
  write_archs(out, result, &skipped);
  if (result->interrupted) {
    open_case(out, "run", "complete", 0);
    fputs("<error message=\"the run was interrupted: what it had measured until then is here\"/>", out);
    close_case(out);
  }
  close_suite(out);
  for (enum suite_id suite = 0; suite < SUITE_COUNT; suite++) {
    case_writer *const write = writer_of(suite);
    const size_t tests = write(NULL, result, suite_names[suite]);
    if (tests == 0) continue;
    open_suite(out, result, suite_names[suite], tests, 0, 0);
    write(out, result, suite_names[suite]);
    close_suite(out);
  }
  fputs("</testsuites>\n", out);
  return true;
}
