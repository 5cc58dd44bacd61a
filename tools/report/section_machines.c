/* Which machines and runs the results are of, what spoils their figures, and what differs between them. */
#include <math.h>
#include <string.h>

#include "harness/fingerprint.h"
#include "tools/report/sections.h"

static void term(struct html *html, const char *name, const char *value) {
  if (!value[0]) return;
  html_element(html, "dt", "%s", name);
  html_element(html, "dd", "%s", value);
}

static void kinds_text(char *text, size_t size, const struct machine *machine) {
  text[0] = '\0';
  for (size_t i = 0; i < machine->kind_count; i++) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%d cores of %s", used ? ", " : "", machine->kinds[i].cores,
             machine->kinds[i].name);
  }
}

static void caches_text(char *text, size_t size, const struct machine *machine) {
  text[0] = '\0';
  for (size_t i = 0; i < machine->cache_count; i++) {
    const struct cache *cache = &machine->caches[i];
    const size_t used = strlen(text), kib = cache->bytes >> 10;
    const bool mib = kib >= 1024 && kib % 1024 == 0;
    snprintf(text + used, size - used, "%sL%d %d x %zu %s%s%s", used ? ", " : "", cache->level, cache->count,
             mib ? kib / 1024 : kib, mib ? "MiB" : "KiB", cache->cores[0] ? " of " : "", cache->cores);
  }
}

static void warnings(struct html *html, const struct machine *machine) {
  if (!machine->warning_count) return;
  html_markup(html, "<ul class=\"warnings\">\n");
  for (size_t i = 0; i < machine->warning_count; i++) {
    html_markup(html, "<li>");
    html_element(html, "span class=\"warn\"", "%s", machine->warnings[i]);
    html_markup(html, "</li>\n");
  }
  html_markup(html, "</ul>\n");
}

static void card(struct html *html, const struct view *view) {
  const struct machine *m = &view->newest->machine;
  char text[MACHINE_TEXT * 2], id[FINGERPRINT_ID];
  html_markup(html, "<div class=\"card\">");
  html_element(html, "h3", "%s", view->name);
  html_markup(html, "<dl>\n");
  fingerprint_id(m, id);
  term(html, "machine", id);
  term(html, "host", m->host);
  snprintf(text, sizeof text, "%s family %s model %s stepping %s microcode %s", m->vendor, m->family, m->model,
           m->stepping, m->microcode);
  term(html, "processor", text);
  term(html, "topology", m->topology);
  kinds_text(text, sizeof text, m);
  term(html, "kinds of core", text);
  caches_text(text, sizeof text, m);
  term(html, "caches", text);
  snprintf(text, sizeof text, "%.2f GiB%s%s", (double)m->memory_bytes / (1 << 30), m->memory[0] ? ", " : "", m->memory);
  term(html, "memory", m->memory_bytes ? text : "");
  snprintf(text, sizeof text, "%.2f GHz measured", m->core_hertz * 1e-9);
  term(html, "clock", m->core_hertz > 0 ? text : "");
  term(html, "governor", m->governor);
  term(html, "turbo", m->turbo);
  term(html, "SMT", m->smt);
  term(html, "huge pages", m->huge_pages);
  term(html, "NUMA balancing", m->numa_balancing);
  term(html, "features", m->features);
  term(html, "instruction sets", m->supported);
  term(html, "kernel", m->kernel);
  term(html, "mitigations", m->mitigations);
  term(html, "hypervisor", m->hypervisor);
  term(html, "emulator", m->emulator);
  snprintf(text, sizeof text, "%.2f CPUs", m->cpu_quota);
  term(html, "quota", m->cpu_quota > 0 ? text : "");
  term(html, "built by", m->compiler);
  term(html, "flags", m->flags);
  term(html, "libraries", m->libraries);
  term(html, "pinned to", m->pinning);
  term(html, "counters", m->counters);
  html_markup(html, "</dl>\n");
  warnings(html, m);
  html_markup(html, "</div>\n");
}

