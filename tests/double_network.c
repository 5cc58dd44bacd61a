#include "tests/double_network.h"

#include <math.h>
#include <stdlib.h>

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static double *zeros(size_t n) { return calloc(n, sizeof(double)); }

static bool is_hidden(const struct network_shape *shape, size_t l) { return l < shape->depth; }
static bool is_normalized(const struct network_shape *shape, size_t l) {
  return shape->recipe.normalization && is_hidden(shape, l);
}
/* Whether layer l's h has that of the layer before in it. */
static bool has_shortcut(const struct network_shape *shape, size_t l) {
  return shape->recipe.residual && l > 0 && is_hidden(shape, l);
}

static void create_normalization(struct double_layer *layer, size_t batch) {
  const size_t groups = layer->out > batch ? layer->out : batch; /* enough for either */
  layer->n = zeros(batch * layer->out);
  layer->gamma = zeros(layer->out), layer->dgamma = zeros(layer->out);
  layer->beta = zeros(layer->out), layer->dbeta = zeros(layer->out);
  layer->dgamma_terms = zeros(layer->out), layer->dbeta_terms = zeros(layer->out);
  layer->mean = zeros(groups), layer->inverse = zeros(groups);
  for (size_t i = 0; i < layer->out; i++) layer->gamma[i] = 1;
}

struct double_network double_network_create(const struct network_shape *shape,
                                            const struct activation_choice *activation) {
  struct double_network network = {*shape, *activation, calloc(shape->depth + 1, sizeof *network.layers)};
  for (size_t l = 0; l <= shape->depth; l++) {
    const size_t in = l ? shape->width : shape->inputs, out = is_hidden(shape, l) ? shape->width : shape->outputs;
    struct double_layer *layer = &network.layers[l];
    *layer = (struct double_layer){.in = in, .out = out};
    layer->w = zeros(in * out), layer->dw = zeros(in * out);
    layer->b = zeros(out), layer->db = zeros(out), layer->db_terms = zeros(out);
    layer->n = layer->z = zeros(shape->batch * out), layer->delta = zeros(shape->batch * out);
    layer->h = is_hidden(shape, l) ? zeros(shape->batch * out) : layer->z;
    layer->dh = is_hidden(shape, l) ? zeros(shape->batch * out) : NULL;
    if (is_normalized(shape, l)) create_normalization(layer, shape->batch);
  }
  return network;
}

static void widen(double *to, const float *from, size_t n) {
  for (size_t i = 0; i < n; i++) to[i] = from[i];
}

struct double_network double_network_copy(const struct network *network) {
  struct double_network copy = double_network_create(&network->shape, &network->activation);
  for (size_t l = 0; l <= copy.shape.depth; l++) {
    const struct network_layer *from = &network->layers[l];
    struct double_layer *to = &copy.layers[l];
    widen(to->w, from->w, to->in * to->out);
    widen(to->b, from->b, to->out);
    if (!to->gamma) continue;
    widen(to->gamma, from->gamma, to->out);
    widen(to->beta, from->beta, to->out);
  }
  return copy;
}

void double_network_destroy(struct double_network *network) {
  for (size_t l = 0; l <= network->shape.depth; l++) {
    struct double_layer *layer = &network->layers[l];
    if (layer->h != layer->z) free(layer->h);
    if (layer->n != layer->z) free(layer->n);
    free(layer->w), free(layer->b), free(layer->z), free(layer->delta), free(layer->dw), free(layer->db);
    free(layer->gamma), free(layer->beta), free(layer->dgamma), free(layer->dbeta);
    free(layer->db_terms), free(layer->dgamma_terms), free(layer->dbeta_terms);
    free(layer->mean), free(layer->inverse), free(layer->dh);
  }
  free(network->layers);
}

/* ---- passes ----------------------------------------------------------------------------------------------------- */

static struct dense_double dense_of(const struct double_network *network, size_t l, const double *x) {
  const struct double_layer *layer = &network->layers[l];
  return (struct dense_double){.batch = network->shape.batch,
                               .in = layer->in,
                               .out = layer->out,
                               .x = l ? layer[-1].h : x,
                               .w = layer->w,
                               .b = layer->b,
                               .z = layer->z,
                               .dz = layer->delta,
                               .dx = l ? layer[-1].dh : NULL,
                               .dw = layer->dw,
                               .db = layer->db,
                               .db_terms = layer->db_terms};
}

static struct norm_double norm_of(const struct double_network *network, const struct double_layer *layer) {
  return (struct norm_double){.rows = network->shape.batch,
                              .columns = layer->out,
                              .z = layer->z,
                              .gamma = layer->gamma,
                              .beta = layer->beta,
                              .n = layer->n,
                              .mean = layer->mean,
                              .inverse = layer->inverse,
                              .dgamma = layer->dgamma,
                              .dbeta = layer->dbeta,
                              .dgamma_terms = layer->dgamma_terms,
                              .dbeta_terms = layer->dbeta_terms,
                              .epsilon = (double)NETWORK_EPSILON};
}

