/* Softmax cross-entropy. Gradients that vanish keep their relative accuracy: the label's entry is formed from the sum
 * of the others, not as a softmax minus 1, and a loss near zero as ln(1 + that sum). */
#include <assert.h>
#include <math.h>

#include "kernels/row_exp.h"

static void softmax_cross_entropy(const float *logits, const int32_t *labels, size_t batch, size_t classes,
                                  float *dlogits, float *loss) {
  for (size_t row = 0; row < batch; row++) {
    assert(labels[row] >= 0 && (size_t)labels[row] < classes);
    const float *z = logits + row * classes;
    float *e = dlogits + row * classes;
    const size_t label = (size_t)labels[row];
    const float largest = largest_of(z, classes), distance = largest - z[label];

    exp_of_differences(z, e, classes, largest);
    const double of_label = (double)e[label];
    e[label] = 0.0f;
    const double others = sum_of(e, classes), total = others + of_label;
    /* total - 1, the one being the largest logit's: the label's own, or one of the others. */
    const double rest = distance == 0.0f ? others : others - 1.0 + of_label;
    loss[row] = distance + log1p_of((float)rest);

    const double scale = total * (double)batch;
    const vf divisor = vf_set((float)scale);
    for (size_t i = 0; i < classes; i += VEC_LANES)
      vf_store_before(e, vf_div(vf_load_before(e, i, classes), divisor), i, classes);
    e[label] = (float)(-others / scale);
  }
}
