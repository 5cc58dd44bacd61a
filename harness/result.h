/* What one run found, and its JSON file. results/README.md describes the format. */
#ifndef DEPTHMARK_RESULT_H
#define DEPTHMARK_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/binades.h"
#include "harness/error.h"
#include "harness/machine.h"
#include "harness/recipe.h"

#define RESULT_FORMAT 3 /* version of the format that is written, and the only one that is read */
#define ROW_NAME 256

/* Nanoseconds per call, over samples. */
struct statistics {
  size_t samples;
  size_t outliers; /* samples further than 1.5 interquartile ranges outside the quartiles (Tukey 1977) */
  double median, minimum, maximum, mean, stddev;
  double p10, p90;  /* percentiles */
  double low, high; /* 99 % confidence interval of the median */
};

/* A part of a row's samples, in their order in time, for tools that want repetitions. */
struct result_repetition {
  double real, cpu; /* nanoseconds per call: median, mean */
  uint64_t iterations;
};
#define ROW_REPETITIONS_MOST 64

/* Where a training step's time goes: each part's shortest time in any step, divided by their sum. The products' parts
 * hold what goes with them. All 0: not a step. */
struct result_phases {
  double forward, loss, backward_data, backward_weights, update;
};

/* One benchmark row. */
struct result_row {
  char name[ROW_NAME]; /* suite/kernel/shape/arch:A/threads:T */
  char suite[24], kernel[48], shape[40], arch[16], provider[24];
  char residence[8]; /* where its data lives: L1, L2, L3, memory */
  char cache[8];     /* "hot": an untimed call went before; "cold": its data was out of all caches before each call */
  char cores[24];    /* the kind of core that its threads sat on, where the machine has several; else "" */
  int smt;           /* threads on each core */
  char rng[24];      /* the generator of its random numbers, as --rng names it; "" where there are none */
  int threads;
  bool support;           /* measured because other rows need it, not because it was asked for: tables leave it out */
  uint64_t iterations;    /* calls in all samples */
  struct statistics time; /* nanoseconds per call */
  struct statistics cpu_time; /* of the process on all its cores; only median (= mean), mean and stddev are kept */
  double core_hertz;          /* of the first thread's core while samples were taken; 0: unknown */
  double cycles, instructions, cache_misses; /* per call and thread, by hardware counters; NAN: they don't count here */
  double cycles_per_item;     /* core cycles of one thread for one of its items: by the counters, else by core_hertz */
  double items, flops, bytes; /* per call; flops 0 where operations are not floating-point */
  char limit[24];             /* the limit that binds it; "" where none applies */
  double fraction_of_limit;   /* 0: unknown */
  double times_scalar;        /* time of the same scalar row / this; 0: not measured */
  char best_peer[24];         /* our rows: the provider whose row of the same work took least time; "": none was */
  double times_best_peer;     /* its time / this; 0: not measured */
  struct result_phases phases;
  size_t repetition_count; /* 0: none were asked for */
  struct result_repetition repetitions[ROW_REPETITIONS_MOST];
};

/* What one layer of a network shows. Moments over all entries of the batch, as moments.h has them; subnormal means so
 * in the precision that the network is run in. Over seeds, RMS, spread and their ratio are geometric means, so that
 * they agree with the decay; all else, arithmetic ones. suite/gradient_tally.h says what the verdicts mean. */
struct gradient_layer {
  double z_mean, z_rms, z_stddev, z_skewness, z_kurtosis; /* pre-activations */
  double h_mean, h_rms, h_stddev, h_skewness, h_kurtosis; /* activations */
  double delta_mean, delta_rms, delta_stddev, delta_skewness,
      delta_kurtosis;                                          /* gradient of the loss with respect to z */
  double dw_mean, dw_rms, dw_stddev, dw_skewness, dw_kurtosis; /* gradient with respect to the weights */
  double w_rms;                                                /* of the weights */
  double gradient_to_weight;                                   /* dw_rms / w_rms */
  double zero, subnormal, nonfinite;                           /* shares of delta entries */
  double dw_zero, dw_subnormal;                                /* shares of dw entries */
  double saturated; /* share of activations whose derivative is below 0.01 of its largest */
  double dead;      /* share of units whose derivative is exactly 0 for every sample of the batch */
  /* Singular values of dh / dh of the layer before, for the first sample; jacobian.h says what they are. NAN: not
   * computed. */
  double jacobian_rms, jacobian_mean, jacobian_largest, jacobian_smallest;
};

/* How many entries of one layer lie in which binade, over all seeds. */
struct layer_histograms {
  struct histogram z, h, delta, dw;
};

enum verdict { VERDICT_VANISHING, VERDICT_STABLE, VERDICT_EXPLODING, VERDICT_OVERFLOW, VERDICT_UNDERFLOW };
extern const char *const verdict_names[];

/* What mean-field theory says of one layer; NAN where there is none. delta_rms is that of the measured last layer,
 * taken back through the theory's network. */
struct layer_theory {
  double z_rms, h_rms, delta_rms;
};

