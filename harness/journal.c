#include "harness/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cell_json.h"
#include "harness/fields.h"
#include "harness/json_file.h"
#include "harness/parse.h"

static bool name_journal(char *path, size_t size, const char *result_path, struct error *error) {
  if ((size_t)snprintf(path, size, "%s.cells", result_path) < size) return true;
  return error_set(error, "%.60s...: file name too long", result_path);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

bool journal_same_run(const struct result *of, const struct result *result, const char *path, struct error *error) {
  if (of->seed != result->seed)
    return error_set(error, "%s is of a run with --seed=%" PRIu64 ", this is one with %" PRIu64, path, of->seed,
                     result->seed);
  if (strcmp(of->rng, result->rng) != 0)
    return error_set(error, "%s is of a run with --rng=%s, this is one with %s", path, of->rng, result->rng);
  if (strcmp(of->commit, result->commit) != 0)
    return error_set(error, "%s was made by commit %s, this is %s: their figures need not agree", path, of->commit,
                     result->commit);
  return true;
}

static bool read_heading(const json_t *line, const struct result *result, const char *path, struct error *error) {
  struct result of = {0};
  struct error inner;
  char seed[24];
  const json_t *format = fields_member(line, "format", JSON_INTEGER, "line 1", &inner);
  if (!format || !fields_copy_text(line, "seed", seed, sizeof seed, "line 1", &inner) ||
      !fields_copy_text(line, "rng", of.rng, sizeof of.rng, "line 1", &inner) ||
      !fields_copy_text(line, "commit", of.commit, sizeof of.commit, "line 1", &inner))
    return error_set(error, "%s: %s", path, inner.text);
  if (json_integer_value(format) != RESULT_FORMAT)
    return error_set(error, "%s: line 1.format is %" JSON_INTEGER_FORMAT "; this program reads format %d", path,
                     json_integer_value(format), RESULT_FORMAT);
  if (!parse_whole(seed, "line 1.seed", 0, UINT64_MAX, &of.seed, &inner))
    return error_set(error, "%s: %s", path, inner.text);
  return journal_same_run(&of, result, path, error);
}

static bool read_line(const char *text, size_t length, size_t number, const char *path, const struct result *result,
                      struct result *cells, struct error *error) {
  json_error_t bad;
  struct error inner;
  char place[32];
  struct gradient_cell cell = {0};
  json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &bad);
  if (!line) return error_set(error, "%s:%zu:%d: %s", path, number, bad.column, bad.text);
  snprintf(place, sizeof place, "line %zu", number);
  bool fine;
  if (number == 1) {
    fine = read_heading(line, result, path, error);
  } else {
    fine = cell_from_json(&cell, line, place, &inner);
    if (fine)
      result_add_cell(cells, &cell);
    else
      error_set(error, "%s: %s", path, inner.text), gradient_cell_free(&cell);
  }
  json_decref(line);
  return fine;
}

/* Reads the lines that were written to their ends; *end is where the last one ends. */
static bool read_lines(FILE *file, const char *path, const struct result *result, struct result *cells, long *end,
                       struct error *error) {
  char *text = NULL;
  size_t room = 0, number = 0;
  bool fine = true;
  *end = 0;
  for (ssize_t length; fine && (length = getline(&text, &room, file)) > 0 && text[length - 1] == '\n';) {
    fine = read_line(text, (size_t)length, ++number, path, result, cells, error);
    *end += length;
  }
  free(text);
  if (fine && ferror(file)) return error_set(error, "cannot read %s: %s", path, strerror(errno));
  return fine;
}

static bool read_journal(const char *path, const struct result *result, struct result *cells, long *end,
                         struct error *error) {
  *end = 0;
  FILE *file = json_file_open(path, false, error);
  if (!file) return errno == ENOENT;
  const bool fine = read_lines(file, path, result, cells, end, error);
  fclose(file);
  if (!fine) json_error_plain(error); /* it may quote the file */
  return fine;
}

bool journal_read(const char *result_path, const struct result *result, struct result *cells, struct error *error) {
  struct journal journal;
  long end;
  return name_journal(journal.path, sizeof journal.path, result_path, error) &&
         read_journal(journal.path, result, cells, &end, error);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static bool write_line(int file, json_t *line) {
  char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
  json_decref(line);
  if (!text) {
    errno = ENOMEM;
    return false;
  }
  size_t left = strlen(text) + 1;
  text[left - 1] = '\n'; /* in the place of the terminating zero */
  for (const char *rest = text; left > 0;) {
    const ssize_t written = write(file, rest, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    rest += written, left -= (size_t)written;
  }
  free(text);
  return left == 0;
}

static json_t *heading(const struct result *result) {
  char seed[24];
  snprintf(seed, sizeof seed, "%" PRIu64, result->seed);
  return json_pack("{si ss ss ss}", "format", RESULT_FORMAT, "seed", seed, "rng", result->rng, "commit",
                   result->commit);
}

/* The file, cut behind its last whole line, and how many cells are in it. */
static bool open_at_end(struct journal *journal, long end, struct error *error) {
  journal->file = open(journal->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (journal->file >= 0 && ftruncate(journal->file, end) == 0 && lseek(journal->file, end, SEEK_SET) == end)
    return true;
  return error_set(error, "cannot write %s: %s", journal->path, strerror(errno));
}

bool journal_open(struct journal *journal, const char *result_path, const struct result *result, bool resume,
                  struct error *error) {
  struct result cells;
  struct error inner;
  long end = 0;
  journal->file = -1;
  if (!name_journal(journal->path, sizeof journal->path, result_path, error)) return false;
  result_init(&cells);
  const bool readable = read_journal(journal->path, result, &cells, &end, &inner);
  const size_t count = cells.cell_count;
  result_free(&cells);
  if (!resume && (count || !readable))
    return error_set(error, "%s has cells of a run that was cut; add --resume to go on with it, or remove that file",
                     journal->path);
  if (!readable) return error_set(error, "%s", inner.text);
  if (!open_at_end(journal, end, error)) return false;
  if (end > 0 || write_line(journal->file, heading(result))) return true;
  error_set(error, "cannot write %s: %s", journal->path, strerror(errno));
  journal_close(journal, true);
  return false;
}

bool journal_add(struct journal *journal, const struct gradient_cell *cell) {
  return journal->file < 0 || write_line(journal->file, cell_to_json(cell));
}

void journal_close(struct journal *journal, bool remove) {
  if (journal->file < 0) return;
  close(journal->file);
  journal->file = -1;
  if (remove) unlink(journal->path);
}
