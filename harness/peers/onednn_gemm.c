/* Matrix products by oneDNN's dnnl_sgemm, on OpenMP's threads. */
#include "harness/peers/kernels.h"
#include "harness/peers/onednn_library.h"
#include "harness/peers/product.h"

static void multiply(const struct product *p, int threads) {
  library_team_of(&onednn()->team, threads);
  onednn_demand(onednn()->dnnl_sgemm(p->a_transposed ? 'T' : 'N', p->b_transposed ? 'T' : 'N', (dnnl_dim_t)p->m,
                                     (dnnl_dim_t)p->n, (dnnl_dim_t)p->k, 1, p->a, (dnnl_dim_t)p->a_stride, p->b,
                                     (dnnl_dim_t)p->b_stride, 0, p->c, (dnnl_dim_t)p->c_stride));
}

PRODUCT_PASSES(onednn_gemm, multiply)

static bool takes(const struct dense *layer) { return layer->threads == 1 || onednn()->team.set; }

bool onednn_gemm_load(void) { return onednn_load(); }

const struct peer_kernel onednn_gemm_kernels[] = {PRODUCT_ENTRIES("onednn", onednn_gemm, takes, false), {0}};
