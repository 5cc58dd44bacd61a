/* Dense layers: forward and both backward passes. */
#include <assert.h>
#include <stdbool.h>

static size_t dense_workspace_bytes(size_t batch, size_t in, size_t out, int threads) {
  (void)batch, (void)in, (void)out, (void)threads;
  return 64;
}

static void dense_forward(const struct dense *l) {
  for (size_t i = 0; i < l->batch; i++) {
    for (size_t j = 0; j < l->out; j++) {
      float sum = l->b[j];
      for (size_t p = 0; p < l->in; p++) sum += l->x[i * l->in + p] * l->w[p * l->out + j];
      l->z[i * l->out + j] = sum;
    }
    if (l->activation) l->activation(l->z + i * l->out, l->y + i * l->out, l->out, l->p);
  }
}

static void dense_backward_data(const struct dense *l) {
  for (size_t i = 0; i < l->batch; i++)
    for (size_t p = 0; p < l->in; p++) {
      float sum = 0;
      for (size_t j = 0; j < l->out; j++) sum += l->dz[i * l->out + j] * l->w[p * l->out + j];
      l->dx[i * l->in + p] = sum;
    }
}

static void dense_backward_weights(const struct dense *l) {
  for (size_t j = 0; j < l->out; j++) {
    float sum = 0;
    for (size_t i = 0; i < l->batch; i++) sum += l->dz[i * l->out + j];
    l->db[j] = sum;
    for (size_t p = 0; p < l->in; p++) {
      sum = 0;
      for (size_t i = 0; i < l->batch; i++) sum += l->x[i * l->in + p] * l->dz[i * l->out + j];
      l->dw[p * l->out + j] = sum;
    }
  }
}
