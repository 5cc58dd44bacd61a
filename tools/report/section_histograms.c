/* How the sizes of gradients, activations and pre-activations spread in each layer. */
#include <math.h>
#include <string.h>

#include "tools/report/chart.h"
#include "tools/report/sections.h"

#define FRAMES_MOST 12
#define LAYERS_MOST 25 /* of a network, evenly chosen */
#define BAND 4         /* binades that share a line */
#define FLOOR -6       /* log10 of the smallest share that has a colour */

struct quantity {
  const char *name;
  size_t offset;
};
static const struct quantity quantities[] = {
    {"gradient", offsetof(struct layer_histograms, delta)},
    {"activations", offsetof(struct layer_histograms, h)},
    {"pre-activations", offsetof(struct layer_histograms, z)},
    {"gradient of the weights", offsetof(struct layer_histograms, dw)},
};

static const struct histogram *histogram_of(const struct gradient_cell *cell, size_t layer,
                                            const struct quantity *quantity) {
  return (const void *)((const char *)&cell->histograms[layer - 1] + quantity->offset);
}

/* The layers that are shown, ascending, the first and the last among them. */
static size_t layers_of(const struct gradient_cell *cell, size_t layers[LAYERS_MOST]) {
  const size_t count = cell->depth < LAYERS_MOST ? cell->depth : LAYERS_MOST;
  for (size_t i = 0; i < count; i++) layers[i] = count > 1 ? 1 + i * (cell->depth - 1) / (count - 1) : 1;
  return count;
}

static bool has_histograms(const struct gradient_cell *cell) { return cell->histograms && cell->depth; }

/* Those that are drawn: where there are too many, evenly among all, so that every axis of the grid is seen. */
static size_t cells_with(const struct views *views, const struct gradient_cell *cells[FRAMES_MOST]) {
  size_t all = 0, seen = 0, taken = 0;
  for (size_t i = 0; i < views->cell_count; i++) all += has_histograms(views->cells[i]);
  const size_t count = all < FRAMES_MOST ? all : FRAMES_MOST;
  for (size_t i = 0; i < views->cell_count && taken < count; i++) {
    if (!has_histograms(views->cells[i])) continue;
    if (seen++ == taken * all / count) cells[taken++] = views->cells[i];
  }
  return all;
}

/* Lines from the largest binade that occurs in any frame to the smallest. */
struct bands {
  int highest, count;
};
static struct bands find_bands(const struct gradient_cell *const *cells, size_t count,
                               const struct quantity *quantity) {
  size_t first = BINADE_COUNT, end = 0, layers[LAYERS_MOST];
  for (size_t i = 0; i < count; i++) {
    const size_t layer_count = layers_of(cells[i], layers);
    for (size_t j = 0; j < layer_count; j++) {
      const struct histogram_range range = histogram_range(histogram_of(cells[i], layers[j], quantity));
      if (range.first == range.end) continue;
      if (range.first < first) first = range.first;
      if (range.end > end) end = range.end;
    }
  }
  const int highest = (int)((end + BAND - 1) / BAND) - 1;
  return (struct bands){highest, first < end ? highest - (int)(first / BAND) + 1 : 0};
}

/* One layer's column: shares of its numbers in each band. */
static void add_layer(struct chart *chart, json_t *frame, const struct histogram *histogram, size_t layer,
                      struct bands bands) {
  char name[24];
  double total = 0;
  snprintf(name, sizeof name, "%zu", layer);
  const size_t x = chart_category(chart, CHART_X, name);
  for (size_t i = 0; i < BINADE_COUNT; i++) total += (double)histogram->counts[i];
  for (int band = 0; total > 0 && band < bands.count; band++) {
    const size_t from = (size_t)(bands.highest - band) * BAND;
    double count = 0;
    for (size_t i = from; i < from + BAND && i < BINADE_COUNT; i++) count += (double)histogram->counts[i];
    if (count > 0)
      chart_heat(frame, x, (size_t)band, fmax(FLOOR, log10(count / total)),
                 "%.3g %% of the numbers from 2^%d up to 2^%d", 100 * count / total, BINADE_FIRST + (int)from,
                 BINADE_FIRST + (int)from + BAND);
  }
}

