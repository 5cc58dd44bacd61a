/* Weight initializers by the names that Keras and torch.nn.init give them. Where one name means two things - normals
 * truncated in Keras, whole in torch - the names differ as theirs do: glorot_ and he_ are Keras's, xavier_ and kaiming_
 * torch's. Weights are in x out matrices: fan_in rows, fan_out columns. */
#ifndef DEPTHMARK_INITIALIZERS_H
#define DEPTHMARK_INITIALIZERS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/error.h"
#include "kernels/kernels.h"

#define INITIALIZER_ARGUMENTS 4

/* What may stand at a place in an initializer's parentheses. */
enum argument_kind { ARGUMENT_NONE, ARGUMENT_NUMBER, ARGUMENT_MODE, ARGUMENT_DISTRIBUTION, ARGUMENT_NONLINEARITY };

/* Words are given as their place in initializer_words(): these, and the nonlinearities that calculate_gain knows. */
enum fan_mode { FAN_IN, FAN_OUT, FAN_AVG };
enum variance_distribution { TRUNCATED_NORMAL, NORMAL, UNTRUNCATED_NORMAL, UNIFORM }; /* NORMAL is truncated, too */

struct initializer {
  const char *name;
  enum argument_kind arguments[INITIALIZER_ARGUMENTS]; /* that may be given; then ARGUMENT_NONE */
  double standard[INITIALIZER_ARGUMENTS];              /* when they are not; then those that are part of the name */
  int kernel;                                          /* KERNEL_..., or -1 where the arguments decide */
  int rule;                                            /* how arguments and fans become the kernel's parameters */
};

extern const struct initializer initializers[];
extern const size_t initializer_count;

/* The initializer of that name, or NULL. */
const struct initializer *initializer_find(const char *name, size_t length);

/* The words of a kind of argument, `count` of them; NULL for numbers. */
const char *const *initializer_words(enum argument_kind kind, size_t *count);

/* An initializer as --inits names it: "he_normal", "normal(0,1)", "variance_scaling(2,fan_in,uniform)". */
struct initializer_choice {
  char text[64]; /* as shown */
  const struct initializer *initializer;
  double arguments[INITIALIZER_ARGUMENTS];
};

/* Layer-sequential unit variance (lsuv.h) depends on data: initializer_resolve gives the orthogonal weights that it
 * starts from, and network_initialize_lsuv() does all of it. */
bool initializer_is_lsuv(const struct initializer_choice *choice);

/* False, with the reason in error, for what is wrong whatever the layer: an argument makes no sense (not a number, a
 * negative standard deviation, an empty interval, ...), or weights leave the range of floats in every layer. */
bool initializer_check(const struct initializer_choice *choice, struct error *error);

/* What fills the weights of one layer: a kernel of the signature fill or matrix, and its parameters. */
struct initializer_fill {
  const struct kernel *kernel;
  struct parameters p;
};

/* What the choice means for a layer of these fans. False, with the reason in error, where initializer_check() would say
 * no, a fan is 0, or the weights would leave the range of floats in this layer. */
bool initializer_resolve(const struct initializer_choice *choice, size_t fan_in, size_t fan_out,
                         struct initializer_fill *fill, struct error *error);

/* The variance of one weight; NAN where weights are not random or their mean is not 0. */
double initializer_variance(const struct initializer_choice *choice, size_t fan_in, size_t fan_out);

/* torch.nn.init.calculate_gain: the standard deviation by which weights make up for what a nonlinearity loses. a is
 * leaky_relu's slope, NAN for its default of 0.01. NAN for nonlinearities that torch has no gain for. */
double calculate_gain(const char *nonlinearity, double a);

#endif
