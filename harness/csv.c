/* A result as comma-separated values. */
#include <math.h>
#include <string.h>

#include "harness/fields.h"
#include "harness/gradient_cell.h"
#include "harness/table.h"

/* RFC 4180: quoted where a comma or a quote is inside. */
static void csv_text(FILE *out, const char *text) {
  if (!strpbrk(text, ",\"\n")) {
    fputs(text, out);
  } else {
    fputc('"', out);
    for (; *text; text++) fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
  }
  fputc(',', out);
}

/* Empty where not finite. */
static void csv_number(FILE *out, double number, const char *end) {
  if (isfinite(number)) fprintf(out, "%.9g", number);
  fputs(end, out);
}

/* So many empty fields. */
static void csv_skip(FILE *out, int columns) {
  while (columns-- > 0) fputc(',', out);
}

#define GRADIENT_COLUMNS 26
#define ACCURACY_COLUMNS 10
#define PHASE_COLUMNS 5
#define LEARNING_COLUMNS 16
#define PLACE_COLUMNS 2

/* With a comma before each. */
static void csv_phases(FILE *out, const struct result_row *row) {
  const struct result_phases *p = &row->phases;
  const double shares[PHASE_COLUMNS] = {p->forward, p->loss, p->backward_data, p->backward_weights, p->update};
  for (size_t i = 0; i < PHASE_COLUMNS; i++) {
    fputc(',', out);
    csv_number(out, result_has_phases(row) ? shares[i] : NAN, "");
  }
}

static void csv_row(FILE *out, const struct result *result, const struct result_row *row) {
  const struct result_accuracy *accuracy = result_accuracy_of(result, row);
  const double t = row->time.median;
  csv_text(out, row->name);
  csv_text(out, row->suite);
  csv_text(out, row->kernel);
  csv_text(out, row->shape);
  csv_text(out, row->arch);
  fprintf(out, "%d,", row->threads);
  csv_text(out, row->provider);
  csv_text(out, row->residence);
  fprintf(out, "%zu,", row->time.samples);
  csv_number(out, t, ",");
  csv_number(out, row->time.low, ",");
  csv_number(out, row->time.high, ",");
  csv_number(out, row->time.minimum, ",");
  csv_number(out, row->items / t * 1e9, ",");
  csv_number(out, row->flops / t * 1e9, ",");
  csv_number(out, row->bytes / t * 1e9, ",");
  csv_text(out, row->limit);
  csv_number(out, row->limit[0] ? row->fraction_of_limit : NAN, ",");
  csv_number(out, row->times_scalar > 0 ? row->times_scalar : NAN, ",");
  csv_text(out, row->best_peer);
  csv_number(out, row->times_best_peer > 0 ? row->times_best_peer : NAN, ",");
  csv_skip(out, GRADIENT_COLUMNS);
  csv_number(out, accuracy ? accuracy->ulp_max : NAN, "");
  csv_skip(out, ACCURACY_COLUMNS - 1);
  csv_phases(out, row);
  csv_skip(out, LEARNING_COLUMNS + 1);
  csv_text(out, row->cores);
  fprintf(out, "%d\n", row->smt);
}

static void csv_accuracy(FILE *out, const struct result_accuracy *accuracy) {
  csv_text(out, accuracy->name);
  csv_text(out, accuracy->suite);
  csv_text(out, accuracy->kernel);
  fputc(',', out);
  csv_text(out, accuracy->arch);
  fputc(',', out);
  csv_text(out, accuracy->provider);
  fprintf(out, ",%zu,", accuracy->samples);
  csv_skip(out, 12 + GRADIENT_COLUMNS);
  csv_number(out, accuracy->ulp_max, ",");
  csv_number(out, accuracy->ulp_max_at, ",");
  csv_number(out, accuracy->ulp_mean, ",");
  csv_number(out, accuracy->root, ",");
  csv_number(out, accuracy->absolute_max, ",");
  csv_number(out, accuracy->absolute_max_at, ",");
  csv_number(out, accuracy->subnormal_below, ",");
  csv_number(out, accuracy->zero_below, ",");
  csv_number(out, accuracy->subnormal_above, ",");
  csv_number(out, accuracy->zero_above, "");
  csv_skip(out, PHASE_COLUMNS + LEARNING_COLUMNS + PLACE_COLUMNS);
  fputc('\n', out);
}

static void csv_cell(FILE *out, const struct gradient_cell *cell) {
  char name[ROW_NAME];
  gradient_cell_name(name, sizeof name, cell);
  csv_text(out, name);
  fputs("gradients,,,", out);
  csv_text(out, cell->arch);
  fputs(",,,,,,,,,,,,,,,,", out);
  csv_text(out, cell->initializer);
  csv_text(out, cell->activation);
  fprintf(out, "%zu,%zu,%zu,%zu,", cell->depth, cell->width, cell->batch, cell->seeds);
  csv_text(out, cell->data);
  csv_number(out, cell->weight_scale, ",");
  csv_number(out, cell->bias_std, ",");
  csv_text(out, normalization_names[cell->recipe.normalization]);
  fprintf(out, "%d,", cell->recipe.residual);
  csv_text(out, precision_names[cell->recipe.precision]);
  fprintf(out, "%d,", cell->recipe.flush);
  csv_number(out, cell->loss_scale, ",");
  csv_number(out, cell->decay_per_layer, ",");
  csv_number(out, cell->decay_standard_error, ",");
  csv_number(out, cell->theory.decay_per_layer, ",");
  csv_number(out, cell->theory.difference, ",");
  csv_text(out, decay_shape_names[cell->fit.shape]);
  csv_number(out, cell->fit.rate, ",");
  csv_text(out, verdict_names[cell->verdict]);
  fprintf(out, "%zu,%zu,%zu,%zu,", cell->verdict_layer, cell->overflow_layer, cell->underflow_layer,
          cell->subnormal_layer);
  csv_number(out, cell->layers ? cell->layers[0].delta_rms : NAN, "");
  csv_skip(out, ACCURACY_COLUMNS + PHASE_COLUMNS + LEARNING_COLUMNS + PLACE_COLUMNS);
  fputc('\n', out);
}

