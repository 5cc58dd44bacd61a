#include "harness/activation_pass.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const pass_names[PASS_COUNT] = {"forward", "derivative", "backward", "from output"};

enum activation_pass activation_pass(const char *kernel, char *activation, size_t size) {
  static const char *const endings[PASS_COUNT] = {"_forward", "_derivative", "_backward", "_from_output"};
  const size_t length = strlen(kernel);
  for (enum activation_pass pass = 0; pass < PASS_COUNT; pass++) {
    const size_t ending = strlen(endings[pass]);
    if (length <= ending || strcmp(kernel + length - ending, endings[pass]) != 0) continue;
    snprintf(activation, size, "%.*s", (int)(length - ending), kernel);
    return pass;
  }
  if (size) activation[0] = '\0';
  return PASS_COUNT;
}

/* hard_swish has one, too, but its slope (x + 3/2) / 3 is exact around it. */
static const struct {
  const char *activation;
  double root;
} roots[] = {
    {"gelu", -0.75179152469356446},
    {"gelu_tanh", -0.75246142207101626},
    {"silu", -1.2784645427610738},
    {"mish", -1.1924312145154952},
};

double activation_root(const char *activation) {
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
    if (strcmp(roots[i].activation, activation) == 0) return roots[i].root;
  return (double)NAN;
}