/* Where a deep network of this kind goes, whatever its input, without normalization and residual connections. */
struct cell_theory {
  double decay_per_layer;                /* of this network, with all its recipe adds and its own input */
  double difference;                     /* of the measured decay from it, in standard errors */
  double weight_variance;                /* sigma_w^2: that of a weight, times the inputs of a unit */
  double length, chi, length_scale;      /* q*, chi = sigma_w^2 E f'^2 there; layers over which lengths forget */
  double correlation, correlation_scale; /* c* of two inputs, and layers over which correlations forget */
};

/* Which shape a gradient's way back through the layers has; decay_fit.h says how it is told. */
enum decay_shape { DECAY_NONE, DECAY_LEVEL, DECAY_EXPONENTIAL, DECAY_ALGEBRAIC, DECAY_SHAPES };
extern const char *const decay_shape_names[DECAY_SHAPES];
struct decay_fit {
  enum decay_shape shape;
  double rate; /* b of that shape, of the exponential one where level; NAN for none. Negative: it vanishes on its way */
  double exponential_r2, algebraic_r2; /* shares of the variance of ln rms that each explains; NAN for none */
};

/* One cell of the gradient grid: what its networks have in common, and what they showed. */
struct gradient_cell {
  char initializer[64], activation[48], data[24], arch[16];
  size_t depth, width, batch, seeds;
  double weight_scale, bias_std; /* a factor of all weights; of normal biases */
  struct recipe recipe;
  double loss_scale;                            /* gradients are given without it */
  size_t index;                                 /* its place in the whole grid, of which this file may have a part */
  double decay_per_layer, decay_standard_error; /* natural log per layer; NAN where not finite */
  struct decay_fit fit;
  enum verdict verdict;
  size_t verdict_layer; /* where overflow or underflow begins; else 0. Layers count from 1, depth + 1: the output's */
  /* Of any network: the layer where numbers begin to overflow, that where they are all zeros, as the verdict has them;
   * the hidden layer nearest the output whose delta has more than 1 % subnormal numbers. 0: none. */
  size_t overflow_layer, underflow_layer, subnormal_layer;
  struct cell_theory theory;           /* NAN where there is none */
  struct gradient_layer *layers;       /* depth of them, owned */
  struct layer_theory *layers_theory;  /* depth of them, owned; NULL: there is no theory */
  struct layer_histograms *histograms; /* depth of them, owned; NULL: not wanted */
};

/* How far a kernel is from its double-precision reference on many floats; struct accuracy_tally and accuracy_ends say
 * exactly what is meant. NAN: there is no such thing. */
struct result_accuracy {
  char name[ROW_NAME]; /* accuracy/kernel/arch:A */
  char suite[24], kernel[48], arch[16], provider[24];
  size_t samples;                             /* finite floats */
  double ulp_max, ulp_max_at, ulp_mean;       /* INFINITY: a NaN came out */
  double root, absolute_max, absolute_max_at; /* of the slope, and the errors around it that are not counted in ulps */
  double subnormal_below, zero_below;         /* from that x on down the value is subnormal or zero, is zero ... */
  double subnormal_above, zero_above;         /* ... and upwards */
};

/* What one layer shows in a step of training. Norms and root mean squares over all its entries. */
struct learning_layer {
  double dw_rms, dw_norm; /* gradient with respect to the weights, before clipping */
  double update_ratio;    /* rms of what the step added to the weights / rms of the weights before it */
  double delta_rms;       /* gradient with respect to z */
};

/* A recorded step. NAN: not finite, or not reached because something before it was not. */
struct learning_record {
  size_t step;                   /* from 1 */
  double loss, gradient_norm;    /* of the batch; of all parameters, before clipping */
  struct learning_layer *layers; /* depth + 1: the hidden layers and the output layer; in the run's block */
};

struct learning_epoch {
  double loss, accuracy;                   /* of the training examples, each as it was before its own step */
  double held_out_loss, held_out_accuracy; /* after the epoch */
  double gradient_norm;                    /* largest of a step, before clipping */
};

/* What stopped being finite first: parameters, and what a step makes of them, in its order. */
enum fault_quantity {
  FAULT_NONE,
  FAULT_Z,
  FAULT_N, /* z normalized */
  FAULT_H,
  FAULT_LOSS,
  FAULT_DELTA,
  FAULT_DW,
  FAULT_DB,
  FAULT_DGAMMA,
  FAULT_DBETA,
  FAULT_V, /* Adam's mean of squared gradients, which hides from the weights */
  FAULT_W,
  FAULT_B,
  FAULT_GAMMA, /* scale and shift of a normalization */
  FAULT_BETA,
  FAULT_COUNT
};
extern const char *const fault_names[FAULT_COUNT];
struct learning_fault {
  enum fault_quantity quantity;
  size_t step, layer; /* from 1; layer depth + 1: the output layer; 0: of none, as the loss */
};

/* harness/suite/learning.c says what they mean. */
enum learning_verdict { LEARNING_LEARNS, LEARNING_BEGINS, LEARNING_AT_CHANCE, LEARNING_UNSTABLE, LEARNING_DIVERGES };
extern const char *const learning_verdict_names[];

