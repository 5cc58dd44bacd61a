/* The sizes that matrix products are cut into: the one place for them.
 *
 *   GEMM_ROWS x (GEMM_VECTORS x VEC_LANES)  the register tile: its accumulators, one row of B and one element of A
 *                                           fit the registers
 *   GEMM_UNROLL  terms in one turn of its loop: more only where it pays, since compilers move loads up until registers
 *                run out
 *   GEMM_DEPTH   terms summed in registers before the sum meets memory; a strip of B of that depth stays in L1
 *   GEMM_STRIPS  row strips of a thread's packed block of A; it stays in L2
 *   GEMM_PANELS  column panels of the shared packed block of B; it stays in L3
 *
 * GEMM_DEPTH decides the order in which the terms of a sum are added and is therefore the same everywhere: every ISA
 * with FMA gives the same bits. The other sizes may follow the machine's caches without changing any result.
 */
#ifndef DEPTHMARK_GEMM_BLOCK_H
#define DEPTHMARK_GEMM_BLOCK_H

#define GEMM_DEPTH 384

#if defined(DEPTHMARK_VEC_AVX512)
#define GEMM_ROWS 14 /* 28 accumulators + 2 + 1 of 32 registers */
#define GEMM_VECTORS 2
#define GEMM_UNROLL 1
#define GEMM_STRIPS 14 /* 294 KiB */
#define GEMM_PANELS 96 /* 4.5 MiB */
#elif defined(DEPTHMARK_VEC_AVX2)
#define GEMM_ROWS 6 /* 12 + 2 + 1 of 16 */
#define GEMM_VECTORS 2
#define GEMM_UNROLL 4
#define GEMM_STRIPS 16  /* 144 KiB */
#define GEMM_PANELS 192 /* 4.5 MiB */
#elif defined(DEPTHMARK_VEC_NEON)
#define GEMM_ROWS 8 /* 24 + 3 + 2 of 32 */
#define GEMM_VECTORS 3
#define GEMM_UNROLL 1
#define GEMM_STRIPS 16  /* 192 KiB */
#define GEMM_PANELS 256 /* 4.5 MiB */
#else
#define GEMM_ROWS 4 /* 8 + 2 + 1, and one for a product, of 16 */
#define GEMM_VECTORS 2
#define GEMM_UNROLL 1
#define GEMM_STRIPS 32   /* 192 KiB */
#define GEMM_PANELS 1536 /* 4.5 MiB */
#endif

#define GEMM_COLUMNS (GEMM_VECTORS * VEC_LANES)

#endif