void double_network_forward_layer(struct double_network *network, size_t l, const double *x) {
  map_reference *const forward = (map_reference *)reference_functions[network->activation.forward - kernels];
  const struct network_shape *shape = &network->shape;
  const struct double_layer *layer = &network->layers[l];
  const struct dense_double dense = dense_of(network, l, x);
  const struct norm_double norm = norm_of(network, layer);
  reference_dense_forward(&dense);
  if (!is_hidden(shape, l)) return;
  if (shape->recipe.normalization == NORMALIZATION_BATCH) reference_batch_norm_forward(&norm);
  if (shape->recipe.normalization == NORMALIZATION_LAYER) reference_layer_norm_forward(&norm);
  for (size_t i = 0; i < shape->batch * layer->out; i++) {
    layer->h[i] = forward(layer->n[i], network->activation.p);
    if (has_shortcut(shape, l)) layer->h[i] += layer[-1].h[i];
  }
}

void double_network_forward(struct double_network *network, const double *x) {
  for (size_t l = 0; l <= network->shape.depth; l++) double_network_forward_layer(network, l, x);
}

/* From hidden layer l's dh to its delta, dgamma and dbeta. */
static void backward_layer(struct double_network *network, size_t l) {
  backward_reference *const backward =
      (backward_reference *)reference_functions[network->activation.backward - kernels];
  const struct network_shape *shape = &network->shape;
  const struct double_layer *layer = &network->layers[l];
  const size_t n = shape->batch * layer->out;
  double *dn = is_normalized(shape, l) ? zeros(n) : layer->delta;
  for (size_t i = 0; i < n; i++) dn[i] = backward(layer->n[i], layer->dh[i], network->activation.p);
  if (!is_normalized(shape, l)) return;
  struct norm_double norm = norm_of(network, layer);
  norm.dn = dn, norm.dz = layer->delta;
  if (shape->recipe.normalization == NORMALIZATION_BATCH) reference_batch_norm_backward(&norm);
  if (shape->recipe.normalization == NORMALIZATION_LAYER) reference_layer_norm_backward(&norm);
  free(dn);
}

void double_network_backward(struct double_network *network, const double *x) {
  for (size_t l = network->shape.depth + 1; l-- > 0;) {
    const struct dense_double dense = dense_of(network, l, x);
    const struct double_layer *layer = &network->layers[l];
    reference_dense_backward_weights(&dense);
    if (l == 0) break;
    reference_dense_backward_data(&dense);
    for (size_t i = 0; has_shortcut(&network->shape, l) && i < dense.batch * dense.in; i++)
      layer[-1].dh[i] += layer->dh[i];
    backward_layer(network, l - 1);
  }
}

/* ---- distance --------------------------------------------------------------------------------------------------- */

static double difference(const float *a, const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

static double norm(const double *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += b[i] * b[i];
  return sqrt(sum);
}

/* ||a - b|| / ||terms|| */
static double distance_in(const float *a, const double *b, const double *terms, size_t n) {
  const double of = norm(terms, n);
  return of > 0 ? difference(a, b, n) / of : difference(a, b, n);
}

static double distance(const float *a, const double *b, size_t n) { return distance_in(a, b, b, n); }

/* fmax() drops NAN. */
static double larger(double a, double b) { return isnan(a) || isnan(b) ? (double)NAN : fmax(a, b); }

double double_network_distance(const struct network *network, const struct double_network *truth) {
  const size_t batch = network->shape.batch;
  double worst = 0;
  for (size_t l = 0; l <= network->shape.depth; l++) {
    const struct network_layer *a = &network->layers[l];
    const struct double_layer *b = &truth->layers[l];
    const size_t values = batch * a->out;
    worst = larger(worst, distance(a->z, b->z, values));
    worst = larger(worst, distance(a->n, b->n, values));
    worst = larger(worst, distance(a->h, b->h, values));
    worst = larger(worst, distance(a->delta, b->delta, values));
    worst = larger(worst, distance(a->dw, b->dw, a->in * a->out));
    worst = larger(worst, distance_in(a->db, b->db, b->db_terms, a->out));
    if (!b->gamma) continue;
    worst = larger(worst, distance_in(a->dgamma, b->dgamma, b->dgamma_terms, a->out));
    worst = larger(worst, distance_in(a->dbeta, b->dbeta, b->dbeta_terms, a->out));
    const size_t groups = network->shape.recipe.normalization == NORMALIZATION_BATCH ? a->out : batch;
    worst = larger(worst, distance(a->inverse, b->inverse, groups));
  }
  return worst;
}
