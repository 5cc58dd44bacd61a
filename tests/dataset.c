/* Reading Fashion-MNIST: small generated files, broken ones, and the real set where it is installed. */
#include "harness/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/support.h"

#define COUNT 7
#define ROWS 3
#define COLUMNS 4

static char directory[] = "/tmp/depthmark-dataset-XXXXXX";
static char images_path[128], labels_path[128];

static void put_word(uint8_t *bytes, uint32_t word) {
  for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(word >> (24 - 8 * i));
}

static void write_file(const char *path, const uint8_t *bytes, size_t size) {
  gzFile file = gzopen(path, "wb");
  assert_int_equal(gzwrite(file, bytes, (unsigned)size), size);
  assert_int_equal(gzclose(file), Z_OK);
}

static uint8_t pixel(size_t i) { return (uint8_t)(i * 37); }
static uint8_t label(size_t i) { return (uint8_t)(i * 3 % 10); }

static void write_part(const char *part, uint32_t magic, uint32_t count, uint32_t rows, uint32_t columns, size_t pixels,
                       const char *what, uint8_t change) {
  uint8_t bytes[16 + COUNT * ROWS * COLUMNS];
  char path[128];
  put_word(bytes, magic), put_word(bytes + 4, count), put_word(bytes + 8, rows), put_word(bytes + 12, columns);
  const size_t header = rows ? 16 : 8;
  for (size_t i = 0; i < pixels; i++) bytes[header + i] = (uint8_t)((rows ? pixel(i) : label(i)) ^ change);
  snprintf(path, sizeof path, "%s/%s-%s-ubyte.gz", directory, part, what);
  write_file(path, bytes, header + pixels);
}

static void write_images(uint32_t magic, uint32_t count, uint32_t rows, uint32_t columns, size_t pixels) {
  uint8_t bytes[16 + COUNT * ROWS * COLUMNS];
  put_word(bytes, magic), put_word(bytes + 4, count), put_word(bytes + 8, rows), put_word(bytes + 12, columns);
  for (size_t i = 0; i < pixels; i++) bytes[16 + i] = pixel(i);
  write_file(images_path, bytes, 16 + pixels);
}

static void write_labels(uint32_t magic, uint32_t count, size_t labels) {
  uint8_t bytes[8 + COUNT];
  put_word(bytes, magic), put_word(bytes + 4, count);
  for (size_t i = 0; i < labels; i++) bytes[8 + i] = label(i);
  write_file(labels_path, bytes, 8 + labels);
}

static int write_good(void **state) {
  (void)state;
  write_images(0x803, COUNT, ROWS, COLUMNS, COUNT * ROWS * COLUMNS);
  write_labels(0x801, COUNT, COUNT);
  return 0;
}

static void check_good(const char *from, size_t limit) {
  struct dataset dataset;
  struct error error;
  if (!dataset_load(&dataset, from, limit, &error)) fail_msg("%s", error.text);
  assert_int_equal(dataset.count, limit > 0 && limit < COUNT ? limit : COUNT);
  assert_int_equal(dataset.rows, ROWS);
  assert_int_equal(dataset.columns, COLUMNS);
  for (size_t i = 0; i < dataset.count * ROWS * COLUMNS; i++) assert_int_equal(dataset.pixels[i], pixel(i));
  for (size_t i = 0; i < dataset.count; i++) assert_int_equal(dataset.labels[i], label(i));
  dataset_free(&dataset);
}

static void test_load(void **state) {
  (void)state;
  check_good(directory, 0);
  check_good(directory, 3);
  check_good(directory, 100);
  setenv(DATASET_VARIABLE, directory, 1);
  check_good(NULL, 0);
  unsetenv(DATASET_VARIABLE);
}

static void test_batch(void **state) {
  (void)state;
  struct dataset dataset;
  struct error error;
  float x[4 * ROWS * COLUMNS];
  int32_t labels[4];
  assert_true(dataset_load(&dataset, directory, 0, &error));
  dataset_batch(&dataset, 19, 4, x, labels); /* images 5, 6, 0, 1 */
  for (size_t i = 0; i < 4; i++) {
    const size_t image = (5 + i) % COUNT;
    assert_int_equal(labels[i], label(image));
    for (size_t j = 0; j < ROWS * COLUMNS; j++) {
      const double standardized = (pixel(image * ROWS * COLUMNS + j) / 255.0 - 0.2860) / 0.3530;
      assert_true(fabs(x[i * ROWS * COLUMNS + j] - standardized) < 1e-6);
    }
  }
  dataset_free(&dataset);
}

