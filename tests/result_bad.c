/* Files that are no results, or no longer: each is refused with a line that names it and the place, whatever it holds,
 * and none is waited for. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/journal.h"
#include "harness/json_file.h"
#include "tests/support.h"

static char folder[64], path[160];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/depthmark-test-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/result.json", folder);
  return 0;
}

static int remove_folder(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

/* Every test begins without the file, and is over in a minute. */
static int begin(void **state) {
  (void)state;
  unlink(path);
  alarm(60);
  return 0;
}

static void put(const char *text, size_t length) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  assert_int_equal(fclose(file), 0);
}

/* Whether a line names the file, and says what is expected; nothing in it moves a terminal's cursor. */
static void assert_says(const char *text, const char *expected) {
  if (!strstr(text, path) || !strstr(text, expected))
    fail_msg("\"%s\" does not name %s and \"%s\"", text, path, expected);
  for (const char *c = text; *c; c++) assert_false((unsigned char)*c < ' ' || *c == 0x7f);
}

static void assert_refused(const char *expected) {
  struct result result;
  struct error error;
  if (result_read(&result, path, &error)) fail_msg("read, where \"%s\" was expected", expected);
  assert_says(error.text, expected);
  assert_int_equal(result.row_count + result.cell_count + result.learning_count, 0);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------ */

#define BYTES(text) text, sizeof text - 1
static const struct {
  const char *bytes;
  size_t length;
  const char *expected;
} no_documents[] = {
    {BYTES(""), ":1:1: the file is empty"},
    {BYTES(" \n"), ":2:0: '[' or '{' expected near end of file; the file was cut off"},
    {BYTES("{"), "; the file was cut off"},
    {BYTES("{\"context\": {\n\"date\": \"20"), ":2:11: premature end of input"},
    {BYTES("[]"), ":1:1: the document is not an object"},
    {BYTES("3"), ":1:1: '[' or '{' expected"},
    {BYTES("{}"), "context is missing"},
    {BYTES("{\"context\": []}"), "context is an array; an object was expected"},
    {BYTES("{} {}"), ":1:4: end of file expected"},
    {BYTES("{\"a\": 1,}"), ":1:9: string or '}' expected"},
    {BYTES("{\"a\": 1, \"b\": 2, \"a\": 3}"), ":1:20: duplicate object key near '\"a\"'"},
    {BYTES("{\"a\": NaN}"), ":1:9: invalid token near 'NaN'; JSON has null where a number is not finite"},
    {BYTES("{\"a\": Infinity}"), "near 'Infinity'; JSON has null"},
    {BYTES("{\"a\": -Infinity}"), "; JSON has null"},
    {BYTES("{\"a\": nan}"), "near 'nan'; JSON has null"},
    {BYTES("{\"a\": 1e999}"), ":1:11: real number overflow near '1e999'"},
    {BYTES("{\"a\": 9223372036854775808}"), "too big integer near '9223372036854775808'"},
    {BYTES("{\"a\": 0x10}"), ":1:8: '}' expected near 'x'"},
    {BYTES("{\"a\": 01}"), "invalid token near '0'"},
    {BYTES("{\"a\": 'b'}"), "invalid token"},
    {BYTES("{\"a\": \"\\u0000\"}"), "\\u0000 is not allowed without JSON_ALLOW_NUL"},
    {BYTES("{\"a\0b\": 1}"), "control character 0x0"},
    {BYTES("{\"a\": \"\xff\"}"), ":1:7: unable to decode byte 0xff"},
    {BYTES("{\"a\": \"\xc0\x80\"}"), "unable to decode byte 0xc0"},
    {BYTES("{\"a\": \"\xed\xa0\x80\"}"), "unable to decode byte 0xed"},
    {BYTES("{\"a\": \"\\ud800\"}"), "invalid Unicode '\\uD800'"},
    {BYTES("{\"a\": \x1b[2J}"), "invalid token near '?'"},
    {BYTES("{\"a\": \x7f}"), "invalid token near '?'"},
    {BYTES("\xef\xbb\xbf{}"), "begins with a byte order mark"},
    {BYTES("\xff\xfe{\0}\0"), "is UTF-16"},
    {BYTES("\xfe\xff\0{\0}"), "is UTF-16"},
    {BYTES("\x1f\x8b\x08\0\0\0\0\0"), "is compressed; unpack it with gunzip"},
    {BYTES("\x7f"
           "ELF\x02\x01\x01\0\0\0"),
     ":1:"},
    {BYTES("suite,kernel,shape\n"), ":1:"},
    {BYTES("<!DOCTYPE html>"), ":1:"},
};

static void bytes_that_are_no_document(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof no_documents / sizeof *no_documents; i++) {
    put(no_documents[i].bytes, no_documents[i].length);
    assert_refused(no_documents[i].expected);
  }
}

