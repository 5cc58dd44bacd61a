/* Input with labels. Real: Fashion-MNIST's images (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747) in the idx format,
 * gzipped or not; Debian's package dataset-fashion-mnist installs them. Built in: a synthetic set of the same shape,
 * which needs no files. */
#ifndef DEPTHMARK_DATASET_H
#define DEPTHMARK_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/error.h"
#include "kernels/kernels.h"

#define DATASET_DIRECTORY "/usr/share/datasets/fashion-mnist"
#define DATASET_VARIABLE "DEPTHMARK_DATASET" /* environment variable that names another directory */
#define DATASET_CLASSES 10
#define DATASET_PIXELS 784 /* 28 x 28 */
/* Mean and standard deviation of all pixels of the training images, as shares of 255: the constants commonly used for
 * this set, to four digits. */
#define DATASET_PIXEL_MEAN 0.2860
#define DATASET_PIXEL_STDDEV 0.3530

struct dataset {
  size_t count, rows, columns;
  uint8_t *pixels;     /* count x rows x columns, 0 to 255 */
  uint8_t *labels;     /* count, each below DATASET_CLASSES */
  double mean, stddev; /* of a pixel, as shares of 255 */
};

/* Reads the first `limit` training images (0: all of them) from train-images-idx3-ubyte.gz and
 * train-labels-idx1-ubyte.gz in directory; NULL: that of DATASET_VARIABLE, else DATASET_DIRECTORY. A file that is
 * missing, truncated, of another format or that does not match the other is an error that names it. */
bool dataset_load(struct dataset *dataset, const char *directory, size_t limit, struct error *error);

/* Images that dataset_load did not read with the limit `used`: the first `limit` of t10k-images-idx3-ubyte.gz, or, in a
 * directory that has no such file, of those that follow the first `used` training images. */
bool dataset_load_held_out(struct dataset *dataset, const char *directory, size_t used, size_t limit,
                           struct error *error);

/* Whether dataset_load would find both files, of the right format; reads one image. */
bool dataset_check(const char *directory, struct error *error);

void dataset_free(struct dataset *dataset);

/* Examples first .. first + count of the built-in set of that seed, 28 x 28 pixels in 10 classes that take turns.
 * Example i is a pure function of seed and i, whatever the table. The first is a multiple of 1024, at most 2^31.
 *
 * An example is a point of a space of few dimensions, mapped linearly to the pixels, with noise on every pixel. Each
 * class has several clusters in that space, so that no linear function of the pixels tells the classes apart. */
#define DATASET_SYNTHETIC_HELD_OUT ((size_t)1 << 31) /* where examples begin that no training set holds */
bool dataset_synthetic(struct dataset *dataset, const struct kernel_table *table, uint64_t seed, size_t first,
                       size_t count, struct error *error);

/* Images first .. first + n, counted around the end of the set, into x (n x rows * columns), standardized:
 * (pixel / 255 - mean) / stddev; and their labels. */
void dataset_batch(const struct dataset *dataset, size_t first, size_t n, float *x, int32_t *labels);

/* The same of the images which[0 .. n). */
void dataset_gather(const struct dataset *dataset, const uint32_t *which, size_t n, float *x, int32_t *labels);

#endif
