/* Matrix products by libxsmm, which writes a kernel for each shape: on the calling thread alone, up to the sizes that a
 * kernel without cache blocking is good for. It works on column-major matrices, where the transposes of ours lie, has
 * nothing for a transposed first factor there, and so puts the weights of the backward pass the other way round in
 * every call. */
#include <stdlib.h>

#include <libxsmm.h>

#include "harness/peers/kernels.h"
#include "harness/peers/library.h"
#include "harness/peers/product.h"

#define FUNCTIONS(X)                                                                                                   \
  X(libxsmm_init)                                                                                                      \
  X(libxsmm_smmdispatch)                                                                                               \
  X(libxsmm_otrans)

static struct {
#define MEMBER(name) __typeof__(name) *name;
  FUNCTIONS(MEMBER)
#undef MEMBER
  enum { UNTRIED, LOADED, MISSING } state;
} libxsmm;

#define LARGEST ((size_t)512 * 512 * 512) /* products of one call */

struct made {
  size_t m, n, k, a_stride, b_stride, c_stride;
  libxsmm_smmfunction kernel;
  float *turned; /* room for op(B) where B is transposed, else NULL */
};

#define SHAPES 4 /* a network has three at most, and the suite measures one after another */
struct cache {
  struct made made[SHAPES];
  int next;
};

/* The kernel for C^T = op(B)^T op(A)^T, or NULL. */
static libxsmm_smmfunction dispatch(const struct product *p) {
  const libxsmm_blasint lda = (libxsmm_blasint)(p->b_transposed ? p->n : p->b_stride);
  const libxsmm_blasint ldb = (libxsmm_blasint)p->a_stride, ldc = (libxsmm_blasint)p->c_stride;
  const float alpha = 1, beta = 0;
  const int flags = p->a_transposed ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
  const int prefetch = LIBXSMM_PREFETCH_NONE;
  return libxsmm.libxsmm_smmdispatch((libxsmm_blasint)p->n, (libxsmm_blasint)p->m, (libxsmm_blasint)p->k, &lda, &ldb,
                                     &ldc, &alpha, &beta, &flags, &prefetch);
}

static const struct made *find(struct cache *cache, const struct product *p) {
  for (int i = 0; i < SHAPES; i++) {
    const struct made *made = &cache->made[i];
    if (made->kernel && made->m == p->m && made->n == p->n && made->k == p->k && made->a_stride == p->a_stride &&
        made->b_stride == p->b_stride && made->c_stride == p->c_stride)
      return made;
  }
  struct made *const made = &cache->made[cache->next];
  cache->next = (cache->next + 1) % SHAPES;
  free(made->turned);
  *made = (struct made){p->m, p->n, p->k, p->a_stride, p->b_stride, p->c_stride, dispatch(p), NULL};
  if (p->b_transposed) made->turned = malloc(p->k * p->n * sizeof *made->turned);
  if (!made->kernel || (p->b_transposed && !made->turned)) abort();
  return made;
}

static void multiply(struct cache *cache, const struct product *p) {
  const struct made *const made = find(cache, p);
  const float *b = p->b;
  if (made->turned) {
    libxsmm.libxsmm_otrans(made->turned, p->b, sizeof *p->b, (libxsmm_blasint)p->k, (libxsmm_blasint)p->n,
                           (libxsmm_blasint)p->b_stride, (libxsmm_blasint)p->n);
    b = made->turned;
  }
  made->kernel(b, p->a, p->c);
}

#define PASS(pass)                                                                                                     \
  static void libxsmm_##pass(const struct dense *layer) {                                                              \
    static struct cache cache;                                                                                         \
    const struct product p = product_##pass(layer);                                                                    \
    multiply(&cache, &p);                                                                                              \
  }
PASS(forward)
PASS(backward_data)
PASS(backward_weights)

static bool takes(const struct dense *l) {
  const struct product p[] = {product_forward(l), product_backward_data(l), product_backward_weights(l)};
  return l->threads == 1 && l->batch * l->in * l->out <= LARGEST && dispatch(&p[0]) && dispatch(&p[1]) &&
         dispatch(&p[2]);
}

/* Debian has it as an archive only, of which the build made a library. */
static bool load(void) {
  void *library = library_open("libxsmm.so.1");
#ifdef DEPTHMARK_LIBXSMM_FILE
  if (!library) library = library_open(DEPTHMARK_LIBXSMM_FILE);
#endif
  if (!library) return false;
#define FIND(name)                                                                                                     \
  if (!library_symbol(library, #name, &libxsmm.name)) return false;
  FUNCTIONS(FIND)
#undef FIND
  libxsmm.libxsmm_init();
  return true;
}

bool libxsmm_load(void) {
  if (libxsmm.state == UNTRIED) libxsmm.state = load() ? LOADED : MISSING;
  return libxsmm.state == LOADED;
}

const struct peer_kernel libxsmm_kernels[] = {PRODUCT_ENTRIES("libxsmm", libxsmm, takes, false), {0}};