/* Opening brackets as many as there are, closed or not, alone or behind a name. */
static void nesting_has_an_end(void **state) {
  (void)state;
  enum { DEEP = 1000000 };
  char *text = malloc(2 * DEEP + 16);
  memset(text, '[', DEEP), memset(text + DEEP, ']', DEEP);
  put(text, 2 * DEEP);
  assert_refused("maximum parsing depth reached near '['");
  memcpy(text, "{\"context\":", 11);
  put(text, DEEP);
  assert_refused("maximum parsing depth reached near '['");
  for (size_t i = 0; i < DEEP / 5; i++) memcpy(text + 5 * i, "{\"a\":", 5);
  put(text, DEEP);
  assert_refused("maximum parsing depth reached near '{'");
  free(text);
}

/* ---- meaning ---------------------------------------------------------------------------------------------------- */

/* The text of a result with one of each. */
static char *example(void) {
  struct result result;
  result_init(&result);
  strcpy(result.rng, "ars4x32-7");
  machine_warn(&result.machine, "mind the gap");
  result.machine.cache_count = 1;
  result_add_limit(&result, &(struct result_limit){.name = "memory_read", .threads = 1, .node = -1, .value = 123.5});
  result_add_row(&result, &(struct result_row){.name = "init/a/8/arch:avx2/threads:1",
                                               .suite = "init",
                                               .threads = 1,
                                               .iterations = 4096,
                                               .time = {.samples = 8, .median = 2, .low = 1.5, .high = 2.5}});
  struct gradient_cell cell = {.initializer = "orthogonal", .depth = 1};
  cell.layers = calloc(1, sizeof *cell.layers);
  result_add_cell(&result, &cell);
  struct learning_run run = {
      .name = "learning/a", .optimizer = "adam", .depth = 1, .history_count = 1, .record_count = 1};
  run.history = calloc(1, sizeof *run.history);
  run.records = calloc(1, sizeof *run.records);
  run.layers = run.records[0].layers = calloc(2, sizeof *run.layers);
  result_add_learning(&result, &run);
  char *text = result_to_json(&result);
  assert_non_null(text);
  result_free(&result);
  return text;
}

