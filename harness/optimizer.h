/* The optimizers that --optimizers names. */
#ifndef DEPTHMARK_OPTIMIZER_H
#define DEPTHMARK_OPTIMIZER_H

/* Plain stochastic gradient descent; with momentum, as struct momentum has it; Adam, as struct adam has it. */
enum optimizer_id { OPTIMIZER_SGD, OPTIMIZER_MOMENTUM, OPTIMIZER_ADAM, OPTIMIZER_COUNT };
extern const char *const optimizer_names[OPTIMIZER_COUNT];

/* The learning rate where none is given. */
float optimizer_default_rate(enum optimizer_id optimizer);

#endif
