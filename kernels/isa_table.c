/* One ISA's kernels and their table, compiled once per ISA with that ISA's flags.
 *
 * The bodies are included rather than linked so that everything in them is static: code compiled with wide flags must
 * not define an external symbol, or the linker could hand an AVX-512 copy of an inline function to code that runs
 * before dispatch. The table is the only one.
 */
#include "kernels/kernels.h"
#include "kernels/vec/vec.h"

#include "kernels/activation.c"
#include "kernels/activation_exp.c"
#include "kernels/activation_sleef.c"
#include "kernels/batch_norm.c"
#include "kernels/bf16.c"
#include "kernels/dense.c"
#include "kernels/dense_bf16.c"
#include "kernels/generators.c"
#include "kernels/init.c"
#include "kernels/layer_norm.c"
#include "kernels/limits.c"
#include "kernels/loss.c"
#include "kernels/optimizer.c"
#include "kernels/orthogonal.c"
#include "kernels/rounding.c"
#include "kernels/softmax.c"

#define TABLE_JOIN_(isa) kernel_table_##isa
#define TABLE_JOIN(isa) TABLE_JOIN_(isa)
#define TEXT_(isa) #isa
#define TEXT(isa) TEXT_(isa)

extern const struct kernel_table TABLE_JOIN(DEPTHMARK_ISA);
const struct kernel_table TABLE_JOIN(DEPTHMARK_ISA) = {
    .name = TEXT(DEPTHMARK_ISA),
    .lanes = VEC_LANES,
    .dense_workspace_bytes = dense_workspace_bytes,
    .dense_packed_bytes = dense_packed_bytes,
    .dense_pack = dense_pack,
    .dense_bf16_workspace_bytes = dense_bf16_workspace_bytes,
    .dense_bf16_packed_bytes = dense_bf16_packed_bytes,
    .dense_bf16_pack = dense_bf16_pack,
    .matrix_workspace_bytes = matrix_workspace_bytes,
#define KERNEL(name, ...) name, /* in the members' own order; NULL where this ISA has no such body */
#include "kernels/kernels.def"
#undef KERNEL
};
