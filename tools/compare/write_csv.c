#include <math.h>
#include <string.h>

#include "tools/compare/family.h"
#include "tools/compare/ratio.h"
#include "tools/compare/write.h"

/* RFC 4180: in quotes where it has to be. */
static void csv_text(FILE *out, const char *text) {
  const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
  if (quoted) fputc('"', out);
  for (; *text; text++) fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
  fputs(quoted ? "\"," : ",", out);
}

/* Empty where not finite. */
static void csv_number(FILE *out, double number) {
  if (isfinite(number)) fprintf(out, "%.9g", number);
  fputc(',', out);
}

static void csv_line(FILE *out, const struct comparison *c, size_t line, size_t subject, double threshold) {
  const struct result_row *base = comparison_row(c, line, 0), *row = comparison_row(c, line, subject);
  const struct ratio ratio = ratio_of(base, row);
  char family[FAMILY_NAME];
  family_name(family, base);
  csv_text(out, c->subjects[0].label);
  csv_text(out, c->subjects[subject].label);
  csv_text(out, relation_names[c->subjects[subject].relation]);
  csv_text(out, match_names[comparison_match(c, line, subject)]);
  csv_text(out, family);
  csv_text(out, base->name);
  csv_text(out, row->name);
  csv_number(out, row_pace(base));
  csv_number(out, row_pace(row));
  csv_number(out, ratio.value);
  csv_number(out, ratio.low);
  csv_number(out, ratio.high);
  csv_number(out, line_figure(c, line, 0, METRIC_PER_CLOCK));
  csv_number(out, line_figure(c, line, subject, METRIC_PER_CLOCK));
  csv_number(out, line_figure(c, line, 0, METRIC_LIMIT));
  csv_number(out, line_figure(c, line, subject, METRIC_LIMIT));
  if (c->subjects[subject].relation == RELATION_RUN)
    fputs(outcome_names[ratio_outcome(ratio, threshold, base, row)], out);
  fputc('\n', out);
}

void write_csv(FILE *out, const struct comparison *c, double threshold) {
  fputs("base,subject,relation,match,family,base_name,name,base_ns_per_item,ns_per_item,speed,speed_low,speed_high,"
        "base_cycles_per_item,cycles_per_item,base_fraction_of_limit,fraction_of_limit,outcome\n",
        out);
  for (size_t s = 1; s < c->subject_count; s++)
    for (size_t line = 0; line < c->line_count; line++)
      if (comparison_row(c, line, s)) csv_line(out, c, line, s, threshold);
}