static void csv_learning(FILE *out, const struct learning_run *run) {
  const struct learning_epoch nothing = {(double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
  const struct learning_epoch *last = run->history_count ? &run->history[run->history_count - 1] : &nothing;
  csv_text(out, run->name);
  fputs("learning,,,", out);
  csv_text(out, run->arch);
  fputs(",,,,,,,,,,,,,,,,", out);
  csv_text(out, run->initializer);
  csv_text(out, run->activation);
  fprintf(out, "%zu,%zu,%zu,%zu,", run->depth, run->width, run->batch, run->seed);
  csv_text(out, run->data);
  csv_skip(out, 2);
  csv_text(out, normalization_names[run->recipe.normalization]);
  fprintf(out, "%d,", run->recipe.residual);
  csv_skip(out, 9); /* what is a cell's alone */
  csv_text(out, learning_verdict_names[run->verdict]);
  csv_skip(out, 5 + ACCURACY_COLUMNS + PHASE_COLUMNS);
  csv_text(out, run->optimizer);
  csv_number(out, run->rate, ",");
  csv_number(out, run->momentum, ",");
  csv_number(out, run->clip_norm, ",");
  csv_number(out, run->clip_value, ",");
  fprintf(out, "%zu,%zu,", run->history_count, run->steps);
  csv_number(out, run->record_count ? run->records[0].loss : (double)NAN, ",");
  csv_number(out, last->loss, ",");
  csv_number(out, last->accuracy, ",");
  csv_number(out, last->held_out_loss, ",");
  csv_number(out, last->held_out_accuracy, ",");
  csv_number(out, run->clipped, ",");
  csv_text(out, fault_names[run->fault.quantity]);
  fprintf(out, "%zu,%zu", run->fault.step, run->fault.layer);
  csv_skip(out, PLACE_COLUMNS);
  fputc('\n', out);
}

void table_csv(FILE *out, const struct result *result) {
  fputs("name,suite,kernel,shape,arch,threads,provider,residence,samples,real_time_ns,real_time_low_ns,"
        "real_time_high_ns,real_time_min_ns,items_per_second,flops_per_second,bytes_per_second,limit,"
        "fraction_of_limit,times_scalar,best_peer,times_best_peer,initializer,activation,depth,width,batch,seeds,data,"
        "weight_scale,bias_std,normalization,residual,precision,ftz,loss_scale,decay_per_layer,"
        "decay_standard_error,theory_decay_per_layer,theory_difference,decay_shape,shape_rate,verdict,verdict_layer,"
        "overflow_layer,underflow_layer,subnormal_layer,first_delta_rms,ulp_max,ulp_max_at,"
        "ulp_mean,root,absolute_max,absolute_max_at,subnormal_below,zero_below,subnormal_above,zero_above,"
        "forward_share,loss_share,backward_data_share,backward_weights_share,update_share,"
        "optimizer,rate,momentum,clip_norm,clip_value,epochs,steps,first_loss,loss,training_accuracy,held_out_loss,"
        "held_out_accuracy,clipped,fault_quantity,fault_step,fault_layer,cores,smt\n",
        out);
  for (size_t i = 0; i < result->row_count; i++)
    if (!result->rows[i].support) csv_row(out, result, &result->rows[i]);
  for (size_t i = 0; i < result->accuracy_count; i++) csv_accuracy(out, &result->accuracies[i]);
  for (size_t i = 0; i < result->cell_count; i++) csv_cell(out, &result->cells[i]);
  for (size_t i = 0; i < result->learning_count; i++) csv_learning(out, &result->learning[i]);
}

/* ---- layers ----------------------------------------------------------------------------------------------------- */

static void csv_names(FILE *out, const struct field *fields) {
  for (; fields->name; fields++) fprintf(out, ",%s", fields->name);
}

/* With a comma before each number; from NULL: nothing between the commas. */
static void csv_numbers(FILE *out, const struct field *fields, const void *from) {
  for (; fields->name; fields++) {
    fputc(',', out);
    csv_number(out, from ? *(const double *)((const char *)from + fields->offset) : NAN, "");
  }
}

void table_csv_layers(FILE *out, const struct result *result) {
  fputs("name,layer", out);
  csv_names(out, layer_fields);
  csv_names(out, layer_theory_fields);
  fputc('\n', out);
  for (size_t i = 0; i < result->cell_count; i++) {
    const struct gradient_cell *cell = &result->cells[i];
    char name[ROW_NAME];
    gradient_cell_name(name, sizeof name, cell);
    for (size_t l = 0; l < cell->depth; l++) {
      csv_text(out, name);
      fprintf(out, "%zu", l + 1);
      csv_numbers(out, layer_fields, &cell->layers[l]);
      csv_numbers(out, layer_theory_fields, cell->layers_theory ? &cell->layers_theory[l] : NULL);
      fputc('\n', out);
    }
  }
}
