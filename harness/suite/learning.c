/* Which networks learn: each combination of initializer, activation, depth, optimizer and rate is trained on images,
 * real or synthetic, and its steps are watched. Where nothing is chosen, the runs are those that show the classic
 * facts.
 *
 * A run learns when its last epoch has brought the loss below 0.9 of what guessing among the ten classes costs, ln 10,
 * and the share of right answers on held-out examples is more than 5 standard errors above the most frequent class's.
 * It begins to when these answers are as good but the loss is between 0.9 and 0.98 ln 10. It is unstable when the loss
 * is above 1.1 ln 10: sure of wrong answers. It diverges, and stops, when something is not finite. Else it is at
 * chance.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/choices.h"
#include "harness/clock.h"
#include "harness/interrupt.h"
#include "harness/lsuv.h"
#include "harness/residence.h"
#include "harness/suite.h"
#include "harness/suite/examples.h"
#include "harness/trainer.h"

#define OUTPUTS DATASET_CLASSES
#define HELD_OUT 1000 /* examples */
#define STANDARD_ERRORS 5
#define LEARNS_BELOW 0.9 /* of ln 10 */
#define BEGINS_BELOW 0.98
#define UNSTABLE_ABOVE 1.1
/* What is not given. */
#define WIDTH 100
#define BATCH 32
#define INITS "glorot_uniform,he_normal"
#define ACTIVATIONS "tanh,relu"
#define DEPTHS "5,30"
/* Runs are done side by side, one a thread, while that many networks fit in this; else they share out their work, if a
 * layer's product has so many operations. */
#define SIDE_BY_SIDE_BYTES ((size_t)512 << 20)
#define SHARED_PRODUCT 1.6e7

/* One run to be done. */
struct job {
  char name[ROW_NAME];
  const char *fact;
  struct initializer_choice initializer;
  struct activation_choice activation;
  size_t depth, seed; /* seed: which, from 0 */
  struct recipe recipe;
  struct training how;
  struct learning_run run; /* once it is done */
  enum { JOB_WAITS, JOB_DONE, JOB_LEFT_OUT, JOB_FAILED } state;
  struct error error; /* why it was left out or failed */
};

struct school {
  struct run *run;
  const struct options *options;
  const struct kernel_table *table;
  struct init rng;         /* of the weights */
  int threads, team, each; /* to use; runs side by side; threads of each */
  size_t width, batch, seeds;
  enum network_input data;
  struct job *jobs;
  size_t count;
  struct dataset training, held_out;
  double chance; /* share of right answers of who always gives the most frequent one */
};

/* ---- which runs ------------------------------------------------------------------------------------------------- */

/* A fact is what the runs that follow it show together. */
static const struct classic {
  const char *fact, *initializer, *activation;
  size_t depth;
  float rate;
  double clip_norm;
  struct recipe recipe;
} classics[] = {
#define PLAIN                                                                                                          \
  { .residual = false }
#define HE_RELU "ReLU, 30 layers: Glorot's weights halve the squared gradient in every layer; He's keep it, and learn."
    {HE_RELU, "glorot_uniform", "relu", 30, 0.005f, 0, PLAIN},
    {HE_RELU, "he_normal", "relu", 30, 0.005f, 0, PLAIN},
#define SIGMOID                                                                                                        \
  "Sigmoid, Glorot's weights: slopes of 1/4 at most leave 5 layers at chance for as long as 2 layers take to learn."
    {SIGMOID, "glorot_uniform", "sigmoid", 5, 0.1f, 0, PLAIN},
    {SIGMOID, "glorot_uniform", "sigmoid", 2, 0.1f, 0, PLAIN},
#define TANH                                                                                                           \
  "tanh, 20 layers: U(+-1/sqrt(n)) has a third of the variance that keeps signal and gradient; Glorot's has all."
    {TANH, "uniform_fan_in", "tanh", 20, 0.01f, 0, PLAIN},
    {TANH, "glorot_uniform", "tanh", 20, 0.01f, 0, PLAIN},
#define NORMAL                                                                                                         \
  "normal(0,1) explodes: tanh saturates while gradients grow toward the input; ReLU overflows within a few steps."
    {NORMAL, "normal(0,1)", "tanh", 20, 0.01f, 0, PLAIN},
    {NORMAL, "normal(0,1)", "relu", 30, 0.01f, 0, PLAIN},
#define CLIPPING "ReLU, He's weights, 30 layers, steps too large for it: clipping the gradient's norm makes them safe."
    {CLIPPING, "he_normal", "relu", 30, 0.2f, 0, PLAIN},
    {CLIPPING, "he_normal", "relu", 30, 0.2f, 1, PLAIN},
#define RECIPES                                                                                                        \
  "What also helps ReLU with Glorot's weights over 30 layers: layer normalization, alone or with residual "            \
  "connections."
    {RECIPES, "glorot_uniform", "relu", 30, 0.005f, 0, {.normalization = NORMALIZATION_LAYER}},
    {RECIPES, "glorot_uniform", "relu", 30, 0.005f, 0, {.normalization = NORMALIZATION_LAYER, .residual = true}},
};

