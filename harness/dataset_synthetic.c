/* The built-in set. All random numbers and all arithmetic that rounds are the kernels', which give the same bits on
 * every vector ISA. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dataset.h"

#define DIMENSIONS 10
#define CLUSTERS 4 /* of a class */
#define CENTERS (DATASET_CLASSES * CLUSTERS)
#define SPREAD 0.35f     /* of a cluster, in each dimension; its centre's coordinates are N(0, 1) */
#define PIXEL_NOISE 0.5f /* beside the unit variance of what shows the cluster's centre */
/* Pixels are rounded to so many steps of their standard deviation: 4 of these on either side fit a byte. */
#define STEPS 31
#define BLOCK 1024 /* examples made at once */

/* Random streams of a set's seed, beyond those of any layer's weights. */
enum stream { STREAM_CENTERS, STREAM_MAP, STREAM_CLUSTERS, STREAM_SPREAD, STREAM_NOISE };
static uint64_t stream(enum stream which) { return (1ull << 62) + which; }

struct maker {
  const struct kernel_table *table;
  uint64_t seed;
  float centers[CENTERS * DIMENSIONS];
  float map[DIMENSIONS * DATASET_PIXELS];
  float points[BLOCK * DIMENSIONS], spread[BLOCK * DIMENSIONS];
  float x[BLOCK * DATASET_PIXELS], noise[BLOCK * DATASET_PIXELS];
  uint32_t words[BLOCK];
};

static void fill_normal(const struct maker *m, enum stream which, float *to, uint64_t first, size_t n, float stddev) {
  const struct init normal = {.seed = m->seed, .stream = stream(which), .p = {.b = stddev}, .fan_in = 1, .fan_out = 1};
  m->table->init_normal(to, first, n, &normal);
}

/* Pixels in standard deviations, of n examples from `first` on, a multiple of BLOCK. */
static void make_block(struct maker *m, size_t first, size_t n, void *workspace, uint8_t *labels) {
  m->table->philox4x32_10(m->words, first / 4, n, m->seed, stream(STREAM_CLUSTERS));
  fill_normal(m, STREAM_SPREAD, m->spread, first * DIMENSIONS, n * DIMENSIONS, SPREAD);
  fill_normal(m, STREAM_NOISE, m->noise, first * DATASET_PIXELS, n * DATASET_PIXELS, PIXEL_NOISE);
  for (size_t i = 0; i < n; i++) {
    const size_t label = (first + i) % DATASET_CLASSES, center = label * CLUSTERS + m->words[i] % CLUSTERS;
    labels[i] = (uint8_t)label;
    memcpy(m->points + i * DIMENSIONS, m->centers + center * DIMENSIONS, DIMENSIONS * sizeof *m->points);
  }
  /* An update by a rate of -1 adds. */
  m->table->sgd_update(m->points, m->spread, n * DIMENSIONS, -1);
  const struct dense map = {.batch = n,
                            .in = DIMENSIONS,
                            .out = DATASET_PIXELS,
                            .x = m->points,
                            .w = m->map,
                            .z = m->x,
                            .y = m->x,
                            .workspace = workspace,
                            .threads = 1};
  m->table->dense_forward(&map);
  m->table->sgd_update(m->x, m->noise, n * DATASET_PIXELS, -1);
}

/* The standard deviation of what make_block makes. */
static double pixel_stddev(void) {
  return sqrt(1 + (double)SPREAD * (double)SPREAD + (double)PIXEL_NOISE * (double)PIXEL_NOISE);
}

static uint8_t quantized(float x, float scale) {
  const long step = lrintf(x * scale) + 128;
  return step < 0 ? 0 : step > 255 ? 255 : (uint8_t)step;
}

bool dataset_synthetic(struct dataset *dataset, const struct kernel_table *table, uint64_t seed, size_t first,
                       size_t count, struct error *error) {
  const size_t side = 28, bytes = table->dense_workspace_bytes(BLOCK, DIMENSIONS, DATASET_PIXELS, 1);
  *dataset =
      (struct dataset){.count = count, .rows = side, .columns = side, .mean = 128 / 255.0, .stddev = STEPS / 255.0};
  size_t pixels;
  if (__builtin_mul_overflow(count, DATASET_PIXELS, &pixels)) pixels = SIZE_MAX;
  struct maker *maker = malloc(sizeof *maker);
  void *workspace = aligned_alloc(64, bytes ? bytes : 64);
  dataset->pixels = malloc(pixels), dataset->labels = malloc(count);
  const bool ok = (maker && workspace && dataset->pixels && dataset->labels) ||
                  error_set(error, "out of memory: %zu synthetic examples need %zu bytes", count, pixels);
  if (ok) {
    const float scale = (float)(STEPS / pixel_stddev());
    maker->table = table, maker->seed = seed;
    fill_normal(maker, STREAM_CENTERS, maker->centers, 0, CENTERS * DIMENSIONS, 1);
    fill_normal(maker, STREAM_MAP, maker->map, 0, DIMENSIONS * DATASET_PIXELS, 1 / sqrtf(DIMENSIONS));
    for (size_t done = 0; done < count; done += BLOCK) {
      const size_t n = count - done < BLOCK ? count - done : BLOCK;
      uint8_t *to = dataset->pixels + done * DATASET_PIXELS;
      make_block(maker, first + done, n, workspace, dataset->labels + done);
      for (size_t i = 0; i < n * DATASET_PIXELS; i++) to[i] = quantized(maker->x[i], scale);
    }
  } else {
    dataset_free(dataset);
  }
  free(maker);
  free(workspace);
  return ok;
}
