/* A program of somebody who has installed Depthmark: weights, and their tanh, on the best instruction set. */
#include <math.h>
#include <stdio.h>

#include "kernels/select.h"

int main(void) {
  const struct cpu_features cpu = cpu_detect();
  const struct kernel_table *table = arch_table(arch_best(&cpu));
  const struct init init = {.seed = 1, .p = {0, 1}, .fan_in = 10, .fan_out = 10};
  float w[100], y[100];
  table->init_he_normal(w, 0, 100, &init);
  table->tanh_forward(w, y, 100, (struct parameters){0});
  for (int i = 0; i < 100; i++)
    if (w[i] == 0 || fabs(y[i] - tanh(w[i])) > 1e-6) return 1;
  puts(table->name);
  return 0;
}
