/* The double-precision network that struct network is held against, itself held against finite differences: every
 * activation with every normalization, plain and residual. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "tests/double_network.h"
#include "tests/support.h"

/* Differences of the fourth order are wrong by about 2^-53 / STEP, their roundings, and STEP^4 fifth derivatives. */
#define STEP 3e-4
/* Of a derivative, relative to the largest of its layer. The worst seen is a tenth of it, where few samples nearly
 * agree and their normalization bends the most. */
#define TOLERANCE 2e-8

#define SHARPEST 4 /* 1 / the least standard deviation of a group that is normalized */

static const struct network_shape small = {.inputs = 5, .width = 6, .depth = 3, .outputs = 4, .batch = 5};
#define MOST_VALUES 30 /* of a layer: batch x width */

/* A loss of the outputs; also leaves its gradient in the output layer's delta. */
typedef double loss_function(struct double_network *network, const void *context);

static double linear_loss(struct double_network *network, const void *context) {
  const double *factors = context;
  struct double_layer *outputs = &network->layers[small.depth];
  double sum = 0;
  for (size_t i = 0; i < small.batch * small.outputs; i++) {
    sum += factors[i] * outputs->z[i];
    outputs->delta[i] = factors[i];
  }
  return sum;
}

static double cross_entropy(struct double_network *network, const void *context) {
  struct double_layer *outputs = &network->layers[small.depth];
  double losses[8], sum = 0;
  reference_softmax_cross_entropy(outputs->z, context, small.batch, small.outputs, outputs->delta, losses);
  for (size_t i = 0; i < small.batch; i++) sum += losses[i];
  return sum / (double)small.batch;
}

/* ---- one smooth piece ------------------------------------------------------------------------------------------- */

/* Where any of the activations, with its standard parameters, changes its formula, and with it a derivative. */
static const double kinks[] = {-3, -2.5, -1, 0, 1, 2.5, 3, 6, 20};

/* Between which of them all that the activation is given lies. */
struct pieces {
  uint8_t of[MOST_VALUES * 3];
};

static struct pieces pieces_of(const struct double_network *network) {
  struct pieces pieces = {{0}};
  for (size_t l = 0; l < small.depth; l++)
    for (size_t i = 0; i < small.batch * small.width; i++)
      for (size_t k = 0; k < sizeof kinks / sizeof *kinks; k++)
        pieces.of[l * MOST_VALUES + i] += network->layers[l].n[i] > kinks[k];
  return pieces;
}

/* A network at one point. Differences are only taken where all of them are on its smooth piece: a point that is nearer
 * to a kink than that says nothing, and another one is drawn. */
struct point {
  struct double_network network;
  double x[64];
  loss_function *loss;
  const void *context;
  struct pieces pieces;
  double worst; /* difference of a derivative from its differences, relative to the largest of its layer */
};

static double loss_at(struct point *point) {
  double_network_forward(&point->network, point->x);
  return point->loss(&point->network, point->context);
}

/* The derivative of the loss with respect to *value; NAN where differences leave the smooth piece. */
static double differences(struct point *point, double *value) {
  static const double weights[] = {1.0 / 12, -8.0 / 12, 0, 8.0 / 12, -1.0 / 12};
  const double kept = *value;
  double sum = 0;
  for (int i = 0; i < 5; i++) {
    if (weights[i] == 0) continue;
    *value = kept + (i - 2) * STEP;
    sum += weights[i] * loss_at(point);
    const struct pieces pieces = pieces_of(&point->network);
    if (memcmp(&pieces, &point->pieces, sizeof pieces) != 0) sum = (double)NAN;
  }
  *value = kept;
  return sum / STEP;
}

/* ---- against differences ---------------------------------------------------------------------------------------- */

/* Holds gradient[0 .. n) against differences of the loss in values; largest: of the layer's gradients. False where
 * differences leave the smooth piece. */
static bool check_array(struct point *point, double *values, const double *gradient, size_t n, double largest,
                        const char *what, size_t layer) {
  const struct double_network *network = &point->network;
  for (size_t i = 0; i < n; i++) {
    const double difference = differences(point, &values[i]);
    if (isnan(difference)) return false;
    point->worst = fmax(point->worst, fabs(difference - gradient[i]) / largest);
    if (!(fabs(difference - gradient[i]) <= TOLERANCE * largest))
      fail_msg("%s, normalization %s%s, %s[%zu] of layer %zu: %.12g, differences say %.12g", network->activation.text,
               normalization_names[network->shape.recipe.normalization],
               network->shape.recipe.residual ? ", residual" : "", what, i, layer, gradient[i], difference);
  }
  return true;
}

static double largest_of(const double *gradient, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(gradient[i]));
  return largest;
}

/* All parameters of a layer. Some have gradients of 0: the biases, and with linear units beta, say what a batch has in
 * common, and that is lost where it is normalized. False where the point says nothing: all gradients are 0, too. */
