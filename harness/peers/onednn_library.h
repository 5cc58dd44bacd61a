/* oneDNN, loaded when it is asked for. */
#ifndef DEPTHMARK_PEER_ONEDNN_LIBRARY_H
#define DEPTHMARK_PEER_ONEDNN_LIBRARY_H

#include <stdbool.h>

#include <oneapi/dnnl/dnnl.h>

#include "harness/peers/library.h"

#define ONEDNN_FUNCTIONS(X)                                                                                            \
  X(dnnl_version)                                                                                                      \
  X(dnnl_engine_create)                                                                                                \
  X(dnnl_stream_create)                                                                                                \
  X(dnnl_memory_desc_init_by_tag)                                                                                      \
  X(dnnl_memory_create)                                                                                                \
  X(dnnl_memory_destroy)                                                                                               \
  X(dnnl_memory_set_data_handle)                                                                                       \
  X(dnnl_eltwise_forward_desc_init)                                                                                    \
  X(dnnl_eltwise_backward_desc_init)                                                                                   \
  X(dnnl_inner_product_forward_desc_init)                                                                              \
  X(dnnl_inner_product_backward_data_desc_init)                                                                        \
  X(dnnl_inner_product_backward_weights_desc_init)                                                                     \
  X(dnnl_primitive_desc_create)                                                                                        \
  X(dnnl_primitive_desc_destroy)                                                                                       \
  X(dnnl_primitive_create)                                                                                             \
  X(dnnl_primitive_destroy)                                                                                            \
  X(dnnl_primitive_execute)                                                                                            \
  X(dnnl_sgemm)                                                                                                        \
  X(dnnl_stream_wait)

struct onednn {
#define MEMBER(name) __typeof__(name) *name;
  ONEDNN_FUNCTIONS(MEMBER)
#undef MEMBER
  struct library_team team;
  dnnl_engine_t engine;
};

/* Loads libdnnl.so; false when it is not installed, or runs on other threads than OpenMP's. */
bool onednn_load(void);

/* What was loaded. */
const struct onednn *onednn(void);

/* Ends the program, saying so, when a call failed that can't. */
void onednn_demand(dnnl_status_t status);

#endif
