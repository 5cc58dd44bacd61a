/* Puts files to the fuzzer's target without libFuzzer: all in the folders that are named. A folder that holds none is
 * an error: it is not where it was thought to be. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/result_reader.h"

static void replay(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file || fseek(file, 0, SEEK_END) != 0) {
    perror(path);
    exit(1);
  }
  const size_t size = (size_t)ftell(file);
  uint8_t *data = malloc(size + 1);
  rewind(file);
  if (!data || fread(data, 1, size, file) != size) {
    perror(path);
    exit(1);
  }
  fclose(file);
  LLVMFuzzerTestOneInput(data, size);
  free(data);
}

static size_t replay_folder(const char *folder) {
  DIR *entries = opendir(folder);
  size_t count = 0;
  if (!entries) perror(folder);
  for (struct dirent *entry; entries && (entry = readdir(entries));) {
    char path[4096];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    replay(path);
    count++;
  }
  if (entries) closedir(entries);
  return count;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const size_t count = replay_folder(argv[i]);
    printf("%s: %zu inputs\n", argv[i], count);
    if (count == 0) return 1;
  }
  return argc < 2;
}
