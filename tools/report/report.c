#include "tools/report/report.h"

#include <stdlib.h>
#include <string.h>

#include "tools/report/assets.h"
#include "tools/report/html.h"
#include "tools/report/sections.h"

static const struct section {
  const char *id, *title;
  section_function *write;
  const char *missing; /* what measures it */
} sections[] = {
    {"overview", "In one look", section_overview, ""},
    {"machines", "Machines and runs", section_machines, ""},
    {"speed", "Speed by row", section_speed, "bench --arch=all"},
    {"sizes", "Sizes", section_sizes, "bench --sizes=sweep"},
    {"roofline", "Roofline", section_roofline, "bench --arch=all"},
    {"threads", "Threads", section_threads, "bench with several numbers of --threads"},
    {"limits", "The machine's limits", section_limits, "bench --suite=limits"},
    {"gradients", "Gradients", section_gradients, "bench --suite=gradients"},
    {"histograms", "Histograms", section_histograms, "bench --suite=gradients --histograms"},
    {"learning", "Learning", section_learning, "bench --suite=learning"},
    {"accuracy", "Accuracy", section_accuracy, "bench --suite=accuracy"},
    {"predictions", "Predictions", section_predictions, "tools/predict"},
    {"products", "Dense layers and training", section_products, "bench --suite=dense,training --peers"},
    {"history", "History", section_history, "several results of one machine"},
};
#define SECTIONS (sizeof sections / sizeof *sections)

/* Nothing is loaded from anywhere, and nothing is sent. */
static const char head[] =
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta name=\"generator\" content=\"bench-report\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n";

/* Each section's text, "" where it has nothing to show; to be freed. */
static char *section_text(const struct section *section, const struct views *views, size_t *charts) {
  char *text = NULL;
  size_t length = 0;
  struct html html = {open_memstream(&text, &length), *charts};
  if (!html.out) abort();
  section->write(&html, views);
  *charts = html.charts;
  if (fclose(html.out) != 0) abort();
  return text;
}

static void make_title(char *title, size_t size, const struct views *views) {
  if (views->count == 1)
    snprintf(title, size, "%s", views->views[0].name);
  else
    snprintf(title, size, "%zu machines: %s and %s%s", views->count, views->views[0].name, views->views[1].name,
             views->count > 2 ? ", ..." : "");
}

static void write_header(struct html *html, const struct views *views, const char *title) {
  char first[VIEW_RUN], last[VIEW_RUN];
  const struct result *oldest = &views->inputs[0].result, *newest = oldest;
  for (size_t i = 1; i < views->input_count; i++) {
    const struct result *result = &views->inputs[i].result;
    if (view_seconds(result) < view_seconds(oldest)) oldest = result;
    if (view_seconds(result) > view_seconds(newest)) newest = result;
  }
  html_markup(html, "<a class=\"skip\" href=\"#main\">Skip to the figures</a>\n<header class=\"top\">\n");
  html_element(html, "h1", "%s", title);
  html_markup(html, "<p>");
  html_format(html, "Depthmark: %zu result%s, %s", views->input_count, plural(views->input_count),
              view_run(first, oldest));
  if (views->input_count > 1) html_format(html, " to %s", view_run(last, newest));
  html_markup(html, ".</p>\n");
  if (!report_script[0])
    html_element(html, "p class=\"warn\"",
                 "Charts are left out: bench-report was built without npm. All figures are in the tables.");
  html_markup(html, "<noscript><p class=\"warn\">Charts need scripts, which are off here. All figures are in the "
                    "tables.</p></noscript>\n</header>\n");
}

static void write_navigation(struct html *html, char *const texts[]) {
  html_markup(html, "<nav class=\"sections\" aria-label=\"Sections\"><ul>\n");
  for (size_t i = 0; i < SECTIONS; i++)
    if (texts[i][0]) {
      fprintf(html->out, "<li><a href=\"#%s\">", sections[i].id);
      html_text(html, sections[i].title);
      html_markup(html, "</a></li>\n");
    }
  html_markup(html, "</ul></nav>\n");
}

static void write_sections(struct html *html, char *const texts[]) {
  bool any_missing = false;
  html_markup(html, "<main id=\"main\">\n");
  for (size_t i = 0; i < SECTIONS; i++) {
    any_missing |= !texts[i][0];
    if (!texts[i][0]) continue;
    fprintf(html->out, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", sections[i].id,
            sections[i].id, sections[i].id);
    html_text(html, sections[i].title);
    html_markup(html, "</h2>\n");
    html_markup(html, texts[i]);
    html_markup(html, "</section>\n");
  }
  if (any_missing) {
    html_markup(html, "<section id=\"missing\" aria-labelledby=\"missing-title\">\n<h2 id=\"missing-title\">Not in "
                      "these results</h2>\n<ul>\n");
    for (size_t i = 0; i < SECTIONS; i++)
      if (!texts[i][0]) html_element(html, "li", "%s: %s", sections[i].title, sections[i].missing);
    html_markup(html, "</ul>\n</section>\n");
  }
  html_markup(html, "</main>\n");
}

char *report_html(const struct input *inputs, size_t count, const char *title) {
  struct views views;
  char *texts[SECTIONS], *page = NULL, made[256];
  size_t length = 0, charts = 0;
  views_init(&views, inputs, count);
  for (size_t i = 0; i < SECTIONS; i++) texts[i] = section_text(&sections[i], &views, &charts);
  make_title(made, sizeof made, &views);
  if (!title) title = made;

  struct html html = {open_memstream(&page, &length), 0};
  if (!html.out) abort();
  html_markup(&html, "<!doctype html>\n<html lang=\"en\">\n<head>\n");
  html_markup(&html, head);
  html_element(&html, "title", "%s", title);
  html_markup(&html, "<style>");
  html_markup(&html, report_style);
  html_markup(&html, "</style>\n</head>\n<body>\n");
  write_header(&html, &views, title);
  write_navigation(&html, texts);
  write_sections(&html, texts);
  if (report_script[0] && charts) {
    html_markup(&html, "<script>");
    html_markup(&html, report_script);
    html_markup(&html, "</script>\n");
  }
  html_markup(&html, "</body>\n</html>\n");
  if (fclose(html.out) != 0) abort();
  for (size_t i = 0; i < SECTIONS; i++) free(texts[i]);
  views_free(&views);
  return page;
}