static void assert_refused(const char *from, const char *file, const char *says) {
  struct dataset dataset;
  struct error error = {""};
  assert_false(dataset_load(&dataset, from, 0, &error));
  assert_null(dataset.pixels);
  assert_null(dataset.labels);
  if (!strstr(error.text, file) || !strstr(error.text, says) || strchr(error.text, '\n'))
    fail_msg("\"%s\" does not name \"%s\" and \"%s\"", error.text, file, says);
}

static void test_missing(void **state) {
  (void)state;
  assert_refused("/nonexistent", "/nonexistent/train-images-idx3-ubyte.gz", "dataset-fashion-mnist");
  unlink(labels_path);
  assert_refused(directory, labels_path, "dataset-fashion-mnist");
  struct error error = {""};
  assert_false(dataset_check(directory, &error));
  assert_non_null(strstr(error.text, labels_path));
  write_good(NULL);
  assert_true(dataset_check(directory, &error));
}

static void test_wrong_format(void **state) {
  (void)state;
  write_images(0x801, COUNT, ROWS, COLUMNS, COUNT * ROWS * COLUMNS);
  assert_refused(directory, images_path, "00000803");
  write_good(NULL);
  write_labels(0x803, COUNT, COUNT);
  assert_refused(directory, labels_path, "00000801");
}

static void test_truncated(void **state) {
  (void)state;
  write_images(0x803, COUNT, ROWS, COLUMNS, COUNT * ROWS * COLUMNS - 1);
  struct dataset dataset;
  struct error error = {""};
  assert_false(dataset_load(&dataset, directory, 0, &error));
  assert_non_null(strstr(error.text, "ends too early"));
  write_good(NULL);
  write_labels(0x801, COUNT, COUNT - 1);
  assert_false(dataset_load(&dataset, directory, 0, &error));
  assert_non_null(strstr(error.text, labels_path));
  write_good(NULL);
  struct stat status;
  assert_int_equal(stat(images_path, &status), 0);
  assert_int_equal(truncate(images_path, status.st_size / 2), 0); /* in the compressed stream */
  assert_false(dataset_load(&dataset, directory, 0, &error));
  assert_non_null(strstr(error.text, images_path));
  assert_int_equal(truncate(images_path, 0), 0);
  assert_refused(directory, images_path, "header");
}

static void test_damaged(void **state) {
  (void)state;
  FILE *file = fopen(images_path, "r+b");
  assert_non_null(file);
  fseek(file, 20, SEEK_SET);
  fwrite("\xff\xff\xff\xff\xff\xff", 1, 6, file);
  fclose(file);
  struct dataset dataset;
  struct error error = {""};
  assert_false(dataset_load(&dataset, directory, 0, &error));
  assert_non_null(strstr(error.text, images_path));
}

static void test_sizes(void **state) {
  (void)state;
  write_images(0x803, 0, ROWS, COLUMNS, 0);
  assert_refused(directory, images_path, "0 images");
  write_images(0x803, 1, 0xffffffff, 0xffffffff, 0);
  assert_refused(directory, images_path, "4294967295 x 4294967295");
  write_images(0x803, COUNT - 1, ROWS, COLUMNS, (COUNT - 1) * ROWS * COLUMNS);
  assert_refused(directory, labels_path, "7 labels for the 6 images");
}

static void test_bad_label(void **state) {
  (void)state;
  uint8_t bytes[8 + COUNT] = {0, 0, 8, 1, 0, 0, 0, COUNT, 1, 2, 10};
  write_file(labels_path, bytes, sizeof bytes);
  assert_refused(directory, labels_path, "label 2");
}

