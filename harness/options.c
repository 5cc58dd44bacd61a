#include "harness/options.h"

#include <getopt.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "harness/options_google.h"
#include "harness/options_values.h"
#include "harness/peers/kernels.h"

#define DEFAULT_INITS "normal(0,1),uniform_fan_in,glorot_uniform,he_normal"
#define DEFAULT_ACTIVATIONS "tanh,sigmoid,relu,selu"
#define DEFAULT_DEPTHS "5,20,50"
#define SECONDS_MOST 3600.0
#define MAX_TIME_LEAST 1e-3
#define INTERVAL_LEAST 0.5 /* percent: narrower ones no run can promise, stats.h says why */
#define DEFAULT_INTERVAL 1.0
#define EXPLAINED_DEPTH 50
#define BUDGET 600.0 /* seconds */
#define DEFAULT_SAMPLES ((size_t)1 << 20)
#define QUICK_SAMPLES ((size_t)1 << 17)

const char *const suite_names[SUITE_COUNT] = {"limits", "init",     "activation", "accuracy",
                                              "dense",  "training", "gradients",  "learning"};
const char *const data_names[INPUT_COUNT] = {"normal", "fashion-mnist", "synthetic"};
const char *const cache_names[CACHE_STATES] = {"hot", "cold"};
static const char *const answers[] = {"no", "yes"};
#define COUNT(array) (sizeof(array) / sizeof *(array))

#define SEEDS_MOST 100000 /* networks a cell: the standard error is long below what float32 can show */

#define EPOCHS_MOST 1000000
#define IMAGES_MOST 1000000 /* Fashion-MNIST has 60,000 */

enum option_id {
  OPTION_ARCH = 1,
  OPTION_SUITE,
  OPTION_FILTER,
  OPTION_LIST,
  OPTION_THREADS,
  OPTION_PIN,
  OPTION_CORES,
  OPTION_SMT,
  OPTION_SIZES,
  OPTION_SEED,
  OPTION_RNG,
  OPTION_MIN_TIME,
  OPTION_MAX_TIME,
  OPTION_INTERVAL,
  OPTION_CACHE,
  OPTION_QUICK,
  OPTION_PEERS,
  OPTION_FORMAT,
  OPTION_OUT,
  OPTION_SAMPLES,
  OPTION_INITS,
  OPTION_ACTIVATIONS,
  OPTION_DEPTHS,
  OPTION_WIDTHS,
  OPTION_WEIGHT_SCALES,
  OPTION_BIAS_STDS,
  OPTION_NORMS,
  OPTION_RESIDUALS,
  OPTION_PRECISIONS,
  OPTION_LOSS_SCALES,
  OPTION_FTZ,
  OPTION_BATCH,
  OPTION_SEEDS,
  OPTION_DATA,
  OPTION_HISTOGRAMS,
  OPTION_JACOBIANS,
  OPTION_EXPLAIN,
  OPTION_SHARD,
  OPTION_RESUME,
  OPTION_BUDGET,
  OPTION_YES,
  OPTION_EPOCHS,
  OPTION_IMAGES,
  OPTION_OPTIMIZERS,
  OPTION_RATE,
  OPTION_MOMENTUM,
  OPTION_CLIP_NORM,
  OPTION_CLIP_VALUE,
  OPTION_HELP,
  OPTION_VERSION,
};