static void runs(struct html *html, const struct views *views) {
  static const char *const headers[] = {"<file",    "<machine",       "<run",          "<version",
                                        "rows",     "gradient cells", "training runs", "load",
                                        "stolen %", "<complete",      "<command",      NULL};
  struct figures table = figures_begin(html, headers, "The results");
  for (size_t i = 0; i < views->count; i++)
    for (size_t j = 0; j < views->views[i].input_count; j++) {
      const struct input *input = views->views[i].inputs[j];
      const struct result *result = &input->result;
      char run[VIEW_RUN];
      figures_row(&table);
      figures_cell(&table, "%s", input->path);
      figures_cell(&table, "%s", views->views[i].name);
      figures_cell(&table, "%s", view_run(run, result));
      figures_cell(&table, "%s", result->version);
      figures_cell(&table, "%zu", result->row_count);
      figures_cell(&table, "%zu", result->cell_count);
      figures_cell(&table, "%zu", result->learning_count);
      figures_number(&table, "%.1f", result->machine.load);
      figures_number(&table, "%.1f", 100 * result->machine.steal_share);
      if (result->interrupted)
        figures_warn(&table, "interrupted");
      else
        figures_cell(&table, "yes");
      figures_cell(&table, "%s", result->command);
    }
  figures_end(&table);
}

/* Adds a row for each difference of a class that counts there. */
static void add_differences(struct figures *table, const struct result *a, const char *name_a, const struct result *b,
                            const char *name_b, enum difference_class first) {
  static struct differences differences;
  fingerprint_compare(a, b, &differences);
  for (size_t i = 0; i < differences.count; i++) {
    const struct difference *difference = &differences.items[i];
    if (difference->class < first) continue;
    figures_row(table);
    figures_cell(table, "%s", name_a);
    figures_cell(table, "%s", name_b);
    figures_cell(table, "%s", difference_class_names[difference->class]);
    figures_cell(table, "%s", difference->what);
    figures_cell(table, "%s", difference->a);
    figures_cell(table, "%s", difference->b);
  }
}

static void differences(struct html *html, const struct views *views) {
  static const char *const headers[] = {"<this", "<and this", "<differ in", "<namely", "<here", "<there", NULL};
  if (views->input_count < 2) return;
  struct figures table = figures_begin(html, headers, "What differs");
  for (size_t i = 1; i < views->count; i++)
    add_differences(&table, views->views[0].newest, views->views[0].name, views->views[i].newest, views->views[i].name,
                    DIFFERENT_MACHINE);
  for (size_t i = 0; i < views->count; i++) {
    const struct view *view = &views->views[i];
    for (size_t j = 1; j < view->input_count; j++)
      add_differences(&table, &view->inputs[j - 1]->result, view->inputs[j - 1]->path, &view->inputs[j]->result,
                      view->inputs[j]->path, DIFFERENT_CONDITIONS);
  }
  figures_end(&table);
}

void section_machines(struct html *html, const struct views *views) {
  size_t interrupted = 0;
  for (size_t i = 0; i < views->input_count; i++) interrupted += views->inputs[i].result.interrupted;
  html_markup(html, "<p class=\"lead\">");
  html_format(html, "%zu result%s of %s", views->input_count, plural(views->input_count),
              views->count > 1 ? "" : "one machine");
  if (views->count > 1) html_format(html, "%zu machines", views->count);
  for (size_t i = 0; views->count > 1 && i < views->count; i++)
    if (views->views[i].input_count > 1)
      html_format(html, "; %zu of them are of %s", views->views[i].input_count, views->views[i].name);
  html_markup(html, ". ");
  if (views->count > 1)
    html_markup(html,
                "Figures of different machines stand side by side; they say nothing about a change of the program. ");
  if (interrupted)
    html_format(html, "%zu run%s interrupted: what is missing below was not measured.", interrupted,
                interrupted == 1 ? " was" : "s were");
  html_markup(html, "</p>\n<div class=\"cards\">\n");
  for (size_t i = 0; i < views->count; i++) card(html, &views->views[i]);
  html_markup(html, "</div>\n");
  runs(html, views);
  differences(html, views);
}
