/* Initializers and activations by their names; a test fails where there is none. */
#ifndef DEPTHMARK_TESTS_CHOICES_H
#define DEPTHMARK_TESTS_CHOICES_H

#include "harness/choices.h"
#include "tests/support.h"

static inline struct activation_choice activation(const char *text) {
  struct activation_choice choice;
  struct error error;
  if (!choose_activation(text, &choice, &error)) fail_msg("%s", error.text);
  return choice;
}

static inline struct initializer_choice initializer(const char *text) {
  struct initializer_choice choice;
  struct error error;
  if (!choose_initializer(text, &choice, &error)) fail_msg("%s", error.text);
  return choice;
}

#endif