/* The t10k files; without them, training images behind those in use. */
static void test_held_out(void **state) {
  (void)state;
  struct dataset held_out;
  struct error error;
  char path[128];
  if (!dataset_load_held_out(&held_out, directory, 3, 2, &error)) fail_msg("%s", error.text);
  assert_int_equal(held_out.count, 2);
  for (size_t i = 0; i < 2 * ROWS * COLUMNS; i++) assert_int_equal(held_out.pixels[i], pixel(3 * ROWS * COLUMNS + i));
  assert_true(held_out.labels[0] == label(3) && held_out.labels[1] == label(4));
  dataset_free(&held_out);
  assert_true(dataset_load_held_out(&held_out, directory, 3, 100, &error));
  assert_int_equal(held_out.count, COUNT - 3);
  dataset_free(&held_out);
  assert_false(dataset_load_held_out(&held_out, directory, COUNT, 1, &error));
  assert_non_null(strstr(error.text, "none are left"));

  write_part("t10k", 0x803, COUNT, ROWS, COLUMNS, COUNT * ROWS * COLUMNS, "images-idx3", 1);
  assert_false(dataset_load_held_out(&held_out, directory, 3, 2, &error)); /* half of them is no reason to guess */
  assert_non_null(strstr(error.text, "t10k-labels"));
  write_part("t10k", 0x801, COUNT, 0, 0, COUNT, "labels-idx1", 1);
  if (!dataset_load_held_out(&held_out, directory, 3, 2, &error)) fail_msg("%s", error.text);
  assert_int_equal(held_out.count, 2);
  for (size_t i = 0; i < 2 * ROWS * COLUMNS; i++) assert_int_equal(held_out.pixels[i], pixel(i) ^ 1);
  assert_int_equal(held_out.labels[1], label(1) ^ 1);
  dataset_free(&held_out);
  snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte.gz", directory);
  unlink(path);
  snprintf(path, sizeof path, "%s/t10k-labels-idx1-ubyte.gz", directory);
  unlink(path);
}

static void test_gather(void **state) {
  (void)state;
  static const uint32_t which[3] = {6, 0, 4};
  struct dataset dataset;
  struct error error;
  float x[3 * ROWS * COLUMNS], one[ROWS * COLUMNS];
  int32_t labels[3], single;
  assert_true(dataset_load(&dataset, directory, 0, &error));
  dataset_gather(&dataset, which, 3, x, labels);
  for (size_t i = 0; i < 3; i++) {
    dataset_batch(&dataset, which[i], 1, one, &single);
    assert_memory_equal(one, x + i * ROWS * COLUMNS, sizeof one);
    assert_int_equal(single, labels[i]);
  }
  dataset_free(&dataset);
}

static struct dataset synthetic(enum arch arch, uint64_t seed, size_t first, size_t count) {
  struct dataset dataset;
  struct error error;
  if (!dataset_synthetic(&dataset, arch_table(arch), seed, first, count, &error)) fail_msg("%s", error.text);
  return dataset;
}

static bool same_image(const struct dataset *a, size_t i, const struct dataset *b, size_t j) {
  return memcmp(a->pixels + i * DATASET_PIXELS, b->pixels + j * DATASET_PIXELS, DATASET_PIXELS) == 0;
}

