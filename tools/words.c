/* words GENERATOR SEED: the generator's raw words on standard output, until nobody reads on. For tools/randomness,
 * which gives them to a battery of statistical tests. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/parse.h"
#include "harness/rng.h"

#define WORDS 65536

int main(int argc, char **argv) {
  static _Alignas(64) uint32_t words[WORDS];
  const struct cpu_features cpu = cpu_detect();
  const struct kernel_table *table = arch_table(arch_best(&cpu));
  struct error error = {"usage: words GENERATOR SEED; generators are those of bench --rng"};
  enum rng rng = 0;
  uint64_t seed = 0;
  while (argc == 3 && rng < RNG_COUNT && strcmp(argv[1], rng_names[rng]) != 0) rng++;
  if (argc != 3 || (rng == RNG_COUNT && !parse_unknown("GENERATOR", argv[1], rng_names, RNG_COUNT, &error)) ||
      !parse_whole(argv[2], "SEED", 0, UINT64_MAX, &seed, &error)) {
    fprintf(stderr, "words: %s\n", error.text);
    return 2;
  }
  words_kernel *const generator = rng_init(rng, table, &cpu).generator;
  signal(SIGPIPE, SIG_IGN);
  for (uint64_t block = 0;; block += WORDS / 4) {
    generator(words, block, WORDS, seed, 0);
    if (fwrite(words, sizeof *words, WORDS, stdout) != WORDS) return 0;
  }
}
