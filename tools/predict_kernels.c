#include "tools/predict_kernels.h"

#include <math.h>
#include <string.h>

#include "tools/predict_models.h"

/* Kernels whose loops stand in functions of other names: one that does it all, or two that each go over every element,
 * the generator of words first. Where the second was inlined, its loop is in the function named last, or the kernel's
 * own. By default parameters, as bench has them. */
static const struct {
  const char *kernel, *whole, *words, *turned, *inlined;
} elsewhere[] = {
    {"tensorflow_words", "philox4x32_10", NULL, NULL, NULL},
    {"init_zeros", "init_constant", NULL, NULL, NULL},
    {"init_identity", "init_constant", NULL, NULL, NULL},
    {"init_uniform", "fill_uniform_centred_philox", "philox4x32_10", "fill_uniform_centred_called", "uniform_own"},
    {"init_glorot_uniform", "fill_uniform_centred_philox", "philox4x32_10", "fill_uniform_centred_called",
     "uniform_own"},
    {"init_he_uniform", "fill_uniform_centred_philox", "philox4x32_10", "fill_uniform_centred_called", "uniform_own"},
    {"init_normal", NULL, "philox4x32_10", "fill_normal", NULL},
    {"init_truncated_normal", NULL, "philox4x32_10", "fill_truncated", NULL},
    {"init_glorot_normal", NULL, "philox4x32_10", "fill_truncated", NULL},
    {"init_he_normal", NULL, "philox4x32_10", "fill_truncated", NULL},
    {"init_trunc_normal", NULL, "philox4x32_10", "fill_truncated_between", NULL},
    {"round_to_bf16", "round_to_exact_bf16", NULL, NULL, NULL},
    {"round_to_fp16", "round_to_exact_fp16", NULL, NULL, NULL},
};
#define FILL_STEP 128 /* weights that a loop makes in a turn that draws their words, too */

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* "silu_unit_forward" of silu_forward: what runs where the activation's parameters are 1. */
static bool unit_name(const struct kernel *kernel, char *name, size_t size) {
  const char *pass = strrchr(kernel->name, '_');
  if (strcmp(kernel->suite, "activation") != 0 || !pass) return false;
  snprintf(name, size, "%.*s_unit%s", (int)(pass - kernel->name), kernel->name, pass);
  return true;
}

/* Why no single loop is the kernel, or NULL. */
static const char *hindrance(const struct kernel *kernel) {
  if (ends_with(kernel->name, "_stream")) return "stores past the caches, whose time no model of a core knows";
  if (ends_with(kernel->name, "_sleef")) return "calls SLEEF in its loop";
  if (strcmp(kernel->name, "init_sparse") == 0) return "several passes that depend on the words";
  switch (kernel->signature) {
  case SIGNATURE_rows:
  case SIGNATURE_rows_backward:
  case SIGNATURE_loss:
  case SIGNATURE_norm: return "several passes over each row";
  case SIGNATURE_matrix: return "several phases";
  case SIGNATURE_dense: return "packing and products in turn; its inner loop is the register tile's";
  case SIGNATURE_dense_bf16: return "packing and products in turn, in tiles of bf16";
  default: return NULL;
  }
}

void kernel_print_functions(FILE *out, const struct kernel *kernel) {
  char unit[FACT_NAME];
  if (hindrance(kernel)) return;
  fprintf(out, "%s\n", kernel->name);
  if (unit_name(kernel, unit, sizeof unit)) fprintf(out, "%s\n", unit);
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
    if (strcmp(elsewhere[i].kernel, kernel->name) != 0) continue;
    if (elsewhere[i].whole) fprintf(out, "%s\n", elsewhere[i].whole);
    if (elsewhere[i].words) fprintf(out, "%s\n%s\n", elsewhere[i].words, elsewhere[i].turned);
    if (elsewhere[i].inlined) fprintf(out, "%s\n", elsewhere[i].inlined);
  }
}

/* Bytes that an element's results take, and each of them alone. */
static double bytes_written(const struct kernel *kernel, double *each) {
  *each = 4;
  switch (kernel->signature) {
  case SIGNATURE_both:
  case SIGNATURE_momentum: return 8;
  case SIGNATURE_adam: return 12;
  case SIGNATURE_round: return *each = 2;
  case SIGNATURE_parameter: return 0;
  case SIGNATURE_traffic: return strcmp(kernel->name, "memory_read") == 0 ? 0 : 4;
  default: return 4;
  }
}