static const struct option long_options[] = {
    {"arch", required_argument, NULL, OPTION_ARCH},
    {"suite", required_argument, NULL, OPTION_SUITE},
    {"filter", required_argument, NULL, OPTION_FILTER},
    {"list", no_argument, NULL, OPTION_LIST},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"pin", required_argument, NULL, OPTION_PIN},
    {"cores", required_argument, NULL, OPTION_CORES},
    {"smt", required_argument, NULL, OPTION_SMT},
    {"sizes", required_argument, NULL, OPTION_SIZES},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"rng", required_argument, NULL, OPTION_RNG},
    {"min-time", required_argument, NULL, OPTION_MIN_TIME},
    {"max-time", required_argument, NULL, OPTION_MAX_TIME},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"cache", required_argument, NULL, OPTION_CACHE},
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"peers", no_argument, NULL, OPTION_PEERS},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"out", required_argument, NULL, OPTION_OUT},
    {"samples", required_argument, NULL, OPTION_SAMPLES},
    {"inits", required_argument, NULL, OPTION_INITS},
    {"activations", required_argument, NULL, OPTION_ACTIVATIONS},
    {"depths", required_argument, NULL, OPTION_DEPTHS},
    {"widths", required_argument, NULL, OPTION_WIDTHS},
    {"weight-scales", required_argument, NULL, OPTION_WEIGHT_SCALES},
    {"bias-stds", required_argument, NULL, OPTION_BIAS_STDS},
    {"norms", required_argument, NULL, OPTION_NORMS},
    {"residuals", required_argument, NULL, OPTION_RESIDUALS},
    {"precisions", required_argument, NULL, OPTION_PRECISIONS},
    {"loss-scales", required_argument, NULL, OPTION_LOSS_SCALES},
    {"ftz", required_argument, NULL, OPTION_FTZ},
    {"batch", required_argument, NULL, OPTION_BATCH},
    {"seeds", required_argument, NULL, OPTION_SEEDS},
    {"data", required_argument, NULL, OPTION_DATA},
    {"histograms", no_argument, NULL, OPTION_HISTOGRAMS},
    {"jacobians", no_argument, NULL, OPTION_JACOBIANS},
    {"explain", required_argument, NULL, OPTION_EXPLAIN},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"budget", required_argument, NULL, OPTION_BUDGET},
    {"yes", no_argument, NULL, OPTION_YES},
    {"epochs", required_argument, NULL, OPTION_EPOCHS},
    {"images", required_argument, NULL, OPTION_IMAGES},
    {"optimizers", required_argument, NULL, OPTION_OPTIMIZERS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"momentum", required_argument, NULL, OPTION_MOMENTUM},
    {"clip-norm", required_argument, NULL, OPTION_CLIP_NORM},
    {"clip-value", required_argument, NULL, OPTION_CLIP_VALUE},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

/* ---- one option's value ----------------------------------------------------------------------------------------- */

static bool set_option(struct options *o, int id, const char *value, const struct cpu_features *cpu,
                       struct error *error);

/* One of --explain's items that sets an option: "depth=50" is --depths=50. */
static bool set_explained(struct options *o, const char *item, const struct cpu_features *cpu, struct error *error) {
  static const int axes[] = {OPTION_DEPTHS,    OPTION_WIDTHS,     OPTION_WEIGHT_SCALES, OPTION_BIAS_STDS, OPTION_NORMS,
                             OPTION_RESIDUALS, OPTION_PRECISIONS, OPTION_LOSS_SCALES,   OPTION_FTZ};
  const char *names[COUNT(axes)], *value = strchr(item, '=') + 1;
  char name[LIST_ITEM] = "";
  size_t count = 0;
  memcpy(name, item, (size_t)(value - 1 - item));
  for (size_t i = 0; i < COUNT(axes); i++) {
    const struct option *option = long_options;
    while (option->val != axes[i]) option++;
    if (*name && strncmp(option->name, name, strlen(name)) == 0) return set_option(o, axes[i], value, cpu, error);
    names[count++] = option->name;
  }
  return parse_unknown("--explain", name, names, count, error);
}

/* An activation, an initializer and axes of the grid with one value each, in any order. */
static bool set_explain(struct options *o, const char *value, const struct cpu_features *cpu, struct error *error) {
  struct list list;
  if (!parse_list(value, "--explain", &list, error)) return false;
  size_t inits = 0, activations = 0;
  o->explain = true;
  o->depths[0] = EXPLAINED_DEPTH, o->depth_count = 1;
  for (size_t i = 0; i < list.count; i++) {
    const char *item = list.items[i];
    bool is_activation;
    if (strchr(item, '=')) {
      if (!set_explained(o, item, cpu, error)) return false;
    } else {
      if (!choose_either(item, &o->inits[0], &o->activations[0], &is_activation, error)) return false;
      activations += is_activation, inits += !is_activation;
    }
  }
  o->init_count = o->activation_count = 1;
  return (inits == 1 && activations == 1) ||
         error_set(
             error,
             "--explain=%s: one activation and one initializer were expected, such as relu,glorot_uniform,depth=50",
             value);
}