static bool anything_given(const struct options *o) {
  return o->given.inits || o->given.activations || o->given.depths || o->normalization_count > 1 ||
         o->normalizations[0] || o->residual_count > 1 || o->residuals[0] || o->optimizer_count || o->rate_count ||
         o->descent_given;
}

static void name_job(struct job *job) {
  static const char *const norms[NORMALIZATION_COUNT] = {"", "/batch_norm", "/layer_norm"};
  const struct training *how = &job->how;
  char clip[64] = "";
  if (how->clip_value > 0) snprintf(clip, sizeof clip, "/clip-value:%g", how->clip_value);
  const size_t used = strlen(clip);
  if (how->clip_norm > 0) snprintf(clip + used, sizeof clip - used, "/clip-norm:%g", how->clip_norm);
  const int length = snprintf(job->name, sizeof job->name, "learning/%s/%s/%zu%s%s/%s/rate:%g%s/seed:%zu",
                              job->initializer.text, job->activation.text, job->depth, norms[job->recipe.normalization],
                              job->recipe.residual ? "/residual" : "", optimizer_names[how->optimizer],
                              (double)how->rate, clip, job->seed + 1);
  if (length >= (int)sizeof job->name) strcpy(job->name + sizeof job->name - 4, "..."); /* the fields have it all */
}

/* One job for each seed, if the filter keeps it. */
static void add_jobs(struct school *school, const struct job *like) {
  for (size_t k = 0; k < school->seeds; k++) {
    struct job job = *like;
    job.seed = k;
    name_job(&job);
    if (!run_wants(school->run, job.name)) continue;
    if ((school->count & (school->count - 1)) == 0) {
      const size_t room = school->count ? 2 * school->count : 1;
      school->jobs = realloc(school->jobs, room * sizeof *school->jobs);
      if (!school->jobs) abort();
    }
    school->jobs[school->count++] = job;
  }
}

static bool add_classics(struct school *school, struct error *error) {
  for (size_t i = 0; i < sizeof classics / sizeof *classics; i++) {
    const struct classic *c = &classics[i];
    struct job job = {.fact = c->fact,
                      .depth = c->depth,
                      .recipe = c->recipe,
                      .how = {.optimizer = OPTIMIZER_SGD, .rate = c->rate, .clip_norm = c->clip_norm}};
    if (!choose_initializer(c->initializer, &job.initializer, error) ||
        !choose_activation(c->activation, &job.activation, error))
      return false;
    add_jobs(school, &job);
  }
  return true;
}

/* The lists that make a grid: what was given, and this suite's defaults for the rest. */
struct axes {
  struct initializer_choice inits[LIST_LIMIT];
  struct activation_choice activations[LIST_LIMIT];
  size_t depths[LIST_LIMIT];
  enum optimizer_id optimizers[OPTIMIZER_COUNT];
  size_t init_count, activation_count, depth_count, optimizer_count;
};

static bool find_axes(const struct options *o, struct axes *axes, struct error *error) {
  struct list list;
  *axes = (struct axes){.init_count = o->init_count,
                        .activation_count = o->activation_count,
                        .depth_count = o->depth_count,
                        .optimizer_count = o->optimizer_count ? o->optimizer_count : 1};
  memcpy(axes->inits, o->inits, sizeof o->inits);
  memcpy(axes->activations, o->activations, sizeof o->activations);
  memcpy(axes->depths, o->depths, sizeof o->depths);
  memcpy(axes->optimizers, o->optimizers, sizeof o->optimizers); /* of zeros: sgd */
  if (!o->given.inits) {
    if (!parse_list(INITS, "--inits", &list, error)) return false;
    for (size_t i = 0; i < (axes->init_count = list.count); i++)
      if (!choose_initializer(list.items[i], &axes->inits[i], error)) return false;
  }
  if (!o->given.activations) {
    if (!parse_list(ACTIVATIONS, "--activations", &list, error)) return false;
    for (size_t i = 0; i < (axes->activation_count = list.count); i++)
      if (!choose_activation(list.items[i], &axes->activations[i], error)) return false;
  }
  if (!o->given.depths) {
    if (!parse_list(DEPTHS, "--depths", &list, error)) return false;
    for (size_t i = 0; i < (axes->depth_count = list.count); i++) axes->depths[i] = strtoul(list.items[i], NULL, 10);
  }
  return true;
}

