#include "harness/theory.h"

#include <math.h>

#include "kernels/reference/reference.h"

double theory_value(double x, void *context) {
  const struct activation_choice *activation = context;
  return ((map_reference *)reference_functions[activation->forward - kernels])(x, activation->p);
}

double theory_slope(double x, void *context) {
  const struct activation_choice *activation = context;
  return ((backward_reference *)reference_functions[activation->backward - kernels])(x, 1, activation->p);
}

/* The largest |f'| on a grid that holds 0, where the slopes of all activations with a kink change, and reaches to where
 * they are flat or straight. */
double theory_largest_slope(const struct activation_choice *activation) {
  double largest = 0;
  for (int i = -1024; i <= 1024; i++) largest = fmax(largest, fabs(theory_slope(i / 64.0, (void *)activation)));
  return largest;
}

double theory_decay(const struct initializer_choice *initializer, const struct activation_choice *activation,
                    const struct network_shape *shape, double bias_std, double input_square) {
  const double width = (double)shape->width, bias_variance = bias_std * bias_std;
  const struct meanfield theory = {theory_value, theory_slope, (void *)activation,
                                   width * initializer_variance(initializer, shape->width, shape->width),
                                   bias_variance};
  const double q =
      (double)shape->inputs * initializer_variance(initializer, shape->inputs, shape->width) * input_square;
  return isfinite(theory.weight_variance) ? meanfield_decay(&theory, q + bias_variance, (int)shape->depth) : NAN;
}