#define LEARNING_RECORDS_MOST 64

/* One training run. */
struct learning_run {
  char name[ROW_NAME];
  char fact[200]; /* of the built-in runs: what the runs of the same text show together; else "" */
  char initializer[64], activation[48], optimizer[16], data[24], arch[16];
  size_t depth, width, batch, images, held_out; /* examples to learn from, and others to be judged by */
  struct recipe recipe;                         /* of normalization and residual connections */
  size_t seed;                                  /* which of the run's seeds, from 1 */
  double rate, momentum, clip_norm, clip_value; /* 0: none */
  size_t epochs, steps;                         /* asked for; done, the one with a fault included */
  double clipped;                               /* share of steps whose gradients were clipped */
  enum learning_verdict verdict;
  struct learning_fault fault;
  double seconds, products_share; /* it took; of that, in forward and backward passes */
  struct learning_epoch *history; /* of the epochs that were completed, owned */
  size_t history_count;
  struct learning_record *records; /* owned, their layers too */
  size_t record_count;
  struct learning_layer *layers; /* record_count x (depth + 1), the block that records point into */
};

/* A limit of the machine, measured in this run. */
struct result_limit {
  char name[32];     /* fma_peak, multiply_peak, memory_read, memory_latency, ... */
  char residence[8]; /* for memory limits: L1, L2, L3, memory */
  char arch[16];
  int threads;
  char cores[24]; /* the kind of core, where the machine has several; else "" */
  int node;       /* the NUMA node whose memory was used, where another than the threads' own was asked for; else -1 */
  char unit[16];  /* of value: "operations/s", "bytes/s", "s" */
  double value;
  int smt; /* threads on each core */
};

/* The core's frequency while all of so many threads run one kind of instructions. */
struct result_clock {
  char arch[16]; /* whose vector FMAs the load was made of */
  int threads;
  double hertz;     /* median of the first thread's core */
  double low, high; /* the slowest and fastest moment, as 10th and 90th percentile */
  char cores[24];   /* the kind of core, where the machine has several; else "" */
};

/* What a model of a CPU says about the inner loop of a kernel, without running it. */
struct result_prediction {
  char kernel[48], arch[16];
  char model[32]; /* as llvm-mca names it: znver4, neoverse-v2 */
  char binds[64]; /* the resource that is busiest */
  double cycles_per_item;
};

struct result {
  char date[40], command[1024], version[64], commit[64];
  uint64_t seed;
  char rng[24];        /* the generator of weights, as --rng names it */
  char labels[16][64]; /* NAME=VALUE: what the user wants to stand in the context; not read back */
  size_t label_count;
  bool interrupted;
  struct machine machine;
  struct result_limit *limits;
  size_t limit_count;
  struct result_row *rows;
  size_t row_count;
  struct result_accuracy *accuracies;
  size_t accuracy_count;
  struct gradient_cell *cells;
  size_t cell_count;
  /* Of the gradient cells' forward and backward passes: operations of their products, seconds on one thread each. */
  double network_operations, network_seconds;
  struct learning_run *learning;
  size_t learning_count;
  struct result_clock *clocks;
  size_t clock_count;
  struct result_prediction *predictions;
  size_t prediction_count;
};

/* Whether the row is a training step, whose phases are known. */
bool result_has_phases(const struct result_row *row);

void result_init(struct result *result);
void result_free(struct result *result);
void learning_run_free(struct learning_run *run); /* its arrays */

/* Frees what a cell owns. */
void gradient_cell_free(struct gradient_cell *cell);

/* Leaves it to another, that is a copy of it. */
void gradient_cell_forget(struct gradient_cell *cell);

/* Append a copy; what a cell or a learning run owns becomes the result's. Abort when memory is out. */
struct result_row *result_add_row(struct result *result, const struct result_row *row);
struct gradient_cell *result_add_cell(struct result *result, const struct gradient_cell *cell);
struct learning_run *result_add_learning(struct result *result, const struct learning_run *run);
void result_add_accuracy(struct result *result, const struct result_accuracy *accuracy);
void result_add_limit(struct result *result, const struct result_limit *limit);
void result_add_clock(struct result *result, const struct result_clock *clock);
void result_add_prediction(struct result *result, const struct result_prediction *prediction);

/* Puts cells in the order of their places in the grid. */
void result_sort_cells(struct result *result);

/* The accuracy of the row's kernel, arch and provider, or NULL where it was not measured. */
const struct result_accuracy *result_accuracy_of(const struct result *result, const struct result_row *row);

/* Writes the whole file or nothing, as whole_file.h has it. */
bool result_write(const struct result *result, const char *path, struct error *error);

/* The JSON text, to be freed; NULL when memory is out. */
char *result_to_json(const struct result *result);

/* Reads a file that result_write made; error names the file and the place, and the result is empty. */
bool result_read(struct result *result, const char *path, struct error *error);

/* Likewise of the document in it, an object; name stands for the file's in error. */
bool result_from_json(struct result *result, const json_t *root, const char *name, struct error *error);

#endif
