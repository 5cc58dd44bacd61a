// Eigen's tensors, which TensorFlow's own activations on a CPU are written in, in the same expressions. C++, and built
// only where there is a compiler for it.
//
// Whatever a header defines carries the ISA in its name (eigen_avx512), and everything is inlined into static
// functions: the linker must not find a template compiled with wide flags for code that runs before dispatch.
#define EIGEN_JOIN_(isa) eigen_##isa
#define EIGEN_JOIN(isa) EIGEN_JOIN_(isa)
#define Eigen EIGEN_JOIN(DEPTHMARK_ISA)
#define EIGEN_NO_IO
#define EIGEN_NO_DEBUG
#include <unsupported/Eigen/CXX11/Tensor>
#include <unsupported/Eigen/SpecialFunctions>

extern "C" {
#include "harness/peers/kernels.h"
}

using input = Eigen::TensorMap<Eigen::Tensor<const float, 1>>;
using output = Eigen::TensorMap<Eigen::Tensor<float, 1>>;

#define INLINED __attribute__((flatten)) static void
#define MAP(name, expression)                                                                                          \
  INLINED name(const float *from, float *to, size_t n, struct parameters p) {                                          \
    const input x(from, (Eigen::Index)n);                                                                              \
    (void)p;                                                                                                           \
    output(to, (Eigen::Index)n) = expression;                                                                          \
  }
#define BACKWARD(name, data, expression)                                                                               \
  INLINED name(const float *from, const float *gradient, float *to, size_t n, struct parameters p) {                   \
    const input data(from, (Eigen::Index)n), dy(gradient, (Eigen::Index)n);                                            \
    (void)p;                                                                                                           \
    output(to, (Eigen::Index)n) = expression;                                                                          \
  }

MAP(relu_forward, x.cwiseMax(0.0f))
MAP(relu6_forward, x.cwiseMax(0.0f).cwiseMin(6.0f))
MAP(leaky_relu_forward, x.cwiseMax(p.a *x))
MAP(tanh_forward, x.tanh())
MAP(sigmoid_forward, x.sigmoid())
MAP(softsign_forward, x / (x.abs() + 1.0f))
MAP(exponential_forward, x.exp())
MAP(gelu_forward, 0.5f * x * ((x * 0.70710678f).erf() + 1.0f))
MAP(gelu_tanh_forward, 0.5f * x * ((0.79788456f * (x + 0.044715f * x * x * x)).tanh() + 1.0f))
MAP(silu_forward, x.sigmoid() * x)
// TensorFlow selects, which Eigen 3.4 vectorizes for AVX2 only: the same without.
MAP(softplus_forward, x.cwiseMax(0.0f) + (-x.abs()).exp().log1p())
MAP(elu_forward, x.cwiseMax(0.0f) + p.a * (x.cwiseMin(0.0f).exp() - 1.0f))

// Eigen 3.4 does not vectorize comparisons.
BACKWARD(relu_backward, x, (x > x.constant(0)).cast<float>() * dy)
BACKWARD(softsign_backward, x, dy / (x.abs() + 1.0f).square())
BACKWARD(softplus_backward, x, dy / ((-x).exp() + 1.0f))
BACKWARD(gelu_backward, x, (0.5f * ((x * 0.70710678f).erf() + 1.0f) + 0.39894228f * x * (-0.5f * x * x).exp()) * dy)
BACKWARD(relu_from_output, y, (y > y.constant(0)).cast<float>() * dy)
BACKWARD(tanh_from_output, y, dy *(1.0f - y * y))
BACKWARD(sigmoid_from_output, y, dy *(1.0f - y) * y)
BACKWARD(exponential_from_output, y, dy *y)
BACKWARD(elu_from_output, y, dy *(y.cwiseMin(0.0f) + 1.0f)) // alpha 1, TensorFlow's only one

#define ENTRY(name)                                                                                                    \
  { "eigen", KERNEL_##name, PEER_FUNCTION(name), RNG_PHILOX4X32_10, nullptr, nullptr, false }

extern "C" {
extern PEER_KERNELS(eigen);
PEER_KERNELS(eigen) = {
    ENTRY(relu_forward),        ENTRY(relu6_forward),
    ENTRY(leaky_relu_forward),  ENTRY(tanh_forward),
    ENTRY(sigmoid_forward),     ENTRY(softsign_forward),
    ENTRY(exponential_forward), ENTRY(gelu_forward),
    ENTRY(gelu_tanh_forward),   ENTRY(silu_forward),
    ENTRY(softplus_forward),    ENTRY(elu_forward),
    ENTRY(relu_backward),       ENTRY(softsign_backward),
    ENTRY(softplus_backward),   ENTRY(gelu_backward),
    ENTRY(relu_from_output),    ENTRY(tanh_from_output),
    ENTRY(sigmoid_from_output), ENTRY(exponential_from_output),
    ENTRY(elu_from_output),     {},
};
}
