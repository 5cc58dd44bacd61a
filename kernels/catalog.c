/* kernels.def as data: one struct kernel per line. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

#define KERNEL(name, signature, suite, limit, operations_, bytes_, ...)                                                \
  static double name##_operations(struct shape shape, size_t vector_lanes) {                                           \
    const double m = (double)shape.m, n = (double)shape.n, k = (double)shape.k, lanes = (double)vector_lanes;          \
    (void)m, (void)n, (void)k, (void)lanes;                                                                            \
    return operations_;                                                                                                \
  }                                                                                                                    \
  static double name##_bytes(struct shape shape) {                                                                     \
    const double m = (double)shape.m, n = (double)shape.n, k = (double)shape.k;                                        \
    (void)m, (void)n, (void)k;                                                                                         \
    return bytes_;                                                                                                     \
  }
#include "kernels/kernels.def"
#undef KERNEL

#define P(a, b)                                                                                                        \
  { a, b, 0, 0, 0 }
#define P4(a, b, c, d)                                                                                                 \
  { a, b, c, d, 0 }
#define ULP(u)                                                                                                         \
  { BOUND_ULP, u, 0 }
#define ULP_OR(u, e)                                                                                                   \
  { BOUND_ULP, u, e }
#define GAMMA(c)                                                                                                       \
  { BOUND_GAMMA, c, 0 }
#define EXACT                                                                                                          \
  { BOUND_EXACT, 0, 0 }
#define COMMON(name, signature, suite, limit)                                                                          \
#name, SIGNATURE_##signature, #suite, #limit, name##_operations, name##_bytes
/* The defaults and the bound come as initializers, whose commas separate arguments when a macro hands them on. */
#define KERNEL(name, signature, suite, limit, operations_, bytes_, ...)                                                \
  {COMMON(name, signature, suite, limit), __VA_ARGS__, offsetof(struct kernel_table, name), NULL},
#define KERNEL_IF(feature, name, signature, suite, limit, operations_, bytes_, ...)                                    \
  {COMMON(name, signature, suite, limit), __VA_ARGS__, offsetof(struct kernel_table, name), #feature},
const struct kernel kernels[KERNEL_COUNT] = {
#include "kernels/kernels.def"
};
#undef KERNEL
#undef KERNEL_IF

#define KERNEL(...)
#define DEMAND(name, limit, operations) {KERNEL_##name, #limit, operations},
const struct demand kernel_demands[] = {
#include "kernels/kernels.def"
};
const size_t kernel_demand_count = sizeof kernel_demands / sizeof *kernel_demands;

const struct kernel *kernel_find(const char *name) {
  for (size_t i = 0; i < KERNEL_COUNT; i++)
    if (strcmp(kernels[i].name, name) == 0) return &kernels[i];
  return NULL;
}

kernel_function *kernel_in_table(const struct kernel_table *table, const struct kernel *kernel) {
  kernel_function *function;
  memcpy(&function, (const char *)table + kernel->offset, sizeof function);
  return function;
}
