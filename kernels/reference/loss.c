#include <math.h>

#include "kernels/reference/reference.h"

void reference_softmax_cross_entropy(const double *logits, const int32_t *labels, size_t batch, size_t classes,
                                     double *dlogits, double *loss) {
  for (size_t row = 0; row < batch; row++) {
    const double *z = logits + row * classes;
    double *e = dlogits + row * classes;
    const size_t label = (size_t)labels[row];
    double largest = z[0], others = 0, rest = 0;
    size_t at = 0;
    for (size_t i = 1; i < classes; i++)
      if (z[i] > largest) largest = z[i], at = i;
    const double distance = largest - z[label];
    for (size_t i = 0; i < classes; i++) {
      e[i] = exp(z[i] - largest);
      if (i != label) others += e[i];
      if (i != at) rest += e[i];
    }
    loss[row] = distance + log1p(rest);
    const double scale = (others + e[label]) * (double)batch;
    for (size_t i = 0; i < classes; i++) e[i] = (i == label ? -others : e[i]) / scale;
  }
}