static void add_rates(struct school *school, const struct job *like) {
  const struct options *o = school->options;
  struct job job = *like;
  if (o->rate_count == 0) {
    job.how.rate = optimizer_default_rate(job.how.optimizer);
    add_jobs(school, &job);
  }
  for (size_t r = 0; r < o->rate_count; r++) {
    job.how.rate = o->rates[r];
    add_jobs(school, &job);
  }
}

static bool add_grid(struct school *school, struct error *error) {
  const struct options *o = school->options;
  struct axes *axes = malloc(sizeof *axes);
  if (!axes) return error_set(error, "out of memory");
  const bool ok = find_axes(o, axes, error);
  for (size_t i = 0; ok && i < axes->init_count; i++)
    for (size_t a = 0; a < axes->activation_count; a++)
      for (size_t d = 0; d < axes->depth_count; d++)
        for (size_t p = 0; p < axes->optimizer_count * o->normalization_count * o->residual_count; p++) {
          const size_t change = p / axes->optimizer_count;
          const struct training how = {.optimizer = axes->optimizers[p % axes->optimizer_count],
                                       .momentum = o->momentum,
                                       .clip_norm = o->clip_norm,
                                       .clip_value = o->clip_value};
          const struct job job = {
              .fact = "",
              .initializer = axes->inits[i],
              .activation = axes->activations[a],
              .depth = axes->depths[d],
              .recipe = {.normalization = (enum normalization)o->normalizations[change / o->residual_count],
                         .residual = o->residuals[change % o->residual_count] != 0},
              .how = how};
          add_rates(school, &job);
        }
  free(axes);
  return ok;
}

/* ---- one run ---------------------------------------------------------------------------------------------------- */

static struct network_shape shape_of(const struct school *school, const struct job *job) {
  return (struct network_shape){.inputs = DATASET_PIXELS,
                                .width = school->width,
                                .depth = job->depth,
                                .outputs = OUTPUTS,
                                .batch = school->batch,
                                .recipe = job->recipe};
}

/* Of the whole work, which runs side by side share. */
static double planned_seconds(const struct school *school, const struct job *job) {
  const struct options *o = school->options;
  const double width = (double)school->width, hidden = (double)(job->depth - 1) * width * width;
  const double weights = DATASET_PIXELS * width + hidden + width * OUTPUTS, lanes = (double)school->table->lanes;
  const double examples = (double)o->images * (double)o->epochs, steps = examples / (double)school->batch;
  return (examples * 6 * weights / (4e9 * lanes) + steps * weights * 1e-9) / school->team + 0.01;
}

/* What a run works with. */
struct student {
  struct trainer trainer;
  float *x, *losses; /* of a batch */
  int32_t *labels;
  uint32_t *order; /* of the training examples */
  size_t recorded[LEARNING_RECORDS_MOST], recorded_count;
};

static bool student_create(struct student *student, const struct school *school, const struct job *job, int threads,
                           struct error *error) {
  const struct network_shape shape = shape_of(school, job);
  *student = (struct student){0};
  if (!trainer_create(&student->trainer, shape, school->table, &job->activation, &job->how, threads, error))
    return false;
  student->trainer.network.rng = school->rng;
  student->trainer.network.caches = residence_caches(&school->run->result->machine, school->threads);
  student->x = malloc(shape.batch * shape.inputs * sizeof *student->x);
  student->losses = malloc(shape.batch * sizeof *student->losses);
  student->labels = malloc(shape.batch * sizeof *student->labels);
  student->order = malloc(school->training.count * sizeof *student->order);
  return (student->x && student->losses && student->labels && student->order) ||
         error_set(error, "out of memory: a batch of %zu; choose a smaller --batch", shape.batch);
}

