#include "kernels/reference/reference.h"

double reference_sgd_update(double w, double dw, double rate) { return w - rate * dw; }