static bool has_counter(const struct loop *loop, double step) {
  for (size_t i = 0; i < loop->counter_count; i++)
    if (loop->counters[i] == step) return true;
  return false;
}

/* Elements of a turn of the loop, from what it stores, or loads where it stores nothing, or calculates where it does
 * neither; held against how its pointers or its counter move. 0: reason says why not. */
static double elements_of(const struct kernel *kernel, const struct loop *loop, char *reason, size_t size) {
  double each;
  const double written = bytes_written(kernel, &each);
  if (kernel->signature == SIGNATURE_peak) {
    /* The counter goes by steps; where they can be counted, it must. */
    const double fmas =
                     strcmp(kernel->limit, "fma_peak") == 0 || strcmp(kernel->limit, "bf16_peak") == 0 ? loop->fmas : 0,
                 counted = strcmp(kernel->limit, "multiply_peak") == 0 ? loop->products : fmas;
    if (counted > 0 && has_counter(loop, counted)) return counted;
    if (counted == 0 && loop->counter_count == 1 && loop->counters[0] <= loop->instructions) return loop->counters[0];
    snprintf(reason, size, "%g operations in a turn, and no counter that goes by as many", counted);
    return 0;
  }
  if (written == 0) {
    const double loaded = kernel->bytes((struct shape){1, 1, 1}), elements = loop->loaded / loaded;
    if (elements > 0 && loop->loaded_pace == 4 * elements) return elements;
    snprintf(reason, size, "loads %g bytes in a turn, but goes on by %g", loop->loaded, loop->loaded_pace);
    return 0;
  }
  const double elements = loop->stored / written;
  /* Stores of a step's halves move by less than all of them cover. */
  const bool halves = strcmp(kernel->name, "init_normal") == 0 && fmod(elements * each, loop->stored_pace) == 0;
  const bool step = kernel->signature == SIGNATURE_fill && loop->products > 0 && elements == FILL_STEP;
  if (elements == 0) {
    snprintf(reason, size, "stores no vectors");
    return 0;
  }
  if (loop->stored_pace == elements * each || halves || step) return elements;
  if (isnan(loop->stored_pace))
    snprintf(reason, size, "where a turn stores cannot be followed");
  else
    snprintf(reason, size, "stores %g bytes in a turn, but goes on by %g", loop->stored, loop->stored_pace);
  return 0;
}

static bool add_part(struct prediction *prediction, const struct kernel *kernel, const struct loop *loop) {
  const double elements = elements_of(kernel, loop, prediction->reason, sizeof prediction->reason);
  if (elements == 0) return false;
  prediction->parts[prediction->part_count++] = (struct part){loop, elements};
  return true;
}

/* The function's loop, or that of the one it hands its work to; NULL, and then a reason, where there is none. */
static const struct loop *loop_of(const struct facts *facts, const char *arch, const char *function, char *reason,
                                  size_t size) {
  const struct loop *loop = facts_loop(facts, arch, function);
  if (loop && loop->callee[0]) loop = facts_loop(facts, arch, loop->callee);
  if (loop && !loop->reason[0] && !loop->callee[0]) return loop;
  if (loop && loop->reason[0])
    snprintf(reason, size, "%s", loop->reason);
  else if (reason[0] == '\0')
    snprintf(reason, size, "the object has no function of its own for it");
  return NULL;
}

/* Sets the parts from where other functions do the work; false where they don't, with a reason where they must. */
static bool parts_elsewhere(const struct facts *facts, const struct kernel *kernel, struct prediction *prediction) {
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
    if (strcmp(elsewhere[i].kernel, kernel->name) != 0) continue;
    char *const reason = prediction->reason;
    const char *inlined = elsewhere[i].inlined ? elsewhere[i].inlined : kernel->name, *name = elsewhere[i].whole;
    if (name && elsewhere[i].words && !facts_loop(facts, prediction->arch, name)) name = inlined;
    const struct loop *whole = name ? loop_of(facts, prediction->arch, name, reason, FACT_TEXT) : NULL;
    /* A loop without multiplications turns words that others have made. */
    const bool makes_all = whole && (!elsewhere[i].words || whole->products > 0);
    if (makes_all && add_part(prediction, kernel, whole)) return true;
    if (!elsewhere[i].words) {
      reason[0] = '\0';
      return false;
    }
    const char *turned = facts_loop(facts, prediction->arch, elsewhere[i].turned) ? elsewhere[i].turned : inlined;
    const struct loop *first = loop_of(facts, prediction->arch, elsewhere[i].words, reason, FACT_TEXT);
    const struct loop *second = loop_of(facts, prediction->arch, turned, reason, FACT_TEXT);
    if (first && second && add_part(prediction, kernel, first) && add_part(prediction, kernel, second)) return true;
    prediction->part_count = 0;
    return false;
  }
  return false;
}

