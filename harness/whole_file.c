#include "harness/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder of a path, "." where it names none. */
static void folder_of(const char *path, char *folder) {
  char scratch[PATH_MAX];
  strcpy(scratch, path);
  strcpy(folder, dirname(scratch));
}

/* Where a path that may be a symbolic link leads, also when nothing is there yet. */
static bool follow_links(const char *path, char *target, struct error *error) {
  if (strlen(path) >= PATH_MAX) return error_set(error, "%.60s...: file name too long", path);
  strcpy(target, path);
  for (int links = 0; links < 40; links++) {
    char to[PATH_MAX], folder[PATH_MAX], joined[PATH_MAX];
    const ssize_t length = readlink(target, to, sizeof to - 1);
    if (length < 0) return true;
    to[length] = '\0';
    if (to[0] == '/') {
      strcpy(target, to);
      continue;
    }
    folder_of(target, folder);
    if (snprintf(joined, sizeof joined, "%s/%s", folder, to) >= (int)sizeof joined)
      return error_set(error, "%s: file name too long", path);
    strcpy(target, joined);
  }
  return error_set(error, "%s: too many symbolic links", path);
}

struct destination {
  char path[PATH_MAX];   /* with symbolic links followed */
  char folder[PATH_MAX]; /* that path is in */
  char temporary[PATH_MAX + 16];
  bool special; /* not a regular file: nothing to protect, and nothing that a rename may replace */
  mode_t mode;
};

/* The permissions a new file gets. */
static mode_t default_mode(void) {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

static bool find_destination(const char *path, struct destination *to, struct error *error) {
  struct stat status;
  if (*path == '\0') return error_set(error, "an empty file name was given");
  if (!follow_links(path, to->path, error)) return false;
  folder_of(to->path, to->folder);
  snprintf(to->temporary, sizeof to->temporary, "%s.XXXXXX", to->path);
  to->special = false;
  to->mode = default_mode();
  if (stat(to->path, &status) != 0) {
    if (errno == ENOENT && to->path[strlen(to->path) - 1] != '/') return true;
    return error_set(error, "cannot write %s: %s", path, strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) return error_set(error, "cannot write %s: it is a directory; name a file in it", path);
  if (access(to->path, W_OK) != 0) return error_set(error, "cannot write %s: %s", path, strerror(errno));
  to->special = !S_ISREG(status.st_mode);
  to->mode = status.st_mode & 07777;
  return true;
}

bool whole_file_check(const char *path, struct error *error) {
  struct destination to;
  if (!find_destination(path, &to, error)) return false;
  if (to.special) return true;
  const int file = mkstemp(to.temporary);
  if (file < 0)
    return error_set(error, "cannot write %s: no file can be made in %s: %s", path, to.folder, strerror(errno));
  close(file);
  unlink(to.temporary);
  return true;
}

bool whole_file_is_ordinary(const char *path) {
  struct destination to;
  struct error error;
  return find_destination(path, &to, &error) && !to.special;
}

static bool write_all(int file, const char *text, size_t length) {
  while (length > 0) {
    const ssize_t written = write(file, text, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text += written;
    length -= (size_t)written;
  }
  return true;
}

static bool write_special(const struct destination *to, const char *text, size_t length) {
  const int file = open(to->path, O_WRONLY | O_NOCTTY);
  if (file < 0) return false;
  const bool fine = write_all(file, text, length);
  return close(file) == 0 && fine;
}

/* Makes the rename itself durable. Not all file systems can; that is no reason to fail. */
static void sync_folder(const char *folder) {
  const int file = open(folder, O_RDONLY | O_DIRECTORY);
  if (file < 0) return;
  (void)!fsync(file);
  close(file);
}

static bool replace_file(struct destination *to, const char *text, size_t length) {
  const int file = mkstemp(to->temporary);
  if (file < 0) return false;
  bool fine = fchmod(file, to->mode) == 0 && write_all(file, text, length) && fsync(file) == 0;
  int why = errno;
  if (close(file) != 0 && fine) fine = false, why = errno;
  if (fine && rename(to->temporary, to->path) == 0) {
    sync_folder(to->folder);
    return true;
  }
  if (fine) why = errno;
  unlink(to->temporary);
  errno = why;
  return false;
}

bool whole_file_write(const char *path, const char *text, size_t length, struct error *error) {
  struct destination to;
  if (!find_destination(path, &to, error)) return false;
  const bool fine = to.special ? write_special(&to, text, length) : replace_file(&to, text, length);
  return fine || error_set(error, "cannot write %s: %s", path, strerror(errno));
}
