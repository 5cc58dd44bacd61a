/* Who is compared, what differs between them, and which rows are held against each other. */
#include <stdio.h>
#include <string.h>

#include "tools/compare/text.h"
#include "tools/compare/visible.h"

#define LONGEST 600 /* characters of one text of a result */
#define NAMES_MOST 6

/* printf() behind what is there already. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...) {
  const size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, size - used, format, arguments);
  va_end(arguments);
}

static void append_visible(char *text, size_t size, const char *before, const char *raw, struct style style) {
  char shown[LONGEST];
  if (*raw) append(text, size, "%s%s", before, visible(shown, sizeof shown, raw, false, style.markdown));
}

static void append_count(char *text, size_t size, size_t count, const char *what) {
  if (count) append(text, size, ", %zu %s%s", count, what, count == 1 ? "" : "s");
}

static void append_caches(char *text, size_t size, const struct machine *machine, struct style style) {
  for (size_t i = 0; i < machine->cache_count; i++) {
    const struct cache *cache = &machine->caches[i];
    const bool mega = cache->bytes >= (size_t)1 << 20;
    append(text, size, "%sL%d %d x %zu %s", i ? ", " : "; ", cache->level, cache->count,
           cache->bytes >> (mega ? 20 : 10), mega ? "MiB" : "KiB");
    append_visible(text, size, " of ", cache->cores, style);
  }
}

static void print_source(FILE *out, struct style style, const struct comparison *c, const struct source *source) {
  const struct result *result = &source->result;
  const struct machine *machine = &result->machine;
  char text[2048] = "", id[FINGERPRINT_ID];
  append_visible(text, sizeof text, "", source->path, style);
  append_visible(text, sizeof text, ": ", result->date, style);
  append_visible(text, sizeof text, ", commit ", result->commit, style);
  append_count(text, sizeof text, result->row_count, "row");
  append_count(text, sizeof text, result->accuracy_count, "accuracy figure");
  append_count(text, sizeof text, result->cell_count, "gradient cell");
  append_count(text, sizeof text, result->learning_count, "training run");
  if (source->copy_of != (size_t)(source - c->sources))
    append(text, sizeof text, "; the same run as %s", c->sources[source->copy_of].label);
  if (result->interrupted) append(text, sizeof text, "; interrupted: it has what was measured until then");
  fingerprint_id(machine, id);
  append(text, sizeof text, "; machine %s", id);
  append_visible(text, sizeof text, ": ", machine->cpu, style);
  append_visible(text, sizeof text, " under ", machine->emulator, style);
  append_visible(text, sizeof text, ", ", machine->topology, style);
  append_caches(text, sizeof text, machine, style);
  if (machine->core_hertz > 0) append(text, sizeof text, "; %.2f GHz", machine->core_hertz * 1e-9);
  append_visible(text, sizeof text, "; ", machine->compiler, style);
  grid_fact(out, style, source->label, "%s", text);
}

/* ---- what differs ------------------------------------------------------------------------------------------------ */

static void print_class(FILE *out, struct style style, const struct comparison *c, const struct source *source,
                        enum difference_class class) {
  const struct source *base = &c->sources[c->subjects[0].source];
  char text[2048] = "";
  for (size_t i = 0; i < source->differences.count; i++) {
    const struct difference *difference = &source->differences.items[i];
    char whole[2 * DIFFERENCE_TEXT + 64];
    if (difference->class != class) continue;
    difference_text(difference, base->label, source->label, whole, sizeof whole);
    append_visible(text, sizeof text, *text ? "; " : "", whole, style);
  }
  grid_fact(out, style, difference_class_names[class], "%s", text);
}

