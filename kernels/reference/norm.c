#include <math.h>

#include "kernels/reference/reference.h"

/* What a pass of either normalization goes through: groups, each of so many elements, a stride apart. Column i of gamma
 * and beta belongs to element i of a layer's groups, to group i of a batch's. */
struct groups {
  const struct norm_double *s;
  size_t count, size, group_stride, stride;
  int by_group;
};

static struct groups columns_of(const struct norm_double *s) {
  return (struct groups){s, s->columns, s->rows, 1, s->columns, 1};
}
static struct groups rows_of(const struct norm_double *s) {
  return (struct groups){s, s->rows, s->columns, s->columns, 1, 0};
}

static double gamma_of(const struct groups *g, size_t group, size_t i) {
  return g->s->gamma ? g->s->gamma[g->by_group ? group : i] : 1;
}

static void forward(struct groups g) {
  const struct norm_double *s = g.s;
  for (size_t group = 0; group < g.count; group++) {
    const size_t at = group * g.group_stride;
    double mean = 0, variance = 0;
    for (size_t i = 0; i < g.size; i++) mean += s->z[at + i * g.stride];
    mean /= (double)g.size;
    for (size_t i = 0; i < g.size; i++) variance += pow(s->z[at + i * g.stride] - mean, 2);
    variance /= (double)g.size;
    const double first = g.size ? s->z[at] : 0, deviation = sqrt(variance + s->epsilon);
    const double spread = (fabs(first - mean) + sqrt(variance)) / deviation;
    s->mean[group] = mean, s->inverse[group] = 1 / deviation;
    if (s->spread) s->spread[group] = spread;
    for (size_t i = 0; i < g.size; i++) {
      const size_t e = at + i * g.stride;
      const double x = (s->z[e] - mean) / deviation, gamma = gamma_of(&g, group, i);
      const double beta = s->beta ? s->beta[g.by_group ? group : i] : 0;
      if (s->n_terms) s->n_terms[e] = fabs(gamma) * (fabs(x) + 2 * spread) + fabs(beta);
      s->n[e] = gamma * x + beta;
    }
  }
}

void reference_batch_norm_forward(const struct norm_double *s) { forward(columns_of(s)); }
void reference_layer_norm_forward(const struct norm_double *s) { forward(rows_of(s)); }

/* The chain rule in full: dz_i = sum over j of g_j dx_j/dz_i with g = dn gamma, x = (z - mean) inverse and
 * dx_j/dz_i = inverse ((1 if i = j) - 1/size - x_i x_j / size). */
static void backward(struct groups g) {
  const struct norm_double *s = g.s;
  const size_t parameters = g.by_group ? g.count : g.size;
  for (size_t i = 0; i < parameters; i++) {
    if (s->dgamma) s->dgamma[i] = 0;
    if (s->dbeta) s->dbeta[i] = 0;
    if (s->dgamma_terms) s->dgamma_terms[i] = 0;
    if (s->dbeta_terms) s->dbeta_terms[i] = 0;
  }
  for (size_t group = 0; group < g.count; group++) {
    const size_t at = group * g.group_stride;
    const double mean = s->mean[group], inverse = s->inverse[group], size = (double)g.size;
    for (size_t i = 0; i < g.size; i++) {
      const size_t e = at + i * g.stride, parameter = g.by_group ? group : i;
      const double x = (s->z[e] - mean) * inverse;
      double dz = 0, terms = 0;
      for (size_t j = 0; j < g.size; j++) {
        const size_t other = at + j * g.stride;
        const double gradient = s->dn[other] * gamma_of(&g, group, j), other_x = (s->z[other] - mean) * inverse;
        dz += gradient * ((i == j) - (1 + x * other_x) / size) * inverse;
        terms += fabs(gradient) * ((i == j) + (1 + fabs(x * other_x)) / size) * inverse;
      }
      s->dz[e] = dz;
      if (s->dz_terms) s->dz_terms[e] = terms;
      if (s->dgamma) s->dgamma[parameter] += s->dn[e] * x;
      if (s->dbeta) s->dbeta[parameter] += s->dn[e];
      if (s->dgamma_terms) s->dgamma_terms[parameter] += fabs(s->dn[e] * x);
      if (s->dbeta_terms) s->dbeta_terms[parameter] += fabs(s->dn[e]);
    }
  }
}

void reference_batch_norm_backward(const struct norm_double *s) { backward(columns_of(s)); }
void reference_layer_norm_backward(const struct norm_double *s) { backward(rows_of(s)); }