#define TEXT_OF_(number) #number
#define TEXT_OF(number) TEXT_OF_(number)
#define FORMAT TEXT_OF(RESULT_FORMAT)
#define OLD "\"format\": " FORMAT
static const struct {
  const char *old, *new, *expected;
} changes[] = {
    {OLD, "\"format\": 0", "context.format is 0; this program reads format"},
    {OLD, "\"format\": 1", "context.format is 1; this program reads format"},
    {OLD, "\"format\": 99", "context.format is 99; this program reads format"},
    {OLD, "\"format\": -9223372036854775808", "context.format is -9223372036854775808; this program"},
    {OLD, "\"format\": \"3\"", "context.format is a string; a whole number was expected"},
    {OLD, "\"format\": 3.0", "context.format is a number; a whole number was expected"},
    {OLD, "\"format\": null", "context.format is null"},
    {OLD, "\"format_\": 3", "context.format is missing"},
    {"\"seed\": \"0\"", "\"seed\": \"18446744073709551616\"", "context.seed"},
    {"\"seed\": \"0\"", "\"seed\": \"-1\"", "context.seed"},
    {"\"seed\": \"0\"", "\"seed\": 0", "context.seed is a whole number; a string was expected"},
    {"\"date\": \"\"", "\"date\": \"\", \"date\": \"\"", "duplicate object key near '\"date\"'"},
    {"\"threads\": 1", "\"threads\": 2147483648", "benchmarks[0].threads is 2147483648; 0 to 2147483647 was expected"},
    {"\"threads\": 1", "\"threads\": 0", "benchmarks[0].threads is 0"},
    {"\"repetitions\": 1", "\"repetitions\": 3", "benchmarks[0].repetitions is 3; the file has 1 of them"},
    {"\"iterations\": 4096", "\"iterations\": -4096", "benchmarks[0].iterations is -4096"},
    {"\"real_time_low\": 1.5", "\"real_time_low\": -1.5", "benchmarks[0] has a negative time"},
    {"\"real_time_low\": 1.5", "\"real_time_low\": 1e400", "real number overflow near '1e400'"},
    {"\"real_time_low\": 1.5", "\"real_time_low\": NaN", "near 'NaN'; JSON has null"},
    {"\"real_time_low\": 1.5", "\"real_time_low\": true", "benchmarks[0].real_time_low is true or false"},
    {"\"real_time_low\": 1.5", "\"real_time_low\": [1.5]", "benchmarks[0].real_time_low is an array"},
    {"\"run_type\": \"iteration\"", "\"run_type\": \"\\u001b[2J\"", "benchmarks[0].run_type is \"?[2J\""},
    {"\"run_type\": \"iteration\"", "\"run_type\": \"\\u009b2J\\n\"", "benchmarks[0].run_type is \"??2J?\""},
    {"\"benchmarks\": [", "\"benchmarks\": [[], ", "benchmarks[0] is not an object"},
    {"\"benchmarks\": [", "\"benchmarks\": {}, \"b\": [", "benchmarks is an object; an array was expected"},
    {"\"verdict\": \"vanishing\"", "\"verdict\": \"a\\u001bc\"", "gradients[0].verdict is \"a?c\"; one of"},
    {"\"depth\": 1", "\"depth\": 9223372036854775807", "layers holds 1 layers; depth is 9223372036854775807"},
    {"\"optimizer\": \"adam\"", "\"optimizer\": \"an optimizer of a long name\"",
     "learning[0].optimizer is longer than"},
    {"\"records\": [", "\"records\": [0, ", "learning[0].records[0] is not an object"},
    {"\"history\": [", "\"history\": [0, ", "learning[0].history[0] is not an object"},
    {"\"mind the gap\"", "7", "machine.warnings[0] is not a string"},
    {"\"memory_read\"", "null", "machine.limits[0].name is null"},
};

static void put_changed(const char *text, const char *old, const char *new) {
  const char *at = strstr(text, old);
  if (!at) fail_msg("there is no %s", old);
  FILE *file = fopen(path, "w");
  fprintf(file, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
  assert_int_equal(fclose(file), 0);
}

static void meaning_that_is_none(void **state) {
  (void)state;
  char *text = example();
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    put_changed(text, changes[i].old, changes[i].new);
    assert_refused(changes[i].expected);
  }
  free(text);
}

/* A depth that no memory holds must not even be tried: sanitizers stop a program that asks for so much. */
static void depths_that_cannot_be(void **state) {
  (void)state;
  char *text = example(), *learning = strstr(text, "\"learning\"");
  const char *const depths[] = {"1000000000000", "9223372036854775806", "9223372036854775807"};
  for (size_t i = 0; i < 3; i++) {
    char changed[64];
    snprintf(changed, sizeof changed, "\"depth\": %s", depths[i]);
    char *at = strstr(learning, "\"depth\": 1");
    FILE *file = fopen(path, "w");
    fprintf(file, "%.*s%s%s", (int)(at - text), text, changed, at + 10);
    fclose(file);
    assert_refused("learning[0].records[0].layers holds 2 layers; depth + 1 is");
  }
  free(text);
}

static void every_byte_can_be_wrong(void **state) {
  (void)state;
  char *text = example();
  const size_t length = strlen(text);
  for (size_t i = 0; i < length; i += 7) { /* read or not: no crash, and nothing is left */
    struct result result;
    struct error error;
    const char kept = text[i];
    text[i] ^= (char)(1 << i % 8);
    json_t *root = json_text_read(text, length, "text", &error);
    if (root && result_from_json(&result, root, "text", &error)) result_free(&result);
    json_decref(root);
    text[i] = kept;
  }
  free(text);
}

