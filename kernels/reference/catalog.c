/* The references by kernel. */
#include "kernels/reference/reference.h"

#define KERNEL(name, ...) (kernel_function *)reference_##name,
kernel_function *const reference_functions[KERNEL_COUNT] = {
#include "kernels/kernels.def"
};