static bool check_layer(struct point *point, size_t l) {
  struct double_layer *layer = &point->network.layers[l];
  const size_t weights = layer->in * layer->out, out = layer->out;
  double largest = fmax(largest_of(layer->dw, weights), largest_of(layer->db, out));
  if (layer->gamma) largest = fmax(largest, fmax(largest_of(layer->dgamma, out), largest_of(layer->dbeta, out)));
  if (!(largest > 0)) return false;
  if (!check_array(point, layer->w, layer->dw, weights, largest, "weights", l)) return false;
  if (!check_array(point, layer->b, layer->db, out, largest, "biases", l)) return false;
  return !layer->gamma || (check_array(point, layer->gamma, layer->dgamma, out, largest, "gamma", l) &&
                           check_array(point, layer->beta, layer->dbeta, out, largest, "beta", l));
}

static void draw(double *values, size_t n, float low, float high, uint64_t *random) {
  for (size_t i = 0; i < n; i++) values[i] = (double)test_uniform(random, low, high);
}

/* Whether a group nearly agrees: its normalization bends so much that differences see the bend. */
static bool is_sharp(const struct double_network *network) {
  for (size_t l = 0; l < small.depth; l++) {
    const struct double_layer *layer = &network->layers[l];
    const size_t groups = network->shape.recipe.normalization == NORMALIZATION_BATCH ? layer->out : small.batch;
    if (layer->inverse && largest_of(layer->inverse, groups) > SHARPEST) return true;
  }
  return false;
}

/* Whether the point says something, and what it says is right. */
static bool check_point(struct point *point, uint64_t *random) {
  struct double_network *network = &point->network;
  const bool normalized = network->shape.recipe.normalization;
  const bool grows = strcmp(network->activation.text, "exponential") == 0; /* exponentials of exponentials overflow */
  const float most = normalized ? 4 : grows ? 0.1f : 1; /* a normalization of what differs more bends less */
  draw(point->x, small.batch * small.inputs, -2, 2, random);
  for (size_t l = 0; l <= small.depth; l++) {
    const struct double_layer *layer = &network->layers[l];
    draw(layer->w, layer->in * layer->out, -most, most, random);
    draw(layer->b, layer->out, -most, most, random);
    if (!layer->gamma) continue;
    draw(layer->gamma, layer->out, 0.5f, 1.5f, random);
    draw(layer->beta, layer->out, -0.5f, 0.5f, random);
  }
  loss_at(point);
  if (is_sharp(network)) return false;
  point->pieces = pieces_of(network);
  double_network_backward(network, point->x);
  for (size_t l = 0; l <= small.depth; l++)
    if (!check_layer(point, l)) return false;
  return true;
}

static double check_network(const char *activation, enum normalization normalization, bool residual,
                            loss_function *loss, const void *context) {
  struct activation_choice choice;
  struct error error;
  struct network_shape shape = small;
  uint64_t random = test_seed();
  shape.recipe.normalization = normalization, shape.recipe.residual = residual;
  if (!choose_activation(activation, &choice, &error)) fail_msg("%s", error.text);
  struct point point = {.network = double_network_create(&shape, &choice), .loss = loss, .context = context};
  int tries = 1;
  while (!check_point(&point, &random))
    if (tries++ == 200) fail_msg("%s: no point away from all kinks", activation);
  double_network_destroy(&point.network);
  return point.worst;
}

/* Every activation that the command line can name. */
static void test_every_activation(void **state) {
  (void)state;
  struct activation_choice choices[64];
  double factors[64], worst = 0;
  uint64_t random = test_seed() + 1;
  draw(factors, small.batch * small.outputs, -1, 1, &random);
  const size_t count = choose_all_activations(choices, sizeof choices / sizeof *choices);
  assert_in_range(count, 11, sizeof choices / sizeof *choices);
  for (size_t i = 0; i < count; i++)
    for (enum normalization n = 0; n < NORMALIZATION_COUNT; n++)
      for (int residual = 0; residual < 2; residual++) {
        const double off = check_network(choices[i].text, n, residual, linear_loss, factors);
        if (off > TOLERANCE / 20)
          printf("%s, normalization %s, %s: %.2g\n", choices[i].text, normalization_names[n],
                 residual ? "residual" : "plain", off);
        worst = fmax(worst, off);
      }
  printf("%zu activations: %.2g of %g\n", count, worst, TOLERANCE);
}

static void test_cross_entropy(void **state) {
  (void)state;
  const int32_t labels[] = {2, 0, 3, 3, 1};
  for (enum normalization n = 0; n < NORMALIZATION_COUNT; n++)
    for (int residual = 0; residual < 2; residual++) check_network("tanh", n, residual, cross_entropy, labels);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_activation), cmocka_unit_test(test_cross_entropy)};
  return cmocka_run_group_tests_name("backpropagation", tests, NULL, NULL) ? 1 : 0;
}
