/* The values of single options, into struct options; for options.c alone. Each is given the text behind "--name=" and
 * leaves in error what is wrong with it. */
#ifndef DEPTHMARK_OPTIONS_VALUES_H
#define DEPTHMARK_OPTIONS_VALUES_H

#include "harness/options.h"

bool options_set_archs(struct options *o, const char *value, const struct cpu_features *cpu, struct error *error);
bool options_set_suites(struct options *o, const char *value, struct error *error);
bool options_set_filter(struct options *o, const char *value, struct error *error);
bool options_set_threads(struct options *o, const char *value, struct error *error);
bool options_set_pin(struct options *o, const char *value, struct error *error);
bool options_set_cores(struct options *o, const char *value, struct error *error);
bool options_set_smt(struct options *o, const char *value, struct error *error);
bool options_set_sizes(struct options *o, const char *value, struct error *error);
bool options_set_caches(struct options *o, const char *value, struct error *error);
bool options_set_inits(struct options *o, const char *value, struct error *error);
bool options_set_activations(struct options *o, const char *value, struct error *error);
bool options_set_samples(struct options *o, const char *value, struct error *error);
bool options_set_shard(struct options *o, const char *value, struct error *error);
bool options_set_optimizers(struct options *o, const char *value, struct error *error);
bool options_set_rates(struct options *o, const char *value, struct error *error);
bool options_set_momentum(struct options *o, const char *value, struct error *error);
bool options_set_clip(struct options *o, const char *value, const char *what, double *most, struct error *error);
bool options_set_out(struct options *o, const char *value, struct error *error);

/* What the options on places and sizes mean together, once all are read. */
bool options_check_places(struct options *o, struct error *error);

#endif
