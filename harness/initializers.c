#include "harness/initializers.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- words ------------------------------------------------------------------------------------------------------ */

static const char *const modes[] = {[FAN_IN] = "fan_in", [FAN_OUT] = "fan_out", [FAN_AVG] = "fan_avg"};
static const char *const distributions[] = {[TRUNCATED_NORMAL] = "truncated_normal",
                                            [NORMAL] = "normal",
                                            [UNTRUNCATED_NORMAL] = "untruncated_normal",
                                            [UNIFORM] = "uniform"};
static const char *const nonlinearities[] = {"leaky_relu",
                                             "relu",
                                             "tanh",
                                             "sigmoid",
                                             "selu",
                                             "linear",
                                             "conv1d",
                                             "conv2d",
                                             "conv3d",
                                             "conv_transpose1d",
                                             "conv_transpose2d",
                                             "conv_transpose3d"};
#define LEAKY_RELU 0

const char *const *initializer_words(enum argument_kind kind, size_t *count) {
  switch (kind) {
  case ARGUMENT_MODE: *count = COUNT(modes); return modes;
  case ARGUMENT_DISTRIBUTION: *count = COUNT(distributions); return distributions;
  case ARGUMENT_NONLINEARITY: *count = COUNT(nonlinearities); return nonlinearities;
  default: *count = 0; return NULL;
  }
}

