/* A whole result on a stream, in every format that --format names. */
#ifndef DEPTHMARK_FORMATS_H
#define DEPTHMARK_FORMATS_H

#include <stdio.h>

#include "harness/export.h"
#include "harness/result.h"

enum output_format {
  FORMAT_TABLE,
  FORMAT_JSON,
  FORMAT_CSV,
  FORMAT_CSV_LAYERS,
  FORMAT_MARKDOWN,
  FORMAT_GITHUB_SMALLER,
  FORMAT_GITHUB_BIGGER,
  FORMAT_BENCHER,
  FORMAT_JUNIT,
  FORMAT_GOOGLE_CONSOLE,
  FORMAT_GOOGLE_CSV,
  FORMAT_COUNT
};
extern const char *const format_names[FORMAT_COUNT];

/* style is for Google Benchmark's formats. False: memory is out. Whether the stream took it all is for the caller to
 * find out, with ferror(). */
bool format_write(FILE *out, enum output_format format, const struct result *result, const struct google_style *style);

#endif
