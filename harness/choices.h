/* Initializers and activations as the command line names them: "he_normal", "normal(0,1)", "leaky_relu(0.2)". */
#ifndef DEPTHMARK_CHOICES_H
#define DEPTHMARK_CHOICES_H

#include "harness/error.h"
#include "harness/options.h"

/* Any name of initializers.h. */
bool choose_initializer(const char *text, struct initializer_choice *choice, struct error *error);

/* Any <name> of which kernels.def has both <name>_forward and <name>_backward. */
bool choose_activation(const char *text, struct activation_choice *choice, struct error *error);

#endif