static void student_destroy(struct student *student) {
  trainer_destroy(&student->trainer);
  free(student->x);
  free(student->losses);
  free(student->labels);
  free(student->order);
}

/* The run's description, and room for what it will show. */
static bool begin_run(const struct school *school, struct student *student, const struct job *job,
                      struct learning_run *run, struct error *error) {
  const struct options *o = school->options;
  const struct training *how = &job->how;
  *run = (struct learning_run){.depth = job->depth,
                               .recipe = job->recipe,
                               .width = school->width,
                               .batch = school->batch,
                               .images = school->training.count,
                               .held_out = school->held_out.count,
                               .seed = job->seed + 1,
                               .rate = (double)how->rate,
                               .momentum = how->optimizer == OPTIMIZER_MOMENTUM ? (double)how->momentum : 0,
                               .clip_norm = how->clip_norm,
                               .clip_value = how->clip_value,
                               .epochs = o->epochs};
  strcpy(run->name, job->name);
  strcpy(run->fact, job->fact);
  strcpy(run->initializer, job->initializer.text);
  strcpy(run->activation, job->activation.text);
  strcpy(run->optimizer, optimizer_names[how->optimizer]);
  strcpy(run->data, data_names[school->data]);
  strcpy(run->arch, school->table->name);
  const size_t steps = o->epochs * (school->training.count / school->batch);
  student->recorded_count = trainer_recorded_steps(steps, student->recorded);
  const size_t room = student->recorded_count + 1; /* one for a step with a fault */
  run->history = calloc(o->epochs, sizeof *run->history);
  run->records = calloc(room, sizeof *run->records);
  run->layers = calloc(room * (job->depth + 1), sizeof *run->layers);
  return (run->history && run->records && run->layers) ||
         error_set(error, "out of memory: the records of %zu steps", steps);
}

/* The record that the next step is to fill, or NULL; one more than are needed is always left. */
static struct learning_record *next_record(const struct student *student, struct learning_run *run) {
  if (run->record_count == student->recorded_count || student->recorded[run->record_count] != student->trainer.step + 1)
    return NULL;
  struct learning_record *record = &run->records[run->record_count];
  record->layers = &run->layers[run->record_count++ * (run->depth + 1)];
  return record;
}

/* A step that is recorded only because it has a fault. */
static struct learning_record *fault_record(const struct student *student, struct learning_run *run) {
  struct learning_record *record = &run->records[run->record_count];
  record->layers = &run->layers[run->record_count++ * (run->depth + 1)];
  trainer_describe(&student->trainer, run->fault, record->layers);
  return record;
}

/* One epoch; false when it was interrupted or something was not finite. */
static bool run_epoch(const struct school *school, struct student *student, size_t epoch, uint64_t seed,
                      struct learning_run *run, size_t *clipped) {
  const size_t batch = school->batch, steps = school->training.count / batch;
  struct trainer *trainer = &student->trainer;
  struct learning_epoch *to = &run->history[epoch];
  size_t correct = 0;
  trainer_order(school->table, seed, epoch, student->order, school->training.count);
  for (size_t s = 0; s < steps; s++) {
    if (interrupted()) return false;
    dataset_gather(&school->training, student->order + s * batch, batch, student->x, student->labels);
    struct learning_record *record = next_record(student, run);
    const struct trainer_step step =
        trainer_step(trainer, student->x, student->labels, student->losses, record ? record->layers : NULL);
    run->steps = trainer->step;
    run->fault = step.fault;
    if (run->fault.quantity && !record) record = fault_record(student, run);
    if (record) record->step = trainer->step, record->loss = step.loss, record->gradient_norm = step.gradient_norm;
    if (run->fault.quantity) return false;
    to->loss += step.loss / (double)steps;
    to->gradient_norm = fmax(to->gradient_norm, step.gradient_norm);
    correct += step.correct;
    *clipped += step.clipped;
  }
  const struct trainer_score score =
      trainer_evaluate(trainer, &school->held_out, student->x, student->labels, student->losses);
  to->accuracy = (double)correct / (double)(steps * batch);
  to->held_out_loss = score.loss, to->held_out_accuracy = score.accuracy;
  run->history_count = epoch + 1;
  return true;
}