static bool set_option(struct options *o, int id, const char *value, const struct cpu_features *cpu,
                       struct error *error) {
  int index = 0;
  bool fine = true;
  switch (id) {
  case OPTION_ARCH: return options_set_archs(o, value, cpu, error);
  case OPTION_SUITE: return options_set_suites(o, value, error);
  case OPTION_FILTER: return options_set_filter(o, value, error);
  case OPTION_LIST: o->list = true; return true;
  case OPTION_THREADS: return options_set_threads(o, value, error);
  case OPTION_PIN: return options_set_pin(o, value, error);
  case OPTION_CORES: return options_set_cores(o, value, error);
  case OPTION_SMT: return options_set_smt(o, value, error);
  case OPTION_SIZES: return options_set_sizes(o, value, error);
  case OPTION_SEED: return parse_whole(value, "--seed", 0, UINT64_MAX, &o->seed, error);
  case OPTION_RNG:
    fine = parse_name(value, "--rng", rng_names, RNG_COUNT, &index, error);
    o->rng = (enum rng)index;
    return fine;
  case OPTION_MIN_TIME:
    o->min_time_given = true;
    return parse_real(value, "--min-time", 0, SECONDS_MOST, &o->min_time, error);
  case OPTION_MAX_TIME: return parse_real(value, "--max-time", MAX_TIME_LEAST, SECONDS_MOST, &o->max_time, error);
  case OPTION_INTERVAL:
    o->interval_given = true;
    return parse_real(value, "--interval", INTERVAL_LEAST, 100, &o->interval, error);
  case OPTION_CACHE: return options_set_caches(o, value, error);
  case OPTION_QUICK: o->quick = true; return true;
  case OPTION_PEERS:
    o->peers = true;
    return peer_kernels_built() ||
           error_set(error, "--peers: this build has none; install Random123 (librandom123-dev) or oneDNN "
                            "(libdnnl-dev) and build anew");
  case OPTION_FORMAT:
    fine = parse_name(value, "--format", format_names, FORMAT_COUNT, &index, error);
    o->format = (enum output_format)index;
    return fine;
  case OPTION_OUT: return options_set_out(o, value, error);
  case OPTION_SAMPLES: return options_set_samples(o, value, error);
  case OPTION_INITS: o->given.inits = true; return options_set_inits(o, value, error);
  case OPTION_ACTIVATIONS: o->given.activations = true; return options_set_activations(o, value, error);
  case OPTION_DEPTHS: o->given.depths = true; return parse_sizes(value, "--depths", o->depths, &o->depth_count, error);
  case OPTION_WIDTHS: o->given.widths = true; return parse_sizes(value, "--widths", o->widths, &o->width_count, error);
  case OPTION_WEIGHT_SCALES:
    return parse_reals(value, "--weight-scales", 0, 1e30, o->weight_scales, &o->weight_scale_count, error);
  case OPTION_BIAS_STDS: return parse_reals(value, "--bias-stds", 0, 1e30, o->bias_stds, &o->bias_std_count, error);
  case OPTION_NORMS:
    return parse_names(value, "--norms", normalization_names, NORMALIZATION_COUNT, o->normalizations,
                       &o->normalization_count, error);
  case OPTION_RESIDUALS:
    return parse_names(value, "--residuals", answers, COUNT(answers), o->residuals, &o->residual_count, error);
  case OPTION_PRECISIONS:
    return parse_names(value, "--precisions", precision_names, PRECISION_COUNT, o->precisions, &o->precision_count,
                       error);
  case OPTION_LOSS_SCALES:
    return parse_reals(value, "--loss-scales", 1e-30, 1e30, o->loss_scales, &o->loss_scale_count, error);
  case OPTION_FTZ: return parse_names(value, "--ftz", answers, COUNT(answers), o->flushes, &o->flush_count, error);
  case OPTION_BATCH: o->given.batch = true; return parse_size(value, "--batch", &o->batch, error);
  case OPTION_SEEDS:
    o->given.seeds = true;
    return parse_size(value, "--seeds", &o->seeds, error) &&
           (o->seeds <= SEEDS_MOST || error_set(error, "--seeds=%s: at most %d", value, SEEDS_MOST));
  case OPTION_DATA:
    fine = parse_name(value, "--data", data_names, INPUT_COUNT, &index, error);
    o->data = (enum network_input)index;
    o->given.data = true;
    return fine;
  case OPTION_HISTOGRAMS: o->histograms = true; return true;
  case OPTION_JACOBIANS: o->jacobians = true; return true;
  case OPTION_EXPLAIN: return set_explain(o, value, cpu, error);
  case OPTION_SHARD: return options_set_shard(o, value, error);
  case OPTION_RESUME: o->resume = true; return true;
  case OPTION_BUDGET: return parse_real(value, "--budget", 0, 1e9, &o->budget, error);
  case OPTION_YES: o->yes = true; return true;
  case OPTION_EPOCHS:
    return parse_size(value, "--epochs", &o->epochs, error) &&
           (o->epochs <= EPOCHS_MOST || error_set(error, "--epochs=%s: at most %d", value, EPOCHS_MOST));
  case OPTION_IMAGES:
    return parse_size(value, "--images", &o->images, error) &&
           (o->images <= IMAGES_MOST || error_set(error, "--images=%s: at most %d", value, IMAGES_MOST));
  case OPTION_OPTIMIZERS: return options_set_optimizers(o, value, error);
  case OPTION_RATE: return options_set_rates(o, value, error);
  case OPTION_MOMENTUM: return options_set_momentum(o, value, error);
  case OPTION_CLIP_NORM: return options_set_clip(o, value, "--clip-norm", &o->clip_norm, error);
  case OPTION_CLIP_VALUE: return options_set_clip(o, value, "--clip-value", &o->clip_value, error);
  default: return error_set(error, "option %d is not handled", id);
  }
}

