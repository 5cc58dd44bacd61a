/* What a run that is cut leaves: the journal of finished cells, and going on from it. */
#include "harness/journal.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/cell_json.h"
#include "harness/gradient_cell.h"
#include "harness/suite.h"
#include "tests/support.h"

static char folder[64], out[128], path[160];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/depthmark-test-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(out, sizeof out, "%s/result.json", folder);
  snprintf(path, sizeof path, "%s.cells", out);
  return 0;
}

static int remove_folder(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

static struct result run_of(uint64_t seed, const char *rng, const char *commit) {
  struct result result;
  result_init(&result);
  result.seed = seed;
  strcpy(result.rng, rng);
  strcpy(result.commit, commit);
  return result;
}

static struct result this_run(void) { return run_of(UINT64_MAX, "philox4x32-10", "abc"); }

/* A cell with all that a cell can have; others differ in depth. */
static struct gradient_cell example(size_t depth) {
  struct gradient_cell cell = {.initializer = "normal(0,1)",
                               .activation = "leaky_relu(0.2)",
                               .data = "normal",
                               .arch = "avx2",
                               .depth = depth,
                               .width = 8,
                               .batch = 4,
                               .seeds = 3,
                               .weight_scale = 0.1,
                               .bias_std = 1.0 / 3,
                               .recipe = {NORMALIZATION_LAYER, true, PRECISION_FP16, true},
                               .loss_scale = 1024,
                               .index = 10 + depth,
                               .decay_per_layer = -1.0 / 7,
                               .decay_standard_error = 1e-300,
                               .fit = {DECAY_ALGEBRAIC, -2.0 / 3, 0.9, 0.99},
                               .verdict = VERDICT_UNDERFLOW,
                               .verdict_layer = 2,
                               .underflow_layer = 2,
                               .subnormal_layer = depth,
                               .theory = {2.4, NAN, 2, 1.25, 0.5, 3, 0.75, 8}};
  cell.layers = calloc(depth, sizeof *cell.layers);
  cell.layers_theory = calloc(depth, sizeof *cell.layers_theory);
  cell.histograms = calloc(depth, sizeof *cell.histograms);
  for (size_t i = 0; i < depth * sizeof *cell.layers / sizeof(double); i++)
    ((double *)cell.layers)[i] = 1 / (3 + (double)i);
  for (size_t l = 0; l < depth; l++) {
    cell.layers_theory[l] = (struct layer_theory){1.0 / 3, 2.0 / 3, exp(-(double)l)};
    cell.histograms[l].z.counts[l] = 1, cell.histograms[l].dw.counts[BINADE_COUNT - 1] = (uint64_t)1 << 40;
  }
  cell.layers[depth - 1].delta_rms = NAN;
  return cell;
}

static void assert_same(const struct gradient_cell *a, const struct gradient_cell *b) {
  json_t *one = cell_to_json(a), *other = cell_to_json(b);
  assert_true(json_equal(one, other));
  json_decref(one), json_decref(other);
  for (size_t l = 0; l < a->depth; l++) { /* to the last bit */
    const double *x = (const double *)&a->layers[l], *y = (const double *)&b->layers[l];
    for (size_t i = 0; i < sizeof *a->layers / sizeof(double); i++) assert_true(x[i] == y[i] || isnan(x[i]));
    assert_memory_equal(&a->layers_theory[l], &b->layers_theory[l], sizeof *a->layers_theory);
    assert_memory_equal(&a->histograms[l], &b->histograms[l], sizeof *a->histograms);
  }
}

/* A journal of cells of depths 2 to 1 + count. */
static void write_journal(const struct result *run, size_t count) {
  struct journal journal;
  struct error error;
  unlink(path);
  if (!journal_open(&journal, out, run, false, &error)) fail_msg("%s", error.text);
  for (size_t i = 0; i < count; i++) {
    struct gradient_cell cell = example(2 + i);
    assert_true(journal_add(&journal, &cell));
    gradient_cell_free(&cell);
  }
  journal_close(&journal, false);
}

static struct result read_cells(const struct result *run) {
  struct result cells;
  struct error error;
  result_init(&cells);
  if (!journal_read(out, run, &cells, &error)) fail_msg("%s", error.text);
  return cells;
}

/* A file as text, to be freed. */
static char *contents(const char *name, size_t *length) {
  FILE *file = fopen(name, "r");
  assert_non_null(file);
  char *text = malloc(1 << 20);
  *length = fread(text, 1, 1 << 20, file);
  fclose(file);
  return text;
}

static void set_contents(const char *text, size_t length) {
  FILE *file = fopen(path, "w");
  assert_true(file && fwrite(text, 1, length, file) == length && fclose(file) == 0);
}

/* ---- the journal ------------------------------------------------------------------------------------------------ */

static void what_is_added_is_read(void **state) {
  (void)state;
  const struct result run = this_run();
  write_journal(&run, 3);
  struct result cells = read_cells(&run);
  assert_int_equal(cells.cell_count, 3);
  for (size_t i = 0; i < 3; i++) {
    struct gradient_cell cell = example(2 + i);
    assert_same(&cell, &cells.cells[i]);
    gradient_cell_free(&cell);
  }
  result_free(&cells);
}

static void no_journal_is_an_empty_one(void **state) {
  (void)state;
  const struct result run = this_run();
  unlink(path);
  assert_int_equal(read_cells(&run).cell_count, 0);
}

/* Cut after any byte, what is whole is read. */
static void a_cut_line_is_dropped(void **state) {
  (void)state;
  const struct result run = this_run();
  size_t length, lines = 3;
  write_journal(&run, 2);
  char *text = contents(path, &length);
  for (size_t cut = length; cut > 0; cut--) {
    assert_int_equal(truncate(path, (off_t)cut), 0);
    struct result cells = read_cells(&run);
    assert_int_equal(cells.cell_count, lines > 0 ? lines - 1 : 0);
    result_free(&cells);
    lines -= text[cut - 1] == '\n';
  }
  assert_int_equal(lines, 0);
  free(text);
}

/* The next cell is written where the last whole one ends. */
static void a_cut_line_is_written_over(void **state) {
  (void)state;
  const struct result run = this_run();
  struct gradient_cell cell = example(9);
  size_t length;
  write_journal(&run, 2);
  char *text = contents(path, &length);
  const size_t heading = strcspn(text, "\n") + 1, first = heading + strcspn(text + heading, "\n") + 1;
  const size_t cuts[] = {0, 1, heading - 1, heading, heading + 1, first - 1, first, first + 1, length - 1, length};
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    struct journal journal;
    struct error error;
    set_contents(text, cuts[i]);
    if (!journal_open(&journal, out, &run, true, &error)) fail_msg("%s", error.text);
    assert_true(journal_add(&journal, &cell));
    journal_close(&journal, false);
    struct result cells = read_cells(&run);
    assert_int_equal(cells.cell_count, 1 + (cuts[i] >= first) + (cuts[i] == length));
    assert_same(&cells.cells[cells.cell_count - 1], &cell);
    result_free(&cells);
  }
  gradient_cell_free(&cell);
  free(text);
}