static enum learning_verdict judge(const struct school *school, const struct learning_run *run) {
  if (run->fault.quantity) return LEARNING_DIVERGES;
  const struct learning_epoch *last = &run->history[run->history_count - 1];
  const double error = sqrt(school->chance * (1 - school->chance) / (double)run->held_out);
  const bool better = last->held_out_accuracy > school->chance + STANDARD_ERRORS * error;
  const double share = last->loss / log(OUTPUTS);
  if (share > UNSTABLE_ABOVE) return LEARNING_UNSTABLE;
  if (better && share < LEARNS_BELOW) return LEARNING_LEARNS;
  return better && share < BEGINS_BELOW ? LEARNING_BEGINS : LEARNING_AT_CHANCE;
}

static bool initialize(const struct school *school, struct student *student, const struct job *job, uint64_t seed,
                       struct error *error) {
  struct network *network = &student->trainer.network;
  if (!initializer_is_lsuv(&job->initializer)) {
    network_initialize(network, &job->initializer, (float)school->options->bias_stds[0], seed);
    return true;
  }
  dataset_batch(&school->training, 0, school->batch, student->x, student->labels);
  return network_initialize_lsuv(network, student->x, seed, error);
}

/* Leaves the job done, failed or left out; waiting when it was interrupted. */
static void do_job(const struct school *school, struct job *job, int threads) {
  struct student student;
  struct learning_run *run = &job->run;
  const uint64_t seed = rng_seed(school->options->seed, job->seed), start = clock_now();
  const double planned = planned_seconds(school, job) / (double)school->options->epochs;
  size_t clipped = 0;
  job->state = JOB_FAILED;
  if (student_create(&student, school, job, threads, &job->error) &&
      begin_run(school, &student, job, run, &job->error)) {
    job->state = JOB_LEFT_OUT;
    if (initialize(school, &student, job, seed, &job->error)) {
      job->state = JOB_DONE;
      trainer_begin(&student.trainer);
      size_t epoch = 0;
      while (epoch < run->epochs && run_epoch(school, &student, epoch, seed, run, &clipped)) {
        epoch++;
#pragma omp critical(learning_report)
        run_progress(school->run, planned, job->name);
      }
      if (epoch < run->epochs && !run->fault.quantity) job->state = JOB_WAITS;
    }
  }
  if (job->state == JOB_DONE) {
    run->verdict = judge(school, run);
    run->clipped = (double)clipped / (double)run->steps;
    run->seconds = (double)(clock_now() - start) * 1e-9;
    run->products_share = (double)student.trainer.products_ns * 1e-9 / run->seconds;
#pragma omp critical(learning_report)
    run_progress(school->run, planned * (double)(run->epochs - run->history_count), job->name);
  } else {
    learning_run_free(run);
  }
  student_destroy(&student);
}

/* ---- all runs --------------------------------------------------------------------------------------------------- */

/* Hands what is done to the result, in order, from *next on to the first run that still waits; all: and what is behind
 * it. */
static void hand_in(struct school *school, size_t *next, bool all) {
  for (; *next < school->count && (all || school->jobs[*next].state != JOB_WAITS); ++*next) {
    const struct job *job = &school->jobs[*next];
    interrupted(); /* asked for its other meaning: does not return while last words are read from the result */
    if (job->state == JOB_DONE) result_add_learning(school->run->result, &job->run);
    if (job->state == JOB_LEFT_OUT) run_leave_out(school->run, job->name, &job->error);
  }
}

/* Small networks run side by side, on one thread each, even where that leaves threads without any: a product of
 * microseconds is over before other threads have come to share it, and on a busy machine waiting for them takes a
 * hundred times as long. The results do not depend on it. */
static void choose_team(struct school *school) {
  const double product = 2.0 * (double)school->batch * (double)school->width * (double)school->width;
  const size_t side_by_side = school->count < (size_t)school->threads ? school->count : (size_t)school->threads;
  size_t most = 0;
  for (size_t i = 0; i < school->count; i++) {
    const struct network_shape shape = shape_of(school, &school->jobs[i]);
    const size_t bytes = network_bytes(&shape, school->table, 1);
    if (bytes > most) most = bytes;
  }
  const bool small = product < SHARED_PRODUCT ||
                     (side_by_side == (size_t)school->threads && most <= SIDE_BY_SIDE_BYTES / side_by_side);
  school->team = small && side_by_side > 1 && most <= SIDE_BY_SIDE_BYTES / side_by_side ? (int)side_by_side : 1;
  school->each = small ? 1 : school->threads;
}

