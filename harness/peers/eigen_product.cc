// Matrix products by Eigen, in the way of eigen.cc: compiled for one ISA, its name in all that headers define. More
// threads are OpenMP's.
#define EIGEN_JOIN_(isa) eigen_##isa
#define EIGEN_JOIN(isa) EIGEN_JOIN_(isa)
#define Eigen EIGEN_JOIN(DEPTHMARK_ISA)
#define EIGEN_NO_IO
#define EIGEN_NO_DEBUG
#include <Eigen/Core>

extern "C" {
#include "harness/peers/kernels.h"
#include "harness/peers/product.h"
}

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using strided = Eigen::OuterStride<>;
using input = Eigen::Map<const matrix, 0, strided>;
using output = Eigen::Map<matrix, 0, strided>;

static input map(const float *data, size_t rows, size_t columns, size_t stride) {
  return input(data, (Eigen::Index)rows, (Eigen::Index)columns, strided((Eigen::Index)stride));
}

static void multiply(const struct product *p, int threads) {
  output c(p->c, (Eigen::Index)p->m, (Eigen::Index)p->n, strided((Eigen::Index)p->c_stride));
  Eigen::setNbThreads(threads);
  if (p->a_transposed)
    c.noalias() = map(p->a, p->k, p->m, p->a_stride).transpose() * map(p->b, p->k, p->n, p->b_stride);
  else if (p->b_transposed)
    c.noalias() = map(p->a, p->m, p->k, p->a_stride) * map(p->b, p->n, p->k, p->b_stride).transpose();
  else
    c.noalias() = map(p->a, p->m, p->k, p->a_stride) * map(p->b, p->k, p->n, p->b_stride);
}

extern "C" {
PRODUCT_PASSES(eigen, multiply)
extern PEER_KERNELS(eigen_product);
PEER_KERNELS(eigen_product) = {PRODUCT_ENTRIES("eigen", eigen, nullptr, false), {}};
}