/* ---- what is no file -------------------------------------------------------------------------------------------- */

static void what_is_no_file(void **state) {
  (void)state;
  struct result result;
  struct error error;
  assert_refused("No such file");
  assert_int_equal(mkdir(path, 0700), 0);
  assert_refused("it is a directory");
  rmdir(path);
  assert_int_equal(symlink(path, path), 0);
  assert_refused("symbolic links");
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_refused("is empty"); /* nobody writes: it is not waited for */
  assert_false(result_read(&result, "/dev/zero", &error));
  assert_non_null(strstr(error.text, "/dev/zero: it is a device"));
  assert_false(result_read(&result, "", &error));
  assert_non_null(strstr(error.text, "No such file"));
}

/* As in bench-compare <(zcat result.json.gz). */
static void pipes_are_read(void **state) {
  (void)state;
  struct result result;
  struct error error;
  int ends[2];
  char name[32], *text = example();
  assert_int_equal(pipe(ends), 0);
  snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
  assert_true(strlen(text) < 65536); /* a pipe holds it all */
  assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
  close(ends[1]);
  if (!result_read(&result, name, &error)) fail_msg("%s", error.text);
  assert_int_equal(result.row_count, 1);
  result_free(&result);
  close(ends[0]);
  free(text);
}

static void size_has_an_end(void **state) {
  (void)state;
  struct error error;
  put("{}", 2);
  assert_int_equal(truncate(path, (off_t)JSON_FILE_MOST + 1), 0);
  assert_refused("is too large: a file of up to 1073741824 bytes can be read");
  put("{\"a\": 1}", 8);
  assert_null(json_file_read(path, 7, &error));
  assert_says(error.text, "is too large: a file of up to 7 bytes");
  json_t *root = json_file_read(path, 8, &error);
  assert_non_null(root);
  json_decref(root);
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  const int file = open(path, O_RDWR);
  assert_int_equal(write(file, "{\"a\": 1}", 8), 8);
  assert_null(json_file_read(path, 7, &error));
  assert_says(error.text, "is too large: a file of up to 7 bytes");
  close(file);
}

/* ---- journals --------------------------------------------------------------------------------------------------- */

static void journals_are_looked_at_alike(void **state) {
  (void)state;
  static const char *const heading = "{\"format\": " FORMAT ", \"seed\": \"0\", \"rng\": \"\", \"commit\": \"\"}\n";
  struct result run, cells;
  struct error error;
  char result_path[sizeof path - 8];
  strcpy(result_path, path);
  snprintf(path, sizeof path, "%s.cells", result_path);
  result_init(&run);
  result_init(&cells);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_false(journal_read(result_path, &run, &cells, &error));
  assert_says(error.text, "it is a pipe");
  unlink(path);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_false(journal_read(result_path, &run, &cells, &error));
  assert_says(error.text, "it is a directory");
  rmdir(path);
  put("{\"format\": \x1b}\n", 14);
  assert_false(journal_read(result_path, &run, &cells, &error));
  assert_says(error.text, ":1:12: invalid token near '?'");
  FILE *file = fopen(path, "w");
  fprintf(file, "%s{\"initializer\": 1}\n", heading);
  fclose(file);
  assert_false(journal_read(result_path, &run, &cells, &error));
  assert_says(error.text, "line 2.initializer is a whole number");
  file = fopen(path, "w");
  fprintf(file, "%s[\n", heading);
  fclose(file);
  assert_false(journal_read(result_path, &run, &cells, &error));
  assert_says(error.text, ":2:");
  assert_int_equal(cells.cell_count, 0);
  strcpy(path, result_path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(bytes_that_are_no_document, begin),
      cmocka_unit_test_setup(nesting_has_an_end, begin),
      cmocka_unit_test_setup(meaning_that_is_none, begin),
      cmocka_unit_test_setup(depths_that_cannot_be, begin),
      cmocka_unit_test_setup(every_byte_can_be_wrong, begin),
      cmocka_unit_test_setup(what_is_no_file, begin),
      cmocka_unit_test_setup(pipes_are_read, begin),
      cmocka_unit_test_setup(size_has_an_end, begin),
      cmocka_unit_test_setup(journals_are_looked_at_alike, begin),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
