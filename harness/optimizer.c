#include "harness/optimizer.h"

const char *const optimizer_names[OPTIMIZER_COUNT] = {"sgd", "momentum", "adam"};

float optimizer_default_rate(enum optimizer_id optimizer) {
  static const float rates[OPTIMIZER_COUNT] = {0.01f, 0.001f, 0.001f};
  return rates[optimizer];
}