static void assert_refused(const struct result *run, const char *what) {
  struct result cells;
  struct error error = {""};
  struct journal journal;
  struct stat before, after;
  result_init(&cells);
  assert_int_equal(stat(path, &before), 0);
  assert_false(journal_read(out, run, &cells, &error));
  result_free(&cells);
  if (!strstr(error.text, what) || !strstr(error.text, path)) fail_msg("\"%s\" says nothing of %s", error.text, what);
  assert_false(journal_open(&journal, out, run, true, &error));
  assert_non_null(strstr(error.text, what));
  assert_false(journal_open(&journal, out, run, false, &error));
  assert_int_equal(stat(path, &after), 0);
  assert_true(after.st_size == before.st_size); /* nothing is lost */
}

static void other_runs_are_refused(void **state) {
  (void)state;
  struct result run = this_run();
  write_journal(&run, 1);
  run.seed = 7;
  assert_refused(&run, "--seed=18446744073709551615, this is one with 7");
  run = run_of(UINT64_MAX, "ars4x32-7", "abc");
  assert_refused(&run, "--rng=philox4x32-10, this is one with ars4x32-7");
  run = run_of(UINT64_MAX, "philox4x32-10", "def");
  assert_refused(&run, "commit abc, this is def");
}

static void damage_is_named(void **state) {
  (void)state;
  static const struct {
    const char *line, *what;
  } first[] = {{"{\"format\":1,\"seed\":\"1\",\"rng\":\"philox4x32-10\",\"commit\":\"abc\"}\n", "line 1.format is 1"},
               {"{\"format\":\"2\"}\n", "line 1.format is a string"},
               {"{\"format\":3,\"seed\":\"x\",\"rng\":\"philox4x32-10\",\"commit\":\"abc\"}\n", "line 1.seed"},
               {"{\"format\":3,\"seed\":\"1\",\"rng\":\"philox4x32-10\"}\n", "line 1.commit is missing"},
               {"[]\n", "line 1"},
               {"no JSON\n", ".cells:1:"},
               {"\n", ".cells:1:"}},
    later[] = {{"garbage\n", ".cells:3:"},
               {"{}\n", "line 3.initializer is missing"},
               {"{\"initializer\":1}\n", "line 3.initializer is a whole number"},
               {"{\"initializer\":\"a\",\"initializer\":\"b\"}\n", ".cells:3:"},
               {"\n", ".cells:3:"}};
  const struct result run = this_run();
  for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
    set_contents(first[i].line, strlen(first[i].line));
    assert_refused(&run, first[i].what);
  }
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
    write_journal(&run, 1);
    FILE *file = fopen(path, "a");
    fputs(later[i].line, file);
    fclose(file);
    assert_refused(&run, later[i].what);
  }
  /* A zero byte, as file systems leave them after a power cut: in a whole line it is damage. */
  write_journal(&run, 1);
  FILE *file = fopen(path, "a");
  fwrite("\0\0\n", 1, 3, file);
  fclose(file);
  assert_refused(&run, ".cells:3:");
}