static bool do_jobs(struct school *school, struct error *error) {
  const int team = school->team;
  size_t next = 0;
  bool failed = false;
  run_pin(school->run, team > school->each ? team : school->each);
#pragma omp parallel for num_threads(team) schedule(dynamic, 1) if (team > 1)
  for (size_t i = 0; i < school->count; i++) {
    if (interrupted()) continue;
    struct job job = school->jobs[i];
    do_job(school, &job, school->each);
#pragma omp critical(learning_report)
    {
      school->jobs[i] = job;
      if (job.state == JOB_FAILED && !failed) *error = job.error, failed = true;
      hand_in(school, &next, false);
    }
  }
  hand_in(school, &next, true); /* after an interruption */
  return !failed;
}

static bool load(struct school *school, struct error *error) {
  const struct examples from = {.data = school->data, .seed = school->options->seed, .table = school->table};
  if (!examples_load(&school->training, from, school->options->images, error) ||
      !examples_load_held_out(&school->held_out, from, school->training.count, HELD_OUT, error))
    return false;
  if (school->batch > school->training.count)
    return error_set(error, "--batch=%zu: there are %zu training examples; choose at most as many", school->batch,
                     school->training.count);
  size_t counts[OUTPUTS] = {0}, most = 0;
  for (size_t i = 0; i < school->held_out.count; i++) counts[school->held_out.labels[i]]++;
  for (size_t c = 0; c < OUTPUTS; c++)
    if (counts[c] > most) most = counts[c];
  school->chance = (double)most / (double)school->held_out.count;
  return true;
}

/* Of widths and biases learning takes one; of what gradients alone has, nothing. */
static bool check_axes(const struct options *o, struct error *error) {
  if (o->width_count > 1 || o->bias_std_count > 1)
    return error_set(error, "--suite=learning takes one of --widths and one of --bias-stds");
  if (o->precision_count > 1 || o->precisions[0] || o->flush_count > 1 || o->flushes[0] || o->weight_scale_count > 1 ||
      o->weight_scales[0] != 1 || o->loss_scale_count > 1 || o->loss_scales[0] != 1)
    return error_set(error, "--suite=learning trains in float32, weights as they are initialized: --precisions, --ftz, "
                            "--weight-scales and --loss-scales are for --suite=gradients");
  return true;
}

static bool plan(struct school *school, struct error *error) {
  const struct options *o = school->options;
  const struct examples from = {.data = school->data, .seed = o->seed, .table = school->table};
  if (!check_axes(o, error)) return false;
  if (school->data == INPUT_NORMAL)
    return error_set(error, "--data=normal has no classes to learn; write --data=synthetic or --data=fashion-mnist");
  if (school->batch > o->images)
    return error_set(error, "--batch=%zu: a batch has at most the %zu examples of --images", school->batch, o->images);
  if (school->count > 0 && !o->list && !examples_check(from, error)) return false;
  double seconds = 0;
  for (size_t i = 0; i < school->count; i++) {
    const struct job *job = &school->jobs[i];
    const struct network_shape shape = shape_of(school, job);
    if (!network_check_initializer(&shape, &job->initializer, error) ||
        !network_check_memory(&shape, school->table, school->threads, error))
      return false;
    run_plan(school->run, job->name, planned_seconds(school, job));
    seconds += planned_seconds(school, job);
  }
  if (!o->yes && !o->list && seconds > o->budget)
    return error_set(error, "%zu training runs would take about %.0f s, more than --budget=%g; add --yes to start them",
                     school->count, seconds, o->budget);
  return true;
}

bool suite_learning(struct run *run, struct error *error) {
  const struct options *o = run->options;
  const struct kernel_table *const table = run_best_table(run);
  struct school school = {.run = run,
                          .options = o,
                          .table = table,
                          .rng = rng_init(o->rng, table, run->cpu),
                          .threads = run_most_threads(run),
                          .width = o->given.widths ? o->widths[0] : WIDTH,
                          .batch = o->given.batch ? o->batch : BATCH,
                          .seeds = o->given.seeds ? o->seeds : 1,
                          .data = o->given.data ? o->data : INPUT_SYNTHETIC};
  bool ok = anything_given(o) ? add_grid(&school, error) : add_classics(&school, error);
  choose_team(&school);
  if (ok && run->planning)
    ok = plan(&school, error);
  else if (ok && school.count > 0)
    ok = load(&school, error) && do_jobs(&school, error);
  dataset_free(&school.training);
  dataset_free(&school.held_out);
  free(school.jobs);
  return ok;
}