static void test_synthetic(void **state) {
  (void)state;
  enum { N = 2300 };
  const struct cpu_features cpu = cpu_detect();
  const enum arch best = arch_best(&cpu);
  struct dataset all = synthetic(best, 7, 0, N), tail = synthetic(best, 7, 1024, 1100),
                 other = synthetic(best, 8, 0, 20), held_out = synthetic(best, 7, DATASET_SYNTHETIC_HELD_OUT, 1000);
  size_t classes[DATASET_CLASSES] = {0};
  double sum = 0, square = 0;
  assert_true(all.count == N && all.rows * all.columns == DATASET_PIXELS);
  for (size_t i = 0; i < N; i++) classes[all.labels[i]]++;
  for (size_t c = 0; c < DATASET_CLASSES; c++) assert_int_equal(classes[c], N / DATASET_CLASSES);
  /* An example is a function of seed and index alone. */
  for (size_t i = 0; i < tail.count; i++)
    assert_true(same_image(&tail, i, &all, 1024 + i) && tail.labels[i] == all.labels[1024 + i]);
  for (size_t i = 0; i < other.count; i++) assert_false(same_image(&other, i, &all, i));
  for (enum arch arch = ARCH_SCALAR + 1; arch < ARCH_COUNT; arch++) {
    if (arch_obstacle(arch, &cpu)) continue;
    struct dataset again = synthetic(arch, 7, 0, 1030);
    assert_memory_equal(again.pixels, all.pixels, 1030 * DATASET_PIXELS);
    assert_memory_equal(again.labels, all.labels, 1030);
    dataset_free(&again);
  }
  /* No example is in both parts, which are of the same kind. */
  for (size_t i = 0; i < held_out.count; i++)
    for (size_t j = 0; j < N; j++) assert_false(same_image(&held_out, i, &all, j));
  float x[DATASET_PIXELS];
  int32_t label_of;
  for (size_t i = 0; i < N; i++) {
    dataset_batch(&all, i, 1, x, &label_of);
    for (size_t j = 0; j < DATASET_PIXELS; j++) sum += (double)x[j], square += (double)x[j] * (double)x[j];
  }
  const double n = (double)N * DATASET_PIXELS;
  printf("mean %.4f, standard deviation %.4f\n", sum / n, sqrt(square / n));
  assert_true(fabs(sum / n) < 0.05 && fabs(sqrt(square / n) - 1) < 0.15); /* 40 centres in 10 dimensions vary */
  dataset_free(&all), dataset_free(&tail), dataset_free(&other), dataset_free(&held_out);
}

/* All 60,000, and the constants that standardize them. */
static void test_real(void **state) {
  (void)state;
  struct dataset dataset;
  struct error error;
  if (access(DATASET_DIRECTORY "/train-images-idx3-ubyte.gz", R_OK) != 0) {
    printf("skipped: no " DATASET_DIRECTORY " (Debian package dataset-fashion-mnist)\n");
    skip();
  }
  if (!dataset_load(&dataset, DATASET_DIRECTORY, 0, &error)) fail_msg("%s", error.text);
  assert_int_equal(dataset.count, 60000);
  assert_int_equal(dataset.rows * dataset.columns, DATASET_PIXELS);
  const size_t n = dataset.count * DATASET_PIXELS;
  double sum = 0, square = 0;
  size_t classes[DATASET_CLASSES] = {0};
  for (size_t i = 0; i < n; i++) sum += dataset.pixels[i], square += dataset.pixels[i] * dataset.pixels[i];
  for (size_t i = 0; i < dataset.count; i++) classes[dataset.labels[i]]++;
  const double mean = sum / (double)n / 255, stddev = sqrt(square / (double)n / 65025 - mean * mean);
  printf("mean %.6f, standard deviation %.6f\n", mean, stddev);
  assert_true(fabs(mean - DATASET_PIXEL_MEAN) < 1e-4 && fabs(stddev - DATASET_PIXEL_STDDEV) < 1e-4);
  for (int c = 0; c < DATASET_CLASSES; c++) assert_int_equal(classes[c], 6000);
  dataset_free(&dataset);
}

static int make_directory(void **state) {
  (void)state;
  if (!mkdtemp(directory)) return -1;
  snprintf(images_path, sizeof images_path, "%s/train-images-idx3-ubyte.gz", directory);
  snprintf(labels_path, sizeof labels_path, "%s/train-labels-idx1-ubyte.gz", directory);
  return 0;
}

static int remove_directory(void **state) {
  (void)state;
  unlink(images_path);
  unlink(labels_path);
  return rmdir(directory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_load, write_good),
      cmocka_unit_test_setup(test_batch, write_good),
      cmocka_unit_test_setup(test_missing, write_good),
      cmocka_unit_test_setup(test_wrong_format, write_good),
      cmocka_unit_test_setup(test_truncated, write_good),
      cmocka_unit_test_setup(test_damaged, write_good),
      cmocka_unit_test_setup(test_sizes, write_good),
      cmocka_unit_test_setup(test_bad_label, write_good),
      cmocka_unit_test_setup(test_held_out, write_good),
      cmocka_unit_test_setup(test_gather, write_good),
      cmocka_unit_test(test_synthetic),
      cmocka_unit_test(test_real),
  };
  return cmocka_run_group_tests_name("dataset", tests, make_directory, remove_directory) ? 1 : 0;
}
