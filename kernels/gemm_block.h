/* What a matrix product is cut into that depends on the ISA; what depends on the caches is in gemm_plan.h.
 *
 *   GEMM_ROWS x (GEMM_VECTORS x VEC_LANES)  the register tile: its accumulators, one row of B and one element of A
 *                                           fit the registers
 *   GEMM_DIRECT  1: tiles also read operands where they are; 0: every operand is packed
 *   GEMM_MASKS   1: they also read what is left of a vector at an edge; 0: such an edge is packed
 *   GEMM_FAR     bytes between rows from which on they are packed, as they lie in different pages and share few places
 *                in a cache: A where groups of its elements lie so, B for GEMM_FAR_STRIPS strips or more. The longer a
 * tile takes for a term, the longer it can wait for one.
 *
 * None of them changes a result: whatever the blocks, an element of C is one chain of fused multiply-adds in the order
 * of the terms, and every ISA with FMA gives the same bits.
 */
#ifndef DEPTHMARK_GEMM_BLOCK_H
#define DEPTHMARK_GEMM_BLOCK_H

#if defined(DEPTHMARK_VEC_AVX512)
#define GEMM_ROWS 14 /* 28 accumulators + 2 + 1 of 32 registers */
#define GEMM_VECTORS 2
#define GEMM_DIRECT 1
#define GEMM_MASKS 1
#define GEMM_FAR 8192
#define GEMM_FAR_STRIPS SIZE_MAX
#elif defined(DEPTHMARK_VEC_AVX2)
#define GEMM_ROWS 6 /* 12 + 2 + 1 of 16 */
#define GEMM_VECTORS 2
#define GEMM_DIRECT 1
#define GEMM_MASKS 0
#define GEMM_FAR 1024
#define GEMM_FAR_STRIPS 8
#elif defined(DEPTHMARK_VEC_NEON)
#define GEMM_ROWS 8 /* 24 + 3 + 2 of 32 */
#define GEMM_VECTORS 3
#define GEMM_DIRECT 0
#define GEMM_MASKS 0
#define GEMM_FAR 1
#define GEMM_FAR_STRIPS 1
#else
#define GEMM_ROWS 4 /* 8 + 2 + 1, and one for a product, of 16 */
#define GEMM_VECTORS 2
#define GEMM_DIRECT 0
#define GEMM_MASKS 0
#define GEMM_FAR 1
#define GEMM_FAR_STRIPS 1
#endif

#define GEMM_COLUMNS (GEMM_VECTORS * VEC_LANES)

#endif