/* ---- the whole line --------------------------------------------------------------------------------------------- */

static bool set_defaults(struct options *o, const struct cpu_features *cpu, struct error *error) {
  *o = (struct options){.seed = 1,
                        .batch = 64,
                        .budget = BUDGET,
                        .shard = 1,
                        .shards = 1,
                        .epochs = 20,
                        .images = 2000,
                        .momentum = 0.9f,
                        .interval = DEFAULT_INTERVAL,
                        .caches = {[CACHE_HOT] = true}};
  o->widths[0] = 256, o->width_count = 1;
  o->smt[0] = 1, o->smt_count = 1;
  o->weight_scales[0] = o->loss_scales[0] = 1, o->weight_scale_count = o->loss_scale_count = 1;
  o->bias_std_count = o->normalization_count = o->residual_count = o->precision_count = o->flush_count = 1;
  for (size_t s = 0; s < SUITE_COUNT; s++) o->suites[s] = true;
  return options_set_archs(o, "auto", cpu, error) && options_set_inits(o, DEFAULT_INITS, error) &&
         options_set_activations(o, DEFAULT_ACTIVATIONS, error) &&
         parse_sizes(DEFAULT_DEPTHS, "--depths", o->depths, &o->depth_count, error);
}

/* Initializers and activations that may help the one network: behind its own. */
static void add_remedies(struct options *o) {
  static const char *const inits[] = {"he_normal", "lecun_normal", "glorot_uniform", "orthogonal"};
  static const char *const activations[] = {"relu", "tanh", "selu"};
  struct error error;
  for (size_t i = 0; i < COUNT(inits); i++)
    if (strcmp(inits[i], o->inits[0].text) != 0)
      o->init_count += choose_initializer(inits[i], &o->inits[o->init_count], &error);
  for (size_t i = 0; i < COUNT(activations); i++)
    if (strcmp(activations[i], o->activations[0].text) != 0)
      o->activation_count += choose_activation(activations[i], &o->activations[o->activation_count], &error);
}