double calculate_gain(const char *nonlinearity, double a) {
  const double slope = isnan(a) ? 0.01 : a;
  if (strcmp(nonlinearity, "leaky_relu") == 0) return sqrt(2 / (1 + slope * slope));
  if (strcmp(nonlinearity, "relu") == 0) return sqrt(2);
  if (strcmp(nonlinearity, "tanh") == 0) return 5.0 / 3;
  if (strcmp(nonlinearity, "selu") == 0) return 3.0 / 4;
  for (size_t i = 0; i < COUNT(nonlinearities); i++)
    if (strcmp(nonlinearity, nonlinearities[i]) == 0) return 1;
  return NAN;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

enum rule { AS_GIVEN, VARIANCE_SCALING, XAVIER, KAIMING, UNIFORM_FAN_IN, SPARSE, LSUV };

#define NUMBERS_1                                                                                                      \
  { ARGUMENT_NUMBER }
#define NUMBERS_2                                                                                                      \
  { ARGUMENT_NUMBER, ARGUMENT_NUMBER }
#define NUMBERS_4                                                                                                      \
  { ARGUMENT_NUMBER, ARGUMENT_NUMBER, ARGUMENT_NUMBER, ARGUMENT_NUMBER }
#define SCALING                                                                                                        \
  { ARGUMENT_NUMBER, ARGUMENT_MODE, ARGUMENT_DISTRIBUTION }
#define TORCH                                                                                                          \
  { ARGUMENT_MODE, ARGUMENT_NONLINEARITY, ARGUMENT_NUMBER }
#define FIXED                                                                                                          \
  { ARGUMENT_NONE }
#define D(...)                                                                                                         \
  { __VA_ARGS__ }

/* clang-format off */
const struct initializer initializers[] = {
    {"zeros", FIXED, D(0), KERNEL_init_constant, AS_GIVEN},
    {"ones", FIXED, D(1), KERNEL_init_constant, AS_GIVEN},
    {"constant", NUMBERS_1, D(0), KERNEL_init_constant, AS_GIVEN},
    {"uniform", NUMBERS_2, D(-0.05, 0.05), KERNEL_init_uniform, AS_GIVEN},
    {"random_uniform", NUMBERS_2, D(-0.05, 0.05), KERNEL_init_uniform, AS_GIVEN},
    {"normal", NUMBERS_2, D(0, 1), KERNEL_init_normal, AS_GIVEN},
    {"random_normal", NUMBERS_2, D(0, 0.05), KERNEL_init_normal, AS_GIVEN},
    {"truncated_normal", NUMBERS_2, D(0, 0.05), KERNEL_init_truncated_normal, AS_GIVEN},
    {"trunc_normal", NUMBERS_4, D(0, 1, -2, 2), KERNEL_init_trunc_normal, AS_GIVEN},
    {"variance_scaling", SCALING, D(1, FAN_IN, TRUNCATED_NORMAL), -1, VARIANCE_SCALING},
    {"glorot_uniform", FIXED, D(1, FAN_AVG, UNIFORM), -1, VARIANCE_SCALING},
    {"glorot_normal", FIXED, D(1, FAN_AVG, TRUNCATED_NORMAL), -1, VARIANCE_SCALING},
    {"he_uniform", FIXED, D(2, FAN_IN, UNIFORM), -1, VARIANCE_SCALING},
    {"he_normal", FIXED, D(2, FAN_IN, TRUNCATED_NORMAL), -1, VARIANCE_SCALING},
    {"lecun_uniform", FIXED, D(1, FAN_IN, UNIFORM), -1, VARIANCE_SCALING},
    {"lecun_normal", FIXED, D(1, FAN_IN, TRUNCATED_NORMAL), -1, VARIANCE_SCALING},
    {"xavier_uniform", NUMBERS_1, D(1), KERNEL_init_uniform, XAVIER},
    {"xavier_normal", NUMBERS_1, D(1), KERNEL_init_normal, XAVIER},
    {"kaiming_uniform", TORCH, D(FAN_IN, LEAKY_RELU, 0), KERNEL_init_uniform, KAIMING},
    {"kaiming_normal", TORCH, D(FAN_IN, LEAKY_RELU, 0), KERNEL_init_normal, KAIMING},
    {"uniform_fan_in", FIXED, D(0), KERNEL_init_uniform, UNIFORM_FAN_IN}, /* torch.nn.Linear's own */
    {"identity", NUMBERS_1, D(1), KERNEL_init_identity, AS_GIVEN},
    {"eye", FIXED, D(1), KERNEL_init_identity, AS_GIVEN},
    {"sparse", NUMBERS_2, D(0.1, 0.01), KERNEL_init_sparse, SPARSE},
    {"orthogonal", NUMBERS_1, D(1), KERNEL_init_orthogonal, AS_GIVEN},
    {"lsuv", FIXED, D(1), KERNEL_init_orthogonal, LSUV},
};
/* clang-format on */
const size_t initializer_count = COUNT(initializers);

const struct initializer *initializer_find(const char *name, size_t length) {
  for (size_t i = 0; i < initializer_count; i++)
    if (strlen(initializers[i].name) == length && strncmp(initializers[i].name, name, length) == 0)
      return &initializers[i];
  return NULL;
}

bool initializer_is_lsuv(const struct initializer_choice *choice) { return choice->initializer->rule == LSUV; }

/* ---- rules ------------------------------------------------------------------------------------------------------ */

/* The standard deviation of a standard normal conditioned on |z| <= 2, as Keras writes it. */
#define TRUNCATED_STDDEV 0.87962566103423978

/* A kernel and its parameters before they are rounded to floats. */
struct draft {
  int kernel;
  double p[4];
};

/* Weights of a uniform or normal distribution about 0. */
static struct draft spread(int kernel, double stddev) {
  if (kernel == KERNEL_init_uniform) return (struct draft){kernel, {-sqrt(3) * stddev, sqrt(3) * stddev}};
  return (struct draft){kernel, {0, stddev}};
}

/* Keras: variance scale / n. */
static struct draft variance_scaling(const double *a, double in, double out) {
  const double n = a[1] == FAN_IN ? in : a[1] == FAN_OUT ? out : (in + out) / 2, scale = a[0];
  const double limit = sqrt(3 * scale / n);
  switch ((int)a[2]) {
  case UNIFORM: return (struct draft){KERNEL_init_uniform, {-limit, limit}};
  case UNTRUNCATED_NORMAL: return (struct draft){KERNEL_init_normal, {0, sqrt(scale / n)}};
  default: return (struct draft){KERNEL_init_truncated_normal, {0, sqrt(scale / n) / TRUNCATED_STDDEV}};
  }
}

/* The kernel makes ceil(p columns) zeros with p a float, and 0.1f * 10 is above 1: p lies half a zero below the step.
 */
static struct draft sparse(const double *a, double columns) {
  const double zeros = ceil(a[0] * columns);
  const bool inside = a[0] > 0 && a[0] <= 1;
  return (struct draft){KERNEL_init_sparse, {inside ? (zeros - 0.5) / columns : a[0], a[1]}};
}

static struct draft apply_rule(const struct initializer_choice *choice, double in, double out) {
  const struct initializer *initializer = choice->initializer;
  const double *a = choice->arguments;
  switch ((enum rule)initializer->rule) {
  case VARIANCE_SCALING: return variance_scaling(a, in, out);
  case XAVIER: return spread(initializer->kernel, a[0] * sqrt(2 / (in + out)));
  case KAIMING: {
    const double gain = calculate_gain(nonlinearities[(int)a[1]], a[2]);
    return spread(initializer->kernel, gain / sqrt(a[0] == FAN_IN ? in : out));
  }
  case UNIFORM_FAN_IN: return (struct draft){initializer->kernel, {-1 / sqrt(in), 1 / sqrt(in)}};
  case SPARSE: return sparse(a, out);
  default: return (struct draft){initializer->kernel, {a[0], a[1], a[2], a[3]}};
  }
}

/* ---- what makes no sense ---------------------------------------------------------------------------------------- */

/* The kernels multiply by 2^-31 of the spread, which has to be a normal float. */
#define SPREAD_LEAST 0x1p-95
/* Normals reach 6.7 standard deviations. */
#define NORMAL_REACH 7.0
/* Beyond, a normal's tail holds less than floats between 0 and 1 can tell from nothing (2^-36). */
#define INTERVAL_REACH 6.5

/* Words that stand in for a place in a list were checked when they were read; numbers may be anything. */
static bool check_arguments(const struct initializer_choice *choice, struct error *error) {
  const double *a = choice->arguments;
  for (int i = 0; i < INITIALIZER_ARGUMENTS; i++)
    if (!isfinite(a[i])) return error_set(error, "--inits=%s: a parameter is not a finite number", choice->text);
  switch ((enum rule)choice->initializer->rule) {
  case VARIANCE_SCALING: return a[0] > 0 || error_set(error, "--inits=%s: the scale must be positive", choice->text);
  case XAVIER: return a[0] >= 0 || error_set(error, "--inits=%s: a gain cannot be negative", choice->text);
  case KAIMING:
    return a[0] != FAN_AVG || error_set(error, "--inits=%s: the mode must be fan_in or fan_out", choice->text);
  default: return true;
  }
}

static bool check_spread(const struct initializer_choice *choice, double mean, double spread, double reach,
                         struct error *error) {
  if (spread > 0 && spread < SPREAD_LEAST)
    return error_set(error, "--inits=%s: weights that spread by %.3g underflow in floats; the least spread is %.3g",
                     choice->text, spread, SPREAD_LEAST);
  if (!(fabs(mean) + reach * spread <= FLT_MAX))
    return error_set(error, "--inits=%s: weights as large as %.3g overflow floats, which end at %.3g", choice->text,
                     fabs(mean) + reach * spread, FLT_MAX);
  return true;
}

static bool check_stddev(const struct initializer_choice *choice, double mean, double stddev, struct error *error) {
  if (!(stddev >= 0)) return error_set(error, "--inits=%s: a standard deviation cannot be negative", choice->text);
  return check_spread(choice, mean, stddev, NORMAL_REACH, error);
}

static bool check_interval(const struct initializer_choice *choice, const double *p, struct error *error) {
  const double mean = p[0], stddev = p[1], low = p[2], high = p[3];
  if (!(low < high))
    return error_set(error, "--inits=%s: the interval is empty; write trunc_normal(mean,std,low,high)", choice->text);
  if (!(stddev > 0)) return error_set(error, "--inits=%s: the standard deviation must be positive", choice->text);
  if (low > mean + INTERVAL_REACH * stddev || high < mean - INTERVAL_REACH * stddev)
    return error_set(error,
                     "--inits=%s: the interval lies more than %.1f standard deviations from the mean, where floats "
                     "cannot represent a normal's tail",
                     choice->text, INTERVAL_REACH);
  return check_spread(choice, fmax(fabs(low), fabs(high)), 0, 0, error) && check_spread(choice, mean, stddev, 1, error);
}

static bool check_value(const struct initializer_choice *choice, double value, struct error *error) {
  if (value != 0 && fabs(value) < FLT_MIN)
    return error_set(error, "--inits=%s: %.3g underflows in floats; the least is %.3g", choice->text, value, FLT_MIN);
  return check_spread(choice, value, 0, 0, error);
}

static bool check_draft(const struct initializer_choice *choice, const struct draft *draft, struct error *error) {
  const double *p = draft->p;
  switch (draft->kernel) {
  case KERNEL_init_uniform:
    if (!(p[0] <= p[1]))
      return error_set(error, "--inits=%s: the interval is empty; write uniform(low,high)", choice->text);
    return check_spread(choice, (p[0] + p[1]) / 2, (p[1] - p[0]) / 2, 2, error); /* its width must be a float, too */
  case KERNEL_init_normal:
  case KERNEL_init_truncated_normal: return check_stddev(choice, p[0], p[1], error);
  case KERNEL_init_trunc_normal: return check_interval(choice, p, error);
  case KERNEL_init_sparse:
    if (!(p[0] >= 0 && p[0] <= 1))
      return error_set(error, "--inits=%s: a share of zeros lies between 0 and 1", choice->text);
    return check_stddev(choice, 0, p[1], error);
  case KERNEL_init_orthogonal: return check_spread(choice, 0, fabs(p[0]), NORMAL_REACH, error);
  default: return check_value(choice, p[0], error);
  }
}

bool initializer_resolve(const struct initializer_choice *choice, size_t fan_in, size_t fan_out,
                         struct initializer_fill *fill, struct error *error) {
  if (fan_in == 0 || fan_out == 0)
    return error_set(error,
                     "--inits=%s: a layer has at least one input and one output, and here fan_in is %zu, fan_out %zu",
                     choice->text, fan_in, fan_out);
  if (!check_arguments(choice, error)) return false;
  const struct draft draft = apply_rule(choice, (double)fan_in, (double)fan_out);
  if (!check_draft(choice, &draft, error)) return false;
  fill->kernel = &kernels[draft.kernel];
  fill->p = (struct parameters){
      .a = (float)draft.p[0], .b = (float)draft.p[1], .c = (float)draft.p[2], .d = (float)draft.p[3]};
  return true;
}

/* ---- variance --------------------------------------------------------------------------------------------------- */

/* Of a standard normal conditioned on |z| <= bound. */
static double truncated_variance(double bound) {
  return 1 - 2 * bound * exp(-bound * bound / 2) / sqrt(2 * acos(-1)) / erf(bound / sqrt(2));
}

double initializer_variance(const struct initializer_choice *choice, size_t fan_in, size_t fan_out) {
  struct initializer_fill fill;
  struct error error;
  if (initializer_is_lsuv(choice)) return NAN; /* known only with the data */
  if (!initializer_resolve(choice, fan_in, fan_out, &fill, &error)) return NAN;
  const struct draft draft = apply_rule(choice, (double)fan_in, (double)fan_out);
  const double a = draft.p[0], b = draft.p[1], out = (double)fan_out;
  switch (draft.kernel) {
  case KERNEL_init_uniform: return a == -b && b > 0 ? b * b / 3 : NAN;
  case KERNEL_init_normal: return a == 0 && b > 0 ? b * b : NAN;
  case KERNEL_init_truncated_normal: return a == 0 && b > 0 ? TRUNCATED_STDDEV * TRUNCATED_STDDEV * b * b : NAN;
  case KERNEL_init_trunc_normal:
    return a == 0 && draft.p[2] == -draft.p[3] ? truncated_variance(draft.p[3] / b) * b * b : NAN;
  case KERNEL_init_sparse: {
    const double variance = (1 - ceil(a * out) / out) * b * b;
    return variance > 0 ? variance : NAN;
  }
  case KERNEL_init_orthogonal: return a != 0 ? a * a / (double)(fan_in > fan_out ? fan_in : fan_out) : NAN;
  default: return NAN;
  }
}
