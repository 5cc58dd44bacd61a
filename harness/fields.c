#include "harness/fields.h"

#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "harness/result.h"

#define FIELD(type, of, name, member)                                                                                  \
  { name, FIELD_##type, offsetof(struct of, member), sizeof(((struct of *)0)->member), NULL, 0 }
/* An enum by its names. */
#define NAMED(of, name, member, names, count)                                                                          \
  { name, FIELD_NAME, offsetof(struct of, member), sizeof(((struct of *)0)->member), names, count }
#define END                                                                                                            \
  { NULL, FIELD_TEXT, 0, 0, NULL, 0 }

#define ROW(type, member) FIELD(type, result_row, #member, member)
const struct field row_fields[] = {
    ROW(TEXT, suite),
    ROW(TEXT, kernel),
    ROW(TEXT, shape),
    ROW(TEXT, arch),
    ROW(INT, threads),
    ROW(TEXT, provider),
    ROW(TEXT, residence),
    ROW(TEXT, cache),
    ROW(TEXT, cores),
    ROW(INT, smt),
    ROW(TEXT, rng),
    ROW(BOOL, support),
    FIELD(SIZE, result_row, "samples", time.samples),
    FIELD(SIZE, result_row, "outliers", time.outliers),
    FIELD(NUMBER, result_row, "real_time_median", time.median),
    FIELD(NUMBER, result_row, "real_time_low", time.low),
    FIELD(NUMBER, result_row, "real_time_high", time.high),
    FIELD(NUMBER, result_row, "real_time_min", time.minimum),
    FIELD(NUMBER, result_row, "real_time_max", time.maximum),
    FIELD(NUMBER, result_row, "real_time_p10", time.p10),
    FIELD(NUMBER, result_row, "real_time_p90", time.p90),
    FIELD(NUMBER, result_row, "real_time_mean", time.mean),
    FIELD(NUMBER, result_row, "real_time_stddev", time.stddev),
    FIELD(NUMBER, result_row, "cpu_time_mean", cpu_time.mean),
    FIELD(NUMBER, result_row, "cpu_time_stddev", cpu_time.stddev),
    ROW(NUMBER, core_hertz),
    ROW(NUMBER, cycles),
    ROW(NUMBER, instructions),
    ROW(NUMBER, cache_misses),
    ROW(NUMBER, cycles_per_item),
    FIELD(NUMBER, result_row, "items_per_call", items),
    FIELD(NUMBER, result_row, "flops_per_call", flops),
    FIELD(NUMBER, result_row, "bytes_per_call", bytes),
    ROW(TEXT, limit),
    ROW(NUMBER, fraction_of_limit),
    ROW(NUMBER, times_scalar),
    ROW(TEXT, best_peer),
    ROW(NUMBER, times_best_peer),
    END,
};

#define REPETITION(type, name, member) FIELD(type, result_repetition, name, member)
const struct field repetition_fields[] = {
    REPETITION(NUMBER, "real_time", real),
    REPETITION(NUMBER, "cpu_time", cpu),
    REPETITION(U64, "iterations", iterations),
    END,
};

#define PHASE(member) FIELD(NUMBER, result_phases, #member "_share", member)
const struct field phase_fields[] = {
    PHASE(forward), PHASE(loss), PHASE(backward_data), PHASE(backward_weights), PHASE(update), END,
};

#define ACCURACY(type, member) FIELD(type, result_accuracy, #member, member)
const struct field accuracy_fields[] = {
    ACCURACY(TEXT, name),
    ACCURACY(TEXT, suite),
    ACCURACY(TEXT, kernel),
    ACCURACY(TEXT, arch),
    ACCURACY(TEXT, provider),
    ACCURACY(SIZE, samples),
    ACCURACY(NUMBER, ulp_max),
    ACCURACY(NUMBER, ulp_max_at),
    ACCURACY(NUMBER, ulp_mean),
    ACCURACY(NUMBER, root),
    ACCURACY(NUMBER, absolute_max),
    ACCURACY(NUMBER, absolute_max_at),
    ACCURACY(NUMBER, subnormal_below),
    ACCURACY(NUMBER, zero_below),
    ACCURACY(NUMBER, subnormal_above),
    ACCURACY(NUMBER, zero_above),
    END,
};

#define CELL(type, member) FIELD(type, gradient_cell, #member, member)
const struct field cell_fields[] = {
    CELL(TEXT, initializer),
    CELL(TEXT, activation),
    CELL(SIZE, depth),
    CELL(SIZE, width),
    CELL(SIZE, batch),
    CELL(SIZE, seeds),
    CELL(TEXT, data),
    CELL(TEXT, arch),
    CELL(NUMBER, weight_scale),
    CELL(NUMBER, bias_std),
    NAMED(gradient_cell, "normalization", recipe.normalization, normalization_names, NORMALIZATION_COUNT),
    FIELD(BOOL, gradient_cell, "residual", recipe.residual),
    NAMED(gradient_cell, "precision", recipe.precision, precision_names, PRECISION_COUNT),
    FIELD(BOOL, gradient_cell, "ftz", recipe.flush),
    CELL(NUMBER, loss_scale),
    CELL(SIZE, index),
    CELL(NUMBER, decay_per_layer),
    CELL(NUMBER, decay_standard_error),
    FIELD(NUMBER, gradient_cell, "theory_decay_per_layer", theory.decay_per_layer),
    FIELD(NUMBER, gradient_cell, "theory_difference", theory.difference),
    FIELD(NUMBER, gradient_cell, "theory_weight_variance", theory.weight_variance),
    FIELD(NUMBER, gradient_cell, "theory_length", theory.length),
    FIELD(NUMBER, gradient_cell, "theory_chi", theory.chi),
    FIELD(NUMBER, gradient_cell, "theory_length_scale", theory.length_scale),
    FIELD(NUMBER, gradient_cell, "theory_correlation", theory.correlation),
    FIELD(NUMBER, gradient_cell, "theory_correlation_scale", theory.correlation_scale),
    NAMED(gradient_cell, "shape", fit.shape, decay_shape_names, DECAY_SHAPES),
    FIELD(NUMBER, gradient_cell, "shape_rate", fit.rate),
    FIELD(NUMBER, gradient_cell, "exponential_r2", fit.exponential_r2),
    FIELD(NUMBER, gradient_cell, "algebraic_r2", fit.algebraic_r2),
    NAMED(gradient_cell, "verdict", verdict, verdict_names, VERDICT_UNDERFLOW + 1),
    CELL(SIZE, verdict_layer),
    CELL(SIZE, overflow_layer),
    CELL(SIZE, underflow_layer),
    CELL(SIZE, subnormal_layer),
    END,
};

#define LAYER(member) FIELD(NUMBER, gradient_layer, #member, member)
#define LAYER_MOMENTS(of)                                                                                              \
  LAYER(of##_mean), LAYER(of##_rms), LAYER(of##_stddev), LAYER(of##_skewness), LAYER(of##_kurtosis)
const struct field layer_fields[] = {
    LAYER_MOMENTS(z),
    LAYER_MOMENTS(h),
    LAYER_MOMENTS(delta),
    LAYER_MOMENTS(dw),
    LAYER(w_rms),
    LAYER(gradient_to_weight),
    LAYER(zero),
    LAYER(subnormal),
    LAYER(nonfinite),
    LAYER(dw_zero),
    LAYER(dw_subnormal),
    LAYER(saturated),
    LAYER(dead),
    LAYER(jacobian_rms),
    LAYER(jacobian_mean),
    LAYER(jacobian_largest),
    LAYER(jacobian_smallest),
    END,
};

#define HISTOGRAM(member) FIELD(HISTOGRAM, layer_histograms, #member "_histogram", member)
#define LAYER_THEORY(member) FIELD(NUMBER, layer_theory, "theory_" #member, member)
const struct field layer_theory_fields[] = {LAYER_THEORY(z_rms), LAYER_THEORY(h_rms), LAYER_THEORY(delta_rms), END};

const struct field histogram_fields[] = {HISTOGRAM(z), HISTOGRAM(h), HISTOGRAM(delta), HISTOGRAM(dw), END};
#define LEARNING(type, member) FIELD(type, learning_run, #member, member)
const struct field learning_fields[] = {
    LEARNING(TEXT, name),
    LEARNING(TEXT, fact),
    LEARNING(TEXT, initializer),
    LEARNING(TEXT, activation),
    LEARNING(SIZE, depth),
    LEARNING(SIZE, width),
    LEARNING(SIZE, batch),
    LEARNING(TEXT, data),
    LEARNING(SIZE, images),
    LEARNING(SIZE, held_out),
    LEARNING(TEXT, arch),
    NAMED(learning_run, "normalization", recipe.normalization, normalization_names, NORMALIZATION_COUNT),
    FIELD(BOOL, learning_run, "residual", recipe.residual),
    LEARNING(SIZE, seed),
    LEARNING(TEXT, optimizer),
    LEARNING(NUMBER, rate),
    LEARNING(NUMBER, momentum),
    LEARNING(NUMBER, clip_norm),
    LEARNING(NUMBER, clip_value),
    LEARNING(SIZE, epochs),
    LEARNING(SIZE, steps),
    LEARNING(NUMBER, clipped),
    NAMED(learning_run, "verdict", verdict, learning_verdict_names, LEARNING_DIVERGES + 1),
    NAMED(learning_run, "fault_quantity", fault.quantity, fault_names, FAULT_COUNT),
    FIELD(SIZE, learning_run, "fault_step", fault.step),
    FIELD(SIZE, learning_run, "fault_layer", fault.layer),
    LEARNING(NUMBER, seconds),
    LEARNING(NUMBER, products_share),
    END,
};

#define EPOCH(member) FIELD(NUMBER, learning_epoch, #member, member)
const struct field learning_epoch_fields[] = {
    EPOCH(loss), EPOCH(accuracy), EPOCH(held_out_loss), EPOCH(held_out_accuracy), EPOCH(gradient_norm), END,
};

#define RECORD(type, member) FIELD(type, learning_record, #member, member)
const struct field learning_record_fields[] = {
    RECORD(SIZE, step),
    RECORD(NUMBER, loss),
    RECORD(NUMBER, gradient_norm),
    END,
};

#define LEARNING_LAYER(member) FIELD(NUMBER, learning_layer, #member, member)
const struct field learning_layer_fields[] = {
    LEARNING_LAYER(dw_rms), LEARNING_LAYER(dw_norm), LEARNING_LAYER(update_ratio), LEARNING_LAYER(delta_rms), END,
};

#define LIMIT(type, member) FIELD(type, result_limit, #member, member)
const struct field limit_fields[] = {
    LIMIT(TEXT, name), LIMIT(TEXT, residence), LIMIT(TEXT, arch),    LIMIT(INT, threads), LIMIT(TEXT, cores),
    LIMIT(NODE, node), LIMIT(TEXT, unit),      LIMIT(NUMBER, value), LIMIT(INT, smt),     END,
};

#define CLOCK(type, member) FIELD(type, result_clock, #member, member)
const struct field clock_fields[] = {
    CLOCK(TEXT, arch),
    CLOCK(INT, threads),
    CLOCK(NUMBER, hertz),
    CLOCK(NUMBER, low),
    CLOCK(NUMBER, high),
    CLOCK(TEXT, cores),
    END,
};

#define PREDICTION(type, member) FIELD(type, result_prediction, #member, member)
const struct field prediction_fields[] = {
    PREDICTION(TEXT, kernel),
    PREDICTION(TEXT, arch),
    PREDICTION(TEXT, model),
    PREDICTION(TEXT, binds),
    PREDICTION(NUMBER, cycles_per_item),
    END,
};

#define MACHINE(type, member) FIELD(type, machine, #member, member)
const struct field machine_fields[] = {
    MACHINE(TEXT, cpu),
    MACHINE(TEXT, vendor),
    MACHINE(TEXT, family),
    MACHINE(TEXT, model),
    MACHINE(TEXT, stepping),
    MACHINE(TEXT, microcode),
    MACHINE(TEXT, features),
    MACHINE(TEXT, topology),
    MACHINE(TEXT, kernel),
    MACHINE(TEXT, hypervisor),
    MACHINE(TEXT, emulator),
    MACHINE(TEXT, governor),
    MACHINE(TEXT, turbo),
    MACHINE(TEXT, denormals),
    MACHINE(TEXT, compiler),
    MACHINE(TEXT, flags),
    MACHINE(TEXT, host),
    MACHINE(TEXT, libraries),
    MACHINE(INT, packages),
    MACHINE(INT, numa_nodes),
    MACHINE(INT, cores),
    MACHINE(INT, hardware_threads),
    MACHINE(INT, online_threads),
    MACHINE(INT, online_cores),
    MACHINE(TEXT, smt),
    MACHINE(TEXT, numa_balancing),
    MACHINE(TEXT, huge_pages),
    MACHINE(TEXT, mitigations),
    MACHINE(TEXT, memory),
    MACHINE(NUMBER, cpu_quota),
    MACHINE(SIZE, memory_bytes),
    MACHINE(NUMBER, core_hertz),
    MACHINE(NUMBER, load),
    MACHINE(NUMBER, steal_share),
    MACHINE(NUMBER, steal_share_before),
    MACHINE(TEXT, counters),
    MACHINE(TEXT, pinning),
    MACHINE(TEXT, requested),
    MACHINE(TEXT, selected),
    MACHINE(TEXT, supported),
    MACHINE(TEXT, reason),
    END,
};

#define CACHE(type, member) FIELD(type, cache, #member, member)
const struct field cache_fields[] = {CACHE(INT, level),         CACHE(SIZE, bytes), CACHE(INT, count),
                                     CACHE(INT, cores_sharing), CACHE(TEXT, cores), END};

#define KIND(type, member) FIELD(type, core_kind, #member, member)
const struct field kind_fields[] = {KIND(TEXT, name),      KIND(INT, cores),        KIND(INT, hardware_threads),
                                    KIND(INT, efficiency), KIND(NUMBER, max_hertz), END};

/* ---- writing ---------------------------------------------------------------------------------------------------- */

json_t *fields_text(const char *text) {
  json_t *string = json_string(text);
  if (string) return string;
  char plain[4096];
  snprintf(plain, sizeof plain, "%s", text);
  for (char *c = plain; *c; c++)
    if (*c & 0x80) *c = '?';
  return json_string(plain);
}

/* From the first to the last binade that occurs. */
static json_t *histogram_value(const struct histogram *histogram) {
  const struct histogram_range range = histogram_range(histogram);
  json_t *o = json_object(), *counts = json_array();
  int bad = json_object_set_new(o, "exponent", json_integer(BINADE_FIRST + (json_int_t)range.first));
  for (size_t i = range.first; i < range.end; i++)
    bad |= json_array_append_new(counts, json_integer((json_int_t)histogram->counts[i]));
  bad |= json_object_set_new(o, "counts", counts);
  if (bad == 0) return o;
  json_decref(o);
  return NULL;
}

static json_t *value_of(const struct field *field, const void *member) {
  switch (field->type) {
  case FIELD_TEXT: return fields_text(member);
  case FIELD_INT: return json_integer(*(const int *)member);
  case FIELD_NODE: return *(const int *)member < 0 ? json_null() : json_integer(*(const int *)member);
  case FIELD_SIZE: return json_integer((json_int_t) * (const size_t *)member);
  case FIELD_U64: return json_integer((json_int_t) * (const uint64_t *)member);
  case FIELD_BOOL: return json_boolean(*(const bool *)member);
  case FIELD_NUMBER: {
    const double number = *(const double *)member;
    return isfinite(number) ? json_real(number) : json_null();
  }
  case FIELD_NAME: return json_string(field->names[*(const int *)member]);
  case FIELD_HISTOGRAM: return histogram_value(member);
  }
  return NULL;
}

bool fields_write(json_t *object, const struct field *fields, const void *from) {
  for (const struct field *f = fields; f->name; f++)
    if (json_object_set_new(object, f->name, value_of(f, (const char *)from + f->offset)) != 0) return false;
  return true;
}

json_t *fields_write_array(const struct field *fields, const void *structs, size_t count, size_t size) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++) {
    json_t *o = json_object();
    const bool written = fields_write(o, fields, (const char *)structs + i * size);
    if (json_array_append_new(array, o) != 0 || !written) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static const char *type_name(json_type type) {
  switch (type) {
  case JSON_OBJECT: return "an object";
  case JSON_ARRAY: return "an array";
  case JSON_STRING: return "a string";
  case JSON_INTEGER: return "a whole number";
  case JSON_REAL: return "a number";
  case JSON_TRUE:
  case JSON_FALSE: return "true or false";
  default: return "null";
  }
}

static bool wrong(struct error *error, const char *place, const char *name, const json_t *value, const char *expected) {
  if (!value) return error_set(error, "%s%s%s is missing", place, *place ? "." : "", name);
  return error_set(error, "%s%s%s is %s; %s was expected", place, *place ? "." : "", name,
                   type_name(json_typeof(value)), expected);
}

json_t *fields_member(const json_t *object, const char *name, json_type type, const char *place, struct error *error) {
  json_t *value = json_object_get(object, name);
  if (value && json_typeof(value) == type) return value;
  wrong(error, place, name, value, type_name(type));
  return NULL;
}

bool fields_copy_text(const json_t *object, const char *name, char *text, size_t size, const char *place,
                      struct error *error) {
  const json_t *value = fields_member(object, name, JSON_STRING, place, error);
  if (!value) return false;
  if (json_string_length(value) >= size)
    return error_set(error, "%s.%s is longer than %zu bytes", place, name, size - 1);
  memcpy(text, json_string_value(value), json_string_length(value) + 1);
  return true;
}

static bool whole_number(const json_t *value, json_int_t most, json_int_t *number, const char *name, const char *place,
                         struct error *error) {
  if (!json_is_integer(value)) return wrong(error, place, name, value, type_name(JSON_INTEGER));
  *number = json_integer_value(value);
  if (*number >= 0 && *number <= most) return true;
  return error_set(error, "%s.%s is %" JSON_INTEGER_FORMAT "; 0 to %" JSON_INTEGER_FORMAT " was expected", place, name,
                   *number, most);
}

static bool unknown_name(const struct field *f, const char *place, const char *name, struct error *error) {
  error_set(error, "%s.%s is \"%.40s\"; one of", place, f->name, name);
  for (size_t i = 0; i < f->name_count; i++) {
    const size_t used = strlen(error->text);
    snprintf(error->text + used, sizeof error->text - used, "%s %s", i ? "," : "", f->names[i]);
  }
  const size_t used = strlen(error->text);
  snprintf(error->text + used, sizeof error->text - used, " was expected");
  return false;
}

static bool read_histogram(const json_t *value, struct histogram *to, const char *name, const char *place,
                           struct error *error) {
  char deeper[96];
  snprintf(deeper, sizeof deeper, "%s.%s", place, name);
  if (!json_is_object(value)) return wrong(error, place, name, value, type_name(JSON_OBJECT));
  const json_t *exponent = fields_member(value, "exponent", JSON_INTEGER, deeper, error);
  const json_t *counts = exponent ? fields_member(value, "counts", JSON_ARRAY, deeper, error) : NULL;
  if (!counts) return false;
  const json_int_t first = json_integer_value(exponent);
  const size_t n = json_array_size(counts);
  if (first < BINADE_FIRST || first > BINADE_LAST + 1)
    return error_set(error, "%s.exponent is %" JSON_INTEGER_FORMAT "; floats have %d to %d", deeper, first,
                     BINADE_FIRST, BINADE_LAST);
  if (n > (size_t)(BINADE_LAST + 1 - first))
    return error_set(error, "%s.counts holds %zu numbers from exponent %" JSON_INTEGER_FORMAT " on; floats end at %d",
                     deeper, n, first, BINADE_LAST);
  for (size_t i = 0; i < n; i++) {
    char index[32];
    json_int_t count = 0;
    snprintf(index, sizeof index, "counts[%zu]", i);
    if (!whole_number(json_array_get(counts, i), INT64_MAX, &count, index, deeper, error)) return false;
    to->counts[(size_t)(first - BINADE_FIRST) + i] = (uint64_t)count;
  }
  return true;
}

static bool read_field(const struct field *f, const json_t *object, void *member, const char *place,
                       struct error *error) {
  const json_t *value = json_object_get(object, f->name);
  json_int_t number = 0;
  switch (f->type) {
  case FIELD_TEXT: return fields_copy_text(object, f->name, member, f->size, place, error);
  case FIELD_INT:
    if (!whole_number(value, INT_MAX, &number, f->name, place, error)) return false;
    *(int *)member = (int)number;
    return true;
  case FIELD_NODE:
    if (!json_is_null(value) && !whole_number(value, INT_MAX, &number, f->name, place, error)) return false;
    *(int *)member = json_is_null(value) ? -1 : (int)number;
    return true;
  case FIELD_SIZE:
    if (!whole_number(value, INT64_MAX, &number, f->name, place, error)) return false;
    *(size_t *)member = (size_t)number;
    return true;
  case FIELD_U64:
    if (!whole_number(value, INT64_MAX, &number, f->name, place, error)) return false;
    *(uint64_t *)member = (uint64_t)number;
    return true;
  case FIELD_BOOL:
    if (!json_is_boolean(value)) return wrong(error, place, f->name, value, type_name(JSON_TRUE));
    *(bool *)member = json_is_true(value);
    return true;
  case FIELD_NUMBER:
    if (!json_is_number(value) && !json_is_null(value)) return wrong(error, place, f->name, value, "a number or null");
    *(double *)member = json_is_null(value) ? NAN : json_number_value(value);
    return true;
  case FIELD_NAME:
    if (!json_is_string(value)) return wrong(error, place, f->name, value, type_name(JSON_STRING));
    for (size_t i = 0; i < f->name_count; i++)
      if (strcmp(f->names[i], json_string_value(value)) == 0) {
        *(int *)member = (int)i;
        return true;
      }
    return unknown_name(f, place, json_string_value(value), error);
  case FIELD_HISTOGRAM: return read_histogram(value, member, f->name, place, error);
  }
  return false;
}

bool fields_read(const json_t *object, const struct field *fields, void *to, const char *place, struct error *error) {
  if (!json_is_object(object)) return error_set(error, "%s is not an object", place);
  for (const struct field *f = fields; f->name; f++)
    if (!read_field(f, object, (char *)to + f->offset, place, error)) return false;
  return true;
}
