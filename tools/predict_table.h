/* Predictions as people and programs read them. */
#ifndef DEPTHMARK_PREDICT_TABLE_H
#define DEPTHMARK_PREDICT_TABLE_H

#include "harness/result.h"
#include "tools/predict_kernels.h"

enum predict_format { PREDICT_TABLE, PREDICT_MARKDOWN, PREDICT_CSV, PREDICT_JSON };

struct report {
  const struct facts *facts;
  const struct prediction *predictions; /* in the order of archs, kernels within */
  size_t count;
  const struct result *result; /* NULL: nothing was measured */
  const char *host;            /* the model of the result's machine; NULL: llvm-mca has none */
};

/* Measured cycles of an element on one thread with data in L1, else L2, as residence then says, "" where there is
 * no data; NAN where there are none. */
double measured_cycles(const struct result *result, const struct prediction *prediction, const char **residence);

/* Of the predictions on that arch by that model, those that were measured in L2, or those in L1 or without data: the
 * errors in percent, of the predicted from the measured, by size; to be freed. */
double *prediction_errors(const struct report *report, const char *arch, const char *model, bool in_l2, size_t *count);

void report_print(FILE *out, enum predict_format format, const struct report *report);

#endif