/* What the source is to the base. */
static void print_relation(FILE *out, struct style style, const struct comparison *c, const struct source *source) {
  const struct source *base = &c->sources[c->subjects[0].source];
  if (source == base) return;
  if (!style.markdown) fputc('\n', out);
  if (differences_have(&source->differences, DIFFERENT_MACHINE))
    grid_paragraph(out, style,
                   "%s is another machine than %s: their figures stand side by side, and are "
                   "no before and after. They differ in",
                   source->label, base->label);
  else
    grid_paragraph(out, style, "%s is another run on %s's machine%s", source->label, base->label,
                   source->differences.count ? ". They differ in" : ", of the same build, in the same conditions.");
  for (enum difference_class class = 0; class < DIFFERENCE_CLASSES; class ++) print_class(out, style, c, source, class);
  if (style.markdown) fputc('\n', out);
}

/* ---- which rows -------------------------------------------------------------------------------------------------- */

static void print_matches(FILE *out, struct style style, const struct comparison *c, size_t subject) {
  const struct subject *base = &c->subjects[0], *s = &c->subjects[subject];
  size_t counts[MATCH_SHAPE + 1] = {0}, total = 0;
  char text[1024] = "";
  if (c->line_count + c->alone_count[0] + c->alone_count[subject] + c->unusable[subject] == 0) return;
  for (size_t line = 0; line < c->line_count; line++)
    if (comparison_row(c, line, subject)) counts[comparison_match(c, line, subject)]++, total++;
  append(text, sizeof text, "%zu rows of %s and %s do the same work", total, base->label, s->label);
  if (counts[MATCH_RESIDENCE])
    append(text, sizeof text, "; of these %zu work on arrays of other sizes in the same level of memory",
           counts[MATCH_RESIDENCE]);
  if (counts[MATCH_THREADS])
    append(text, sizeof text, "; %zu on all threads that were measured, %d and %d", counts[MATCH_THREADS],
           c->sources[base->source].most_threads, c->sources[s->source].most_threads);
  if (counts[MATCH_SHAPE])
    append(text, sizeof text, "; %zu on data of the same size in another level of memory", counts[MATCH_SHAPE]);
  if (total) append(text, sizeof text, ". ");
  if (!total) snprintf(text, sizeof text, "No row of %s does what one of %s does. ", s->label, base->label);
  if (c->unusable[subject])
    append(text, sizeof text, "%zu rows of %s have no time and take no part.", c->unusable[subject], s->label);
  text[strlen(text) - (text[strlen(text) - 1] == ' ')] = '\0';
  grid_paragraph(out, style, "%s", text);
}

static void print_alone(FILE *out, struct style style, const struct comparison *c, size_t subject,
                        struct text_options options) {
  const size_t count = c->alone_count[subject], shown = text_shown(count, NAMES_MOST, options);
  if (count == 0) return;
  grid_paragraph(out, style, "%zu rows are in %s only%s", count, c->subjects[subject].label,
                 shown < count ? ", such as" : ":");
  for (size_t i = 0; i < shown; i++) {
    char name[77];
    visible(name, sizeof name, c->alone[subject][i]->name, true, style.markdown);
    fprintf(out, style.markdown ? "- %s\n" : "  %s\n", name);
  }
  if (style.markdown) fputc('\n', out);
}

void text_head(FILE *out, struct style style, const struct comparison *c, struct text_options options) {
  if (style.markdown) {
    fputs("## ", out);
    for (size_t s = 0; s < c->subject_count; s++) fprintf(out, "%s%s", s ? " / " : "", c->subjects[s].label);
    fputs("\n\n", out);
  }
  for (size_t i = 0; i < c->source_count; i++) print_source(out, style, c, &c->sources[i]);
  if (style.markdown) fputc('\n', out);
  for (size_t i = 0; i < c->source_count; i++) print_relation(out, style, c, &c->sources[i]);
  if (!style.markdown) fputc('\n', out);
  for (size_t s = 1; s < c->subject_count; s++) print_matches(out, style, c, s);
  if (c->unusable[0])
    grid_paragraph(out, style, "%zu rows of %s have no time and take no part.", c->unusable[0], c->subjects[0].label);
  if (c->selection.archs == ARCHS_FASTEST)
    grid_paragraph(out, style, "Of each work the fastest arch of each file counts.");
  for (size_t s = 0; s < c->subject_count; s++) print_alone(out, style, c, s, options);
}
