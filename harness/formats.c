#include "harness/formats.h"

#include <stdlib.h>

#include "harness/table.h"

static bool write_table(FILE *out, enum output_format format, const struct result *result) {
  const struct style style = table_style(out, format);
  table_machine(out, style, &result->machine);
  for (enum suite_id suite = 0; suite < SUITE_COUNT; suite++) table_suite(out, style, result, suite);
  table_summary(out, style, result);
  return true;
}

static bool write_json(FILE *out, const struct result *result) {
  char *text = result_to_json(result);
  if (!text) return false;
  fputs(text, out);
  fputc('\n', out);
  free(text);
  return true;
}

static bool write_csv(FILE *out, const struct result *result) {
  table_csv(out, result);
  return true;
}

static bool write_csv_layers(FILE *out, const struct result *result) {
  table_csv_layers(out, result);
  return true;
}

const char *const format_names[FORMAT_COUNT] = {
    [FORMAT_TABLE] = "table",
    [FORMAT_JSON] = "json",
    [FORMAT_CSV] = "csv",
    [FORMAT_CSV_LAYERS] = "csv-layers",
    [FORMAT_MARKDOWN] = "markdown",
    [FORMAT_GITHUB_SMALLER] = "github-smaller",
    [FORMAT_GITHUB_BIGGER] = "github-bigger",
    [FORMAT_BENCHER] = "bencher",
    [FORMAT_JUNIT] = "junit",
    [FORMAT_GOOGLE_CONSOLE] = "google-console",
    [FORMAT_GOOGLE_CSV] = "google-csv",
};

bool format_write(FILE *out, enum output_format format, const struct result *result, const struct google_style *style) {
  typedef bool writer(FILE *, const struct result *);
  static writer *const writers[FORMAT_COUNT] = {
      [FORMAT_JSON] = write_json,
      [FORMAT_CSV] = write_csv,
      [FORMAT_CSV_LAYERS] = write_csv_layers,
      [FORMAT_GITHUB_SMALLER] = export_github_smaller,
      [FORMAT_GITHUB_BIGGER] = export_github_bigger,
      [FORMAT_BENCHER] = export_bencher,
      [FORMAT_JUNIT] = export_junit,
  };
  if (format == FORMAT_GOOGLE_CONSOLE) return export_google_console(out, result, style);
  if (format == FORMAT_GOOGLE_CSV) return export_google_csv(out, result, style);
  return writers[format] ? writers[format](out, result) : write_table(out, format, result);
}
