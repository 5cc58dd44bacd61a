/* The command line of bench, parsed and checked. */
#ifndef DEPTHMARK_OPTIONS_H
#define DEPTHMARK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/error.h"
#include "harness/formats.h"
#include "harness/initializers.h"
#include "harness/optimizer.h"
#include "harness/parse.h"
#include "harness/recipe.h"
#include "harness/rng.h"
#include "kernels/select.h"

/* A core for each thread; a hardware thread for each, cores first; none; or all of a core's hardware threads together.
 */
enum pin_policy { PIN_CORES, PIN_THREADS, PIN_NONE, PIN_SIBLINGS };
#define THREADS_LIMIT 1024
#define SMT_MOST 8 /* hardware threads that any core has */
enum suite_id {
  SUITE_LIMITS,
  SUITE_INIT,
  SUITE_ACTIVATION,
  SUITE_ACCURACY,
  SUITE_DENSE,
  SUITE_TRAINING,
  SUITE_GRADIENTS,
  SUITE_LEARNING,
  SUITE_COUNT
};
enum cache_state { CACHE_HOT, CACHE_COLD, CACHE_STATES };
enum network_input { INPUT_NORMAL, INPUT_FASHION_MNIST, INPUT_SYNTHETIC, INPUT_COUNT };

/* A footprint as --sizes names it: bytes, or a share of a cache ("L2/2") or of what counts as memory. */
struct size_choice {
  int level;   /* of the cache, 4: memory; 0: bytes */
  double many; /* bytes, or how many times the level's */
};

/* An activation as --activations names it. */
struct activation_choice {
  char text[48];
  const struct kernel *forward, *backward;
  struct parameters p;
};

struct options {
  char requested_arch[64];     /* as given: "auto", "all", "avx2,avx512" */
  enum arch archs[ARCH_COUNT]; /* selected, each supported here */
  size_t arch_count;
  bool suites[SUITE_COUNT];
  bool suites_given;
  char filter[128];           /* POSIX extended regular expression on row names; "" keeps all */
  bool filter_negated;        /* keep the rows that do not match */
  bool list;                  /* --list: print what would run, and stop */
  int threads[THREADS_LIMIT]; /* thread counts to measure */
  size_t thread_count;        /* entries of threads; 0: not given */
  bool threads_all;           /* --threads=all: from 1 to as many as there are places */
  enum pin_policy pin;
  char cores[128];   /* --cores, whose kinds of core only the machine knows; "": not given */
  int smt[SMT_MOST]; /* --smt: hardware threads of each core to use, in turn */
  size_t smt_count;
  bool smt_given, pin_given;
  struct size_choice sizes[LIST_LIMIT]; /* --sizes: footprints of a thread's data ... */
  size_t size_count;
  bool sweep; /* ... or those that show every level of the caches */
  uint64_t seed;
  enum rng rng;    /* of weights */
  double min_time; /* seconds of samples per row */
  bool min_time_given;
  double max_time; /* seconds of samples that a row may take until its interval is narrow enough; 0: not given */
  bool interval_given;
  double interval;           /* half of it, in percent of the median */
  bool caches[CACHE_STATES]; /* where data lies before a call */
  bool quick;
  bool peers; /* --peers: measure other libraries, too */
  enum output_format format;
  char out[4096];     /* "" : a name made from the time */
  size_t repetitions; /* parts that each row's samples are shown in; 0: none */
  struct google_style google;
  char google_out[4096]; /* a file for Google Benchmark's console or CSV output besides; "" : none */
  enum output_format google_out_format;
  char labels[16][LIST_ITEM]; /* NAME=VALUE, for the result's context */
  size_t label_count;
  char notice[256]; /* what was understood only nearly; "" : nothing */
  size_t samples;   /* --samples: floats that accuracy is measured on; 0: all */
  bool samples_given;

  /* gradients: the axes of the grid, of which learning takes some ... */
  struct initializer_choice inits[LIST_LIMIT];
  size_t init_count;
  struct activation_choice activations[LIST_LIMIT];
  size_t activation_count;
  size_t depths[LIST_LIMIT]; /* hidden layers */
  size_t depth_count;
  size_t widths[LIST_LIMIT];
  size_t width_count;
  double weight_scales[LIST_LIMIT]; /* factors of all weights */
  size_t weight_scale_count;
  double bias_stds[LIST_LIMIT]; /* standard deviations of normal biases; 0: zero biases */
  size_t bias_std_count;
  int normalizations[NORMALIZATION_COUNT]; /* of enum normalization */
  size_t normalization_count;
  int residuals[2]; /* 0, 1 */
  size_t residual_count;
  int precisions[PRECISION_COUNT]; /* of enum precision */
  size_t precision_count;
  double loss_scales[LIST_LIMIT];
  size_t loss_scale_count;
  int flushes[2]; /* 0, 1: --ftz */
  size_t flush_count;
  /* ... and what all its cells share */
  size_t batch, seeds; /* seeds: independent networks per cell */
  enum network_input data;
  bool histograms, jacobians;
  double budget; /* seconds that a grid may take without --yes */
  bool yes, resume;
  size_t shard, shards; /* of --shard=K/N: K from 1 to N */
  bool explain;         /* one cell; the initializers and activations behind the first may help it */
  struct {
    bool inits, activations, depths, widths, batch, seeds, data; /* else learning has defaults of its own */
  } given;

  /* learning */
  size_t epochs, images;
  enum optimizer_id optimizers[OPTIMIZER_COUNT];
  size_t optimizer_count;  /* 0: not given */
  float rates[LIST_LIMIT]; /* learning rates */
  size_t rate_count;       /* 0: not given */
  float momentum;
  double clip_norm, clip_value; /* 0: none */
  bool descent_given;           /* --momentum, --clip-norm or --clip-value */
};

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_ERROR };

/* Fills options from the command line. OPTIONS_ERROR leaves one line in error that says what is
 * wrong and what would be right. Does not print. */
enum options_action options_parse(int argc, char **argv, const struct cpu_features *cpu, struct options *options,
                                  struct error *error);

/* Whether a suite, rows or peers were asked for: then a suite measures what a run of everything has no time for. */
bool options_want_all(const struct options *options);

/* Whether --sizes was given: then elementwise kernels and dense layers are measured at these sizes only. */
bool options_want_sizes(const struct options *options);

extern const char *const suite_names[SUITE_COUNT];
extern const char *const cache_names[CACHE_STATES]; /* "hot", "cold" */
extern const char *const data_names[INPUT_COUNT];   /* of enum network_input */

/* What --help prints. */
extern const char help_text[];

#endif