static void finished_cells_are_not_overwritten(void **state) {
  (void)state;
  const struct result run = this_run();
  struct journal journal;
  struct error error = {""};
  write_journal(&run, 2);
  assert_false(journal_open(&journal, out, &run, false, &error));
  assert_non_null(strstr(error.text, "--resume"));
  struct result cells = read_cells(&run);
  assert_int_equal(cells.cell_count, 2);
  result_free(&cells);
  /* One without cells is nobody's loss. */
  write_journal(&run, 0);
  assert_true(journal_open(&journal, out, &run, false, &error));
  journal_close(&journal, true);
  assert_int_not_equal(access(path, F_OK), 0);
}

static void names_that_are_too_long_are_refused(void **state) {
  (void)state;
  char name[5000];
  const struct result run = this_run();
  struct journal journal;
  struct error error = {""};
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  assert_false(journal_open(&journal, name, &run, true, &error));
  assert_non_null(strstr(error.text, "too long"));
}

/* ---- a full disk ------------------------------------------------------------------------------------------------ */

/* A file that may not grow is as good as a full disk. */
static void a_file_that_cannot_grow(void **state) {
  (void)state;
  const struct result run = this_run();
  struct rlimit before, small;
  struct journal journal;
  struct error error;
  unlink(path);
  if (!journal_open(&journal, out, &run, false, &error)) fail_msg("%s", error.text);
  struct gradient_cell cell = example(2);
  assert_true(journal_add(&journal, &cell));
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = before;
  small.rlim_cur = (rlim_t)lseek(journal.file, 0, SEEK_CUR) + 100; /* room for part of a line */
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool added = journal_add(&journal, &cell);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_false(added);
  journal_close(&journal, false);
  struct result cells = read_cells(&run);
  assert_int_equal(cells.cell_count, 1);
  result_free(&cells);
  gradient_cell_free(&cell);
}

