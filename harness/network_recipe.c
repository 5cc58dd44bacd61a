#include "harness/network_recipe.h"

#include "harness/shares.h"

bool recipe_is_empty(const struct recipe *recipe) {
  return !recipe->normalization && !recipe->residual && !recipe->precision;
}

bool recipe_after_product(const struct recipe *recipe) { return recipe->normalization || recipe->residual; }

/* ---- elementwise ------------------------------------------------------------------------------------------------ */

static void round_all(const struct network *network, float *x, size_t n) {
  const struct recipe *recipe = &network->shape.recipe;
  const struct kernel_table *table = network->table;
  map_kernel *const round = recipe->precision == PRECISION_BF16 ? table->round_to_bf16 : table->round_to_fp16;
  const struct parameters p = {.a = recipe->flush ? 1 : 0};
  if (!recipe->precision) return;
  FOR_SHARES(n, shares_team(n, network->threads), round(x + r.first, x + r.first, r.n, p));
}

/* y += x. An update by a rate of -1 adds. */
static void add(const struct network *network, float *y, const float *x, size_t n) {
  FOR_SHARES(n, shares_team(n, network->threads), network->table->sgd_update(y + r.first, x + r.first, r.n, -1));
}

static void activate(const struct network *network, const float *x, float *y, size_t n) {
  map_kernel *const forward = (map_kernel *)kernel_in_table(network->table, network->activation.forward);
  FOR_SHARES(n, shares_team(n, network->threads), forward(x + r.first, y + r.first, r.n, network->activation.p));
}

static void differentiate(const struct network *network, const float *x, const float *dy, float *dx, size_t n) {
  backward_kernel *const backward = (backward_kernel *)kernel_in_table(network->table, network->activation.backward);
  FOR_SHARES(n, shares_team(n, network->threads),
             backward(x + r.first, dy + r.first, dx + r.first, r.n, network->activation.p));
}

/* ---- normalization ---------------------------------------------------------------------------------------------- */

static struct norm norm_of(const struct network *network, const struct network_layer *layer) {
  return (struct norm){.rows = network->shape.batch,
                       .columns = layer->out,
                       .z = layer->z,
                       .gamma = layer->gamma,
                       .beta = layer->beta,
                       .n = layer->n,
                       .mean = layer->mean,
                       .inverse = layer->inverse,
                       .dn = layer->delta,
                       .dz = layer->delta,
                       .dgamma = layer->dgamma,
                       .dbeta = layer->dbeta,
                       .epsilon = NETWORK_EPSILON,
                       .threads = network->threads};
}

static void normalize(const struct network *network, const struct network_layer *layer) {
  const struct norm norm = norm_of(network, layer);
  if (network->shape.recipe.normalization == NORMALIZATION_BATCH) network->table->batch_norm_forward(&norm);
  if (network->shape.recipe.normalization == NORMALIZATION_LAYER) network->table->layer_norm_forward(&norm);
}

static void normalize_backward(const struct network *network, const struct network_layer *layer) {
  const struct norm norm = norm_of(network, layer);
  if (network->shape.recipe.normalization == NORMALIZATION_BATCH) network->table->batch_norm_backward(&norm);
  if (network->shape.recipe.normalization == NORMALIZATION_LAYER) network->table->layer_norm_backward(&norm);
}

/* ---- passes ----------------------------------------------------------------------------------------------------- */

/* Whether layer l has a residual connection past it. */
static bool has_shortcut(const struct network *network, size_t l) {
  return network->shape.recipe.residual && l > 0 && l < network->shape.depth;
}

void recipe_forward(struct network *network, size_t l) {
  const struct network_layer *layer = &network->layers[l];
  const size_t n = network->shape.batch * layer->out;
  if (recipe_after_product(&network->shape.recipe) && l < network->shape.depth) {
    normalize(network, layer);
    activate(network, layer->n, layer->h, n);
    if (has_shortcut(network, l)) add(network, layer->h, layer[-1].h, n);
  }
  round_all(network, layer->h, n);
}

void recipe_loss(struct network *network) {
  const struct network_layer *outputs = &network->layers[network->shape.depth];
  round_all(network, outputs->delta, network->shape.batch * outputs->out);
}

void recipe_weights(struct network *network, size_t l) {
  const struct network_layer *layer = &network->layers[l];
  round_all(network, layer->dw, layer->in * layer->out);
  round_all(network, layer->db, layer->out);
}

void recipe_backward(struct network *network, size_t l) {
  const struct network_layer *layer = &network->layers[l];
  const size_t n = network->shape.batch * layer->out;
  if (network->shape.recipe.residual) {
    float *const dh = network->dh[l % 2];
    if (has_shortcut(network, l + 1)) add(network, dh, network->dh[(l + 1) % 2], n);
    round_all(network, dh, n);
    differentiate(network, layer->n, dh, layer->delta, n);
  }
  normalize_backward(network, layer);
  round_all(network, layer->delta, n);
}

void network_round_weights(struct network *network) {
  for (size_t l = 0; l <= network->shape.depth; l++) {
    const struct network_layer *layer = &network->layers[l];
    round_all(network, layer->w, layer->in * layer->out);
    round_all(network, layer->b, layer->out);
  }
}
