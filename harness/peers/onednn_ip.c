/* Dense layers by oneDNN's inner products, on OpenMP's threads: forward with its bias, backward with that of the bias.
 * A primitive is made once for each shape and number of threads. Weights are in our order, as a program's own arrays
 * are. Let choose, oneDNN takes an order of its own for some shapes; putting them into it, which every step of training
 * has to do, has been measured to cost more than is won. */
#include "harness/peers/kernels.h"
#include "harness/peers/onednn_library.h"
#include "harness/peers/product.h"

enum pass { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, PASSES };

/* Each of them or its gradient. */
enum { SOURCE, WEIGHTS, BIAS, DESTINATION, MEMORIES };

struct inner_product {
  struct dense layer; /* that it was made for */
  dnnl_primitive_t made;
  dnnl_memory_t memories[MEMORIES];
};

#define SHAPES 4 /* a network has three at most, and the suite measures one after another */
struct cache {
  struct inner_product made[SHAPES];
  int next;
};

static const int argument_names[PASSES][MEMORIES] = {
    [FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST},
    [BACKWARD_DATA] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, 0, DNNL_ARG_DIFF_DST},
    [BACKWARD_WEIGHTS] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS, DNNL_ARG_DIFF_DST}};

static bool has_bias(const struct dense *l, enum pass pass) {
  return pass == FORWARD ? l->b != NULL : pass == BACKWARD_WEIGHTS && l->db;
}

static void destroy(struct inner_product *ip) {
  if (!ip->made) return;
  onednn_demand(onednn()->dnnl_primitive_destroy(ip->made));
  for (int i = 0; i < MEMORIES; i++)
    if (ip->memories[i]) onednn_demand(onednn()->dnnl_memory_destroy(ip->memories[i]));
}

static dnnl_memory_desc_t matrix(size_t rows, size_t columns, dnnl_format_tag_t tag) {
  const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
  dnnl_memory_desc_t memory;
  onednn_demand(onednn()->dnnl_memory_desc_init_by_tag(&memory, 2, dims, dnnl_f32, tag));
  return memory;
}

static dnnl_memory_desc_t vector(size_t n) {
  const dnnl_dims_t dims = {(dnnl_dim_t)n};
  dnnl_memory_desc_t memory;
  onednn_demand(onednn()->dnnl_memory_desc_init_by_tag(&memory, 1, dims, dnnl_f32, dnnl_a));
  return memory;
}

static dnnl_memory_t memory_of(const dnnl_memory_desc_t *described) {
  dnnl_memory_t memory;
  onednn_demand(onednn()->dnnl_memory_create(&memory, described, onednn()->engine, DNNL_MEMORY_NONE));
  return memory;
}

static struct inner_product make(const struct dense *l, enum pass pass) {
  struct inner_product made = {.layer = *l};
  const dnnl_memory_desc_t source = matrix(l->batch, l->in, dnnl_ab), destination = matrix(l->batch, l->out, dnnl_ab);
  const dnnl_memory_desc_t weights = matrix(l->out, l->in, dnnl_ba), bias = vector(l->out);
  const dnnl_memory_desc_t *const with_bias = has_bias(l, pass) ? &bias : NULL;
  dnnl_inner_product_desc_t ip;
  dnnl_primitive_desc_t forward, described;
  onednn_demand(onednn()->dnnl_inner_product_forward_desc_init(&ip, dnnl_forward_training, &source, &weights, with_bias,
                                                               &destination));
  onednn_demand(onednn()->dnnl_primitive_desc_create(&forward, &ip, NULL, onednn()->engine, NULL));
  if (pass == BACKWARD_DATA)
    onednn_demand(onednn()->dnnl_inner_product_backward_data_desc_init(&ip, &source, &weights, &destination));
  if (pass == BACKWARD_WEIGHTS)
    onednn_demand(
        onednn()->dnnl_inner_product_backward_weights_desc_init(&ip, &source, &weights, with_bias, &destination));
  onednn_demand(
      onednn()->dnnl_primitive_desc_create(&described, &ip, NULL, onednn()->engine, pass == FORWARD ? NULL : forward));
  onednn_demand(onednn()->dnnl_primitive_create(&made.made, described));
  onednn_demand(onednn()->dnnl_primitive_desc_destroy(described));
  onednn_demand(onednn()->dnnl_primitive_desc_destroy(forward));
  made.memories[SOURCE] = memory_of(&source);
  made.memories[WEIGHTS] = memory_of(&weights);
  made.memories[DESTINATION] = memory_of(&destination);
  if (with_bias) made.memories[BIAS] = memory_of(&bias);
  return made;
}

static bool made_for(const struct inner_product *ip, const struct dense *l, enum pass pass) {
  return ip->made && ip->layer.batch == l->batch && ip->layer.in == l->in && ip->layer.out == l->out &&
         ip->layer.threads == l->threads && has_bias(&ip->layer, pass) == has_bias(l, pass);
}

static const struct inner_product *find(struct cache *cache, const struct dense *l, enum pass pass) {
  for (int i = 0; i < SHAPES; i++)
    if (made_for(&cache->made[i], l, pass)) return &cache->made[i];
  struct inner_product *const ip = &cache->made[cache->next];
  cache->next = (cache->next + 1) % SHAPES;
  destroy(ip);
  *ip = make(l, pass);
  return ip;
}

static void run(struct cache *cache, const struct dense *l, enum pass pass, const float *source, const float *weights,
                const float *bias, const float *destination) {
  static dnnl_stream_t stream;
  dnnl_exec_arg_t arguments[MEMORIES];
  int count = 0;
  library_team_of(&onednn()->team, l->threads);
  if (!stream) onednn_demand(onednn()->dnnl_stream_create(&stream, onednn()->engine, dnnl_stream_default_flags));
  const struct inner_product *const ip = find(cache, l, pass);
  const float *const data[MEMORIES] = {
      [SOURCE] = source, [WEIGHTS] = weights, [BIAS] = bias, [DESTINATION] = destination};
  for (int i = 0; i < MEMORIES; i++) {
    if (!ip->memories[i]) continue;
    onednn_demand(onednn()->dnnl_memory_set_data_handle(ip->memories[i], (void *)data[i]));
    arguments[count++] = (dnnl_exec_arg_t){argument_names[pass][i], ip->memories[i]};
  }
  onednn_demand(onednn()->dnnl_primitive_execute(ip->made, stream, count, arguments));
  onednn_demand(onednn()->dnnl_stream_wait(stream));
}

static void onednn_ip_forward(const struct dense *l) {
  static struct cache cache;
  run(&cache, l, FORWARD, l->x, l->w, l->b, l->z);
}

static void onednn_ip_backward_data(const struct dense *l) {
  static struct cache cache;
  run(&cache, l, BACKWARD_DATA, l->dx, l->w, NULL, l->dz);
}

static void onednn_ip_backward_weights(const struct dense *l) {
  static struct cache cache;
  run(&cache, l, BACKWARD_WEIGHTS, l->x, l->dw, l->db, l->dz);
}

/* Its matrices have no gaps between rows. */
static bool takes(const struct dense *l) {
  return (l->threads == 1 || onednn()->team.set) && product_stride(l->x_stride, l->in) == l->in &&
         product_stride(l->w_stride, l->out) == l->out && product_stride(l->z_stride, l->out) == l->out;
}

bool onednn_ip_load(void) { return onednn_load(); }

const struct peer_kernel onednn_ip_kernels[] = {PRODUCT_ENTRIES("onednn-ip", onednn_ip, takes, true), {0}};