static struct options *parsed(const char *depths) {
  static struct options options; /* large */
  const struct cpu_features cpu = cpu_detect();
  struct error error;
  char list[64];
  snprintf(list, sizeof list, "--depths=%s", depths);
  char *arguments[] = {"bench",      "--suite=gradients", "--inits=he_normal", "--activations=relu",
                       "--widths=8", "--batch=4",         "--seeds=2",         "--threads=2",
                       "--pin=none", "--arch=scalar",     "--budget=1000",     list};
  if (options_parse(sizeof arguments / sizeof *arguments, arguments, &cpu, &options, &error) != OPTIONS_RUN)
    fail_msg("%s", error.text);
  return &options;
}

static void a_full_disk_is_a_warning(void **state) {
  (void)state;
  struct result result = this_run();
  struct journal journal = {.file = open("/dev/full", O_WRONLY), .path = "/dev/full"};
  struct run run = {.options = parsed("2,3,4"), .result = &result, .journal = &journal};
  struct error error;
  assert_true(journal.file >= 0);
  if (!suite_gradients(&run, &error)) fail_msg("%s", error.text);
  assert_int_equal(result.cell_count, 3);
  assert_int_equal(journal.file, -1);
  assert_int_equal(result.machine.warning_count, 1); /* once */
  assert_non_null(strstr(result.machine.warnings[0], "/dev/full cannot be written: No space left"));
  result_free(&result);
}

/* ---- going on --------------------------------------------------------------------------------------------------- */

static struct result finished(const char *depths, const struct resume *resume) {
  struct result result = this_run();
  struct run run = {.options = parsed(depths), .result = &result, .resume = resume};
  struct error error;
  if (!suite_gradients(&run, &error)) fail_msg("%s", error.text);
  return result;
}

static struct resume loaded(void) {
  const struct result run = this_run();
  struct resume resume;
  struct error error;
  if (!resume_load(&resume, out, &run, &error)) fail_msg("%s", error.text);
  return resume;
}

/* Depths 2 and 3 in the result, 3 and 4 in the journal. */
static void write_both(void) {
  const struct result run = this_run();
  struct journal journal;
  struct error error;
  struct result result = finished("2,3", NULL), more = finished("3,4", NULL);
  if (!result_write(&result, out, &error)) fail_msg("%s", error.text);
  unlink(path);
  assert_true(journal_open(&journal, out, &run, false, &error));
  for (size_t i = 0; i < 2; i++) assert_true(journal_add(&journal, &more.cells[i]));
  journal_close(&journal, false);
  result_free(&result);
  result_free(&more);
}

static void only_what_is_missing_is_planned(void **state) {
  (void)state;
  write_both();
  struct resume resume = loaded();
  struct plan plan = {0};
  struct result result = this_run();
  struct run run = {
      .options = parsed("5,4,3,2"), .result = &result, .resume = &resume, .plan = &plan, .planning = true};
  struct error error;
  assert_int_equal(resume.count, 3);
  if (!suite_gradients(&run, &error)) fail_msg("%s", error.text);
  assert_int_equal(plan.count, 1);
  assert_string_equal(plan.names[0], "gradients/he_normal/relu/5/width:8");
  free(plan.names);
  resume_free(&resume);
}

static void a_larger_grid_takes_what_is_there(void **state) {
  (void)state;
  write_both();
  struct resume resume = loaded();
  resume_find(&resume, &resume.sorted[0][0])->decay_per_layer = 77; /* so that it is seen to be taken */
  const size_t marked = resume.sorted[0]->depth;
  struct result result = finished("5,4,3,2", &resume), whole = finished("5,4,3,2", NULL);
  assert_int_equal(result.cell_count, 4);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(result.cells[i].index, i);
    assert_int_equal(result.cells[i].depth, 5 - i);
    if (result.cells[i].depth == marked) {
      assert_true(result.cells[i].decay_per_layer == 77);
      result.cells[i].decay_per_layer = whole.cells[i].decay_per_layer;
    }
    json_t *one = cell_to_json(&result.cells[i]), *other = cell_to_json(&whole.cells[i]);
    assert_true(json_equal(one, other));
    json_decref(one), json_decref(other);
  }
  result_free(&result);
  result_free(&whole);
  resume_free(&resume);
}