static void draw(struct html *html, const struct gradient_cell *const *cells, size_t count,
                 const struct quantity *quantity) {
  const struct bands bands = find_bands(cells, count, quantity);
  if (!bands.count) return;
  struct chart chart = chart_begin(CHART_HEAT, "How large the numbers of each layer are: %s", quantity->name);
  chart_note(&chart, "A column is a layer, a line %d powers of two; zeros are in none.", BAND);
  chart_axis(&chart, CHART_X, "layer", CHART_CATEGORY, "");
  chart_axis(&chart, CHART_Y, "size", CHART_CATEGORY, "");
  chart_value(&chart, "log10 of the share of a layer's numbers", FLOOR, FLOOR, 0);
  for (int band = 0; band < bands.count; band++) {
    char name[24];
    snprintf(name, sizeof name, "%.0e", ldexp(1, BINADE_FIRST + (bands.highest - band) * BAND));
    chart_category(&chart, CHART_Y, name);
  }
  for (size_t i = 0; i < count; i++) {
    char label[CELL_TEXT];
    size_t layers[LAYERS_MOST];
    json_t *frame = chart_frame(&chart, section_cell_text(label, cells[i]));
    const size_t layer_count = layers_of(cells[i], layers);
    for (size_t j = 0; j < layer_count; j++)
      add_layer(&chart, frame, histogram_of(cells[i], layers[j], quantity), layers[j], bands);
  }
  chart_end(&chart, html);
}

/* The binade below which a share of the numbers lies, as log2. */
static double quantile(const struct histogram *histogram, double share) {
  double total = 0, below = 0;
  for (size_t i = 0; i < BINADE_COUNT; i++) total += (double)histogram->counts[i];
  for (size_t i = 0; total > 0 && i < BINADE_COUNT; i++) {
    below += (double)histogram->counts[i];
    if (below >= share * total) return BINADE_FIRST + (double)i;
  }
  return NAN;
}

static void tabulate(struct html *html, const struct gradient_cell *const *cells, size_t count) {
  static const char *const headers[] = {
      "<network", "layer", "gradient: 1 % below 2^", "half below 2^", "99 % below 2^", "activations: half below 2^",
      NULL};
  struct figures table = figures_begin(html, headers, "Sizes by layer");
  size_t all = 0;
  for (size_t i = 0; i < count; i++) {
    char name[CELL_TEXT];
    size_t layers[LAYERS_MOST];
    const size_t layer_count = layers_of(cells[i], layers);
    section_cell_text(name, cells[i]);
    for (size_t j = 0; j < layer_count; j++) {
      const struct histogram *delta = histogram_of(cells[i], layers[j], &quantities[0]);
      if (all++ >= TABLE_ROWS_MOST) continue;
      figures_row(&table);
      figures_cell(&table, "%s", name);
      figures_cell(&table, "%zu", layers[j]);
      figures_number(&table, "%.0f", quantile(delta, 0.01) + 1);
      figures_number(&table, "%.0f", quantile(delta, 0.5) + 1);
      figures_number(&table, "%.0f", quantile(delta, 0.99) + 1);
      figures_number(&table, "%.0f", quantile(histogram_of(cells[i], layers[j], &quantities[1]), 0.5) + 1);
    }
  }
  figures_end(&table);
  html_left_out(html, TABLE_ROWS_MOST, all, "layers");
}

void section_histograms(struct html *html, const struct views *views) {
  const struct gradient_cell *cells[FRAMES_MOST];
  const size_t all = cells_with(views, cells), count = all < FRAMES_MOST ? all : FRAMES_MOST;
  if (!count) return;
  const struct histogram *first = histogram_of(cells[0], 1, &quantities[0]),
                         *last = histogram_of(cells[0], cells[0]->depth, &quantities[0]);
  char name[CELL_TEXT];
  html_markup(html, "<p class=\"lead\">");
  html_format(html, "In %s half of the gradient's numbers are below 2^%.0f in the last layer",
              section_cell_text(name, cells[0]), quantile(last, 0.5) + 1);
  if (isnan(quantile(first, 0.5)))
    html_markup(html, ", and all are zero in the first.");
  else
    html_format(html, " and below 2^%.0f in the first.", quantile(first, 0.5) + 1);
  if (all > count) html_format(html, " Of %zu networks with histograms %zu are drawn, evenly among them.", all, count);
  html_markup(html, "</p>\n");
  for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++) draw(html, cells, count, &quantities[i]);
  tabulate(html, cells, count);
}
