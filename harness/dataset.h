/* Real input: Fashion-MNIST's images and labels (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747) in the idx format,
 * gzipped or not. Debian's package dataset-fashion-mnist installs them. */
#ifndef DEPTHMARK_DATASET_H
#define DEPTHMARK_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/error.h"

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
  uint8_t *pixels; /* count x rows x columns, 0 to 255 */
  uint8_t *labels; /* count, each below DATASET_CLASSES */
};

/* Reads the first `limit` training images (0: all of them) from train-images-idx3-ubyte.gz and
 * train-labels-idx1-ubyte.gz in directory; NULL: that of DATASET_VARIABLE, else DATASET_DIRECTORY. A file that is
 * missing, truncated, of another format or that does not match the other is an error that names it. */
bool dataset_load(struct dataset *dataset, const char *directory, size_t limit, struct error *error);

/* Whether dataset_load would find both files, of the right format; reads one image. */
bool dataset_check(const char *directory, struct error *error);

void dataset_free(struct dataset *dataset);

/* Images first .. first + n, counted around the end of the set, into x (n x rows * columns), standardized:
 * (pixel / 255 - mean) / stddev with the constants above; and their labels. */
void dataset_batch(const struct dataset *dataset, size_t first, size_t n, float *x, int32_t *labels);

#endif