/* A run that is interrupted before it takes them leaves the cells that were there, and those it has made, each once. */
static void nobodys_cells_are_kept(void **state) {
  (void)state;
  write_both();
  struct resume resume = loaded();
  struct result result = finished("3", NULL); /* measured anew */
  resume_give_rest(&resume, &result);
  assert_int_equal(result.cell_count, 3);
  size_t depths = 0;
  for (size_t i = 0; i < 3; i++) {
    assert_non_null(result.cells[i].layers);
    assert_true(i == 0 || result.cells[i - 1].index <= result.cells[i].index);
    depths += (size_t)1 << result.cells[i].depth;
  }
  assert_int_equal(depths, 4 + 8 + 16);
  resume_give_rest(&resume, &result); /* there is none any more */
  assert_int_equal(result.cell_count, 3);
  result_free(&result);
  resume_free(&resume);
}

/* Cells of one name that differ in what names leave out, and one that lacks the histograms that are wanted. */
static void all_of_a_cell_counts(void **state) {
  (void)state;
  const struct result run = this_run();
  struct journal journal;
  struct error error;
  unlink(out), unlink(path);
  assert_true(journal_open(&journal, out, &run, false, &error));
  for (size_t seeds = 1; seeds <= 5; seeds++) {
    struct gradient_cell cell = example(2);
    cell.seeds = seeds;
    assert_true(journal_add(&journal, &cell));
    gradient_cell_free(&cell);
  }
  for (int with = 0; with < 2; with++) {
    struct gradient_cell cell = example(3);
    struct layer_histograms *histograms = cell.histograms;
    if (!with) cell.histograms = NULL;
    assert_true(journal_add(&journal, &cell));
    cell.histograms = histograms;
    gradient_cell_free(&cell);
  }
  journal_close(&journal, false);
  struct resume resume = loaded();
  assert_int_equal(resume.count, 6);
  struct gradient_cell wanted = example(2);
  for (wanted.seeds = 1; wanted.seeds <= 5; wanted.seeds++) {
    const struct gradient_cell *found = resume_find(&resume, &wanted);
    assert_non_null(found);
    assert_int_equal(found->seeds, wanted.seeds);
  }
  assert_null(resume_find(&resume, &wanted));
  wanted.seeds = 3, wanted.loss_scale = 1;
  assert_null(resume_find(&resume, &wanted));
  gradient_cell_free(&wanted);
  wanted = example(3);
  assert_non_null(resume_find(&resume, &wanted)->histograms);
  gradient_cell_free(&wanted);
  resume_free(&resume);
}

static void a_result_of_another_run_is_refused(void **state) {
  (void)state;
  struct resume resume;
  struct error error = {""};
  const struct result other = run_of(8, "philox4x32-10", "abc");
  write_both();
  unlink(path);
  assert_false(resume_load(&resume, out, &other, &error));
  assert_non_null(strstr(error.text, "result.json is of a run with --seed=18446744073709551615, this is one with 8"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_added_is_read),
      cmocka_unit_test(no_journal_is_an_empty_one),
      cmocka_unit_test(a_cut_line_is_dropped),
      cmocka_unit_test(a_cut_line_is_written_over),
      cmocka_unit_test(other_runs_are_refused),
      cmocka_unit_test(damage_is_named),
      cmocka_unit_test(finished_cells_are_not_overwritten),
      cmocka_unit_test(names_that_are_too_long_are_refused),
      cmocka_unit_test(a_file_that_cannot_grow),
      cmocka_unit_test(a_full_disk_is_a_warning),
      cmocka_unit_test(only_what_is_missing_is_planned),
      cmocka_unit_test(a_larger_grid_takes_what_is_there),
      cmocka_unit_test(nobodys_cells_are_kept),
      cmocka_unit_test(all_of_a_cell_counts),
      cmocka_unit_test(a_result_of_another_run_is_refused),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder) ? 1 : 0;
}