/* --explain looks at one network, with the gradients suite alone unless others are asked for. */
static bool check_explain(struct options *o, struct error *error) {
  const struct {
    const char *name;
    size_t count;
  } axes[] = {{"inits", o->init_count},
              {"activations", o->activation_count},
              {"depths", o->depth_count},
              {"widths", o->width_count},
              {"weight-scales", o->weight_scale_count},
              {"bias-stds", o->bias_std_count},
              {"norms", o->normalization_count},
              {"residuals", o->residual_count},
              {"precisions", o->precision_count},
              {"loss-scales", o->loss_scale_count},
              {"ftz", o->flush_count}};
  if (!o->explain) return true;
  for (size_t i = 0; i < COUNT(axes); i++)
    if (axes[i].count != 1)
      return error_set(error, "--explain looks at one network; give --%s one value", axes[i].name);
  if (!o->suites_given) {
    memset(o->suites, 0, sizeof o->suites);
    o->suites[SUITE_GRADIENTS] = true;
  }
  add_remedies(o);
  return true;
}

static enum options_action parse_line(int argc, char **argv, const struct cpu_features *cpu, struct options *options,
                                      struct error *error) {
  if (!set_defaults(options, cpu, error) || !options_take_google(&argc, argv, options, error)) return OPTIONS_ERROR;
  opterr = 0;
  optind = 0; /* glibc: start afresh */
  for (;;) {
    const int before = optind ? optind : 1;
    const int id = getopt_long(argc, argv, ":", long_options, NULL);
    if (id == -1) break;
    if (id == OPTION_HELP) return OPTIONS_HELP;
    if (id == OPTION_VERSION) return OPTIONS_VERSION;
    if (id == '?' || id == ':') {
      parse_explain(id, argv[optind > before ? optind - 1 : before], long_options, "bench", error);
      return OPTIONS_ERROR;
    }
    if (!set_option(options, id, optarg, cpu, error)) return OPTIONS_ERROR;
  }
  if (optind < argc) {
    error_set(error, "unexpected argument %.60s; options begin with --, see bench --help", argv[optind]);
    return OPTIONS_ERROR;
  }
  if (!check_explain(options, error) || !options_check_places(options, error)) return OPTIONS_ERROR;
  if (options->resume && !options->out[0]) {
    error_set(error, "--resume needs --out=FILE: the result, or what is left of it, to go on with");
    return OPTIONS_ERROR;
  }
  if (options->max_time > 0 && options->min_time_given && options->max_time < options->min_time) {
    error_set(error, "--max-time=%g is less than --min-time=%g", options->max_time, options->min_time);
    return OPTIONS_ERROR;
  }
  if (!options->min_time_given) options->min_time = options->quick ? 0.01 : 0.05;
  if (!options->suites_given) {
    options->suites[SUITE_ACCURACY] = options->filter[0];                                   /* long tables */
    options->suites[SUITE_LEARNING] = strstr(options->filter, suite_names[SUITE_LEARNING]); /* takes long */
  }
  if (!options->samples_given) options->samples = options->quick ? QUICK_SAMPLES : DEFAULT_SAMPLES;
  if (!options->given.seeds) options->seeds = options->quick ? 2 : 5;
  return OPTIONS_RUN;
}

enum options_action options_parse(int argc, char **argv, const struct cpu_features *cpu, struct options *options,
                                  struct error *error) {
  char **const line = malloc(((size_t)argc + 1) * sizeof *line);
  if (!line) {
    error_set(error, "out of memory");
    return OPTIONS_ERROR;
  }
  memcpy(line, argv, (size_t)argc * sizeof *line);
  line[argc] = NULL;
  const enum options_action action = parse_line(argc, line, cpu, options, error);
  free(line);
  return action;
}

bool options_want_all(const struct options *options) {
  return !options->quick && (options->suites_given || options->filter[0] || options->peers);
}