struct prediction kernel_prediction(const struct facts *facts, const struct kernel *kernel, const char *arch) {
  struct prediction prediction = {.feature = kernel->feature};
  char unit[FACT_NAME];
  snprintf(prediction.kernel, sizeof prediction.kernel, "%s", kernel->name);
  snprintf(prediction.suite, sizeof prediction.suite, "%s", kernel->suite);
  snprintf(prediction.arch, sizeof prediction.arch, "%s", arch);
  const char *why = hindrance(kernel);
  if (why) {
    snprintf(prediction.reason, sizeof prediction.reason, "%s", why);
  } else if (parts_elsewhere(facts, kernel, &prediction)) {
    prediction.reason[0] = '\0';
  } else if (!prediction.reason[0]) {
    const struct loop *loop = NULL;
    if (unit_name(kernel, unit, sizeof unit) && facts_loop(facts, arch, unit))
      loop = loop_of(facts, arch, unit, prediction.reason, sizeof prediction.reason);
    if (!loop) loop = loop_of(facts, arch, kernel->name, prediction.reason, sizeof prediction.reason);
    if (loop && add_part(&prediction, kernel, loop)) prediction.reason[0] = '\0';
    if (!loop && kernel->feature && !facts_loop(facts, arch, kernel->name))
      snprintf(prediction.reason, sizeof prediction.reason, "%s has no body of it", arch);
  }
  return prediction;
}

struct prediction tile_prediction(const struct facts *facts, const char *arch) {
  struct prediction prediction = {.kernel = TILE_FUNCTION, .suite = "dense"};
  const double lanes = strcmp(arch, "avx512") == 0 ? 16 : strcmp(arch, "avx2") == 0 ? 8 : 4;
  snprintf(prediction.arch, sizeof prediction.arch, "%s", arch);
  snprintf(prediction.reason, sizeof prediction.reason, "the object has no function of a register tile");
  for (size_t i = 0; i < facts->loop_count; i++) {
    const struct loop *loop = &facts->loops[i];
    if (strcmp(loop->arch, arch) != 0 || strncmp(loop->function, TILE_FUNCTION, strlen(TILE_FUNCTION)) != 0) continue;
    snprintf(prediction.kernel, sizeof prediction.kernel, "%.47s", loop->function);
    prediction.parts[0] = (struct part){loop, loop->fmas * lanes};
    prediction.part_count = 1;
    prediction.reason[0] = '\0';
  }
  return prediction;
}

double prediction_cycles(const struct facts *facts, const struct prediction *prediction, const char *model, char *binds,
                         size_t size, double *share, const char **reason) {
  double cycles = 0, most = 0;
  *reason = "the CPU lacks its instructions";
  if (model_lacks(model, prediction->feature)) return NAN;
  for (size_t i = 0; i < prediction->part_count; i++) {
    const struct part *part = &prediction->parts[i];
    const struct speed *speed = facts_speed(facts, prediction->arch, model, part->loop->function);
    *reason = speed ? speed->reason : "was not put to this model";
    if (!speed || isnan(speed->cycles)) return NAN;
    cycles += speed->cycles / part->elements;
    if (speed->cycles / part->elements <= most) continue;
    most = speed->cycles / part->elements; /* the longer part says what binds */
    const bool front = speed->dispatch > speed->busy;
    *share = front ? speed->dispatch : speed->busy;
    snprintf(binds, size, "%s", *share < 80 ? "latency" : front ? "dispatch" : speed->resource);
  }
  return prediction->part_count ? cycles : NAN;
}
