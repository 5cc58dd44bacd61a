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
    {"uniform", NUMBERS_2, D(0, 1), KERNEL_init_uniform, AS_GIVEN},
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

/* Where kernels multiply by 2^-31 of the spread, that has to be a normal float. */
#define SPREAD_LEAST 0x1p-95
/* Normals reach 6.7 standard deviations. */
#define NORMAL_REACH 7.0
/* Beyond, too much of a normal's tail is less than the kernel can tell from nothing (2^-36). */
#define INTERVAL_REACH 5.5

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

static bool check_stddev(const struct initializer_choice *choice, double stddev, struct error *error) {
  return stddev >= 0 || error_set(error, "--inits=%s: a standard deviation cannot be negative", choice->text);
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
  return true;
}

/* Parameters that contradict each other. */
static bool check_draft(const struct initializer_choice *choice, const struct draft *draft, struct error *error) {
  const double *p = draft->p;
  switch (draft->kernel) {
  case KERNEL_init_uniform:
    return p[0] <= p[1] || error_set(error, "--inits=%s: the interval is empty; write %s(low,high)", choice->text,
                                     choice->initializer->name);
  case KERNEL_init_normal:
  case KERNEL_init_truncated_normal: return check_stddev(choice, p[1], error);
  case KERNEL_init_trunc_normal: return check_interval(choice, p, error);
  case KERNEL_init_sparse:
    if (!(p[0] >= 0 && p[0] <= 1))
      return error_set(error, "--inits=%s: a share of zeros lies between 0 and 1", choice->text);
    return check_stddev(choice, p[1], error);
  default: return true;
  }
}

/* What floats have to hold: weights about `middle` that differ by `spread` or so, no less than `least` if they differ
 * at all, and numbers up to `largest`. */
struct extent {
  double middle, spread, least, largest;
};

static struct extent normal_extent(double mean, double stddev, double least) {
  return (struct extent){mean, stddev, least, fabs(mean) + NORMAL_REACH * stddev};
}

/* Weights lie where the interval is nearest to the mean. */
static struct extent interval_extent(const double *p) {
  const double mean = p[0], stddev = p[1], low = p[2], high = p[3], width = high - low;
  const double ends = fmax(fabs(low), fabs(high)), middle = fmin(fmax(mean, low), high);
  return (struct extent){middle, fmin(stddev, width / 2), width < stddev ? SPREAD_LEAST : FLT_MIN,
                         fmax(ends, fabs(mean) + stddev)};
}

static struct extent extent_of(const struct draft *draft, double in, double out) {
  const double *p = draft->p;
  switch (draft->kernel) {
  case KERNEL_init_uniform: { /* its width must be a float, too */
    const double middle = (p[0] + p[1]) / 2, half = (p[1] - p[0]) / 2;
    return (struct extent){middle, half, SPREAD_LEAST, fabs(middle) + 2 * half};
  }
  case KERNEL_init_normal: return normal_extent(p[0], p[1], FLT_MIN);
  case KERNEL_init_truncated_normal: return normal_extent(p[0], p[1], SPREAD_LEAST);
  case KERNEL_init_trunc_normal: return interval_extent(p);
  case KERNEL_init_sparse: return normal_extent(0, p[1], FLT_MIN);
  case KERNEL_init_orthogonal:
    return (struct extent){0, fabs(p[0]) / sqrt(fmax(in, out)), FLT_MIN, NORMAL_REACH * fabs(p[0])};
  default: return (struct extent){0, fabs(p[0]), FLT_MIN, fabs(p[0])}; /* a value, beside zeros */
  }
}

static bool check_small(const struct initializer_choice *choice, struct extent e, struct error *error) {
  if (e.spread > 0 && e.spread < e.least)
    return error_set(error, "--inits=%s: weights as small as %.3g underflow in floats; the least is %.3g", choice->text,
                     e.spread, e.least);
  if (e.spread > 0 && (float)(e.middle + e.spread) == (float)e.middle)
    return error_set(error, "--inits=%s: weights that differ by %.3g are all the same float about %.9g", choice->text,
                     e.spread, e.middle);
  return true;
}

static bool check_large(const struct initializer_choice *choice, struct extent e, struct error *error) {
  return e.largest <= FLT_MAX ||
         error_set(error, "--inits=%s: weights as large as %.3g overflow floats, which end at %.3g", choice->text,
                   e.largest, FLT_MAX);
}

static bool shrinks_with_fans(enum rule rule) {
  return rule == VARIANCE_SCALING || rule == XAVIER || rule == KAIMING || rule == UNIFORM_FAN_IN;
}

bool initializer_check(const struct initializer_choice *choice, struct error *error) {
  if (!check_arguments(choice, error)) return false;
  const struct draft draft = apply_rule(choice, 1, 1);
  const struct extent largest = extent_of(&draft, 1, 1);
  return check_draft(choice, &draft, error) && check_small(choice, largest, error) &&
         (shrinks_with_fans(choice->initializer->rule) || check_large(choice, largest, error));
}

bool initializer_resolve(const struct initializer_choice *choice, size_t fan_in, size_t fan_out,
                         struct initializer_fill *fill, struct error *error) {
  if (fan_in == 0 || fan_out == 0)
    return error_set(error,
                     "--inits=%s: a layer has at least one input and one output, and here fan_in is %zu, fan_out %zu",
                     choice->text, fan_in, fan_out);
  if (!check_arguments(choice, error)) return false;
  const struct draft draft = apply_rule(choice, (double)fan_in, (double)fan_out);
  const struct extent extent = extent_of(&draft, (double)fan_in, (double)fan_out);
  if (!check_draft(choice, &draft, error) || !check_small(choice, extent, error) || !check_large(choice, extent, error))
    return false;
  fill->kernel = &kernels[draft.kernel];
  fill->p = (struct parameters){
      .a = (float)draft.p[0], .b = (float)draft.p[1], .c = (float)draft.p[2], .d = (float)draft.p[3]};
  return true;
}

/* ---- variance --------------------------------------------------------------------------------------------------- */

/* Of a standard normal conditioned on |z| <= bound. Where the difference cancels, its series b^2/3 - 2 b^4/45 ...,
 * whose next term is below 2^-31 of it. */
static double truncated_variance(double bound) {
  const double square = bound * bound;
  if (bound < 0x1p-6) return square / 3 - 2 * square * square / 45;
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
