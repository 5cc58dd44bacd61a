/* Initializers and activations as the command line names them: "he_normal", "normal(0,1)", "leaky_relu(0.2)". */
#ifndef DEPTHMARK_CHOICES_H
#define DEPTHMARK_CHOICES_H

#include "harness/error.h"
#include "harness/options.h"

/* Any name of initializers.h. */
bool choose_initializer(const char *text, struct initializer_choice *choice, struct error *error);

/* Any <name> of which kernels.def has both <name>_forward and <name>_backward. */
bool choose_activation(const char *text, struct activation_choice *choice, struct error *error);

/* Whichever of the two has that name; *is_activation says which. */
bool choose_either(const char *text, struct initializer_choice *initializer, struct activation_choice *activation,
                   bool *is_activation, struct error *error);

/* Every initializer, every activation, with their standard parameters; `most` at most. Returns how many. */
size_t choose_all_initializers(struct initializer_choice *choices, size_t most);
size_t choose_all_activations(struct activation_choice *choices, size_t most);

#endif
