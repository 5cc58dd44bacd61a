#include "harness/dataset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define TRAINING "train"
#define HELD_OUT "t10k"
#define IMAGES_FILE "-images-idx3-ubyte.gz" /* behind one of these */
#define LABELS_FILE "-labels-idx1-ubyte.gz"
#define IMAGES_MAGIC 0x00000803u /* unsigned bytes in three dimensions */
#define LABELS_MAGIC 0x00000801u /* in one */
#define LARGEST_SIDE 4096

#define ADVICE "install the Debian package dataset-fashion-mnist or set " DATASET_VARIABLE " to a directory that has it"

struct idx {
  char path[4096];
  gzFile file;
};

static bool idx_open(struct idx *idx, const char *directory, const char *part, const char *name, struct error *error) {
  const int length = snprintf(idx->path, sizeof idx->path, "%s/%s%s", directory, part, name);
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

/* Leaves out so many bytes; reading tells when the file does not have them. */
static bool idx_skip(struct idx *idx, size_t size, struct error *error) {
  return size == 0 || gzseek(idx->file, (z_off_t)size, SEEK_CUR) >= 0 ||
         error_set(error, "cannot read %.700s: the file ends too early; " ADVICE, idx->path);
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

/* Of a file's images, `limit` after the first `skip`; 0: all that follow. */
struct selection {
  size_t skip, limit;
};

static bool read_images(struct dataset *dataset, struct idx *images, size_t *total, struct selection which,
                        struct error *error) {
  uint32_t sizes[3];
  if (!idx_header(images, IMAGES_MAGIC, sizes, 3, error)) return false;
  if (sizes[0] == 0 || sizes[1] == 0 || sizes[2] == 0 || sizes[1] > LARGEST_SIDE || sizes[2] > LARGEST_SIDE)
    return error_set(error, "%.700s holds %u images of %u x %u pixels; at least one of 1 to %d pixels a side is needed",
                     images->path, sizes[0], sizes[1], sizes[2], LARGEST_SIDE);
  if (sizes[0] <= which.skip)
    return error_set(error, "%.700s holds %u images, and none are left after the first %zu; choose fewer --images",
                     images->path, sizes[0], which.skip);
  const size_t left = sizes[0] - which.skip;
  *total = sizes[0];
  dataset->count = which.limit > 0 && which.limit < left ? which.limit : left;
  dataset->rows = sizes[1], dataset->columns = sizes[2];
  const size_t bytes = dataset->count * dataset->rows * dataset->columns; /* below 2^56 */
  dataset->pixels = malloc(bytes);
  dataset->labels = malloc(dataset->count);
  if (!dataset->pixels || !dataset->labels)
    return error_set(error, "out of memory: the images of %.700s need %zu bytes", images->path, bytes);
  return idx_skip(images, which.skip * dataset->rows * dataset->columns, error) &&
         idx_read(images, dataset->pixels, bytes, "images", error);
}

static bool read_labels(struct dataset *dataset, struct idx *labels, size_t total, struct selection which,
                        const char *images_path, struct error *error) {
  uint32_t count;
  if (!idx_header(labels, LABELS_MAGIC, &count, 1, error)) return false;
  if (count != total)
    return error_set(error, "%.400s holds %u labels for the %zu images of %.400s: the two do not belong together",
                     labels->path, count, total, images_path);
  if (!idx_skip(labels, which.skip, error) || !idx_read(labels, dataset->labels, dataset->count, "labels", error))
    return false;
  for (size_t i = 0; i < dataset->count; i++)
    if (dataset->labels[i] >= DATASET_CLASSES)
      return error_set(error, "label %zu of %.700s is %u; the set has classes 0 to %d", i, labels->path,
                       dataset->labels[i], DATASET_CLASSES - 1);
  return true;
}

static const char *directory_or_default(const char *directory) {
  if (!directory) directory = getenv(DATASET_VARIABLE);
  return directory && *directory ? directory : DATASET_DIRECTORY;
}

static bool load(struct dataset *dataset, const char *directory, const char *part, struct selection which,
                 struct error *error) {
  *dataset = (struct dataset){.mean = DATASET_PIXEL_MEAN, .stddev = DATASET_PIXEL_STDDEV};
  struct idx images = {.file = NULL}, labels = {.file = NULL};
  size_t total = 0;
  const bool ok = idx_open(&images, directory, part, IMAGES_FILE, error) &&
                  idx_open(&labels, directory, part, LABELS_FILE, error) &&
                  read_images(dataset, &images, &total, which, error) &&
                  read_labels(dataset, &labels, total, which, images.path, error);
  if (images.file) gzclose(images.file);
  if (labels.file) gzclose(labels.file);
  if (!ok) dataset_free(dataset);
  return ok;
}

bool dataset_load(struct dataset *dataset, const char *directory, size_t limit, struct error *error) {
  return load(dataset, directory_or_default(directory), TRAINING, (struct selection){0, limit}, error);
}

bool dataset_load_held_out(struct dataset *dataset, const char *directory, size_t used, size_t limit,
                           struct error *error) {
  char path[4096];
  directory = directory_or_default(directory);
  snprintf(path, sizeof path, "%s/" HELD_OUT IMAGES_FILE, directory);
  if (access(path, F_OK) == 0) return load(dataset, directory, HELD_OUT, (struct selection){0, limit}, error);
  return load(dataset, directory, TRAINING, (struct selection){used, limit}, error);
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

/* Every value that a standardized pixel has. */
struct shades {
  float of[256];
};
static struct shades shades_of(const struct dataset *dataset) {
  struct shades shades;
  for (int p = 0; p < 256; p++) shades.of[p] = (float)((p / 255.0 - dataset->mean) / dataset->stddev);
  return shades;
}

static void copy_image(const struct dataset *dataset, const struct shades *shades, size_t image, float *x) {
  const size_t size = dataset->rows * dataset->columns;
  const uint8_t *pixels = dataset->pixels + image * size;
  for (size_t j = 0; j < size; j++) x[j] = shades->of[pixels[j]];
}

void dataset_batch(const struct dataset *dataset, size_t first, size_t n, float *x, int32_t *labels) {
  const struct shades shades = shades_of(dataset);
  for (size_t i = 0; i < n; i++) {
    const size_t image = (first + i) % dataset->count;
    copy_image(dataset, &shades, image, x + i * dataset->rows * dataset->columns);
    labels[i] = dataset->labels[image];
  }
}

void dataset_gather(const struct dataset *dataset, const uint32_t *which, size_t n, float *x, int32_t *labels) {
  const struct shades shades = shades_of(dataset);
  for (size_t i = 0; i < n; i++) {
    copy_image(dataset, &shades, which[i], x + i * dataset->rows * dataset->columns);
    labels[i] = dataset->labels[which[i]];
  }
}
