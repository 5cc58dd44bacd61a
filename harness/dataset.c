#include "harness/dataset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define IMAGES_FILE "train-images-idx3-ubyte.gz"
#define LABELS_FILE "train-labels-idx1-ubyte.gz"
#define IMAGES_MAGIC 0x00000803u /* unsigned bytes in three dimensions */
#define LABELS_MAGIC 0x00000801u /* in one */
#define LARGEST_SIDE 4096

#define ADVICE "install the Debian package dataset-fashion-mnist or set " DATASET_VARIABLE " to a directory that has it"

struct idx {
  char path[4096];
  gzFile file;
};

static bool idx_open(struct idx *idx, const char *directory, const char *name, struct error *error) {
  const int length = snprintf(idx->path, sizeof idx->path, "%s/%s", directory, name);
  if (length < 0 || (size_t)length >= sizeof idx->path)
    return error_set(error, "the data directory's name is longer than %zu characters: %.60s...", sizeof idx->path,
                     directory);
  errno = 0;
  idx->file = gzopen(idx->path, "rb");
  if (!idx->file)
    return error_set(error, "cannot open %.700s: %s; " ADVICE, idx->path, errno ? strerror(errno) : "out of memory");
  gzbuffer(idx->file, 1u << 17);
  return true;
}

/* Exactly that many bytes; what names them in the error. */
static bool idx_read(struct idx *idx, void *bytes, size_t size, const char *what, struct error *error) {
  size_t done = 0;
  while (done < size) {
    const size_t left = size - done;
    const int got = gzread(idx->file, (char *)bytes + done, left < 1u << 30 ? (unsigned)left : 1u << 30);
    if (got <= 0) {
      int code;
      const char *reason = gzerror(idx->file, &code);
      if (code == Z_ERRNO) reason = strerror(errno);
      if (code == Z_OK || code == Z_BUF_ERROR) reason = "the file ends too early";
      return error_set(error, "cannot read the %s of %.700s: %s; " ADVICE, what, idx->path, reason);
    }
    done += (size_t)got;
  }
  return true;
}

static bool idx_header(struct idx *idx, uint32_t magic, uint32_t *sizes, int dimensions, struct error *error) {
  uint8_t bytes[16];
  if (!idx_read(idx, bytes, 4 * (size_t)(dimensions + 1), "header", error)) return false;
  for (int i = 0; i <= dimensions; i++) {
    const uint8_t *b = bytes + 4 * i;
    const uint32_t word = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    if (i > 0)
      sizes[i - 1] = word;
    else if (word != magic)
      return error_set(error, "%.700s is not an idx file of %s: it begins with %08x, not %08x; " ADVICE, idx->path,
                       dimensions == 3 ? "images" : "labels", word, magic);
  }
  return true;
}

static bool read_images(struct dataset *dataset, struct idx *images, size_t *total, size_t limit, struct error *error) {
  uint32_t sizes[3];
  if (!idx_header(images, IMAGES_MAGIC, sizes, 3, error)) return false;
  if (sizes[0] == 0 || sizes[1] == 0 || sizes[2] == 0 || sizes[1] > LARGEST_SIDE || sizes[2] > LARGEST_SIDE)
    return error_set(error, "%.700s holds %u images of %u x %u pixels; at least one of 1 to %d pixels a side is needed",
                     images->path, sizes[0], sizes[1], sizes[2], LARGEST_SIDE);
  *total = sizes[0];
  dataset->count = limit > 0 && limit < sizes[0] ? limit : sizes[0];
  dataset->rows = sizes[1], dataset->columns = sizes[2];
  const size_t bytes = dataset->count * dataset->rows * dataset->columns; /* below 2^56 */
  dataset->pixels = malloc(bytes);
  dataset->labels = malloc(dataset->count);
  if (!dataset->pixels || !dataset->labels)
    return error_set(error, "out of memory: the images of %.700s need %zu bytes", images->path, bytes);
  return idx_read(images, dataset->pixels, bytes, "images", error);
}

static bool read_labels(struct dataset *dataset, struct idx *labels, size_t total, const char *images_path,
                        struct error *error) {
  uint32_t count;
  if (!idx_header(labels, LABELS_MAGIC, &count, 1, error)) return false;
  if (count != total)
    return error_set(error, "%.400s holds %u labels for the %zu images of %.400s: the two do not belong together",
                     labels->path, count, total, images_path);
  if (!idx_read(labels, dataset->labels, dataset->count, "labels", error)) return false;
  for (size_t i = 0; i < dataset->count; i++)
    if (dataset->labels[i] >= DATASET_CLASSES)
      return error_set(error, "label %zu of %.700s is %u; the set has classes 0 to %d", i, labels->path,
                       dataset->labels[i], DATASET_CLASSES - 1);
  return true;
}

bool dataset_load(struct dataset *dataset, const char *directory, size_t limit, struct error *error) {
  *dataset = (struct dataset){0};
  if (!directory) directory = getenv(DATASET_VARIABLE);
  if (!directory || !*directory) directory = DATASET_DIRECTORY;
  struct idx images = {.file = NULL}, labels = {.file = NULL};
  size_t total = 0;
  const bool ok =
      idx_open(&images, directory, IMAGES_FILE, error) && idx_open(&labels, directory, LABELS_FILE, error) &&
      read_images(dataset, &images, &total, limit, error) && read_labels(dataset, &labels, total, images.path, error);
  if (images.file) gzclose(images.file);
  if (labels.file) gzclose(labels.file);
  if (!ok) dataset_free(dataset);
  return ok;
}

bool dataset_check(const char *directory, struct error *error) {
  struct dataset dataset;
  const bool ok = dataset_load(&dataset, directory, 1, error);
  if (ok) dataset_free(&dataset);
  return ok;
}

void dataset_free(struct dataset *dataset) {
  free(dataset->pixels);
  free(dataset->labels);
  *dataset = (struct dataset){0};
}

void dataset_batch(const struct dataset *dataset, size_t first, size_t n, float *x, int32_t *labels) {
  const size_t size = dataset->rows * dataset->columns;
  float standardized[256];
  for (int p = 0; p < 256; p++) standardized[p] = (float)((p / 255.0 - DATASET_PIXEL_MEAN) / DATASET_PIXEL_STDDEV);
  for (size_t i = 0; i < n; i++) {
    const size_t image = (first + i) % dataset->count;
    const uint8_t *pixels = dataset->pixels + image * size;
    for (size_t j = 0; j < size; j++) x[i * size + j] = standardized[pixels[j]];
    labels[i] = dataset->labels[image];
  }
}
