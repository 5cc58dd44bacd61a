#include "harness/recipe.h"

const char *const normalization_names[NORMALIZATION_COUNT] = {"none", "batch", "layer"};
const char *const precision_names[PRECISION_COUNT] = {"float32", "bf16", "fp16"};
